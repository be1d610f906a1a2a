"""What is read off a dataset before it lies on the table: visitors' questions, and photos to show a class by."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from curation.unnamed import NAMELESS
from data_cards.annotations.decision import Question
from data_cards.dataset import Dataset
from data_cards.rows import Finding, Label

EXAMPLES = 6


def asked_by_visitor(question: Question, leak: str) -> Finding:
    """A visitor's question as something to look at. `leak`: why the photo must not be learned from, if it must not."""
    said = f"A visitor says: {question.note}" if question.note else "A visitor says that the answer was wrong."
    return Finding(question.image_id, "visitor", 0.5, f"{said} {leak}".rstrip(), suggested_label=question.label,
                   scan_id=question.id, model_revision=question.model_revision)


def before_a_scan(given: Mapping[str, Label], found: Sequence[Finding]) -> list[Finding]:
    """A question about each photo without a label that no scan has put into order yet, in the order they came in.

    `found`: everything else that is asked; a visitor's photo has a question already.
    """
    if any(one.kind == "unlabelled" for one in found):
        return []
    asked = {one.image_id for one in found if one.kind == "visitor"}
    return [Finding(image_id, "unlabelled", 0.0, NAMELESS) for image_id, label in given.items()
            if label.status == "unlabelled" and image_id not in asked]


def examples_of(labels: Mapping[str, Label], doubted: Collection[str]) -> Callable[[str], Sequence[str]]:
    """Class id -> a few photos of it that nothing speaks against."""
    chosen: dict[str, list[str]] = {}
    for image_id, label in labels.items():
        if label.label and label.status == "labelled" and image_id not in doubted:
            of_class = chosen.setdefault(label.label, [])
            if len(of_class) < EXAMPLES:
                of_class.append(image_id)
    return lambda class_id: chosen.get(class_id, ())


def content_of(dataset: Dataset) -> list[str]:
    """A revision's files but for decisions."""
    return sorted(path for path in dataset.paths if not path.startswith("ledger/"))
