"""What somebody waits for: an answer, the demo's page, the next photo on the light table."""
