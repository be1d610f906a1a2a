"""How many people are asked about a photo: one, or two who do not know of each other.

What the owner chose is `collection/asking.json` of the dataset. Which photos are asked of
several follows from their names alone, so that every machine and every restart picks the same
ones; a larger share picks those and more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from data_cards.annotations.decision import Decision
from data_cards.dataset.repo import ASKING

PILES = ("labels", "unlabelled")  # where the question is what the photo shows


@dataclass(frozen=True)
class Asking:
    """A `share` (0 to 1) of the photos is asked of `people`. `since`: what was decided before
    that moment (as the ledger writes it) is not asked again."""

    share: float = 0.0
    people: int = 2
    since: str = ""

    def people_for(self, image_id: str) -> int:
        """How many people are asked about this photo."""
        drawn = int.from_bytes(sha256(f"asked of several: {image_id}".encode()).digest()[:8], "big")
        return self.people if drawn < self.share * 2**64 else 1

    def is_shared(self, pile: str, image_id: str) -> bool:
        """Whether a question of this pile is asked of several."""
        return pile in PILES and self.people_for(image_id) > 1

    def is_enough(self, image_id: str, given: Iterable[Decision]) -> bool:
        """Whether these answers, none taken back, are all that was asked for."""
        answers = list(given)
        people = {one.who for one in answers}
        return len(people) >= self.people_for(image_id) or any(
            one.at < self.since for one in answers
        )


ONE_EACH = Asking()


def asking_from(row: Mapping[str, Any], default: Asking = ONE_EACH) -> Asking:
    """What a dataset's `asking.json` says; `default` if it holds nothing usable."""
    try:
        share = float(row["share"])
        people = int(row["people"])
        since = str(row["since"])
    except (KeyError, TypeError, ValueError):
        return default
    return Asking(min(max(share, 0.0), 1.0), max(people, 1), since)


def asking_file(asking: Asking) -> tuple[str, bytes | Path]:
    """(path, contents) of the file."""
    return ASKING, (json.dumps(asdict(asking), indent=2) + "\n").encode()
