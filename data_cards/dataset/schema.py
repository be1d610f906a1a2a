"""The rows of a dataset: photos, labels, splits, findings, opinions. One frozen dataclass for
each table."""

from __future__ import annotations

from dataclasses import dataclass

STATUSES = ("labelled", "unlabelled", "none_of_these", "junk", "duplicate")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a photo came from, and what its owner said it shows."""

    path: str = ""
    given_label: str | None = None
    given_split: str | None = None
    author: str = ""
    licence: str = ""
    added_at: str = ""
    origin: str = "file"
    url: str = ""
    taken_at: str = ""
    second: float | None = None


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo by the sha256 of its stored bytes; width and height in upright pixels."""

    image_id: str
    width: int
    height: int
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Label:
    """What a photo is labelled now: a class id, or None with a status that says why."""

    image_id: str
    label: str | None
    status: str


@dataclass(frozen=True, slots=True)
class WrittenLabel:
    """A row of the labels table: a label, and beside it the same as it was written."""

    image_id: str
    label: str | None
    status: str
    written: str


@dataclass(frozen=True, slots=True)
class Split:
    """A photo's near-duplicate group and the side of the line it is on."""

    image_id: str
    group: str
    split: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Why somebody should look at a photo. `score`: 0 to 1, higher is worse; `related`:
    image_ids."""

    image_id: str
    kind: str
    score: float
    reason: str
    given_label: str | None = None
    suggested_label: str | None = None
    related: tuple[str, ...] = ()
    scan_id: str = ""
    model_revision: str = ""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a model that had not seen the photo said at the last scan: its best class ids with
    their probabilities, best first, and the photos most like this one, nearest first. `view`:
    the first photo of its class that looks like it, `light`: 0 to 1."""

    image_id: str
    labels: tuple[str, ...] = ()
    chances: tuple[float, ...] = ()
    near: tuple[str, ...] = ()
    view: str = ""
    light: float | None = None
