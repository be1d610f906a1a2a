"""Rules of photo quality: numbers of a photo -> what is wrong with it, in words. Thresholds say
where they come from.

A rule that needs a new number adds it to `curation/measures/pixels.py`; photos that were measured
before are then measured again by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

from curation.measures.pixels import Measures, ratio
from data_cards.wording import whole_percent

BLANK_SPREAD = (
    10.0  # grey levels between the 2nd and 98th percentile: paper and walls; any thing spans more
)
NOTHING = 3.0  # grey levels: not even a dark photo of something
STANDS_OUT = 40.0  # grey levels: a thin line on paper, which covers too little to spread
DARK_LEVEL = (
    32.0  # grey levels: nine tenths of the photo are darker; a night scene with lamps is brighter
)
PALE_LEVEL = 200.0  # grey levels: nothing is darker; ordinary photos have something below 130
BLURRED_DETAIL = 0.075  # share of the contrast that is fine detail; sharp photos have 0.15 to 1
# The softest direction, and it by the sharpest: ordinary photos have 0.12 and 0.3 and more, hardly
# one both.
SHAKEN_DETAIL = 0.1
SHAKEN_RATIO = 0.42
TINY_SIDE = 96  # pixels: a network that looks at 224 sees each of them more than twice
ODD_RATIO = (
    3.2  # longer side by shorter; panoramas and banners, of which the centre crop shows a third
)
# A placeholder is drawn: few colours, most of it exactly flat, empty above, below, left and right
# of what is on it. a catalogue picture on white has 11 colours or more
DRAWN_FLAT = 0.7
DRAWN_COLOURS = 8
DRAWN_EMPTY = 0.3
# A screenshot has bars and lines of text: rows of one colour between rows that are not, from edge
# to edge.
SCREEN_BANDS = 4
WINDOW_BANDS = 3
SCREEN_FLAT = 0.25


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a photo: score 0..1 (higher is worse) and the reason in words."""

    name: str
    score: float
    reason: str


def troubles(measures: Measures) -> list[Trouble]:
    """Everything that is wrong with a photo, worst first. What was drawn is not judged as a
    photo besides."""
    drawn = _placeholder(measures) or _screenshot(measures)
    found = [*([drawn] if drawn else as_photo(measures)), _tiny(measures), _odd(measures)]
    return sorted((one for one in found if one), key=lambda one: -one.score)


def as_photo(measures: Measures) -> list[Trouble]:
    """What is wrong with it as a photograph, its size and shape aside."""
    found = (_blank(measures), _dark(measures), _pale(measures), _blurred(measures))
    return [one for one in found if one]


def nothing_to_see(it: Measures) -> Trouble:
    """The trouble of a photo that shows nothing."""
    return Trouble(
        "blank",
        1 - min(it.spread / BLANK_SPREAD, 1.0) / 2,
        "Nearly one colour all over: there is nothing to see.",
    )


def _blank(it: Measures) -> Trouble | None:
    if it.spread >= BLANK_SPREAD or it.peak >= STANDS_OUT or _dark(it) or _pale(it):
        return None
    return nothing_to_see(it)


def _dark(it: Measures) -> Trouble | None:
    if it.level >= DARK_LEVEL or it.spread <= NOTHING:
        return None
    said = f"Very dark: 90 % of it stays below {whole_percent(it.level / 255)} of white."
    return Trouble("dark", 1 - it.level / DARK_LEVEL / 2, said)


def _pale(it: Measures) -> Trouble | None:
    if it.darkest < PALE_LEVEL or it.spread <= NOTHING or it.peak >= 255 - PALE_LEVEL:
        return None
    said = f"Washed out: nothing in it is darker than {whole_percent(it.darkest / 255)} of white."
    return Trouble("bright", 0.5 + (it.darkest - PALE_LEVEL) / (255 - PALE_LEVEL) / 2, said)


def _blurred(it: Measures) -> Trouble | None:
    if it.spread < BLANK_SPREAD or min(it.width, it.height) < TINY_SIDE:
        return None
    if it.detail < BLURRED_DETAIL:
        return Trouble(
            "blurred",
            0.9 - it.detail / BLURRED_DETAIL / 2,
            "Blurred: even its sharpest places are soft.",
        )
    if it.softest < SHAKEN_DETAIL and it.softest < SHAKEN_RATIO * it.sharpest:
        return Trouble(
            "blurred",
            0.9 - it.softest / SHAKEN_DETAIL / 2,
            "Shaken: it is smeared in one direction.",
        )
    return None


def _tiny(it: Measures) -> Trouble | None:
    side = min(it.width, it.height)
    if side >= TINY_SIDE:
        return None
    return Trouble("tiny", 1 - side / TINY_SIDE / 2, f"Tiny: {it.width} x {it.height} pixels.")


def _odd(it: Measures) -> Trouble | None:
    if ratio(it) < ODD_RATIO:
        return None
    return Trouble(
        "odd shape",
        min(1.0, 0.4 + ratio(it) / 20),
        f"An odd shape: {it.width} x {it.height} pixels, so a square look at it misses most.",
    )


def _placeholder(it: Measures) -> Trouble | None:
    is_drawn = (
        it.flat >= DRAWN_FLAT
        and it.colours <= DRAWN_COLOURS
        and min(it.rows, it.columns) >= DRAWN_EMPTY
    )
    # Noise on one colour is a blank photo, since nothing stands out. Dark photos have few colours
    # as well.
    if not is_drawn or it.bands < 2 or _dark(it):
        return None
    return Trouble(
        "placeholder",
        0.95,
        "A placeholder, not a photo: a few words or a sign on an empty background.",
    )


def _screenshot(it: Measures) -> Trouble | None:
    bars = it.bands >= SCREEN_BANDS
    window = it.bands >= WINDOW_BANDS and it.columns == 0
    if not (bars or window) or it.flat < SCREEN_FLAT or _dark(it) or _pale(it):
        return None
    return Trouble("screenshot", 0.8, "A screenshot: bars or lines of text run from edge to edge.")
