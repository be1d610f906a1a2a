"""Sources of photos, read into one shape and brought into a dataset."""
