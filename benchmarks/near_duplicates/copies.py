"""Near-duplicates: ours with fastdup, ours without it, and fastdup alone, on photos whose copies
are known.

    python -m benchmarks.curation copies ../shared/photos/landmarks [--count 40]

Prints for each made folder (see copy_sets, lookalike_sets) average precision, recall at 99.9 %
precision, recall and precision at the default dial, wrong verdicts of a million pairs, the time,
and ours as a ratio to fastdup's.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.near_duplicates.copy_sets import SETS, CopySet
from benchmarks.near_duplicates.lookalike_sets import KINDS, POSTERS, cut, drawn
from curation.ingest.listing import list_photos
from curation.near_duplicates import fastdup as fastdup_proposals
from curation.near_duplicates.compare import LOOKS_ALIKE
from curation.near_duplicates.groups import THRESHOLD, PairOfIds, pair_of
from curation.near_duplicates.in_folder import folder_duplicates
from data_cards.settings import default_cache
from train.statistics.metrics import wilson

Scores = dict[PairOfIds, float]
FEW_SCENES = 6  # of a kind of things, and six things in each
EVERY_SET: dict[str, Callable[[list[Path], Path], CopySet]] = (
    SETS
    | {"cut": cut}
    | {
        kind: lambda photos, folder, kind=kind: drawn(kind, folder, FEW_SCENES)  # type: ignore[misc]
        for kind in (*KINDS, POSTERS)
    }
)


@dataclass(frozen=True)
class Figures:
    """How well scored pairs tell true from false."""

    average_precision: float
    strict: float  # recall at 99.9 % precision
    recall: float
    precision: float
    wrong: int
    proposed: float


def figures(scores: Scores, true: Iterable[PairOfIds], threshold: float) -> Figures:
    """Pairs that were not scored count as missed; equal scores stand or fall together."""
    wanted = frozenset(true)
    names = sorted(scores, key=lambda pair: -scores[pair])
    hit = np.array([pair in wanted for pair in names], bool)
    value = np.array([scores[pair] for pair in names])
    last = (
        np.append(np.flatnonzero(np.diff(value)), len(value) - 1)
        if len(value)
        else np.zeros(0, int)
    )
    hits = np.cumsum(hit)[last]
    count = last + 1
    precision = hits / np.maximum(count, 1)
    recall = hits / max(len(wanted), 1)
    said = value >= threshold
    strict = recall[precision >= 0.999]
    return Figures(
        float((precision * np.diff(recall, prepend=0)).sum()),
        float(strict.max()) if len(strict) else 0.0,
        float((hit & said).sum() / max(len(wanted), 1)),
        float(hit[said].mean()) if said.any() else 1.0,
        int((said & ~hit).sum()),
        float(hit.sum() / max(len(wanted), 1)),
    )


def ours(folder: Path, with_fastdup: bool) -> Scores:
    """The scores of our own command."""
    pairs, _ = folder_duplicates(folder, default_cache(os.environ), with_fastdup=with_fastdup)
    # What only looks alike is below every dial.
    return {
        (pair.a, pair.b): pair.score
        if pair.kind != LOOKS_ALIKE
        else min(pair.score, THRESHOLD - 0.01)
        for pair in pairs
    }


def fastdup_alone(folder: Path) -> Scores:
    """fastdup's own similarities, as it finds them in this folder."""
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as work:
        fastdup_proposals._run(folder, Path(work), threads=2, timeout=600)
        with open(Path(work, "similarity.csv"), newline="", encoding="utf-8") as file:
            rows = [
                (Path(row["from"]).name, Path(row["to"]).name, float(row["distance"]))
                for row in csv.DictReader(file)
            ]
    scores: Scores = {}
    for one, other, alike in rows:
        if one != other:
            pair = pair_of(one, other)
            scores[pair] = max(scores.get(pair, 0.0), alike)
    return scores


def copies(photos: list[Path], count: int, name: str) -> None:
    """One set, by everybody."""
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as scratch:
        made = EVERY_SET[name](
            photos[: count * 20 if name == "tiny" else count], Path(scratch, name)
        )
        number = len(list(made.folder.iterdir()))
        print(f"\n{name}: {number} photos, {len(made.true)} true pairs")
        theirs = (
            _row("fastdup alone", lambda: fastdup_alone(made.folder), made, number, None)
            if fastdup_proposals.installed()
            else None
        )
        for with_fastdup in (True, False) if theirs else (False,):
            title = "ours with fastdup" if with_fastdup else "ours without fastdup"
            _row(title, lambda chosen=with_fastdup: ours(made.folder, chosen), made, number, theirs)  # type: ignore[misc]


def _row(
    title: str, work: Callable[[], Scores], made: CopySet, photos: int, anchor: Figures | None
) -> Figures:
    began = time.monotonic()
    scores = work()
    seconds = time.monotonic() - began
    # fastdup has no dial of ours: it is given the one at which it makes no mistake.
    wrong = [score for pair, score in scores.items() if pair not in made.true]
    threshold = (
        THRESHOLD if title.startswith("ours") else float(np.nextafter(max(wrong, default=0.0), 2))
    )
    found = figures(scores, made.true, threshold)
    different = photos * (photos - 1) // 2 - len(made.true)
    print(
        f"  {title:21}AP {found.average_precision:.4f}  recall at 99.9 % {found.strict:.4f}  at "
        "the dial recall "
        f"{found.recall:.4f} precision {found.precision:.4f} ({_rate(found.wrong, different)})  "
        f"proposed {found.proposed:.4f} in "
        f"{len(scores)} pairs, {seconds / photos * 1000:.0f} ms a photo, "
        f"{seconds / max(len(scores), 1) * 1000:.1f} ms a pair{_ratio(found, anchor)}"
    )
    return found


def _rate(wrong: int, different: int) -> str:
    """Wrong verdicts of a million pairs of different things, with Wilson's interval at 95 %; of
    none wrong, the bound by the rule of three."""
    if not different:
        return f"{wrong} wrong"
    if not wrong:
        bound = f"fewer than {3e6 / different:.0f} of a million"
    else:
        share = wilson(wrong, different)
        bound = (
            f"{1e6 * wrong / different:.0f} of a million, "
            f"{1e6 * share.low:.0f} to {1e6 * share.high:.0f}"
        )
    return f"{wrong} wrong of {different} different pairs, {bound}"


def _ratio(found: Figures, anchor: Figures | None) -> str:
    if anchor is None or not anchor.average_precision:
        return ""
    return (
        f"  to fastdup: AP x {found.average_precision / anchor.average_precision:.2f}, "
        f"recall x {found.strict / max(anchor.strict, 1e-9):.2f}"
    )


def add_flags(command: argparse.ArgumentParser) -> None:
    """Its flags."""
    command.add_argument("folder", type=Path)
    command.add_argument(
        "--count", type=int, default=40, help="photos to edit; twenty times as many tiny ones"
    )
    command.add_argument("--set", choices=list(EVERY_SET), help="only this one")


def run(flags: argparse.Namespace) -> None:
    """Print the figures."""
    photos = [flags.folder / path for path in sorted(list_photos(flags.folder).photos)]
    random.Random(0).shuffle(photos)
    for name in [flags.set] if flags.set else EVERY_SET:
        copies(photos, flags.count, name)
