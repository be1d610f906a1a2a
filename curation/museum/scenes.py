"""What stands before a visitor: a picture on its wall, an empty stretch of the house, or a mistake.

Each scene takes two generators: `scene` is the same for all frames of a burst, `hand` is not.

    of_a_picture("red-grid", 480, 640, scene, hand)       uint8 RGB, shape (640, 480, 3)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.museum import rooms
from curation.museum.camera import (
    Glare,
    Matrix,
    Pose,
    Rng,
    fill,
    hang,
    mirror,
    plane,
    project,
    shaken,
    spread,
)
from curation.museum.gallery import HANGING, canvas_side
from curation.museum.rooms import Hanging

Image8 = NDArray[Any]  # uint8
Point = tuple[float, float, float]
EMPTY = ("wall", "corridor", "window", "bench", "sign", "door", "extinguisher")
JUNK = ("floor", "thumb", "black")
# What each thing takes of the wall (cm, with some air), and how far below eye level its middle is.
EXTENT = {
    "window": (118.0, 198.0),
    "door": (103.0, 223.0),
    "sign": (60.0, 46.0),
    "extinguisher": (50.0, 90.0),
}
MIDDLE = {"window": -35.0, "door": 42.5, "sign": 0.0, "extinguisher": 60.0, "bench": 95.0}
HALF_BENCH = 22.0


def of_a_picture(name: str, width: int, height: int, scene: Rng, hand: Rng) -> Image8:
    """Near or far, from the side, seldom centred; with neighbours, and now and then a lamp in
    the glass."""
    hung = HANGING[name]
    border = 2 * (hung.frame_width + hung.mount)
    extent = hung.width + border, hung.height + border
    near = scene.uniform(0.6, 1.0)
    far = scene.uniform(0.3, 0.6)
    close = scene.uniform(1.0, 1.45)
    fraction = float(scene.choice((near, far, close), p=(0.62, 0.24, 0.14)))
    off = scene.normal(0, 0.11, 2) * np.array(extent) / max(fraction, 0.5)
    pose = _pose(
        width,
        height,
        extent,
        fraction,
        (scene.normal(0, 0.26), scene.normal(0.02, 0.08)),
        (off[0], off[1]),
        scene,
        hand,
    )
    picture, wall = _wall(pose, int(scene.integers(len(rooms.ROOMS))))
    canvas = canvas_side(max(width, height))
    for direction in (-1, 1):
        if scene.random() < 0.5:
            _neighbour(picture, wall, name, direction * extent[0] / 2, canvas, scene)
    hang(picture, rooms.framed(name, canvas), wall, 0, 0)
    hang(picture, rooms.placard(), wall, extent[0] / 2 + 18, min(extent[1] / 2 - 8, 30))
    if scene.random() < 0.3:
        _lamp_in_the_glass(picture, wall, name, scene, hand)
    return picture


def of_a_reference(thing: Hanging, width: int, height: int, scene: Rng, hand: Rng) -> Image8:
    """Any flat thing on a wall of the house: as `of_a_picture`, without neighbours, and seen by
    more visitors from the side."""
    extent = thing.width, thing.height
    fraction = float(scene.uniform(0.45, 1.15))
    off = scene.normal(0, 0.08, 2) * np.array(extent)
    side = (scene.normal(0, 0.32), scene.normal(0.02, 0.08))
    pose = _pose(width, height, extent, fraction, side, (off[0], off[1]), scene, hand)
    picture, wall = _wall(pose, int(scene.integers(len(rooms.ROOMS))))
    hang(picture, thing, wall, 0, 0)
    if scene.random() < 0.35:
        _lamp_over(picture, wall, (thing.width / 2, thing.height / 2), scene, hand)
    return picture


def empty(subject: str, width: int, height: int, scene: Rng, hand: Rng) -> Image8:
    """One of EMPTY: a part of the house where none of its pictures hangs."""
    if subject == "corridor":
        return _corridor(width, height, scene, hand)
    low = MIDDLE.get(subject, scene.uniform(-20, 60))
    fraction = scene.uniform(0.45, 1.0) / (1.7 if subject == "bench" else 1.0)
    pose = _pose(
        width,
        height,
        EXTENT.get(subject, (150.0, 130.0)),
        fraction,
        (scene.normal(0, 0.24), scene.normal(-0.06, 0.07)),
        (scene.normal(0, 14), low + scene.normal(0, 10)),
        scene,
        hand,
    )
    picture, wall = _wall(pose, int(scene.integers(len(rooms.ROOMS))))
    if subject == "bench":
        _bench(picture, pose.projection(), scene)
    elif subject == "sign":
        hang(picture, rooms.sign(int(scene.integers(3))), wall, 0, low)
    elif subject in EXTENT:
        hang(picture, getattr(rooms, subject)(), wall, 0, low)
    elif scene.random() < 0.4:  # a wall from which something was taken away
        hang(picture, rooms.placard(), wall, scene.uniform(-60, 60), scene.uniform(0, 40))
    return picture


def by_mistake(subject: str, width: int, height: int, scene: Rng, hand: Rng) -> Image8:
    """One of JUNK: the floor in passing, a thumb, or a pocket."""
    if subject == "black":
        return np.full((height, width, 3), scene.integers(0, 7), np.uint8)
    room = int(scene.integers(len(rooms.ROOMS)))
    if subject == "floor":
        target = (scene.normal(0, 25), rooms.FLOOR, -110 + scene.normal(0, 15))
        pose = Pose(
            (0, 20, -170), target, scene.normal(0, 0.5), max(width, height) * 0.8, width, height
        )
        return shaken(
            _wall(pose, room)[0], scene.uniform(3, 22) * width / 640, scene.uniform(0, 3), 0.8
        )
    pose = _pose(width, height, (150, 130), 0.7, (0, 0), (0, 0), scene, hand)
    return _thumb(_wall(pose, room)[0], scene)


def _pose(
    width: int,
    height: int,
    extent: tuple[float, float],
    fraction: float,
    side: tuple[float, float],
    aim: tuple[float, float],
    scene: Rng,
    hand: Rng,
) -> Pose:
    """Stand where `extent` (cm) takes `fraction` of the photo, `side` (yaw in radians, height in
    distances) off its middle, and point at `aim`; hands move a little.
    """
    focal = max(width, height) * scene.uniform(0.74, 1.0)
    reach = max(extent[0] / width, extent[1] / height) * focal / fraction
    sway = hand.normal(0, 0.006, 5) * reach
    place = (
        aim[0] + np.tan(side[0]) * reach + sway[0],
        aim[1] + side[1] * reach + sway[1],
        -reach - sway[2],
    )
    target = (aim[0] + sway[3] * 2, aim[1] + sway[4] * 2, 0.0)
    return Pose(place, target, scene.normal(0, 0.033) + hand.normal(0, 0.006), focal, width, height)


def _neighbour(
    picture: Image8, wall: Matrix, name: str, edge: float, canvas: int, scene: Rng
) -> None:
    others = [other for other in HANGING if other != name]
    other = others[int(scene.integers(len(others)))]
    away = abs(edge) + scene.uniform(45, 110) + HANGING[other].width / 2 + 10
    hang(picture, rooms.framed(other, canvas), wall, float(np.copysign(away, edge)), 0)


def _lamp_in_the_glass(picture: Image8, wall: Matrix, name: str, scene: Rng, hand: Rng) -> None:
    _lamp_over(picture, wall, (HANGING[name].width / 2, HANGING[name].height / 2), scene, hand)


def _lamp_over(
    picture: Image8, wall: Matrix, half: tuple[float, float], scene: Rng, hand: Rng
) -> None:
    """A lamp mirrored in glass of this half width and half height (cm)."""
    x, y = half
    corners = np.array([[-x, -y, 1], [x, -y, 1], [x, y, 1], [-x, y, 1]]) @ wall.T
    glass = corners[:, :2] / corners[:, 2:]
    spread_out = scene.normal(0, 0.2, 2) * np.ptp(glass, axis=0)
    middle = (glass.mean(0) + spread_out) / picture.shape[1::-1] + hand.normal(0, 0.008, 2)
    long = scene.uniform(0.05, 0.28)
    short = scene.uniform(0.02, 0.11)
    strength = scene.uniform(0.2, 0.75)
    mirror(
        picture, Glare(middle[0], middle[1], long, short, scene.uniform(0, 3.1), strength), glass
    )


def _texture(left: float) -> Matrix:
    """Pixels of a wall texture -> cm, its left rim at `left`."""
    return np.array(
        [[1 / rooms.WALL_SCALE, 0, left], [0, 1 / rooms.WALL_SCALE, rooms.WALL_TOP], [0, 0, 1]]
    )


def _boards(seen: Matrix, room: int) -> tuple[Image8, Matrix]:
    """The floor's cell, and where it lies in the photo."""
    cell = rooms.floor(room)
    step = rooms.FLOOR_CELL / cell.shape[1]
    return cell, plane(seen, (0, rooms.FLOOR, 0), (1, 0, 0), (0, 0, 1)) @ np.diag([step, step, 1.0])


def _wall(pose: Pose, room: int) -> tuple[Image8, Matrix]:
    """The wall and, below it, the floor; and the homography of the wall (cm -> photo)."""
    seen = pose.projection()
    wall = plane(seen, (0, 0, 0), (1, 0, 0), (0, 1, 0))
    picture = spread(rooms.wall(room), wall @ _texture(rooms.WALL_LEFT), pose.width, pose.height)
    left, right = _foot(wall, (-2.0, pose.width + 2.0))
    if min(left[1], right[1]) < pose.height:
        _paste(
            picture,
            spread(*_boards(seen, room), pose.width, pose.height, repeat=True),
            np.array([left, right, (right[0], 9e3), (left[0], 9e3)]),
        )
    return picture, wall


def _foot(wall: Matrix, across: tuple[float, float]) -> list[tuple[float, float]]:
    """Where wall and floor meet, at two places across the photo. As a line: its far ends may lie
    behind the visitor."""
    a, b, c = np.cross(wall @ (-100.0, rooms.FLOOR, 1.0), wall @ (100.0, rooms.FLOOR, 1.0))
    return [(x, float(-(a * x + c) / b)) for x in across]


def _paste(picture: Image8, surface: Image8, outline: NDArray[np.float64]) -> None:
    import cv2

    mask = np.zeros(picture.shape[:2], np.uint8)
    fill(mask, outline, (255,))
    cv2.copyTo(surface, mask, picture)


def _bench(picture: Image8, seen: Matrix, scene: Rng) -> None:
    import cv2

    long = scene.uniform(60, 90)
    tone = scene.uniform(0.7, 1.25)
    middle = np.array([scene.normal(0, 20), 0.0, -75.0])
    x = long + 8
    z = HALF_BENCH + 4
    under = [(-x, rooms.FLOOR, -z), (x, rooms.FLOOR, -z), (x, rooms.FLOOR, z), (-x, rooms.FLOOR, z)]
    dark = picture.copy()
    fill(dark, project(seen, np.array(under) + middle), (24, 18, 14))
    picture[:] = cv2.addWeighted(picture, 0.55, cv2.GaussianBlur(dark, (0, 0), 3), 0.45, 0)
    top = rooms.FLOOR - 44
    for left in (-long + 12, long - 18):
        _box(
            picture,
            seen,
            middle,
            (left, top + 8, 4 - HALF_BENCH),
            (left + 6, rooms.FLOOR, 10 - HALF_BENCH),
            (52 * tone, 48 * tone, 46 * tone),
        )
    seat = (118 * tone, 76 * tone, 52 * tone)
    _box(picture, seen, middle, (-long, top, -HALF_BENCH), (long, top + 9, HALF_BENCH), seat)


def _box(
    picture: Image8,
    seen: Matrix,
    middle: NDArray[np.float64],
    low: Point,
    high: Point,
    colour: Point,
) -> None:
    """The top and the front of a box: what a standing visitor sees of it."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    for face, shade in (
        ([(x0, y0, z0), (x1, y0, z0), (x1, y0, z1), (x0, y0, z1)], 1.18),
        ([(x0, y0, z0), (x1, y0, z0), (x1, y1, z0), (x0, y1, z0)], 0.8),
    ):
        fill(
            picture,
            project(seen, np.array(face) + middle),
            tuple(min(255, value * shade) for value in colour),
        )


def _corridor(width: int, height: int, scene: Rng, hand: Rng) -> Image8:
    import cv2

    half = scene.uniform(120, 190)
    ceiling = -190.0
    end = scene.uniform(500, 1100)
    near = 60.0
    aside = end * float(np.clip(scene.normal(0, 0.1), -0.2, 0.2)) + hand.normal(0, 5)
    pose = Pose(
        (scene.normal(0, 35), scene.normal(-5, 10), 0.0),
        (aside, scene.normal(0, 30) + hand.normal(0, 5), end),
        scene.normal(0, 0.03),
        max(width, height) * scene.uniform(0.65, 0.85),
        width,
        height,
    )
    seen = pose.projection()
    room = int(scene.integers(len(rooms.ROOMS)))
    picture = np.full((height, width, 3), 228, np.uint8)

    def surface(shown: Image8, *corners: Point) -> None:
        _paste(picture, shown, project(seen, np.array(corners)))

    for x, shade in ((-half, 0.82), (half, 0.95)):
        along = plane(seen, (x, 0, 0), (0, 0, 1), (0, 1, 0)) @ _texture(0)
        shown = cv2.convertScaleAbs(
            spread(rooms.wall(room), along, width, height, repeat=True), alpha=shade
        )
        surface(
            shown,
            (x, ceiling, near),
            (x, ceiling, end),
            (x, rooms.FLOOR, end),
            (x, rooms.FLOOR, near),
        )
    boards = spread(*_boards(seen, room), width, height, repeat=True)
    surface(
        boards,
        (-half, rooms.FLOOR, near),
        (-half, rooms.FLOOR, end),
        (half, rooms.FLOOR, end),
        (half, rooms.FLOOR, near),
    )
    far = plane(seen, (0, 0, end), (1, 0, 0), (0, 1, 0))
    surface(
        spread(rooms.wall(room), far @ _texture(rooms.WALL_LEFT), width, height),
        (-half, ceiling, end),
        (half, ceiling, end),
        (half, rooms.FLOOR, end),
        (-half, rooms.FLOOR, end),
    )
    if scene.random() < 0.7:
        hang(picture, rooms.window() if scene.random() < 0.5 else rooms.door(), far, 0, 42.5)
    return picture


def _thumb(picture: Image8, scene: Rng) -> Image8:
    import cv2

    height, width = picture.shape[:2]
    finger = np.zeros((height, width), np.uint8)
    middle = round(width * scene.uniform(0.1, 0.9)), round(height * scene.uniform(0.0, 1.0))
    axes = round(width * scene.uniform(0.5, 0.9)), round(height * scene.uniform(0.35, 0.6))
    cv2.ellipse(finger, middle, axes, scene.uniform(0, 180), 0, 360, 255, -1)
    near = (
        cv2.GaussianBlur(finger, (0, 0), max(width, height) / 22)[..., None].astype(np.float32)
        / 255
    )
    skin = np.array(
        ((176, 108, 84), (120, 74, 54), (208, 150, 124))[int(scene.integers(3))]
    ) * scene.uniform(0.5, 1.0)
    return (picture * (1 - near) + skin * near).astype(np.uint8)
