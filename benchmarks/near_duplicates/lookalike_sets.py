"""Folders of different things that look alike: one shape, one place, one light; drawn, or cut
from photos.

    shirts, boxes           what verification was made with
    plates, cups, bottles   what it was tried on, and mended after
    posters                 in the museum, by its camera; tried once all limits were set
    cut                  things put into photos: another thing of the same outline in the same place

In each scene things differ in colour, in small print or in a detail, and each photo of one has
an edited copy. Only a photo and its copy are the same shot.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from benchmarks.near_duplicates.copy_sets import CopySet, opened
from curation.museum import camera, rooms
from curation.near_duplicates.groups import PairOfIds, pair_of

WIDE = 640
TALL = 480
THINGS = 6  # in a scene
# Grey levels in a channel by which colours of two things differ at least. The light of two photos
# of one thing may differ by 6 % (see _photographed), 15 of 255: nothing could tell less from that.
APART = 24.0
GRAIN = 3.0  # grey levels: a phone's photo indoors, at this size
WORDS = (
    "SUMMER",
    "NIRVANA",
    "Paris 1985",
    "just go",
    "TEAM 07",
    "HELLO",
    "coffee?",
    "OCEAN",
    "Ramones",
    "good vibes",
    "decaf",
    "BASIL",
    "oregano",
    "Thyme",
    "PAPRIKA",
    "salt",
    "green tea",
    "ginger",
    "Mint",
    "500 g",
    "250 g",
)
POSTERS = "posters"
Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Look:
    """What one thing of a scene looks like: its colour, what is written on it and how, and its
    own creases."""

    colour: Colour
    words: str
    ink: Colour
    detail: int  # stripes, dots, a pocket, a rim ... or nothing
    creases: int  # seed


Draw = Callable[[np.ndarray, Look, random.Random], np.ndarray]


def drawn(kind: str, folder: Path, scenes: int = 10, seed: int = 0) -> CopySet:
    """Scenes of one kind of thing."""
    return _filled(folder, (scene(kind, number + 1000 * seed) for number in range(scenes)), seed)


def cut(photos: list[Path], folder: Path, seed: int = 0) -> CopySet:
    """Parts of photos as things before the middle of another photo; things of one scene differ
    as drawn ones do."""
    rng = random.Random(seed)
    some = [ImageOps.fit(photo, (WIDE, TALL)) for photo in opened(photos)]
    return _filled(folder, (_cut_scene(some, rng) for _ in range(max(1, len(photos) // 4))), seed)


def _filled(folder: Path, scenes: Iterator[list[Image.Image]], seed: int) -> CopySet:
    rng = random.Random(seed)
    true = set[PairOfIds]()
    for number, photos in enumerate(scenes):
        for n, photo in enumerate(photos):
            names = f"{number:03d}-{n}.jpg", f"{number:03d}-{n}-copy.jpg"
            edit = EDITS[list(EDITS)[(number * len(photos) + n) % len(EDITS)]]
            kept = _as_jpeg(photo, 92)
            _write(kept, folder / names[0], 92)
            _write(edit(kept, rng), folder / names[1], rng.choice((75, 85, 92)))
            true.add(pair_of(*names))
    return CopySet(folder, frozenset(true))


def scene(kind: str, seed: int) -> list[Image.Image]:
    """Things of one kind in one place and light."""
    rng = random.Random(f"{kind} {seed}")
    if kind == POSTERS:
        return _posters(rng)
    behind = _ground(np.random.default_rng(rng.randrange(2**31)), rng)
    shape = random.Random(rng.randrange(2**31)).random()
    handheld = rng.random() < 0.5
    same_creases = rng.random() < 0.5
    return [
        _photographed(KINDS[kind](behind, look, random.Random(f"{kind} {shape}")), rng, handheld)
        for look in _looks(rng, same_creases)
    ]


def _looks(rng: random.Random, same_creases: bool) -> Iterator[Look]:
    """Things of a scene: by turns another colour, other words, another detail than the first."""
    colour = _colour(rng)
    ink = (250.0, 250.0, 245.0) if sum(colour) < 400 else (30.0, 30.0, 40.0)
    words, *others = rng.sample(WORDS, 1 + THINGS)
    detail = rng.randrange(4)
    creases = rng.randrange(2**31)
    for n in range(THINGS):
        other_creases = creases if same_creases else rng.randrange(2**31)
        if n % 3 == 0 and n:
            yield Look(_other_colour(rng, colour), words, ink, detail, other_creases)
        elif n % 3 == 1:
            yield Look(colour, others[n], ink, detail, other_creases)
        elif n % 3 == 2:
            yield Look(colour, words, ink, (detail + n // 3 + 1) % 4, other_creases)
        else:
            yield Look(colour, words, ink, detail, other_creases)


def _other_colour(rng: random.Random, than: Colour) -> Colour:
    while True:
        found = _colour(rng)
        if max(abs(mine - its) for mine, its in zip(found, than, strict=True)) >= APART:
            return found


def _colour(rng: random.Random) -> Colour:
    from colorsys import hsv_to_rgb

    wanted = hsv_to_rgb(rng.random(), rng.choice((0.0, 0.2, 0.5, 0.8)), rng.uniform(0.25, 0.98))
    return tuple(255 * value for value in wanted)  # type: ignore[return-value]


# What is seen
# ------------------------------------------------------------------------------------------------------


def _soft(rng: np.random.Generator, size: float) -> np.ndarray:
    """A soft random field of unit spread, with hills of this many pixels."""
    small = rng.normal(size=(max(2, int(TALL / size) + 2), max(2, int(WIDE / size) + 2))).astype(
        np.float32
    )
    field = np.asarray(Image.fromarray(small).resize((WIDE, TALL), Image.Resampling.BICUBIC))
    return (field - field.mean()) / max(float(field.std()), 1e-6)


def _creases(seed: int, size: float) -> np.ndarray:
    """Light on folded cloth: the slope of soft hills."""
    rng = np.random.default_rng(seed)
    hills = _soft(rng, size) + 0.5 * _soft(rng, size / 3)
    slope = np.gradient(hills, axis=1) + 0.6 * np.gradient(hills, axis=0)
    return np.asarray(slope / slope.std())


def _ground(rng: np.random.Generator, dice: random.Random) -> np.ndarray:
    """A bed, a table or a wall: (TALL, WIDE, 3), lit from one side."""
    y, x = np.mgrid[0:TALL, 0:WIDE].astype(np.float32)
    light = (
        1
        + dice.uniform(-0.25, 0.25) * (x / WIDE - 0.5)
        + dice.uniform(-0.25, 0.25) * (y / TALL - 0.5)
    )
    light += 0.03 * _soft(rng, 150)
    ground = np.ones((TALL, WIDE, 3), np.float32) * np.array(_colour(dice), np.float32) * 0.6 + 70
    kind = dice.randrange(4)
    if kind == 0:  # a sheet
        light *= 1 + 0.05 * _creases(int(rng.integers(2**31)), 60)
    if kind == 1:  # a weave
        light *= 1 + 0.04 * np.sin(x * 0.9) * np.sin(y * 0.9) + 0.02 * _soft(rng, 4)
    if kind == 2:  # a pattern
        ground[(x // 40 + y // 40) % 2 == 0] *= 0.82
    if kind == 3:  # wood or paper, nearly plain
        light *= 1 + 0.015 * _soft(rng, 6)
    return np.asarray(ground * light[..., None], np.float32)


def _mask(shape: Callable[[ImageDraw.ImageDraw, int], None]) -> np.ndarray:
    """Drawn twice as large, then halved: soft edges."""
    mask = Image.new("L", (2 * WIDE, 2 * TALL))
    shape(ImageDraw.Draw(mask), 2)
    return np.asarray(mask.resize((WIDE, TALL), Image.Resampling.BOX), np.float32)[..., None] / 255


def _lay(behind: np.ndarray, thing: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """With the thing's shadow."""
    shadow = Image.fromarray((mask[..., 0] * 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(9)
    )
    fallen = np.roll(np.asarray(shadow, np.float32) / 255, (7, 5), (0, 1))[..., None]
    return behind * (1 - 0.4 * fallen * (1 - mask)) * (1 - mask) + thing * mask


def _written(thing: np.ndarray, look: Look, at: tuple[float, float], size: int) -> np.ndarray:
    """With its words around this place."""
    mask = Image.new("L", (2 * WIDE, 2 * TALL))
    ImageDraw.Draw(mask).text(
        (2 * at[0], 2 * at[1]), look.words, 255, ImageFont.load_default(2 * size), anchor="mm"
    )
    ink = np.asarray(mask.resize((WIDE, TALL), Image.Resampling.BOX), np.float32)[..., None] / 255
    return thing * (1 - ink) + np.array(look.ink, np.float32) * ink


def _detailed(thing: np.ndarray, look: Look, at: tuple[float, float], size: float) -> np.ndarray:
    """Stripes, dots, a pocket, or nothing."""
    y, x = np.mgrid[0:TALL, 0:WIDE].astype(np.float32)
    x = x - at[0]
    y = y - at[1]
    inside = (abs(x) < size) & (abs(y) < size)
    where = {
        0: np.zeros_like(inside),
        1: inside & (np.floor(y / (size / 4)) % 2 == 0),
        2: inside & (np.hypot(x % (size / 2) - size / 4, y % (size / 2) - size / 4) < size / 9),
        3: (abs(np.maximum(abs(x), abs(y)) - size * 0.7) < 2),
    }[look.detail]
    return np.where(where[..., None], 0.45 * thing + 0.55 * np.array(look.ink, np.float32), thing)


def _painted(look: Look, shade: np.ndarray | float) -> np.ndarray:
    return (
        np.ones((TALL, WIDE, 3), np.float32)
        * np.array(look.colour, np.float32)
        * np.atleast_3d(shade)
    )


def _shirt(behind: np.ndarray, look: Look, dice: random.Random) -> np.ndarray:
    width = dice.uniform(95, 125)
    sleeve = dice.uniform(40, 75)
    outline = [
        (-45, -170),
        (45, -170),
        (width, -150),
        (width + sleeve, -70),
        (width + sleeve - 38, -45),
        (width, -90),
        (width - 8, 175),
        (8 - width, 175),
        (-width, -90),
        (38 - width - sleeve, -45),
        (-width - sleeve, -70),
        (-width, -150),
    ]
    mask = _mask(
        lambda pen, scale: pen.polygon(
            [((WIDE / 2 + x) * scale, (TALL / 2 + y) * scale) for x, y in outline], 255
        )
    )
    thing = _written(
        _painted(look, 1.0), look, (WIDE / 2, TALL / 2 - 40), dice.choice((16, 26, 40))
    )
    thing = _detailed(thing, look, (WIDE / 2 + 40, TALL / 2 + 60), 45)
    return _lay(behind, thing * (0.92 + 0.05 * _creases(look.creases, 70))[..., None], mask)


def _box(behind: np.ndarray, look: Look, dice: random.Random) -> np.ndarray:
    wide = dice.uniform(70, 110)
    tall = dice.uniform(110, 160)
    deep = dice.uniform(20, 45)
    x = WIDE / 2
    y = TALL / 2 + 20
    front = _mask(
        lambda pen, scale: pen.rectangle(
            [(x - wide) * scale, (y - tall) * scale, (x + wide) * scale, (y + tall) * scale], 255
        )
    )
    top = _mask(
        lambda pen, scale: pen.polygon(
            [
                (at * scale, up * scale)
                for at, up in (
                    (x - wide, y - tall),
                    (x - wide + deep, y - tall - deep),
                    (x + wide + deep, y - tall - deep),
                    (x + wide, y - tall),
                )
            ],
            255,
        )
    )
    face = _detailed(
        _written(_painted(look, 0.9), look, (x, y - tall / 2), dice.choice((18, 28))),
        look,
        (x, y + tall / 2),
        40,
    )
    return _lay(_lay(behind, _painted(look, 1.05), top), face, front)


def _plate(behind: np.ndarray, look: Look, dice: random.Random) -> np.ndarray:
    radius = dice.uniform(130, 190)
    y, x = np.mgrid[0:TALL, 0:WIDE].astype(np.float32)
    far = np.hypot(x - WIDE / 2, y - TALL / 2)
    mask = np.clip(radius - far, 0, 1)[..., None]
    tilt = (x - WIDE / 2) / radius + (y - TALL / 2) / radius
    shade = 0.9 + 0.06 * tilt * np.exp(-(((far - radius * 0.7) / 9) ** 2)) * 4 + 0.02 * tilt
    thing = _painted(look, shade)
    rim = {
        0: far < 0,
        1: abs(far - radius * 0.9) < 5,
        2: abs(far - radius * 0.8) < 2.5,
        3: (abs(far - radius * 0.88) < 9)
        & (np.sin(np.arctan2(y - TALL / 2, x - WIDE / 2) * 24) > 0),
    }[look.detail]
    thing = np.where(rim[..., None], np.array(look.ink, np.float32), thing)
    return _lay(behind, _written(thing, look, (WIDE / 2, TALL / 2), dice.choice((16, 22))), mask)


def _cup(behind: np.ndarray, look: Look, dice: random.Random) -> np.ndarray:
    wide = dice.uniform(75, 100)
    tall = dice.uniform(85, 120)
    x = WIDE / 2
    y = TALL / 2
    across = (np.arange(WIDE, dtype=np.float32) - x) / wide
    shade = np.broadcast_to(
        0.55 + 0.45 * np.sqrt(np.clip(1 - np.clip(across + 0.25, -1.2, 1.2) ** 2 / 1.6, 0, 1)),
        (TALL, WIDE),
    )

    def outline(pen: ImageDraw.ImageDraw, scale: int) -> None:
        pen.rectangle(
            [(x - wide) * scale, (y - tall) * scale, (x + wide) * scale, (y + tall) * scale], 255
        )
        pen.ellipse(
            [
                (x - wide) * scale,
                (y + tall - 22) * scale,
                (x + wide) * scale,
                (y + tall + 22) * scale,
            ],
            255,
        )
        pen.ellipse(
            [
                (x - wide) * scale,
                (y - tall - 22) * scale,
                (x + wide) * scale,
                (y - tall + 22) * scale,
            ],
            255,
        )
        pen.arc(
            [(x + wide - 25) * scale, (y - 50) * scale, (x + wide + 55) * scale, (y + 50) * scale],
            -90,
            90,
            255,
            16 * scale,
        )

    inner = _mask(
        lambda pen, scale: pen.ellipse(
            [
                (x - wide + 6) * scale,
                (y - tall - 17) * scale,
                (x + wide - 6) * scale,
                (y - tall + 17) * scale,
            ],
            255,
        )
    )
    thing = _detailed(
        _written(_painted(look, 1.0), look, (x, y - 10), dice.choice((16, 26))),
        look,
        (x, y + 55),
        30,
    )
    thing = thing * shade[..., None]
    return _lay(behind, thing * (1 - 0.4 * inner), _mask(outline))


def _bottle(behind: np.ndarray, look: Look, dice: random.Random) -> np.ndarray:
    wide = dice.uniform(48, 66)
    x = WIDE / 2
    y = TALL / 2
    across = (np.arange(WIDE, dtype=np.float32) - x) / wide
    shade = np.broadcast_to(
        0.6
        + 0.3 * np.sqrt(np.clip(1 - across**2, 0, 1))
        + 0.35 * np.exp(-(((across + 0.5) / 0.08) ** 2)),
        (TALL, WIDE),
    )

    def outline(pen: ImageDraw.ImageDraw, scale: int) -> None:
        pen.rounded_rectangle(
            [(x - wide) * scale, (y - 60) * scale, (x + wide) * scale, (y + 190) * scale], 30, 255
        )
        pen.polygon(
            [
                ((x + at) * scale, (y + up) * scale)
                for at, up in (
                    (-wide, -50),
                    (-20, -130),
                    (-20, -200),
                    (20, -200),
                    (20, -130),
                    (wide, -50),
                )
            ],
            255,
        )

    label = _mask(
        lambda pen, scale: pen.rectangle(
            [(x - wide) * scale, y * scale, (x + wide) * scale, (y + 110) * scale], 255
        )
    )
    paper = np.full((TALL, WIDE, 3), 235, np.float32)
    look = replace(look, ink=tuple(0.3 * np.array(look.colour)))
    paper = _detailed(
        _written(paper, look, (x, y + 35), dice.choice((12, 18))), look, (x, y + 75), 22
    )
    return _lay(
        behind,
        (_painted(look, 0.7) * (1 - label) + paper * label) * shade[..., None],
        _mask(outline),
    )


def _posters(rng: random.Random) -> list[Image.Image]:
    """Posters of one size that hang by turns in one place of the museum, photographed by its
    camera."""
    room = rng.randrange(len(rooms.ROOMS))
    wide = rng.uniform(60, 110)
    tall = rng.uniform(70, 110)
    handheld = rng.random() < 0.5
    place = rng.uniform(-60, 60), rng.uniform(-15, 25), -rng.uniform(150, 210)
    light = rng.uniform(0.85, 1.15), rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.1)
    dice = random.Random(rng.randrange(2**31)).random()
    photos = []
    for look in _looks(rng, same_creases=rng.random() < 0.5):
        sheet = _poster(look, random.Random(dice))
        moved = tuple(at + rng.gauss(0, 1.5 if handheld else 0) for at in place)
        roll = rng.gauss(0, 0.01 if handheld else 0)
        pose = camera.Pose(moved, (0.0, 0.0, 0.0), roll, 600.0, WIDE, TALL)  # type: ignore[arg-type]
        on_wall = camera.plane(pose.projection(), (0, 0, 0), (1, 0, 0), (0, 1, 0))
        scale = 1 / rooms.WALL_SCALE
        texture = np.array([[scale, 0, rooms.WALL_LEFT], [0, scale, rooms.WALL_TOP], [0, 0, 1]])
        picture = camera.spread(rooms.wall(room), on_wall @ texture, WIDE, TALL)
        camera.hang(picture, rooms.hanging(sheet, wide, tall), on_wall, 0, 0)
        exposure = light[0] * rng.uniform(0.97, 1.03)
        seen = camera.lit(picture, camera.Light(exposure, (1.0, 1.0, 1.0), 0.1, light[1:]))
        noise = np.random.default_rng(rng.randrange(2**31))
        seen = camera.noisy(camera.shaken(seen, 0, 0, 0.6), camera.grain_tile(3), noise)
        photos.append(Image.fromarray(seen))
    return photos


def _poster(look: Look, dice: random.Random) -> np.ndarray:
    """A sheet (h, w, 4), 0..1, in a dark frame: words below, an ornament above."""
    paper = _painted(look, 1 + 0.02 * _creases(look.creases, 90))
    size = dice.choice((14, 18, 26))
    paper = _written(paper, look, (WIDE / 2, TALL * dice.uniform(0.55, 0.75)), size)
    paper = _detailed(paper, look, (WIDE / 2, TALL * 0.35), dice.uniform(25, 45))
    sheet = np.ones((TALL, TALL, 4), np.float32)
    sheet[..., :3] = paper[:, (WIDE - TALL) // 2 : (WIDE + TALL) // 2] / 255
    for edge in (sheet[:14], sheet[-14:], sheet[:, :14], sheet[:, -14:]):
        edge[..., :3] = (0.22, 0.16, 0.12)
    return sheet


KINDS: dict[str, Draw] = {
    "shirts": _shirt,
    "boxes": _box,
    "plates": _plate,
    "cups": _cup,
    "bottles": _bottle,
}


def _cut_scene(some: list[Image.Image], rng: random.Random) -> list[Image.Image]:
    """The middle of a photo as a thing of various colours, prints and details before another
    photo."""
    behind, source = (np.asarray(photo, np.float32) for photo in rng.sample(some, 2))
    soft = Image.fromarray(source.astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(rng.choice((0, 3, 12)))
    )
    cloth = 70 + 0.6 * np.asarray(soft, np.float32)
    round_ = rng.random() < 0.5
    wide = rng.uniform(110, 180)
    tall = rng.uniform(110, 180)
    box = [WIDE / 2 - wide, TALL / 2 - tall, WIDE / 2 + wide, TALL / 2 + tall]

    def outline(pen: ImageDraw.ImageDraw, scale: int) -> None:
        (pen.ellipse if round_ else pen.rectangle)([edge * scale for edge in box], 255)

    mask = _mask(outline)
    handheld = rng.random() < 0.5
    photos = []
    for look in _looks(rng, same_creases=True):
        gain = np.array(look.colour, np.float32) / 170
        thing = _detailed(
            _written(cloth * gain, look, (WIDE / 2, TALL / 2 - 30), 26),
            look,
            (WIDE / 2, TALL / 2 + 45),
            30,
        )
        photos.append(_photographed(_lay(behind, thing, mask), rng, handheld))
    return photos


def _photographed(picture: np.ndarray, rng: random.Random, handheld: bool) -> Image.Image:
    """By a camera: with grain of its own, from a hand that moves a little or from a stand."""
    noise = (
        np.random.default_rng(rng.randrange(2**31))
        .normal(0, GRAIN, picture.shape)
        .astype(np.float32)
    )
    sharp = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(0.6)
    )
    if handheld:
        turn = rng.uniform(-0.02, 0.02)
        scale = rng.uniform(1.0, 1.03)
        sharp = sharp.transform(
            sharp.size,
            Image.Transform.AFFINE,
            (1 / scale, turn, rng.uniform(2, 14), -turn, 1 / scale, rng.uniform(2, 14)),
            Image.Resampling.BICUBIC,
        )
        sharp = sharp.crop((8, 8, WIDE - 14, TALL - 14))
        noise = noise[8 : TALL - 14, 8 : WIDE - 14]
    light = rng.uniform(0.97, 1.03)
    return Image.fromarray(
        np.clip(np.asarray(sharp, np.float32) * light + noise, 0, 255).astype(np.uint8)
    )


# Edits
# -------------------------------------------------------------------------------------------------------------


def _cropped(photo: Image.Image, rng: random.Random) -> Image.Image:
    left, upper, right, lower = (rng.uniform(0, 0.12) for _ in range(4))
    return photo.crop(
        (
            round(left * photo.width),
            round(upper * photo.height),
            round((1 - right) * photo.width),
            round((1 - lower) * photo.height),
        )
    )


def _recoloured(photo: Image.Image, rng: random.Random) -> Image.Image:
    gains = np.array([rng.uniform(0.75, 1.25) for _ in range(3)])
    return Image.fromarray(np.clip(np.asarray(photo) * gains, 0, 255).astype(np.uint8))


def _overlaid(photo: Image.Image, rng: random.Random) -> Image.Image:
    photo = photo.copy()
    ImageDraw.Draw(photo).text(
        (photo.width * rng.uniform(0.02, 0.5), photo.height * rng.choice((0.03, 0.9))),
        "© someone.com",
        "white",
        ImageFont.load_default(18),
    )
    return photo


def _enhanced(
    kind: type, least: float, most: float
) -> Callable[[Image.Image, random.Random], Image.Image]:
    return lambda photo, rng: kind(photo).enhance(rng.uniform(least, most))


EDITS: dict[str, Callable[[Image.Image, random.Random], Image.Image]] = {
    "crop": _cropped,
    "turn": lambda photo, rng: photo.rotate(rng.choice((25, -20, 90, 180)), expand=True),
    "mirror": lambda photo, rng: ImageOps.mirror(photo),
    "recolour": _recoloured,
    "recompress": lambda photo, rng: _as_jpeg(photo, rng.randint(30, 60)),
    "resize": lambda photo, rng: photo.resize((photo.width // 2, photo.height // 2)),
    "brightness": _enhanced(ImageEnhance.Brightness, 0.7, 1.35),
    "contrast": _enhanced(ImageEnhance.Contrast, 0.7, 1.35),
    "grey": lambda photo, rng: photo.convert("L").convert("RGB"),
    "saturation": _enhanced(ImageEnhance.Color, 0.3, 1.8),
    "overlay": _overlaid,
}


def _as_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return Image.open(out).convert("RGB")


def _write(picture: Image.Image, path: Path, quality: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=quality)
