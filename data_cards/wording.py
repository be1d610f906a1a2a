"""Counts and shares in words."""

from __future__ import annotations

import math


def between(least: float, most: float) -> str:
    """A range in words: "at least 1", "from 0 to 1"."""
    if most == math.inf:
        return f"at least {least:.10g}" if least > -math.inf else "a number"
    return f"from {least:.10g} to {most:.10g}" if least > -math.inf else f"at most {most:.10g}"


def percent(share: float) -> str:
    """0.849 -> "84.9 %".

    >>> percent(0.849), percent(1.0)
    ('84.9 %', '100 %')
    """
    return f"{100 * share:.1f} %".replace(".0 %", " %")


def points(difference: float) -> str:
    """0.004 -> "+0.4"; a real minus sign for what is lost.

    >>> points(0.004), points(-0.0312), points(0.0)
    ('+0.4', '−3.1', '0')
    """
    value = round(100 * difference, 1)
    return "0" if value == 0 else f"{value:+.1f}".replace("-", "−").removesuffix(".0")
