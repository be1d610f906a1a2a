"""What two probes say of photos that neither had seen: a regression and a discriminant, and the middle between them.

They err on different photos. On groceries with wrong labels planted, what is found wrong by the middle is more than by
either (docs/DECISIONS.md, 2026-11-29).

    from train.opinion import out_of_fold
    out_of_fold(features, labels, groups, classes=81)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from train import discriminant, probe
from train.batches import Rows


def out_of_fold(x: Rows, y: np.ndarray, groups: Sequence[object], classes: int) -> np.ndarray:
    """Probabilities (n, c) of each photo by probes that saw neither it nor any of its group, x (n, d) and y (n,)."""
    p = probe.out_of_fold(x, y, groups, classes)
    p += discriminant.out_of_fold(x, y, groups, classes)
    p /= 2
    return p
