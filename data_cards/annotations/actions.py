"""Every action that a decision can be: what it is about, what it must say, what it settles.

This table is the only place that lists actions. Whoever needs "all actions about classes" or "all
that say what a photo shows" takes a set that is derived from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class About(StrEnum):
    """What a decision is about."""

    PHOTO = "photo"
    PAIR = "pair"  # `image_id` and `other`
    VISITOR = "visitor"  # a visitor's question about a photo
    CLASS = "class"
    DECISION = "decision"  # an earlier one, which it takes back


class Topic(StrEnum):
    """What a question about a photo asks."""

    LABEL = "label"  # what does it show?
    COPY = "copy"  # is it a copy of another photo?
    LEAK = "leak"  # is it a copy of a photo of the test?
    QUALITY = "quality"  # is it good enough?
    VISITOR = "visitor"  # is the visitor right?


NOTHING: frozenset[Topic] = frozenset()
EVERYTHING = frozenset(Topic)
COPIES = frozenset({Topic.COPY, Topic.LEAK})

# The kind of a finding -> what its question asks. `conflict` and `pair`: two people differ.
TOPICS: dict[str, frozenset[Topic]] = {
    "label": frozenset({Topic.LABEL}),
    "unlabelled": frozenset({Topic.LABEL}),
    "conflict": frozenset({Topic.LABEL}),
    "exact_duplicate": frozenset({Topic.LABEL}),  # one file that came in under two labels
    "near_duplicate": frozenset({Topic.COPY}),
    "looks_alike": frozenset({Topic.COPY}),
    "pair": frozenset({Topic.COPY}),
    "leak": frozenset({Topic.LEAK}),
    "quality": frozenset({Topic.QUALITY}),
    "visitor": frozenset({Topic.VISITOR}),
}


@dataclass(frozen=True)
class Action:
    """One action. `needs`: fields that its line must have, beside `who` (and `image_id` where it
    is about photos).

    `judges`: what people say with it; so it ends a disagreement about that, if it was made on one.
    `settles`: the questions about its photo that nobody need be asked any more, whichever question
    was on the table. `answers`: whether it also settles the very question that was asked.
    """

    about: About
    needs: tuple[str, ...] = ()
    judges: frozenset[Topic] = NOTHING
    settles: frozenset[Topic] = NOTHING
    answers: bool = True


_LABEL = frozenset({Topic.LABEL})
_COPY = frozenset({Topic.COPY})

TABLE: dict[str, Action] = {
    "keep": Action(About.PHOTO, judges=_LABEL | _COPY),
    "relabel": Action(About.PHOTO, ("label",), judges=_LABEL, settles=_LABEL),
    # The quality of a photo of something else does not matter.
    "none_of_these": Action(About.PHOTO, judges=_LABEL, settles=_LABEL | {Topic.QUALITY}),
    "junk": Action(About.PHOTO, judges=_LABEL | _COPY, settles=EVERYTHING),
    "duplicate_of": Action(About.PAIR, ("other",), judges=_COPY, settles=EVERYTHING),
    "not_duplicate": Action(About.PAIR, ("other",), judges=_COPY, settles=COPIES),
    "unsure": Action(About.PHOTO, answers=False),
    "accept_visitor": Action(About.VISITOR, ("label",), judges=_LABEL, settles=_LABEL),
    "refuse_visitor": Action(About.VISITOR),
    # What people tell each other about a photo; no label follows from it.
    "note": Action(About.PHOTO, ("note",), answers=False),
    "flag": Action(About.PHOTO, answers=False),
    "unflag": Action(About.PHOTO, answers=False),
    # What a visitor answered in the quiz: weighed beside others' (curation/decisions/crowdlab.py),
    # and shown to whoever decides. Readers of the ledger keep these apart from decisions.
    "second_opinion": Action(About.PHOTO, ("label",), answers=False),
    # The part of a photo that counts, and how it is turned; the stored bytes stay.
    "frame": Action(About.PHOTO, ("frame",), answers=False),
    "rename_class": Action(About.CLASS, ("label", "title"), answers=False),
    "merge_class": Action(About.CLASS, ("label_before", "label"), answers=False),
    "add_class": Action(About.CLASS, ("label",), answers=False),
    "edit_card": Action(About.CLASS, ("label", "card"), answers=False),
    "undo": Action(About.DECISION, ("undoes",), answers=False),
}


def _about(*subjects: About) -> frozenset[str]:
    return frozenset(name for name, action in TABLE.items() if action.about in subjects)


ACTIONS = tuple(TABLE)
PHOTO_ACTIONS = _about(About.PHOTO, About.PAIR, About.VISITOR)
REMARKS = ("note", "flag", "unflag")
OPINION = "second_opinion"
PAIR_ACTIONS = _about(About.PAIR)
VISITOR_ACTIONS = _about(About.VISITOR)
CLASS_ACTIONS = _about(About.CLASS)
# Those that say something about a photo; who is unsure says nothing.
ANSWERS = frozenset(name for name in PHOTO_ACTIONS if TABLE[name].answers)
# Those that say what a photo shows.
LABEL_ANSWERS = frozenset(name for name in ACTIONS if Topic.LABEL in TABLE[name].judges)
# Those that say whether a photo is a copy, or make the question pointless.
COPY_ANSWERS = frozenset(name for name in ACTIONS if Topic.COPY in TABLE[name].judges)
