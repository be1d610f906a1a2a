"""What each question to each provider brought, counted and put into words.

counts = Yields()
counts.of("ganesha", "commons").refuse("no photo")
counts.lines()
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from data_cards.wording import counted


@dataclass
class Yield:
    """Counts of one question to one provider. `stopped`: why it ended before its end."""

    offered: int = 0
    taken: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    stopped: str = ""

    def refuse(self, why: str) -> None:
        """One photo that does not come in."""
        self.refused[why] += 1


class Yields:
    """All of them, in the order in which they were asked."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], Yield] = {}

    def of(self, words: str, provider: str) -> Yield:
        """The counts of a question."""
        return self._rows.setdefault((words, provider), Yield())

    @property
    def taken(self) -> int:
        """Photos that came in, in all."""
        return sum(row.taken for row in self._rows.values())

    def lines(self) -> Iterator[str]:
        """One line a question: "“Ganesha” at commons: 34 of 50 photos taken (9 too small)."""
        for (words, provider), row in self._rows.items():
            reasons = [f"{number} {why}" for why, number in row.refused.most_common()]
            reasons += [row.stopped.rstrip(".")] if row.stopped else []
            told = f" ({'; '.join(reasons)})" if reasons else ""
            offered = counted(row.offered, "photo", none="no photo")
            share = f"{row.taken} of {offered} taken" if row.offered else "nothing found"
            yield f"“{words}” at {provider}: {share}{told}."
