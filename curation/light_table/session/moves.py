"""What a key on the light table does: a decision in the book, and the questions it settles or
opens again.

A move comes from a browser: `{"id": ULID made there, "do": action | skip | undo, "key":
question, ...}`. The id makes it safe to send twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ulid import ULID

from curation.light_table.session.blind import Blind
from curation.light_table.session.book import Book
from curation.light_table.session.class_moves import class_decisions
from curation.light_table.session.placard import Records
from curation.light_table.session.questions import Item, answers, asked
from curation.light_table.session.queue import Queue
from data_cards.annotations.actions import CLASS_ACTIONS, PAIR_ACTIONS, PHOTO_ACTIONS
from data_cards.annotations.class_edits import changed_collection
from data_cards.annotations.decision import CARDS, NONE_OF_THESE, Decision, parse_decision
from data_cards.annotations.disagreement import (
    JUNK,
    KIND,
    PAIR,
    Disagreement,
    disagreement,
    filed_under,
    pair_disagreement,
    pairs_in,
    settles,
    settles_pair,
)
from data_cards.annotations.ledger import merged_classes
from data_cards.annotations.overlap import ONE_EACH, Asking
from data_cards.dataset.class_names import name_key
from data_cards.dataset.collection import Collection
from data_cards.dataset.schema import Finding, Label
from data_cards.errors import BadDecision

Move = Mapping[str, Any]
NOT_UNDERSTOOD = (
    "The light table did not understand that. Load the page again; nothing was changed."
)
# What a move names by a text; `card` and `before` hold fields.
TEXTS = frozenset(Decision.__dataclass_fields__) - set(CARDS) | {"do", "key"}
COPY_OR_NOT = "One person says that these are copies of one shot, another says that they are not."
# Naming many photos on a sheet says what they show, and nothing about copies or quality.
ON_THE_SHEET = "sheet/unlabelled"
ASKS_FOR_CLASS = ("labels", "unlabelled", "visitors")


class Moves:
    """Carries moves out on one book and one queue. Not safe for threads: the table holds the
    lock."""

    def __init__(
        self,
        book: Book,
        queue: Queue,
        records: Records,
        clock: Callable[[], float],
        asking: Asking = ONE_EACH,
    ) -> None:
        self._book = book
        self._queue = queue
        self._records = records
        self._clock = clock
        self._asking = asking
        self.blind = Blind(book, queue, asking)
        self._given = records.collection
        records.collection = self._classes()
        self._skips: dict[str, list[tuple[str, str]]] = {}
        self._undos: dict[str, list[str]] = {}
        standing = book.standing()
        for decision in standing:
            self._settle(decision)
        self._find_conflicts(
            {photo for one in standing for photo in (one.image_id, one.other) if photo}
        )

    def step(self, who: str, group: Sequence[Move]) -> list[str]:
        """One step of a person: one move, or several that are taken back together.

        Returns the questions that are open again (after an undo). On disk when it returns.
        Raises BadDecision, UnknownClass, DiskFull; then nothing of the group counts.
        """
        for move in group:
            _check_is_text(move)
        wanted = {str(move.get("do")) for move in group}
        if wanted == {"skip"}:
            return self._skip(who, [str(move.get("key")) for move in group])
        if wanted == {"undo"}:
            return self._undo(who, str(group[0].get("id")))
        at = self._book.moment()
        decisions = list[Decision]()
        for move in group:
            decisions += self._decisions(who, move, at, decisions)
        for decision in self._book.write(decisions):
            self._settle(decision)
        self._name_classes(decisions)
        self._follow_conflicts(decisions)
        return []

    def _decisions(
        self, who: str, move: Move, at: str, before: Sequence[Decision]
    ) -> list[Decision]:
        """What a move decides; `before`: what its group decided so far: a class can be added and
        given at once."""
        added = [one for one in before if one.action in CLASS_ACTIONS]
        things = self._classes(added) if added else self._records.collection
        known = self._book.find(str(move.get("id")))
        if move.get("do") in CLASS_ACTIONS and known is None:
            return class_decisions(who, move, at, things, self._book.of_classes())
        new_classes = {
            name_key(one.title): one.label or "" for one in added if one.action == "add_class"
        }
        return [self._decision(who, move, at, things, new_classes)]

    def _classes(self, more: Sequence[Decision] = ()) -> Collection:
        """The collection after every decision about classes."""
        return changed_collection(self._given, [*self._book.of_classes(), *more])

    def _name_classes(self, decisions: Sequence[Decision]) -> None:
        if any(one.action in (*CLASS_ACTIONS, "undo") for one in decisions):
            self._records.collection = self._classes()

    def take_over(self, before: Moves) -> None:
        """After a new scan: what people skipped can still be brought back, and no undo counts
        twice."""
        self._skips = before._skips
        self._undos = before._undos

    def depth(self, who: str) -> int:
        """How many steps this person can take back."""
        return self._book.depth(who) + len(self._skips.get(who, ()))

    def _decision(
        self, who: str, move: Move, at: str, things: Collection, new_classes: Mapping[str, str]
    ) -> Decision:
        """`new_classes`: ids by `name_key` of what the same step added. A title may read like
        another class's id."""
        known = self._book.find(str(move.get("id")))
        if known is not None and known.who == who:
            return known
        if known is not None or move.get("do") not in PHOTO_ACTIONS or not move.get("id"):
            raise BadDecision(NOT_UNDERSTOOD)
        item = self._queue.items.get(str(move.get("key", "")))
        image_id = str(move.get("image_id") or (item.image_id if item else ""))
        for photo in (image_id, move.get("other")):
            if photo is not None and photo not in self._records.photos:
                raise BadDecision("This photo is no longer in the collection.", image_id=image_id)
        row = {**self._told(item, image_id, move), **self._labels(who, move, image_id)}
        row |= {
            "note": move.get("note"),
            "frame": move.get("frame"),
            "id": move.get("id"),
            "at": at,
            "who": who,
            "image_id": image_id,
            "action": move.get("do"),
        }
        # A photo may keep a class that no longer exists: that is not a new use of it.
        known_classes = None if move.get("do") == "keep" else things
        row["label"] = new_classes.get(name_key(row["label"] or ""), row["label"])
        return parse_decision({key: value for key, value in row.items() if value}, known_classes)

    def _told(self, item: Item | None, image_id: str, move: Move) -> dict[str, str]:
        """Which finding asked, and what the model said to the person: nothing, for a photo of
        the sealed test."""
        if item is None:
            return {"finding": ON_THE_SHEET} if move.get("key") == "sheet" else {}
        first = item.first
        silent = self._records.is_sealed(image_id) or item.pile == "conflicts"
        asked_by = first.scan_id if first.kind == "visitor" else f"{first.scan_id}/{first.kind}"
        best = next(iter(self._records.opinions.best(image_id)), (first.suggested_label or "", 0.0))
        told = {
            "model_revision": first.model_revision,
            "shown": best[0] if item.pile in ASKS_FOR_CLASS else "",
        }
        return {"finding": asked_by, **({} if silent else told)}

    def _labels(self, who: str, move: Move, image_id: str) -> dict[str, Any]:
        """The label that this person saw, and the one they give: who keeps a label keeps the one
        they saw."""
        seen = self.blind.label(who, image_id) or Label(image_id, None, "unlabelled")
        kept = NONE_OF_THESE if seen.status == "none_of_these" else seen.label
        after = kept if move.get("do") == "keep" else move.get("label")
        return {"label_before": seen.label, "label": after, "other": move.get("other")}

    def _settle(self, decision: Decision) -> None:
        for photo in filter(None, (decision.image_id, decision.other)):
            for item in self._queue.of_photo(photo):
                if decision.action == "unsure":
                    self._queue.hand_on(decision.who, item.key)
                elif answers(decision, item):
                    self._answer(decision, item)

    def _answer(self, decision: Decision, item: Item) -> None:
        if self._asking.is_shared(item.pile, item.image_id):
            self._queue.answer(item.key, decision.who)
            if not self._asking.is_enough(item.image_id, self._answers(item)):
                return
        self._queue.settle(item.key)

    def _answers(self, item: Item) -> list[Decision]:
        about = (one for photo in item.photos for one in self._book.standing_about(photo))
        return [one for one in about if answers(one, item)]

    def _skip(self, who: str, keys: Sequence[str]) -> list[str]:
        for key in keys:
            self._queue.skip(who, key)
            self._skips.setdefault(who, []).append((self._book.moment(), key))
        return []

    def _undo(self, who: str, undo_id: str) -> list[str]:
        """Take back this person's last step, unless this very undo was carried out before."""
        if undo_id in self._undos or self._book.find(undo_id):
            return self._undos.get(undo_id, [])
        skips = self._skips.get(who, [])
        step = self._book.last_step(who, self._may_go)
        if skips and (not step or skips[-1][0] >= step[0].at):
            keys = [skips.pop()[1]]
            self._queue.unskip(who, keys[0])
        else:
            keys = self._take_back(who, undo_id, step)
        self._undos[undo_id] = keys
        return keys

    def take_back_one(self, who: str, name: str) -> list[str]:
        """Take back one decision of any time, by its id; what was decided since stays. Returns
        the questions that are open again. Raises BadDecision."""
        one = self._book.find(name)
        if one is None or one.action == "undo" or not self._book.stands(one):
            raise BadDecision("This decision was already undone.")
        if not self._may_go([one], one):
            raise BadDecision("Some photos have this class now. Give them another one first.")
        return self._take_back(who, str(ULID()), [one])

    def put_back(self, who: str, name: str) -> None:
        """Let a decision stand again that was taken back. Raises BadDecision."""
        one = self._book.find(name)
        undos = self._book.undos_of(name)
        if one is None or not undos:
            raise BadDecision("This decision is already in effect.")
        at = self._book.moment()
        decisions = [
            parse_decision(
                {"at": at, "who": who, "action": "undo", "image_id": one.image_id, "undoes": undo}
            )
            for undo in undos
        ]
        self._book.write(decisions)
        self._settle(one)
        self._name_classes(decisions)
        self._follow_conflicts([one])

    def _may_go(self, step: Sequence[Decision], one: Decision) -> bool:
        """A class cannot be taken back if photos of other steps have it by now."""
        if one.action != "add_class":
            return True
        mine = {decision.image_id for decision in step}
        return not any(
            row.label == one.label
            for photo, row in self._records.labels.items()
            if photo not in mine
        )

    def _take_back(self, who: str, undo_id: str, step: Sequence[Decision]) -> list[str]:
        if not step:
            raise BadDecision("There is nothing left to undo.")
        ids = [undo_id, *(str(ULID()) for _ in step[1:])]
        row = {"at": self._book.moment(), "who": who, "action": "undo"}
        undos = [
            {**row, "id": i, "image_id": one.image_id, "undoes": one.id}
            for i, one in zip(ids, step, strict=True)
        ]
        decisions = [parse_decision(undo) for undo in undos]
        self._book.write(decisions)
        self._name_classes(decisions)
        self._follow_conflicts(decisions)
        return list(dict.fromkeys(key for decision in step for key in self._reopen(who, decision)))

    def _reopen(self, who: str, undone: Decision) -> list[str]:
        """The questions that nothing answers any more, the one that was asked last: it is shown
        first."""
        keys = []
        for photo in filter(None, (undone.other, undone.image_id)):
            items = [
                item
                for item in self._queue.of_photo(photo)
                if not self._is_answered(item, undone.who)
            ]
            keys += [item.key for item in sorted(items, key=lambda item: asked(undone, item))]
        for key in keys:
            self._queue.reopen(key, who, self._clock())
        return keys[::-1]

    def _is_answered(self, item: Item, who: str) -> bool:
        """Whether a question needs no answer of this person."""
        given = self._answers(item)
        if not self._asking.is_shared(item.pile, item.image_id):
            return bool(given)
        return self._asking.is_enough(item.image_id, given) or who in {one.who for one in given}

    def _follow_conflicts(self, decisions: Sequence[Decision]) -> None:
        """Disagreements that these decisions made, changed or ended."""
        undone = (self._book.find(one.undoes or "") for one in decisions)
        every = [*decisions, *filter(None, undone)]
        if any(one.action in CLASS_ACTIONS for one in every):
            every = self._book.standing()
        self._find_conflicts(
            {photo for one in every for photo in (one.image_id, one.other) if photo}
        )

    def _find_conflicts(self, photos: Iterable[str]) -> None:
        class_now = merged_classes(self._book.of_classes())
        for photo in photos:
            about = self._book.standing_about(photo)
            judged = self._judged(photo, about)
            found = disagreement(about, class_now) or next(
                filter(None, map(pair_disagreement, judged)), None
            )
            key = f"conflicts/{photo}"
            known = self._queue.items.get(key)
            was_settled = any(map(settles, about)) or any(
                settles_pair(one) for said in judged for one in said
            )
            if found is None and not was_settled:
                self._queue.drop(key)
            elif photo in self._records.photos and (
                known is None or (found and known.first.scan_id != found.name)
            ):
                self._queue.put(self._asked_about(photo, found))
            if found is None:
                self._queue.settle(key)

    def _judged(self, photo: str, about: Sequence[Decision]) -> list[list[Decision]]:
        """What people said of each pair that is filed under this photo."""
        others = {
            one.other
            for one in about
            if one.action in PAIR_ACTIONS and one.other in self._records.photos
        }
        every = [
            *about,
            *(one for other in others for one in self._book.standing_about(str(other))),
        ]
        pairs = pairs_in(sorted(every, key=lambda one: one.order)) if others else {}
        return [
            said
            for pair, said in pairs.items()
            if pair - {photo} <= others and filed_under(said) == photo
        ]

    def _asked_about(self, photo: str, found: Disagreement | None) -> Item:
        if found is None:
            return Item(photo, "conflicts", (Finding(photo, KIND, 0.5, ""),))
        if found.other:
            pair = Finding(
                photo, PAIR, 0.5, COPY_OR_NOT, related=(found.other,), scan_id=found.name
            )
            return Item(photo, "conflicts", (pair,))
        said = differ([self._answer_named(answer) for answer in found.answers])
        return Item(
            photo,
            "conflicts",
            tuple(
                Finding(photo, KIND, 0.5, said, suggested_label=answer, scan_id=found.name)
                for answer in found.answers
            ),
        )

    def _answer_named(self, answer: str) -> str:
        words = {NONE_OF_THESE: "none of these", JUNK: "junk"}
        return words.get(answer) or f"*{(self._records.named(answer) or {}).get('title', answer)}*"


def _check_is_text(move: Move) -> None:
    for name in TEXTS:
        if not isinstance(move.get(name, ""), str | None):
            raise BadDecision(NOT_UNDERSTOOD)


def differ(said: Sequence[str]) -> str:
    """A sentence that names every answer, but no person."""
    if len(said) == 2:
        return f"One person says {said[0]}, another says {said[1]}."
    return f"People say {', '.join(said[:-1])} and {said[-1]}." if said else ""
