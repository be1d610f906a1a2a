"""What the quiz's visitors say of a photo: a sentence on its placard, and how soon people who
decide are asked about it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from curation.decisions.second_opinions import (
    ClassNow,
    Weighed,
    doubt_with,
    is_worth_asking,
    weighed,
)
from curation.light_table.session.placard import Records
from curation.light_table.session.questions import QUIZ, Item
from data_cards.annotations.decision import Decision
from data_cards.dataset.schema import Finding
from data_cards.wording import chance_percent, counted

REASON = "Visitors who were right about other photos say that this is something else."


class SecondOpinions:
    """Every second opinion, weighed once for as long as none is added. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opinions: dict[str, Decision] = {}
        self._of: dict[str, set[str]] = {}
        self._weighed: dict[str, Weighed] | None = None

    def learn(self, opinions: Iterable[Decision], again: bool = False) -> None:
        """More of them; `again`: what they are weighed with changed as well."""
        with self._lock:
            before = len(self._opinions)
            for one in opinions:
                self._opinions[one.id] = one
                self._of.setdefault(one.image_id, set()).add(one.who)
            if again or len(self._opinions) > before:
                self._weighed = None

    def count(self, image_id: str) -> int:
        """How many visitors answered about a photo."""
        with self._lock:
            return len(self._of.get(image_id, ()))

    def about(self, image_id: str, records: Records, class_now: ClassNow) -> list[str]:
        """One sentence or none; nothing about a photo of the sealed test."""
        if not self.count(image_id) or records.is_sealed(image_id):
            return []
        return [sentence(self.weighed(records, class_now)[image_id], records)]

    def weighed(self, records: Records, class_now: ClassNow) -> dict[str, Weighed]:
        """Every photo that visitors answered about."""
        with self._lock:
            if self._weighed is None:
                known = known_labels(records)
                opinions = list(self._opinions.values())
                self._weighed = weighed(opinions, known, records.opinions.best, class_now)
            return self._weighed

    @property
    def version(self) -> int:
        """Another number whenever somebody answered."""
        with self._lock:
            return len(self._opinions)


def known_labels(records: Records) -> dict[str, str]:
    """Labels without any doubt."""
    return {
        image_id: row.label
        for image_id, row in records.labels.items()
        if row.label and row.status == "labelled" and image_id not in records.doubted
    }


def asked_by_answers(
    found: Mapping[str, Weighed],
    items: Mapping[str, Item],
    records: Records,
    decided: Collection[str],
) -> list[Item]:
    """Questions about labels whose place in the queue changes by what visitors answered, and new
    ones. `items`: those that the scan asks, by key; `decided`: photos whose label a person settled,
    of which visitors ask nothing new. Nothing about a photo of the sealed test."""
    asked = []
    for image_id, one in found.items():
        row = records.labels.get(image_id)
        if row is None or not row.label or records.is_sealed(image_id):
            continue
        before = items.get(f"labels/{image_id}")
        if before is not None and before.first.kind == "label":
            score = doubt_with(before.first.score, one, row.label)
            changed = replace(before.first, score=score)
            asked.append(replace(before, findings=(changed, *before.findings[1:])))
        elif before is None and image_id not in decided and is_worth_asking(one, row.label):
            asked.append(_asked_anew(image_id, one, row.label))
    return asked


def _asked_anew(image_id: str, one: Weighed, label: str) -> Item:
    score = doubt_with(0.0, one, label)
    finding = Finding(image_id, "label", score, REASON, label, one.likeliest, scan_id=QUIZ)
    return Item(image_id, "labels", (finding,))


def sentence(found: Weighed, records: Records) -> str:
    """Who said what, and what it comes to."""

    def title(class_id: str) -> str:
        named = records.named(class_id)
        return f"*{named['title'] if named else class_id}*"

    said = ", ".join(f"{count} {title(label)}" for label, count in found.said)
    told = f"{counted(found.visitors, 'visitor')} answered a quiz about it: {said}."
    if found.chance is None:
        return told
    return (
        f"{told} Weighed by how often each of them and the model is right, "
        f"{title(found.likeliest)} has a {chance_percent(found.chance)} chance."
    )
