"""One decision, one line: what it holds, and how a line that somebody wrote is read.

`decisions.jsonl`, as `python -m curation decide` takes it, has one JSON object a line:

    {"image_id": "9f2c...", "action": "relabel", "label": "durga", "who": "asha"}

plus "other" (an image_id) for duplicate_of and not_duplicate, "undoes" (an id) for undo,
optional "at" (RFC 3339) and "id" (a ULID; given twice, it counts once).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from ulid import ULID

from data_cards.annotations.actions import ACTIONS, PAIR_ACTIONS, PHOTO_ACTIONS, TABLE
from data_cards.annotations.class_card import read_card, write_card
from data_cards.annotations.frame import read_frame
from data_cards.dataset.class_names import class_id_from, free_id
from data_cards.dataset.collection import Collection
from data_cards.errors import BadDecision, UnknownClass
from data_cards.storage.json_lines import read_object
from data_cards.wording import why_hidden

NONE_OF_THESE = "none"
IT_IS_NONE = "it is none of these."  # how the note of a visitor's question begins who says so
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
NAME = re.compile(r"[0-9A-Za-z]{26}")
LONGEST = 500
LONGEST_CARD = 100_000
CARDS = ("card", "card_before")


@dataclass(frozen=True)
class Decision:
    """One line of the ledger. `label` is the class after, `other` an image_id, `undoes` a
    decision's id, `shown` the class that the model put first where a person could see that,
    `card` the fields written on a class's card (JSON), `note` what somebody wrote on a photo,
    `frame` the part of it that counts (see `frame.py`)."""

    id: str
    at: str
    who: str
    image_id: str
    action: str
    label: str | None = None
    label_before: str | None = None
    other: str | None = None
    undoes: str | None = None
    title: str = ""
    finding: str = ""
    model_revision: str = ""
    shown: str = ""
    card: str = ""
    card_before: str = ""
    note: str = ""
    frame: str = ""

    @property
    def order(self) -> tuple[str, str]:
        """Where it stands among the others."""
        return (self.at, self.id)


@dataclass(frozen=True)
class Question:
    """A visitor's "that's wrong": it waits in the inbox and changes no label by itself. `seal`: the
    hash of the end of the visitor's receipt; whoever has the receipt may take the question back."""

    id: str
    at: str
    image_id: str
    label: str | None
    answered: str = ""
    note: str = ""
    model_revision: str = ""
    seal: str = ""
    kind: str = "visitor"


def now() -> str:
    """This moment, as the ledger writes it: UTC, microseconds, fixed width, so that text sorts
    like time."""
    return moment_text(datetime.now(UTC))


def decide(who: str, image_id: str, action: str, **more: str | None) -> Decision:
    """A new decision, made now. Raises BadDecision when something it needs is missing."""
    return parse_decision({"who": who, "image_id": image_id, "action": action, **more})


def ask(image_id: str, label: str | None, **more: str) -> Question:
    """A visitor's question, asked now. `label` None means "none of these". Raises BadDecision for
    what no reader of the ledger would take."""
    asked = Question(id=str(ULID()), at=now(), image_id=image_id, label=label, **more)
    return read_question(line_of(asked))


def line_of(entry: Decision | Question) -> dict[str, str]:
    """The JSON object of one ledger line, without what is empty."""
    return {key: value for key, value in asdict(entry).items() if value}


def parse_decision(
    row: Mapping[str, object], collection: Collection | None = None, line: int = 0
) -> Decision:
    """Read one decision. `line` is where it stood in its file; it goes into the sentences of
    BadDecision.

    With a `collection`, labels may be given as id, title or alias, and others are refused.
    """
    if not isinstance(row, Mapping):
        raise BadDecision(
            _at_line(line, "a decision is a JSON object with image_id, action and who."), line=line
        )
    text = {key: _text(row, key, line) for key in Decision.__dataclass_fields__}
    action = text["action"]
    if action not in ACTIONS:
        raise BadDecision(
            _at_line(line, f"“{action}” is not an action. Actions: {', '.join(ACTIONS)}."),
            line=line,
        )
    needed = ("who", *TABLE[action].needs, *(("image_id",) if action in PHOTO_ACTIONS else ()))
    for key in needed:
        if not text[key]:
            raise BadDecision(_at_line(line, f"{action} needs “{key}”."), line=line)
    if action in PAIR_ACTIONS and text["other"] == text["image_id"]:
        raise BadDecision(_at_line(line, "a photo can't be a duplicate of itself."), line=line)
    at = read_moment(text["at"], line) if text["at"] else now()
    made: dict[str, str | None] = dict(text)
    made |= {key: text[key] or None for key in ("label_before", "other")}
    made |= {
        "at": at,
        "id": _name(text["id"], at if text["at"] else "", row, line),
        "label": _class(text["label"], action, collection, line) or None,
        "undoes": text["undoes"].upper() or None,
    }
    if text["frame"]:
        made["frame"] = read_frame(text["frame"]).text
    made |= {key: write_card(read_card(text[key])) for key in CARDS if text[key]}
    if action == "add_class" and collection is not None and text["label"] not in collection:
        made |= _new_class(text["label"], text["title"], collection)
    if action == "merge_class":
        made["label_before"] = _class(text["label_before"], action, collection, line)
    return Decision(**made)  # type: ignore[arg-type]


def rows_of(text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    """The JSON object of each line that is not empty, with its number. Raises BadDecision."""
    # Not `splitlines`: it also cuts at signs that JSON allows inside a text.
    for number, line in enumerate(text.lstrip("\ufeff").split("\n"), start=1):
        if line.strip():
            yield number, read_row(line, number)


def read_question(row: Mapping[str, object]) -> Question:
    """Read one line of the visitors' inbox. Raises BadDecision."""
    text = {key: _text(row, key, 0) for key in Question.__dataclass_fields__}
    if not (text["id"] and text["at"] and text["image_id"]):
        raise BadDecision("A visitor's question needs id, at and image_id.")
    made: dict[str, str | None] = {
        **text,
        "at": read_moment(text["at"]),
        "label": text["label"] or None,
    }
    return Question(**made)  # type: ignore[arg-type]


def read_moment(text: str, line: int = 0) -> str:
    """RFC 3339 -> the same moment as the ledger writes it. Raises BadDecision."""
    sentence = f"“{text}” is not a valid timestamp; write it like 2026-11-21T10:30:00Z."
    if not MOMENT.fullmatch(text):
        raise BadDecision(_at_line(line, sentence), line=line, at=text)
    try:
        return moment_text(datetime.fromisoformat(text.upper().replace(" ", "T")).astimezone(UTC))
    except (ValueError, OverflowError) as error:
        raise BadDecision(_at_line(line, sentence), line=line, at=text) from error


def moment_text(moment: datetime) -> str:
    """A moment in UTC as the ledger writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def moment_in(name: str) -> datetime | None:
    """When somebody made this ULID, in UTC; None for a name that is no ULID."""
    try:
        return ULID.from_str(name).datetime
    except ValueError:
        return None


def _at_line(line: int, sentence: str) -> str:
    return f"Line {line}: {sentence}" if line else sentence[:1].upper() + sentence[1:]


def read_row(line: str, number: int = 0) -> Mapping[str, object]:
    """The JSON object of one line. Raises BadDecision."""
    try:
        return read_object(line)
    except UnicodeError as error:
        said = "a text holds half of a character (U+D800 to U+DFFF)."
        raise BadDecision(_at_line(number, said), line=number) from error
    except ValueError as error:
        raise BadDecision(
            _at_line(number, "this is not a JSON object."), line=number, text=line[:200]
        ) from error


def _text(row: Mapping[str, object], key: str, line: int) -> str:
    value = row.get(key)
    if value is None:
        return ""
    longest = LONGEST_CARD if key in CARDS else LONGEST
    if not isinstance(value, str) or len(value) > longest:
        raise BadDecision(
            _at_line(line, f"“{key}” must be a text of at most {longest} letters."),
            line=line,
            key=key,
        )
    text = value.strip()
    if hidden := why_hidden(f"“{key}”", text):
        raise BadDecision(_at_line(line, hidden), line=line, key=key)
    return text


def _name(given: str, at: str, row: Mapping[str, object], line: int) -> str:
    """The decision's id: the one given, else made from the line where it says when, so that
    replaying counts once."""
    if given:
        if not NAME.fullmatch(given):
            raise BadDecision(
                _at_line(line, f"“{given}” is not a ULID (26 letters and digits)."), line=line
            )
        return given.upper()
    if not at:
        return str(ULID())
    # Within one moment the order of lines is the order of ids.
    content = hashlib.sha256(json.dumps(row, sort_keys=True, default=str).encode()).digest()
    moment = datetime.fromisoformat(at)
    milliseconds = max(0, int(moment.timestamp() * 1000))
    return str(
        ULID.from_bytes(milliseconds.to_bytes(6, "big") + line.to_bytes(3, "big") + content[:7])
    )


def _new_class(name: str, title: str, collection: Collection) -> dict[str, str]:
    """Id and title of a new class that was given by its id or its name; or the class that has
    this name already."""
    there = collection.find(title or name)
    is_id = name == class_id_from(name)
    label = there or (name if is_id else free_id(name, collection.names))
    return {"label": label, "title": title or ("" if is_id else name)}


def _class(text: str, action: str, collection: Collection | None, line: int) -> str:
    """The class id that is meant. A new class is not in the collection yet; "none" is an answer
    to a visitor."""
    if (
        not text
        or collection is None
        or action == "add_class"
        or (action == "accept_visitor" and text == NONE_OF_THESE)
    ):
        return text
    try:
        return collection.resolve(text)
    except UnknownClass as error:
        raise BadDecision(_at_line(line, str(error)), line=line, label=text) from error
