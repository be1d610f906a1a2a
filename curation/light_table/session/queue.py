"""What an annotator sees next: the order of questions, who holds which, and what is done.

Pure bookkeeping in memory, no files and no clock of its own: the table rebuilds it from the
findings and the ledger, so a restart changes nothing that a person decided. Moments (`now`) are
seconds on any clock that only goes forward.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from curation.light_table.session.leases import Leases
from curation.light_table.session.questions import (
    PAIRS,
    PILES,
    Item,
    most_doubtful,
    pile_of,
    questions,
)

__all__ = ["PAIRS", "PILES", "Item", "Progress", "Queue", "pile_of", "questions"]
LEASE_SECONDS = 120.0


@dataclass(frozen=True)
class Progress:
    """How far a pile is: `done` of `total` questions; `left` are open for this person."""

    done: int
    total: int
    left: int


class Queue:
    """The piles, who holds what, and what is done. Every call costs about what it returns.

    A photo lies before one person at a time, whatever the question: whoever holds one holds the
    photos that it shows.
    """

    def __init__(self, items: Sequence[Item], lease_seconds: float = LEASE_SECONDS) -> None:
        self.items: dict[str, Item] = {item.key: item for item in items}
        self._order = {pile: [i.key for i in items if i.pile == pile] for pile in PILES}
        self._start: dict[tuple[str, str], int] = {}
        self._place = {key: n for keys in self._order.values() for n, key in enumerate(keys)}
        self._settled: set[str] = set()
        self._done = dict.fromkeys(PILES, 0)
        self._leases = Leases(lease_seconds)
        self._front: dict[str, dict[str, None]] = {}
        self._skipped: dict[str, dict[str, None]] = {}
        self._handed_on: dict[str, set[str]] = {}
        self._answered: dict[str, set[str]] = {}
        self._half: dict[str, None] = {}
        self._gave: dict[tuple[str, str], set[str]] = {}

    def of_photo(self, image_id: str) -> list[Item]:
        """Every question about one photo."""
        keys = (f"{pile}/{image_id}" for pile in PILES)
        return [self.items[key] for key in keys if key in self.items]

    def take(self, who: str, pile: str, count: int, now: float) -> list[Item]:
        """The next `count` questions for this person, leased to them from `now` on.

        What they took back comes first, what they skipped last; what they handed on or answered,
        and what shows a photo that others hold, not at all.
        """
        front = self._front[who] = {
            key: None for key in self._front.get(who, ()) if key not in self._settled
        }
        taken = [*self._free_of(front, who, pile, now), *self._scan(who, pile, count, now)]
        taken = list(
            dict.fromkeys([*taken, *self._free_of(self._skipped.get(who, {}), who, pile, now)])
        )[:count]
        for key in taken:
            self._leases.give(key, self.items[key].photos, who, now)
        return [self.items[key] for key in taken]

    def take_these(self, who: str, keys: Sequence[str], count: int, now: float) -> list[Item]:
        """The first of these questions that are open and free, whatever their piles, leased to
        this person; what they skipped last."""
        skipped = self._skipped.get(who, {})
        known = [key for key in keys if key in self.items]
        order = [*(k for k in known if k not in skipped), *(k for k in known if k in skipped)]
        taken: list[Item] = []
        for key in order:
            if len(taken) < count and self._free(key, who, now):
                self._leases.give(key, self.items[key].photos, who, now)
                taken.append(self.items[key])
        return taken

    def _free_of(self, keys: Iterable[str], who: str, pile: str, now: float) -> list[str]:
        mine = (key for key in keys if key in self.items and self.items[key].pile == pile)
        return [key for key in mine if self._free(key, who, now)]

    def _scan(self, who: str, pile: str, count: int, now: float) -> list[str]:
        order = self._order[pile]
        skipped = self._skipped.get(who, {})
        start = self._start.get((who, pile), 0)
        while start < len(order) and self._is_closed(order[start], who):
            start += 1
        self._start[who, pile] = start
        taken: list[str] = []
        for place in range(start, len(order)):
            if len(taken) >= count:
                break
            if order[place] not in skipped and self._free(order[place], who, now):
                taken.append(order[place])
        return taken

    def _is_closed(self, key: str, who: str) -> bool:
        return (
            key in self._settled
            or key in self._handed_on.get(who, ())
            or who in self._answered.get(key, ())
        )

    def _free(self, key: str, who: str, now: float) -> bool:
        if self._is_closed(key, who):
            return False
        return self._leases.is_free(self.items[key].photos, who, now)

    def put_first(self, pile: str, keys: Sequence[str]) -> None:
        """These questions come before the others of their pile, in this order. Costs a pass over
        the pile."""
        first = dict.fromkeys(key for key in keys if key in self.items)
        self._order[pile] = [*first, *(key for key in self._order[pile] if key not in first)]
        self._place |= {key: n for n, key in enumerate(self._order[pile])}
        self._start = {at: start for at, start in self._start.items() if at[1] != pile}

    def weigh_anew(self, items: Sequence[Item]) -> None:
        """Questions with other scores, and new ones: their piles are put into order again, and what
        was answered stays so. Costs a pass over these piles."""
        for item in items:
            if item.key in self.items:
                self.items[item.key] = item
            else:
                self.put(item)
        for pile in {item.pile for item in items}:
            order = sorted((self.items[key] for key in self._order[pile]), key=most_doubtful)
            self.put_first(pile, [item.key for item in order])

    def reserve(self, who: str, keys: Iterable[str], now: float) -> bool:
        """Questions that are decided together: the open ones are leased to this person, all of
        them or none."""
        wanted = [key for key in keys if key in self.items and key not in self._settled]
        if not wanted or not all(self._free(key, who, now) for key in wanted):
            return False
        for key in wanted:
            self._leases.give(key, self.items[key].photos, who, now)
        return True

    def let_go(self, who: str) -> None:
        """Give back what this person holds (they left, or took another pile)."""
        self._leases.let_go(who)

    def answer(self, key: str, who: str) -> None:
        """This person answered; others are still asked, and are not told."""
        if key in self.items:
            self._answered.setdefault(key, set()).add(who)
            self._half[key] = None
            self._gave.setdefault((who, self.items[key].pile), set()).add(key)
            self._handed_on.get(who, set()).discard(key)
            self._leases.end(key, who)

    def settle(self, key: str) -> None:
        """A question is answered; nobody is asked again."""
        if key in self.items and key not in self._settled:
            self._settled.add(key)
            self._done[self.items[key].pile] += 1
            self._forget(key)

    def _forget(self, key: str) -> None:
        self._leases.end(key)
        self._half.pop(key, None)
        for who in self._answered.get(key, ()):
            self._gave[who, self.items[key].pile].discard(key)

    def reopen(self, key: str, who: str, now: float) -> None:
        """This person's answer was undone: the question is open again, and lies before whoever
        undid it."""
        if key not in self.items:
            return
        pile = self.items[key].pile
        if key in self._settled:
            self._unsettle(key)
        for other in self._answered.get(key, ()):
            self._gave[other, pile].add(key)
        self._answered.get(key, set()).discard(who)
        if self._answered.get(key):
            self._half[key] = None
        else:
            self._half.pop(key, None)
        self._gave.get((who, pile), set()).discard(key)
        self._handed_on.get(who, set()).discard(key)
        self._look_again_at(key)
        self.unskip(who, key)
        if self._free(key, who, now):
            self._leases.give(key, self.items[key].photos, who, now)

    def _unsettle(self, key: str) -> None:
        pile = self.items[key].pile
        self._settled.remove(key)
        self._done[pile] -= 1
        self._look_again_at(key)

    def _look_again_at(self, key: str) -> None:
        """Move every person's cursor back, so that this question is found again."""
        pile = self.items[key].pile
        for who, other in self._start:
            if other == pile:
                self._start[who, other] = min(self._start[who, other], self._place[key])

    def is_settled(self, key: str, who: str | None = None) -> bool:
        """Whether the question is answered: by everybody who was asked, or by this person."""
        return key in self._settled or (who is not None and who in self._answered.get(key, ()))

    def is_open(self, key: str, who: str) -> bool:
        """Whether this person is still to answer it: what `progress` counts as left."""
        return key in self.items and not self._is_closed(key, who)

    def half_answered(self) -> Collection[str]:
        """Open questions that somebody has answered already."""
        return self._half.keys()

    def skip(self, who: str, key: str) -> None:
        """Not now: the question goes to the end of this person's pile, and is free for others."""
        if key in self.items:
            skipped = self._skipped.setdefault(who, {})
            skipped.pop(key, None)
            skipped[key] = None
            self._front.get(who, {}).pop(key, None)
            self._leases.end(key, who)

    def unskip(self, who: str, key: str) -> None:
        """Back before this person."""
        self._skipped.get(who, {}).pop(key, None)
        self._front[who] = {key: None} | self._front.get(who, {})

    def hand_on(self, who: str, key: str) -> None:
        """This person does not know; somebody else is asked."""
        if key in self.items:
            self._handed_on.setdefault(who, set()).add(key)
            self._leases.end(key, who)

    def put(self, item: Item) -> None:
        """One more question, open, at the end of its pile; one of the same name gives way to it."""
        if item.key not in self.items:
            self._place[item.key] = len(self._order[item.pile])
            self._order[item.pile].append(item.key)
        elif item.key in self._settled:
            self._unsettle(item.key)
        self._leases.end(item.key)
        self.items[item.key] = item

    def drop(self, key: str) -> None:
        """A question that has lost its reason. Costs a pass over its pile."""
        if key not in self.items:
            return
        self._forget(key)
        pile = self.items.pop(key).pile
        self._settled.discard(key)
        self._answered.pop(key, None)
        for people in (*self._skipped.values(), *self._front.values()):
            people.pop(key, None)
        for handed_on in self._handed_on.values():
            handed_on.discard(key)
        self._order[pile].remove(key)
        self._place |= {other: n for n, other in enumerate(self._order[pile])}
        self._done[pile] = sum(other in self._settled for other in self._order[pile])
        self._start = {
            (who, other): start for (who, other), start in self._start.items() if other != pile
        }

    def take_over(self, before: Queue) -> None:
        """After a new scan: whoever held, skipped or took back something keeps it, and it still
        comes first."""
        self._front = {who: dict(keys) for who, keys in before._front.items()}
        for key, lease in before._leases:
            if key in self.items and key not in self._settled:
                self._leases.set(key, self.items[key].photos, lease)
                self._front.setdefault(lease[0], {})[key] = None
        self._skipped = {
            who: {key: None for key in keys if key in self.items}
            for who, keys in before._skipped.items()
        }
        for who, keys in self._skipped.items():
            self._front[who] = {key: None for key in self._front.get(who, ()) if key not in keys}

    def progress(self, who: str, pile: str) -> Progress:
        """Counts of one pile, as this person sees it: their own answers count, whoever else is
        still asked."""
        total = len(self._order[pile])
        done = self._done[pile] + len(self._gave.get((who, pile), ()))
        waiting = sum(
            1
            for key in self._handed_on.get(who, ())
            if key not in self._settled and self.items[key].pile == pile
        )
        return Progress(done, total, total - done - waiting)
