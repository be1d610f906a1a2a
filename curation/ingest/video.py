"""Frames of a clip as photos, so that a thing can be collected by walking around it.

for second, jpeg in frames(Path("vase.mp4"), every=0.5): ...         one every half second
for second, jpeg in best_frames(Path("vase.mp4"), every=0.5): ...    the sharp and different ones
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from curation.ingest.clip_orientation import display_matrix, turned
from curation.ingest.frame_choice import SIDE, FrameChoice, Look, look_at
from curation.measures.pixels import SIDE as SHARPNESS_SIDE
from curation.measures.pixels import detail
from data_cards.errors import BadSource
from data_cards.photos.image import encode_jpeg

if TYPE_CHECKING:
    import cv2

QUALITY = 92
USUAL_RATE = 25.0  # frames a second of a clip that does not say it
# Frames examined a second: a walking hand holds still for about a fifth of a second.
LOOKS = 8


def frames(path: Path, every: float = 1.0) -> Iterator[tuple[float, bytes]]:
    """(second, JPEG) of one upright frame per `every` seconds, the first one included.

    Raises BadSource when the clip cannot be opened or holds no frame.
    """
    for second, picture in _upright(path, every, every):
        yield round(second, 3), _encoded(picture)


def best_frames(path: Path, every: float = 1.0) -> Iterator[tuple[float, bytes]]:
    """(second, JPEG) of the sharpest upright frame of each `every` seconds, of those that differ
    from what was taken before. Raises what `frames` raises."""
    choice = FrameChoice(every)
    held: dict[float, NDArray[Any]] = {}  # the best frame of the moment, and the one before it
    for second, picture in _upright(path, every, min(every, 1 / LOOKS)):
        look = _look(second, picture)
        found = choice.take(look)
        if found is not None:
            yield round(found.second, 3), _encoded(held[found.second])
        best = choice.best
        held = {at: one for at, one in held.items() if best and at == best.second}
        if best is look:
            held[second] = picture
    last = choice.close()
    if last is not None:
        yield round(last.second, 3), _encoded(held[last.second])


def _look(second: float, picture: NDArray[Any]) -> Look:
    import cv2

    height, width = picture.shape[:2]
    scale = SHARPNESS_SIDE / max(height, width)
    size = (max(3, round(width * scale)), max(3, round(height * scale)))
    grey = cv2.cvtColor(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return look_at(second, detail(grey), small)


def _encoded(picture: NDArray[Any]) -> bytes:
    from PIL import Image

    return encode_jpeg(Image.fromarray(picture), QUALITY)


def _upright(path: Path, every: float, pace: float) -> Iterator[tuple[float, NDArray[Any]]]:
    """(second, RGB pixels) of one upright frame per `pace` seconds. `every`: what somebody asked
    for. Raises BadSource."""
    import cv2

    if every <= 0:
        raise BadSource(
            f"Frames every {every:g} seconds are not possible; give a number above zero.",
            every=every,
        )
    clip = cv2.VideoCapture(str(path))
    matrix = display_matrix(path) if clip.isOpened() else None
    if matrix:
        clip.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)  # it knows quarter turns only, and no mirror
    try:
        found = False
        for second, picture in _picked(clip, pace):
            found = True
            yield second, turned(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), matrix)
        if not found:
            raise BadSource(f"{path.name} is not a clip that can be read.", source=str(path))
    finally:
        clip.release()


def _picked(clip: cv2.VideoCapture, every: float) -> Iterator[tuple[float, NDArray[Any]]]:
    """Decode only the frames that are wanted; the others are passed over."""
    import cv2

    wanted = 0.0
    told = second = 0.0
    usual = 1 / (clip.get(cv2.CAP_PROP_FPS) or USUAL_RATE)
    for number in count():
        if not clip.grab():
            return
        before = told
        told = clip.get(cv2.CAP_PROP_POS_MSEC) / 1000
        # A bare stream tells no time, and where two were joined it begins anew.
        second += told - before if told > before or not number else usual
        if second + 1e-6 < wanted:
            continue
        whole, picture = clip.retrieve()
        if whole:
            yield second, picture
            wanted = wanted + every if wanted + every > second else second + every
