"""Counts and shares in words."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any


def between(least: float, most: float) -> str:
    """A range in words: "at least 1", "from 0 to 1"."""
    if most == math.inf:
        return f"at least {least:.10g}" if least > -math.inf else "a number"
    return f"from {least:.10g} to {most:.10g}" if least > -math.inf else f"at most {most:.10g}"


NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def counted(number: int, one: str, many: str = "", *, none: str = "") -> str:
    """A number with its word. `many`: where it is not `one` with an s; `none`: said instead of 0.

    >>> counted(1, "photo"), counted(2, "photo"), counted(1200, "class", "classes")
    ('1 photo', '2 photos', '1200 classes')
    >>> counted(0, "photo"), counted(0, "photo", none="no photo")
    ('0 photos', 'no photo')
    """
    if not number and none:
        return none
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def if_any(number: int, one: str, many: str = "") -> str:
    """The same, and nothing for none: a part of a sentence that is left out.

    >>> if_any(1, "file is new", "files are new"), if_any(0, "file")
    ('1 file is new', '')
    """
    return counted(number, one, many) if number else ""


def first_few(names: Iterable[str], most: int = 3) -> str:
    """The first of many names, and how many more there are.

    >>> first_few(["mug", "vase"]), first_few("abcde", 2)
    ('mug, vase', 'a, b and 3 more')
    """
    named = list(names)
    more = f" and {len(named) - most} more" if len(named) > most else ""
    return ", ".join(named[:most]) + more


def and_joined(parts: Sequence[str]) -> str:
    """At least one part, as people list them.

    >>> and_joined(["mug"]), and_joined(["mug", "vase", "kite"])
    ('mug', 'mug, vase and kite')
    """
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def in_words(number: int) -> str:
    """Small numbers as words, larger ones in digits.

    >>> in_words(0), in_words(3), in_words(11)
    ('no', 'three', '11')
    """
    return NUMBERS[number] if number < len(NUMBERS) else str(number)


def whole_percent(share: float) -> str:
    """0.849 -> "85 %".

    >>> whole_percent(0.849), whole_percent(1.0)
    ('85 %', '100 %')
    """
    return f"{round(100 * share)} %"


def percent(share: float) -> str:
    """0.849 -> "84.9 %".

    >>> percent(0.849), percent(1.0)
    ('84.9 %', '100 %')
    """
    return f"{100 * share:.1f} %".replace(".0 %", " %")


def chance_percent(chance: float) -> str:
    """How likely something is, which is never certain: whole per cents from "1 %" to "99 %".

    >>> chance_percent(0.003), chance_percent(0.849), chance_percent(0.999)
    ('1 %', '85 %', '99 %')
    """
    return whole_percent(min(0.99, max(0.01, chance)))


def day_of(moment: str) -> str:
    """The day of a time in ISO 8601; "" where it cannot be read.

    >>> day_of("2026-03-03T09:15:00Z"), day_of("yesterday")
    ('3 March 2026', '')
    """
    try:
        day = datetime.fromisoformat(moment)
    except ValueError:
        return ""
    return f"{day.day} {day:%B %Y}"


def points(difference: float) -> str:
    """0.004 -> "+0.4"; a real minus sign for what is lost.

    >>> points(0.004), points(-0.0312), points(0.0)
    ('+0.4', '−3.1', '0')
    """
    value = round(100 * difference, 1)
    return "0" if value == 0 else f"{value:+.1f}".replace("-", "−").removesuffix(".0")


# Signs that people write with and that Python does not count as printable: blanks that do not break
# a line, and the joiners of Devanagari, Persian and emoji.
WRITTEN_WITH = frozenset("\u00a0\u202f\u200c\u200d")
# Characters that make a text read as something else: control characters, direction marks (with
# which "gpj.exe" reads as "exe.jpg"), halves of characters, and those that no script uses.
MISLEADING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    "\ud800-\udfff\ue000-\uf8ff\ufff9-\ufffb\uffff]"
)


def hidden_sign(text: str) -> str:
    """The first sign that nobody can see: a control sign, a mark of direction, half of a character;
    empty for none."""
    if text.isprintable():
        return ""
    return next((sign for sign in text if not sign.isprintable() and sign not in WRITTEN_WITH), "")


def why_hidden(what: str, text: str) -> str:
    """A sentence about the first sign of `text` that nobody can see; empty for none.

    >>> why_hidden("This name", "mug\\u202egpj")
    'This name has a character that cannot be shown (U+202E). Remove it.'
    """
    sign = hidden_sign(text)
    if not sign:
        return ""
    return f"{what} has a character that cannot be shown (U+{ord(sign):04X}). Remove it."


def shown(text: str) -> str:
    """The text with signs that mislead shown as what they are.

    >>> shown("mug\\u202egpj.exe")
    'mug[U+202E]gpj.exe'
    """
    return MISLEADING.sub(lambda found: f"[U+{ord(found.group()):04X}]", text)


def in_every_text(value: Any, change: Callable[[str], str]) -> Any:
    """A plain value (text, list, tuple, dict, whatever) with each text in it changed."""
    if isinstance(value, str):
        return change(value)
    if type(value) in (list, tuple):
        return type(value)(in_every_text(one, change) for one in value)
    if type(value) is dict:
        return {key: in_every_text(one, change) for key, one in value.items()}
    return value
