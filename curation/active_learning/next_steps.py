"""What next: the photos to label first, and the list of photos to take.

python -m curation next DATASET [--count 20]
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from curation.active_learning.capture import shots_of
from curation.active_learning.shot_list import ShotRequest, as_text, go_and_shoot
from curation.active_learning.to_label import NAMELESS
from curation.issues.scanned_classes import opinions_today, scanned_classes
from data_cards.annotations.journal import known
from data_cards.annotations.ledger import present_labels
from data_cards.dataset.collection import Collection as Things
from data_cards.dataset.repo import Dataset
from data_cards.dataset.schema import Finding, Label, Opinion, Photo

ENOUGH = "Every class has enough photos from enough sides. Nothing is missing."


@dataclass(frozen=True)
class Next:
    """`label`: (file, reason) of the photos to label first, of `unlabelled` in all; `requests`:
    what to photograph."""

    label: tuple[tuple[str, str], ...]
    unlabelled: int
    requests: tuple[ShotRequest, ...]
    is_scanned: bool

    @property
    def text(self) -> str:
        """For people, as plain text."""
        parts = [self._to_label(), self._to_take()]
        if not self.is_scanned:
            parts.append("A scan can say more: vitrine scan DATASET")
        return "\n\n".join(part for part in parts if part)

    def _to_label(self) -> str:
        if not self.label:
            return ""
        photos = (
            "1 photo has no label"
            if self.unlabelled == 1
            else f"{self.unlabelled} photos have no label"
        )
        rows = [
            f"{number}. {file}\n   {reason}"
            for number, (file, reason) in enumerate(self.label, start=1)
        ]
        return "\n".join([f"{photos}. Label these first.", *rows])

    def _to_take(self) -> str:
        if not self.requests:
            return "" if not self.is_scanned else ENOUGH
        return f"Go and photograph:\n{as_text(self.requests)}"


def what_next(dataset: Dataset, count: int = 20) -> Next:
    """What the newest revision of a dataset lacks."""
    base = dataset.newest()
    photos = base.photos()
    findings = base.findings()
    ledger = known(base)
    labels = present_labels(photos, ledger)
    sealed = {name for name, row in base.splits().items() if row.split == "test"}
    told = opinions_today(base.opinions(), scanned_classes(base))
    opinions = {row.image_id: row for row in told}
    asked = sorted(
        (one for one in findings if one.kind == "unlabelled"),
        key=lambda one: (-one.score, one.image_id),
    )
    unnamed = {name for name, row in labels.items() if row.status == "unlabelled"}
    first = [one for one in asked if one.image_id in unnamed][:count]
    doubted = sealed | {one.image_id for one in findings if one.kind == "label"}
    return Next(
        tuple(_line(one, photos, sealed) for one in first),
        len(unnamed),
        tuple(missing(base.collection(), photos, labels, opinions, doubted)),
        bool(opinions),
    )


def missing(
    collection: Things,
    photos: Mapping[str, Photo],
    labels: Mapping[str, Label],
    opinions: Mapping[str, Opinion],
    silent: Collection[str] = (),
) -> list[ShotRequest]:
    """What to photograph next, for the collection as it is now. `silent`: see
    `curation.active_learning.capture.shots_of`."""
    classes = [(info.id, info.title) for info in collection.classes]
    return go_and_shoot(classes, shots_of(photos, labels, opinions, silent))


def _line(one: Finding, photos: Mapping[str, Photo], sealed: Collection[str]) -> tuple[str, str]:
    sources = photos[one.image_id].sources
    file = next(
        (source.path or source.url for source in sources if source.path or source.url), one.image_id
    )
    return file, NAMELESS if one.image_id in sealed else one.reason.replace("*", "")
