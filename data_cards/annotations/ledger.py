"""What people decided, in order, and the labels that follow.

A decision is never changed and never deleted; `undo` names the decision it takes back. Labels at
any moment are the given labels with every decision up to then folded over them, in the order of
(at, id), whatever the order in which the decisions arrived. `decision.py` reads single lines,
`journal.py` keeps them on disk.

    python -m curation fold DATASET
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from data_cards.annotations.actions import CLASS_ACTIONS, OPINION, PAIR_ACTIONS
from data_cards.annotations.decision import (
    NONE_OF_THESE,
    Decision,
    Question,
    decide,
    line_of,
    parse_decision,
    read_moment,
    read_question,
    read_row,
)
from data_cards.dataset.schema import Label, Photo
from data_cards.errors import BadDecision

__all__ = [
    "Decision",
    "Ledger",
    "Question",
    "apart",
    "decide",
    "fold",
    "given_label",
    "given_labels",
    "in_order",
    "kept_labels",
    "line_of",
    "merged_classes",
    "parse_decision",
    "read_ledger",
    "standing",
]


UNKNOWN = "unknown"
VISITOR = "visitor"  # who takes a question back


@dataclass(frozen=True)
class Ledger:
    """Everything known: decisions and questions in order, questions that their visitors took back,
    where and why a line was left out, and second opinions (what visitors answered in the quiz),
    which are no decisions."""

    decisions: tuple[Decision, ...] = ()
    questions: tuple[Question, ...] = ()
    problems: tuple[str, ...] = ()
    taken_back: tuple[Question, ...] = ()
    opinions: tuple[Decision, ...] = ()

    @property
    def unreadable(self) -> int:
        """How many lines were left out."""
        return len(self.problems)

    @property
    def left_out(self) -> str:
        """The same in words; empty when every line was read."""
        if not self.problems:
            return ""
        first = self.problems[0]
        if len(self.problems) == 1:
            return f"1 line of the ledger cannot be read and was left out: {first}"
        count = len(self.problems)
        return f"{count} lines of the ledger cannot be read and were left out. The first: {first}"


def read_ledger(rows: Iterable[Mapping[str, object]]) -> Ledger:
    """Raw ledger lines in any order -> Ledger. A line that cannot be read is left out and
    reported."""
    decisions: list[Decision] = []
    questions: list[Question] = []
    problems: list[str] = []
    for row in rows:
        try:
            if row.get("kind") == "visitor":
                questions.append(read_question(row))
            else:
                decisions.append(_kept_decision(row))
        except BadDecision as error:
            place = getattr(row, "place", "")
            problems.append(f"{place}: {error.sentence}" if place else error.sentence)
    asked: dict[str, Question] = {}
    for question in sorted(questions, key=_rank_of_question):
        asked.setdefault(question.id, question)
    opinions = in_order(one for one in decisions if one.action == OPINION)
    ordered = tuple(in_order(one for one in decisions if one.action != OPINION))
    back = {one.undoes for one in ordered if one.action == "undo" and one.who == VISITOR}
    return Ledger(
        ordered,
        tuple(one for one in asked.values() if one.id not in back),
        tuple(problems),
        tuple(one for one in asked.values() if one.id in back),
        tuple(opinions),
    )


def _kept_decision(row: Mapping[str, object]) -> Decision:
    """A decision in a ledger: it says when, or every reader would place it somewhere else."""
    if "unreadable" in row:
        read_row(str(row["unreadable"]))
        raise BadDecision("This line is not UTF-8 text.")
    if not row.get("at"):
        raise BadDecision("A line of the ledger needs “at”.")
    return parse_decision(row)


def _rank_of_question(one: Question) -> tuple[str, str, str]:
    return one.at, one.id, json.dumps(line_of(one), sort_keys=True)


def in_order(decisions: Iterable[Decision], until: str | None = None) -> list[Decision]:
    """Each decision once, by (at, id), none later than `until`."""
    moment = read_moment(until) if until else None
    unique: dict[str, Decision] = {}
    for one in decisions:
        other = unique.get(one.id)
        # Two lines with one id should be the same line; should they differ, every reader must pick
        # the same one.
        is_first = other is None or (other != one and _rank(one) < _rank(other))
        if is_first and (moment is None or one.at <= moment):
            unique[one.id] = one
    return sorted(unique.values(), key=lambda one: one.order)


def _rank(one: Decision) -> tuple[tuple[str, str], str]:
    return one.order, json.dumps(line_of(one), sort_keys=True)


def standing(decisions: Iterable[Decision], until: str | None = None) -> list[Decision]:
    """What nobody took back, in order, without the undos themselves.

    An undo reaches its decision whatever the two clocks said. Undos are looked at from the
    latest to the earliest, so one reaches another undo only when that one is earlier, and two
    undos never chase each other.
    """
    ordered = in_order(decisions, until)
    undone: set[str] = set()
    for one in reversed(ordered):
        if one.action == "undo" and one.id not in undone:
            undone.add(one.undoes or "")
    return [one for one in ordered if one.action != "undo" and one.id not in undone]


def given_labels(photos: Mapping[str, Photo]) -> dict[str, Label]:
    """The labels photos came with: what most of a photo's sources say, the first of them on a
    tie."""
    return {image_id: given_label(photo) for image_id, photo in photos.items()}


def given_label(photo: Photo) -> Label:
    """The label one photo came with."""
    said = Counter(
        source.given_label
        for source in photo.sources
        if source.given_label not in (None, "", UNKNOWN)
    )
    label = said.most_common(1)[0][0] if said else None
    if label in (None, NONE_OF_THESE):
        return Label(photo.image_id, None, "none_of_these" if label else "unlabelled")
    return Label(photo.image_id, label, "labelled")


def fold(
    given: Mapping[str, Label], decisions: Iterable[Decision], until: str | None = None
) -> dict[str, Label]:
    """Given labels + decisions in any order -> labels. `until` (RFC 3339) asks for the labels of
    that moment.

    Decisions about photos that are not in `given` (erased, or not here yet) change nothing.
    """
    labels = dict(given)
    table = _Table(labels, {}, {})
    for one in standing(decisions, until):
        table.follow(one)
    return labels


def present_labels(photos: Mapping[str, Photo], ledger: Ledger) -> dict[str, Label]:
    """Given labels with every decision of the ledger folded over them, whether or not somebody
    called `fold` since."""
    return fold(given_labels(photos), ledger.decisions)


def kept_labels(given: Mapping[str, Label], decisions: Iterable[Decision]) -> dict[str, str]:
    """What each standing `keep` that names no label kept, by the decision's id: the label of
    that moment.

    Computed from all decisions each time they are read, so that two merged ledgers agree whatever
    the order of merging. A photo that had no label then is left out.
    """
    labels = dict(given)
    kept = dict[str, str]()
    table = _Table(labels, {}, {})
    for one in standing(decisions):
        row = labels.get(one.image_id)
        if one.action == "keep" and not one.label and row:
            kept[one.id] = NONE_OF_THESE if row.status == "none_of_these" else row.label or ""
        table.follow(one)
    return {name: label for name, label in kept.items() if label}


def apart(decisions: Iterable[Decision]) -> set[frozenset[str]]:
    """Pairs of image_ids that people judged not to be duplicates. The last word about a pair
    counts, as it does for labels."""
    last = {
        frozenset((one.image_id, one.other or "")): one.action
        for one in standing(decisions)
        if one.action in PAIR_ACTIONS
    }
    return {pair for pair, action in last.items() if action == "not_duplicate"}


def merged_classes(decisions: Iterable[Decision]) -> Callable[[str | None], str | None]:
    """What each class is now: itself, or the one that it went into."""
    table = _Table({}, {}, {})
    for one in standing(decisions):
        table.follow(one)
    return table.class_now


@dataclass
class _Table:
    """Where the fold stands: labels so far, which photo repeats which, and which class went into
    which."""

    labels: dict[str, Label]
    repeats: dict[str, str]
    merged: dict[str, str]

    def follow(self, one: Decision) -> None:
        """What a decision does; one about a photo that is not here does nothing."""
        if one.action in CLASS_ACTIONS or one.image_id in self.labels:
            EFFECTS.get(one.action, _no_effect)(self, one)

    def set(self, image_id: str, label: str | None, status: str) -> None:
        self.repeats.pop(image_id, None)
        self.labels[image_id] = Label(image_id, self.class_now(label), status)

    def class_now(self, label: str | None) -> str | None:
        while label in self.merged:
            label = self.merged[label]
        return label

    def release(self, image_id: str) -> None:
        if self.repeats.pop(image_id, None):
            label = self.labels[image_id].label
            self.labels[image_id] = Label(image_id, label, "labelled" if label else "unlabelled")


def _relabel(table: _Table, one: Decision) -> None:
    if one.label == NONE_OF_THESE:
        _none_of_these(table, one)
    elif one.label:
        table.set(one.image_id, one.label, "labelled")


def _none_of_these(table: _Table, one: Decision) -> None:
    table.set(one.image_id, None, "none_of_these")


def _junk(table: _Table, one: Decision) -> None:
    table.set(one.image_id, None, "junk")


def _duplicate_of(table: _Table, one: Decision) -> None:
    other = one.other or ""
    if other not in table.labels or other == one.image_id:
        return
    # If the other (or what it repeats) was marked as a copy of this one, the last word counts:
    # somebody has to stay, or both copies would be lost.
    step = other
    while step in table.repeats:
        following = table.repeats[step]
        if following == one.image_id:
            table.release(step)
        step = following
    table.set(one.image_id, table.labels[one.image_id].label, "duplicate")
    table.repeats[one.image_id] = other


def _not_duplicate(table: _Table, one: Decision) -> None:
    for photo, other in ((one.image_id, one.other), (one.other or "", one.image_id)):
        if table.repeats.get(photo) == other:
            table.release(photo)


def _merge_class(table: _Table, one: Decision) -> None:
    before = one.label_before
    after = one.label
    if not before or not after or before == after:
        return
    # Later decisions made offline under the old class follow too; the class merged into is alive
    # again.
    table.merged.pop(after, None)
    table.merged[before] = after
    for image_id, label in table.labels.items():
        if label.label == before:
            table.labels[image_id] = Label(image_id, after, label.status)


def _add_class(table: _Table, one: Decision) -> None:
    table.merged.pop(one.label or "", None)


def _no_effect(table: _Table, one: Decision) -> None:
    """keep, unsure, refuse_visitor and rename_class leave every label as it is."""


EFFECTS: dict[str, Callable[[_Table, Decision], None]] = {
    "keep": _relabel,
    "relabel": _relabel,
    "accept_visitor": _relabel,
    "none_of_these": _none_of_these,
    "junk": _junk,
    "duplicate_of": _duplicate_of,
    "not_duplicate": _not_duplicate,
    "merge_class": _merge_class,
    "add_class": _add_class,
}
