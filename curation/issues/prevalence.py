"""What most photos of a collection or class have in common, and which photos are poor compared with
them.

    poor_photos(measures, labels)      troubles by photo, and sentences about what is shared

`quality.troubles` looks at one photo, and knows what ordinary photos are. Drawings, night skies
or icons are not ordinary, and nothing is wrong with them. So what most shots of a collection, or
of one class of it, have in common is said once and held against none of them. A photo among them
is poor when it is far from its own kind: an empty page among drawings, a black frame among night
skies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from curation.issues.photo_quality import (
    DARK_LEVEL,
    DRAWN_COLOURS,
    Trouble,
    as_photo,
    nothing_to_see,
    troubles,
)
from curation.measures.pixels import Measures, is_empty, ratio
from data_cards.dataset.schema import Label
from data_cards.wording import and_joined, counted

# From this share of the shots on, a trait counts as normal, as in cleanvision (max_prevalence). The
# lower one is enough where most shots at least come close.
MOST = 0.5
MANY = 0.1
FEWEST = 5  # shots; of fewer each may be poor for a reason of its own
NOTHING_LEFT = (
    5.0  # grey levels: what noise and compression leave of an empty page; ink has 20 or more
)
# How far from its own kind a photo is poor: a twelfth of the contrast, a third of the detail, half
# of the side, twice the length. Chosen to be wider than what one collection holds.
EMPTY = 12.0
SOFT = 3.0
SMALL = 2.0
LONG = 2.0
NAMED = 3  # classes in a sentence
# what is blank and dark, or a drawing with a black border
BLACK = "black"
ON_BLACK = "drawn on black"
NO_PHOTO = ("junk", "none_of_these")


@dataclass(frozen=True)
class Usual:
    """Medians of some photos: contrast anywhere, detail, pixels of the shorter side, and shape."""

    peak: float
    detail: float
    side: float
    ratio: float


@dataclass(frozen=True)
class Kind:
    """A way in which photos are unusual together.

    `troubles`: the names that it explains. `nearly`: whether a photo comes close to it. `is_poor`:
    whether a photo is poor even beside others of this kind, whose usual measures come second.
    """

    said: str
    troubles: frozenset[str]
    nearly: Callable[[Measures], bool]
    is_poor: Callable[[Measures, Usual], bool]


@dataclass(frozen=True)
class Poor:
    """The worst trouble of each poor photo, and sentences about what is held against none."""

    troubles: Mapping[str, Trouble] = field(default_factory=dict)
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Shared:
    """What most of `of` shots are like: kinds with how many shots are, what is usual there, and
    how many are grey."""

    of: int
    counts: Mapping[Kind, int]
    usual: Usual
    grey: int = 0


def _is_dark(it: Measures) -> bool:
    return it.level < 2 * DARK_LEVEL


def _is_drawn(it: Measures) -> bool:
    return it.colours <= 2 * DRAWN_COLOURS and not _is_dark(it)


def _is_bare(it: Measures, usual: Usual) -> bool:
    """Whether it is empty, while photos of this kind usually show something."""
    if it.peak < 0 or usual.peak <= NOTHING_LEFT:
        return is_empty(it)
    return it.peak <= max(NOTHING_LEFT, usual.peak / EMPTY)


def _is_softer(it: Measures, usual: Usual) -> bool:
    return it.detail < usual.detail / SOFT


DRAWN = Kind(
    "drawings, scans or screenshots",
    frozenset({"placeholder", "screenshot", ON_BLACK, "bright", "blank"}),
    _is_drawn,
    _is_bare,
)
DARK = Kind("dark", frozenset({"dark", BLACK, ON_BLACK}), _is_dark, _is_bare)
# White lines on black are dark where they are thin, and like a screenshot where they are not.
SHAPES = Kind(
    "simple shapes on an even ground",
    DRAWN.troubles | DARK.troubles,
    lambda it: _is_drawn(it) or _is_dark(it),
    _is_bare,
)
# What comes close: twice the bounds of `quality`, for shapes three quarters of it.
KINDS = (
    DRAWN,
    DARK,
    Kind("blurred", frozenset({"blurred"}), lambda it: it.detail < 0.15, _is_softer),
    Kind(
        "tiny",
        frozenset({"tiny"}),
        lambda it: min(it.width, it.height) < 192,
        lambda it, usual: min(it.width, it.height) < usual.side / SMALL,
    ),
    Kind(
        "very wide or very tall",
        frozenset({"odd shape"}),
        lambda it: ratio(it) > 2.4,
        lambda it, usual: ratio(it) > usual.ratio * LONG,
    ),
    SHAPES,
)


def poor_photos(
    measures: Mapping[str, Measures],
    labels: Mapping[str, Label],
    groups: Mapping[str, str] | None = None,
    title: Callable[[str], str] = str,
) -> Poor:
    """Which photos are poor compared with their collection and class, and what is normal there.

    `groups`: photos of one group count as one shot. Photos without a label row, and those that
    somebody set aside, are passed over.
    """
    names = [name for name in measures if name in labels and labels[name].status not in NO_PHOTO]
    survey = _survey(measures, names)
    shots = np.unique([(groups or {}).get(name, name) for name in names], return_inverse=True)[1]
    classes = [labels[name].label or "" for name in names]
    whole = survey.shared(_one_each(shots, np.arange(len(names))))
    of_class = {
        label: _beyond(survey.shared(_one_each(shots, rows)), whole)
        for label, rows in _rows_of(classes).items()
        if label
    }
    nothing = _Shared(0, {}, whole.usual)
    worst: dict[str, Trouble] = {}
    for name, label in zip(names, classes, strict=True):
        mine = of_class.get(label, nothing)
        found = survey.found.get(name, ())
        left = _left(measures[name], found, (whole, mine)) if whole.counts or mine.counts else found
        if left:
            worst[name] = left[0]
    return Poor(worst, (*_of_all(whole), *_of_classes(of_class, title)))


def _rows_of(classes: Sequence[str]) -> dict[str, np.ndarray]:
    names, place = np.unique(classes, return_inverse=True)
    ends = np.cumsum(np.bincount(place, minlength=len(names)))
    rows = np.split(np.argsort(place, kind="stable"), ends)[:-1]
    return dict(zip(names.tolist(), rows, strict=True))


def _one_each(shots: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The first of these rows of each shot."""
    return rows[np.sort(np.unique(shots[rows], return_index=True)[1])]


@dataclass(frozen=True)
class _Survey:
    """All photos in tables, as of very many each object is large.

    `found`: troubles by name, where there are any; `has` and `near` (n, kinds): whether a photo
    is of a kind, or comes close; `usual` (n, 4): as in `Usual`; `grey` (n,).
    """

    found: Mapping[str, Sequence[Trouble]]
    has: np.ndarray
    near: np.ndarray
    usual: np.ndarray
    grey: np.ndarray

    def shared(self, rows: np.ndarray) -> _Shared:
        """What most of these shots have in common."""
        counts: dict[Kind, int] = {}
        has = self.has[rows].sum(axis=0)
        near = self.near[rows].sum(axis=0)
        for kind, is_it, is_close in zip(KINDS, has.tolist(), near.tolist(), strict=True):
            is_told = kind is SHAPES and (DRAWN in counts or DARK in counts)
            is_usual = max(is_it / MOST, min(is_it / MANY, is_close / MOST)) >= len(rows)
            if is_usual and not is_told and len(rows) >= FEWEST:
                counts[kind] = is_it if is_it >= MOST * len(rows) else is_close
        middle = np.median(self.usual[rows], axis=0) if len(rows) else np.zeros(4)
        return _Shared(len(rows), counts, Usual(*middle.tolist()), int(self.grey[rows].sum()))


def _survey(measures: Mapping[str, Measures], names: Sequence[str]) -> _Survey:
    found: dict[str, Sequence[Trouble]] = {}
    has, near = (np.zeros((len(names), len(KINDS)), bool) for _ in range(2))
    usual = np.zeros((len(names), 4), np.float32)
    grey = np.zeros(len(names), bool)
    for row, name in enumerate(names):
        it = measures[name]
        its = troubles(it)
        if its:
            found[name] = its
        called = _names(it, its)
        has[row] = [bool(kind.troubles & called) for kind in KINDS]
        near[row] = has[row] | [kind.nearly(it) for kind in KINDS]
        usual[row] = it.peak, it.detail, min(it.width, it.height), ratio(it)
        grey[row] = it.grey
    return _Survey(found, has, near, usual, grey)


def _names(it: Measures, found: Iterable[Trouble]) -> frozenset[str]:
    if is_empty(it) or 0 <= it.peak <= NOTHING_LEFT:
        return frozenset(trouble.name for trouble in found if trouble.name in ("tiny", "odd shape"))
    return frozenset(_name(it, trouble) for trouble in found)


def _name(it: Measures, trouble: Trouble) -> str:
    if trouble.name == "blank" and _is_dark(it):
        return BLACK
    return (
        ON_BLACK
        if trouble.name in ("placeholder", "screenshot") and it.border == "black"
        else trouble.name
    )


def _beyond(mine: _Shared, whole: _Shared) -> _Shared:
    """What is normal in a class but not in the whole collection."""
    explained = frozenset[str]().union(*(kind.troubles for kind in whole.counts))
    return _Shared(
        mine.of,
        {kind: count for kind, count in mine.counts.items() if not kind.troubles <= explained},
        mine.usual,
    )


def _left(it: Measures, found: Sequence[Trouble], scopes: Sequence[_Shared]) -> list[Trouble]:
    """The troubles of a photo that its collection and class do not explain, worst first."""
    kinds = [(kind, scope.usual) for scope in scopes for kind in scope.counts]
    drawn = [usual for kind, usual in kinds if kind in (DRAWN, SHAPES)]
    # Lines have a direction: among drawings only what is much softer than they are is blurred.
    soft = [one for one in as_photo(it) if one.name == "blurred"] if drawn else []
    left = [one for one in soft if all(_is_softer(it, usual) for usual in drawn)]
    for trouble in found:
        if drawn and trouble.name == "blurred":
            continue
        explained = [(kind, usual) for kind, usual in kinds if _name(it, trouble) in kind.troubles]
        if all(kind.is_poor(it, usual) for kind, usual in explained):
            left.append(
                nothing_to_see(it)
                if any(kind.is_poor is _is_bare for kind, _ in explained)
                else trouble
            )
    return sorted(left, key=lambda one: -one.score)


def _of_all(whole: _Shared) -> list[str]:
    told = [(kind.said, count) for kind, count in whole.counts.items()]
    if whole.of >= FEWEST and whole.grey >= MOST * whole.of:
        told.append(("black and white", whole.grey))
    if not told:
        return []
    said = and_joined([f"{what} ({count} of {whole.of})" for what, count in told])
    return [
        f"Most photos here are {said}: that is normal in this collection, so it counts against "
        "none of them."
    ]


def _of_classes(of_class: Mapping[str, _Shared], title: Callable[[str], str]) -> list[str]:
    """One sentence for all classes that are alike."""
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for label, shared in of_class.items():
        if shared.counts:
            alike[tuple(kind.said for kind in shared.counts)].append(label)
    found = []
    for said, labels in alike.items():
        names = [f"*{title(label)}*" for label in labels[:NAMED]]
        more = len(labels) - NAMED
        if more > 0:
            names.append(counted(more, "more class", "more classes"))
        what = "this class" if len(labels) == 1 else "these classes"
        found.append(
            f"Most photos of {and_joined(names)} are {and_joined(list(said))}: that is normal in "
            f"{what}, so it counts against none of them."
        )
    return found
