"""What stands beside a photo on the light table, as plain values.

This is the one place where the model's opinion reaches a screen, and so the one place that keeps
it from photos of the sealed test: for those there are no chances, no suggestion, no reason that
tells either, and no look-alikes that the model chose.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from curation.light_table.session.questions import PAIRS, Item
from curation.near_duplicates.groups import DISAGREE
from curation.near_duplicates.incoming import AGAIN
from data_cards.annotations.decision import IT_IS_NONE, NONE_OF_THESE
from data_cards.dataset.collection import Collection as Things
from data_cards.dataset.repo import Dataset
from data_cards.dataset.schema import Finding, Label, Photo, Split

MOST_DIGITS = 9
ON_A_SHELF = 4
ASKED_ABOUT = f"A visitor asked about it. {AGAIN}"
AGREE = "Both have the same label now."
SEALED = (
    "One of the photos of the sealed test. You see it without the model's opinion, so that the "
    "test stays honest."
)
# What these say is measured on pixels, read off files or said by a visitor; the others repeat what
# the model thinks.
_FREE_OF_OPINION = (
    "exact_duplicate",
    "near_duplicate",
    "looks_alike",
    "leak",
    "quality",
    "conflict",
    "pair",
)


class Opinions(Protocol):
    """What the last scan remembers of the model: collaborators of the light table."""

    def best(self, image_id: str) -> Sequence[tuple[str, float]]:
        """Class ids with probabilities, best first, from a model that had not seen this photo."""
        ...

    def nearest(self, image_id: str, class_id: str, count: int) -> Sequence[str]:
        """The photos most like this one among those labelled `class_id`."""
        ...


class NoOpinions:
    """Opinions of a dataset without a scan: there are none."""

    def __init__(self, dataset: Dataset | None = None) -> None:
        """Nothing is read."""

    def best(self, image_id: str) -> Sequence[tuple[str, float]]:
        """Nothing."""
        return ()

    def nearest(self, image_id: str, class_id: str, count: int) -> Sequence[str]:
        """Nothing."""
        return ()


@dataclass
class Records:
    """Everything a placard is written from. `labels` and `collection` are the present state:
    decisions change them."""

    collection: Things
    photos: Mapping[str, Photo]
    splits: Mapping[str, Split]
    labels: Mapping[str, Label]
    opinions: Opinions
    examples: Callable[[str], Sequence[str]]
    doubted: Collection[str]
    has_reference: Callable[[str], bool]

    def is_sealed(self, image_id: str) -> bool:
        """Whether this photo belongs to the test."""
        split = self.splits.get(image_id)
        return split is not None and split.split == "test"

    def agree(self, one: str, other: str) -> bool:
        """Whether two photos have the same label now."""
        mine = self.labels.get(one)
        theirs = self.labels.get(other)
        return mine is not None and theirs is not None and mine.label == theirs.label

    def named(self, class_id: str | None) -> dict[str, str] | None:
        """A class as the screen names it; a class the collection no longer has keeps its id."""
        if not class_id:
            return None
        known = class_id in self.collection
        return {"id": class_id, "title": self.collection.title_of(class_id) if known else class_id}


def placard(item: Item, records: Records) -> dict[str, Any]:
    """One question, ready for the screen: label, reason, choices, look-alikes, pair."""
    sealed = records.is_sealed(item.image_id)
    # Where two people differ, a third one judges by the photo: the model has had its say with the
    # first.
    choices = (
        _answers(item, records) if item.pile == "conflicts" else _choices(item, records, sealed)
    )
    photo = records.photos[item.image_id]
    why = _reasons(item, sealed)
    return {
        "key": item.key,
        "image_id": item.image_id,
        "pile": item.pile,
        "finding": item.first.kind,
        "sealed": sealed,
        "width": photo.width,
        "height": photo.height,
        **_label(item.image_id, records),
        "why": why + _since(why, item, records),
        "choices": choices,
        "shelves": _shelves(item, records, choices, sealed),
        "pair": _pair(item, records),
        "visitor": _word_of_visitor(item, records),
    }


def _word_of_visitor(item: Item, records: Records) -> dict[str, str] | None:
    """What a visitor called this photo: a class that the collection still has, or none of these."""
    if records.is_sealed(item.image_id):
        return None  # visitors choose among what the model answered
    asked = [one for one in item.findings if one.kind == "visitor"]
    if any(IT_IS_NONE in one.reason and not one.suggested_label for one in asked[:1]):
        return {"id": NONE_OF_THESE, "title": "None of these"}
    said = (one.suggested_label for one in asked)
    return next(
        (records.named(class_id) for class_id in said if class_id in records.collection), None
    )


def _label(image_id: str, records: Records) -> dict[str, Any]:
    label = records.labels.get(image_id)
    if label is None:
        return {"labelled": None, "status": "unlabelled"}
    return {"labelled": records.named(label.label), "status": label.status}


def _reasons(item: Item, sealed: bool) -> list[str]:
    """Sentences, strongest first; a sealed photo's only tell what pixels and files tell."""
    if not sealed:
        return list(dict.fromkeys(finding.reason for finding in item.findings if finding.reason))
    told = [finding.reason for finding in item.findings if finding.kind in _FREE_OF_OPINION]
    told += [
        ASKED_ABOUT
        for finding in item.findings
        if finding.kind == "visitor" and finding.reason.endswith(AGAIN)
    ]
    return [*dict.fromkeys(told), SEALED]


def _since(why: Sequence[str], item: Item, records: Records) -> list[str]:
    """What decisions made of a reason since the scan gave it."""
    differed = [one for one in item.findings if one.reason in why and one.reason.endswith(DISAGREE)]
    return [AGREE] if any(records.agree(item.image_id, _other(one)) for one in differed) else []


def _choices(item: Item, records: Records, sealed: bool) -> list[dict[str, Any]]:
    """The classes under the digits, with chances where the model may speak."""
    chances = {} if sealed else dict(records.opinions.best(item.image_id)[:3])
    given = _given(item, records)
    if sealed:
        wanted = given + (
            list(records.collection.ids) if len(records.collection.ids) <= MOST_DIGITS else []
        )
        wanted = sorted(set(wanted), key=lambda i: (i not in records.collection, i))
    else:
        suggested = [f.suggested_label for f in item.findings if f.suggested_label]
        wanted = list(dict.fromkeys([*chances, *suggested, *given]))
        # Where no model has seen the photo yet, the digits still give a small collection's classes.
        if not chances and len(records.collection.ids) <= MOST_DIGITS:
            wanted = list(dict.fromkeys([*wanted, *records.collection.ids]))
    now = records.labels.get(item.image_id)
    named = [records.named(class_id) for class_id in wanted if class_id in records.collection]
    return [
        {
            **name,
            "chance": chances.get(name["id"]),
            "now": now is not None and now.label == name["id"],
        }
        for name in named[:MOST_DIGITS]
        if name
    ]


def _answers(item: Item, records: Records) -> list[dict[str, Any]]:
    """The classes that people named, in the order of their names: it tells nobody who was first."""
    if item.is_pair:
        return []
    named = [f.suggested_label for f in item.findings if f.suggested_label in records.collection]
    wanted = dict.fromkeys([*named, *_given(item, records)])
    now = records.labels.get(item.image_id)
    rows = [row for row in map(records.named, wanted) if row and row["id"] in records.collection][
        :MOST_DIGITS
    ]
    return [
        {**row, "chance": None, "now": now is not None and now.label == row["id"]} for row in rows
    ]


def _given(item: Item, records: Records) -> list[str]:
    """The labels people gave so far: the present one, and those the files came with."""
    label = records.labels.get(item.image_id)
    sources = records.photos[item.image_id].sources
    given = [label.label if label else None, *(source.given_label for source in sources)]
    if item.pile in PAIRS:
        other = _other(item.first)
        given += [records.labels[other].label] if other in records.labels else []
    return list(dict.fromkeys(class_id for class_id in given if class_id))


def _shelves(
    item: Item, records: Records, choices: Sequence[Mapping[str, Any]], sealed: bool
) -> list[dict[str, Any]]:
    """Known photos and card texts of the given class and of the likeliest other one."""
    if item.pile == "conflicts":
        return [_shelf(choice["id"], item, records, sealed=True) for choice in choices[:2]]
    label = records.labels.get(item.image_id)
    given = label.label if label and label.label in records.collection else None
    others = [] if sealed else [choice["id"] for choice in choices if choice["id"] != given]
    return [
        _shelf(class_id, item, records, sealed)
        for class_id in [*others[: 1 if given else 2], given]
        if class_id
    ]


def _shelf(class_id: str, item: Item, records: Records, sealed: bool) -> dict[str, Any]:
    nearest = [] if sealed else records.opinions.nearest(item.image_id, class_id, 2 * ON_A_SHELF)
    # What is itself in doubt does not show what the class looks like.
    photos = dict.fromkeys(
        [*(near for near in nearest if near not in records.doubted), *records.examples(class_id)]
    )
    return {
        **(records.named(class_id) or {}),
        "summary": records.collection.info(class_id).summary,
        "reference": records.has_reference(class_id),
        "photos": [image_id for image_id in photos if image_id != item.image_id][:ON_A_SHELF],
    }


def _other(finding: Finding) -> str:
    return next((image_id for image_id in finding.related if image_id != finding.image_id), "")


def _pair(item: Item, records: Records) -> dict[str, Any] | None:
    """The photo to lay beside this one, for questions about duplicates."""
    if not item.is_pair:
        return None
    other = _other(item.first)
    if other not in records.photos:
        return None
    photo = records.photos[other]
    return {
        "image_id": other,
        "width": photo.width,
        "height": photo.height,
        "sealed": records.is_sealed(other),
        **_label(other, records),
    }
