"""Who photographs what in the built-in museum, under which label, and what is true.

The plan is a pure function of (photos, side, seed, wrong): it streams, and each photo of it can
be made alone. What is true is kept apart from what a collector sees, so that a test can check
what a scan finds.

    for truth, data in photos(Museum(photos=60, side=160)): ...
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from curation.museum.gallery import HANGING
from curation.museum.scenes import EMPTY, JUNK
from curation.museum.visitors import Shot, encoded, snap
from data_cards.bulk.batching import side_by_side
from data_cards.errors import BadSource
from data_cards.photos.image import open_photo

NONE_FOLDER = "none_of_these"
OPENING = datetime(2026, 3, 2, 10)
BURSTS = (1, 2, 3, 4)
BURST_SHARES = (0.66, 0.15, 0.12, 0.07)
BROKEN = ("truncated", "text")
NONE_SHARE = 0.095
JUNK_SHARE = 0.024
COPY_SHARE = 0.024
REENCODE_SHARE = 0.031
Rng = np.random.Generator


@dataclass(frozen=True)
class Museum:
    """How many files in all, the photos' usual longer side (px), the seed, and the share of
    wrong labels."""

    photos: int = 420
    side: int = 640
    seed: int = 0
    wrong: float = 0.06


@dataclass(frozen=True)
class MuseumTruth:
    """One file. `true_class` is None where no picture of the museum is meant; `given_label` None
    in `none_of_these/`.

    kind: painting | none | junk | copy (same bytes) | reencode | truncated | text. `burst`: the
    same for frames of one burst, empty for single photos. `copy_of`: the path of the original.
    """

    path: str
    true_class: str | None
    given_label: str | None
    kind: str
    burst: str = ""
    copy_of: str = ""


@dataclass(frozen=True)
class Entry:
    """A file of the plan: what is true of it, and how to make it."""

    truth: MuseumTruth
    shot: Shot
    quality: int = 0
    scale: float = 1.0


def parse_museum(text: str) -> Museum:
    """ "museum", "museum:400" (files in all) or "museum:100000:96" (and their longer side).
    Raises BadSource."""
    name, *numbers = text.split(":")
    if (
        name != "museum"
        or len(numbers) > 2
        or not all(number.isdigit() and int(number) > 0 for number in numbers)
    ):
        raise BadSource(
            f"'{text}' is not a size of the museum; write museum, museum:400 (photos) or "
            "museum:400:320 (photos, and their longer side in pixels).",
            source=text,
        )
    sizes = [int(number) for number in numbers]
    default = Museum()
    return replace(
        default,
        photos=sizes[0] if sizes else default.photos,
        side=sizes[1] if sizes[1:] else default.side,
    )


def plan(museum: Museum) -> Iterator[Entry]:
    """Every file, in a fixed order: picture by picture, then what shows none of them."""
    names = tuple(HANGING)
    count = {
        what: round(museum.photos * share)
        for what, share in (
            ("none", NONE_SHARE),
            ("junk", JUNK_SHARE),
            ("copy", COPY_SHARE),
            ("reencode", REENCODE_SHARE),
        )
    }
    broken = min(len(BROKEN), museum.photos // 30)
    frames = max(museum.photos - sum(count.values()) - broken, 0)
    owed = 0.0
    for place, name in enumerate(names):
        share = {
            what: _part(number, place, len(names))
            for what, number in {**count, "frame": frames}.items()
        }
        owed += museum.wrong * share["frame"]
        wrong = min(int(owed + 0.5), share["frame"])
        owed -= wrong
        yield from _one_picture(
            museum, name, place, share, wrong, BROKEN[place : place + 1] if place < broken else ()
        )
    yield from _nothing(museum, count["none"])


def make(entry: Entry, side: int) -> bytes:
    """The file's bytes. The same on every call."""
    data = snap(entry.shot, side)
    match entry.truth.kind:
        case "reencode":
            return _sent_on(data, entry.quality, entry.scale)
        case "truncated":
            return data[: len(data) * 11 // 20]
        case "text":
            return b"This is a note that somebody saved under a photo's name.\n"
    return data


def photos(museum: Museum, workers: int = 2) -> Iterator[tuple[MuseumTruth, bytes]]:
    """Every file with its bytes, a few ahead at a time; OpenCV and Pillow let threads run side
    by side."""

    def taken(entry: Entry) -> tuple[MuseumTruth, bytes]:
        return entry.truth, make(entry, museum.side)

    return side_by_side(taken, plan(museum), workers, ahead=4)


def look_alikes(name: str) -> tuple[str, ...]:
    """The other pictures by the same hand."""
    return tuple(
        other
        for other, hung in HANGING.items()
        if other != name and type(hung.variant) is type(HANGING[name].variant)
    )


def _part(number: int, place: int, places: int) -> int:
    return number * (place + 1) // places - number * place // places


def _one_picture(
    museum: Museum, name: str, place: int, share: dict[str, int], wrong: int, broken: Sequence[str]
) -> Iterator[Entry]:
    rng = np.random.default_rng((museum.seed, 1, place))
    entries = list(_frames(museum, name, place, share["frame"], rng))
    for index in sorted(rng.choice(len(entries), wrong, replace=False)) if wrong else ():
        entries[index] = _mislabelled(entries[index], name, rng)
    yield from entries
    if not entries:
        return
    for number in range(share["copy"]):
        yield _copied(entries[int(rng.integers(len(entries)))], name, number, rng)
    for number in range(share["reencode"]):
        yield _reencoded(entries[int(rng.integers(len(entries)))], number, rng)
    for number in range(share["junk"]):
        shot, path = _elsewhere(
            museum, JUNK[int(rng.integers(len(JUNK)))], ("junk", name, number), rng
        )
        yield Entry(MuseumTruth(f"{name}/{path}", None, name, "junk"), shot)
    for kind in broken:
        original = entries[int(rng.integers(len(entries)))]
        yield Entry(MuseumTruth(f"{name}/{kind}_{place}.jpg", None, name, kind), original.shot)


def _frames(museum: Museum, name: str, place: int, count: int, rng: Rng) -> Iterator[Entry]:
    visitors = max(3, museum.photos // 40)
    made = 0
    moment = 0
    while made < count:
        size = min(int(rng.choice(BURSTS, p=BURST_SHARES)), count - made)
        visitor = int(rng.integers(visitors))
        when = _visit(museum.seed, visitor) + timedelta(
            minutes=4 * place, seconds=float(rng.uniform(0, 200))
        )
        burst = f"{name}#{moment}" if size > 1 else ""
        for frame in range(size):
            shot = Shot(name, _seed(museum.seed, name, moment), frame, visitor, when)
            yield Entry(
                MuseumTruth(f"{name}/{_file_name(when, made)}", name, name, "painting", burst), shot
            )
            when += timedelta(seconds=float(rng.uniform(0.9, 2.8)))
            made += 1
        moment += 1


def _visit(seed: int, visitor: int) -> datetime:
    rng = np.random.default_rng((seed, 2, visitor))
    return OPENING + timedelta(days=int(rng.integers(60)), minutes=int(rng.integers(360)))


def _mislabelled(entry: Entry, name: str, rng: Rng) -> Entry:
    """Into another picture's folder, four times of five one by the same painter."""
    others = (
        look_alikes(name)
        if rng.random() < 0.8
        else tuple(other for other in HANGING if other != name)
    )
    label = others[int(rng.integers(len(others)))]
    file = f"{label}/{Path(entry.truth.path).stem}_{_seed(0, name, 0) % 1000:03d}.jpg"
    return replace(entry, truth=replace(entry.truth, path=file, given_label=label))


def _copied(entry: Entry, name: str, number: int, rng: Rng) -> Entry:
    """The same bytes under another name; one of five under another label."""
    truth = entry.truth
    label = entry.truth.given_label
    if rng.random() < 0.2:
        label = next(other for other in look_alikes(name) if other != label)
    path = f"{label}/{Path(truth.path).stem} ({number + 1}).jpg"
    return replace(
        entry, truth=replace(truth, path=path, given_label=label, kind="copy", copy_of=truth.path)
    )


def _reencoded(entry: Entry, number: int, rng: Rng) -> Entry:
    """As a messenger sends a photo on: lower quality, no Exif, sometimes smaller."""
    truth = entry.truth
    day = entry.shot.taken_at
    number_of_day = _seed(0, truth.path, number) % 1000
    path = f"{truth.given_label}/IMG-{day:%Y%m%d}-WA{number_of_day:03d}{number}.jpg"
    return Entry(
        replace(truth, path=path, kind="reencode", copy_of=truth.path),
        entry.shot,
        int(rng.integers(40, 80)),
        0.75 if rng.random() < 0.3 else 1.0,
    )


def _nothing(museum: Museum, count: int) -> Iterator[Entry]:
    rng = np.random.default_rng((museum.seed, 3))
    for number in range(count):
        shot, path = _elsewhere(museum, EMPTY[number % len(EMPTY)], ("none", "", number), rng)
        yield Entry(MuseumTruth(f"{NONE_FOLDER}/{path}", None, None, "none"), shot)


def _elsewhere(
    museum: Museum, subject: str, key: tuple[str, str, int], rng: Rng
) -> tuple[Shot, str]:
    visitor = int(rng.integers(max(3, museum.photos // 40)))
    when = _visit(museum.seed, visitor) + timedelta(seconds=float(rng.uniform(0, 3500)))
    return Shot(subject, _seed(museum.seed, *key), 0, visitor, when), _file_name(
        when, key[2], key[0][0]
    )


def _file_name(when: datetime, number: int, mark: str = "") -> str:
    return f"{when:%Y%m%d_%H%M%S}_{mark}{number:03d}.jpg"


def _seed(*key: object) -> int:
    return zlib.crc32("/".join(map(str, key)).encode())


def _sent_on(data: bytes, quality: int, scale: float) -> bytes:
    from PIL import Image

    image = open_photo(data)
    if scale != 1.0:
        image = image.resize(
            (round(image.width * scale), round(image.height * scale)), Image.Resampling.BILINEAR
        )
    return encoded(np.asarray(image), quality)
