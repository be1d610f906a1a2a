"""Shortcuts: what a model could go by instead of the thing, such as a class whose photos are all
180-pixel thumbnails.

For every recorded or measured trait (size, format, camera, border, site, one burst ...) we check
how well it alone separates one class from all others. It is a shortcut if it almost never fails,
and if too many different shots share it for chance (Fisher's exact test, one-sided, times the
number of tests).

    shortcuts({"a": "fort"}, {"a": {"format": "WEBP"}}) -> [Shortcut(...)]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from sys import intern
from urllib.parse import urlsplit

import numpy as np

from curation.measures.pixels import Measures
from data_cards.dataset.schema import Photo
from train.splits.groups import bursts

# balanced accuracy (the area under the curve of a yes-or-no trait): nine of ten on either side
TELLS = 0.9
MOST_OF_CLASS = (
    0.8  # share of the class that has it: half of a class with a white border is no shortcut
)
FEWEST = 8  # different shots of a class; fewer agree by chance in something
BY_CHANCE = 1e-3  # for a whole collection without shortcuts, once in a thousand collections
CUTS = 120  # how finely sizes are asked
EXAMPLES = 12
Value = str | float
Traits = Mapping[str, Value]
Values = np.ndarray | list[Value | None]  # values of one trait: numbers (NaN if unknown) or texts

# What is said of photos with a trait, and of the others: "are WEBP files", "... are".
SAYINGS: Mapping[str, tuple[str, str]] = {
    "format": ("are {} files", "are"),
    "camera": ("were taken with one camera ({})", "were"),
    "border": ("have a {} border all around", "have"),
    "colour": ("are {}", "are"),
    "size": ("are exactly {} pixels large", "are"),
    "shape": ("are {}", "are"),
    "site": ("come from {}", "do"),
    "author": ("are by {}", "are"),
    "burst": ("were taken in one go", "were"),
    "short side at most": ("are at most {} pixels on their short side", "are"),
    "short side at least": ("are at least {} pixels on their short side", "are"),
    "light at most": ("are darker than {} % of white on the whole", "are"),
    "light at least": ("are brighter than {} % of white on the whole", "are"),
}


@dataclass(frozen=True)
class Shortcut:
    """A trait that tells a class from the others: score 0.9 to 1, the reason in words, and
    photos that have it."""

    label: str
    trait: str
    score: float
    reason: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class _Trait:
    """One trait's yes-or-no questions: their q values, and the trait itself (n,), a number or
    the number of a value."""

    name: str
    values: tuple[Value, ...]
    line: np.ndarray

    def has(self) -> np.ndarray:
        """(q, n) which photos each question is true of."""
        if self.line.dtype != float:
            return np.asarray(self.line == np.arange(len(self.values))[:, None])
        cuts = np.array(self.values)[:, None]
        return np.asarray(self.line <= cuts if self.name.endswith("most") else self.line >= cuts)


def shortcuts(
    labels: Mapping[str, str],
    traits: Mapping[str, Traits],
    groups: Mapping[str, str] | None = None,
    title: Callable[[str], str] = str,
) -> list[Shortcut]:
    """Every class and trait of which one gives the other away, the surest first.

    `labels`: class by photo; `traits`: value by trait, by photo; `groups`: photos of one group
    count as one shot.
    """
    ids = sorted(set(labels) & set(traits))
    classes, of_class = np.unique([labels[image_id] for image_id in ids], return_inverse=True)
    if len(classes) < 2:
        return []
    alone = np.zeros(len(ids), bool)
    alone[
        list(
            {
                (groups or {}).get(image_id, image_id): row for row, image_id in enumerate(ids)
            }.values()
        )
    ] = True
    by_trait = _by_trait(len(ids), (traits[image_id] for image_id in ids))
    asked = [_questions(name, values) for name, values in by_trait.items()]
    found = []
    for trait in asked:
        answers = trait.has()
        for place, question in _telling(answers, of_class, len(classes)):
            inside = of_class == place
            has = answers[question]
            if (
                _chance(has[alone], inside[alone]) * sum(len(one.values) for one in asked)
                < BY_CHANCE
            ):
                label = str(classes[place])
                examples = tuple(ids[row] for row in np.flatnonzero(inside & has)[:EXAMPLES])
                said = _said(title(label), trait.name, trait.values[question], inside, has)
                found.append(
                    Shortcut(label, trait.name, round(_tells(has, inside), 4), said, examples)
                )
    return sorted(found, key=lambda one: (-one.score, one.label, one.trait))


def _by_trait(photos: int, traits: Iterable[Traits]) -> dict[str, Values]:
    """The values of each trait, in the order of the photos."""
    found: dict[str, Values] = {}
    for row, one in enumerate(traits):
        for name, value in one.items():
            if name not in found:
                found[name] = (
                    np.full(photos, np.nan) if isinstance(value, float) else [None] * photos
                )
            found[name][row] = (
                intern(value) if isinstance(value, str) else value
            )  # thousands share a text
    return found


def _telling(has: np.ndarray, of_class: np.ndarray, classes: int) -> Iterator[tuple[int, int]]:
    """(class, question) of each class that the trait tells from the others, with the question
    that does it best."""
    if not len(has):
        return
    size = np.bincount(of_class, minlength=classes)
    true = np.stack([np.bincount(of_class[one], minlength=classes) for one in has])
    own = true / size
    strays = (true.sum(axis=1, keepdims=True) - true) / (len(of_class) - size)
    tells = np.where(own >= MOST_OF_CLASS, (own + 1 - strays) / 2, 0)
    for place in np.flatnonzero(tells.max(axis=0) >= TELLS):
        yield int(place), int(tells[:, place].argmax())


def _tells(has: np.ndarray, inside: np.ndarray) -> float:
    """Balanced accuracy of "has it, so it is of this class"."""
    return float((has[inside].mean() + 1 - has[~inside].mean()) / 2)


def _chance(has: np.ndarray, inside: np.ndarray) -> float:
    """How likely it is that so many shots of the class have the trait when it has nothing to do
    with the class; 1 for fewer than FEWEST shots."""
    from scipy.stats import hypergeom

    if inside.sum() < FEWEST:
        return 1.0
    return float(hypergeom.sf((has & inside).sum() - 1, len(has), has.sum(), inside.sum()))


def _questions(name: str, values: Values) -> _Trait:
    """Each value that enough photos have, or each cut through a number."""
    if isinstance(values, np.ndarray):
        numbers = values[~np.isnan(values)]
        cuts = np.unique(np.quantile(numbers, np.linspace(0, 1, CUTS + 2)[1:-1], method="nearest"))
        return _Trait(name, tuple(cuts.tolist()), values)
    known = tuple(
        value
        for value, count in Counter(value for value in values if value).items()
        if count >= FEWEST
    )
    number: dict[Value | None, int] = {value: n for n, value in enumerate(known)}
    return _Trait(name, known, np.array([number.get(value, -1) for value in values], np.int32))


def _said(title: str, name: str, value: Value, inside: np.ndarray, has: np.ndarray) -> str:
    count, of_class, strays, others = (
        int(part.sum()) for part in (has & inside, inside, has & ~inside, ~inside)
    )
    does, do = SAYINGS[name]
    who = f"All {of_class}" if count == of_class else f"{count} of the {of_class}"
    rest = f"none of the {others} others" if not strays else f"{strays} of the {others} others"
    shown = f"{value:.0f}" if isinstance(value, float) else value
    return (
        f"{who} photos of *{title}* {does.format(shown)}; {rest} {do}. A model may learn that "
        "instead of the "
        "thing: add photos that differ in it."
    )


class TraitsOf(Mapping[str, Traits]):
    """Traits of each photo that are unrelated to what it shows, computed on demand."""

    def __init__(self, photos: Mapping[str, Photo], measures: Mapping[str, Measures]) -> None:
        self._photos = photos
        self._measures = measures
        first = {image_id: photo.sources[0] for image_id, photo in photos.items() if photo.sources}
        self._bursts = bursts(
            list(first),
            {name: source.taken_at for name, source in first.items() if source.taken_at},
            {name: source.path for name, source in first.items()},
        )

    def __getitem__(self, image_id: str) -> Traits:
        return _traits(self._photos[image_id], self._measures[image_id]) | {
            "burst": self._bursts.get(image_id, "")
        }

    def __iter__(self) -> Iterator[str]:
        return (image_id for image_id in self._photos if image_id in self._measures)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _traits(photo: Photo, it: Measures) -> dict[str, Value]:
    source = photo.sources[0]
    side = float(min(it.width, it.height))
    light = it.level / 2.55
    ratio = it.width / max(1, it.height)
    shape = "upright" if ratio < 0.97 else "wide" if ratio > 1.03 else "square"
    return {
        "format": it.format,
        "camera": it.camera,
        "border": it.border,
        "size": f"{it.width} x {it.height}",
        "colour": "black and white" if it.grey else "",
        "shape": shape,
        "author": source.author,
        "site": urlsplit(source.url).hostname or "",
        "short side at most": side,
        "short side at least": side,
        "light at most": light,
        "light at least": light,
    }
