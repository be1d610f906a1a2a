"""What to label next, and what to photograph next."""
