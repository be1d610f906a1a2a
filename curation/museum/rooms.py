"""The rooms of the built-in museum: walls, floors, frames, and the things in them that are no
pictures.

Every texture is uint8; what hangs is RGBA with its colour multiplied by its alpha (so that it
can be warped and laid over), with a soft shadow on the wall. Lengths are centimetres: x to the
right, y down, 0 at a picture's centre, the floor at y = 150.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.museum.brush import clouds, rgb
from curation.museum.gallery import HANGING, Hung, paint

Image8 = NDArray[Any]  # uint8
Floats = NDArray[Any]  # float32

FLOOR = 150.0
RAIL = -175.0
SKIRTING = 13.0
WALL_LEFT = -450.0
WALL_TOP = -260.0
WALL_WIDTH = 900.0
WALL_SCALE = 1.4
FLOOR_CELL = 240.0


@dataclass(frozen=True)
class Room:
    """A wall colour, what its woodwork and floor look like, and how strongly lamps light its
    middle."""

    wall: str
    wood: str
    floor: str
    planks: bool
    lamp: float


ROOMS = (
    Room("#CDBB98", "#EFE7D6", "#8A6541", True, 0.30),
    Room("#5E6F64", "#E6E0D0", "#6E4C30", True, 0.42),
    Room("#7A2F2C", "#D8C7A8", "#5B3D27", True, 0.45),
    Room("#E9E5DC", "#F7F5F0", "#A7A29A", False, 0.16),
    Room("#3F4E63", "#DAD5CA", "#7B5A3C", True, 0.45),
    Room("#B9AFA2", "#ECE8E0", "#8F8A82", False, 0.24),
)


@dataclass(frozen=True)
class Hanging:
    """Something flat on a wall: a pyramid of premultiplied RGBA textures, finest first, and what
    they cover in cm."""

    levels: tuple[Image8, ...]
    width: float
    height: float

    def level_for(self, pixels_per_cm: float) -> Image8:
        """The coarsest level that still has as many pixels as the photo will show of it."""
        for level in reversed(self.levels):
            if level.shape[1] / self.width >= pixels_per_cm:
                return level
        return self.levels[0]


def hanging(texture: Floats, width: float, height: float) -> Hanging:
    """From float RGBA (not multiplied yet, 0..1): multiplied, 8 bit, with four coarser levels."""
    import cv2

    texture = np.concatenate([texture[..., :3] * texture[..., 3:], texture[..., 3:]], 2)
    levels: list[Image8] = [(texture.clip(0, 1) * 255).round().astype(np.uint8)]
    while len(levels) < 5 and min(levels[-1].shape[:2]) > 12:
        finer = levels[-1]
        levels.append(
            cv2.resize(
                finer, (finer.shape[1] // 2, finer.shape[0] // 2), interpolation=cv2.INTER_AREA
            )
        )
    return Hanging(tuple(levels), width, height)


@lru_cache(maxsize=32)
def wall(room: int) -> Image8:
    """Plaster, picture rail, skirting board and a pool of lamp light, RGB; WALL_* say where it
    lies."""
    kind = ROOMS[room]
    rng = np.random.default_rng(room)
    height = round((FLOOR - WALL_TOP) * WALL_SCALE)
    width = round(WALL_WIDTH * WALL_SCALE)
    x = np.arange(width, dtype=np.float32) / WALL_SCALE + WALL_LEFT
    y = np.arange(height, dtype=np.float32) / WALL_SCALE + WALL_TOP
    plaster = (
        1
        + 0.025 * clouds(height, width, rng, 7, 4)
        + 0.01 * rng.standard_normal((height, width), np.float32)
    )
    pool = np.exp(-(((y + 25) / 120) ** 2))[:, None] * np.exp(-((x / 165) ** 2))
    light = plaster * (1 - kind.lamp * 0.55 + kind.lamp * pool)
    warm = np.array([255, 255 * (1 - 0.02 * kind.lamp), 255 * (1 - 0.1 * kind.lamp)], np.float32)
    return ((_upright(kind, y) * warm)[:, None] * light[..., None]).clip(0, 255).astype(np.uint8)


def _upright(kind: Room, y: Floats) -> Floats:
    """The wall's colour at each height (cm): RGB, shape (len(y), 3)."""
    wood = np.array(rgb(kind.wood), np.float32)
    colour = np.where((y < RAIL)[:, None], wood, np.array(rgb(kind.wall), np.float32))
    for edge, size in ((FLOOR - SKIRTING, SKIRTING), (RAIL - 5, 6.0)):
        depth = (y - edge) / size
        moulding = (
            0.96
            - 0.10 * np.exp(-(((depth - 0.18) / 0.07) ** 2))
            + 0.05 * np.exp(-(((depth - 0.08) / 0.05) ** 2))
        )
        away = np.where(
            depth > 1, (depth - 1) * size / 5, np.where(depth < 0, -depth * size / 2, 99)
        )
        shade = 1 - 0.22 * np.exp(-away)
        colour = (
            np.where(((depth >= 0) & (depth <= 1))[:, None], wood * moulding[:, None], colour)
            * shade[:, None]
        )
    return colour.astype(np.float32)


@lru_cache(maxsize=32)
def floor(room: int) -> Image8:
    """One cell of FLOOR_CELL x FLOOR_CELL cm of planks or stone, RGB, to be repeated."""
    kind = ROOMS[room]
    rng = np.random.default_rng(100 + room)
    size = 320
    y, x = np.mgrid[0:size, 0:size] * (FLOOR_CELL / size)
    across, along = (15.0, 120.0) if kind.planks else (60.0, 60.0)
    column = np.floor(x / across).astype(int)
    shift = np.where(kind.planks, (column % 3) * 40.0, 0.0)
    row = np.floor(((y + shift) % FLOOR_CELL) / along).astype(int)
    tone = rng.normal(0, 0.075 if kind.planks else 0.03, (17, 5))[column, row]
    grain = (
        clouds(size * 6, size, rng, 20, 2)[::6] if kind.planks else clouds(size, size, rng, 9, 3)
    )
    gap = np.minimum(x % across, (y + shift) % along) < (0.8 if kind.planks else 1.2)
    shade = (1 + tone + 0.05 * grain) * np.where(gap, 0.62, 1)
    return (np.asarray(rgb(kind.floor)) * shade[..., None] * 255).clip(0, 255).astype(np.uint8)


@lru_cache(maxsize=64)
def framed(name: str, side: int) -> Hanging:
    """A picture in its frame, with its mount and its shadow on the wall; the canvas is `side` px
    long."""
    import cv2

    hung = HANGING[name]
    canvas = paint(name, side).astype(np.float32) / 255
    scale = canvas.shape[1] / hung.width
    border = hung.frame_width + hung.mount
    margin = 9.0
    pad = round(border * scale)
    inner = cv2.copyMakeBorder(canvas, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    _mount_and_frame(inner, hung, scale)
    top_light = np.linspace(1.06, 0.93, inner.shape[0], dtype=np.float32)[:, None, None]
    return hanging(
        _with_shadow(inner * top_light, round(margin * scale)),
        hung.width + 2 * (border + margin),
        hung.height + 2 * (border + margin),
    )


def _mount_and_frame(picture: Floats, hung: Hung, scale: float) -> None:
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / scale
    right = width / scale - x
    bottom = height / scale - y
    inward = np.minimum(np.minimum(x, right), np.minimum(y, bottom))
    border = hung.frame_width + hung.mount
    if hung.mount:
        mount = (inward >= hung.frame_width) & (inward < border)
        bevel = np.abs(inward - border) < 0.5
        picture[mount] = rgb("#F3EEE2")
        picture[mount & bevel] = rgb("#D6CDB9")
    wood = inward < hung.frame_width
    depth = inward / hung.frame_width
    profile = 0.78 + 0.34 * np.sin(np.pi * np.clip(depth, 0, 1)) + 0.16 * np.cos(depth * 11)
    # Light from above: the upper limb is bright, the lower dark, mitred where the nearest edge
    # changes.
    limb = np.select(
        [y <= inward + 1e-3, bottom <= inward + 1e-3, x <= inward + 1e-3], [1.16, 0.80, 1.03], 0.92
    )
    grain = 1 + 0.05 * np.sin((x + y) * 3.1 + 2.0 * np.sin(x * 0.3) + 2.0 * np.sin(y * 0.4))
    shaded = np.asarray(rgb(hung.frame), np.float32) * (profile * limb * grain)[..., None]
    picture[wood] = shaded[wood]
    reach = np.clip(1 - (inward - hung.frame_width) / 2.2, 0, 1) * (~wood)
    picture *= (1 - 0.35 * reach * np.where(y < height / scale / 2, 1.0, 0.45))[..., None]


def _with_shadow(picture: Floats, margin: int) -> Floats:
    import cv2

    out = cv2.copyMakeBorder(picture, margin, margin, margin, margin, cv2.BORDER_CONSTANT)
    solid = np.zeros(out.shape[:2], np.float32)
    solid[margin:-margin, margin:-margin] = 1
    cast = np.roll(cv2.GaussianBlur(solid, (0, 0), margin / 3), margin // 3, 0) * 0.5
    out[solid == 0] = rgb("#15100B")
    return np.dstack([out, np.maximum(solid, cast)]).astype(np.float32)


def _drawn(width: float, height: float, scale: float, ground: str) -> tuple[Image8, float]:
    """An opaque board of width x height cm to draw on, and its pixels per cm."""
    board = np.empty((round(height * scale), round(width * scale), 3), np.uint8)
    board[:] = [round(value * 255) for value in rgb(ground)]
    return board, scale


def _bar(
    board: Image8, scale: float, x0: float, y0: float, x1: float, y1: float, colour: str
) -> None:
    import cv2

    points = [round(value * scale) for value in (x0, y0, x1, y1)]
    cv2.rectangle(
        board, points[:2], [points[2] - 1, points[3] - 1], [round(v * 255) for v in rgb(colour)], -1
    )


def _hang(board: Image8, width: float, height: float, scale: float, margin: float = 4.0) -> Hanging:
    shaded = _with_shadow(board.astype(np.float32) / 255, max(3, round(margin * scale)))
    return hanging(shaded, width + 2 * margin, height + 2 * margin)


@lru_cache(maxsize=8)
def placard() -> Hanging:
    """The card beside a picture: too small to read, the same for all, so that it gives nothing
    away."""
    board, scale = _drawn(15, 10, 6, "#F6F3EA")
    for y, length in ((1.6, 7.5), (3.4, 5.0), (5.4, 11.5), (6.6, 10.5), (7.8, 8.0)):
        _bar(board, scale, 1.6, y, 1.6 + length, y + 0.7, "#6B6257")
    return _hang(board, 15, 10, scale, 1.5)


@lru_cache(maxsize=8)
def window() -> Hanging:
    """A tall window with six panes and an overcast sky."""
    board, scale = _drawn(110, 190, 3, "#F1EEE6")
    sky = np.linspace(1.0, 0.80, board.shape[0])[:, None, None] * np.array([232, 240, 246])
    trees = clouds(board.shape[0], board.shape[1], np.random.default_rng(7), 6)
    sky = np.where(
        (np.linspace(0, 1, board.shape[0])[:, None] + 0.12 * trees > 0.72)[..., None],
        [142, 156, 132],
        sky,
    )
    for row in range(3):
        for column in range(2):
            y = round((8 + row * 59) * scale)
            x = round((8 + column * 49) * scale)
            pane = slice(y, y + round(54 * scale)), slice(x, x + round(45 * scale))
            board[pane] = sky[pane]
    return _hang(board, 110, 190, scale)


@lru_cache(maxsize=8)
def door() -> Hanging:
    """A panelled door, closed."""
    import cv2

    board, scale = _drawn(95, 215, 3, "#D9D0BE")
    for x0, y0, x1, y1 in (
        (6, 6, 89, 215),
        (14, 16, 44, 96),
        (51, 16, 81, 96),
        (14, 108, 44, 200),
        (51, 108, 81, 200),
    ):
        _bar(board, scale, x0, y0, x1, y1, "#B9AE98")
        _bar(board, scale, x0 + 1.2, y0 + 1.2, x1, y1, "#CFC5B1")
    cv2.circle(
        board,
        (round(82 * scale), round(112 * scale)),
        round(2.6 * scale),
        (176, 139, 74),
        -1,
        cv2.LINE_AA,
    )
    return _hang(board, 95, 215, scale)


@lru_cache(maxsize=8)
def sign(kind: int) -> Hanging:
    """An arrow, an exit, or a plan of the house."""
    import cv2

    ground, ink = (("#F6F3EA", "#2A2520"), ("#2F6B4F", "#F6F3EA"), ("#22416B", "#F6F3EA"))[kind]
    board, scale = _drawn(42, 30, 6, ground)
    for y, length in ((20.5, 24.0), (23.5, 17.0)):
        _bar(board, scale, 5, y, 5 + length, y + 1.4, ink)
    tip = (
        np.array([[24, 4], [36, 11], [24, 18], [24, 13.4], [6, 13.4], [6, 8.6], [24, 8.6]]) * scale
    )
    cv2.fillPoly(
        board, [tip.round().astype(np.int32)], [round(v * 255) for v in rgb(ink)], cv2.LINE_AA
    )
    return _hang(board, 42, 30, scale, 2)


@lru_cache(maxsize=8)
def extinguisher() -> Hanging:
    """The red one every room has."""
    import cv2

    board = np.zeros((190, 80, 4), np.float32)
    cv2.ellipse(board, (40, 52), (24, 22), 0, 180, 360, (*rgb("#B4261D"), 1), -1, cv2.LINE_AA)
    cv2.rectangle(board, (16, 52), (64, 184), (*rgb("#B4261D"), 1), -1)
    cv2.rectangle(board, (22, 60), (28, 176), (*rgb("#D8574B"), 1), -1)
    cv2.rectangle(board, (22, 96), (58, 136), (*rgb("#EFE9DC"), 1), -1)
    cv2.rectangle(board, (32, 12), (48, 32), (*rgb("#26221E"), 1), -1)
    return hanging(board, 22, 52)
