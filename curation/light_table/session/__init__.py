"""The state of the light table: questions, queue, leases, moves, placard, thumbnails, sending."""
