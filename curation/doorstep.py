"""At the doorstep: is a visitor's photo one that is here already, or the sealed test holds? Asked before it is kept.

Sketches (16 x 16 grey pixels of the whole and of its middle, also in the mirror) and whatever else looks alike propose
a few photos; pixels decide, as in a scan. Sketches are held of the sealed test and of visitors' photos only, and a crop
out of a corner slips past half the time: a scan compares with everything, and nothing is learned from before it has.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import numpy as np
from PIL import Image

from curation.duplicates import THRESHOLD
from curation.verification import compare, fingerprint
from data_cards.dataset import Dataset
from data_cards.errors import BadPhoto, MissingFile
from data_cards.photo import open_photo

SIDE = 16  # pixels of a sketch
MIDDLE = 0.1  # cut from each side: the middle of one photo is the whole of another that was cropped to four fifths
LEAST_ALIKE = 0.5  # correlation of sketches
CANDIDATES = 6
PRINT_SIDE = 320
AGAIN = "Their photo shows the same shot as this one, so it was not kept."
Read = Callable[[str], bytes]


class Doorstep:
    """Sketches by image_id. Safe for threads: `learn` runs in the background, `twin` while visitors ask."""

    def __init__(self) -> None:
        self._sketches: dict[str, np.ndarray] = {}
        self._lock = threading.Lock()

    def learn(self, dataset: Dataset) -> None:
        """Sketch what must not come in twice: the sealed test's photos, and those that visitors sent."""
        splits = dataset.splits()
        wanted = [image_id for image_id, photo in dataset.photos().items() if image_id not in self._sketches and (
            (image_id in splits and splits[image_id].split == "test")
            or any(source.given_split == "test" or source.origin == "visitor" for source in photo.sources))]
        for image_id, data in dataset.read_photos(wanted):
            self.note(image_id, data)

    def note(self, image_id: str, data: bytes) -> None:
        """Remember one photo; one that cannot be read is no twin of anything."""
        drawn = _sketches(data)
        if drawn is not None:
            with self._lock:
                self._sketches[image_id] = drawn.astype(np.float16)

    def twin(self, data: bytes, read: Read, also: Iterable[str] = ()) -> str | None:
        """A known photo that shows the same shot, verified on pixels; None for a photo that is new.

        `read`: bytes by image_id, MissingFile for one that is gone; `also`: photos that something else proposes.
        """
        try:
            mine = fingerprint(open_photo(data, at_least=PRINT_SIDE))
        except BadPhoto:
            return None
        for image_id in dict.fromkeys([*self._alike(data), *also]):
            try:
                score = compare(mine, fingerprint(open_photo(read(image_id), at_least=PRINT_SIDE))).score
            except (BadPhoto, MissingFile):  # one photo that cannot be compared keeps nobody out
                continue
            if score >= THRESHOLD:
                return image_id
        return None

    def _alike(self, data: bytes) -> list[str]:
        with self._lock:
            ids, known = list(self._sketches), list(self._sketches.values())
        drawn = _sketches(data)
        if drawn is None or not ids:
            return []
        mine = np.concatenate([drawn, drawn.reshape(-1, SIDE, SIDE)[:, :, ::-1].reshape(drawn.shape)])
        alike = (np.stack(known).astype(np.float32) @ mine.T).max(axis=(1, 2))
        return [ids[row] for row in np.argsort(-alike)[:CANDIDATES] if alike[row] >= LEAST_ALIKE]


def _sketches(data: bytes) -> np.ndarray | None:
    """The whole and its middle (2, SIDE * SIDE), each without its mean and of length 1."""
    try:
        photo = open_photo(data, at_least=4 * SIDE).convert("L")
    except BadPhoto:
        return None
    x, y = photo.width * MIDDLE, photo.height * MIDDLE
    boxes = ((0, 0, photo.width, photo.height), (x, y, photo.width - x, photo.height - y))
    rows = [np.asarray(photo.resize((SIDE, SIDE), Image.Resampling.BOX, box), np.float32).ravel() for box in boxes]
    drawn = np.stack(rows)
    drawn -= drawn.mean(axis=1, keepdims=True)
    return drawn / np.maximum(np.linalg.norm(drawn, axis=1, keepdims=True), 1e-6)
