"""Simulated visitors with phones: from a shot (what, who, when, which frame of a burst) to a
JPEG.

A shot says everything by seeds, so any photo can be made again, alone, on any thread, byte for
byte.

    snap(Shot("red-grid", scene=7, frame=0, visitor=3, taken_at=datetime(2026, 4, 2, 11)), side=640)
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curation.museum.camera import Light, Rng, grain_tile, lit, noisy, people, shaken
from curation.museum.gallery import HANGING
from curation.museum.rooms import hanging
from curation.museum.scenes import EMPTY, by_mistake, empty, of_a_picture, of_a_reference

Image8 = NDArray[Any]  # uint8
SHAPES = ((3, 4), (4, 3), (9, 16), (16, 9), (1, 1))
SHAPE_SHARES = (0.5, 0.26, 0.12, 0.06, 0.06)
QUARTERS = {
    1: 0,
    3: 2,
    6: 1,
    8: 3,
}  # Exif orientation -> quarter turns, anticlockwise, of the pixels that are written
WIDTH_OF_A_REFERENCE = 60.0  # cm: what is flat and shown is mostly of this order
MAKE = 0x010F
MODEL = 0x0110
ORIENTATION = 0x0112
DETAIL = 0x8769
TAKEN = 0x9003
TAKEN_SUBSECOND = 0x9291


@dataclass(frozen=True)
class Shot:
    """One press of a button. `subject`: a picture's name, or one of EMPTY or JUNK; `frame`: its
    place in a burst."""

    subject: str
    scene: int
    frame: int
    visitor: int
    taken_at: datetime


@dataclass(frozen=True)
class Phone:
    """What is the same in all photos of one visitor: colour cast, noise (standard deviation of
    255), JPEG quality, how much the hands shake, how often the phone is held upright, and
    whether it writes turned pixels and says so in its Exif, as many phones do.
    """

    tint: tuple[float, float, float]
    noise: float
    quality: int
    unsteady: float
    upright: float
    turned: bool


@lru_cache(maxsize=4096)
def phone_of(visitor: int) -> Phone:
    """A visitor's phone and hands."""
    rng = np.random.default_rng((11, visitor))
    warm = rng.normal(0, 0.035)
    return Phone(
        (1 + warm, 1 + rng.normal(0, 0.012), 1 - warm),
        rng.uniform(1.5, 5.5),
        int(rng.integers(62, 91)),
        rng.uniform(0.3, 1.5),
        rng.uniform(0.25, 0.9),
        bool(rng.random() < 0.3),
    )


def snap(shot: Shot, side: int) -> bytes:
    """The photo as the phone saved it: JPEG with Exif, longer side about `side` px."""
    phone = phone_of(shot.visitor)
    scene = np.random.default_rng((1, shot.scene))
    hand = np.random.default_rng((2, shot.scene, shot.frame))
    picture = _taken(shot, phone, scene, hand, side)
    orientation = int(scene.choice((3, 6, 6, 8))) if phone.turned else 1
    return encoded(
        np.rot90(picture, QUARTERS[orientation]), phone.quality, _exif(shot, orientation)
    )


def encoded(picture: Image8, quality: int, exif: bytes = b"") -> bytes:
    """JPEG bytes of an RGB picture."""
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(out, "JPEG", quality=quality, exif=exif)
    return out.getvalue()


def _taken(shot: Shot, phone: Phone, scene: Rng, hand: Rng, side: int) -> Image8:
    width, height = _size(phone, scene, side)
    draw = (
        of_a_picture if shot.subject in HANGING else empty if shot.subject in EMPTY else by_mistake
    )
    picture = draw(shot.subject, width, height, scene, hand)
    with_people = draw is not by_mistake and scene.random() < 0.17
    return _developed(picture, phone, scene, hand, with_people)


def snap_reference(reference: Image8, seed: int, side: int) -> bytes:
    """A visitor's photo of any flat picture, RGB uint8 (h, w, 3): hung in one of the rooms, seen
    from where people stand, with their light, glare, hands and heads. JPEG; a pure function of
    its arguments."""
    phone = phone_of(seed)
    scene = np.random.default_rng((3, seed))
    hand = np.random.default_rng((4, seed))
    width, height = _size(phone, scene, side)
    rows, columns = reference.shape[:2]
    alpha = np.full((rows, columns, 1), 1.0, np.float32)
    texture = np.concatenate([reference.astype(np.float32) / 255, alpha], 2)
    thing = hanging(texture, WIDTH_OF_A_REFERENCE, WIDTH_OF_A_REFERENCE * rows / columns)
    picture = of_a_reference(thing, width, height, scene, hand)
    return encoded(_developed(picture, phone, scene, hand, scene.random() < 0.2), phone.quality)


def _developed(picture: Image8, phone: Phone, scene: Rng, hand: Rng, with_people: bool) -> Image8:
    """What people in front, light, hands and sensor make of what is before the phone."""
    if with_people:
        people(picture, scene, 1 + int(scene.random() < 0.3))
    picture = _shaken(lit(picture, _light(phone, scene, hand)), phone, hand)
    return noisy(picture, grain_tile(int(phone.noise * scene.uniform(0.7, 1.5)) + 1), hand)


def _size(phone: Phone, scene: Rng, side: int) -> tuple[int, int]:
    long = int(side * scene.choice((0.8, 0.9, 1.0, 1.2)))
    a, b = SHAPES[scene.choice(len(SHAPES), p=SHAPE_SHARES)]
    if scene.random() < phone.upright and a > b:
        a, b = b, a
    return (long, round(long * b / a)) if a >= b else (round(long * a / b), long)


def _light(phone: Phone, scene: Rng, hand: Rng) -> Light:
    """Evening lamps are warm, windows are cold."""
    plain = scene.normal(0.0, 0.03)
    lamps = scene.normal(0.09, 0.04)
    windows = scene.normal(-0.07, 0.03)
    warm = float(scene.choice((plain, lamps, windows), p=(0.5, 0.3, 0.2)))
    cast = (phone.tint[0] * (1 + warm), phone.tint[1], phone.tint[2] * (1 - warm))
    exposure = float(np.clip(scene.normal(0.95, 0.14), 0.5, 1.3)) * (1 + hand.normal(0, 0.012))
    return Light(
        exposure, cast, scene.uniform(0.02, 0.34), (scene.normal(0, 0.08), scene.normal(0, 0.06))
    )


def _shaken(picture: Image8, phone: Phone, hand: Rng) -> Image8:
    """Most photos are sharp; about one of twenty was moved, one of twenty-five is out of focus."""
    unit = max(picture.shape[:2]) / 640
    length = abs(hand.normal(0, 1.6)) * phone.unsteady + (6 if hand.random() < 0.05 else 0)
    focus = abs(hand.normal(0, 0.65)) + (1.6 if hand.random() < 0.04 else 0)
    return shaken(picture, length * unit, hand.uniform(0, np.pi), focus * unit)


def _exif(shot: Shot, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[MAKE], exif[MODEL], exif[ORIENTATION] = (
        "Simulated phone",
        f"Visitor {shot.visitor}",
        orientation,
    )
    detail = exif.get_ifd(DETAIL)
    detail[TAKEN] = shot.taken_at.strftime("%Y:%m:%d %H:%M:%S")
    detail[TAKEN_SUBSECOND] = f"{shot.taken_at.microsecond // 1000:03d}"
    return exif.tobytes()
