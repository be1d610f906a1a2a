"""Photos that visitors would take of a reference picture, made by the museum's camera: for classes
of flat things that nobody has photographed yet.

    added = add_views(dataset, ViewSettings(per_class=20))

They are marked (origin: synthetic, given to training), so that no validation and no test holds
one; what they are worth is seen on real photos only.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from curation.ingest.drawn_photos import Draw, prompt_for
from curation.ingest.shards import Intake
from data_cards.dataset.repo import Dataset
from data_cards.dataset.schema import Photo, Source
from data_cards.errors import BadPhoto, BadSource
from data_cards.photos.image import image_id, inspect_photo, open_photo
from data_cards.progress import say, track
from data_cards.settings import dial
from data_cards.wording import counted
from train.splits.split import TRAIN

SYNTHETIC = "synthetic"
REFERENCE_SIDE = 900  # pixels of a reference's longer side, as far as a photo of VIEW shows it
VIEW = 640
LICENCE = "made from the reference picture"


@dataclass(frozen=True)
class ViewSettings:
    """How many views, and of which classes."""

    per_class: int = dial(20, "views of each class that has a reference picture", least=1)
    thinner_than: int = dial(
        0, "only of classes with fewer labelled photos than this (0: of every class)", least=0
    )
    model: str | None = dial(
        None, "draw them with this text-to-image model of diffusers, instead of the references"
    )


@dataclass(frozen=True)
class ViewsAdded:
    """The dataset with the views, how many of how many classes."""

    dataset: Dataset
    photos: int
    classes: int

    @property
    def sentence(self) -> str:
        """For people."""
        what = counted(self.photos, "view was", "views were")
        of = counted(self.classes, "class", "classes")
        return (
            f"{what} made of {of}. They are for training only: validation and test hold real "
            "photos."
        )


def add_views(dataset: Dataset, settings: ViewSettings, draw: Draw | None = None) -> ViewsAdded:
    """Make what is missing to so many views a class, and keep it. `draw`: words and a number ->
    JPEG, instead of the camera. Raises BadSource where no class has a reference picture."""
    wanted = _wanted(dataset, settings, draw is not None)
    views = _drawn(dataset, wanted, draw) if draw else _views(dataset, wanted)
    origin = f"made by {settings.model}" if draw else LICENCE
    now = datetime.now(UTC).isoformat(timespec="seconds")
    total = sum(len(seeds) for _, seeds in wanted)
    made: Counter[str] = Counter()
    with Intake(dataset, dataset.collection()) as intake:
        for class_id, data, seed in track(views, "Making views", total):
            facts = inspect_photo(data)
            source = Source(
                f"{SYNTHETIC}/{class_id}/{seed}.jpg",
                class_id,
                TRAIN,
                licence=origin,
                added_at=now,
                origin=SYNTHETIC,
            )
            intake.take(Photo(image_id(data), facts.width, facts.height, (source,)), data)
            made[class_id] += 1
        dataset = intake.finish("Make views of reference pictures")
    return ViewsAdded(dataset, sum(made.values()), len(made))


def _wanted(dataset: Dataset, settings: ViewSettings, are_drawn: bool) -> list[tuple[str, range]]:
    """(class id, numbers of the views that it lacks)."""
    pictured = frozenset(dataset.collection().ids) if are_drawn else dataset.references()
    if not pictured:
        raise BadSource(
            "No class has a reference picture. Choose one on the page Classes of the light table, "
            "or collect a list with the role `reference`."
        )
    real: Counter[str | None] = Counter()
    there: Counter[str | None] = Counter()
    labels = dataset.labels()
    for name, photo in dataset.photos().items():
        if is_synthetic(photo):
            there[photo.sources[0].given_label] += 1
        elif name in labels and labels[name].status == "labelled":
            real[labels[name].label] += 1
    return [
        (name, range(there[name], settings.per_class))
        for name in dataset.collection().ids
        if name in pictured
        and there[name] < settings.per_class
        and (not settings.thinner_than or real[name] < settings.thinner_than)
    ]


def is_synthetic(photo: Photo) -> bool:
    """Whether a photo was made for training."""
    return any(one.origin == SYNTHETIC and one.given_split == TRAIN for one in photo.sources)


def _views(dataset: Dataset, wanted: list[tuple[str, range]]) -> Iterator[tuple[str, bytes, int]]:
    """The first one is the picture itself, unless it is a photo of the dataset already: without
    it, a head that learned from two views of each of thirty paintings named 20 of 30 real photos,
    and with it 30 (`python -m benchmarks.curation views`)."""
    from curation.museum.visitors import snap_reference

    photos = dataset.photos()
    for class_id, numbers in wanted:
        data = dataset.reference(class_id) or b""
        try:
            picture = open_photo(data, at_least=REFERENCE_SIDE)
        except BadPhoto as refusal:
            say(f"No views of {class_id}: {refusal.sentence}")
            continue
        picture.thumbnail((REFERENCE_SIDE, REFERENCE_SIDE))
        pixels = np.asarray(picture.convert("RGB"))
        # Another class's view of the same number is another visitor's.
        first = zlib.crc32(class_id.encode()) % 1_000_000 * 1000
        for number in numbers:
            is_itself = number == 0 and image_id(data) not in photos
            view = data if is_itself else snap_reference(pixels, first + number, VIEW)
            yield class_id, view, number


def _drawn(
    dataset: Dataset, wanted: list[tuple[str, range]], draw: Draw
) -> Iterator[tuple[str, bytes, int]]:
    things = dataset.collection()
    for class_id, numbers in wanted:
        info = things.info(class_id)
        for number in numbers:
            yield class_id, draw(prompt_for(info, number), number), number
