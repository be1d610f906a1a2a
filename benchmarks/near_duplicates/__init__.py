"""Near-duplicates: copies whose origin is known, found by ours and by others."""
