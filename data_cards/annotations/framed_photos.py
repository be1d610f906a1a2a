"""A dataset whose photos read as people framed them.

    framed(open_dataset("out/dataset"))

Training, index and answers about a dataset's photos go through `framed`; what compares files
(copies, exports, erasing) reads them as they are stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from data_cards.annotations.decision import Decision
from data_cards.annotations.frame import Frame, framed_bytes, read_frame
from data_cards.annotations.ledger import read_ledger, standing
from data_cards.dataset.repo import Dataset


def frames_of(decisions: Iterable[Decision]) -> dict[str, Frame]:
    """The last word on each photo that people framed, from decisions that stand, in any order."""
    last: dict[str, Frame] = {}
    for one in sorted(decisions, key=lambda one: one.order):
        if one.action == "frame":
            last[one.image_id] = read_frame(one.frame)
    return {image_id: frame for image_id, frame in last.items() if not frame.is_whole}


class FramedDataset(Dataset):
    """A revision of a dataset whose photos read as people framed them: `frames` by image_id."""

    def __init__(self, dataset: Dataset, frames: Mapping[str, Frame]) -> None:
        super().__init__(dataset.repo, dataset.revision)
        self.frames = frames

    def read_photos(self, image_ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """(image_id, bytes) of the wanted photos, as people framed them."""
        for image_id, data in super().read_photos(image_ids):
            frame = self.frames.get(image_id)
            yield image_id, framed_bytes(data, frame) if frame else data

    def name_of(self, image_id: str) -> str:
        """What is computed of a photo is remembered by this: framed anew it is another photo."""
        return framed_name(image_id, self.frames.get(image_id))


def framed_name(image_id: str, frame: Frame | None) -> str:
    """What is computed of a photo in this frame is remembered by this."""
    return f"{image_id}@{sha256(frame.text.encode()).hexdigest()[:8]}" if frame else image_id


def framed(dataset: Dataset) -> Dataset:
    """The dataset as people framed its photos; itself where nobody framed any."""
    frames = frames_of(standing(read_ledger(dataset.ledger()).decisions))
    return FramedDataset(dataset, frames) if frames else dataset
