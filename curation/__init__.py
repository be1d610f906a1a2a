"""The second floor: finds what is wrong, and records what people decide."""
