"""Doubtful labels, which photos to label first, annotators, and what a round of cleaning buys."""
