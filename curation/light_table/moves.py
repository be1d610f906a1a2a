"""What a key on the light table does: a decision in the book, and the questions it settles or opens again.

A move comes from a browser: `{"id": ULID made there, "do": action | skip | undo, "key": question, ...}`. The id makes
it safe to send twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, count
from typing import Any

from ulid import ULID

from curation.classes import changed_collection
from curation.decision import CLASS_ACTIONS, PHOTO_ACTIONS, Decision, parse_decision
from curation.light_table.book import Book
from curation.light_table.placard import Records
from curation.light_table.queue import Item, Queue
from data_cards.collection import Collection, class_id_from
from data_cards.errors import BadDecision
from data_cards.rows import Label

Move = Mapping[str, Any]
SETTLES_EVERYTHING = ("junk", "duplicate_of")
LONGEST_TITLE = 80
ABOUT_PAIRS = ("duplicate_of", "not_duplicate")


class Moves:
    """Carries moves out on one book and one queue. Not safe for threads: the table holds the lock."""

    def __init__(self, book: Book, queue: Queue, records: Records, clock: Callable[[], float]) -> None:
        self._book, self._queue, self._records, self._clock = book, queue, records, clock
        self._given = records.collection
        records.collection = self._classes()
        self._skips: dict[str, list[tuple[str, str]]] = {}
        self._undos: dict[str, list[str]] = {}
        for decision in book.standing():
            self._settle(decision)

    def step(self, who: str, group: Sequence[Move]) -> list[str]:
        """One step of a person: one move, or several that are taken back together.

        Returns the questions that are open again (after an undo). On disk when it returns.
        Raises BadDecision, UnknownClass, DiskFull; then nothing of the group counts.
        """
        wanted = {str(move.get("do")) for move in group}
        if wanted == {"skip"}:
            return self._skip(who, [str(move.get("key")) for move in group])
        if wanted == {"undo"}:
            return self._undo(who, str(group[0].get("id")))
        at, decisions = self._book.moment(), list[Decision]()
        for move in group:
            decisions += self._decisions(who, move, at, decisions)
        for decision in self._book.write(decisions):
            self._settle(decision)
        self._name_classes(decisions)
        return []

    def _decisions(self, who: str, move: Move, at: str, before: Sequence[Decision]) -> list[Decision]:
        """What a move decides; `before`: what its group decided so far: a class can be added and given at once."""
        added = [one for one in before if one.action in CLASS_ACTIONS]
        things = self._classes(added) if added else self._records.collection
        if move.get("do") == "add_class":
            return self._added(who, move, at, things)
        return [self._decision(who, move, at, things)]

    def _added(self, who: str, move: Move, at: str, things: Collection) -> list[Decision]:
        title = " ".join(str(move.get("title", "")).split())
        if not title or len(title) > LONGEST_TITLE or not move.get("id"):
            raise BadDecision(f"A class needs a name of at most {LONGEST_TITLE} letters.")
        if any(info.title == title for info in things.classes):
            return []
        name = class_id_from(title)
        free = next(other for other in chain([name], (f"{name}-{i}" for i in count(2))) if other not in things)
        row = {"id": move["id"], "at": at, "who": who, "action": "add_class", "label": free, "title": title}
        return [parse_decision(row)]

    def _classes(self, more: Sequence[Decision] = ()) -> Collection:
        """The collection after every decision about classes."""
        return changed_collection(self._given, [*self._book.of_classes(), *more])

    def _name_classes(self, decisions: Sequence[Decision]) -> None:
        if any(one.action in (*CLASS_ACTIONS, "undo") for one in decisions):
            self._records.collection = self._classes()

    def depth(self, who: str) -> int:
        """How many steps this person can take back."""
        return self._book.depth(who) + len(self._skips.get(who, ()))

    def _decision(self, who: str, move: Move, at: str, things: Collection) -> Decision:
        known = self._book.find(str(move.get("id")))
        if known is not None and known.who == who:
            return known
        if known is not None or move.get("do") not in PHOTO_ACTIONS or not move.get("id"):
            raise BadDecision("The light table did not understand that. Load the page again; nothing was changed.")
        item = self._queue.items.get(str(move.get("key", "")))
        image_id = str(move.get("image_id") or (item.image_id if item else ""))
        for photo in (image_id, move.get("other")):
            if photo is not None and photo not in self._records.photos:
                raise BadDecision("This photo is not in the collection any more.", image_id=image_id)
        row = {**self._told(item, image_id), **self._labels(move, image_id)}
        row |= {"id": move.get("id"), "at": at, "who": who, "image_id": image_id, "action": move.get("do")}
        # A class that is gone may still be kept: that is no new use of it.
        known_classes = None if move.get("do") == "keep" else things
        return parse_decision({key: value for key, value in row.items() if value}, known_classes)

    def _told(self, item: Item | None, image_id: str) -> dict[str, str]:
        """Which finding asked, and which model the person saw: none, for a photo of the sealed test."""
        if item is None:
            return {}
        first, sealed = item.first, self._records.is_sealed(image_id)
        asked = first.scan_id if first.kind == "visitor" else f"{first.scan_id}/{first.kind}"
        return {"finding": asked, "model_revision": "" if sealed else first.model_revision}

    def _labels(self, move: Move, image_id: str) -> dict[str, Any]:
        before = self._records.labels.get(image_id, Label(image_id, None, "unlabelled")).label
        after = before if move.get("do") == "keep" else move.get("label")
        return {"label_before": before, "label": after, "other": move.get("other")}

    def _settle(self, decision: Decision) -> None:
        for photo in filter(None, (decision.image_id, decision.other)):
            for item in self._queue.of_photo(photo):
                if decision.action == "unsure":
                    self._queue.hand_on(decision.who, item.key)
                elif answers(decision, item):
                    self._queue.settle(item.key)

    def _skip(self, who: str, keys: Sequence[str]) -> list[str]:
        for key in keys:
            self._queue.skip(who, key)
            self._skips.setdefault(who, []).append((self._book.moment(), key))
        return []

    def _undo(self, who: str, undo_id: str) -> list[str]:
        """Take back this person's last step, unless this very undo was carried out before."""
        if undo_id in self._undos or self._book.find(undo_id):
            return self._undos.get(undo_id, [])
        skips, step = self._skips.get(who, []), [one for one in self._book.last_step(who) if self._may_go(one)]
        if skips and (not step or skips[-1][0] >= step[0].at):
            keys = [skips.pop()[1]]
            self._queue.unskip(who, keys[0])
        else:
            keys = self._take_back(who, undo_id, step)
        self._undos[undo_id] = keys
        return keys

    def _may_go(self, one: Decision) -> bool:
        """A class stays when a photo beside those of its own step wears it by now."""
        if one.action != "add_class":
            return True
        mine = {decision.image_id for decision in self._book.last_step(one.who)}
        return not any(row.label == one.label for photo, row in self._records.labels.items() if photo not in mine)

    def _take_back(self, who: str, undo_id: str, step: Sequence[Decision]) -> list[str]:
        if not step:
            raise BadDecision("There is nothing left to take back.")
        ids = [undo_id, *(str(ULID()) for _ in step[1:])]
        row = {"at": self._book.moment(), "who": who, "action": "undo"}
        undos = [{**row, "id": i, "image_id": one.image_id, "undoes": one.id} for i, one in zip(ids, step, strict=True)]
        decisions = [parse_decision(undo) for undo in undos]
        self._book.write(decisions)
        self._name_classes(decisions)
        return list(dict.fromkeys(key for decision in step for key in self._reopen(who, decision)))

    def _reopen(self, who: str, undone: Decision) -> list[str]:
        """The questions that nothing answers any more, the one that was asked last: it is shown first."""
        keys = []
        for photo in filter(None, (undone.other, undone.image_id)):
            left = [one for one in self._book.about(photo) if one.action != "undo" and self._book.stands(one)]
            items = [item for item in self._queue.of_photo(photo) if not any(answers(one, item) for one in left)]
            keys += [item.key for item in sorted(items, key=lambda item: _asked(undone, item))]
        for key in keys:
            self._queue.reopen(key, who, self._clock())
        return keys[::-1]


def answers(decision: Decision, item: Item) -> bool:
    """Whether a decision settles a question: the one that was asked, and those that it makes pointless."""
    if decision.action == "unsure":
        return False
    if decision.image_id != item.image_id or decision.action == "not_duplicate":
        return decision.action in ABOUT_PAIRS and item.pile in ("duplicates", "leaks")
    if decision.action in SETTLES_EVERYTHING or not decision.finding:
        return True
    if decision.action in ("relabel", "none_of_these") and item.pile == "labels":
        return True
    return _asked(decision, item)


def _asked(decision: Decision, item: Item) -> bool:
    scan_id, _, kind = decision.finding.rpartition("/")
    if not scan_id:
        return any(finding.kind == "visitor" and finding.scan_id == kind for finding in item.findings)
    return any(finding.kind == kind for finding in item.findings)
