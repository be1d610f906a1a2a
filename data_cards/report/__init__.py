"""What a dataset holds, as one page with pictures first."""
