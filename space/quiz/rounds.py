"""One round of the quiz: five photos with three answers each, of which some are known.

draw(material, can_be_shown, rng)       -> questions, in the order they are asked
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")
PHOTOS = 5
CHOICES = 3
# Of five photos so many are known: what somebody's answers weigh rests on these (CROWDLAB needs
# answers that others gave too), and the others are what is learned.
KNOWN = 2
# Answers about one photo after which it is asked no more. How sure a majority of people who are
# right four times in five is grows little beyond it (97 % at seven, 99 % at eleven), and what one
# dataset's ledger can grow by stays bounded.
ENOUGH = 11


@dataclass(frozen=True)
class Question:
    """One photo. `choices`: class ids in the order they are shown; `known`: the right one, where
    nobody doubts it."""

    image_id: str
    choices: tuple[str, ...]
    known: str | None


@dataclass
class Round:
    """One visitor's five questions. `answers`: class ids by the number of the question; `player`:
    the name that stands in the ledger, made up for this visit; `seen`: photos of this visit, so
    that nobody is asked twice."""

    player: str
    questions: tuple[Question, ...]
    begun: float
    seen: frozenset[str] = frozenset()
    answers: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Material:
    """What may be asked. `known`: image_id -> label that nobody doubts, `sure` those of them that a
    person decided; `open`: image_id -> classes that were said of it, likeliest first; `classes`:
    every class id; `like`: class ids that a photo might be taken for, likeliest first."""

    known: Mapping[str, str]
    sure: frozenset[str]
    open: Mapping[str, Sequence[str]]
    classes: Sequence[str]
    like: Callable[[str], Sequence[str]] = lambda image_id: ()


def draw(
    material: Material, can_be_shown: Callable[[str], bool], rng: random.Random
) -> tuple[Question, ...]:
    """Five questions, or none where there are too few photos or classes.

    Photos that are doubted come first; where fewer than three can be shown, known ones take their
    places. At least two are known.
    """
    if len(material.classes) < CHOICES:
        return ()
    decided = shuffled((one for one in material.known if one in material.sure), rng)
    others = shuffled((one for one in material.known if one not in material.sure), rng)
    doubted = _first(shuffled(material.open, rng), can_be_shown, PHOTOS - KNOWN)
    known = _first([*decided, *others], can_be_shown, PHOTOS - len(doubted))
    if len(doubted) + len(known) < PHOTOS:
        return ()
    questions = [_known(material, one, rng) for one in known]
    questions += [_open(material, one, rng) for one in doubted]
    return tuple(shuffled(questions, rng))


def shuffled(some: Iterable[T], rng: random.Random) -> list[T]:
    """The same in another order."""
    given = list(some)
    rng.shuffle(given)
    return given


def _first(photos: Iterable[str], can_be_shown: Callable[[str], bool], count: int) -> list[str]:
    found: list[str] = []
    for one in photos:
        if len(found) >= count:
            break
        if can_be_shown(one):
            found.append(one)
    return found


def _known(material: Material, image_id: str, rng: random.Random) -> Question:
    right = material.known[image_id]
    wanted = [right, *material.like(image_id)]
    return Question(image_id, _choices(material, wanted, rng), right)


def _open(material: Material, image_id: str, rng: random.Random) -> Question:
    wanted = [*material.open[image_id], *material.like(image_id)]
    return Question(image_id, _choices(material, wanted, rng), None)


def _choices(material: Material, wanted: Sequence[str], rng: random.Random) -> tuple[str, ...]:
    """Three classes: those wanted that there are, then any others."""
    there = set(material.classes)
    others = shuffled(material.classes, rng)
    every = dict.fromkeys([*(one for one in wanted if one in there), *others])
    return tuple(shuffled(list(every)[:CHOICES], rng))
