"""The whole collection as one sheet of photos: what is known of each, and which are asked for."""
