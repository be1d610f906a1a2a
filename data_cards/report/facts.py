"""What there is to say of a dataset before anybody cleans it, and after. Pure: rows in, counts
out.

    facts_of(Rows(things, photos, labels, splits, findings))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from data_cards.annotations.ledger import given_label
from data_cards.dataset.collection import Collection
from data_cards.dataset.credits import Credit, credited, credits_of
from data_cards.dataset.schema import Finding, Label, Photo, Split

# The longer side, in pixels: what a model looks at, a screen, a phone's photo, a camera's.
SIZES = ((224, "under 224 px"), (640, "to 640"), (1280, "to 1280"), (2600, "to 2600"))
LARGEST = "larger"
ORIGINS = {
    "file": "from files",
    "video": "cut from clips",
    "search": "found by a search",
    "visitor": "sent by visitors",
    "synthetic": "synthetic image",
}
# Each kind of finding as a card, a scan and a report call it: one of them, and several.
KINDS = {
    "label": ("doubtful label", "doubtful labels"),
    "exact_duplicate": ("exact copy", "exact copies"),
    "near_duplicate": ("near-copy", "near-copies"),
    "looks_alike": ("photo that looks like another", "photos that look alike"),
    "leak": ("copy across the split", "copies across the split"),
    "conflict": ("disagreement between people", "disagreements between people"),
    "unreadable": ("unreadable file", "unreadable files"),
    "quality": ("poor photo", "poor photos"),
    "shortcut": ("shortcut", "shortcuts"),
    "visitor": ("visitor's question", "visitors' questions"),
    "unlabelled": ("photo to label", "photos to label"),
}


@dataclass(frozen=True)
class Rows:
    """The tables that a report is made of."""

    things: Collection
    photos: Mapping[str, Photo]
    labels: Mapping[str, Label]
    splits: Mapping[str, Split] = field(default_factory=dict)
    findings: Sequence[Finding] = ()
    decided: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ClassCount:
    """A class with its photos: how many, on which sides, and which (image_ids)."""

    id: str
    title: str
    photos: tuple[str, ...]
    sides: Mapping[str, int]


@dataclass(frozen=True)
class Changed:
    """A photo whose label is no longer the one it came with."""

    image_id: str
    before: str
    after: str
    who: str


@dataclass(frozen=True)
class DatasetFacts:
    """Counts of photos. `classes`: those with most photos first; `others`: photos by the status
    that keeps them from being of a class; `places`: classes that have one."""

    photos: int
    classes: tuple[ClassCount, ...]
    others: Mapping[str, tuple[str, ...]]
    sizes: Mapping[str, int]
    origins: Mapping[str, int]
    licences: tuple[Credit, ...]
    findings: Mapping[str, int]
    changed: tuple[Changed, ...]
    places: tuple[tuple[str, float, float], ...]

    @property
    def balance(self) -> float:
        """The largest class by the smallest that has a photo; 0 where there is none."""
        counts = [len(one.photos) for one in self.classes if one.photos]
        return max(counts) / min(counts) if counts else 0.0


def facts_of(rows: Rows) -> DatasetFacts:
    """All of it."""
    sizes = Counter(_size(photo) for photo in rows.photos.values())
    origins = Counter(
        ORIGINS.get(photo.sources[0].origin, photo.sources[0].origin) if photo.sources else "?"
        for photo in rows.photos.values()
    )
    found = Counter(KINDS.get(one.kind, (one.kind, one.kind))[1] for one in rows.findings)
    names = [name for _, name in SIZES] + [LARGEST]
    others: dict[str, list[str]] = {}
    for image_id in rows.photos:
        status = _status(rows.labels.get(image_id))
        if status != "labelled":
            others.setdefault(status, []).append(image_id)
    return DatasetFacts(
        len(rows.photos),
        tuple(_classes(rows)),
        {status: tuple(ids) for status, ids in sorted(others.items())},
        {name: sizes[name] for name in names if sizes[name]},
        dict(origins.most_common()),
        credits_of(dict(credited(rows.photos)).values()),
        dict(found.most_common()),
        tuple(_changed(rows)),
        tuple((one.title, *one.location) for one in rows.things.classes if one.location),
    )


def _status(label: Label | None) -> str:
    return "unlabelled" if label is None else label.status


def _size(photo: Photo) -> str:
    longer = max(photo.width, photo.height)
    return next((name for limit, name in SIZES if longer <= limit), LARGEST)


def _classes(rows: Rows) -> list[ClassCount]:
    ids: dict[str, list[str]] = {name: [] for name in rows.things.ids}
    for image_id in rows.photos:
        label = rows.labels.get(image_id)
        if label and label.label and label.status == "labelled":
            ids.setdefault(label.label, []).append(image_id)
    counts = [
        ClassCount(
            name,
            rows.things.title_of(name) if name in rows.things else name,
            tuple(some),
            Counter(rows.splits[one].split for one in some if one in rows.splits),
        )
        for name, some in ids.items()
    ]
    return sorted(counts, key=lambda one: (-len(one.photos), one.title))


def _changed(rows: Rows) -> list[Changed]:
    """Photos that somebody decided otherwise than they came, in storage order."""
    found: list[Changed] = []
    for image_id, photo in rows.photos.items():
        given = given_label(photo)
        now = rows.labels.get(image_id, given)
        if _word(given, rows.things) != _word(now, rows.things):
            found.append(
                Changed(
                    image_id,
                    _word(given, rows.things),
                    _word(now, rows.things),
                    rows.decided.get(image_id, ""),
                )
            )
    return found


def _word(label: Label, things: Collection) -> str:
    if label.status == "labelled" and label.label:
        return things.title_of(label.label) if label.label in things else label.label
    return label.status.replace("_", " ")
