"""What is wrong with a collection, and what is missing, each with its line.

    check_texts(card, classes)[0]       classes.yaml, line 12: `parent` is the class itself.

A reader stops at the first error; this goes on to the last. Pure: texts in, remarks out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import yaml

from data_cards.dataset.class_names import RESERVED, class_id_from, name_key, title_from
from data_cards.dataset.collection import Collection as Things
from data_cards.dataset.collection import read_collection
from data_cards.dataset.collection_files import (
    CARD,
    CLASSES,
    ClassRow,
    class_nodes,
    class_row,
    lines_of_card,
    lines_of_keys,
)
from data_cards.errors import BadCollection, VitrineError
from data_cards.texts.wikidata import is_item

LONGEST_SUMMARY = 400  # letters; the placard of the demo shows six lines of some 60


@dataclass(frozen=True)
class Remark:
    """One thing to look at. `is_error`: the collection cannot be used, or says something false,
    until it is put right; other remarks are advice."""

    file: str
    line: int
    why: str
    is_error: bool = True

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{place}: {self.why}"


def check_texts(card: str, classes: str, pictures: Collection[str] = ()) -> list[Remark]:
    """Every remark about a card.md, a classes.yaml and the class ids that have a reference
    picture, errors of a file in the order of its lines."""
    remarks = [*_of_card(card)]
    rows: list[tuple[ClassRow, yaml.Node]] = []
    try:
        nodes = class_nodes(classes)
    except BadCollection as error:
        return [*remarks, _remark(error, CLASSES)]
    for node in nodes:
        try:
            rows.append((class_row(node), node))
        except BadCollection as error:
            remarks.append(_remark(error, CLASSES))
    found = [*_of_classes(rows), *_of_parents(rows)]
    remarks += sorted(found, key=lambda remark: remark.line)
    ids = {row.id for row, _ in rows}
    remarks += [
        Remark(f"references/{name}.jpg", 0, f"There is no class '{name}'.", is_error=False)
        for name in sorted(pictures)
        if name not in ids and len(rows) == len(nodes)
    ]
    return remarks


def _remark(error: BadCollection, file: str) -> Remark:
    """A remark of what a reader refuses: its sentence begins with the place."""
    line = int(str(error.evidence.get("line", 0)))
    sentence = error.sentence.partition(f"{file}, line {line}: ")[2] or error.sentence
    return Remark(file, line, sentence)


def _of_card(text: str) -> Iterator[Remark]:
    try:
        things = read_collection(text, "")
        lines = lines_of_card(text)
    except BadCollection as error:
        yield _remark(error, CARD)
        return
    yield from _about_card(things, lines)


def _about_card(things: Things, lines: dict[str, int]) -> Iterator[Remark]:
    name = lines.get("name", 1)
    if "name" not in lines:
        yield Remark(CARD, 1, "`name` is missing: a short word for the collection.")
    elif things.name != class_id_from(things.name):
        fit = class_id_from(things.name)
        yield Remark(CARD, name, f"`{things.name}` cannot be a name; `{fit}` could.")
    for key in ("title", "licence"):
        if not _is_said(getattr(things, key)) or key not in lines:
            yield Remark(CARD, lines.get(key, 1), f"`{key}` is missing.", is_error=False)
    if not _is_said(things.description):
        yield Remark(CARD, 1, "Say below the front matter what the collection is.", is_error=False)
    if things.subject not in ("things", "people"):
        yield Remark(CARD, lines["subject"], "`subject` is `things` or `people`.")
    try:
        things.check_publishable()
    except VitrineError:
        yield Remark(
            CARD,
            lines.get("subject", 1),
            "Photos of people: before publishing, fill in intended_use, consent and legal_basis.",
            is_error=False,
        )


def _is_said(text: str) -> bool:
    return bool(text.strip(". "))


class _Seen:
    """Names that were met, each with the class and the line where it was met first."""

    def __init__(self) -> None:
        self._by_key: dict[str, tuple[str, int]] = {}

    def first(self, key: str, class_id: str, line: int) -> tuple[str, int] | None:
        """Where another class has this name already, if one has."""
        owner = self._by_key.setdefault(key, (class_id, line))
        return owner if owner[0] != class_id else None


def _of_classes(rows: list[tuple[ClassRow, yaml.Node]]) -> Iterator[Remark]:
    ids: dict[str, int] = {}
    names = _Seen()
    items = _Seen()
    for row, node in rows:
        lines = lines_of_keys(node)
        start = node.start_mark.line + 1
        line = lines.get("id", start)
        if row.id in ids:
            yield _error(line, f"`{row.id}` stands in line {ids[row.id]} already.")
        ids.setdefault(row.id, line)
        yield from _of_id(row, line)
        for key in ("title", "aliases"):
            said = (row.title or title_from(row.id),) if key == "title" else row.aliases
            for name in said:
                at = lines.get(key, start)
                other = names.first(name_key(name), row.id, at)
                if other:
                    yield _error(
                        at,
                        f"`{name}` is also a name of {other[0]} (line {other[1]}); "
                        "a name means one class.",
                    )
        yield from _of_item(row, lines, items)
        yield from _of_texts(row, lines, start)


def _of_id(row: ClassRow, line: int) -> Iterator[Remark]:
    if row.id in RESERVED:
        yield _error(line, f"`{row.id}` is a reserved word and cannot be a class id.")
    elif row.id != class_id_from(row.id):
        yield _error(line, f"`{row.id}` cannot be a class id; `{class_id_from(row.id)}` could.")


def _of_item(row: ClassRow, lines: dict[str, int], items: _Seen) -> Iterator[Remark]:
    if not row.wikidata:
        return
    line = lines["wikidata"]
    if not is_item(row.wikidata):
        yield _error(line, f"`{row.wikidata}` is not a Wikidata item; items look like Q243.")
        return
    other = items.first(row.wikidata, row.id, line)
    if other:
        yield _error(line, f"{other[0]} (line {other[1]}) has the same item.")


def _of_parents(rows: list[tuple[ClassRow, yaml.Node]]) -> Iterator[Remark]:
    """Parents that lead back to their class. A parent need not be a class: it may be a group."""
    by_name = {name_key(name): row for row, _ in rows for name in (row.title, row.id) if name}
    for row, node in rows:
        above = [row.id]
        parent = by_name.get(name_key(row.parent))
        while parent and parent.id not in above:
            above.append(parent.id)
            parent = by_name.get(name_key(parent.parent))
        if parent and parent.id == row.id:
            way = f" by way of {' and '.join(above[1:])}" if above[1:] else ""
            yield _error(lines_of_keys(node)["parent"], f"`parent` is the class itself{way}.")


def _of_texts(row: ClassRow, lines: dict[str, int], start: int) -> Iterator[Remark]:
    if row.location == (0.0, 0.0):
        yield _error(lines["location"], "0, 0 is in the Atlantic, so this is probably a slip.")
    names = [name_key(name) for name, _ in row.facts]
    if len({*names}) < len(names):
        yield _error(lines["facts"], "This fact appears twice.")
    if any(not _is_said(name) or not _is_said(value) for name, value in row.facts):
        yield _advice(lines["facts"], "A fact has no name or no value yet.")
    if not _is_said(row.summary):
        yield _advice(lines.get("summary", start), f"{row.id} has no summary yet.")
    if len(row.summary) > LONGEST_SUMMARY:
        yield _advice(
            lines["summary"],
            f"The summary has {len(row.summary)} letters; visitors read {LONGEST_SUMMARY}.",
        )
    if _is_said(row.summary) or row.facts:
        missing = [key for key in ("source", "licence") if not _is_said(getattr(row, key))]
        if missing:
            verb = "is" if len(missing) == 1 else "are"
            words = " and ".join(f"`{key}`" for key in missing)
            yield _advice(start, f"{row.id} has a text, but its {words} {verb} missing.")
    if row.draft:
        yield _advice(
            lines["draft"], f"The text of {row.id} is a draft that nobody has accepted yet."
        )


def _error(line: int, why: str) -> Remark:
    return Remark(CLASSES, line, why)


def _advice(line: int, why: str) -> Remark:
    return Remark(CLASSES, line, why, is_error=False)
