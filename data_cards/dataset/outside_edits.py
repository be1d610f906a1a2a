"""Cells that somebody changed elsewhere (in Data Studio, with `datasets`, in a notebook).

Each row of a table that Vitrine writes also records what was written, as "status/label/mark"; a
cell that differs from it was edited. The mark counts the ledger's lines about the photo, so the
same edit counts again if somebody makes it after a decision. Edits are found even if rows were
reordered or left out, or are older than the newest fold.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from ulid import ULID

from data_cards.dataset.collection import Collection
from data_cards.dataset.schema import STATUSES, Label

FINDING = "edited on the Hub"
SOMEBODY = "somebody"  # who edited, where a repository does not say
MARK_LETTERS = 6
# What people write into a label cell of a photo that shows no class.
WORDS_FOR_NONE = frozenset({"none", "none_of_these", "none of these", "other", "others"})


@dataclass(frozen=True, slots=True)
class CellEdit:
    """One edited row: what was written, what its cells say now, the mark of the writing, and the
    file it stands in."""

    before: Label
    label: str
    status: str
    mark: str
    path: str

    @property
    def image_id(self) -> str:
        """The photo that was edited."""
        return self.before.image_id


class Meaning(NamedTuple):
    """An edit as a decision: its action, the class, and in words what cannot be decided."""

    action: str
    label: str | None = None
    why: str = ""


def written_text(row: Label, decided: int = 0) -> str:
    """What a row holds of its own writing. `decided`: how many lines of the ledger are about the
    photo.

    >>> written_text(Label("9f2c", "durga", "labelled"), 3)
    'labelled/durga/000003'
    """
    return f"{row.status}/{row.label or ''}/{decided:0{MARK_LETTERS}d}"


def edit_of(
    image_id: str | None, written: str | None, label: str | None, status: str | None, path: str
) -> CellEdit | None:
    """The edit of a row, if its cells differ from what was written; None if they do not, or if
    `written` is not ours."""
    was, _, mark = (written or "").rpartition("/")
    old_status, slash, old_label = was.partition("/")
    if not image_id or not slash or old_status not in STATUSES:
        return None
    before = Label(image_id, old_label or None, old_status)
    edit = CellEdit(before, (label or "").strip(), (status or "").strip(), mark, path)
    return edit if (edit.label, edit.status) != (old_label, old_status) else None


def meaning(edit: CellEdit, collection: Collection) -> Meaning | None:
    """What the change of these cells means; None if nothing changed in effect. A label may be an
    id, title or alias. An edit that fits no action becomes `unsure`.
    """
    if edit.label and edit.label != (edit.before.label or ""):
        return _label_meant(edit, collection)
    if edit.status != edit.before.status:
        return _status_meant(edit)
    return Meaning("unsure", None, "the label was taken away")


def label_after(edit: CellEdit, collection: Collection) -> Label:
    """The row after the edit, or as it was written if the edit cannot be understood."""
    meant = meaning(edit, collection)
    if meant is None or meant.action == "unsure":
        return edit.before
    if meant.action == "relabel":
        return Label(edit.image_id, meant.label, "labelled")
    return Label(edit.image_id, None, meant.action)


def id_of(*told: str) -> str:
    """The id of what somebody said elsewhere: the same whenever it is read."""
    return str(ULID.from_bytes(hashlib.sha256("\0".join(told).encode()).digest()[:16]))


def line_of_edit(
    edit: CellEdit, collection: Collection, at: str, who: str
) -> dict[str, str] | None:
    """An edit as a line of the ledger; None if nothing changed in effect. Its id does not depend on
    when, or in which table, the edit is seen, so it counts once."""
    meant = meaning(edit, collection)
    if meant is None:
        return None
    line = {
        "id": id_of(edit.image_id, edit.mark, edit.label, edit.status),
        "at": at,
        "who": who or SOMEBODY,
        "image_id": edit.image_id,
        "action": meant.action,
        "label": meant.label,
        "label_before": edit.before.label,
        "finding": f"{FINDING}: {meant.why}" if meant.why else FINDING,
    }
    return {key: value for key, value in line.items() if value}


def _label_meant(edit: CellEdit, collection: Collection) -> Meaning | None:
    word = edit.label.casefold()
    found = edit.label if edit.label in collection else collection.find(edit.label)
    if found:
        same = found == edit.before.label and edit.status == edit.before.status == "labelled"
        return None if same else Meaning("relabel", found)
    if word in WORDS_FOR_NONE:
        return Meaning("none_of_these")
    if word == "junk":
        return Meaning("junk")
    return Meaning("unsure", None, f"“{edit.label[:100]}” is not a class")


def _status_meant(edit: CellEdit) -> Meaning:
    if edit.status in ("none_of_these", "junk"):
        return Meaning(edit.status)
    if edit.status == "labelled" and edit.label:
        return Meaning("relabel", edit.label)
    if edit.status == "duplicate":
        return Meaning("unsure", None, "marked as a copy, but not of which photo")
    return Meaning("unsure", None, f"the status “{edit.status[:100]}” is not a decision")
