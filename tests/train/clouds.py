"""Features and classes made up: a cloud for each class."""

import numpy as np


def clouds(n=60, classes=3, d=8, seed=0, spread=0.3):
    """x (n, d) and y (n,); the classes in turn."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    return rng.normal(size=(classes, d))[y] + spread * rng.normal(size=(n, d)), y
