"""From photos and labels to weights."""
