"""Decisions from a file into the ledger, and the ledger into the labels: the light table without
a screen.

python -m curation decide DATASET decisions.jsonl
python -m curation fold DATASET
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from curation.decisions.reference_pictures import reference_files
from curation.decisions.visitors_photos import settled_inbox
from data_cards.annotations.actions import CLASS_ACTIONS
from data_cards.annotations.class_edits import changed_collection
from data_cards.annotations.decision import Decision, line_of, now, parse_decision, rows_of
from data_cards.annotations.default_config import refresh_default_config
from data_cards.annotations.journal import known
from data_cards.annotations.ledger import fold, given_labels, in_order
from data_cards.annotations.outside_edits import saved_labels
from data_cards.dataset.collection import Collection
from data_cards.dataset.repo import Changes, Dataset, collection_files
from data_cards.dataset.schema import Label
from data_cards.dataset.tables import ledger_file
from data_cards.errors import BadDecision
from data_cards.wording import counted


@dataclass(frozen=True)
class Decided:
    """What `decide` or `fold` did: the dataset as it is now, and a sentence about it."""

    dataset: Dataset
    sentence: str


def decide_from(dataset: Dataset, path: Path) -> Decided:
    """Put every decision of a `decisions.jsonl` into the ledger and fold it: all of them in one
    commit, or none.

    Raises BadDecision with the number of the first line that cannot be used. A decision that is
    there counts once.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise BadDecision(f"There is no file {path}.", path=str(path)) from None
    except UnicodeDecodeError as error:
        raise BadDecision(f"{path.name} is not UTF-8 text.", path=str(path)) from error
    base = dataset.newest()
    decisions = _read(text, base.collection(), known(base).decisions)
    _check_photos(decisions, base)
    return _commit(base, list(decisions.values()))


def _read(text: str, collection: Collection, past: Sequence[Decision]) -> dict[int, Decision]:
    """Line number -> decision. A class that one line adds or renames can be named by those
    behind it."""
    found: dict[int, Decision] = {}
    classes = changed_collection(collection, past)
    for number, row in rows_of(text):
        one = found[number] = parse_decision(row, classes, number)
        if one.action in CLASS_ACTIONS:
            classes = changed_collection(collection, [*past, *found.values()])
    return found


def save_decisions(dataset: Dataset, decisions: Sequence[Decision]) -> Decided:
    """Put decisions into the ledger and fold it, in one commit. A decision that is already there
    counts once."""
    return _commit(dataset, decisions)


def fold_dataset(dataset: Dataset, table: bool | None = None) -> Decided:
    """Write the labels (and classes) that follow from everything decided; no new revision when
    nothing changes. `table`: whether data/ should be there; None: as it was."""
    return _commit(dataset, (), table)


def _check_photos(decisions: Mapping[int, Decision], dataset: Dataset) -> None:
    photos = dataset.photos().keys() | dataset.inbox().keys()
    for line, one in decisions.items():
        missing = [
            image_id
            for image_id in (one.image_id, one.other)
            if image_id and image_id not in photos
        ]
        if missing and one.action not in CLASS_ACTIONS:
            said = (
                f"Line {line}: there is no photo {missing[0][:12]} in {dataset.address}. Nothing "
                "was saved."
            )
            raise BadDecision(said, line=line, image_id=missing[0])


def _commit(dataset: Dataset, decisions: Sequence[Decision], table: bool | None = None) -> Decided:
    done: list[str] = []

    def change(base: Dataset) -> Changes:
        ledger = known(base)
        edits = base.unsaved_edits
        there = {one.id for one in ledger.decisions}
        new = [one for one in in_order(decisions) if one.id not in there]
        everything = [*ledger.decisions, *new]
        before = base.labels()
        came = settled_inbox(base, everything, now())
        photos = {**base.photos(), **{photo.image_id: photo for photo, _ in came.accepted}}
        after = fold(given_labels(photos), everything)
        moved = came.changes
        add: dict[str, bytes | Path] = dict(moved.add)
        if new:
            add |= dict([ledger_file(map(line_of, new))])
        if before != after or edits or base.is_missing_written:
            add |= saved_labels(base, after.values())
        things = changed_collection(base.collection(), everything)
        pictures = reference_files(base, things)
        if things != base.collection():
            add |= collection_files(things) | dict(pictures.add)
        done[:] = [_said(len(decisions), len(new), before, after, _told(edits, ledger.left_out))]
        return Changes(add, (*pictures.delete, *moved.delete), moved.forget)

    after = dataset.update(
        f"Add {counted(len(decisions), 'decision')}" if decisions else "Fold decisions into labels",
        change,
    )
    return Decided(refresh_default_config(after, table), done[0])


def _told(edits: Sequence[Mapping[str, str]], left_out: str) -> str:
    """A sentence about edits that came in besides, and about lines that could not be read."""
    if not edits:
        return left_out
    unclear = next((one["finding"] for one in edits if one["action"] == "unsure"), "")
    came = f"{counted(len(edits), 'edit')} made elsewhere {'is' if len(edits) == 1 else 'are'} kept"
    first = f"; one needs a look ({unclear.partition(': ')[2]})" if unclear else ""
    return f"{came} as decisions{first}. {left_out}".strip()


def _said(
    given: int, new: int, before: Mapping[str, Label], after: Mapping[str, Label], more: str
) -> str:
    changed = sum(before.get(image_id) != row for image_id, row in after.items())
    parts = [
        f"{new} of {given} decisions are new." if given else "",
        f"{counted(changed, 'label', none='No label')} changed.",
        more,
    ]
    return " ".join(part for part in parts if part)
