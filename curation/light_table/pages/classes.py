"""The page "Classes": every class with its picture and its count, and one of them open to be
changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from curation.light_table.session.table import LightTable
from data_cards.annotations.actions import CLASS_ACTIONS
from data_cards.annotations.class_card import card_of, changed_fields, read_card
from data_cards.annotations.class_edits import GIVEN, references_of
from data_cards.annotations.decision import Decision
from data_cards.errors import BadDecision
from data_cards.wording import day_of

MOST_PHOTOS = 24  # to choose a reference picture from
MOST_LINES = 30  # of a class's history


class ClassList:
    """What the page shows, and what its buttons do: moves like any other, kept on disk before
    they count."""

    def __init__(self, table: LightTable) -> None:
        self._table = table

    def show(self, who: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """`classes`, or with `class` the `open` one: its card, some of its photos and who
        changed what."""
        with self._table.lock:
            records = self._table.records
            labels = self._table.moves.blind.labels(who)
            of_class = (
                [
                    image_id
                    for image_id in labels
                    if labels[image_id].label == asked.get("class")
                    and labels[image_id].status == "labelled"
                ]
                if asked.get("class")
                else []
            )
            counts = Counter(
                row.label for row in labels.values() if row.label and row.status == "labelled"
            )
            if asked.get("class") in records.collection:
                return {"open": self._open(asked["class"], of_class)}
        return {
            "classes": [
                {
                    "id": info.id,
                    "title": info.title,
                    "summary": info.summary,
                    "count": counts[info.id],
                    "aliases": list(info.aliases),
                    "draft": info.draft,
                    "picture": self._picture(info.id),
                }
                for info in records.collection.classes
            ]
        }

    def act(self, who: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """`moves`: one step on classes, or an undo; `class`: what to show then. Raises what a
        move raises."""
        moves = wanted.get("moves")
        if not isinstance(moves, list) or not moves or not all(_is_ours(move) for move in moves):
            raise BadDecision(
                "The light table did not understand that. Load the page again; nothing was changed."
            )
        with self._table.lock:
            self._table.moves.step(who, moves)
            label = self._added(moves) or wanted.get("class")
        return self.show(who, {"class": label} if isinstance(label, str) else {})

    def _added(self, moves: list[Mapping[str, Any]]) -> str | None:
        """The class that these moves made."""
        made = (self._table.book.find(str(move.get("id"))) for move in moves)
        return next((one.label for one in made if one and one.action == "add_class"), None)

    def _open(self, class_id: str, of_class: list[str]) -> dict[str, Any]:
        records = self._table.records
        info = records.collection.info(class_id)
        chosen = references_of(records.collection).get(class_id, "")
        # A photo of the sealed test must not become what everybody sees of the class.
        shown = [image_id for image_id in of_class if not records.is_sealed(image_id)]
        shown.sort(key=lambda image_id: (image_id != chosen, image_id in records.doubted))
        return {
            "id": info.id,
            "title": info.title,
            "card": card_of(info, chosen),
            "count": len(of_class),
            "picture": self._picture(class_id),
            "photos": shown[:MOST_PHOTOS],
            "history": self._history(class_id),
        }

    def _picture(self, class_id: str) -> str | None:
        """What to show of a class: "photo/<image id>" or "reference/<class id>"."""
        records = self._table.records
        if records.has_reference(class_id):
            return self._table.picture_of(class_id)
        return next((f"photo/{image_id}" for image_id in records.examples(class_id)), None)

    def _history(self, class_id: str) -> list[dict[str, Any]]:
        """Who changed what and when, newest first; `earlier`: the texts that a change replaced."""
        about = [
            one
            for one in self._table.book.of_classes()
            if one.action in CLASS_ACTIONS and class_id in (one.label, one.label_before)
        ]
        newest = sorted(about, key=lambda one: one.order, reverse=True)[:MOST_LINES]
        return [
            {"line": self._line(one), "earlier": read_card(one.card_before or "{}")}
            for one in newest
        ]

    def _line(self, one: Decision) -> str:
        given: Mapping[str, Any] = self._table.records.collection.extra.get(GIVEN) or {}
        gone = str(given.get(one.label_before or "", {}).get("title", one.label_before))
        did = {
            "add_class": "added it",
            "rename_class": f"called it *{one.title}*",
            "merge_class": f"put *{gone}* into it",
        }.get(one.action) or f"changed {_fields(one)}"
        return (
            f"{one.who} {did}{_on(one.at)}{'' if self._table.book.stands(one) else ', taken back'}"
        )


def _is_ours(move: Any) -> bool:
    return isinstance(move, dict) and move.get("do") in (*CLASS_ACTIONS, "undo")


def _fields(one: Decision) -> str:
    return changed_fields(read_card(one.card))


def _on(moment: str) -> str:
    return f", {day_of(moment)}, {datetime.fromisoformat(moment):%H:%M}"
