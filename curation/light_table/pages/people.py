"""The page "people": what each annotator did and how far people agree; whether a photo is asked
of two.

Everybody sees their own figures, the owner everybody's. Only answers that people gave without
knowing of each other's count for agreement: what was said to settle a disagreement does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from curation.decisions.agreement import (
    Answers,
    Pair,
    by_class,
    krippendorff_alpha,
    pairs_of,
    table_of,
    votes_of,
    with_others,
)
from curation.decisions.crowdlab import chances_among, crowdlab, dawid_skene
from curation.light_table.session.history import decision_lines
from curation.light_table.session.table import LightTable
from data_cards.annotations.actions import CLASS_ACTIONS
from data_cards.annotations.decision import NONE_OF_THESE, Decision, now
from data_cards.annotations.disagreement import JUNK, answer_of, settles, settles_pair
from data_cards.annotations.ledger import merged_classes
from data_cards.annotations.overlap import Asking, asking_file
from data_cards.dataset.repo import Changes
from data_cards.errors import NotAllowed, VitrineError
from data_cards.wording import counted
from train.statistics.metrics import wilson

Values = dict[str, Any]
LEAST_SAY = (
    0.05  # a model's weight; with less, it is no better than always naming the commonest class
)
FEWEST = 20  # photos that others were asked about too, before anybody's quality is estimated
SHARES = (0.0, 0.1, 1.0)
HARD = 6
LATEST = 12  # settled disagreements on the page


class People:
    """One table's people. `is_owner`: who may see everybody's figures and choose how many are
    asked."""

    def __init__(
        self, table: LightTable, is_owner: Callable[[str], bool], clock: Callable[[], str] = now
    ) -> None:
        self._table = table
        self._is_owner = is_owner
        self._clock = clock

    def show(self, who: str, asked: Mapping[str, str] | None = None) -> Values:
        """The page's plain values for one person."""
        table = self._table
        with table.lock:
            decisions = table.book.standing()
            undone = table.book.undone()
            class_now = merged_classes(table.book.of_classes())
            opinions = table.records.opinions
            title = table.title
            asking = table.asking
            conflicts = table.queue.progress(who, "conflicts")
            half = len(table.queue.half_answered())
            settled = self._settled(who, decisions)
        answered = [
            (one.who, one.image_id, answer)
            for one in decisions
            if not settles(one)
            for answer in [class_now(answer_of(one))]
            if answer
        ]
        shared = asked_of_several(answered)
        quality, by_model = qualities(shared, opinions.best)
        rows = self._rows(decisions, undone, shared, quality, {who})
        is_owner = self._is_owner(who)
        return {
            "me": next(row for row in rows if row["who"] == who),
            "people": rows if is_owner else [],
            "pairs": [_told(pair, title) for pair in pairs_of(shared)] if is_owner else [],
            "alpha": krippendorff_alpha(shared.answers)
            if is_owner and len(shared.photos) >= FEWEST
            else None,
            "by_model": by_model,
            "hard": _hard(shared, title),
            "conflicts": conflicts.left,
            "settled": settled,
            "asking": {
                "share": asking.share,
                "people": asking.people,
                "half_answered": half,
                "may_choose": is_owner,
            },
        }

    def act(self, who: str, wanted: Mapping[str, Any]) -> Values:
        """Choose how many photos are asked of two people: a share of 0, 0.1 or 1. Kept in the
        dataset."""
        if not self._is_owner(who):
            raise NotAllowed(
                "Only the owner of the collection can choose how many people are asked."
            )
        share = wanted.get("share")
        if isinstance(share, bool) or share not in SHARES:
            raise VitrineError(
                "That is none of the choices. Load the page again; nothing was changed."
            )
        table = self._table
        with table.lock:
            chosen = asking_after(table.asking, float(share), table.book.moment())
        table.dataset.update(
            "Choose how many people are asked", lambda base: Changes(dict([asking_file(chosen)]))
        )
        table.refresh()
        return self.show(who)

    def _settled(self, who: str, decisions: Sequence[Decision]) -> list[Values]:
        """Disagreements that were settled, the latest first, and who said what: by this person;
        by anybody, for the owner. One that is open again is left out: names would suggest whom to
        believe."""
        table = self._table
        owns = self._is_owner(who)
        ended = (
            one.image_id
            for one in reversed(decisions)
            if (settles(one) or settles_pair(one)) and (owns or one.who == who)
        )
        photos = (
            photo
            for photo in dict.fromkeys(ended)
            if photo in table.records.photos and table.queue.is_settled(f"conflicts/{photo}")
        )
        return [
            {
                "image_id": photo,
                "lines": decision_lines(table.book.about(photo), table.book.stands, table.title),
            }
            for photo in islice(photos, LATEST)
        ]

    def _rows(
        self,
        decisions: Sequence[Decision],
        undone: Mapping[str, int],
        shared: Answers,
        quality: Mapping[str, float],
        people: set[str],
    ) -> list[Values]:
        mine = [one for one in decisions if one.action not in CLASS_ACTIONS]
        total = Counter(one.who for one in mine)
        day = self._clock()[:10]
        today = Counter(one.who for one in mine if one.at[:10] == day)
        asked_too = with_others(shared)
        rows = []
        for who in sorted({*total, *undone, *people}, key=str.casefold):
            photos, agreed = asked_too.get(who, (0, 0))
            right = quality.get(who)
            rows.append(
                {
                    "who": who,
                    "today": today[who],
                    "total": total[who],
                    "undone": undone.get(who, 0),
                    "shared": photos,
                    "agreed": agreed,
                    "said": words_for(right, photos),
                    "range": None if right is None else between(right, photos),
                }
            )
        return rows


def asking_after(before: Asking, share: float, moment: str) -> Asking:
    """What the owner chose now. Turned on, it begins with what is decided from now on."""
    return replace(
        before,
        share=share,
        since=before.since if before.share and share else moment if share else "",
    )


def asked_of_several(decision_lines: Iterable[tuple[str, str, str]]) -> Answers:
    """(who, photo, answer) in order -> the table of photos that more than one person answered."""
    rows = list(decision_lines)
    people: dict[str, set[str]] = {}
    for who, photo, _ in rows:
        people.setdefault(photo, set()).add(who)
    return table_of(row for row in rows if len(people[row[1]]) > 1)


def qualities(
    shared: Answers, best: Callable[[str], Sequence[tuple[str, float]]]
) -> tuple[dict[str, float], bool]:
    """Person -> estimated share of right answers, for whoever answered enough; and whether a
    model had a say.

    `best`: a few classes with chances, from a model that had not seen the photo. What they leave
    goes to all others.
    """
    enough = {who for who, (photos, _) in with_others(shared).items() if photos >= FEWEST}
    if not enough:
        return {}, False
    told = [best(photo) for photo in shared.photos]
    with_model = sum(map(bool, told)) * 2 > len(told) and len(shared.classes) > 1
    found = crowdlab(shared.answers, chances_among(shared, told)) if with_model else None
    if found is None or found.model < LEAST_SAY:
        # If two people differ and there is no third opinion, nothing can say who is right.
        if len(enough) < 3:
            return {}, False
        found = dawid_skene(shared.answers, len(shared.classes))
        with_model = False
    named = zip(shared.people, found.quality.tolist(), strict=True)
    return {
        who: min(1.0, value) for who, value in named if who in enough and np.isfinite(value)
    }, with_model


def words_for(quality: float | None, photos: int) -> str:
    """An estimate as a sentence that does not claim more than it rests on."""
    if quality is None and photos >= FEWEST:
        return (
            "We can't say yet who is right where two people differ: a third person, or a scan, "
            "will show."
        )
    if quality is None:
        number = counted(photos, "photo", none="no photo")
        return f"Not enough overlap yet: {number} that somebody else saw too; it takes {FEWEST}."
    low, high = between(quality, photos)
    return (
        f"Probably {low} to {high} of 100 answers are right, from "
        f"{counted(photos, 'photo')} that others saw too."
    )


def between(share: float, count: int) -> tuple[int, int]:
    """The 90 % interval of a share that was seen on `count` photos (Wilson 1927), in hundredths."""
    seen = wilson(share * count, count, 1.645)
    return round(100 * seen.low), round(100 * seen.high)


def _told(pair: Pair, title: Callable[[str], str]) -> Values:
    apart = [_named(answer, title) for answer in pair.apart[:2]] if pair.apart else []
    return {
        "one": pair.one,
        "other": pair.other,
        "shared": pair.shared,
        "agreed": pair.agreed,
        "kappa": pair.kappa if pair.shared >= FEWEST else None,
        "apart": apart,
        "times": pair.apart[2] if pair.apart else 0,
    }


def _hard(shared: Answers, title: Callable[[str], str]) -> list[Values]:
    """Where people agree least: classes, not persons."""
    votes = votes_of(shared.answers, len(shared.classes)) if shared.photos else np.empty((0, 0))
    together = Counter[tuple[int, int]]()
    for row in votes:
        named = np.flatnonzero(row)
        together.update((int(a), int(b)) for a in named for b in named if a != b)
    place = {name: n for n, name in enumerate(shared.classes)}
    hard: list[Values] = []
    for name, photos, agreed in by_class(shared):
        if agreed < photos and len(hard) < HARD:
            other = max(range(len(place)), key=lambda n: (together[place[name], n], -n))
            hard.append(
                {
                    "name": _named(name, title),
                    "photos": photos,
                    "agreed": agreed,
                    "against": _named(shared.classes[other], title),
                }
            )
    return hard


def _named(answer: str, title: Callable[[str], str]) -> str:
    return {NONE_OF_THESE: "none of these", JUNK: "junk"}.get(answer) or f"*{title(answer)}*"
