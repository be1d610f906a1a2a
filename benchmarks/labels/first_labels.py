"""From nothing: how many photos are named rightly after so many key presses.

    python -m benchmarks.curation first-labels ../shared/photos/artifacts --names ruin,jar,duck,badge,tram

A simulated annotator presses keys at the light table without labels or model: a new class costs
`/`, its letters and Enter; one of nine known ones a digit, any other `/`, the letters that tell it
from the others, and Enter. A proposal is accepted with shift-Enter after touching each photo that
is not of it, unless most are not: then it is sent away. Beside it the same keys one photo at a
time, in the order that tells most and in any order.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.labels.label_errors import named_features
from curation.active_learning.first_labels import (
    MOST,
    UNKNOWN,
    Likeness,
    looked_at,
    next_to_ask,
    proposals,
)

AT = (40, 50, 100, 200, 400)
DIGITS = 9
FEW_LEFT = 0.25


@dataclass
class Annotator:
    """Knows the truth (n,) and counts every key and touch."""

    truth: np.ndarray
    titles: Sequence[str]
    keys: int = 0
    known: list[int] = field(default_factory=list)
    right: list[tuple[int, int]] = field(default_factory=list)

    def name(self, y: np.ndarray, place: int) -> None:
        """Give one photo its class."""
        label = int(self.truth[place])
        self.keys += self._letters(label)
        if label not in self.known:
            self.known.append(label)
        y[place] = label
        self._count(y)

    def _letters(self, label: int) -> int:
        title = self.titles[label]
        if label not in self.known:
            return len(title) + 2
        if len(self.known) <= DIGITS:
            return 1
        others = [self.titles[other] for other in self.known if other != label]
        tells = (
            n for n in range(1, len(title)) if not any(o.startswith(title[:n]) for o in others)
        )
        return next(tells, len(title)) + 2

    def judge(self, y: np.ndarray, label: int, places: Sequence[int]) -> list[int]:
        """Accept a proposal, or send it away; the photos that are not of it."""
        wrong = [place for place in places if self.truth[place] != label]
        accepted = 2 * len(wrong) + 1 < len(places)
        if accepted:
            y[[place for place in places if place not in wrong]] = label
            self.keys += len(wrong)
        self.keys += 1
        self._count(y)
        return wrong if accepted else list(places)

    def _count(self, y: np.ndarray) -> None:
        self.right.append((self.keys, int((y == self.truth).sum())))

    def after(self, keys: int) -> int:
        """Photos named rightly by then."""
        return max((right for pressed, right in self.right if pressed <= keys), default=0)


def proposing(x: np.ndarray, one: Annotator) -> float:
    """Until all is named or many keys were pressed; the longest wait between two keys, seconds."""
    y = np.full(len(x), UNKNOWN)
    refused: set[tuple[int, int]] = set()
    longest = 0.0
    rows = np.arange(0)
    graph = Likeness.of(x[:0])
    while one.keys < AT[-1] and (y == UNKNOWN).any():
        if (y[rows] == UNKNOWN).sum() <= FEW_LEFT * len(rows) and len(rows) < len(y):
            rows = looked_at(y) if len(y) > MOST else np.arange(len(y))
            graph = Likeness.of(x[rows])
        begin = time.monotonic()
        found = proposals(graph, y[rows], partial(_is_among, refused, rows))
        asked = next_to_ask(graph, y[rows], 1)
        longest = max(longest, time.monotonic() - begin)
        if found:
            best = found[0]
            wrong = one.judge(y, best.label, [int(rows[place]) for place in best.places])
            refused |= {(place, best.label) for place in wrong}
        elif asked:
            one.name(y, int(rows[asked[0]]))
    return longest


def _is_among(refused: set[tuple[int, int]], rows: np.ndarray, place: int, label: int) -> bool:
    return (int(rows[place]), label) in refused


def one_at_a_time(x: np.ndarray, one: Annotator, order: Sequence[int]) -> None:
    """Every photo by itself."""
    y = np.full(len(x), UNKNOWN)
    for place in order:
        one.name(y, int(place))


def add_flags(command: argparse.ArgumentParser) -> None:
    """Its flags."""
    command.add_argument("folder", type=Path)
    command.add_argument("--names", default="", help="what is typed for each class, by comma")


def run(flags: argparse.Namespace) -> None:
    """Print the table."""
    names, x = named_features(flags.folder)
    classes, truth = np.unique(names, return_inverse=True)
    titles = flags.names.split(",") if flags.names else [str(name) for name in classes]
    print(f"{len(x)} photos, {len(classes)} classes; right after {', '.join(map(str, AT))} keys")
    ours = Annotator(truth, titles)
    longest = proposing(x, ours)
    some = looked_at(np.full(len(x), UNKNOWN))
    telling = some[next_to_ask(Likeness.of(x[some]), np.full(len(some), UNKNOWN), len(some))]
    anyhow = np.random.default_rng(0).permutation(len(x))
    ways = {"proposing": ours}
    for way, order in (("one at a time, telling order", telling), ("in any order", anyhow)):
        ways[way] = Annotator(truth, titles)
        one_at_a_time(x, ways[way], order.tolist())
    for way, one in ways.items():
        print(f"{way:30}", "  ".join(f"{one.after(keys):5}" for keys in AT))
    print(f"longest wait between two keys {longest:.2f} s")
