"""The ground floor: what a collection is, and where its data lives."""
