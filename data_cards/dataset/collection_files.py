"""The texts of card.md and classes.yaml, read strictly: what is wrong is said with its file and
line.

    rows = class_rows("- id: harbour\\n  aliases: [port]\\n")      rows[0].aliases == ("port",)

Every scalar of classes.yaml is text as it was written, so that `id: 007` stays "007" and `id:
no` is no boolean.
"""

from __future__ import annotations

import difflib
import re
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from data_cards.dataset.translations import (
    IN_CARD,
    IN_CLASSES,
    Translation,
    by_language,
    translated_key,
)
from data_cards.errors import BadCollection

CARD = "card.md"
CLASSES = "classes.yaml"
FRONT_MATTER = re.compile(r"\A---\s*\n(.*?)\n---\s*\n?(.*)\Z", re.DOTALL)
TEXTS_IN_CARD = (
    "name",
    "title",
    "subject",
    "language",
    "licence",
    "intended_use",
    "consent",
    "legal_basis",
)
# What card.md may say, besides what an owner adds for themselves.
KNOWN_IN_CARD = (
    *TEXTS_IN_CARD,
    "flips",
    "search",
    "negatives",
    "credits",
)
# How similar (0..1, difflib's ratio) an unknown key must be to a known one to count as a typo: .8
# for `tilte` and `title`, .5 for `date` and `name`.
SLIP = 0.75
NOTHING = ("", "~", "null", "Null", "NULL")
HOW = {
    "id": "a class needs an `id`, a short text",
    "aliases": "`aliases` is a list of texts: `aliases: [harbour, port]`",
    "facts": "`facts` is a list of names with values: `facts: {painter: somebody, year: 1905}`",
    "location": "`location` is a latitude and a longitude: `location: [48.86, 2.34]`",
    "draft": "`draft` is true or false: `draft: true`",
}


def _or_nothing(value: Any) -> Any:
    return "" if isinstance(value, str) and value.strip() in NOTHING else value


def _pairs(value: Any) -> Any:
    """`{name: value}` or a list of {name, value}, as pairs."""
    if isinstance(value, dict):
        return tuple(value.items())
    if isinstance(value, list) and all(
        isinstance(one, dict) and set(one) == {"name", "value"} for one in value
    ):
        return tuple((one["name"], one["value"]) for one in value)
    return () if value in NOTHING else value


Text = Annotated[str, BeforeValidator(_or_nothing)]


class ClassRow(BaseModel):
    """One class of classes.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    id: Annotated[str, Field(min_length=1)]
    title: Text = ""
    summary: Text = ""
    facts: Annotated[tuple[tuple[Text, Text], ...], BeforeValidator(_pairs)] = ()
    source: Text = ""
    licence: Text = ""
    wikidata: Text = ""
    location: Annotated[
        tuple[Annotated[float, Field(ge=-90, le=90)], Annotated[float, Field(ge=-180, le=180)]]
        | None,
        BeforeValidator(lambda value: None if value in ("", [], *NOTHING) else value),
    ] = None
    aliases: Annotated[
        tuple[Text, ...], BeforeValidator(lambda value: () if value in NOTHING else value)
    ] = ()
    parent: Text = ""
    draft: Annotated[bool, BeforeValidator(lambda value: False if value in NOTHING else value)] = (
        False
    )
    translations: tuple[Translation, ...] = ()


FIELDS = tuple(name for name in ClassRow.model_fields if name != "translations")


def class_rows(text: str) -> list[ClassRow]:
    """The classes of a classes.yaml. Raises BadCollection."""
    return [class_row(node) for node in class_nodes(text)]


def class_nodes(text: str) -> list[yaml.Node]:
    """The same as YAML's nodes, which know their lines. Raises BadCollection."""
    root = _composed(text, CLASSES, yaml.BaseLoader)
    if root is None or (isinstance(root, yaml.ScalarNode) and root.value in NOTHING):
        return []
    if isinstance(root, yaml.MappingNode) and not root.value:
        return []
    if not isinstance(root, yaml.SequenceNode):
        raise BadCollection(
            f"{CLASSES} must be a list of classes, each with an `id` and a `title`."
        )
    return list(root.value)


def card_head(text: str) -> tuple[dict[str, Any], str]:
    """(front matter, description) of a card.md. Raises BadCollection."""
    found = FRONT_MATTER.match(text.replace("\r\n", "\n"))
    if not found:
        return {}, text
    node = _composed(found.group(1), CARD, yaml.SafeLoader)
    if node is None:
        return {}, found.group(2)
    if not isinstance(node, yaml.MappingNode):
        raise BadCollection(f"The front matter of {CARD} must be a list of `name: value` lines.")
    for key, line in _keys(node, CARD, offset=2):
        slip = difflib.get_close_matches(key, KNOWN_IN_CARD, 1, SLIP)
        if slip and key not in KNOWN_IN_CARD and not translated_key(key, IN_CARD):
            raise _bad(CARD, line, f"`{key}` is not known; did you mean `{slip[0]}`?")
    return dict(yaml.safe_load(found.group(1))), found.group(2)


def lines_of_keys(node: yaml.Node, offset: int = 1) -> dict[str, int]:
    """The line of each key of a node; nothing where it has no keys."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return {str(key.value): key.start_mark.line + offset for key, _ in pairs}


def lines_of_card(text: str) -> dict[str, int]:
    """The line of each key in the front matter of a card.md."""
    found = FRONT_MATTER.match(text.replace("\r\n", "\n"))
    node = _composed(found.group(1), CARD, yaml.SafeLoader) if found else None
    return lines_of_keys(node, offset=2) if node else {}


def class_row(node: yaml.Node) -> ClassRow:
    """One class of a classes.yaml. Raises BadCollection."""
    line = node.start_mark.line + 1
    if not isinstance(node, yaml.MappingNode):
        raise _bad(CLASSES, line, f"{HOW['id']}: `- id: harbour`")
    lines = dict(_keys(node, CLASSES))
    try:
        row = {key.value: _plain(value) for key, value in node.value}
        others = by_language(row, IN_CLASSES)
        own = {key: row[key] for key in row if not translated_key(key, IN_CLASSES)}
        if "translations" in own:
            raise _bad(CLASSES, line, f"`translations` is not known; {_AS_TITLE_DE}")
        made = ClassRow.model_validate(own)
        return made.model_copy(update={"translations": _translations(others, lines)})
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        raise _bad(CLASSES, lines.get(key, line), _why(key, str(first["type"]))) from error


_AS_TITLE_DE = "in other languages a class has title, summary and facts, as in `title.de`."


def _translations(
    others: dict[str, dict[str, Any]], lines: dict[str, int]
) -> tuple[Translation, ...]:
    """By language, in the order of their names. Raises BadCollection."""
    made = []
    for language in sorted(others):
        fields = others[language]
        try:
            read = ClassRow.model_validate({"id": language, **fields})
        except ValidationError as error:
            key = str(error.errors()[0]["loc"][0])
            line = lines[f"{key}.{language}"]
            why = HOW.get(key, f"`{key}` is one text").replace(key, f"{key}.{language}")
            raise _bad(CLASSES, line, why) from error
        made.append(Translation(language, read.title, read.summary, read.facts))
    return tuple(made)


def _why(key: str, kind: str) -> str:
    if kind == "extra_forbidden" and "." in key:
        return f"`{key}` is not known; {_AS_TITLE_DE}"
    if kind == "extra_forbidden":
        slip = difflib.get_close_matches(key, FIELDS, 1, SLIP)
        known = f"did you mean `{slip[0]}`?" if slip else f"a class has {', '.join(FIELDS)}."
        return f"`{key}` is not known; {known}"
    return HOW.get(key, f"`{key}` is one text")


def _composed(text: str, file: str, loader: type[Any]) -> yaml.Node | None:
    try:
        return yaml.compose(text, loader)  # type: ignore[no-any-return]
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        line = f" (line {place.line + 1})" if place else ""
        raise BadCollection(
            f"{file} is not valid YAML{line}. Correct it, or put it back from a copy.",
            file=file,
            cause=str(error),
        ) from error


def _keys(node: yaml.MappingNode, file: str, offset: int = 1) -> list[tuple[str, int]]:
    """Each key with its line. A key given twice is refused: YAML would silently keep the last
    one."""
    found: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + offset
        name = str(key.value)
        if name in found:
            raise _bad(file, line, f"`{name}` stands in line {found[name]} already")
        found[name] = line
    return list(found.items())


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(one) for one in node.value]
    return node.value


def _bad(file: str, line: int, why: str) -> BadCollection:
    said = why if why.endswith(("?", ".")) else f"{why}."
    return BadCollection(f"{file}, line {line}: {said}", file=file, line=line)
