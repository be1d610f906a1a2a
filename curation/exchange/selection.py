"""Which photos of a dataset are exported, and what a form of export is.

rows = chosen(dataset, Selection(splits=("test",)))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from data_cards.dataset.collection import Collection
from data_cards.dataset.default_config import LEFT_OUT, side_of
from data_cards.dataset.repo import Dataset
from data_cards.dataset.schema import STATUSES, Label, Photo
from data_cards.errors import BadSource

SPLITS = ("train", "validation", "test", LEFT_OUT)
NOTHING = (
    "No photo of {address} has this status and split, so nothing was written. Statuses there: "
    "{statuses}; splits: {splits}."
)


@dataclass(frozen=True)
class Exported:
    """One photo on its way out. `split` is empty before there is one, `label` without a class."""

    photo: Photo
    label: str | None
    status: str
    split: str
    name: str = ""

    @property
    def folder(self) -> str:
        """The class folder that it lies in: its class id, or its status."""
        return self.label if self.label and self.status == "labelled" else self.status


@dataclass(frozen=True)
class Selection:
    """What is exported: `splits` (none: all) and `statuses`."""

    splits: Sequence[str] = ()
    statuses: Sequence[str] = ("labelled",)


LABELLED = Selection()
Place = Callable[[Exported], str]  # where a photo's file goes, relative to the export
Lists = Callable[[Sequence[Exported], Collection, str], Mapping[str, bytes]]


@dataclass(frozen=True)
class Form:
    """One form: where photos lie, and the files that list them."""

    place: Place
    lists: Lists = lambda rows, things, address: {}


def chosen(dataset: Dataset, selection: Selection) -> list[Exported]:
    """The photos of a selection, in storage order. Raises BadSource where there is none."""
    unknown = [one for one in selection.statuses if one not in STATUSES]
    unknown += [one for one in selection.splits if one not in SPLITS]
    if unknown:
        raise BadSource(
            f"“{unknown[0]}” is neither a status ({', '.join(STATUSES)}) nor a split "
            f"({', '.join(SPLITS)}).",
            unknown=unknown,
        )
    everything = list(_all_rows(dataset))
    found = [
        row
        for row in everything
        if row.status in selection.statuses
        and (not selection.splits or row.split in selection.splits)
    ]
    if not found:
        statuses = ", ".join(sorted({row.status for row in everything})) or "none"
        splits = ", ".join(sorted({row.split for row in everything if row.split})) or "none yet"
        raise BadSource(NOTHING.format(address=dataset.address, statuses=statuses, splits=splits))
    return found


def _all_rows(dataset: Dataset) -> Iterator[Exported]:
    labels = dataset.labels()
    splits = dataset.splits()
    for image_id, photo in dataset.photos().items():
        label = labels.get(image_id, Label(image_id, None, "unlabelled"))
        split = splits.get(image_id)
        side = side_of(label, split, bool(splits), True) if splits else ""
        if split:
            side = split.split  # also of what shows none of these
        yield Exported(photo, label.label, label.status, side if side in SPLITS else "")
