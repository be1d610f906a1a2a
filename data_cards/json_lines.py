"""JSON objects from strangers' hands, one a line: read strictly, and written so that they can always be sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

# Half of a character outside the basic plane, as JSON spells it. Two halves in a row are one character.
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class Line(dict[str, Any]):
    """One object of a JSON Lines file. `place` says where it stands: "ledger/01J0....jsonl, line 3"."""

    __slots__ = ("place",)

    def __init__(self, row: Mapping[str, Any], place: str) -> None:
        super().__init__(row)
        self.place = place


def read_object(text: str | bytes) -> dict[str, Any]:
    """One JSON object. Raises ValueError for anything else: no JSON, nested too deep, or text that has no UTF-8."""
    if isinstance(text, bytes):
        text = text.decode()  # `json` would let lone surrogates pass
    try:
        row = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(row, dict):
        raise ValueError("no JSON object")
    if SURROGATE.search(text):
        json.dumps(row, ensure_ascii=False).encode()
    return row


def lines_of(text: str, path: str) -> list[Line]:
    """Every line of a file that is not empty; one that is no JSON object as {"unreadable": text}, for the reader of
    the file to tell: a bad line must not hide the good ones."""
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            found.append(Line(_object_or_not(line), f"{path}, line {number}"))
    return found


def written(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """The lines of a file."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    # Within a JSON text this is how JSON itself spells a character that has no UTF-8.
    return text.encode("utf-8", "backslashreplace")


def _object_or_not(line: str) -> dict[str, Any]:
    try:
        return read_object(line)
    except ValueError:
        return {"unreadable": line}
