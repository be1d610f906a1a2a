"""JSON objects, one a line, from anybody: read strictly, and written so that they can be sent."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

# Half of a character outside the basic plane, as JSON spells it. Two halves make one character.
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class Line(dict[str, Any]):
    """One object of a file. `place` says where it stands: "ledger/01J0.jsonl, line 3"."""

    __slots__ = ("place",)

    def __init__(self, row: Mapping[str, Any], place: str) -> None:
        super().__init__(row)
        self.place = place


def read_object(text: str | bytes) -> dict[str, Any]:
    """One JSON object. Raises ValueError for anything else: no JSON, nested too deep, or text that
    has no UTF-8."""
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


def lines_of(data: bytes, path: str) -> list[Line]:
    """Every line of a file that is not empty. One that is no JSON object becomes
    {"unreadable": text}, for the reader of the file to tell: it must not hide the good ones."""
    found = []
    for number, line in enumerate(data.removeprefix(codecs.BOM_UTF8).split(b"\n"), start=1):
        if line.strip():
            found.append(Line(_object_or_not(line), f"{path}, line {number}"))
    return found


def written(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """The lines of a file."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    # Within a JSON text this is how JSON itself spells a character that has no UTF-8.
    return text.encode("utf-8", "backslashreplace")


def _object_or_not(line: bytes) -> dict[str, Any]:
    try:
        return read_object(line)
    except ValueError:
        return {"unreadable": line.decode("utf-8", "replace")}
