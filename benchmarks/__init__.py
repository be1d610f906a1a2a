"""Measurements: each prints our figures beside an anchor, in one run. No test runs them."""
