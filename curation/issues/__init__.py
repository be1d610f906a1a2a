"""What may be wrong with a photo or its label: pure functions of what was measured."""
