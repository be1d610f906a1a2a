"""Scans of very many photos: seconds and memory."""
