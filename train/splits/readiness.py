"""Whether a dataset can teach anything yet, asked before a long training begins. Pure but for
`why_not_yet`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set

from data_cards.dataset.collection import Collection
from data_cards.dataset.repo import Dataset
from data_cards.dataset.schema import Label
from data_cards.errors import CannotSplit, CannotTrain
from data_cards.wording import counted
from train.splits.seal import Sealed, sealed
from train.splits.training_set import gather

TWO = "a recognizer needs at least two things to tell apart"


def lacks(dataset: Dataset) -> str:
    """What the labels of a dataset lack for a training, as a sentence; empty where one may be
    tried."""
    return missing_labels(dataset.labels().values(), dataset.collection(), dataset.references())


def missing_labels(
    labels: Iterable[Label], things: Collection, pictured: Set[str] = frozenset()
) -> str:
    """The same, of plain rows. `pictured`: classes with a reference picture, which can be
    learned from, too."""
    statuses = Counter[str]()
    classes = Counter[str]()
    for row in labels:
        statuses[row.status] += 1
        if row.status == "labelled" and row.label:
            classes[row.label] += 1
    known = set(classes) | set(pictured)
    if len(known) > 1:
        return ""
    if known:
        name = known.pop()
        title = things.title_of(name) if name in things else name
        return f"Only “{title}” has {counted(classes[name], 'photo', none='a picture')}, and {TWO}."
    return f"{_without_names(statuses)}, and {TWO}."


def why_not_yet(dataset: Dataset) -> tuple[Sealed | None, str]:
    """The dataset with its test sealed; or None, and a sentence why nothing can be learned from
    its labels yet.

    Where too little is labelled, no test is drawn.
    """
    missing = lacks(dataset)
    if missing:
        return None, missing
    try:
        source = sealed(dataset)
        gather(source)
    except (CannotSplit, CannotTrain) as error:
        return None, error.sentence
    return source, ""


def _without_names(statuses: Mapping[str, int]) -> str:
    """Where no photo shows a known thing."""
    words = {"none_of_these": "“none of these”", "junk": "junk", "duplicate": "duplicates"}
    if statuses and not statuses["unlabelled"]:
        return (
            f"Every photo is {' or '.join(said for name, said in words.items() if statuses[name])}"
        )
    return (
        f"None of the {counted(statuses['unlabelled'], 'photo')} has a label yet"
        if statuses["unlabelled"] > 1
        else "No photo has a label yet"
    )
