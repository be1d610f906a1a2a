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
# Windows' editors begin a text with a byte order mark, and people with an empty line.
_BEGINNING = r"\A\ufeff?(?:[ \t]*\n)*---[ \t]*\n"
FRONT_MATTER = re.compile(
    _BEGINNING + r"(.*?)^---[ \t]*(?:\n\s*|\Z)(.*)\Z", re.DOTALL | re.MULTILINE
)
OPENED = re.compile(_BEGINNING)
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
WORDS_IN_CARD = ("noun", "nouns", "keeper")
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
# Values that a file stands for once its aliases are spelled out: 100 times the largest known list.
MOST_VALUES = 1_000_000
SURROGATE = re.compile("[\ud800-\udfff]")
NOTHING = ("", "~", "null", "Null", "NULL")
HOW = {
    "id": "a class needs an `id`, a short text",
    "aliases": "`aliases` is a list of texts: `aliases: [harbour, port]`",
    "facts": "`facts` is a list of names with values: `facts: {painter: somebody, year: 1905}`",
    "location": "`location` is a latitude (-90 to 90) and a longitude (-180 to 180): "
    "`location: [48.86, 2.34]`",
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
    """(front matter, description) of a card.md. Texts are as they were written: `language: no` is
    Norwegian and no boolean. Raises BadCollection."""
    node, first, body = _card_node(text)
    if node is None:
        return {}, body
    head: dict[str, Any] = {}
    lines = _keys(node, CARD, first)
    for (key, line), (_, value) in zip(lines, node.value, strict=True):
        slip = difflib.get_close_matches(key, KNOWN_IN_CARD, 1, SLIP)
        if slip and key not in KNOWN_IN_CARD and not translated_key(key, IN_CARD):
            raise _bad(CARD, line, f"`{key}` is not known; did you mean `{slip[0]}`?")
        is_text = key in (*TEXTS_IN_CARD, *WORDS_IN_CARD) or translated_key(key, IN_CARD)
        head[key] = _text(key, value, line) if is_text else _constructed(key, value, line)
    return head, body


def _card_node(text: str) -> tuple[yaml.MappingNode | None, int, str]:
    """(the front matter of a card.md, the line where it begins, the description)."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found = FRONT_MATTER.match(text)
    if not found:
        if OPENED.match(text):
            raise _bad(CARD, 1, "the front matter has no second line `---` that ends it")
        return None, 1, text
    first = text.count("\n", 0, found.start(1)) + 1
    node = _composed(found.group(1), CARD, yaml.SafeLoader, first)
    if node is not None and not isinstance(node, yaml.MappingNode):
        raise BadCollection(f"The front matter of {CARD} must be a list of `name: value` lines.")
    return node, first, found.group(2)


def _text(key: str, node: yaml.Node, line: int) -> str:
    if node.tag == "tag:yaml.org,2002:null":
        return ""
    if not isinstance(node, yaml.ScalarNode) or SURROGATE.search(node.value):
        raise _bad(CARD, line, f"`{key}` is one text")
    return str(node.value).strip()


def _constructed(key: str, node: yaml.Node, line: int) -> Any:
    """The value of something that an owner added, as YAML types it."""
    try:
        return yaml.SafeLoader("").construct_object(node, deep=True)
    # What PyYAML raises for a date such as 2026-13-45, and for its own tags.
    except (yaml.YAMLError, ValueError, TypeError, AttributeError) as error:
        raise _bad(CARD, line, f"the value of `{key}` cannot be read; put it in quotes") from error


def lines_of_keys(node: yaml.Node, offset: int = 1) -> dict[str, int]:
    """The line of each key of a node; nothing where it has no keys."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return {str(key.value): key.start_mark.line + offset for key, _ in pairs}


def lines_of_card(text: str) -> dict[str, int]:
    """The line of each key in the front matter of a card.md."""
    node, first, _ = _card_node(text)
    return lines_of_keys(node, first) if node else {}


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


def _composed(text: str, file: str, loader: type[Any], first: int = 1) -> yaml.Node | None:
    """The nodes of a text that begins in line `first` of a file. Raises BadCollection."""
    try:
        node: yaml.Node | None = yaml.compose(text, loader)
        size = _size(node, {}) if node else 0
    except yaml.YAMLError as error:
        last = text.rstrip("\n").count("\n")
        line = first + min(_line_in(error, text), last)
        why = str(getattr(error, "problem", "") or getattr(error, "reason", ""))
        told = f" ({why})" if why.isprintable() and why else ""
        raise _bad(
            file,
            line,
            f"this is not valid YAML{told}. Correct it, or put it back from a copy",
            cause=str(error),
        ) from error
    except RecursionError as error:
        raise _bad(file, first, "something in this file is nested too deeply") from error
    if size > MOST_VALUES:
        raise _bad(file, first, f"this file stands for more than {MOST_VALUES:,} values")
    return node


def _line_in(error: yaml.YAMLError, text: str) -> int:
    """The line of an error, counted from 0."""
    mark = getattr(error, "problem_mark", None)
    return int(mark.line) if mark else text.count("\n", 0, getattr(error, "position", 0))


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node stands for, with each alias spelled out. Raises RecursionError for a
    node that lies in itself."""
    size = known.get(id(node))
    if size is None:
        known[id(node)] = -1
        inside = node.value if isinstance(node, yaml.CollectionNode) else ()
        nodes = (one for pair in inside for one in (pair if isinstance(pair, tuple) else (pair,)))
        size = known[id(node)] = 1 + sum(_size(one, known) for one in nodes)
    if size < 0:
        raise RecursionError
    return size


def _keys(node: yaml.MappingNode, file: str, offset: int = 1) -> list[tuple[str, int]]:
    """Each key with its line. A key given twice is refused: YAML would silently keep the last
    one."""
    found: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + offset
        if not isinstance(key, yaml.ScalarNode):
            raise _bad(file, line, "what stands before `:` is one text")
        name = str(key.value)
        if name in found:
            raise _bad(file, line, f"`{name}` stands in line {found[name]} already")
        found[name] = line
    return list(found.items())


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        names = (name for name, _ in _keys(node, CLASSES))
        return {name: _plain(value) for name, (_, value) in zip(names, node.value, strict=True)}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(one) for one in node.value]
    return node.value


def _bad(file: str, line: int, why: str, **evidence: object) -> BadCollection:
    said = why if why.endswith(("?", ".")) else f"{why}."
    return BadCollection(f"{file}, line {line}: {said}", file=file, line=line, **evidence)
