"""Datasets go to other tools, and the labels that people gave there come back."""
