"""Small drawings for a page that carries everything itself: SVG as text, in the page's own
colours.

    line_chart([Curve("training", [(1, 0.9), (2, 0.4)], "soft")], "epoch", "loss")

Shares are 0..1 and shown in per cent. Colours are the names of CSS variables, so a drawing
follows light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from data_cards.wording import percent, whole_percent
from train.statistics.metrics import Share

WIDTH = 420
HEIGHT = 260
LEFT = 62
BELOW = 40
ABOVE = 14
RIGHT = 22  # room for half of the last number
HALF = 0.5  # of a round, beside the first and the last one
FONT = 11  # height of the words
LABELLED = 8  # with more rounds only the served one and the candidate have their figure
POINTS_IN_SIGHT = 12  # more points than this are a line without dots

# A drawing in a separate file has no page to take its colours from.
ALONE = (
    "svg{background:#FAF7F1}text{font:11px sans-serif;fill:#6B6257}polyline{fill:none}"
    ".grid{stroke:#E4DCCF}.stroke-soft{stroke:#6B6257}.stroke-accent{stroke:#B4432A}"
    ".fill-soft{fill:#6B6257}.fill-accent{fill:#B4432A}.waits{fill:#FAF7F1;stroke:#B4432A}"
)


@dataclass(frozen=True)
class Curve:
    """A line with its name; `points` (x, y) from left to right; `colour`: ink, soft, accent,
    sure or none."""

    name: str
    points: Sequence[tuple[float, float]]
    colour: str = "accent"
    dotted: bool = True  # where its points are few


def interval_bar(value: float | None, low: float, high: float, colour: str = "accent") -> str:
    """A share as a dot on a line from 0 to 100 %, its interval as a band."""
    if value is None:
        return ""
    wide = max(0.6, 100 * (high - low))
    band = f'<rect x="{100 * low:.1f}" y="3" width="{wide:.1f}" height="4" rx="2" class="band"/>'
    return (
        f'<svg class="interval" viewBox="-3 0 106 10" role="img" aria-label="'
        f'{whole_percent(low)} to {whole_percent(high)}">'
        f'<line x1="0" x2="100" y1="5" y2="5" class="axis"/>{band}'
        f'<circle cx="{100 * value:.1f}" cy="5" r="3" class="fill-{escape(colour)}"/></svg>'
    )


def line_chart(
    curves: Sequence[Curve],
    across: str,
    up: str,
    *,
    shares: bool = False,
    right: bool = False,
    diagonal: bool = False,
    mark: float | None = None,
) -> str:
    """Curves over one another with their names below. `shares`: both axes run from 0 to 100 %;
    `right`: only the upward one does, and the other counts; `diagonal`: what a perfect answer
    would be; `mark`: an x that is pointed out."""
    points = [point for curve in curves for point in curve.points]
    if not points:
        return ""
    frame = _Frame.around(points, shares, right)
    parts = [_axes(frame, across, up)]
    if diagonal:
        parts.append(_polyline(frame, [(0, 0), (1, 1)], "soft dashed"))
    if mark is not None:
        parts.append(_polyline(frame, [(mark, frame.bottom), (mark, frame.top)], "line"))
    parts += [_curve(frame, curve) for curve in curves if curve.points]
    named = "; ".join(curve.name for curve in curves if curve.points)
    label = escape(f"{up} by {across}: {named}")
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}"'
    return f'<figure><svg class="chart" {box}>{"".join(parts)}</svg>{_names(curves)}</figure>'


def rounds_chart(
    rounds: Sequence[tuple[int, Share]],
    served: int,
    steps: Sequence[tuple[int, int, float, float]] = (),
    *,
    waits: int = 0,
    style: str = ALONE,
) -> str:
    """A whole SVG file: top-1 of each round (number, share) with its 95 % interval. `served` and
    `waits` are the numbers of the served model and of the candidate; `style` is CSS, empty where a
    page has its own. Empty where nothing was measured.

    `steps`: (round, later round, share, later share) of two models on the same test. Lines are
    drawn between these, so that a line rises by what a round gained, and not because labels of the
    test were corrected.
    """
    measured = [(number, top1) for number, top1 in rounds if top1.value is not None]
    if not measured:
        return ""
    numbers = [number for number, _ in measured]
    last = max(numbers)
    # The scale starts at a round number below everything that is drawn, and ends at 100 %.
    lowest = min([top1.low for _, top1 in measured] + [before for _, _, before, _ in steps])
    floor = min(math.floor(10 * lowest) / 10, 0.9)
    across = ticks(numbers[0], last, whole=True)
    frame = _Frame(across, ticks(floor, 1.0), last + HALF, (False, True), HALF)
    states = {waits: "waits", served: "served"}
    few = len(measured) <= LABELLED
    told = ", ".join(f"round {number}: {percent(top1.value or 0)}" for number, top1 in measured)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Top-1 by round. {told}">',
        _axes(frame, "round", "top-1 on the sealed test"),
        *(
            _polyline(frame, [(first, before), (second, after)], "soft way")
            for first, second, before, after in steps
        ),
        *(
            _round(frame, number, top1, states.get(number, "past"), few or number in states)
            for number, top1 in measured
        ),
    ]
    return "".join(parts) + (f"<style>{style}</style>" if style else "") + "</svg>"


def ticks(low: float, high: float, whole: bool = False) -> list[float]:
    """About four round numbers that cover `low` to `high`; `whole`: counts, and none beyond the
    ends.

    >>> ticks(0, 2.8), ticks(1, 7, whole=True)
    ([0.0, 1.0, 2.0, 3.0], [1.0, 3.0, 5.0, 7.0])
    """
    wanted = max(high - low, 1e-9) / 4
    size = 10.0 ** math.floor(math.log10(wanted))
    step = next(size * times for times in (1, 2, 5, 10) if size * times >= wanted * 0.999)
    if whole:
        step = max(1, math.ceil(step))
        return [float(low + n * step) for n in range(math.floor((high - low) / step) + 1)]
    first = math.floor(low / step + 1e-9)
    return [round(n * step, 12) for n in range(first, math.ceil(high / step - 1e-9) + 1)]


@dataclass(frozen=True)
class _Frame:
    """The range of both axes, in round numbers; shares are written in per cent."""

    across: Sequence[float]
    up: Sequence[float]
    right: float
    shares: tuple[bool, bool]
    room: float = 0.0  # before the first number across

    @property
    def left(self) -> float:
        return self.across[0] - self.room

    @property
    def bottom(self) -> float:
        return self.up[0]

    @property
    def top(self) -> float:
        return self.up[-1]

    @classmethod
    def around(cls, points: Sequence[tuple[float, float]], shares: bool, right: bool) -> _Frame:
        quarters = (0.0, 0.25, 0.5, 0.75, 1.0)
        x = [point[0] for point in points]
        y = [point[1] for point in points]
        last = 1.0 if shares else max(max(x), min(x) + 1)
        return cls(
            quarters if shares else ticks(min(x), last, whole=True),
            quarters if shares or right else ticks(min(0.0, *y), max(*y, min(y) + 1e-6)),
            last,
            (shares, shares or right),
        )

    def at(self, point: tuple[float, float]) -> tuple[float, float]:
        across = (point[0] - self.left) / (self.right - self.left)
        up = (point[1] - self.bottom) / (self.top - self.bottom)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BELOW - up * (
            HEIGHT - BELOW - ABOVE
        )


def _axes(frame: _Frame, across: str, up: str) -> str:
    parts = []
    for y in frame.up:
        left, height = frame.at((frame.left, y))
        parts.append(
            f'<line x1="{left:.1f}" x2="{WIDTH - RIGHT}" y1="{height:.1f}" y2="{height:.1f}" '
            'class="grid"/>'
            f'<text x="{left - 6:.1f}" y="{height + 4:.1f}" text-anchor="end">'
            f"{_number(y, frame.shares[1])}</text>"
        )
    for x in frame.across:
        width, base = frame.at((x, frame.bottom))
        parts.append(
            f'<text x="{width:.1f}" y="{base + 16:.1f}" text-anchor="middle">'
            f"{_number(x, frame.shares[0])}</text>"
        )
    parts.append(
        f'<text x="{(LEFT + WIDTH) / 2:.0f}" y="{HEIGHT - 6}" '
        f'text-anchor="middle">{escape(across)}</text>'
        f'<text x="12" y="{HEIGHT / 2 - 10:.0f}" text-anchor="middle" '
        f'transform="rotate(-90 12 {HEIGHT / 2 - 10:.0f})">{escape(up)}</text>'
    )
    return "".join(parts)


def _curve(frame: _Frame, curve: Curve) -> str:
    dots = ""
    if curve.dotted and len(curve.points) <= POINTS_IN_SIGHT:
        places = [frame.at(point) for point in curve.points]
        dots = "".join(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" class="fill-{curve.colour}"/>'
            for x, y in places
        )
    return _polyline(frame, curve.points, curve.colour) + dots


def _round(frame: _Frame, number: int, top1: Share, state: str, is_named: bool) -> str:
    x, y = frame.at((number, top1.value or 0))
    colour = "soft" if state == "past" else "accent"
    mark = "" if state == "past" else f" {state}"
    high = max(frame.at((number, top1.high))[1] - 6, FONT)
    label = f'<text x="{x:.1f}" y="{high:.1f}" text-anchor="middle">{percent(top1.value or 0)}'
    return (
        _polyline(frame, [(number, top1.low), (number, top1.high)], f"{colour} interval")
        + f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" class="fill-{colour} dot {state}"/>'
        + (f"{label}{mark}</text>" if is_named else "")
    )


def _polyline(frame: _Frame, points: Sequence[tuple[float, float]], style: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(frame.at, points))
    return f'<polyline points="{path}" class="stroke-{style}"/>'


def _names(curves: Sequence[Curve]) -> str:
    named = "".join(
        f'<span><i class="swatch bg-{curve.colour}"></i>{escape(curve.name)}</span>'
        for curve in curves
        if curve.points
    )
    return f"<figcaption>{named}</figcaption>"


def _number(value: float, share: bool) -> str:
    return whole_percent(value) if share else f"{value:g}"
