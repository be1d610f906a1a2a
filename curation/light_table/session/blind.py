"""What a person may know about a photo that several people are asked about: none of the others'
answers before their own.

It covers every place where the photo can be seen: its own question, another one about it, a
shelf, the grid.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from curation.light_table.session.book import Book
from curation.light_table.session.questions import Item, answers
from curation.light_table.session.queue import Queue, pile_of
from data_cards.annotations.decision import Decision
from data_cards.annotations.disagreement import answer_of
from data_cards.annotations.overlap import PILES, Asking
from data_cards.dataset.schema import Finding, Label


class Blind:
    """Labels and decisions as one person may see them."""

    def __init__(self, book: Book, queue: Queue, asking: Asking) -> None:
        self._book = book
        self._queue = queue
        self._asking = asking
        self._before: dict[str, tuple[int, frozenset[str], Label]] = {}

    def labels(self, who: str) -> Mapping[str, Label]:
        """Every photo's label; if this person is still to be asked, the label from before anybody
        answered."""
        return _Seen(self, who) if self._queue.half_answered() else self._book.labels

    def is_half_answered(self, image_id: str) -> bool:
        """Whether somebody answered already and somebody else is still asked."""
        half = self._queue.half_answered()
        return any(f"{pile}/{image_id}" in half for pile in PILES)

    @property
    def now(self) -> Mapping[str, Label]:
        """The labels as they are."""
        return self._book.labels

    def label(self, who: str, image_id: str) -> Label | None:
        """One photo's label, likewise."""
        is_open = self.is_half_answered(image_id)
        hidden = (
            frozenset(one.id for one in self._hidden(who, image_id)) if is_open else frozenset()
        )
        if not hidden:
            return self._book.labels.get(image_id)
        known = self._before.get(image_id)
        version = self._book.version(image_id)
        if known is None or known[:2] != (version, hidden):
            known = self._before[image_id] = (
                version,
                hidden,
                self._book.label_without(image_id, hidden),
            )
        return known[2]

    def decisions(self, who: str, item: Item) -> list[Decision]:
        """What was decided about a photo, as far as this person may know it while they look at
        this question.

        As long as people differ about the photo, nothing: names would tell whom to believe.
        """
        dispute = f"conflicts/{item.image_id}"
        if item.key == dispute or (
            dispute in self._queue.items and not self._queue.is_settled(dispute)
        ):
            return []
        about = self._book.about(item.image_id)
        gone = {one.id for one in self._hidden(who, item.image_id)}
        return [one for one in about if one.id not in gone and (one.undoes or "") not in gone]

    def may_know(self, who: str, one: Decision) -> bool:
        """Whether this person may know of a decision: their own, and others' once neither they
        nor a third one is still to be asked."""
        if one.who == who or not one.image_id:
            return True
        dispute = f"conflicts/{one.image_id}"
        if dispute in self._queue.items and not self._queue.is_settled(dispute):
            return False
        if not self.is_half_answered(one.image_id):
            return True
        return one.id not in {other.id for other in self._hidden(who, one.image_id)}

    def _hidden(self, who: str, image_id: str) -> list[Decision]:
        """Others' answers to questions that this person is still to be asked, including those taken
        back."""
        asked = [
            item
            for item in self._queue.of_photo(image_id)
            if self._asking.is_shared(item.pile, image_id)
            and not self._queue.is_settled(item.key, who)
        ]
        if not asked:
            return []
        others = (
            one
            for one in self._book.about(image_id)
            if one.who != who and one.at >= self._asking.since
        )
        return [one for one in others if any(answers(one, item) for item in asked)]


class _Seen(Mapping[str, Label]):
    """The labels as one person may see them, worked out for the photos that are looked at."""

    def __init__(self, blind: Blind, who: str) -> None:
        self._blind = blind
        self._who = who
        self._now = blind.now

    def __getitem__(self, image_id: str) -> Label:
        now = self._now[image_id]
        return (
            (self._blind.label(self._who, image_id) or now)
            if self._blind.is_half_answered(image_id)
            else now
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._now)

    def __len__(self) -> int:
        return len(self._now)


def second_looks(book: Book, findings: Iterable[Finding], asking: Asking) -> list[Finding]:
    """Photos that still wait for another person's answer although the last scan asks nothing
    about them: it takes the first answer as settled."""
    asked = {one.image_id for one in findings if pile_of(one) in PILES}
    first = {one.image_id: one for one in book.standing() if answer_of(one) is not None}
    return [
        _second_look(one)
        for photo, one in first.items()
        if photo not in asked
        and asking.people_for(photo) > 1
        and not asking.is_enough(
            photo, (one for one in book.standing_about(photo) if answer_of(one))
        )
    ]


def _second_look(one: Decision) -> Finding:
    said = "Some photos are shown to more than one person. This is one of them."
    return Finding(one.image_id, "label", 0.5, said, scan_id=one.id)
