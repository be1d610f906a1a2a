"""Texts about the classes of a collection: checked, begun, and drafted from open sources."""
