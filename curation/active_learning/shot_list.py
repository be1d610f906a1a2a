"""The go-and-shoot list: which classes and views the collection lacks, phrased for somebody with
a phone.

    go_and_shoot(classes, shots) -> wishes, the most useful first

A pure function of what is known about how each photo was taken;
`curation/active_learning/capture.py` gathers that from a dataset. What nearly every class lacks
is said once, not once a class.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from data_cards.wording import counted, in_words

EVERYTHING = ""  # the class id of a wish about the whole collection
# photos of a class that are enough, wherever the others stand
LEAST = 5
MOST = 20
FEWEST = 3  # photos, before what they share says anything
SAME_LIGHT = 0.35  # of the collection's range of light, below which a class was always lit alike
# share of a class and photos of a pair that are taken for the other
MIXED_UP = 0.1
MIXED_PHOTOS = 3
PHOTOS_A_VIEW = 6  # photos that look alike, on average, where views are few
SMALL_SIDE = 300  # pixels of the longer side: thumbnails
AT_ONCE = 3  # pieces of advice in a sentence
SIDES = ("from the left", "from the right", "from further away")


@dataclass(frozen=True)
class Shot:
    """How one photo of a class was taken. Empty: not known. `view`: the same for photos that
    look alike; `light`: 0 to 1; `taken_for`: the class a model that had not seen the photo calls
    it; `site`: the website it came from; `side`: pixels of the longer one."""

    image_id: str
    class_id: str
    burst: str = ""
    day: str = ""
    author: str = ""
    clip: str = ""
    view: str = ""
    light: float | None = None
    shape: str = ""
    taken_for: str = ""
    site: str = ""
    side: int = 0


@dataclass(frozen=True)
class ShotRequest:
    """One thing to photograph: score 0..1 (higher helps more), a sentence, and photos that show
    what is meant. `other`: the class it is mixed up with."""

    class_id: str
    score: float
    sentence: str
    photos: tuple[str, ...] = ()
    other: str = ""

    @property
    def text(self) -> str:
        """The sentence without the marks for italics."""
        return self.sentence.replace("*", "")


@dataclass(frozen=True)
class Trait:
    """What all photos of a class share: how much it hurts, how it is said, and what to do
    instead."""

    name: str
    weight: float
    said: str
    advice: tuple[str, ...]
    of_all: str


def go_and_shoot(classes: Sequence[tuple[str, str]], shots: Iterable[Shot]) -> list[ShotRequest]:
    """`classes`: (id, title) of every class; `shots`: its photos. Classes that lack nothing are
    not in the list."""
    titles = dict(classes)
    of_class = defaultdict[str, list[Shot]](list)
    for shot in shots:
        if shot.class_id in titles:
            of_class[shot.class_id].append(shot)
    usual = round(median(len(some) for some in of_class.values())) if of_class else 0
    light = light_range([shot.light for some in of_class.values() for shot in some])
    traits = {name: traits_of(some, light) for name, some in of_class.items()}
    common = {trait.name: trait for trait in _common(traits.values(), of_class.values())}
    requests = [
        _wish(
            name,
            title,
            of_class.get(name, []),
            usual,
            [trait for trait in traits.get(name, ()) if trait.name not in common],
        )
        for name, title in classes
    ]
    requests += [ShotRequest(EVERYTHING, trait.weight, trait.of_all) for trait in common.values()]
    found = [request for request in [*requests, *mixed_up(titles, of_class)] if request]
    return sorted(found, key=lambda request: (-request.score, request.class_id, request.sentence))


def as_text(requests: Iterable[ShotRequest]) -> str:
    """The list to print or to send, one wish a line."""
    return "\n".join(
        f"{number}. {request.text}" for number, request in enumerate(requests, start=1)
    )


def light_range(levels: Iterable[float | None]) -> tuple[float, float]:
    """(middle, width) of the light of a collection, strays left out; a width of 0 where nothing
    is known."""
    known = sorted(level for level in levels if level is not None)
    if not known:
        return 0.0, 0.0
    stray = len(known) // 20
    return median(known), known[-1 - stray] - known[stray]


def traits_of(shots: Sequence[Shot], light: tuple[float, float] = (0.0, 0.0)) -> list[Trait]:
    """What all photos of one class share, the worst first."""
    if len(shots) < FEWEST:
        return []
    found = [
        _same_clip(shots) or _same_burst(shots) or _same_day(shots),
        _same_view(shots),
        _same_author(shots),
        _same_site(shots),
        _all_small(shots),
        _same_light(shots, light),
        _same_shape(shots),
    ]
    return sorted((trait for trait in found if trait), key=lambda trait: -trait.weight)


def _all_one(values: Iterable[str]) -> bool:
    seen = set(values)
    return len(seen) == 1 and "" not in seen


def _same_clip(shots: Sequence[Shot]) -> Trait | None:
    return (
        Trait(
            "clip",
            0.5,
            "all from one video",
            ("on another day", *SIDES[:2]),
            "Nearly every class comes from one video. Take single photos, on another day.",
        )
        if _all_one(shot.clip for shot in shots)
        else None
    )


def _same_burst(shots: Sequence[Shot]) -> Trait | None:
    return (
        Trait(
            "burst",
            0.5,
            "all taken in one go",
            ("on another day", *SIDES[:2]),
            "Nearly every class was photographed in one go. Go again on another day.",
        )
        if _all_one(shot.burst for shot in shots)
        else None
    )


def _same_day(shots: Sequence[Shot]) -> Trait | None:
    return (
        Trait(
            "day",
            0.3,
            "all taken on one day",
            ("on another day",),
            "Nearly every class was photographed on one day only. Go again on another day.",
        )
        if _all_one(shot.day for shot in shots)
        else None
    )


def _same_view(shots: Sequence[Shot]) -> Trait | None:
    views = {shot.view for shot in shots}
    if "" in views or len(views) > max(1, len(shots) // PHOTOS_A_VIEW):
        return None
    said = (
        "all nearly the same view"
        if len(views) == 1
        else f"but only {in_words(len(views))} different views"
    )
    return Trait(
        "view",
        0.4,
        said,
        SIDES,
        "Nearly every class was photographed from a spot or two. Walk around: from "
        "the left, from the right, from further away.",
    )


def _same_author(shots: Sequence[Shot]) -> Trait | None:
    return (
        Trait(
            "author",
            0.25,
            "all by one person",
            ("by somebody else with another phone",),
            "Nearly every class was photographed by one person. Ask somebody else for some photos, "
            "with another "
            "phone.",
        )
        if _all_one(shot.author for shot in shots)
        else None
    )


def _same_site(shots: Sequence[Shot]) -> Trait | None:
    return (
        Trait(
            "site",
            0.25,
            "all from one website",
            ("with your own phone",),
            "Nearly every class comes from one website. Take some photos yourself.",
        )
        if _all_one(shot.site for shot in shots)
        else None
    )


def _all_small(shots: Sequence[Shot]) -> Trait | None:
    return (
        Trait(
            "small",
            0.3,
            f"all smaller than {SMALL_SIDE} pixels",
            ("at full size",),
            f"Nearly all photos are smaller than {SMALL_SIDE} pixels. Take some at full size.",
        )
        if all(0 < shot.side < SMALL_SIDE for shot in shots)
        else None
    )


def _same_light(shots: Sequence[Shot], light: tuple[float, float]) -> Trait | None:
    levels = [shot.light for shot in shots if shot.light is not None]
    middle, width = light
    if len(levels) < LEAST or max(levels) - min(levels) >= SAME_LIGHT * width:
        return None
    other = "in evening light" if median(levels) >= middle else "in brighter light"
    return Trait(
        "light",
        0.15,
        "all in the same light",
        (other,),
        "Every class was always photographed in one light. Go at another time of day.",
    )


def _same_shape(shots: Sequence[Shot]) -> Trait | None:
    if (
        len(shots) < LEAST
        or not _all_one(shot.shape for shot in shots)
        or shots[0].shape == "square"
    ):
        return None
    other = "sideways" if shots[0].shape == "upright" else "upright"
    return Trait(
        "shape",
        0.1,
        f"all {shots[0].shape}",
        (f"with the phone held {other}",),
        f"Nearly all photos are {shots[0].shape}. Hold the phone {other} for some.",
    )


def _common(traits: Iterable[Sequence[Trait]], classes: Iterable[Sequence[Shot]]) -> list[Trait]:
    """Traits that more than half of the classes share, worst first; none if there is only one
    class."""
    telling = sum(len(shots) >= FEWEST for shots in classes)
    every = [trait for some in traits for trait in some]
    times = Counter(trait.name for trait in every)
    return [
        trait
        for trait in {trait.name: trait for trait in every}.values()
        if telling > 2 and times[trait.name] > telling / 2
    ]


def _wish(
    name: str, title: str, shots: Sequence[Shot], usual: int, traits: Sequence[Trait]
) -> ShotRequest | None:
    enough = max(LEAST, min(MOST, usual))
    lacking = max(0.0, 1 - len(shots) / enough)
    if not shots:
        return ShotRequest(
            name,
            1.0,
            f"*{title}*: no photo yet. Take {in_words(LEAST)}: from the front, {', '.join(SIDES)}, "
            "and "
            "close up.",
        )
    if lacking < 0.5 and not traits:
        return None
    score = 1 - lacking
    for trait in traits:
        score *= 1 - trait.weight
    few = f", where most classes have {usual}" if lacking >= 0.5 and usual > len(shots) else ""
    shared = f", {' and '.join(trait.said for trait in traits[:2])}" if traits else ""
    advice = list(
        dict.fromkeys(
            [
                *(trait.advice[0] for trait in traits),
                *(said for trait in traits for said in trait.advice),
                *(() if traits else SIDES),
            ]
        )
    )
    more = max(FEWEST, min(LEAST if traits else MOST // 2, enough - len(shots)))
    said = (
        f"*{title}*: {_photos(len(shots))}{shared or few}. Take {in_words(more)} more: "
        f"{', '.join(advice[:AT_ONCE])}."
    )
    return ShotRequest(
        name, round(1 - score, 3), said, tuple(shot.image_id for shot in shots[:AT_ONCE])
    )


def mixed_up(
    titles: Mapping[str, str], of_class: Mapping[str, Sequence[Shot]]
) -> list[ShotRequest]:
    """Pairs of classes that a model takes for each other."""
    taken = defaultdict[tuple[str, str], list[Shot]](list)
    for name, shots in of_class.items():
        for shot in shots:
            if shot.taken_for in titles and shot.taken_for != name:
                taken[min(name, shot.taken_for), max(name, shot.taken_for)].append(shot)
    return [
        request
        for pair, shots in taken.items()
        if (request := _apart(pair, shots, titles, of_class))
    ]


def _apart(
    pair: tuple[str, str],
    shots: Sequence[Shot],
    titles: Mapping[str, str],
    of_class: Mapping[str, Sequence[Shot]],
) -> ShotRequest | None:
    counts = {name: sum(shot.class_id == name for shot in shots) for name in pair}
    shares = {name: count / max(1, len(of_class.get(name, ()))) for name, count in counts.items()}
    first, other = sorted(pair, key=lambda name: (-shares[name], name))
    if len(shots) < MIXED_PHOTOS or shares[first] < MIXED_UP:
        return None
    total = sum(len(of_class.get(name, ())) for name in pair)
    said = (
        f"*{titles[first]}* or *{titles[other]}*? {len(shots)} of these {total} photos are "
        "mistaken for the other. Take close-ups of what sets them apart."
    )
    shown = dict.fromkeys(
        shot.image_id for shot in sorted(shots, key=lambda shot: shot.class_id != first)
    )
    return ShotRequest(
        first, round(min(0.9, sum(shares.values())), 3), said, tuple(shown)[:AT_ONCE], other
    )


def _photos(count: int) -> str:
    return "only one photo" if count == 1 else counted(count, "photo")
