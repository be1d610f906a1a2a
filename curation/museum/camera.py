"""A phone held in front of a wall: where it stands, and what lens, light and sensor do to the
picture.

World coordinates are those of `rooms` (centimetres) with z going into the wall: the wall is z =
0, the visitor stands at negative z. Homographies follow the pinhole model (Hartley and Zisserman
2004, chapter 8).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.museum.rooms import Hanging

Image8 = NDArray[Any]  # uint8
Matrix = NDArray[np.float64]
Rng = np.random.Generator


@dataclass(frozen=True)
class Pose:
    """Where the phone is, what it is pointed at (cm), its roll (radians), focal length and
    picture size (pixels)."""

    place: tuple[float, float, float]
    target: tuple[float, float, float]
    roll: float
    focal: float
    width: int
    height: int

    def projection(self) -> Matrix:
        """3 x 4: world point (x, y, z, 1) -> picture (u, v, w)."""
        place = np.array(self.place)
        target = np.array(self.target)
        forward = (target - place) / np.linalg.norm(target - place)
        right = np.cross(np.array([0.0, 1.0, 0.0]), forward)
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        cosine = np.cos(self.roll)
        sine = np.sin(self.roll)
        turned = np.stack([cosine * right + sine * down, cosine * down - sine * right, forward])
        inner = np.array(
            [[self.focal, 0, self.width / 2], [0, self.focal, self.height / 2], [0, 0, 1]]
        )
        return inner @ np.concatenate([turned, -(turned @ place)[:, None]], 1)


def plane(
    projection: Matrix,
    origin: tuple[float, float, float],
    across: tuple[float, float, float],
    along: tuple[float, float, float],
) -> Matrix:
    """3 x 3: (a, b) on the plane origin + a * across + b * along -> picture."""
    columns = np.array([[*across, 0], [*along, 0], [*origin, 1]]).T
    return projection @ columns


def project(projection: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """World points (n, 3) -> picture (n, 2)."""
    seen = np.concatenate([points, np.ones((len(points), 1))], 1) @ projection.T
    return seen[:, :2] / seen[:, 2:]


def spread(
    texture: Image8, to_picture: Matrix, width: int, height: int, repeat: bool = False
) -> Image8:
    """A texture (pixel coordinates -> picture) over the whole picture; its rim goes on, or it
    repeats."""
    import cv2

    flags = cv2.INTER_LINEAR
    return cv2.warpPerspective(
        texture,
        to_picture,
        (width, height),
        flags=flags,
        borderMode=cv2.BORDER_WRAP if repeat else cv2.BORDER_REPLICATE,
    )


def hang(picture: Image8, thing: Hanging, wall: Matrix, x: float, y: float) -> None:
    """Lay a hanging with its centre at (x, y) on the wall over the picture, in place."""
    import cv2

    height, width = picture.shape[:2]
    corners = np.array(
        [
            [sx * thing.width / 2 + x, sy * thing.height / 2 + y, 1]
            for sy in (-1, 1)
            for sx in (-1, 1)
        ]
    )
    seen = corners @ wall.T
    seen = seen[:, :2] / seen[:, 2:]
    left, top = np.maximum(np.floor(seen.min(0)), 0).astype(int)
    right, bottom = np.minimum(np.ceil(seen.max(0)), (width, height)).astype(int)
    if right - left < 2 or bottom - top < 2:
        return
    texture = thing.level_for(float(np.ptp(seen[:, 0])) / thing.width)
    rows, columns = texture.shape[:2]
    to_wall = np.array(
        [
            [thing.width / columns, 0, x - thing.width / 2],
            [0, thing.height / rows, y - thing.height / 2],
            [0, 0, 1],
        ]
    )
    shift = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1.0]])
    over = cv2.warpPerspective(
        texture,
        shift @ wall @ to_wall,
        (int(right - left), int(bottom - top)),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )
    under = picture[top:bottom, left:right]
    seen_through = cv2.cvtColor(255 - over[..., 3], cv2.COLOR_GRAY2RGB)
    under[:] = cv2.add(cv2.multiply(under, seen_through, scale=1 / 255), over[..., :3])


def fill(picture: Image8, points: NDArray[np.float64], colour: tuple[float, ...]) -> None:
    """A flat polygon (n, 2) in picture coordinates; colour 0..255."""
    import cv2

    cv2.fillPoly(
        picture, [np.clip(points * 16, -2e7, 2e7).astype(np.int32)], colour, cv2.LINE_AA, 4
    )


def people(picture: Image8, rng: Rng, count: int) -> None:
    """Other visitors, seen from behind and a little out of focus, standing in front; in place."""
    import cv2

    height, width = picture.shape[:2]
    small = cv2.resize(picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    mask = np.zeros(small.shape[:2], np.uint8)
    figure = small.copy()
    for _ in range(count):
        _person(figure, mask, rng)
    sigma = max(0.8, width / 420 * rng.uniform(0.7, 1.8))
    soft = cv2.GaussianBlur(mask, (0, 0), sigma)
    figure = cv2.GaussianBlur(figure, (0, 0), sigma)
    alpha = cv2.cvtColor(cv2.resize(soft, (width, height)), cv2.COLOR_GRAY2RGB)
    large = cv2.resize(figure, (width, height))
    picture[:] = cv2.add(
        cv2.multiply(picture, 255 - alpha, scale=1 / 255), cv2.multiply(large, alpha, scale=1 / 255)
    )


COATS = (
    (38, 40, 48),
    (74, 58, 46),
    (48, 62, 74),
    (92, 44, 40),
    (58, 66, 52),
    (120, 108, 92),
    (28, 28, 30),
    (150, 60, 52),
)
HAIR = ((34, 25, 20), (72, 50, 34), (120, 92, 58), (158, 152, 146), (22, 20, 20))
GRAIN = 640  # pixels of a side of the tile of sensor noise


def _person(figure: Image8, mask: Image8, rng: Rng) -> None:
    height, width = mask.shape
    head = (width * height) ** 0.5 * rng.uniform(0.05, 0.105)
    x = width * (rng.uniform(-0.02, 0.24) if rng.random() < 0.5 else rng.uniform(0.76, 1.02))
    y = height * rng.uniform(0.48, 0.86)
    coat = COATS[rng.integers(len(COATS))]
    hair = HAIR[rng.integers(len(HAIR))]
    long_hair = rng.random() < 0.45
    t = np.linspace(0, 1, 32)
    half = head * (0.46 + 1.75 * np.sin(np.minimum(t / 0.12, 1) * np.pi / 2) ** 1.5 + 0.35 * t)
    down = y + head * 0.8 + t * head * 7
    body = np.concatenate([np.stack([x - half, down], 1), np.stack([x + half, down], 1)[::-1]])
    neck = tuple(value * 0.55 + 62 for value in hair)
    shine = np.array(
        [
            [x - head * 1.9, down[6]],
            [x - head * 1.2, down[3]],
            [x - head * 1.3, down[-1]],
            [x - head * 2.3, down[-1]],
        ]
    )
    for canvas, colours in ((figure, (coat, neck, hair)), (mask, ((255.0,) * 3,) * 3)):
        fill(canvas, body, colours[0])
        _oval(canvas, x, y + head * 0.85, head * 0.44, head * 0.8, colours[1])
        _oval(canvas, x, y, head * 0.8, head, colours[2])
        if long_hair:
            _oval(canvas, x, y + head * 0.75, head * 0.86, head * 1.25, colours[2])
    fill(figure, shine, tuple(min(value * 1.2 + 5, 255) for value in coat))
    gloss = tuple(min(value * 1.25 + 10, 255) for value in hair)
    _oval(figure, x - head * 0.25, y - head * 0.4, head * 0.3, head * 0.28, gloss)


def _oval(
    canvas: Image8,
    x: float,
    y: float,
    half_width: float,
    half_height: float,
    colour: tuple[float, ...],
) -> None:
    angle = np.linspace(0, 2 * np.pi, 28)
    fill(
        canvas,
        np.stack([x + half_width * np.cos(angle), y + half_height * np.sin(angle)], 1),
        colour,
    )


@dataclass(frozen=True)
class Light:
    """Exposure, colour cast (gains of R, G, B), vignette, and slope of light across the picture."""

    exposure: float
    cast: tuple[float, float, float]
    vignette: float
    slope: tuple[float, float]


def lit(picture: Image8, light: Light) -> Image8:
    """What the light makes of it: one smooth gain."""
    import cv2

    height, width = picture.shape[:2]
    y, x = np.mgrid[-1:1:24j, -1:1:24j].astype(np.float32)
    gain = light.exposure * (
        1 - light.vignette * (x * x + y * y) / 2 + light.slope[0] * x + light.slope[1] * y
    )
    gains = (gain[..., None] * np.array(light.cast) * 128).clip(0, 255).astype(np.uint8)
    return cv2.multiply(
        picture, cv2.resize(gains, (width, height), interpolation=cv2.INTER_LINEAR), scale=1 / 128
    )


@dataclass(frozen=True)
class Glare:
    """A lamp mirrored in glass: centre and half axes as fractions of the photo, angle, strength
    0..1."""

    x: float
    y: float
    long: float
    short: float
    angle: float
    strength: float


def mirror(picture: Image8, glare: Glare, glass: NDArray[np.float64]) -> None:
    """Add glare within the glass, whose four corners (4, 2) are in picture coordinates; in
    place."""
    import cv2

    height, width = picture.shape[:2]
    pane = np.zeros((96, 96), np.float32)
    fill(pane, glass * (96 / width, 96 / height), (1.0, 1.0, 1.0))
    y, x = np.mgrid[0:1:96j, 0:1:96j].astype(np.float32)
    u = (x - glare.x) * np.cos(glare.angle) + (y - glare.y) * np.sin(glare.angle)
    v = (y - glare.y) * np.cos(glare.angle) - (x - glare.x) * np.sin(glare.angle)
    spot = np.exp(-(np.abs(u / glare.long) ** 3) - np.abs(v / glare.short) ** 3)
    halo = np.exp(-(np.abs(u / glare.long / 2.2) ** 2) - np.abs(v / glare.short / 3) ** 2)
    shine = glare.strength * (spot + 0.25 * halo) * pane
    veil = (shine[..., None] * np.array([255, 250, 236])).clip(0, 255).astype(np.uint8)
    picture[:] = cv2.add(picture, cv2.resize(veil, (width, height), interpolation=cv2.INTER_LINEAR))


def shaken(picture: Image8, length: float, angle: float, focus: float) -> Image8:
    """Motion blur of `length` px at an angle, then defocus of `focus` px (sigma)."""
    import cv2

    if length >= 1.5:
        size = int(length) | 1
        kernel = np.zeros((size, size), np.float32)
        middle = size // 2
        dx = np.cos(angle) * size / 2
        dy = np.sin(angle) * size / 2
        start, end = ((round(middle + sign * dx), round(middle + sign * dy)) for sign in (-1, 1))
        cv2.line(kernel, start, end, 1.0, 1, cv2.LINE_AA)
        picture = cv2.filter2D(picture, -1, kernel / kernel.sum())
    return cv2.GaussianBlur(picture, (0, 0), focus) if focus > 0.3 else picture


@lru_cache(maxsize=12)
def grain_tile(strength: int) -> NDArray[np.int8]:
    """Sensor noise of standard deviation `strength` (of 255), correlated a little as after a
    phone's processing."""
    return (_grain() * strength).round().clip(-127, 127).astype(np.int8)


@lru_cache(maxsize=1)
def _grain() -> NDArray[Any]:
    import cv2

    noise = np.random.default_rng(5).standard_normal((GRAIN, GRAIN, 3), np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 0.6) + 0.5 * noise.mean(2, keepdims=True)
    return noise / noise.std()


def noisy(picture: Image8, tile: NDArray[np.int8], rng: Rng) -> Image8:
    """Add the tile's noise from a random place in it; a larger picture sees the tile mirrored at
    its rim."""
    import cv2

    height, width = picture.shape[:2]
    spare = [max(tile.shape[axis] - picture.shape[axis], 0) for axis in (0, 1)]
    down, right = (int(rng.integers(room + 1)) for room in spare)
    noise = tile[down : down + height, right : right + width]
    missing = height - noise.shape[0], width - noise.shape[1]
    if max(missing) > 0:
        noise = np.pad(noise, ((0, missing[0]), (0, missing[1]), (0, 0)), "symmetric")
    return cv2.add(picture, noise, dtype=cv2.CV_8U)
