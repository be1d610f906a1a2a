"""Photos as bytes: opened with care, and stored without where they were taken."""
