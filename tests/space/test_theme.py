"""The colours are readable in light and in dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from space.routes import ASSETS

ROLE = re.compile(r"--([\w-]+): light-dark\((#[0-9A-F]{6}), (#[0-9A-F]{6})\);")
ROLES = {name: pair for name, *pair in ROLE.findall((ASSETS / "colours.css").read_text())}
READ = [
    (words, ground)
    for words in ("ink", "soft", "accent", "sure", "maybe", "none")
    for ground in ("paper", "card")
]


def brightness(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio, WCAG 2.2."""
    dark, bright = sorted((brightness(one), brightness(other)))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("words", "ground"), [*READ, ("soft", "wash"), ("ink", "wash")])
@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_words_stand_out_from_what_they_are_on(words: str, ground: str, scheme: int) -> None:
    assert contrast(ROLES[words][scheme], ROLES[ground][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_the_edges_of_what_can_be_pressed_are_seen(scheme: int) -> None:
    for ground in ("paper", "card"):
        assert contrast(ROLES["edge"][scheme], ROLES[ground][scheme]) >= 3


def test_no_style_or_script_of_the_page_reaches_out() -> None:
    for path in [*ASSETS.glob("*.css"), *ASSETS.glob("*.js"), Path(ASSETS.parent / "index.html")]:
        assert not re.search(
            r"@import|url\(['\"]?https?:|(?:src|href)=['\"]https?:", path.read_text()
        ), path
