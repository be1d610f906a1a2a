"""The rounds of a model: what each training came to, carried on from release to release in
`vitrine/rounds.json`.

    read_story(Path("out/model")).rounds[-1].top1

A release from before rounds were kept begins with what its metrics tell.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from data_cards.storage.atomic_files import model_file
from train.evaluation.label_value import Effort, how_sure, verdict, what_it_bought
from train.evaluation.svg import ALONE, rounds_chart
from train.inference.model_folder import OURS, read_json
from train.statistics.metrics import Share
from train.statistics.paired import Paired

FILE = "rounds.json"
CHART = "charts/rounds.svg"
FORMAT = 1


@dataclass(frozen=True)
class Round:
    """One training. `revision` of the model repository, empty while a round is the newest, and
    once its files were pruned; `found`: the paired difference to round `against`; `test`: a
    digest of its photos and labels; `test_changes`: what happened to the test since then, in
    words."""

    number: int
    at: str
    dataset_revision: str
    top1: Share
    effort: Effort = field(default_factory=Effort)
    photos: int = 0
    test: str = ""
    seconds: float = 0.0
    revision: str = ""
    against: int | None = None
    found: Paired | None = None
    test_changes: str = ""
    before: int = 0  # decisions that round `against` knew

    @property
    def decisions(self) -> int:
        """How many decisions came since the round it was compared with."""
        return max(0, self.effort.decisions - self.before)

    @property
    def bought(self) -> str:
        """What these decisions bought, and how sure that is."""
        sure = how_sure(self.found) if self.found else ""
        return " ".join(part for part in (what_it_bought(self.found, self.decisions), sure) if part)

    @property
    def verdict(self) -> str:
        """The plain paragraph."""
        return verdict(self.found, self.decisions, self.effort, self.photos)

    def to_json(self) -> dict[str, Any]:
        """Plain values; what it bought is spelled out, for cards."""
        return asdict(self) | {
            "found": self.found.to_json() if self.found else None,
            "since": self.decisions,
            "bought": self.bought,
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Round:
        """What `to_json` made."""
        known = {name: row[name] for name in cls.__dataclass_fields__ if name in row}
        found = row.get("found")
        return cls(
            **known
            | {
                "top1": Share(**row["top1"]),
                "effort": Effort(**row.get("effort", {})),
                "found": Paired.from_json(found) if found else None,
            }
        )


@dataclass(frozen=True)
class Story:
    """Every released round, oldest first, and which of them is served."""

    rounds: tuple[Round, ...] = ()
    served: int = 0

    @property
    def current(self) -> Round | None:
        """The round that is served."""
        return next((one for one in self.rounds if one.number == self.served), None)

    def then(self, one: Round, head: str) -> Story:
        """`one` is released. `head`: the repository's revision until now, where the round before
        is found again."""
        number = max((row.number for row in self.rounds), default=0) + 1
        return Story((*self._kept(head).rounds, replace(one, number=number, revision="")), number)

    def back_to(self, number: int, head: str) -> Story:
        """Serve an earlier round again; the story keeps all rounds."""
        return replace(self._kept(head), served=number)

    def pruned(self, keep: int) -> Story:
        """Keep the last `keep` rounds and the served one to go back to; drop the others."""
        last = {row.number for row in self.rounds[-keep:]} if keep > 0 else set()
        kept = last | {self.served}
        return replace(
            self,
            rounds=tuple(
                row if row.number in kept else replace(row, revision="") for row in self.rounds
            ),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "format": FORMAT,
            "served": self.served,
            "rounds": [one.to_json() for one in self.rounds],
        }

    def to_bytes(self) -> bytes:
        """The file."""
        return json.dumps(self.to_json(), ensure_ascii=False, indent=1).encode()

    def _kept(self, head: str) -> Story:
        return replace(
            self,
            rounds=tuple(
                replace(row, revision=head) if row.number == self.served else row
                for row in self.rounds
            ),
        )


def settle(draft: Path, story: Story) -> None:
    """Write the story into a release that is being made, and its chart."""
    (draft / OURS / "charts").mkdir(parents=True, exist_ok=True)  # kept only with a chart in it
    (draft / OURS / FILE).write_bytes(story.to_bytes())
    if drawn := chart_of(story.rounds, story.served):
        (draft / OURS / CHART).write_text(drawn, encoding="utf-8")


def chart_of(rounds: Sequence[Round], served: int, *, waits: int = 0, style: str = ALONE) -> str:
    """The chart of these rounds, as SVG (`train.evaluation.svg.rounds_chart`)."""
    steps = [
        (one.against, one.number, one.found.before / one.found.n, one.found.after / one.found.n)
        for one in rounds
        if one.against and one.found and one.found.n
    ]
    measured = [(one.number, one.top1) for one in rounds]
    return rounds_chart(measured, served, steps, waits=waits, style=style)


def read_story(folder: Path | None) -> Story:
    """The story that a model folder carries; empty without a model. Raises BadModel for one that
    cannot be read."""
    said = read_json(folder / OURS / FILE) if folder else {}
    if said:
        with model_file(FILE):
            return Story(tuple(Round.from_json(row) for row in said["rounds"]), int(said["served"]))
    first = _from_metrics(folder) if folder else None
    return Story((first,), first.number) if first else Story()


def _from_metrics(folder: Path) -> Round | None:
    """The first round of a release that was made before rounds were kept."""
    metrics, release = (
        read_json(folder / OURS / f"{name}.json") for name in ("metrics", "release")
    )
    if not metrics.get("top1"):
        return None
    seconds = sum(float(value) for value in (metrics.get("seconds") or {}).values())
    photos = sum(int(value) for value in (release.get("photos") or {}).values())
    return Round(
        1,
        str(release.get("made_at", "")),
        str(metrics.get("dataset_revision", "")),
        Share(**metrics["top1"]),
        photos=photos,
        test=str(metrics.get("test_digest", "")),
        seconds=seconds,
    )
