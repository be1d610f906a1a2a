"""The decisions so far, in memory: who said what about which photo, and the resulting labels. The
ledger's lines stay the truth; this copy makes a key on the light table cost only the fold of the
photos it touches and one line on the disk, never a pass over everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from data_cards.annotations.actions import CLASS_ACTIONS, LABEL_ANSWERS
from data_cards.annotations.decision import NONE_OF_THESE, Decision, now
from data_cards.annotations.ledger import EFFECTS, fold, in_order, kept_labels, standing
from data_cards.dataset.schema import Label

MOST_GIVEN = 9  # one for each digit


def any_may_go(step: Sequence[Decision], one: Decision) -> bool:
    """Any decision may be taken back."""
    return True


@dataclass
class _Step:
    """What stands of one step: classes that were added, other decisions; `others`: whether there
    ever were some."""

    added: int = 0
    left: int = 0
    others: bool = False

    def enter(self, is_added: bool, more: int) -> None:
        """One decision more stands, or one less."""
        if is_added:
            self.added += more
        else:
            self.left = self.left + more
            self.others = True

    @property
    def counts(self) -> bool:
        """Whether there is something to take back."""
        return self.left > 0 or (self.added > 0 and not self.others)


class Book:
    """Decisions by id, by photo and by person. `labels` follows every `write`."""

    def __init__(
        self,
        given: Mapping[str, Label],
        past: Iterable[Decision],
        keep: Callable[[Sequence[Decision]], None],
        clock: Callable[[], str] = now,
    ) -> None:
        """`given`: labels before any decision; `keep` returns once decisions are safely on the
        disk."""
        self._given = given
        self._keep = keep
        self._clock = clock
        self._version: dict[str, int] = {}
        self._changes = 0
        self.labels: dict[str, Label] = {}
        self._read(past)

    def _read(self, past: Iterable[Decision]) -> None:
        self._by_id: dict[str, Decision] = {}
        self._by_photo: dict[str, dict[str, Decision]] = {}
        self._steps: dict[str, dict[str, list[str]]] = {}
        self._left: dict[tuple[str, str], _Step] = {}
        self._depth: dict[str, int] = {}
        self._place: dict[str, str | None] = {}
        self._undos_of: dict[str, list[Decision]] = {}
        self._of_classes: dict[str, Decision] = {}
        ordered = in_order(past)
        for decision in ordered:
            self._enter(decision)
        self._latest = ordered[-1].at if ordered else ""
        self._undone: set[str] = set()
        self._mark(ordered)
        self._kept = kept_labels(self._given, ordered)
        self.labels.update(fold(self._given, ordered))
        self._touch(self._given)

    def moment(self) -> str:
        """Now, but always after everything that is in the book: the fold goes by time."""
        at = self._clock()
        if at <= self._latest:
            later = datetime.fromisoformat(self._latest) + timedelta(microseconds=1)
            at = later.isoformat(timespec="microseconds").replace("+00:00", "Z")
        return at

    def write(self, decisions: Sequence[Decision]) -> list[Decision]:
        """On disk first, then in mind. Ids that are known already are left out; returns the new
        ones."""
        new = [decision for decision in decisions if decision.id not in self._by_id]
        if new:
            self._keep(new)
        return self.learn(new)

    def learn(self, decisions: Sequence[Decision]) -> list[Decision]:
        """What is safe on the disk already, into mind; returns what was new."""
        new = in_order(one for one in decisions if one.id not in self._by_id)
        known = [one for one in decisions if one.id in self._by_id]
        if any(in_order([one, self._by_id[one.id]]) != [self._by_id[one.id]] for one in known):
            # Two lines with one id: every reader takes the same one, also who read the other
            # before.
            self._read([*self._by_id.values(), *decisions])
            return new
        for decision in new:
            self._enter(decision)
            self._latest = max(self._latest, decision.at)
        self._refold(new)
        return new

    def _enter(self, decision: Decision) -> None:
        self._by_id[decision.id] = decision
        self._file(decision)
        if decision.action == "undo":
            self._undos_of.setdefault(decision.undoes or "", []).append(decision)
        else:
            self._steps.setdefault(decision.who, {}).setdefault(decision.at, []).append(decision.id)
            self._count(decision, 1)

    def _file(self, decision: Decision) -> None:
        """Under its photo, or (None) under classes. An undo belongs where its decision does,
        whether or not it names the photo; one that came first moves there when the decision
        comes."""
        place = self._place_of(decision)
        if decision.id in self._place:
            if self._place[decision.id] == place:
                return
            self._filed_under(self._place[decision.id]).pop(decision.id)
        self._place[decision.id] = place
        self._filed_under(place)[decision.id] = decision
        for undo in self._undos_of.get(decision.id, ()):
            self._file(undo)

    def _place_of(self, decision: Decision) -> str | None:
        undone = self._undone_by(decision)
        if undone is None or undone.id not in self._place:
            return None if decision.action in CLASS_ACTIONS else decision.image_id
        return self._place[undone.id]

    def _undone_by(self, decision: Decision) -> Decision | None:
        """What an undo takes back; None for another decision, and as long as that one is not
        here."""
        return self._by_id.get(decision.undoes or "") if decision.action == "undo" else None

    def _filed_under(self, place: str | None) -> dict[str, Decision]:
        return self._of_classes if place is None else self._by_photo.setdefault(place, {})

    def _refold(self, new: Sequence[Decision]) -> None:
        """Labels of the photos that `new` can reach: its own, and those tied to them as
        duplicates."""
        if any(self._moves_labels(decision) for decision in new):
            touched = set(self._given)
        else:
            touched = self._tied({photo for one in new for photo in self._photos_of(one)})
        about = [one for photo in touched for one in self._by_photo.get(photo, {}).values()]
        about += self._of_classes.values()
        self._mark(about)
        given = {photo: self._given[photo] for photo in touched if photo in self._given}
        self.labels.update(fold(given, about))
        unnamed = [one.id for one in about if one.action == "keep" and not one.label]
        if unnamed:
            kept = kept_labels(given, about)
            self._kept = {
                name: label for name, label in self._kept.items() if name not in unnamed
            } | kept
        self._touch(touched)

    def _touch(self, photos: Iterable[str]) -> None:
        self._changes += 1
        self._version |= dict.fromkeys(photos, self._changes)

    def _moves_labels(self, decision: Decision) -> bool:
        """Whether it may change what any photo is called: a new name or text of a class does
        not."""
        if decision.id not in self._of_classes:
            return False
        changed = self._undone_by(decision) or decision
        return changed.action == "undo" or changed.action in EFFECTS

    @property
    def changes(self) -> int:
        """Another number whenever anything was decided."""
        return self._changes

    def given_by(self, who: str) -> list[str]:
        """The classes this person gave, the latest first, each once."""
        given: dict[str, None] = {}
        for ids in reversed(self._steps.get(who, {}).values()):
            for one in (self._by_id[name] for name in ids if name not in self._undone):
                if one.label and one.action in LABEL_ANSWERS and one.label != NONE_OF_THESE:
                    given[one.label] = None
            if len(given) >= MOST_GIVEN:
                break
        return list(given)

    def version(self, image_id: str) -> int:
        """Another number whenever something that may concern this photo was decided."""
        return self._version.get(image_id, 0)

    def label_without(self, image_id: str, left_out: Container[str]) -> Label:
        """The label of a photo if these decisions (ids) had never been made."""
        touched = self._tied({image_id})
        of_photos = [one for photo in touched for one in self._by_photo.get(photo, {}).values()]
        about = [*self._of_classes.values(), *of_photos]
        given = {photo: self._given[photo] for photo in touched if photo in self._given}
        return fold(given, (one for one in about if one.id not in left_out))[image_id]

    def _mark(self, decisions: Sequence[Decision]) -> None:
        """Which of these stand, and how many steps that leaves to each person."""
        stand = {one.id for one in standing(decisions)}
        for one in decisions:
            if one.action == "undo" or (one.id in stand) == (one.id not in self._undone):
                continue
            (self._undone.discard if one.id in stand else self._undone.add)(one.id)
            self._count(one, 1 if one.id in stand else -1)

    def _count(self, one: Decision, more: int) -> None:
        """A step counts as long as anything of it stands; a class that was added for its photos
        may stay."""
        step = self._left.setdefault((one.who, one.at), _Step())
        before = step.counts
        step.enter(one.action == "add_class", more)
        self._depth[one.who] = self._depth.get(one.who, 0) + step.counts - before

    def _photos_of(self, decision: Decision) -> list[str]:
        undone = self._undone_by(decision) or decision
        return [photo for photo in (self._place[undone.id], undone.other) if photo]

    def _tied(self, photos: set[str]) -> set[str]:
        reached = set(photos)
        front = list(photos)
        while front:
            for decision in self._by_photo.get(front.pop(), {}).values():
                fresh = set(self._photos_of(decision)) - reached
                reached |= fresh
                front += fresh
        return reached

    def find(self, decision_id: str) -> Decision | None:
        """A decision by its id."""
        return self._by_id.get(decision_id)

    def stands(self, decision: Decision) -> bool:
        """Whether the decision stands, that is, was not taken back."""
        return decision.id not in self._undone

    def undos_of(self, name: str) -> list[str]:
        """The ids of the undos that keep a decision from standing; none while it stands."""
        if name not in self._undone:
            return []
        return [one.id for one in self._undos_of.get(name, ()) if one.id not in self._taken_back()]

    def _taken_back(self) -> set[str]:
        """Undos that were undone themselves."""
        undos = {one.id for some in self._undos_of.values() for one in some}
        return {name for name in undos if self._undos_of.get(name)}

    def decisions(self) -> list[Decision]:
        """Everything decided, taken back or not, the latest first; without the undos."""
        every = (self._spelled(one) for one in self._by_id.values() if one.action != "undo")
        return sorted(every, key=lambda one: one.order, reverse=True)

    def about(self, image_id: str) -> list[Decision]:
        """Everything decided about a photo, taken back or not, oldest first."""
        decisions = map(self._spelled, self._by_photo.get(image_id, {}).values())
        return sorted(decisions, key=lambda decision: decision.order)

    def standing_about(self, image_id: str) -> list[Decision]:
        """What was decided about a photo and not taken back, oldest first; without the undos."""
        return [one for one in self.about(image_id) if one.action != "undo" and self.stands(one)]

    def _spelled(self, one: Decision) -> Decision:
        """A decision with the label that it kept without naming it."""
        return replace(one, label=self._kept[one.id]) if one.id in self._kept else one

    def of_classes(self) -> list[Decision]:
        """Every decision that added, renamed or merged a class, and what took these back."""
        return list(self._of_classes.values())

    def standing(self) -> list[Decision]:
        """Every decision that nobody took back, without the undos themselves."""
        return [
            self._spelled(one)
            for one in self._by_id.values()
            if one.action != "undo" and self.stands(one)
        ]

    def undone(self) -> dict[str, int]:
        """Person -> how many of their decisions were taken back."""
        return dict(Counter(self._by_id[name].who for name in self._undone if name in self._by_id))

    def last_step(
        self,
        who: str,
        may_go: Callable[[Sequence[Decision], Decision], bool] = any_may_go,
    ) -> list[Decision]:
        """What this person did last and did not take back: one decision, or a whole batch.
        `may_go(step, decision)`: whether one may be taken back at all; a step of which none may
        is passed over."""
        for at, ids in reversed(self._steps.get(who, {}).items()):
            left = [self._by_id[i] for i in ids if i not in self._undone]
            going = [one for one in left if may_go(left, one)]
            if going and self._left[who, at].counts:
                return going
        return []

    def depth(self, who: str) -> int:
        """How many steps this person can take back."""
        return self._depth.get(who, 0)
