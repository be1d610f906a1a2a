"""Whether a photo shows anything at all: a covered lens, a sheet of paper, a screen of one colour.

shows_nothing(photo)   # an upright RGB photo
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

SIDE = 16  # cells a side; grain averages out in each
# Grey levels (root mean square over cells) that are left when light that falls off smoothly is
# taken away. In photos of 224 pixels grain of 12 levels leaves .9 and of 14 leaves 1.0, pictures
# of the museum at a twentieth of their light 1.3 to 2.5, and a pencil line across a page 6.
NOTHING = 1.0


def shows_nothing(photo: Image.Image) -> bool:
    """Whether an RGB photo is one colour, or one that changes smoothly from side to side."""
    from PIL.Image import Resampling

    cells = np.asarray(photo.resize((SIDE, SIDE), Resampling.BOX), np.float32).reshape(-1, 3)
    down, across = (grid.ravel() for grid in np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j])
    light = np.stack(
        [np.ones_like(down), down, across, down * across, down**2, across**2], axis=1
    ).astype(np.float32)
    left = cells - light @ np.linalg.lstsq(light, cells, rcond=None)[0]
    return bool(np.sqrt((left**2).mean(axis=0)).max() < NOTHING)
