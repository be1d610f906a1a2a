"""What comparison needs of a photo, computed once: soft grey pixels, keypoints, and a tiny
picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image

from curation.measures.keypoints import find_points, none_found, unit

TINY_SIDE = 32
COMPARED_SIDE = 320  # pixels of the longer side before it is softened and halved
SIDE_OF_POINTS = (
    192  # while points are found; 320 takes three times as long and makes nothing surer
)
SMALL = 64  # pixels of the longer side: in smaller photos no points are looked for
QUALITY = 95  # of the grey JPEG, a third of its pixels in bytes, and off by one grey level
CLOSE_QUALITY = 90  # of the colour JPEG


@dataclass(frozen=True)
class Fingerprint:
    """What verification needs of a photo, about 60 kB: soft grey pixels as a JPEG and their
    (height, width), points (n, 2) float32 on them, strongest first, descriptors (n, 128) uint8,
    the photo as (32, 32, 3) uint8, and for a closer look twice as large in colour, as a JPEG; of
    a small one (32, 32, 3) alone, 3 kB."""

    jpeg: bytes
    shape: tuple[int, int]
    points: np.ndarray
    descriptors: np.ndarray
    small: np.ndarray
    close: bytes = b""

    @cached_property
    def colours(self) -> np.ndarray:
        """Its pixels for a closer look (h, w, 3) uint8, blue first."""
        import cv2

        return np.asarray(cv2.imdecode(np.frombuffer(self.close, np.uint8), cv2.IMREAD_COLOR))

    @cached_property
    def grey(self) -> np.ndarray:
        """Its pixels (h, w) uint8."""
        import cv2

        return np.asarray(cv2.imdecode(np.frombuffer(self.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE))

    @cached_property
    def units(self) -> np.ndarray:
        """Its descriptors (n, 128) float32 of length one."""
        return unit(self.descriptors)

    @cached_property
    def coarse(self) -> np.ndarray:
        """Itself in grey at 8 x 8, about its mean."""
        cells = self.small.reshape(8, 4, 8, 4, 3).mean(axis=(1, 3, 4), dtype=np.float32)
        return cells - cells.mean()


@dataclass(frozen=True)
class Match:
    """How sure it is that two photos are the same shot (0..1), and in which way.

    `as_frames`: how sure it is if the camera was at it all the time from the one to the other, so
    that nothing can have been exchanged between them; 0 where that would change nothing."""

    score: float
    kind: str
    as_frames: float = 0.0


NO_MATCH = Match(0.0, "same-scene")


def fingerprint(photo: Image.Image) -> Fingerprint:
    """The fingerprint of an upright photo; about 12 ms, a tenth of that for a small one."""
    import cv2

    side = (TINY_SIDE, TINY_SIDE)
    small = np.asarray(
        photo.convert("RGB").resize(
            side,
            Image.Resampling.BOX if max(photo.size) > 2 * side[0] else Image.Resampling.BICUBIC,
        )
    )
    if max(photo.size) <= SMALL:
        return Fingerprint(b"", (0, 0), *none_found(), small)
    grey = photo.convert("L")
    # Softened before it is halved: fine grain and the blocks of strong compression are not what a
    # shot shows.
    soft = cv2.GaussianBlur(_at_side(grey, COMPARED_SIDE), (0, 0), 1.5)[::2, ::2]
    points, descriptors = find_points(_at_side(grey, SIDE_OF_POINTS))
    jpeg = cv2.imencode(".jpg", soft, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
    shape = (soft.shape[0], soft.shape[1])
    close = cv2.imencode(
        ".jpg",
        _at_side(photo.convert("RGB"), COMPARED_SIDE)[..., ::-1],
        [
            cv2.IMWRITE_JPEG_QUALITY,
            CLOSE_QUALITY,
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
        ],
    )[1].tobytes()
    return Fingerprint(
        jpeg, shape, points * np.float32(COMPARED_SIDE / SIDE_OF_POINTS), descriptors, small, close
    )


def _at_side(photo: Image.Image, side: int) -> np.ndarray:
    """Pixels with this longer side."""
    scale = side / max(photo.size)
    size = (max(2, round(photo.width * scale)), max(2, round(photo.height * scale)))
    return np.asarray(photo.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0))
