"""The page "What is missing": the photos to take, most useful first, for somebody who walks
about with a phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curation.active_learning.next_steps import missing
from curation.active_learning.shot_list import EVERYTHING, ShotRequest, as_text
from curation.issues.scanned_classes import opinions_today, scanned_classes
from curation.light_table.session.table import LightTable
from data_cards.dataset.repo import Dataset
from data_cards.dataset.schema import Opinion


class Missing:
    """The go-and-shoot list of a table as it lies there now."""

    def __init__(self, table: LightTable) -> None:
        self._table = table
        self._read: tuple[str, dict[str, Opinion]] = ("", {})

    def show(self, who: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """`requests` with a picture each, the list as `text`, and how many photos wait for a
        label."""
        with self._table.lock:
            records = self._table.records
            dataset = self._table.dataset
            left = self._table.queue.progress(who, "unlabelled").left
            labels = dict(records.labels)
            silent = set(records.doubted)
        silent |= {image_id for image_id in records.photos if records.is_sealed(image_id)}
        opinions = self._opinions(dataset)
        requests = missing(records.collection, records.photos, labels, opinions, silent)
        return {
            "title": records.collection.title,
            "unlabelled": left,
            "is_scanned": bool(opinions),
            "text": f"{records.collection.title}: what to photograph\n{as_text(requests)}",
            "wishes": [self._shown(request) for request in requests],
        }

    def act(self, who: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """This page changes nothing."""
        return self.show(who, {})

    def _opinions(self, dataset: Dataset) -> dict[str, Opinion]:
        if self._read[0] != dataset.revision:
            told = opinions_today(dataset.opinions(), scanned_classes(dataset))
            self._read = (dataset.revision, {row.image_id: row for row in told})
        return self._read[1]

    def _shown(self, request: ShotRequest) -> dict[str, Any]:
        """A wish with what shows it, for each of its classes: the reference picture, else one of
        its photos."""
        named = [name for name in (request.class_id, request.other) if name != EVERYTHING]
        pictures = [
            self._picture(name, request.photos if name == request.class_id else ())
            for name in named
        ]
        return {
            "sentence": request.sentence,
            "pictures": [picture for picture in pictures if picture],
        }

    def _picture(self, class_id: str, photos: Sequence[str]) -> str | None:
        records = self._table.records
        if records.has_reference(class_id):
            return self._table.picture_of(class_id)
        return next((f"photo/{photo}" for photo in (*photos, *records.examples(class_id))), None)
