"""Whether a photo from the web shows a shot that the dataset holds, or that came a moment ago.

    known = KnownPhotos(dataset)
    known.why_not(data)          "a near-copy of a photo of the sealed test", or "" and it is known

What decides is the comparison on pixels that a scan makes; re-encoded, resized and slightly
cropped photos are found before they are stored.
"""

from __future__ import annotations

from collections.abc import Iterable

from curation.near_duplicates.incoming import UploadDuplicates, arrived
from data_cards.dataset.repo import Dataset
from data_cards.errors import BadPhoto, MissingFile
from data_cards.progress import track

SEALED = "a near-copy of a photo of the sealed test"
HERE = "a near-copy of a photo that is here"
AGAIN = "a near-copy of a photo of this search"


class KnownPhotos:
    """Photos of a dataset (None: of a new one), and those that were let in since."""

    def __init__(self, dataset: Dataset | None) -> None:
        self._dataset = dataset
        self._known: UploadDuplicates | None = None
        self._sealed: frozenset[str] = frozenset()
        self._new: dict[str, bytes] = {}

    def why_not(self, data: bytes) -> str:
        """Why a photo is not wanted; "" for one that is new, and that is known from now on. A file
        that is not a photo is not a copy."""
        known = self._learned()
        try:
            arrival = arrived(data)
        except BadPhoto:
            return ""
        twin = arrival.image_id if self._holds(arrival.image_id) else ""
        twin = twin or known.twin_of(arrival, self._read) or ""
        if not twin:
            known.keep(arrival)
            self._new[arrival.image_id] = _small(data)
            return ""
        if twin in self._sealed:
            return SEALED
        return AGAIN if twin in self._new else HERE

    def _holds(self, image_id: str) -> bool:
        in_dataset = self._dataset is not None and image_id in self._dataset.photos()
        return in_dataset or image_id in self._new

    def _learned(self) -> UploadDuplicates:
        """Sketches of what the dataset holds, made when the first photo is asked about."""
        if self._known is None:
            self._known = UploadDuplicates()
            if self._dataset is not None:
                self._sealed = frozenset(_sealed(self._dataset))
                photos = self._dataset.read_photos(self._dataset.photos())
                total = len(self._dataset.photos())
                for image_id, data in track(photos, "Reading the photos that are here", total):
                    self._known.note(image_id, data)
        return self._known

    def _read(self, image_id: str) -> bytes:
        if image_id in self._new:
            return self._new[image_id]
        if self._dataset is None:
            raise MissingFile("This photo is not here.", image_id=image_id)
        return self._dataset.read_photo(image_id)


def _sealed(dataset: Dataset) -> Iterable[str]:
    splits = dataset.splits()
    for image_id, photo in dataset.photos().items():
        is_test = image_id in splits and splits[image_id].split == "test"
        if is_test or any(source.given_split == "test" for source in photo.sources):
            yield image_id


def _small(data: bytes) -> bytes:
    """The photo as far as comparisons need it: 5,000 whole ones would be 2 GB of memory."""
    from data_cards.photos.image import thumbnail

    return thumbnail(data, 640, 92)
