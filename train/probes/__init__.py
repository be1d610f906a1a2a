"""Linear probes on frozen features, and what they say of label noise."""
