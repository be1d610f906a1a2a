"""What the quiz's visitors say of a photo, as a sentence on its placard."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from curation.decisions.second_opinions import ClassNow, Weighed, weighed
from curation.light_table.session.placard import Records
from data_cards.annotations.decision import Decision
from data_cards.wording import chance_percent, counted


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
        with self._lock:
            if self._weighed is None:
                known = known_labels(records)
                opinions = list(self._opinions.values())
                self._weighed = weighed(opinions, known, records.opinions.best, class_now)
            found = self._weighed[image_id]
        return [sentence(found, records)]


def known_labels(records: Records) -> dict[str, str]:
    """Labels without any doubt."""
    return {
        image_id: row.label
        for image_id, row in records.labels.items()
        if row.label and row.status == "labelled" and image_id not in records.doubted
    }


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
