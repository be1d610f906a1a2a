"""Rows of unit length, and their products."""

from __future__ import annotations

import numpy as np


def unit(x: np.ndarray) -> np.ndarray:
    """Rows of length 1, float32."""
    x = np.asarray(x, dtype=np.float32)
    return np.asarray(x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12))


def product(x: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """`x @ matrix`, (n, d) by (d, e); for one photo without BLAS, whose threads keep spinning after
    a call, for longer than the network takes and while it runs."""
    return np.asarray(np.einsum("nd,de->ne", x, matrix) if len(x) == 1 else x @ matrix)
