"""Photos decoded once and kept small in one file, so that an epoch neither reads nor decodes the
originals again.

Each photo becomes a JPEG of about 30 kB with a short side a little over what the model sees: a
thousand photos take 30 MB of disk and, being read when needed, no memory. A cache whose list is
missing was cut short and is made again.

    cache = fill_image_cache(folder, dataset.read_photos(ids), short=257)
    cache.photo(image_id)   # a PIL image
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from data_cards.errors import BadPhoto
from data_cards.photos.image import READING, encode_jpeg, open_photo
from data_cards.storage.atomic_files import full_disk_named, write_durably

QUALITY = 92
LONGEST = 3  # times the short side; a panorama's ends are cut, no crop would show them


@dataclass(frozen=True)
class ImageCache:
    """`places`: image_id -> (offset, length) in `file`."""

    file: Path
    places: dict[str, tuple[int, int]]

    def photo(self, image_id: str) -> Image.Image:
        """The small RGB picture of a photo."""
        offset, length = self.places[image_id]
        with open(self.file, "rb") as file:
            data = os.pread(file.fileno(), length, offset)
        return open_photo(data)

    def __contains__(self, image_id: object) -> bool:
        return image_id in self.places


def fill_image_cache(folder: Path, photos: Iterable[tuple[str, bytes]], short: int) -> ImageCache:
    """Read (image_id, bytes) once and keep each with a short side of at most `short` pixels.
    Raises DiskFull.

    Photos that cannot be decoded are left out: the scan reports them, and the caller sees which
    are missing.
    """
    file = folder / "photos.bin"
    contents = folder / "photos.json"
    folder.mkdir(parents=True, exist_ok=True)
    places: dict[str, tuple[int, int]] = {}
    with full_disk_named("the training's small copies"), open(file, "wb") as out:
        for image_id, data in photos:
            try:
                small = _small(data, short)
            except BadPhoto:  # one bad photo never stops a training
                continue
            places[image_id] = (out.tell(), len(small))
            out.write(small)
    write_durably(
        contents, json.dumps({"short": short, "reading": READING, "places": places}).encode()
    )
    return ImageCache(file, places)


def find_image_cache(folder: Path, short: int) -> ImageCache | None:
    """The cache an earlier run left in `folder`, when it is complete, of that size and of this
    reading."""
    try:
        contents = json.loads((folder / "photos.json").read_bytes())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if (
        contents["short"] != short
        or contents.get("reading") != READING
        or not (folder / "photos.bin").exists()
    ):
        return None
    return ImageCache(
        folder / "photos.bin",
        {name: (place[0], place[1]) for name, place in contents["places"].items()},
    )


def _small(data: bytes, short: int) -> bytes:
    photo = open_photo(data, at_least=short)
    if max(photo.size) > LONGEST * min(photo.size):
        photo = _middle(photo)
    if min(photo.size) > short:
        scale = short / min(photo.size)
        width, height = (max(short, round(edge * scale)) for edge in photo.size)
        photo = photo.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return encode_jpeg(photo, QUALITY)


def _middle(photo: Image.Image) -> Image.Image:
    width, height = (min(edge, LONGEST * min(photo.size)) for edge in photo.size)
    left = (photo.width - width) // 2
    top = (photo.height - height) // 2
    return photo.crop((left, top, left + width, top + height))


def forget_copies(runs: Path, ids: Collection[str]) -> None:
    """Delete the caches below a folder of trainings that hold one of these photos, or whose list
    is missing; a training makes them anew."""
    for file in runs.glob("*/**/photos.bin"):
        try:
            held = set(json.loads((file.parent / "photos.json").read_bytes())["places"])
        except (OSError, ValueError, KeyError, TypeError):
            held = set(ids)
        if not held.isdisjoint(ids):
            (file.parent / "photos.json").unlink(missing_ok=True)
            file.unlink(missing_ok=True)
