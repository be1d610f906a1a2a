"""A dataset repo: its classes, its tables, its cards, and how it is opened and changed."""
