"""What a photo says about itself, what an answer would add, and what becomes of both. Pure.

    merged(now, ours, wanted)

Words of people win: what they wrote stays, what they took away is not written again, and what is
taken away is only ever ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Place = tuple[float, float]


@dataclass(frozen=True)
class Tags:
    """Keywords, keywords in a tree ("Deities|Hindu|Ganesha"), a title, and (latitude,
    longitude)."""

    keywords: tuple[str, ...] = ()
    tree: tuple[str, ...] = ()
    title: str = ""
    location: Place | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Answer:
    """What a model said of a photo: `sure` answers alone become tags."""

    model: str
    answer: str
    label: str = ""
    confidence: float = 0.0
    tags: Tags = Tags()


def joined(*found: Tags) -> Tags:
    """What several files say of one photo; of two titles or places the first."""
    return Tags(
        tuple(dict.fromkeys(word for one in found for word in one.keywords)),
        tuple(dict.fromkeys(word for one in found for word in one.tree)),
        next((one.title for one in found if one.title), ""),
        next((one.location for one in found if one.location), None),
    )


def tags_from(row: Mapping[str, Any]) -> Tags:
    """Back from `to_json`."""
    place = row.get("location")
    return Tags(
        tuple(row.get("keywords", ())),
        tuple(row.get("tree", ())),
        str(row.get("title", "")),
        _exact(place),
    )


def answer_from(said: Mapping[str, Any], collection: str, least: float) -> Answer:
    """From /predict's JSON. `collection`: the root of the tree of keywords; `least`: the
    confidence below which nothing is written."""
    model = said.get("model") or {}
    revision = str(model.get("revision") or "")
    name = f"{model.get('repo', '')}@{revision}"
    confidence = float(said.get("confidence") or 0.0)
    if said.get("answer") != "sure" or confidence < least:
        return Answer(name, str(said.get("answer", "none")))
    card = said.get("card") or {}
    title = str(said.get("title") or said["label"])
    parent = str(card.get("parent") or "")
    place = card.get("location")
    levels = [_level(part) for part in (collection, parent, title) if part]
    tags = Tags(
        tuple(dict.fromkeys(filter(None, (title, parent)))),
        ("|".join(levels),),
        title,
        _exact(place),
    )
    return Answer(name, "sure", str(said["label"]), confidence, tags)


def _exact(place: Sequence[float] | None) -> Place | None:
    """A place as it comes back from a file: seven digits of a degree are a centimetre."""
    return (round(float(place[0]), 7), round(float(place[1]), 7)) if place else None


def _level(text: str) -> str:
    """One level of a tree: the signs that divide levels in Lightroom and digiKam are taken out."""
    return " ".join(text.replace("|", " ").replace("/", " ").split())


def merged(now: Tags, ours: Tags | None, wanted: Tags) -> Tags:
    """What a photo is to say. `now`: what it says; `ours`: what was added by an earlier run, of
    that; `wanted`: what the model would add today."""
    before = ours or Tags()
    return Tags(
        _words(now.keywords, before.keywords, wanted.keywords),
        _words(now.tree, before.tree, wanted.tree),
        _one(now.title, before.title, wanted.title),
        _one(now.location, before.location, wanted.location),
    )


def added(now: Tags, ours: Tags | None, after: Tags) -> Tags:
    """What is ours of what a photo says after `merged`, with what people took away of it, so that
    it is remembered as refused."""
    before = ours or Tags()
    return Tags(
        _ours(now.keywords, before.keywords, after.keywords),
        _ours(now.tree, before.tree, after.tree),
        after.title if after.title != now.title else before.title,
        after.location if after.location != now.location else before.location,
    )


def _words(now: Iterable[str], ours: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    there = list(now)
    folded = {word.casefold() for word in there}
    written = {word.casefold() for word in ours}
    refused = written - folded
    keep = {word.casefold() for word in wanted}
    gone = (written & folded) - keep
    kept = [word for word in there if word.casefold() not in gone]
    more = [word for word in wanted if word.casefold() not in folded | refused]
    return (*kept, *more)


def _ours(now: Iterable[str], ours: Iterable[str], after: Iterable[str]) -> tuple[str, ...]:
    there = {word.casefold() for word in now}
    left = {word.casefold() for word in after}
    new = [word for word in after if word.casefold() not in there]
    kept = [word for word in ours if word.casefold() in left or word.casefold() not in there]
    return tuple(dict.fromkeys((*kept, *new)))


def _one(now: Any, ours: Any, wanted: Any) -> Any:
    """A title or a place: people's where they wrote one or took ours away."""
    if now and now != ours:
        return now
    if ours and not now:
        return now
    return wanted or type(now)() if isinstance(now, str) else wanted
