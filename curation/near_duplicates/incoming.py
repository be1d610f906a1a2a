"""Before a visitor's photo is kept: is it already in the dataset, or in the sealed test?

Sketches (16 x 16 grey pixels of the whole photo and of its middle, also mirrored) and other
look-alikes propose a few photos; pixels decide, as in a scan. There are sketches only of the sealed
test and of visitors' photos, and they miss half of the crops from a corner. A scan compares the
photo with everything, and no training uses it before that.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from curation.measures.fingerprint import Fingerprint, fingerprint
from curation.near_duplicates.compare import compare
from curation.near_duplicates.groups import THRESHOLD
from data_cards.dataset.repo import Dataset
from data_cards.errors import BadPhoto, MissingFile
from data_cards.photos.image import image_id as id_of
from data_cards.photos.image import open_photo
from data_cards.photos.metadata import stored_form

SIDE = 16  # pixels of a sketch
# cut from each side: the middle of one photo is the whole of another that was cropped to four
# fifths
MIDDLE = 0.1
LEAST_ALIKE = 0.5  # correlation of sketches
CANDIDATES = 6
PRINT_SIDE = 320
AGAIN = "Their photo shows the same shot as this one, so it was not kept."
Read = Callable[[str], bytes]


@dataclass(frozen=True)
class Arrived:
    """A visitor's photo, stripped and decoded once: the bytes to store, their image_id, and what
    shows whether it is already here (`sketches`: (2, SIDE * SIDE) float32; `alike`: photos that
    another search proposes)."""

    stored: bytes
    image_id: str
    fingerprint: Fingerprint
    sketches: np.ndarray
    alike: tuple[str, ...] = ()


def arrived(photo: bytes, alike: tuple[str, ...] = ()) -> Arrived:
    """From the bytes that a visitor sent. Raises BadPhoto."""
    stored = stored_form(photo)
    image = open_photo(stored, at_least=PRINT_SIDE)
    return Arrived(stored, id_of(stored), fingerprint(image), _sketches(image), alike)


class UploadDuplicates:
    """Sketches by image_id. Safe for threads: `learn` runs in the background, `twin` while
    visitors ask."""

    def __init__(self) -> None:
        self._sketches: dict[str, np.ndarray] = {}
        self._lock = threading.Lock()

    def learn(self, dataset: Dataset) -> None:
        """Sketch what must not come in twice: the sealed test's photos, and those that visitors
        sent."""
        splits = dataset.splits()
        wanted = [
            image_id
            for image_id, photo in dataset.photos().items()
            if image_id not in self._sketches
            and (
                (image_id in splits and splits[image_id].split == "test")
                or any(
                    source.given_split == "test" or source.origin == "visitor"
                    for source in photo.sources
                )
            )
        ]
        for image_id, data in dataset.read_photos(wanted):
            self.note(image_id, data)

    def note(self, image_id: str, data: bytes) -> None:
        """Remember one photo; one that cannot be read is no twin of anything."""
        try:
            photo = open_photo(data, at_least=4 * SIDE)
        except BadPhoto:
            return
        self._remember(image_id, _sketches(photo))

    def keep(self, arrival: Arrived) -> None:
        """Remember a photo that is kept from now on."""
        self._remember(arrival.image_id, arrival.sketches)

    def forget(self, image_id: str) -> None:
        """Remember a photo no longer."""
        with self._lock:
            self._sketches.pop(image_id, None)

    def _remember(self, image_id: str, sketches: np.ndarray) -> None:
        with self._lock:
            self._sketches[image_id] = sketches.astype(np.float16)

    def twin(self, data: bytes, read: Read, also: Iterable[str] = ()) -> str | None:
        """As `twin_of`, from stored bytes; None also for a photo that cannot be read. `also`: as
        `alike`."""
        try:
            photo = open_photo(data, at_least=PRINT_SIDE)
        except BadPhoto:
            return None
        here = Arrived(data, id_of(data), fingerprint(photo), _sketches(photo), tuple(also))
        return self.twin_of(here, read)

    def twin_of(self, arrival: Arrived, read: Read) -> str | None:
        """A known photo that shows the same shot, verified on pixels; None for a photo that is new.

        `read`: bytes by image_id, MissingFile for one that is gone.
        """
        for image_id in dict.fromkeys([*self._alike(arrival.sketches), *arrival.alike]):
            try:
                other = open_photo(read(image_id), at_least=PRINT_SIDE)
                score = compare(arrival.fingerprint, fingerprint(other)).score
            except (BadPhoto, MissingFile):  # a known photo that cannot be compared is skipped
                continue
            if score >= THRESHOLD:
                return image_id
        return None

    def _alike(self, drawn: np.ndarray) -> list[str]:
        with self._lock:
            ids = list(self._sketches)
            known = list(self._sketches.values())
        if not ids:
            return []
        mine = np.concatenate(
            [drawn, drawn.reshape(-1, SIDE, SIDE)[:, :, ::-1].reshape(drawn.shape)]
        )
        alike = (np.stack(known).astype(np.float32) @ mine.T).max(axis=(1, 2))
        return [ids[row] for row in np.argsort(-alike)[:CANDIDATES] if alike[row] >= LEAST_ALIKE]


def _sketches(image: Image.Image) -> np.ndarray:
    """The whole and its middle (2, SIDE * SIDE), each without its mean and of length 1."""
    photo = image.convert("L")
    x = photo.width * MIDDLE
    y = photo.height * MIDDLE
    boxes = ((0, 0, photo.width, photo.height), (x, y, photo.width - x, photo.height - y))
    rows = [
        np.asarray(photo.resize((SIDE, SIDE), Image.Resampling.BOX, box), np.float32).ravel()
        for box in boxes
    ]
    drawn = np.stack(rows)
    drawn -= drawn.mean(axis=1, keepdims=True)
    return drawn / np.maximum(np.linalg.norm(drawn, axis=1, keepdims=True), 1e-6)
