"""Metrics, paired tests and vector arithmetic: numpy only."""
