"""The training bench's rows as a table: mean and spread over seeds, beside what was wanted; and
the time to accuracy.

print(table(read_rows(Path("rows.jsonl"))))
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import mean
from typing import Any

Row = Mapping[str, Any]
# What was wanted of a set, and what earlier attempts came to (first tries with the same backbone on
# two cores).
WANTED = {
    ("groceries", "ours"): "wanted at least 93 %, aim 95; first attempts 88 to 90",
    ("groceries", "probe"): "first attempt 67 %",
    ("groceries", "flipped 20"): "wanted at most 3 points below ours",
    ("groceries", "flipped 40"): "wanted at most 8 points below ours",
    ("landmarks", "ours"): "wanted at least 97 %",
    ("artifacts", "ours"): "wanted 100 %",
}
OTHERS = {
    "scratch": "elsewhere 53 against 74 % with transfer",
    "no augmentation": "elsewhere 33 against 49 % with it",
}
FIFTH = 0.2


def table(rows: Iterable[Row]) -> str:
    """One line for each set, recipe and size, then how long ours takes to where the stock recipe
    arrives."""
    shelf: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        name, recipe, _, *size = row["key"]
        shelf[name, tuple(size[:3]), recipe, size[3]].append(row)
    lines = [
        f"{'set':11}{'recipe':17}{'top-1':>8}  "
        f"{'spread':15}{'seeds':>5}{'test':>6}{'train':>7}{'minutes':>9}  "
        "beside ours"
    ]
    for (name, size, recipe, _), some in shelf.items():
        ours = [
            row
            for key, others in shelf.items()
            if key[:3] == (name, size, "ours")
            for row in others
        ]
        lines.append(_line(name, recipe, some, ours, size))
    return "\n".join([*lines, *_speeds(shelf)])


def time_to(curve: Sequence[Sequence[float]], accuracy: float) -> float | None:
    """Seconds after which a curve of (seconds, accuracy) is first at `accuracy` or above; None:
    never."""
    return next((seconds for seconds, reached in curve if reached >= accuracy), None)


def _line(
    name: str, recipe: str, some: Sequence[Row], ours: Sequence[Row], size: tuple[Any, ...]
) -> str:
    values = [100 * row["top1"] for row in some]
    low, high = some[0]["interval"]
    spread = (
        f"{min(values):.1f} to {max(values):.1f}"
        if len(values) > 1
        else f"95 %: {100 * low:.0f} to {100 * high:.0f}"
    )
    gap = mean(values) - mean(100 * row["top1"] for row in ours) if ours else 0.0
    beside = f"{gap:+.1f} points" if ours and recipe != "ours" else ""
    words = "; ".join(
        filter(
            None,
            (
                beside,
                WANTED.get((name, recipe)) or OTHERS.get(recipe, ""),
                _only(size),
                "resumed" if any(row["resumed"] for row in some) else "",
            ),
        )
    )
    minutes = mean(row["seconds"] for row in some) / 60
    return (
        f"{name:11}{recipe:17}{mean(values):7.1f}%  {spread:15}{len(some):5}{some[0]['n']:6}"
        f"{some[0]['photos']['train']:7}{minutes:9.1f}  {words}"
    )


def _only(size: tuple[Any, ...]) -> str:
    a_class, test, epochs = size
    parts = (
        f"at most {a_class} a class" if a_class else "",
        f"{test} test photos" if test else "",
        f"{epochs} epochs" if epochs else "",
    )
    return ", ".join(filter(None, parts))


def _speeds(shelf: Mapping[tuple[Any, ...], Sequence[Row]]) -> list[str]:
    lines = []
    for (name, size, recipe, rate), some in shelf.items():
        for stock in some if recipe == "stock" else ():
            ours = [
                row
                for key, others in shelf.items()
                if key[:3] == (name, size, "ours")
                for row in others
                if row["seed"] == stock["seed"]
            ]
            lines += [_speed(name, stock, row, rate) for row in ours]
    return (
        ["", "Time to the validation accuracy that the stock recipe keeps", *lines] if lines else []
    )


def _speed(name: str, stock: Row, ours: Row, rate: float) -> str:
    seconds, accuracy = stock["curve"][stock["best"] - 1]
    there = time_to(ours["curve"], accuracy)
    first = time_to(stock["curve"], accuracy) or seconds
    said = (
        f"ours {there:.0f} s, stock {first:.0f} s: ratio {there / first:.2f} (wanted at most "
        f"{FIFTH})"
        if there is not None
        else f"stock {first:.0f} s, ours never"
    )
    cut = "; one was resumed, so its first seconds are missing" * (
        ours["resumed"] or stock["resumed"]
    )
    return (
        f"{name}, seed {stock['seed']}, stock at {rate:g}: {100 * accuracy:.1f} % of validation: "
        f"{said}; on the "
        f"test {100 * stock['top1']:.1f} % stock, {100 * ours['top1']:.1f} % ours{cut}"
    )
