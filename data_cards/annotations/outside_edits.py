"""An edit made elsewhere is a decision: a row whose cells differ from what was written becomes a
line of the ledger, which can be undone like any other.

`Dataset.ledger` counts these lines at once; whoever writes over an edited table saves them with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from data_cards.dataset.repo import Dataset
from data_cards.dataset.schema import Label
from data_cards.dataset.tables import labels_file, ledger_file


def saved_labels(dataset: Dataset, labels: Iterable[Label]) -> dict[str, bytes | Path]:
    """The labels table as a file to commit, and the decisions of edits that it writes over."""
    edits = dataset.unsaved_edits
    files: dict[str, bytes | Path] = {}
    files |= dict([labels_file(labels, decisions_about(dataset))])
    files |= dict([ledger_file(edits)]) if edits else {}
    return files


def decisions_about(dataset: Dataset) -> Counter[str]:
    """How many lines of the ledger are about each photo."""
    return Counter(str(row.get("image_id", "")) for row in dataset.ledger())
