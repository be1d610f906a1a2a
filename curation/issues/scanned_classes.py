"""What the last scan said, in the classes of today: some were merged since.

now = scanned_classes(dataset)
opinions_today(dataset.opinions(), now), findings_today(dataset.findings(), now)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import PurePosixPath

from data_cards.annotations.decision import moment_in
from data_cards.annotations.ledger import read_ledger
from data_cards.dataset.repo import FINDINGS, OPINIONS, Dataset
from data_cards.dataset.schema import Finding, Opinion
from train.inference.current_classes import TodaysClasses, known_at, todays_classes


def scanned_classes(dataset: Dataset) -> TodaysClasses:
    """Every class that the last scan named, and what each of them is today."""
    opinions = dataset.opinions()
    findings = dataset.findings()
    named = dict.fromkeys(label for row in opinions for label in row.labels)
    named |= dict.fromkeys(
        label for one in findings for label in (one.given_label, one.suggested_label) if label
    )
    decisions = read_ledger(dataset.ledger()).decisions
    scanned = scanned_at(dataset)
    knew = known_at(dataset, "", scanned.isoformat() if scanned else "")
    return todays_classes(tuple(named), dataset.collection(), decisions, knew)


def scanned_at(dataset: Dataset) -> datetime | None:
    """When the newest scan wrote what it found: its files are called by a ULID, which begins with
    the time. None before a scan; findings of a collect have other names."""
    names = {
        PurePosixPath(path).stem for path in dataset.paths if path.startswith((FINDINGS, OPINIONS))
    }
    return max(filter(None, map(moment_in, names)), default=None)


def opinions_today(opinions: Iterable[Opinion], now: TodaysClasses) -> list[Opinion]:
    """The chances of classes that were merged since add up; best first, as before."""
    if now.ids == now.trained:
        return list(opinions)
    return [_opinion(row, now) for row in opinions]


def _opinion(row: Opinion, now: TodaysClasses) -> Opinion:
    chances: dict[str, float] = {}
    for label, chance in zip(row.labels, row.chances, strict=True):
        today = now.of(label)
        chances[today] = round(chances.get(today, 0.0) + chance, 4)
    best = sorted(chances.items(), key=lambda pair: -pair[1])
    return replace(
        row,
        labels=tuple(label for label, _ in best),
        chances=tuple(chance for _, chance in best),
    )


def findings_today(findings: Iterable[Finding], now: TodaysClasses) -> list[Finding]:
    """The same for what was found. A doubt between two classes that are one today is settled and
    left out."""
    if now.ids == now.trained:
        return list(findings)
    named = (
        replace(
            one,
            given_label=now.of(one.given_label) if one.given_label else None,
            suggested_label=now.of(one.suggested_label) if one.suggested_label else None,
        )
        for one in findings
    )
    return [one for one in named if not _is_settled(one)]


def _is_settled(one: Finding) -> bool:
    return one.kind == "label" and bool(one.given_label) and one.given_label == one.suggested_label
