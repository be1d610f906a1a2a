"""What people wrote on photos, and which they flagged for others to see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from data_cards.annotations.actions import REMARKS
from data_cards.annotations.decision import Decision


@dataclass(frozen=True)
class Remarks:
    """Of one photo: `notes` as (who, at, text, id), latest last; `flagged` by whom, or empty."""

    notes: tuple[tuple[str, str, str, str], ...] = ()
    flagged: str = ""

    @property
    def text(self) -> str:
        """All notes, for a search."""
        return " ".join(text for _, _, text, _ in self.notes)


def remarks_of(standing: Iterable[Decision]) -> dict[str, Remarks]:
    """Remarks by image_id, from decisions that stand (see `ledger.standing`), in any order."""
    notes: dict[str, list[tuple[str, str, str, str]]] = {}
    flagged: dict[str, str] = {}
    for one in sorted(standing, key=lambda one: one.order):
        if one.action not in REMARKS:
            continue
        if one.note:
            notes.setdefault(one.image_id, []).append((one.who, one.at, one.note, one.id))
        if one.action == "flag":
            flagged[one.image_id] = one.who
        elif one.action == "unflag":
            flagged.pop(one.image_id, None)
    return {
        image_id: Remarks(tuple(notes.get(image_id, ())), flagged.get(image_id, ""))
        for image_id in notes.keys() | flagged.keys()
    }
