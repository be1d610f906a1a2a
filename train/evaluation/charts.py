"""Charts of a training and of a test, as PNG bytes: what was learned when, what is mixed up, how
far to trust "97 %".

Each chart carries in its corner what it was measured on. Matplotlib is loaded inside; pyplot and
its globals are not.

    Path("training.png").write_bytes(training_chart(epochs, best, 0.93))
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from train.finetune.fit import Epoch
from train.statistics.metrics import Share

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PAPER = "#FAF7F1"
INK = "#1E1A15"
SOFT = "#6B6257"
LINE = "#E4DCCF"
ACCENT = "#B4432A"
SURE = "#2F6B4F"
# these come with matplotlib, so every machine draws the same
SERIF = "DejaVu Serif"
SANS = "DejaVu Sans"
MOST_CELLS = 30  # classes; a larger table of confusions cannot be read, the worst pairs can
LONGEST_NAME = 22


def training_chart(
    epochs: Sequence[Epoch], best: int, probe: float | None, note: str = ""
) -> bytes:
    """Loss, accuracy and learning rate per epoch. `best`: the epoch that was kept, 0 for the
    probe; `probe`: its accuracy."""
    figure = _figure(13.2, 4.0)
    loss, accuracy, rate = figure.subplots(1, 3)
    at = [row.epoch for row in epochs]
    _curve(loss, at, [row.loss for row in epochs], "training, visitor-like views", SOFT)
    _curve(loss, at, [row.validation_loss for row in epochs], "validation", ACCENT)
    loss.set_ylim(bottom=0)
    _curve(
        accuracy,
        at,
        [_percent(row.accuracy) for row in epochs],
        "training, visitor-like views",
        SOFT,
    )
    _curve(
        accuracy, at, [_percent(row.validation_accuracy) for row in epochs], "validation", ACCENT
    )
    if probe is not None:
        accuracy.axhline(
            100 * probe, color=SURE, linewidth=1.2, linestyle=(0, (2, 3)), label="probe, before"
        )
    _accuracy_scale(accuracy)
    _curve(
        rate,
        at,
        [_millionths(row.learning_rate) for row in epochs],
        "uppermost block, at an epoch's end",
        SURE,
    )
    rate.set_ylim(bottom=0)
    for axes, title in (
        (loss, "Loss"),
        (accuracy, "Accuracy, %"),
        (rate, "Learning rate, millionths"),
    ):
        _dress(axes, title, "epoch")
        axes.set_xticks(at)
        _mark(axes, best)
        if axes.lines:
            axes.legend(frameon=False, fontsize=8, labelcolor=INK)
    return _png(figure, note)


def confusion_chart(table: np.ndarray, names: Sequence[str], note: str = "") -> bytes:
    """`table` (c, c) counts, rows the truth: as a grid for few classes, the most frequent
    mix-ups for many."""
    if len(names) > MOST_CELLS:
        return _mix_ups(table, names, note)
    side = min(12.0, 3.4 + 0.34 * len(names))
    figure = _figure(side + 0.8, side)
    axes = figure.subplots()
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap=_paper_to_ink(), vmin=0, vmax=1)
    for row, column in np.argwhere(table > 0):
        right = row == column
        colour = PAPER if shares[row, column] > 0.5 else (INK if right else ACCENT)
        axes.text(
            column,
            row,
            str(table[row, column]),
            ha="center",
            va="center",
            fontsize=8,
            color=colour,
            fontweight="normal" if right else "bold",
        )
    short = [_short(name) for name in names]
    axes.set_xticks(range(len(names)), short, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), short)
    _dress(axes, "What was taken for what", "answered", "was", grid="")
    return _png(figure, note)


def calibration_chart(
    bins: Sequence[tuple[float, float, int]], error: float, note: str = ""
) -> bytes:
    """`bins`: (mean confidence, share right, photos); the diagonal is a model that is as good as
    it says."""
    figure = _figure(4.8, 4.6)
    axes = figure.subplots()
    axes.plot([0, 100], [0, 100], color=SOFT, linewidth=1, linestyle=(0, (2, 3)))
    if bins:
        said, right, photos = (np.array(column, float) for column in zip(*bins, strict=True))
        axes.plot(100 * said, 100 * right, color=ACCENT, linewidth=1.2, alpha=0.6)
        axes.scatter(
            100 * said,
            100 * right,
            s=24 + 260 * photos / photos.sum(),
            color=ACCENT,
            zorder=3,
            clip_on=False,
        )
    axes.set_xlim(0, 103)
    axes.set_ylim(0, 103)
    axes.set_aspect("equal")
    _dress(axes, f"Confidence, {100 * error:.1f} % off", "it says, %", "it is right, %")
    return _png(figure, note)


def rounds_chart(
    rounds: Sequence[tuple[int, Share]],
    served: int,
    steps: Sequence[tuple[int, int, float, float]] = (),
    note: str = "",
) -> bytes:
    """Top-1 of each round (number, share) with its 95 % interval; `served`: the number that is
    served now.

    `steps`: (round, later round, share, later share) of two models on the same test. These are
    the lines, so that a line rises by what a round bought, and not because labels of the test
    were put right.
    """
    figure = _figure(6.4, 3.6)
    axes = figure.subplots()
    known = [(number, share) for number, share in rounds if share.value is not None]
    at = [number for number, _ in known]
    values = [100 * (share.value or 0.0) for _, share in known]
    for first, second, before, after in steps:
        axes.plot(
            [first, second],
            [100 * before, 100 * after],
            color=SOFT,
            linewidth=1.2,
            alpha=0.7,
            marker="o",
            markersize=2.5,
        )
    for (number, share), value in zip(known, values, strict=True):
        axes.plot([number, number], [100 * share.low, 100 * share.high], color=SOFT, linewidth=1.2)
        axes.plot(
            [number], [value], marker="o", markersize=7, color=ACCENT if number == served else SOFT
        )
        axes.annotate(
            f"{value:.1f}",
            (number, value),
            (8, 4),
            textcoords="offset points",
            fontsize=8,
            color=INK,
        )
    low = min(
        [*(100 * share.low for _, share in known), *(100 * before for _, _, before, _ in steps)],
        default=0.0,
    )
    axes.set_ylim(max(0.0, 10 * np.floor(low / 10)), 102)
    axes.set_xticks(at)
    axes.set_xlim(min(at, default=1) - 0.5, max(at, default=1) + 0.7)
    _dress(axes, "Top-1 on the sealed test, %", "round")
    return _png(figure, note)


def _mix_ups(table: np.ndarray, names: Sequence[str], note: str, most: int = 15) -> bytes:
    wrong = table - np.diag(table.diagonal())
    order = [
        divmod(int(cell), len(names)) for cell in wrong.ravel().argsort(kind="stable")[::-1][:most]
    ]
    pairs = [(row, column) for row, column in order if wrong[row, column]]
    figure = _figure(8.0, 1.4 + 0.34 * max(1, len(pairs)))
    axes = figure.subplots()
    axes.barh(range(len(pairs)), [wrong[pair] for pair in pairs], color=ACCENT, height=0.55)
    axes.set_yticks(
        range(len(pairs)),
        [f"{_short(names[row])} → {_short(names[column])}" for row, column in pairs],
    )
    axes.invert_yaxis()
    axes.locator_params(axis="x", integer=True)
    _dress(axes, "Most frequent mix-ups" if pairs else "Nothing was mixed up", "photos", grid="x")
    return _png(figure, note)


def _figure(width: float, height: float) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=150, facecolor=PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _png(figure: Figure, note: str) -> bytes:
    if note:
        figure.supxlabel(note, fontsize=7.5, color=SOFT, x=0.99, ha="right", family=SANS)
    out = io.BytesIO()
    with warnings.catch_warnings():
        # A title in a script these fonts lack shows boxes; the model card has it in full.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(out, format="png", facecolor=PAPER, pad_inches=0.25, bbox_inches="tight")
    return out.getvalue()


def _dress(
    axes: Axes, title: str, across: str = "", up: str = "", grid: Literal["", "x", "y"] = "y"
) -> None:
    axes.set_facecolor(PAPER)
    axes.set_title(title, family=SERIF, fontsize=13, color=INK, loc="left", pad=10)
    axes.set_xlabel(across, color=SOFT, fontsize=9)
    axes.set_ylabel(up, color=SOFT, fontsize=9)
    axes.tick_params(colors=SOFT, labelcolor=INK, labelsize=8, length=0)
    for side, spine in axes.spines.items():
        spine.set_visible(bool(grid) and side == "bottom")
        spine.set_color(LINE)
    if grid:
        axes.grid(axis=grid, color=LINE, linewidth=0.8)
        axes.set_axisbelow(True)


def _curve(
    axes: Axes, at: Sequence[int], values: Sequence[float | None], label: str, colour: str
) -> None:
    known = [(x, y) for x, y in zip(at, values, strict=True) if y is not None]
    if known:
        axes.plot(
            *zip(*known, strict=True),
            color=colour,
            linewidth=1.8,
            marker="o",
            markersize=4,
            label=label,
        )


def _mark(axes: Axes, best: int) -> None:
    if best:
        axes.axvline(best, color=ACCENT, linewidth=6, alpha=0.12, zorder=0, label="kept")


def _accuracy_scale(axes: Axes) -> None:
    """The axis ends at 100 and begins where the curves do, at a round number: never a scale that
    flatters."""
    lowest = min((float(np.min(np.asarray(line.get_ydata()))) for line in axes.lines), default=0.0)
    axes.set_ylim(max(0.0, 10 * np.floor(lowest / 10) - 10), 101)


def _millionths(value: float | None) -> float | None:
    return None if value is None else 1e6 * value


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _short(name: str) -> str:
    plain = name.replace(
        "$", r"\$"
    )  # matplotlib would set what is between two of them as mathematics
    return (
        plain if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].replace("$", r"\$") + "…"
    )


def _paper_to_ink() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("paper", [PAPER, "#C9D5CB", SURE])
