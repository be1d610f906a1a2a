"""Networks: backbones and where they come from, heads, inference modules."""
