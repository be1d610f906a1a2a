"""Numbers with their words, as sentences use them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from data_cards.wording import (
    chance_percent,
    counted,
    day_of,
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
        (chance_percent(0.0), "1 %"),
        (chance_percent(0.849), "85 %"),
        (chance_percent(0.9996), "99 %"),
        (chance_percent(1.0), "99 %"),
        (day_of("2026-03-03T23:59:00+00:00"), "3 March 2026"),
        (day_of("2026-11-30"), "30 November 2026"),
        (day_of("yesterday"), ""),
        (points(0.004), "+0.4"),
        (points(-0.0312), "−3.1"),
    ],
)
def test_a_number_has_the_word_that_fits_it(said: str, words: str) -> None:
    assert said == words


def lines_of(*endings: str) -> list[tuple[str, str]]:
    """Every line of the product's files with these endings: (file, line)."""
    return [
        (str(path.relative_to(ROOT)), line.strip())
        for folder in ("data_cards", "train", "curation", "space", "docs/assets")
        for ending in endings
        for path in sorted((ROOT / folder).rglob(f"*{ending}"))
        if "vendor" not in path.parts
        for line in path.read_text("utf-8").splitlines()
    ]


WORDS = r"(?:photo|label|class|file|finding|decision|epoch|second|minute|visitor|group)"
TWICE = re.compile(rf"[\"']1 {WORDS}[\"'] if |{WORDS}\{{''? if |[\"']{WORDS}[\"'] if \w[^\n]* == 1")


def test_no_other_module_writes_its_own_plural_of_a_counted_word() -> None:
    """`counted` is the one place: copies of it forgot the singular."""
    found = [one for one in lines_of(".py") if TWICE.search(one[1])]
    assert [one for one in found if not one[0].endswith("/wording.py")] == []


# What only these files write: a per cent from a fraction, and a day in words. In the columns of a
# card and of the page of trainings, every figure has one decimal: "84.0 %".
SHARES = re.compile(r"100 \* [^{}]*\} %|\* 100\)\} %|toFixed\(\d\)\} %")
ITS_OWN_SHARES = {
    "data_cards/wording.py",
    "data_cards/dataset/cards.py",
    "curation/light_table/static/dom.js",
}
DAYS = re.compile(r"%B|toLocale(?:Date|Time)String|DateTimeFormat")
ITS_OWN_DAYS = {"data_cards/wording.py", "curation/light_table/static/dom.js"}


@pytest.mark.parametrize(("written", "by"), [(SHARES, ITS_OWN_SHARES), (DAYS, ITS_OWN_DAYS)])
def test_shares_and_days_have_one_style(written: re.Pattern[str], by: set[str]) -> None:
    found = {file for file, line in lines_of(".py", ".js", ".html") if written.search(line)}
    assert found == by


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
