"""What a split promises, in numbers and in words; it travels with the splits and into every
model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

NOTHING_MEASURED = "no photo is left for a test, so nothing can be measured"
WEAK = "weak: same burst on both sides"


@dataclass(frozen=True)
class Certificate:
    """`leaks_removed`: train photos that left because of a near-copy in test; `leaks` says what
    is left of them.

    `weak`: classes tested on photos of a burst that they were learned from: all their photos
    belong to one, and the test is a block of it in time; or they came so divided.
    `kept_in_train`: classes whose photos are all one group. `untested`: classes without a test
    photo. `per_class` counts by split. `threshold`: the near-duplicate threshold that the groups
    rest on, where it is known. `carved_from`: sides that did not come with the photos, and the
    given side that each was carved from.
    """

    seed: int = 0
    fractions: Mapping[str, float] = field(default_factory=dict)
    given_test: bool = False
    n: Mapping[str, int] = field(default_factory=dict)
    per_class: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    groups: int = 0
    grouped_photos: int = 0
    leaks: str = ""
    leaks_removed: int = 0
    removed: tuple[str, ...] = ()
    moved: int = 0
    strength: str = "strict"
    weak: tuple[str, ...] = ()
    kept_in_train: tuple[str, ...] = ()
    untested: tuple[str, ...] = ()
    threshold: float | None = None
    carved_from: Mapping[str, str] = field(default_factory=dict)

    @property
    def carved(self) -> str:
        """In words, which side was carved from a given one; nothing where none was."""
        sides = sorted(self.carved_from, key=("train", "validation", "test").index)
        if not sides:
            return ""
        were = "it was" if len(sides) == 1 else "they were"
        given = self.carved_from[sides[-1]]
        return (
            f"No {' and no '.join(sides)} came with the photos: {were} carved from the given "
            f"{given} "
            "photos, near-copies kept together"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values for certificate.json."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, card: Mapping[str, Any]) -> Certificate:
        """Read a certificate.json; what it does not say keeps its default."""
        known = {item.name for item in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in card.items()
            if name in known
        }
        return cls(**values)
