"""Other people's servers: asked politely, and never those of the network that we run in."""
