"""Small datasets for tests: noisy squares whose colour is their class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from data_cards.collection import ClassInfo, Collection
from data_cards.dataset import Dataset
from data_cards.photo import encode_jpeg, image_id
from data_cards.rows import Label, Photo, Source, images_file, labels_file

SIDE = 72


def pictures(count: int, seed: int, colour: tuple[int, int, int] = (128, 128, 128)) -> list[bytes]:
    """`count` JPEGs of noise around a colour."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(-60, 60, (count, SIDE, SIDE, 3)) + np.array(colour)
    return [encode_jpeg(Image.fromarray(np.clip(one, 0, 255).astype(np.uint8))) for one in noise]


def collection_of(*ids: str) -> Collection:
    """A collection of these classes."""
    return Collection("tiny", "Tiny things", tuple(ClassInfo(name, f"Thing {name}") for name in ids))


def stored(photos: Mapping[str | None, Sequence[bytes]], side: str | None = None) -> tuple[list[tuple[Photo, bytes]],
                                                                                          list[Label]]:
    """Rows of photos and labels; the class None is "none of these"."""
    rows, labels = [], []
    for name, some in photos.items():
        for number, data in enumerate(some):
            key = image_id(data)
            source = Source(path=f"{name}/{number}-{key[:8]}.jpg", given_label=name, given_split=side)
            rows.append((Photo(key, SIDE, SIDE, (source,)), data))
            labels.append(Label(key, name, "labelled" if name else "none_of_these"))
    return rows, labels


def with_photos(dataset: Dataset, photos: Mapping[str | None, Sequence[bytes]], side: str | None = None) -> Dataset:
    """The dataset with these photos added."""
    rows, labels = stored(photos, side)
    kept = list(dataset.labels().values())
    return dataset.commit(dict([images_file(rows), labels_file([*kept, *labels])]), "More photos")
