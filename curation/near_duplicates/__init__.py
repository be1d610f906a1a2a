"""Copies of one shot: candidates, comparison on pixels, groups; in a dataset, a folder, an
upload."""
