"""What a visitor's phone does to a thing: other angle, distance, light, shake, glare, a
passer-by, compression.

One photo in, one square view out; the same `rng` gives the same view, so a resumed training sees
what the uninterrupted one would have seen. No mirror images unless asked: a mirrored painting is
another painting.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from data_cards.photos.image import open_photo

Pixels = NDArray[np.uint8]
Corners = NDArray[np.float64]


@dataclass(frozen=True)
class Look:
    """How far a visitor's photo may stray. Shares are of the photo's side or area; chances are
    per view; colour and contrast are times what they were."""

    smallest_crop: float = 0.4
    tilt: float = 0.1
    turn_degrees: float = 8.0
    stops: float = 0.6
    tint: float = 0.1
    colour: tuple[float, float] = (0.6, 1.3)
    contrast: tuple[float, float] = (0.7, 1.3)
    blur_radius: float = 1.6
    blur: float = 0.3
    glare: float = 0.25
    passer_by: float = 0.25
    compression: float = 0.3
    flip: float = 0.0


LOOK = Look()
# For things that differ by colour or small print: change colours only a little.
GENTLE = Look(
    tilt=0.06,
    stops=0.4,
    tint=0.04,
    colour=(0.85, 1.15),
    contrast=(0.8, 1.2),
    blur=0.15,
    glare=0.1,
    passer_by=0.1,
    compression=0.2,
)


def visitor_view(
    photo: Image.Image, side: int, rng: np.random.Generator, look: Look = LOOK
) -> Pixels:
    """(side, side, 3) uint8: `photo` (RGB, best about 1.3 x `side` on its short side) as a
    visitor might take it."""
    view = _seen_from(photo, _corners(photo.size, rng, look), side)
    if rng.random() < look.flip:
        view = view.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if rng.random() < look.blur:
        view = view.filter(ImageFilter.GaussianBlur(tuple(rng.uniform(0.2, look.blur_radius, 2))))
    light = _lit(np.asarray(view, np.float32), rng, look)
    if rng.random() < look.glare:
        light = _with_glare(light, rng)
    if rng.random() < look.passer_by:
        light = _with_passer_by(light, rng)
    pixels = np.clip(light, 0, 255).astype(np.uint8)
    return (
        _compressed(pixels, int(rng.integers(25, 75)))
        if rng.random() < look.compression
        else pixels
    )


def _corners(size: tuple[int, int], rng: np.random.Generator, look: Look) -> Corners:
    """The four points of the photo (clockwise from top left) that become the corners of the
    view."""
    width, height = size
    short = min(width, height)
    edge = short * float(np.sqrt(rng.uniform(look.smallest_crop, 1.0)))
    stretch = float(np.exp(rng.uniform(-0.2, 0.2)))
    half = np.array([min(width, edge * stretch), min(height, edge / stretch)]) / 2
    centre = rng.uniform(half, np.array([width, height]) - half)
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) + rng.uniform(
        -2 * look.tilt, 2 * look.tilt, (4, 2)
    )
    angle = np.deg2rad(rng.uniform(-look.turn_degrees, look.turn_degrees))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    # Kept inside the photo: black wedges at the rim would be a sign that training photos have and
    # visitors' have not.
    return np.asarray(
        np.clip(centre + (square * half) @ turn.T, 0, [width - 1, height - 1]), np.float64
    )


def _seen_from(photo: Image.Image, corners: Corners, side: int) -> Image.Image:
    target = np.array([[0, 0], [side, 0], [side, side], [0, side]], np.float64)
    rows = []
    for (x, y), (u, v) in zip(target, corners, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    # Least squares, not solve: clipping can lay corners on one line, and then the nearest view will
    # do.
    coefficients = np.linalg.lstsq(np.array(rows), corners.reshape(-1), rcond=None)[0]
    return photo.transform(
        (side, side), Image.Transform.PERSPECTIVE, coefficients.tolist(), Image.Resampling.BILINEAR
    )


def _lit(light: NDArray[np.float32], rng: np.random.Generator, look: Look) -> NDArray[np.float32]:
    gain = 2 ** rng.uniform(-look.stops, look.stops) * rng.uniform(1 - look.tint, 1 + look.tint, 3)
    grey = light.mean(axis=2, keepdims=True)
    coloured = grey + (light - grey) * np.float32(rng.uniform(*look.colour))
    middle = np.float32(coloured.mean())
    contrasted = middle + (coloured - middle) * np.float32(rng.uniform(*look.contrast))
    return np.asarray(contrasted * gain.astype(np.float32))


def _blob(
    side: int, rng: np.random.Generator, smallest: float, largest: float
) -> NDArray[np.float32]:
    """A soft ellipse somewhere in the view, 1 in its middle and 0 far away."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side
    at = rng.uniform(0, 1, 2)
    reach = rng.uniform(smallest, largest, 2)
    distance = ((x - at[0]) / reach[0]) ** 2 + ((y - at[1]) / reach[1]) ** 2
    return np.asarray(np.exp(-distance), np.float32)[..., None]


def _with_glare(light: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    return np.asarray(
        light + 255 * np.float32(rng.uniform(0.3, 0.9)) * _blob(len(light), rng, 0.05, 0.3)
    )


def _with_passer_by(light: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Somebody stands in front: one nearly even patch of a muted colour, at most a quarter of
    the view."""
    cover = (_blob(len(light), rng, 0.1, 0.3) > np.float32(0.4)).astype(np.float32)
    if cover.mean() > 0.25:
        return light
    cloth = rng.uniform(10, 180, 3).astype(np.float32) + rng.normal(0, 6, light.shape).astype(
        np.float32
    )
    return np.asarray(light * (1 - cover) + cloth * cover)


def _compressed(pixels: Pixels, quality: int) -> Pixels:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality)
    return np.asarray(open_photo(out.getvalue()))
