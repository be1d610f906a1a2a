"""The columns of the contact sheet for one person: what they may know of every photo.

Facts that came with the photos never change and are computed once for each revision; labels,
decisions and open questions are updated after every key. Nobody sees the model's opinion of a
sealed photo, or other people's answers about a photo that they still have to answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from curation.contact_sheet.columns import NONE, Columns, Tags, folded, tags_of
from curation.light_table.session.blind import Blind
from curation.light_table.session.book import Book
from curation.light_table.session.placard import Records
from curation.light_table.session.queue import PILES, Queue
from data_cards.annotations.decision import Decision
from data_cards.annotations.remarks import Remarks
from data_cards.dataset.collection import ClassInfo
from data_cards.dataset.schema import STATUSES, Label, Photo, Source

STATUS_WORDS = {
    "labelled": "labelled",
    "unlabelled": "no label yet",
    "none_of_these": "none of these",
    "junk": "junk",
    "duplicate": "duplicate",
}
SPLITS = ("train", "validation", "test")
# Piles whose questions reveal what a model said; they are hidden for sealed photos.
OF_OPINION = ("labels", "visitors")
PILE_WORDS = {
    "labels": "doubtful label",
    "leaks": "leak into the test",
    "duplicates": "near-duplicate",
    "alike": "looks alike",
    "conflicts": "disagreement",
    "unlabelled": "needs a label",
    "quality": "poor photo",
    "visitors": "visitor's question",
}
_ORIGINS = {"search": "the web", "visitor": "visitors", "synthetic": "synthetic image"}
NAMES_END = "\n\n"  # between the file names of a photo and the other words


@dataclass(frozen=True)
class Collected:
    """What came with the photos: the part of the columns that no decision changes."""

    ids: tuple[str, ...]
    row_of: Mapping[str, int]
    names: tuple[str, ...]
    facets: Mapping[str, Tags]
    numbers: Mapping[str, np.ndarray]
    sealed: np.ndarray


def collected(records: Records, cameras: Mapping[str, str]) -> Collected:
    """The unchanging columns of a revision. `cameras`: image_id -> what it was taken with, where
    a scan on this machine saw it."""
    photos = records.photos
    ids = tuple(photos)
    files = [_files(photo) for photo in photos.values()]
    taken = [_first(source.taken_at for source in photo.sources) for photo in photos.values()]
    added = [_first(source.added_at for source in photo.sources) for photo in photos.values()]
    facets = {
        "split": _split_tags(ids, records),
        "source": tags_of("from", enumerated(map(_sources, photos.values()))),
        "camera": tags_of(
            "camera", ((row, camera) for row, i in enumerate(ids) if (camera := cameras.get(i)))
        ),
        "taken": tags_of(
            "taken", ((row, moment[:7]) for row, moment in enumerate(taken) if moment)
        ),
        "added": tags_of(
            "added", ((row, moment[:10]) for row, moment in enumerate(added) if moment)
        ),
    }
    names = tuple(folded("\n".join(some)) for some in files)
    numbers = {
        "taken": ranks(taken),
        "added": ranks(added),
        "name": ranks([name.split("\n")[0] for name in names]),
        "unsure": np.fromiter((_unsure(records, i) for i in ids), float, len(ids)),
    }
    sealed = np.fromiter((records.is_sealed(i) for i in ids), bool, len(ids))
    return Collected(ids, {i: row for row, i in enumerate(ids)}, names, facets, numbers, sealed)


def columns_for(
    who: str,
    known: Collected,
    records: Records,
    book: Book,
    queue: Queue,
    blind: Blind,
    remarks: Mapping[str, Remarks],
    sees_split: bool,
) -> Columns:
    """Everything this person may know at this moment. `records`: as they see them
    (`LightTable.records_for`); `remarks`: what people wrote on photos; `sees_split`: whether they
    may choose by the side of the split."""
    labels = [records.labels[i] for i in known.ids]
    decided = decided_by(book.standing(), known.row_of, lambda i: blind.is_half_answered(i))
    titles = {info.id: info.title for info in records.collection.classes}
    words = {info.id: folded(_card_words(info)) for info in records.collection.classes}
    facets = {
        "class": tags_of(
            "class", ((row, one.label) for row, one in enumerate(labels) if one.label), titles
        ),
        "status": tags_of(
            "status", ((row, one.status) for row, one in enumerate(labels)), STATUS_WORDS, STATUSES
        ),
        "finding": tags_of(
            "question", _open_questions(who, known, queue), PILE_WORDS, PILES, OF_OPINION
        ),
        "by": tags_of("decided by", decided.people, {NONE: "nobody yet"}),
        "when": tags_of(
            "decided on",
            decided.days,
            listed=sorted({day for _, day in decided.days}, reverse=True),
        ),
        "note": tags_of(
            "notes",
            _remark_tags(remarks, known.row_of),
            {"note": "with a note", "flag": "flagged"},
        ),
        **known.facets,
    }
    if not sees_split:
        facets.pop("split")
    return Columns(
        known.ids,
        {name: tags for name, tags in facets.items() if tags.values},
        {**known.numbers, "doubt": _doubts(who, known, queue), "decided": decided.order},
        Words(known.names, labels, words, {i: folded(one.text) for i, one in remarks.items()}),
        known.sealed,
        known.row_of,
    )


class Words(Sequence[str]):
    """What a search looks through, put together when somebody searches."""

    def __init__(
        self,
        names: Sequence[str],
        labels: Sequence[Label],
        cards: Mapping[str, str],
        notes: Mapping[str, str],
    ) -> None:
        self._parts = (names, labels, cards, notes)

    @cached_property
    def _made(self) -> list[str]:
        names, labels, cards, notes = self._parts
        return [
            f"{name}{NAMES_END}{cards.get(one.label or '', '')} {notes.get(one.image_id, '')}"
            for name, one in zip(names, labels, strict=True)
        ]

    def __len__(self) -> int:
        return len(self._parts[0])

    def __getitem__(self, place: Any) -> Any:
        return self._made[place]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)


@dataclass(frozen=True)
class Decided:
    """Who decided what, by row: (row, person), (row, day), and the order (n,) of the last
    decision on each photo, NaN where nobody decided."""

    people: list[tuple[int, str]]
    days: list[tuple[int, str]]
    order: np.ndarray


def decided_by(
    standing: Iterable[Decision], row_of: Mapping[str, int], is_hidden: Callable[[str], bool]
) -> Decided:
    """From the decisions that stand; of photos that are hidden from whoever asks, nothing."""
    people: dict[tuple[int, str], None] = {}
    last: dict[int, str] = {}
    for one in sorted(standing, key=lambda one: one.order):
        row = row_of.get(one.image_id)
        if row is not None and not is_hidden(one.image_id):
            people[row, one.who] = None
            last[row] = one.at
    order = np.full(len(row_of), np.nan)
    order[list(last)] = ranks(list(last.values()))
    nobody = [(row, NONE) for row in range(len(row_of)) if row not in last]
    return Decided(
        [*people, *(nobody if last else [])],
        [(row, at[:10]) for row, at in last.items()],
        order,
    )


def _remark_tags(
    remarks: Mapping[str, Remarks], row_of: Mapping[str, int]
) -> Iterable[tuple[int, str]]:
    for image_id, one in remarks.items():
        if image_id in row_of and one.notes:
            yield row_of[image_id], "note"
        if image_id in row_of and one.flagged:
            yield row_of[image_id], "flag"


def ranks(texts: Sequence[str]) -> np.ndarray:
    """The place (n,) of each text in their order, NaN for an empty one."""
    if not texts:
        return np.zeros(0)
    place = np.unique(np.array(texts, dtype=object), return_inverse=True)[1].astype(float)
    place[[not text for text in texts]] = np.nan
    return place


def enumerated(many: Iterable[Iterable[str]]) -> list[tuple[int, str]]:
    """(row, value) for several values each."""
    return [(row, value) for row, values in enumerate(many) for value in values]


def _open_questions(who: str, known: Collected, queue: Queue) -> list[tuple[int, str]]:
    return [
        (known.row_of[item.image_id], item.pile)
        for item in queue.items.values()
        if item.image_id in known.row_of and not queue.is_settled(item.key, who)
    ]


def _doubts(who: str, known: Collected, queue: Queue) -> np.ndarray:
    doubts = np.full(len(known.ids), np.nan)
    for item in queue.items.values():
        row = known.row_of.get(item.image_id)
        if item.pile == "labels" and row is not None and not queue.is_settled(item.key, who):
            doubts[row] = item.first.score
    return doubts


def _unsure(records: Records, image_id: str) -> float:
    """One less the gap between the two likeliest classes."""
    chances = [chance for _, chance in records.opinions.best(image_id)[:2]]
    if not chances:
        return float("nan")
    return 1 - (chances[0] - (chances[1] if len(chances) > 1 else 0.0))


def _split_tags(ids: Sequence[str], records: Records) -> Tags:
    sides = ((row, records.splits[i].split) for row, i in enumerate(ids) if i in records.splits)
    return tags_of("split", sides, listed=SPLITS)


def _files(photo: Photo) -> list[str]:
    paths = (source.path or source.url for source in photo.sources)
    return list(dict.fromkeys(path.rsplit("/", 1)[-1] for path in paths))


def _sources(photo: Photo) -> list[str]:
    return list(dict.fromkeys(map(_source, photo.sources)))


def _source(source: Source) -> str:
    if source.origin == "video":
        return source.path.rsplit("/", 1)[-1]
    host = urlsplit(source.url).hostname if source.url else ""
    return host or _ORIGINS.get(source.origin) or source.author or "files"


def _first(moments: Iterable[str]) -> str:
    return min(filter(None, moments), default="")


def _card_words(info: ClassInfo) -> str:
    facts = (text for fact in info.facts for text in fact)
    return " ".join((info.title, info.id, *info.aliases, info.summary, *facts))
