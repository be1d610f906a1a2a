"""What a move does to the classes themselves: add, rename, merge, and write on a card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from data_cards.annotations.class_card import FIELDS, card_of, changed_fields, read_card, write_card
from data_cards.annotations.class_edits import references_of
from data_cards.annotations.decision import Decision, parse_decision
from data_cards.dataset.class_names import free_id, name_key
from data_cards.dataset.collection import Collection
from data_cards.errors import BadDecision
from data_cards.wording import why_hidden

LONGEST_TITLE = 80


def class_decisions(
    who: str, move: Mapping[str, Any], at: str, things: Collection, edits: Sequence[Decision] = ()
) -> list[Decision]:
    """The decisions of one move on classes; none where nothing would change. `edits`: what
    people wrote on cards so far. Raises BadDecision and UnknownClass, each with a sentence that
    says what to do."""
    make = {"add_class": _added, "rename_class": _renamed, "merge_class": _merged}.get(
        str(move.get("do"))
    )
    row = make(move, things) if make else _edited(move, things, edits)
    return (
        [parse_decision({"id": move.get("id"), "at": at, "who": who, "action": move["do"], **row})]
        if row
        else []
    )


def _added(move: Mapping[str, Any], things: Collection) -> dict[str, str]:
    title = _title(move)
    if any(name_key(info.title) == name_key(title) for info in things.classes):
        return {}
    return {"label": free_id(title, things.names), "title": title}


def _renamed(move: Mapping[str, Any], things: Collection) -> dict[str, str]:
    title = _title(move)
    label = things.info(str(move.get("label"))).id
    same = [
        info
        for info in things.classes
        if info.id != label and name_key(info.title) == name_key(title)
    ]
    if same:
        raise BadDecision(
            f"There is already a class “{title}”. Merge the two instead.", label=label
        )
    return {} if things.title_of(label) == title else {"label": label, "title": title}


def _merged(move: Mapping[str, Any], things: Collection) -> dict[str, str]:
    before, after = (things.info(str(move.get(key))).id for key in ("label_before", "label"))
    if before == after:
        raise BadDecision("A class cannot be merged into itself.", label=before)
    return {"label_before": before, "label": after}


def _edited(
    move: Mapping[str, Any], things: Collection, edits: Sequence[Decision]
) -> dict[str, str]:
    info = things.info(str(move.get("label")))
    now = card_of(info, references_of(things).get(info.id, ""))
    wanted, seen = (_fields(move.get(key)) for key in ("card", "before"))
    new = {name: value for name, value in wanted.items() if value != now[name]}
    lost = [name for name in new if seen.get(name, now[name]) != now[name]]
    if lost:
        raise BadDecision(
            f"{_writer(info.id, lost, edits)} changed {changed_fields(lost)} in the meantime. Your "
            "text "
            "is still here; save again to put it in place of theirs.",
            label=info.id,
        )
    before = {name: now[name] for name in new}
    return (
        {"label": info.id, "card": write_card(new), "card_before": write_card(before)}
        if new
        else {}
    )


def _writer(class_id: str, fields: Sequence[str], edits: Sequence[Decision]) -> str:
    """Who wrote one of these fields last."""
    wrote = [
        one
        for one in edits
        if one.action == "edit_card"
        and one.label == class_id
        and set(fields) & set(read_card(one.card))
    ]
    return max(wrote, key=lambda one: one.order).who if wrote else "Somebody"


def _fields(card: Any) -> dict[str, Any]:
    if not isinstance(card, dict) or not set(card) <= set(FIELDS):
        raise BadDecision(
            "The light table did not understand that. Load the page again; nothing was changed."
        )
    return read_card(write_card(card))


def _title(move: Mapping[str, Any]) -> str:
    given = move.get("title", "")
    if not isinstance(given, str):
        raise BadDecision("A class's name must be text.")
    title = " ".join(given.split())
    if hidden := why_hidden("This name", title):
        raise BadDecision(hidden)
    if not name_key(title) or len(title) > LONGEST_TITLE or not move.get("id"):
        raise BadDecision(f"A class needs a name of at most {LONGEST_TITLE} letters.")
    return title
