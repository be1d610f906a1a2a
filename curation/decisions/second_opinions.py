"""What visitors answered in the quiz, weighed: second opinions on photos, never labels.

    weighed(opinions, known, best)["9f2c..."]   Weighed(said=(("mug", 4), ("cup", 1)), ...)

CROWDLAB weighs everybody by how well they agree with the rest; known labels count as one more
person, so that people who guess get little weight (see `crowdlab.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from curation.decisions.agreement import Answers, table_of
from curation.decisions.crowdlab import chances_among, crowdlab, dawid_skene
from data_cards.annotations.decision import Decision

# So many visitors' answers weigh as much as what the scan found: one who was lucky moves little,
# five who agree much. A guess, whose effect `python -m benchmarks.curation annotators` prints.
AS_A_SCAN = 2.0
# A label that the scan found nothing about is asked about from so many visitors on, if together
# they are more sure than not that it is wrong.
FEWEST = 3
ASKED_FROM = 0.5
KNOWN = ""  # who answers where the label is known: no visitor's name is empty
Best = Callable[[str], Sequence[tuple[str, float]]]
ClassNow = Callable[[str | None], str | None]


@dataclass(frozen=True)
class Weighed:
    """Of one photo: `said` as (class, how many visitors), most first; the `likeliest` class and its
    `chance`, None where nothing can be weighed yet; `chances` of every class that was said."""

    said: tuple[tuple[str, int], ...]
    likeliest: str
    chance: float | None
    chances: Mapping[str, float] = field(default_factory=dict)

    @property
    def visitors(self) -> int:
        """How many answered."""
        return sum(count for _, count in self.said)


def weighed(
    opinions: Iterable[Decision],
    known: Mapping[str, str],
    best: Best = lambda image_id: (),
    class_now: ClassNow = lambda label: label,
) -> dict[str, Weighed]:
    """By photo. `known`: image_id -> label, for photos whose label nobody doubts; `best`: a few
    classes with chances from a model that had not seen the photo; `class_now`: what a class has
    become."""
    said = [(one.who, one.image_id, class_now(one.label) or "") for one in opinions]
    photos = {photo for _, photo, _ in said}
    sure = [(KNOWN, photo, known[photo]) for photo in sorted(photos) if photo in known]
    if not said:
        return {}
    table = table_of([*said, *sure])
    votes = {photo: Counter[str]() for photo in photos}
    # One person counts once about one photo, as in the table.
    for (_, photo), label in {(who, photo): label for who, photo, label in said}.items():
        votes[photo][label] += 1
    chances = _chances(table, best)
    found = {}
    for row, photo in enumerate(table.photos):
        mine = sorted(votes[photo].items(), key=lambda one: (-one[1], one[0]))
        place = None if chances is None else int(chances[row].argmax())
        found[photo] = Weighed(
            tuple(mine),
            mine[0][0] if place is None else table.classes[place],
            None if chances is None or place is None else float(chances[row][place]),
            {} if chances is None else dict(zip(table.classes, chances[row].tolist(), strict=True)),
        )
    return found


def doubt_with(score: float, found: Weighed, label: str) -> float:
    """How doubtful a label is, 0 to 1, after visitors answered: the scan's `score` (0 where it
    found nothing) and the chance that the label is wrong, the more of it the more have answered.

    >>> doubt_with(0.8, Weighed((("mug", 2),), "mug", 0.9, {"mug": 0.9, "cup": 0.1}), "mug")
    0.45
    """
    if found.chance is None:
        return score
    share = found.visitors / (found.visitors + AS_A_SCAN)
    return round((1 - share) * score + share * (1 - found.chances.get(label, 0.0)), 6)


def is_worth_asking(found: Weighed, label: str) -> bool:
    """Whether visitors alone are reason enough to ask about a label."""
    wrong = 1 - found.chances.get(label, 0.0)
    return found.chance is not None and found.visitors >= FEWEST and wrong > ASKED_FROM


def _chances(table: Answers, best: Best) -> np.ndarray | None:
    """(photos, classes), or None where no photo has two answers, or all answers are the same."""
    several = ((table.answers >= 0).sum(axis=1) > 1).any()
    if not several or len(table.classes) < 2:
        return None
    told = [best(photo) for photo in table.photos]
    if sum(map(bool, told)) * 2 > len(told):
        return crowdlab(table.answers, chances_among(table, told)).chances
    return dawid_skene(table.answers, len(table.classes)).chances
