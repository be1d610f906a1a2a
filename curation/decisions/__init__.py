"""Decisions applied: replayed, erased, turned into references; and how well people agree."""
