"""Which frames of a clip are worth keeping: the sharpest of each moment, and only what differs from
what was kept. Pure: it looks at small pictures and decodes nothing.

    choice = FrameChoice(every=1.0)
    for look in looks: choice.take(look) the frame to keep of the interval that ended, or None
    choice.close()

A phone that is walked around a thing blurs while it moves and stands still in between; a frame
every second keeps the blur and keeps the stand many times.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 24  # pixels of a look that two frames are compared by
SQUARE = 6  # pixels of a look whose means are compared first
# Mean difference of two looks from which frames show something different. In the five clips of
# `python -m benchmarks.curation clips`, neighbouring frames differ by .001 to .035; frames a second
# apart by .02 where a camera stands still before a moving dog, and by .04 to .12 where it moves.
# Twice as much drops views that a recognizer learns from (docs/decisions/frames-of-a-clip.md).
DIFFERENT = 0.015
# The same within an eighth of a second: a cut. The fastest of those clips comes to .076.
CUT = 0.2
# An interval whose sharpest frame has less than this share of the usual sharpness gives no frame.
BLURRED = 0.4


@dataclass(frozen=True)
class Look:
    """A frame as far as the choice needs it: its second, how sharp it is (any scale), and its
    small picture (SIDE, SIDE, 3) uint8."""

    second: float
    sharpness: float
    small: NDArray[Any]


def look_at(second: float, sharpness: float, pixels: NDArray[Any]) -> Look:
    """From a small picture (SIDE, SIDE, 3) uint8."""
    return Look(second, sharpness, pixels)


def difference(one: Look, other: Look) -> float:
    """How much two frames differ, 0..1: the mean difference of their small pictures."""
    return float(np.abs(one.small.astype(np.int16) - other.small).mean()) / 255


class Kept:
    """The looks that were kept, thousands of them for a long clip. Two pictures differ by at least
    as much as the means of their squares do, so these rule out nearly all at once."""

    def __init__(self) -> None:
        self._looks: list[Look] = []
        self._means = np.empty((64, 3 * (SIDE // SQUARE) ** 2), np.float32)

    def __len__(self) -> int:
        return len(self._looks)

    def add(self, look: Look) -> None:
        """One more."""
        if len(self) == len(self._means):
            self._means = np.concatenate((self._means, np.empty_like(self._means)))
        self._means[len(self)] = _means_of_squares(look)
        self._looks.append(look)

    def has_like(self, look: Look, different: float) -> bool:
        """Whether one of them differs by less than `different` (0..1) from a look."""
        apart = np.abs(self._means[: len(self)] - _means_of_squares(look)).mean(axis=1)
        near = np.flatnonzero(apart < different + 1e-6)
        return any(difference(look, self._looks[place]) < different for place in near)


def _means_of_squares(look: Look) -> NDArray[np.float32]:
    """(3 * (SIDE / SQUARE)^2,) in 0..1."""
    count = SIDE // SQUARE
    squares = look.small.reshape(count, SQUARE, count, SQUARE, 3)
    return squares.mean(axis=(1, 3), dtype=np.float32).ravel() / 255


class FrameChoice:
    """Takes looks in the order of time. A moment lasts `every` seconds, or until a cut; what
    differs less than `different` from a frame that was kept is passed over."""

    def __init__(self, every: float, different: float = DIFFERENT) -> None:
        self._every = every
        self._different = different
        self._best: Look | None = None
        self._last: Look | None = None
        self._ends = every
        self._kept = Kept()
        self._sharp: list[float] = []  # in rising order

    @property
    def best(self) -> Look | None:
        """The sharpest frame of the moment so far."""
        return self._best

    def take(self, look: Look) -> Look | None:
        """The frame to keep of the interval that ends with this look; None if none ends, or if no
        frame of it is worth keeping."""
        is_cut = self._last is not None and difference(self._last, look) >= CUT
        done = None
        if self._best is not None and (is_cut or look.second + 1e-6 >= self._ends):
            done = self.close()
            self._ends = max(self._ends, look.second + self._every * (not is_cut))
            if is_cut:
                self._ends = look.second + self._every
        if self._best is None or look.sharpness > self._best.sharpness:
            self._best = look
        self._last = look
        return done

    def close(self) -> Look | None:
        """The frame to keep of the last moment."""
        best = self._best
        self._best = None
        if best is None or not self._is_worth(best):
            return None
        self._kept.add(best)
        return best

    def _is_worth(self, look: Look) -> bool:
        """Sharp enough beside the others, and unlike all that were kept."""
        insort(self._sharp, look.sharpness)
        number = len(self._sharp)
        usual = (self._sharp[(number - 1) // 2] + self._sharp[number // 2]) / 2  # the median
        is_sharp = look.sharpness >= BLURRED * usual or not self._kept
        return is_sharp and not self._kept.has_like(look, self._different)


def chosen(looks: Iterable[Look], every: float, different: float = DIFFERENT) -> Iterator[Look]:
    """All that are kept of a clip."""
    choice = FrameChoice(every, different)
    for look in looks:
        found = choice.take(look)
        if found is not None:
            yield found
    last = choice.close()
    if last is not None:
        yield last
