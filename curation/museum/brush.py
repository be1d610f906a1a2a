"""How a generated picture becomes a painted one: strokes along a flow, bristles, relief, canvas.

All pictures are float32 RGB in 0..1, shape (height, width, 3); a flow is an angle in radians per
pixel.

    relief(strokes(base, flow, rng, width=14, length=60), flow, rng)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# OpenCV's own types allow any number; these hold float32.
Picture = NDArray[Any]
Field = NDArray[Any]
Rng = np.random.Generator


def rgb(code: str) -> tuple[float, float, float]:
    """ "#B4432A" -> three floats in 0..1."""
    red, green, blue = (int(code[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def plain(height: int, width: int, colour: str) -> Picture:
    """A ground of one colour."""
    return np.full((height, width, 3), rgb(colour), np.float32)


def axes(height: int, width: int) -> tuple[Field, Field]:
    """x and y of every pixel, 0..1 across the picture."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return x / max(width - 1, 1), y / max(height - 1, 1)


def clouds(height: int, width: int, rng: Rng, cells: int, octaves: int = 3) -> Field:
    """Smooth noise of about -1..1: `cells` lumps across, halved and added `octaves` times."""
    import cv2

    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        n = cells * 2**octave
        lumps = rng.standard_normal((max(2, n * height // width) + 2, n + 2)).astype(np.float32)
        total += cv2.resize(lumps, (width, height), interpolation=cv2.INTER_CUBIC) / 2**octave
    return total / 2.0


def lay(picture: Picture, mask: Field, colour: str | Picture) -> Picture:
    """Put a colour (or another picture) where the mask (0..1) says."""
    over = np.asarray(rgb(colour), np.float32) if isinstance(colour, str) else colour
    return picture + (over - picture) * mask[..., None]


def soft(edge: Field, width: float) -> Field:
    """A signed distance (inside is positive) -> a mask whose edge is `width` wide."""
    return np.clip(edge / width + 0.5, 0, 1).astype(np.float32)


def strokes(
    base: Picture,
    flow: Field,
    rng: Rng,
    width: float,
    length: float,
    cover: float = 2.5,
    jitter: float = 0.035,
) -> Picture:
    """Repaint `base` with straight strokes that follow `flow`; sizes in pixels.

    `cover`: how often each spot is painted over on average. `jitter`: how far a stroke's colour
    strays.
    """
    import cv2

    height, limit = base.shape[:2]
    count = int(cover * height * limit / max(width * length, 1))
    out = (base * 255).clip(0, 255).astype(np.uint8)
    xs = rng.integers(0, limit, count)
    ys = rng.integers(0, height, count)
    angles = flow[ys, xs] + rng.normal(0, 0.12, count)
    halves = length / 2 * rng.uniform(0.6, 1.3, count)
    widths = np.maximum(1, width * rng.uniform(0.5, 1.2, count)).astype(int)
    strays = rng.normal(0, jitter, (count, 1)) + rng.normal(0, jitter * 0.4, (count, 3))
    colours = (base[ys, xs] + strays).clip(0, 1) * 255
    dx = np.cos(angles) * halves
    dy = np.sin(angles) * halves
    starts = np.stack([xs - dx, ys - dy], 1).astype(int).tolist()
    ends = np.stack([xs + dx, ys + dy], 1).astype(int).tolist()
    for start, end, colour, thick in zip(
        starts, ends, colours.tolist(), widths.tolist(), strict=True
    ):
        cv2.line(out, start, end, colour, thick, cv2.LINE_AA)
    return out.astype(np.float32) / 255


def outlines(picture: Picture, width: float) -> Field:
    """Where the drawing changes colour sharply: a mask of lines about `width` px wide."""
    import cv2

    grey = picture.max(2) + picture.mean(2)
    change = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    wide = cv2.dilate(
        np.clip(change * 2 - 0.3, 0, 1), np.ones((int(width) | 1, int(width) | 1), np.uint8)
    )
    return np.clip(cv2.GaussianBlur(wide, (0, 0), max(width / 3, 0.5)), 0, 1).astype(np.float32)


def bristles(flow: Field, rng: Rng, length: int) -> Field:
    """Noise smeared along the flow (line integral convolution, Cabral and Leedom 1993), unit
    variance."""
    import cv2

    height, width = flow.shape
    noise = cv2.GaussianBlur(rng.standard_normal((height, width)).astype(np.float32), (0, 0), 0.7)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    dx = np.cos(flow)
    dy = np.sin(flow)
    total: Field = noise.copy()
    for sign in (1.0, -1.0):
        for step in range(2, length // 2 + 1, 2):
            total = total + cv2.remap(
                noise,
                x + sign * step * dx,
                y + sign * step * dy,
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REFLECT,
            )
    return total / (float(total.std()) + 1e-6)


def relief(
    picture: Picture,
    flow: Field,
    rng: Rng,
    depth: float = 0.05,
    length: int = 26,
) -> Picture:
    """Light from the upper left on bristle marks, on the ridges between strokes, and on the
    canvas weave."""
    import cv2

    ridges = bristles(flow, rng, length) * depth + picture.mean(2) * 0.5
    shade = cv2.Sobel(ridges, cv2.CV_32F, 1, 0, ksize=3) + cv2.Sobel(
        ridges, cv2.CV_32F, 0, 1, ksize=3
    )
    y, x = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]].astype(np.float32)
    threads = (np.sin(x * 2.1) * np.cos(y * 0.35) + np.sin(y * 2.1) * np.cos(x * 0.35)) * 0.012
    light = 1 + np.clip(shade * 0.8, -0.22, 0.22) + threads
    return np.clip(picture * light[..., None], 0, 1).astype(np.float32)
