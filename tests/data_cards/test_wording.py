"""Numbers with their words, as sentences use them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from data_cards.wording import (
    counted,
    hidden_sign,
    if_any,
    in_every_text,
    in_words,
    percent,
    points,
    shown,
    whole_percent,
)

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (counted(0, "photo"), "0 photos"),
        (counted(1, "photo"), "1 photo"),
        (counted(2, "photo"), "2 photos"),
        (counted(1, "class", "classes"), "1 class"),
        (counted(3, "class", "classes"), "3 classes"),
        (counted(0, "label", none="No label"), "No label"),
        (counted(1, "label", none="No label"), "1 label"),
        (counted(1, "photo is", "photos are"), "1 photo is"),
        (if_any(0, "file"), ""),
        (if_any(1, "file"), "1 file"),
        (if_any(2, "file is new", "files are new"), "2 files are new"),
        (in_words(0), "no"),
        (in_words(1), "one"),
        (in_words(10), "ten"),
        (in_words(11), "11"),
        (percent(0.849), "84.9 %"),
        (percent(1.0), "100 %"),
        (whole_percent(0.849), "85 %"),
        (whole_percent(0.0), "0 %"),
        (points(0.004), "+0.4"),
        (points(-0.0312), "−3.1"),
    ],
)
def test_a_number_has_the_word_that_fits_it(said: str, words: str) -> None:
    assert said == words


WORDS = r"(?:photo|label|class|file|finding|decision|epoch|second|minute|visitor|group)"
TWICE = re.compile(rf"[\"']1 {WORDS}[\"'] if |{WORDS}\{{''? if |[\"']{WORDS}[\"'] if \w[^\n]* == 1")


def test_no_other_module_writes_its_own_plural_of_a_counted_word() -> None:
    """`counted` is the one place: copies of it forgot the singular."""
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for floor in ("data_cards", "train", "curation", "space")
        for path in sorted((ROOT / floor).rglob("*.py"))
        if path.name != "wording.py"
        for line in path.read_text("utf-8").splitlines()
        if TWICE.search(line)
    ]
    assert found == []


BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"


@pytest.mark.parametrize(
    "sign", [*BIDI, "\0", "\x1b", "\x7f", "\x85", "\ud800", "\ue000", "\u2028"]
)
def test_signs_that_mislead_are_shown_as_what_they_are(sign):
    assert shown(f"mug{sign}gpj") == f"mug[U+{ord(sign):04X}]gpj"
    assert hidden_sign(f"mug{sign}gpj") == sign


@pytest.mark.parametrize(
    "text", ["दुर्गा", "café", "خانه\u200cها", "👩\u200d🎨", "two\nlines", "a\u00a0b", "x²", "蛙"]
)
def test_what_people_write_stays_as_it_is(text):
    assert shown(text) == text
    assert "\n" in text or hidden_sign(text) == ""


def test_every_text_of_an_answer_is_shown_so():
    made = {"title": "a\u202eb", "facts": [("Painter", "c\0d")], "score": 0.5, "none": None}
    told = in_every_text(made, shown)
    assert told["title"] == "a[U+202E]b" and told["facts"] == [("Painter", "c[U+0000]d")]
    assert (told["score"], told["none"]) == (0.5, None)
