"""Scan and training as one long job."""
