"""Backbones compared before one of them is trained: how many answers are right, how long one takes,
and how large the weights are.

For each photo outside the sealed test, a linear head on frozen features answers that saw neither
the photo nor its near-copies, so choosing a backbone uses up no test photo. Fine-tuning improves
some backbones more than others: if two are close, train both.

    python -m train compare-backbones museum auto facebook/dinov3-vits16-pretrain-lvd1689m
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from data_cards.annotations.framed_photos import framed
from data_cards.dataset.repo import open_dataset
from data_cards.errors import BackboneUnavailable, BadModel, CannotTrain
from data_cards.progress import say
from data_cards.wording import counted, percent, points
from train.inference.embeddings import embed_dataset, embedder_for
from train.models.backbone import Backbone, find_backbone
from train.probes.ensemble import out_of_fold_logits
from train.splits.seal import Sealed, sealed
from train.splits.training_set import Example, gather
from train.statistics.metrics import Share, wilson
from train.statistics.paired import Paired, bootstrap_interval, paired

TIMED = 12  # photos that say how long one takes; the first, which fills caches, does not count
MEGABYTE = 1e6


@dataclass(frozen=True)
class Contender:
    """A backbone, measured on the photos outside the test. `accuracy`: the share of right answers,
    with an interval that counts near-copies together; `milliseconds`: from a photo's bytes to its
    features, the median, through `engine`; `megabytes`: of its weights in float32, without its
    other half (the texts of a CLIP). `behind`: its difference from the best backbone, None for the
    best itself."""

    name: str
    family: str
    pixels: int
    accuracy: Share
    milliseconds: float
    megabytes: float
    engine: str
    behind: Paired | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            **vars(self),
            "accuracy": self.accuracy.to_json(),
            "behind": self.behind.to_json() if self.behind else None,
        }


@dataclass(frozen=True)
class _Asked:
    """The labelled photos outside the test."""

    source: Sealed
    examples: tuple[Example, ...]
    classes: int


def compare_backbones(
    dataset: str, names: Sequence[str], cache: Path, threads: int = 0
) -> tuple[Contender, ...]:
    """Measure backbones (names as `--backbone` takes them) on a dataset, best first. A backbone
    that is unavailable is reported and left out. Raises CannotTrain if none is left, CannotSplit.
    """
    source = sealed(open_dataset(dataset))
    source = replace(source, dataset=framed(source.dataset))
    material = gather(source, one_picture=False)
    asked = _Asked(source, (*material.train, *material.validation), len(material.classes))
    found = []
    for name in dict.fromkeys(names):
        try:
            found.append(_measured(find_backbone(name, cache), asked, cache, threads))
        except (BackboneUnavailable, BadModel) as error:
            say(f"{name} is left out: {error.sentence}")
    if not found:
        raise CannotTrain("None of these backbones can be used. `--backbone auto` always can.")
    return ranked(
        [one for one, _ in found], [right for _, right in found], _groups(asked, found[0][1])
    )


def ranked(
    contenders: Sequence[Contender],
    right: Sequence[dict[str, bool]],
    groups: dict[str, int],
) -> tuple[Contender, ...]:
    """Contenders, the best first; each other one has its paired difference from the best. `right`:
    for each contender, which photos it names rightly, by image_id; `groups`: which photos belong
    together."""
    order = sorted(range(len(contenders)), key=lambda one: -(contenders[one].accuracy.value or 0.0))
    best = right[order[0]]
    rows = [contenders[order[0]]]
    for one in order[1:]:
        both = [name for name in best if name in right[one]]
        difference = paired(
            [best[name] for name in both],
            [right[one][name] for name in both],
            [groups[name] for name in both],
        )
        rows.append(replace(contenders[one], behind=difference))
    return tuple(rows)


def share_right(right: np.ndarray, groups: Sequence[int]) -> Share:
    """The share of `right` (n,) with the wider of two intervals: Wilson's, which stays honest for
    few photos, and one over `groups` (n,), since near-copies are no news."""
    share = wilson(int(right.sum()), len(right))
    if len(set(groups)) < 2:
        return share
    low, high = bootstrap_interval(right.astype(int), groups)
    return replace(share, low=min(share.low, low), high=max(share.high, high))


def backbones_text(rows: Sequence[Contender]) -> str:
    """For people: a line for each, and how sure the order is."""
    width = max(len(row.name) for row in rows)
    lines = [
        f"{row.name:{width}}  {_share(row.accuracy):28}  {row.milliseconds:6.1f} ms a photo "
        f"({row.engine}, {row.pixels} pixels)  {row.megabytes:6.1f} MB"
        for row in rows
    ]
    lines += [_behind(row, rows[0]) for row in rows[1:]]
    photos = counted(rows[0].accuracy.n, "photo")
    lines.append(
        f"Measured on {photos} outside the sealed test, each by a linear head that had not seen "
        "it. One backbone may gain more from fine-tuning than another: where two are close, "
        "train both."
    )
    return "\n".join(lines)


def _share(share: Share) -> str:
    if share.value is None:
        return "no photo to ask"
    return f"{percent(share.value)} ({percent(share.low)} to {percent(share.high)})"


def _behind(row: Contender, best: Contender) -> str:
    pair = row.behind
    if pair is None:
        return ""
    sure = "" if pair.high < 0 else ", so it may be just as good"
    return (
        f"{row.name}: {points(pair.difference)} points beside {best.name} "
        f"(95 % interval {points(pair.low)} to {points(pair.high)}){sure}."
    )


def _measured(
    backbone: Backbone, asked: _Asked, cache: Path, threads: int
) -> tuple[Contender, dict[str, bool]]:
    ids = [name for name, _ in asked.examples]
    label = dict(asked.examples)
    dataset = asked.source.dataset
    readable, x = embed_dataset(dataset, ids, backbone, cache, threads=threads)
    truth = np.array([label[name] for name in readable], int)
    units = asked.source.units(readable)
    logits = out_of_fold_logits(x, truth, units, asked.classes)
    said = ~np.isnan(logits).any(axis=1)  # a class that only one group shows cannot be asked
    right = np.zeros(len(truth), bool)
    right[said] = logits[said].argmax(axis=1) == truth[said]
    rows = np.flatnonzero(said)
    accuracy = share_right(right[rows], [units[row] for row in rows])
    taken, engine = _milliseconds(backbone, asked, readable[:TIMED], cache, threads)
    family = backbone.family
    return (
        Contender(
            backbone.name,
            family.title or family.model_type,
            backbone.framing().size,
            accuracy,
            taken,
            _megabytes(backbone),
            engine,
        ),
        {readable[row]: bool(right[row]) for row in rows},
    )


def _groups(asked: _Asked, right: dict[str, bool]) -> dict[str, int]:
    names = list(right)
    return dict(zip(names, asked.source.units(names), strict=True))


def _milliseconds(
    backbone: Backbone, asked: _Asked, few: Sequence[str], cache: Path, threads: int
) -> tuple[float, str]:
    embedder = embedder_for(backbone, cache, threads=threads, photos=len(asked.examples))
    taken = []
    for _, data in asked.source.dataset.read_photos(list(few)):
        begun = time.perf_counter()
        embedder.ask(data)
        taken.append(1000 * (time.perf_counter() - begun))
    return float(np.median(taken[1:] or taken or [0.0])), embedder.engine.name


def _megabytes(backbone: Backbone) -> float:
    from train.models.heads import load_pooled

    module = load_pooled(backbone.path)
    return sum(part.numel() * part.element_size() for part in module.parameters()) / MEGABYTE
