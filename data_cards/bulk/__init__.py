"""Very many rows within bounded memory."""
