"""What a run over an album came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from data_cards.wording import counted, if_any
from space.album.journal import Written
from space.album.tags import Answer, Tags


@dataclass(frozen=True)
class Change:
    """The change of one photo: its tags now and its new tags; `file` is what would be written.
    `was`: what an earlier run had written of it ("" for nothing); `elsewhere`: what earlier runs
    wrote into other files, which are put back."""

    photo: str
    file: Path
    answer: Answer
    now: Tags
    after: Tags
    ours: Tags
    was: str = ""
    elsewhere: tuple[Written, ...] = ()

    @property
    def is_change(self) -> bool:
        """Whether anything is to be written."""
        return self.now != self.after


@dataclass
class AlbumReport:
    """The result of a run. `answers`: photos by class id, with the change of each; `left`: photos
    that were left alone, and why."""

    changes: list[Change] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)
    looked: int = 0
    is_dry: bool = False
    sheet: Path | None = None

    @property
    def sentence(self) -> str:
        """For people: how many change, and what to do now."""
        number = sum(change.is_change for change in self.changes)
        again = sum(change.is_change and bool(change.was) for change in self.changes)
        which = f", {again} of them tagged otherwise before" if again else ""
        what = f"{counted(number, 'photo')} of {self.looked}"
        if self.is_dry:
            these = f"These {number} photos" if number != 1 else "1 photo"
            plain = f"{these} would change" if number else "Nothing would change"
            told = f"{plain}{which}."
        else:
            told = f"{what} {'was' if number == 1 else 'were'} tagged{which}. --undo takes it back."
        left = if_any(len(self.left), "photo was left alone", "photos were left alone")
        return " ".join(filter(None, (told, f"{left}." if left else "")))


def by_class(report: AlbumReport) -> Counter[str]:
    """How many photos of each class there are, for the report."""
    return Counter(change.answer.label for change in report.changes if change.answer.label)
