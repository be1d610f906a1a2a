"""What programs and language models read of the app, and ask it."""
