"""Groups of photos become train, validation and test, with no group across the line."""
