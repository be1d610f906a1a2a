"""What a scan asks people to name: photos without a label in the order that teaches most, each
with a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from curation.active_learning.acquisition import ASKED, LEFT_OUT, Asked, what_to_ask
from data_cards.annotations.decision import NONE_OF_THESE
from data_cards.dataset.collection import Collection
from data_cards.dataset.schema import Label
from data_cards.progress import say

UNNAMED = ""
NOTHING = "-"
NAMELESS = "Nobody has labelled this yet."
LOWEST = 0.5  # the score of the last photo in the order; photos outside the order score less


@dataclass(frozen=True)
class Ask:
    """Why a photo comes where it comes: score LOWEST..1, higher first. `is_disputed`: the reason
    names the classes that models think of."""

    score: float
    reason: str
    is_disputed: bool = False


def ask_for(
    collection: Collection, labels: Mapping[str, Label], ids: Sequence[str], x: np.ndarray
) -> dict[str, Ask]:
    """Reason and score by image_id, for unlabelled photos. `x` (n, d): embeddings in the order
    of `ids`."""
    classes = [*collection.ids, NONE_OF_THESE]
    place = {name: number for number, name in enumerate(classes)}
    place[UNNAMED] = ASKED
    given = np.array([place.get(_called(labels.get(name)), LEFT_OUT) for name in ids], np.int64)
    if not (given == ASKED).any():
        return {}
    say("Sorting unlabelled photos by how much they would teach ...")
    asked = what_to_ask(x, given, len(classes))

    def title(number: int) -> str:
        name = classes[number]
        return "none of these" if name == NONE_OF_THESE else f"*{collection.title_of(name)}*"

    return {
        ids[one.place]: Ask(
            1 - (1 - LOWEST) * rank / len(asked), reason_for(one, title), one.is_disputed
        )
        for rank, one in enumerate(asked)
    }


def reason_for(one: Asked, title: Callable[[int], str]) -> str:
    """Why this photo is asked for, in words. `title`: class number -> how it is written."""
    if one.is_disputed:
        first, second = (title(number) for number, _ in one.called)
        return f"Half-informed models disagree about it: {first} or {second}."
    if one.stands_for:
        others = "one other looks" if one.stands_for == 1 else f"{one.stands_for} others look"
        return f"Typical of photos without a label: {others} like it."
    return NAMELESS


def _called(label: Label | None) -> str:
    """A photo's current label; NOTHING if it is neither learned from nor asked about."""
    if label is None or label.status == "junk":
        return NOTHING
    if label.status == "unlabelled":
        return UNNAMED
    return NONE_OF_THESE if label.status == "none_of_these" else label.label or NOTHING
