"""The context of a scan: everything that findings are written from, once per scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from curation.active_learning.to_label import Ask
from curation.issues.out_of_fold import Opinions
from curation.issues.prevalence import Poor, poor_photos
from curation.measures.measure import Looks
from curation.near_duplicates.in_dataset import Copies
from data_cards.annotations.decision import NONE_OF_THESE
from data_cards.annotations.ledger import Ledger
from data_cards.dataset.collection import Collection
from data_cards.dataset.schema import Label, Photo, Split


@dataclass(frozen=True)
class ScanContext:
    """What is known of every photo, and what the finders of this scan say of it."""

    collection: Collection
    photos: Mapping[str, Photo]
    labels: Mapping[str, Label]
    splits: Mapping[str, Split]
    ledger: Ledger
    looks: Looks
    copies: Copies
    opinions: Opinions
    model_revision: str
    asks: Mapping[str, Ask] = field(default_factory=dict)
    removed: frozenset[str] = (
        frozenset()
    )  # photos that the split left out because the test holds nearly the same
    strangers: Mapping[str, float] = field(
        default_factory=dict
    )  # how many times as far from the rest as usual

    @cached_property
    def poor(self) -> Poor:
        """Which photos are poor compared with this collection and their class."""
        return poor_photos(self.looks.measures, self.labels, self.copies.groups, self.title)

    def title(self, label: str | None) -> str:
        """The name people read."""
        if label is None or label == NONE_OF_THESE:
            return "none of these"
        return self.collection.title_of(label) if label in self.collection else label

    def label(self, image_id: str) -> str | None:
        """The class a photo has now."""
        row = self.labels.get(image_id)
        return row.label if row else None

    def sides(self, image_id: str) -> set[str]:
        """The splits a photo belongs to: the one that was made, else those it came with."""
        if image_id in self.splits:
            return {self.splits[image_id].split}
        return {
            source.given_split for source in self.photos[image_id].sources if source.given_split
        }

    def doubt(self, image_id: str) -> float:
        """How doubtful the label of a photo with copies is, 0 to 1."""
        known = self.opinions.doubts.get(image_id)
        return known.score if known else 0.0

    def camera(self, image_id: str) -> str:
        """What it was taken with; empty where that is not known."""
        measures = self.looks.measures.get(image_id)
        return measures.camera if measures else ""
