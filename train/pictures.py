"""The pictures that things are recognised by, where most have only one: reference pictures, and what photos there are.

    Pictures(dataset, material).ids
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from data_cards.dataset import Dataset
from data_cards.photo import image_id
from train.material import Material


class Pictures:
    """They are read like the photos of a dataset, by image_id; a reference picture has one like any photo."""

    def __init__(self, dataset: Dataset, material: Material) -> None:
        self._dataset, self._material = dataset, material

    @cached_property
    def labels(self) -> dict[str, int]:
        """image_id -> class number, in the order of the classes, a reference picture before photos."""
        rows = [(image_id(self._reference(label)), label) for label in self._material.references or ()]
        tested = {name for name, _ in self._material.test}  # a photo of the test is not learned from, as what it came
        kept = [row for row in (*rows, *self._material.train) if row[0] not in tested]
        return dict(sorted(kept, key=lambda row: row[1]))

    @property
    def ids(self) -> list[str]:
        """All of them."""
        return list(self.labels)

    def read_photos(self, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Bytes by image_id: photos in storage order, then reference pictures."""
        wanted, photos = set(ids), dict(self._material.train)
        yield from self._dataset.read_photos([name for name in ids if name in photos])
        for name, label in self.labels.items():
            if name in wanted and name not in photos:
                yield name, self._reference(label)

    def _reference(self, label: int) -> bytes:
        return self._dataset.reference(self._material.classes[label]) or b""
