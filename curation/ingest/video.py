"""Frames of a clip as photos, so that a thing can be collected by walking around it.

for second, jpeg in frames(Path("vase.mp4"), every=0.5): ...
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from curation.ingest.clip_orientation import display_matrix, turned
from data_cards.errors import BadSource
from data_cards.photos.image import encode_jpeg

if TYPE_CHECKING:
    import cv2

QUALITY = 92


def frames(path: Path, every: float = 1.0) -> Iterator[tuple[float, bytes]]:
    """(second, JPEG) of one upright frame per `every` seconds, the first one included.

    Raises BadSource when the clip cannot be opened or holds no frame.
    """
    import cv2
    from PIL import Image

    if every <= 0:
        raise BadSource(
            f"Frames every {every:g} seconds cannot be taken; give a number above zero.",
            every=every,
        )
    clip = cv2.VideoCapture(str(path))
    matrix = display_matrix(path) if clip.isOpened() else None
    if matrix:
        clip.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)  # it knows quarter turns only, and no mirror
    try:
        found = False
        for second, picture in _picked(clip, every):
            found = True
            upright = turned(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), matrix)
            yield round(second, 3), encode_jpeg(Image.fromarray(upright), QUALITY)
        if not found:
            raise BadSource(f"{path.name} is not a clip that can be read.", source=str(path))
    finally:
        clip.release()


def _picked(clip: cv2.VideoCapture, every: float) -> Iterator[tuple[float, NDArray[Any]]]:
    """Decode only the frames that are wanted; the others are passed over."""
    import cv2

    wanted = 0.0
    while clip.grab():
        second = clip.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if second + 1e-6 < wanted:
            continue
        whole, picture = clip.retrieve()
        if whole:
            yield second, picture
            wanted = max(wanted + every, second)
