"""Folders of photos whose near-duplicates are known, because they were made: for the bench of
near-duplicates.

edited      each photo with five edited copies; all 15 pairs of the six are true tiny
32-pixel pictures; some exist twice, cut, lit, saved and perhaps mirrored in another way
background  another subject before the same background: no pair is true
different   the quarters of each photo: no pair is true, if no two photos show one thing
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from curation.near_duplicates.groups import PairOfIds, pair_of
from data_cards.errors import BadPhoto
from data_cards.photos.image import open_photo

SIDE = 640  # pixels of the longer side of a photo before it is edited
TINY = 32
PLAIN = 2.0  # grey levels of spread
TWICE = 0.12  # share of the tiny pictures that exist twice
KERNELS = (
    Image.Resampling.BOX,
    Image.Resampling.BILINEAR,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
)


@dataclass(frozen=True)
class CopySet:
    """A folder, and the pairs in it (paths relative to it) that show the same shot."""

    folder: Path
    true: frozenset[PairOfIds]


def edited(photos: list[Path], folder: Path) -> CopySet:
    """Each photo and its five edited copies, saved as JPEG."""
    true: set[PairOfIds] = set()
    for number, photo in enumerate(opened(photos)):
        names = [f"{number:05d}-{edit.replace(' ', '-')}.jpg" for edit, _ in edits(photo)]
        for name, (_, picture) in zip(names, edits(photo), strict=True):
            _save(picture, folder / name, 88)
        true |= {pair_of(one, other) for one, other in combinations(names, 2)}
    return CopySet(folder, frozenset(true))


def edits(photo: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    """The photo and five edited copies."""
    width, height = photo.size
    yield "original", photo
    yield (
        "crop",
        photo.crop((width // 10, height // 10, width - width // 10, height - height // 10)),
    )
    yield "mirror", ImageOps.mirror(photo)
    yield "upside down", ImageOps.flip(photo)
    yield "turned", photo.rotate(25)
    yield "square", photo.resize((300, 300))


def tiny(photos: list[Path], folder: Path, seed: int = 0) -> CopySet:
    """Each photo as a picture of 32 x 32 pixels; some of them twice, as two web sites would have
    kept them."""
    rng = random.Random(seed)
    true = set()
    for number, photo in enumerate(opened(photos)):
        if min(photo.size) < 3 * TINY:
            continue
        window = _window(photo, rng)
        _save(_shrunk(photo, window, rng), folder / f"{number:05d}-a.png")
        if rng.random() < TWICE:
            _save(second_life(photo, window, rng), folder / f"{number:05d}-b.png")
            true.add(pair_of(f"{number:05d}-a.png", f"{number:05d}-b.png"))
    return CopySet(folder, frozenset(true))


def second_life(photo: Image.Image, window: tuple[float, ...], rng: random.Random) -> Image.Image:
    """The same shot cut a little otherwise, perhaps mirrored, in other light, saved strongly,
    then shrunk."""
    edge = [window[2] - window[0], window[3] - window[1]] * 2
    moved = tuple(
        at + rng.uniform(-1, 1) * rng.choice((0.02, 0.06, 0.1)) * size
        for at, size in zip(window, edge, strict=True)
    )
    photo = ImageOps.mirror(photo) if (mirrored := rng.random() < 0.15) else photo
    if mirrored:
        moved = (photo.width - moved[2], moved[1], photo.width - moved[0], moved[3])
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        photo = enhance(photo).enhance(rng.choice((1.0, rng.uniform(0.7, 1.35))))
    if rng.random() < 0.3:
        gains = np.array([rng.uniform(0.8, 1.2) for _ in range(3)])
        photo = Image.fromarray(np.clip(np.asarray(photo) * gains, 0, 255).astype(np.uint8))
    small = _shrunk(photo, moved, rng)
    if rng.random() < 0.15:
        small = small.filter(ImageFilter.SHARPEN)
    return small


def background(photos: list[Path], folder: Path, seed: int = 0) -> CopySet:
    """Backgrounds, before each of which four different subjects stand; half of them tiny."""
    rng = random.Random(seed)
    some = list(opened(photos))
    for number, behind in enumerate(some):
        ground = behind.resize((400, 300)) if number % 3 else _blanket(rng)
        small = number % 2 == 1
        for n, subject in enumerate(rng.sample(some, min(4, len(some)))):
            picture = ground.copy()
            size = rng.uniform(0.5, 0.62)
            thing = subject.resize((round(400 * size), round(300 * size)))
            mask = Image.new("L", thing.size, 0)
            ImageDraw.Draw(mask).ellipse((2, 2, thing.width - 3, thing.height - 3), fill=255)
            picture.paste(
                thing,
                (200 - thing.width // 2 + rng.randint(-20, 20), 150 - thing.height // 2),
                mask,
            )
            picture = ImageEnhance.Brightness(picture).enhance(rng.uniform(0.92, 1.08))
            name = folder / f"{number:05d}-{n}.jpg"
            _save(
                picture.resize((TINY, TINY), Image.Resampling.BOX) if small else picture, name, 88
            )
    return CopySet(folder, frozenset())


def different(photos: list[Path], folder: Path) -> CopySet:
    """The four quarters of each photo, a tenth of a side apart: all of them different things. A
    photo of one plain colour is passed over: its quarters are the same."""
    for number, photo in enumerate(opened(photos)):
        if np.asarray(photo).std(axis=(0, 1)).max() < PLAIN:
            continue
        width, height = photo.size
        for row in (0, 0.55):
            for column in (0, 0.55):
                left, upper = round(column * width), round(row * height)
                box = left, upper, left + round(0.45 * width), upper + round(0.45 * height)
                name = f"{number:05d}-{row:.0f}{column:.0f}.jpg"
                _save(photo.crop(box), folder / name, 88)
    return CopySet(folder, frozenset())


SETS: dict[str, Callable[[list[Path], Path], CopySet]] = {
    "edited": edited,
    "tiny": tiny,
    "background": background,
    "different": different,
}


def opened(paths: list[Path]) -> Iterator[Image.Image]:
    for path in paths:
        try:
            photo = open_photo(path.read_bytes(), at_least=SIDE)
        except BadPhoto:
            continue
        photo.thumbnail((SIDE, SIDE))
        yield photo


def _window(photo: Image.Image, rng: random.Random) -> tuple[float, ...]:
    """A part of the photo with room around it, about square: (left, upper, right, lower)."""
    side = rng.uniform(0.55, 0.8) * min(photo.size)
    wide = side * rng.uniform(0.95, 1.2)
    tall = side
    left, upper = (
        rng.uniform(0.12 * size, photo_side - 1.12 * size)
        if photo_side > 1.24 * size
        else (photo_side - size) / 2
        for size, photo_side in zip((wide, tall), photo.size, strict=True)
    )
    return left, upper, left + wide, upper + tall


def _shrunk(photo: Image.Image, window: tuple[float, ...], rng: random.Random) -> Image.Image:
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=rng.randint(60, 95))
    box = (
        max(window[0], 0),
        max(window[1], 0),
        min(window[2], photo.width),
        min(window[3], photo.height),
    )
    return Image.open(out).convert("RGB").resize((TINY, TINY), rng.choice(KERNELS), box=box)


def _blanket(rng: random.Random) -> Image.Image:
    """A pink blanket: soft waves and a fine weave."""
    y, x = np.mgrid[0:300, 0:400]
    slopes = [
        [rng.uniform(-0.05, 0.05), rng.uniform(-0.05, 0.05), rng.uniform(0, 6)] for _ in range(5)
    ]
    waves = sum(np.sin(x * across + y * along + start) for across, along, start in slopes)
    weave = 6 * np.sin(x * 0.9) * np.sin(y * 0.9)
    pixels = np.array([225, 150, 170]) + (10 * waves + weave)[..., None]
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _save(picture: Image.Image, path: Path, quality: int = 90) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=quality)
