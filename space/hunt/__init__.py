"""A treasure hunt: its sheet, and how often each thing was found."""
