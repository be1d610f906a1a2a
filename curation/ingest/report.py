"""What one collect did, as rows that a program reads and as a table that a person reads.

report = collect("photos", "my-dataset")
report.rows, report.left_alone       the rows
report.table                         class, photos, sides of the split, where the class comes from
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from curation.ingest.incoming import LeftAlone
from curation.ingest.listing import SYSTEM
from data_cards.dataset.collection import Collection
from data_cards.wording import counted, first_few, if_any
from train.splits.split import TEST, TRAIN, VALIDATION, carved_sides

SIDES = (TRAIN, VALIDATION, TEST)
UNREADABLE = "could not be read"
NO_LABEL = "(no label)"
NOTHING = "(none of these)"
NONE_OF_THESE = "none"
# More classes than fit on a screen: the largest and the smallest are shown, since odd folders are
# mostly small.
MOST = 24
LARGEST = 14
SMALLEST = 6
WIDEST = 44
NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class ClassRow:
    """One class as this run met it. `label`: its id, "none", or None for photos without one;
    `sides`: photos by the side of the split that they came with ("" for none); `named_by`: folders
    or columns that the label comes from."""

    label: str | None
    title: str
    photos: int
    sides: Mapping[str, int]
    named_by: tuple[str, ...]


@dataclass(frozen=True)
class CollectReport:
    """What one run did. Counts are of files: `repeated` ones had the bytes of another file of this
    run. `rows` and `left_alone`: what the source holds, whether it was there before or not."""

    address: str
    revision: str
    added: int
    already_there: int
    repeated: int
    unreadable: int
    classes: int
    remarks: tuple[str, ...] = ()
    rows: tuple[ClassRow, ...] = ()
    left_alone: tuple[LeftAlone, ...] = ()

    @property
    def table(self) -> str:
        """For people; see `table_of`."""
        return table_of(self.rows, self.left_alone)

    @property
    def sentence(self) -> str:
        """For people."""
        parts = (
            f"{counted(self.added, 'photo', none='No new photo')} came in",
            if_any(self.already_there, "was there already", "were there already"),
            if_any(self.repeated, "was the same as another one", "were the same as another one"),
            if_any(self.unreadable, "file could not be read", "files could not be read"),
        )
        classes = counted(self.classes, "class", "classes", none="no class")
        return f"{', '.join(filter(None, parts))}. {self.address} has {classes}."


def unreadable_for(reason: str) -> str:
    """Why a file that should be a photo does not come in. `reason`: a sentence."""
    return f"{UNREADABLE}: {reason[:1].lower()}{reason[1:].rstrip('.')}"


@dataclass
class Tally:
    """Counts the photos of a run, each distinct one once, under the label that it came with
    first. `torn`: photos that came again with another label, and the file that gave it."""

    seen: dict[str, str | None] = field(default_factory=dict)
    photos: Counter[tuple[str | None, str]] = field(default_factory=Counter)
    named_by: dict[str | None, dict[str, None]] = field(default_factory=dict)
    torn: dict[str, str] = field(default_factory=dict)

    def take(
        self, image_id: str, label: str | None, side: str | None, named_by: str, path: str = ""
    ) -> None:
        """One photo of the source. `label`: a class id, "none", or None."""
        if image_id not in self.seen:
            self.seen[image_id] = label
            self.photos[label, side or ""] += 1
            self.named_by.setdefault(label, {})[named_by] = None
        elif label and self.seen[image_id] and label != self.seen[image_id]:
            self.torn.setdefault(image_id, path)

    def about_torn(self) -> str:
        """What to say of photos that came under two labels; nothing where none did."""
        if not self.torn:
            return ""
        paths = [_clipped(path) for path in self.torn.values()]
        one = len(paths) == 1
        return (
            f"{len(paths)} {'photo came' if one else 'photos came'} under more than one label: "
            f"{first_few(paths)}. The first label counts until somebody decides at "
            f"the light table; a scan asks about {'it' if one else 'them'}."
        )

    def rows(self, things: Collection) -> tuple[ClassRow, ...]:
        """In the order of the collection, what has no class at the end."""
        order = [*(name for name in things.ids if name in self.named_by), NONE_OF_THESE, None]
        return tuple(self._row(label, things) for label in order if label in self.named_by)

    def _row(self, label: str | None, things: Collection) -> ClassRow:
        sides = {side: self.photos[label, side] for side in (*SIDES, "")}
        present = {side: number for side, number in sides.items() if number}
        title = NO_LABEL if label is None else NOTHING
        if label is not None and label in things:
            title = things.title_of(label)
        places = tuple(name for name in self.named_by[label] if name)
        return ClassRow(label, title, sum(present.values()), present, places)


def table_of(rows: Sequence[ClassRow], left_alone: Sequence[LeftAlone] = ()) -> str:
    """A table in plain text: one line for each class, and for each reason to leave files alone its
    first three."""
    return "\n".join((*_class_lines(rows), *_left_lines(left_alone)))


def about_sides(came: Iterable[str | None]) -> str:
    """What becomes of a split that came with only some of its sides; nothing where none or all
    came."""
    sides = {side or None for side in came}
    _, carved = carved_sides({str(side): side for side in sides}, {str(side): "" for side in sides})
    missing = [side for side in SIDES if side in carved]
    if not missing:
        return ""
    source = carved[missing[-1]]
    it = "it" if len(missing) == 1 else "them"
    told = (
        f"No {' and no '.join(missing)} came with the photos. The split will carve {it} from the "
        f"{source} photos, and keep near-copies together."
    )
    is_to_choose = TEST in missing and {TRAIN, VALIDATION} <= sides
    return (
        f"{told} To test on the validation photos instead, add --val-is-test."
        if is_to_choose
        else told
    )


def _class_lines(rows: Sequence[ClassRow]) -> Iterator[str]:
    if not rows:
        return
    shown, hidden = _most_telling(rows)
    sides = [side for side in SIDES if any(row.sides.get(side) for row in rows)]
    others = ["no split"] if sides and any(row.sides.get("") for row in rows) else []
    lines = [["class", "photos", *sides, *others, "from"]]
    for row in shown:
        numbers = [row.sides.get(side, 0) for side in (*sides, *([""] if others else []))]
        lines.append([_clipped(row.title), str(row.photos), *map(str, numbers), _places(row)])
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    laid = [_laid(line, widths) for line in lines]
    if hidden:
        fewest = min(row.photos for row in hidden)
        most = max(row.photos for row in hidden)
        of = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        photos = "photo each" if of == "1" else "photos"
        laid.insert(LARGEST + 1, f"... and {len(hidden)} more classes of {of} {photos}")
    yield from laid


def _most_telling(rows: Sequence[ClassRow]) -> tuple[list[ClassRow], list[ClassRow]]:
    """(rows to show, rows to count), largest classes first, and photos without a class last of
    all."""
    classes = sorted(
        (row for row in rows if row.label not in (None, NONE_OF_THESE)), key=lambda row: -row.photos
    )
    others = [row for row in rows if row.label in (None, NONE_OF_THESE)]
    if len(classes) <= MOST:
        return [*classes, *others], []
    return [*classes[:LARGEST], *classes[-SMALLEST:], *others], classes[LARGEST:-SMALLEST]


def _laid(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *numbers, last = cells
    padded = [first + " " * (widths[0] - _width(first))]
    padded += [number.rjust(width) for number, width in zip(numbers, widths[1:-1], strict=True)]
    return "  ".join([*padded, last]).rstrip()


def _places(row: ClassRow) -> str:
    return first_few(map(_clipped, row.named_by))


def _left_lines(left_alone: Sequence[LeftAlone]) -> Iterator[str]:
    kinds: dict[str, list[LeftAlone]] = {}
    for one in left_alone:
        kinds.setdefault(NUMBER.sub("0", _without_advice(one.why)), []).append(one)
    if kinds:
        yield "Left alone:"
    for kind in sorted(kinds, key=lambda kind: (kind == SYSTEM, -len(kinds[kind]))):
        files = kinds[kind]
        paths = first_few(_clipped(one.path, 2 * WIDEST) for one in files)
        why = _in_one([one.why for one in files])
        yield f"  {_printable(why)} ({len(files)}): {paths}"


def _in_one(reasons: Sequence[str]) -> str:
    """Reasons that differ in numbers or in advice as one: "only 10 to 97 % of it is there"."""
    if len({*reasons}) == 1:
        return reasons[0]
    plain = [_without_advice(why) for why in reasons]
    found = [[int(number) for number in NUMBER.findall(why)] for why in plain]
    ranges = iter([(min(some), max(some)) for some in zip(*found, strict=True)])

    def spoken(_: re.Match[str]) -> str:
        least, most = next(ranges)
        return str(least) if least == most else f"{least} to {most}"

    return NUMBER.sub(spoken, plain[0])


def _without_advice(why: str) -> str:
    """Advice about one file ("but there is mug/1.jpg") does not make a reason of its own."""
    return why.partition(", but there is ")[0]


def _clipped(text: str, widest: int = WIDEST) -> str:
    """Short enough for a column: the end of a path says most, so the middle goes."""
    text = _printable(text)
    if len(text) <= widest:
        return text
    return f"{text[: widest // 3]}...{text[-(widest - widest // 3 - 3) :]}"


def _printable(text: str) -> str:
    """Names come from strangers' disks: a line break or a terminal's control sign must not tear the
    table."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _width(text: str) -> int:
    """Columns of a terminal that a text takes."""
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF")
        for sign in text
    )
