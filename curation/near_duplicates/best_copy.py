"""Which of several copies of one shot to keep: the largest and sharpest, under the label that
most of them wear.

Pure: sizes, sharpness and labels in, an order and a reason in words out. A photo of the sealed
test always stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

CLEARLY = 1.1  # a tenth more pixels or detail is not visible


@dataclass(frozen=True)
class Candidate:
    """One copy: size in upright pixels, `sharpness` as fine detail by contrast (0 when unknown),
    the class it wears."""

    image_id: str
    width: int
    height: int
    sharpness: float
    label: str | None = None
    sealed: bool = False

    @property
    def pixels(self) -> int:
        """How large it is."""
        return self.width * self.height


@dataclass(frozen=True)
class Suggestion:
    """image_ids, the one to keep first, and why that one."""

    order: tuple[str, ...]
    reason: str


def best_of(group: Sequence[Candidate]) -> Suggestion:
    """Test photos first, then those that wear the label of most, then by pixels that show
    something.

    Sharpness is measured on copies of one small size, so a copy that was only made larger does
    not win by its pixels.
    """
    agreed = agreed_label(group)
    sharpest = max((one.sharpness for one in group), default=0.0)

    def place(one: Candidate) -> tuple[bool, bool, float, str]:
        share = one.sharpness / sharpest if sharpest else 1.0
        return (
            not one.sealed,
            agreed is not None and one.label != agreed,
            -one.pixels * share**2,
            one.image_id,
        )

    ordered = sorted(group, key=place)
    return Suggestion(tuple(one.image_id for one in ordered), _reason(ordered, agreed))


def agreed_label(group: Sequence[Candidate]) -> str | None:
    """The most frequent class among them; None if there is none, or a tie."""
    said = Counter(one.label for one in group if one.label).most_common(2)
    if not said or (len(said) == 2 and said[0][1] == said[1][1]):
        return None
    return said[0][0]


def labels_of(group: Sequence[Candidate]) -> list[str]:
    """The different classes they wear, the most frequent first; more than one is a certain label
    error."""
    return [label for label, _ in Counter(one.label for one in group if one.label).most_common()]


def _reason(ordered: Sequence[Candidate], agreed: str | None) -> str:
    best = ordered[0]
    others = ordered[1:]
    if not others:
        return ""
    parts = (
        ["in the sealed test, so it stays"]
        if best.sealed and not all(one.sealed for one in others)
        else []
    )
    parts += [_looks(best, others)]
    if len(labels_of(ordered)) > 1:
        parts.append(
            "its label agrees with the others"
            if agreed and best.label == agreed
            else "the labels disagree"
        )
    said = "; ".join(part for part in parts if part) or "none is larger or sharper"
    return f"{said[0].upper()}{said[1:]}."


def _looks(best: Candidate, others: Sequence[Candidate]) -> str:
    sharper = best.sharpness >= CLEARLY * max(one.sharpness for one in others) > 0
    larger = best.pixels >= CLEARLY * max(one.pixels for one in others)
    if sharper or larger:
        return " and ".join(word for word, so in (("sharper", sharper), ("larger", larger)) if so)
    if any(one.pixels >= CLEARLY * best.pixels for one in others) and best.sharpness > 0:
        return "not the largest, but the others are softer" if _softer(best, others) else ""
    return ""


def _softer(best: Candidate, others: Sequence[Candidate]) -> bool:
    """Whether every copy that is larger shows less."""
    return all(
        best.sharpness >= CLEARLY * one.sharpness
        for one in others
        if one.pixels >= CLEARLY * best.pixels
    )
