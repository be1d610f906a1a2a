"""Every check over a whole dataset, and the findings it writes."""
