"""An album: the photos of a folder get the names of what they show, in a way that can be undone."""
