"""What folders say about the photos in them: which are classes, splits, or only wrap others.

    layout = read_layout([Path("data/train/mug/1.jpg"), ...])
    layout.places[Path("data/train/mug/1.jpg")]       Place("mug", "train", ...)

Pure: it looks at paths and opens nothing.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from curation.ingest.incoming import AUTO, LEAF, TOP
from curation.ingest.naming import meaning
from curation.ingest.photo_files import as_text
from curation.ingest.split_names import side_among, split_of, splits_of
from data_cards.wording import first_few

# Where at least half of the inner folders' names come back under other outer folders, they are
# days, views or sittings of the outer things. Places with things in them ("kitchen/mug",
# "bath/mug") repeat few.
RECURRING = 0.5
# Names of folders that say how, when or with what photos were taken, and not of what.
_HOW = (
    r"(?:photos?|pics?|pictures?|images?|imgs?|shots?|frames?|views?|raws?|jpe?gs?|pngs?"
    r"|heic|originals?|edited|new|old"
    r"|other|misc|extra|more|sessions?|batch(?:es)?|parts?|series|rounds?|takes?|runs?|folds?|days?"
    r"|nights?|mornings?|evenings?"
    r"|afternoons?|indoors?|outdoors?|inside|outside|front|back|left|right|top|bottom|side"
    r"|above|below|close[ _-]?ups?"
    r"|details?|phone|camera|camera roll|iphone|pixel|samsung|dcim|\d{3}(?:apple|canon|nikon|_pana)"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june"
    r"|july|august|september"
    r"|october|november|december)"
)
HOW = re.compile(rf"(?:my[ _-])?(?:{_HOW})?[\d ._-]*(?:{_HOW})?[\d ._-]*", re.IGNORECASE)
# Numbers alone may be the names of things; with words around them, or as dates, they are not.
HOW_IN_WORDS = re.compile(rf"(?=.*[a-z]|\d{{4}}\D\d\d?\D\d){HOW.pattern}", re.IGNORECASE)
# A folder with such a name is never a class.
WRAPPERS = re.compile(
    rf"(?:my[ _-])?(?:{_HOW}|datasets?|data|archives?|collections?|classes|labell?ed|files"
    rf"|all|download(?:s|ed)?)"
    r"[\d ._()-]*",
    re.IGNORECASE,
)

# A folder with such a name that holds all photos is a pile, not a class: one class alone cannot be
# learned.
PILE = re.compile(
    r"(?:my[ _-])?(?:photos?|pics?|pictures?|images?|imgs?|jpe?gs?|pngs?|heic|raws?|originals?"
    r"|dcim|camera(?: roll)?|\d{3}(?:apple|canon|nikon|_pana)"
    r"|datasets?|data|archives?|files|all|downloads?)[\d ._()-]*",
    re.IGNORECASE,
)

# Folders of pictures that are drawn over photos, and not taken.
DRAWN = re.compile(
    r"(?:annotations?|annots?|labels?|(?:seg(?:mentation)?[ _-]?)?(?:masks?|maps?)|trimaps?"
    r"|segmentations?|ground[ _-]?truths?|gts?|depths?|edges|heat[ _-]?maps?)"
    r"(?:[ _-]?png)?[\d ._-]*",
    re.IGNORECASE,
)
# At least so many of them are called as a photo is, in the folder of photos beside theirs.
DRAWN_OVER = 0.5

Parts = tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """What its folders say about one photo. `label` is the name of the class folder as written (""
    for a photo outside any), `folder` is where that folder is, and `parent` is the folder around it
    if that is not itself a class."""

    label: str = ""
    split: str | None = None
    folder: str = ""
    parent: str = ""


@dataclass(frozen=True)
class Layout:
    """The photos that come in; those beside the folders that are read; where those folders are;
    which folders are the sides of a split; what the owner should know; and which pictures are no
    photos, but drawn over them."""

    places: Mapping[Path, Place]
    beside: tuple[Path, ...] = ()
    wrapper: Path = Path()
    sides: Mapping[str, str] | None = None
    remarks: tuple[str, ...] = ()
    drawn: frozenset[Path] = frozenset()


@dataclass(frozen=True)
class _Seen:
    """A photo on its way to its place. `rest`: folders that may be classes, then the file's name;
    `side`: the split folder and those stepped through in it; `depth`: how many folders of `rest`
    lead to the class, from the first on; `dropped`: whether a split folder below the first one was
    taken out of `rest`."""

    file: Path
    rest: Parts
    side: Parts = ()
    split: str | None = None
    depth: int = 0
    dropped: bool = False

    @property
    def folders(self) -> Parts:
        return self.rest[:-1]

    @property
    def is_of_class(self) -> bool:
        """Whether the first folder may be the name of a thing; "unlabelled" and "none" are not."""
        return len(self.rest) > 1 and meaning(self.rest[0]) == "labelled"

    @property
    def place(self) -> Place:
        before = len(self.file.parts) - len(self.rest) - self.dropped
        where = (
            as_text(Path(*self.file.parts[: before + self.depth])) if before + self.depth else ""
        )
        way = self.folders[: self.depth]
        return Place(way[-1] if way else "", self.split, where, way[-2] if len(way) > 1 else "")


def unwrapped(files: Iterable[Path]) -> Path:
    """The folder that all class folders or split folders lie in: single folders around them are
    stepped through."""
    paths = [file.parts for file in files]
    wrapper: Parts = ()
    while True:
        tops = {parts[0] for parts in paths if len(parts) > 1 and meaning(parts[0]) == "labelled"}
        if len(tops) != 1:
            return Path(*wrapper)
        (top,) = tops
        inner = [parts[1:] for parts in paths if parts[0] == top and len(parts) > 1]
        if not _is_wrapper(top, inner):
            return Path(*wrapper)
        wrapper = (*wrapper, top)
        paths = inner


def read_layout(
    files: Sequence[Path],
    classes: str = AUTO,
    with_splits: bool = True,
    aside: frozenset[str] = frozenset(),
    catalogued: bool = False,
    flat: bool = False,
) -> Layout:
    """Place every photo.

    `classes`: whether the outermost or the innermost folder is the class, or what they look like;
    `with_splits`: folders may be sides of a split; `aside`: names of folders that hold a
    catalogue's pictures where they lie beside split folders, or where there is a catalogue
    (`catalogued`); `flat`: a single folder is no class, as the files' names say those.
    """
    drawn = drawn_over(files)
    files = [file for file in files if file not in drawn]
    pile = _only_folder(files)
    is_pile = pile is not None and (flat or PILE.fullmatch(pile.name) is not None)
    wrapper = pile if pile is not None and is_pile else unwrapped(files)
    seen = [_Seen(file, _below(wrapper, file)) for file in files]
    inside = [one.rest for one in seen if one.file.is_relative_to(wrapper)]
    sides = _sides(inside, aside, flat) if with_splits else {}
    if sides:
        taken = _in_sides(
            [one for one in seen if one.file.is_relative_to(wrapper) and len(one.rest) > 1], sides
        )
    else:
        taken = [
            one
            for one in seen
            if not (catalogued and one.folders and one.rest[0].casefold() in aside)
        ]
        taken = _splits_in_classes(taken) if with_splits else taken
    placed, remarks = _with_classes(taken, classes, flat)
    places = {one.file: one.place for one in placed}
    return Layout(
        places,
        tuple(file for file in files if file not in places),
        wrapper,
        sides,
        (*_wrapped(wrapper, bool(sides), flat, is_pile), *remarks),
        drawn,
    )


def drawn_over(files: Sequence[Path]) -> frozenset[Path]:
    """Masks and the like: pictures in a folder called so beside a folder of photos ("images"),
    where they are called as those photos are."""
    if not any(map(DRAWN.fullmatch, {part for file in files for part in file.parts[:-1]})):
        return frozenset()
    found: set[Path] = set()
    below: dict[Path, dict[str, list[Path]]] = {}
    for file in files:
        for folder in file.parents:
            inside = file.relative_to(folder).parts
            if len(inside) > 1:
                below.setdefault(folder, {}).setdefault(inside[0], []).append(file)
    for inner in below.values():
        drawings = [name for name in inner if DRAWN.fullmatch(name)]
        others = [name for name in inner if name not in drawings]
        if not drawings or not others or not all(map(PILE.fullmatch, others)):
            continue
        stems = {file.stem for name in others for file in inner[name]}
        for name in drawings:
            shared = sum(_photo_under(file.stem) in stems for file in inner[name])
            if shared >= DRAWN_OVER * len(inner[name]):
                found.update(inner[name])
    return frozenset(found)


def _photo_under(stem: str) -> str:
    """ "1_mask" -> "1"."""
    return re.sub(r"[ _-](?:mask|seg|label|gt|trimap|depth)$", "", stem, flags=re.IGNORECASE)


def _is_wrapper(top: str, inner: list[Parts]) -> bool:
    """Whether a single folder only holds the class folders or split folders. "mug" with "monday"
    and "tuesday" in it is a class, "train" with class folders in it is a split."""
    names = _tops(inner)
    is_called_so = WRAPPERS.fullmatch(top) is not None
    if any(len(parts) == 1 for parts in inner):
        return is_called_so and len(names) > 1
    if splits_of([top]):
        return _is_split_of_its_own(inner)
    how = sum(HOW_IN_WORDS.fullmatch(name) is not None for name in names)
    return is_called_so or how < RECURRING * len(names) or bool(splits_of(names))


def _only_folder(files: Sequence[Path]) -> Path | None:
    """The one folder that holds all photos, unless it is a split."""
    folders = {file.parent for file in files}
    if len(folders) != 1:
        return None
    (folder,) = folders
    return None if splits_of([folder.name]) else folder


def _below(wrapper: Path, file: Path) -> Parts:
    """The parts of a path that do not belong to the wrapper; a photo beside an inner wrapper keeps
    its own."""
    shared = 0
    for mine, its in zip(file.parts[:-1], wrapper.parts, strict=False):
        if mine != its:
            break
        shared += 1
    return file.parts[shared:]


def _tops(paths: Iterable[Parts]) -> dict[str, list[Parts]]:
    """Paths below each first folder, without it."""
    found: dict[str, list[Parts]] = {}
    for parts in paths:
        if len(parts) > 1:
            found.setdefault(parts[0], []).append(parts[1:])
    return found


def _holds_folders(inner: Iterable[Parts]) -> bool:
    return any(len(parts) > 1 for parts in inner)


def _is_split_of_its_own(inner: list[Parts]) -> bool:
    """Whether a folder called "train" is a data set of trains, with train and test folders in
    it."""
    tops = _tops(inner)
    sides = splits_of(tops)
    return (
        len(set(sides.values())) > 1
        and sides.keys() == tops.keys()
        and all(map(_holds_folders, tops.values()))
    )


def _sides(paths: list[Parts], aside: frozenset[str], flat: bool) -> dict[str, str]:
    """Top folders that are sides of a split -> which side. A class may be called "train", too.

    Where all top folders are called as sides are, they are, if one of them holds class folders or
    there are several. Beside other folders, those that hold class folders are sides: with a second
    side, or as "train", unless several of the others look like classes; and one that holds the same
    folders as lie beside it ("" stands for those).
    """
    tops = _tops(paths)
    called = splits_of(tops)
    holding = {name: side for name, side in called.items() if _holds_folders(tops[name])}
    others = {
        name
        for name in tops.keys() - called.keys()
        if meaning(name) == "labelled"
        and (name.casefold() not in aside or _holds_folders(tops[name]))
    }
    if not others:
        return dict(called) if holding or len(set(called.values())) > 1 or flat else {}
    repeating = {
        name: side
        for name, side in holding.items()
        if _folded(_tops(tops[name])) <= _folded(others)
    }
    if repeating:
        return repeating | dict.fromkeys(others, "")
    flat_ones = [name for name in others if not _holds_folders(tops[name])]
    if len(set(holding.values())) > 1 or ("train" in holding.values() and len(flat_ones) < 2):
        return _with_further_sides(called, holding, others, tops)
    return {}


def _with_further_sides(
    called: Mapping[str, str],
    holding: Mapping[str, str],
    others: Iterable[str],
    tops: Mapping[str, list[Parts]],
) -> dict[str, str]:
    """Folders beside the sides whose names mention a side, "public_test", are sides as well where
    they hold the same class folders."""
    classes = _folded(name for side in holding for name in _tops(tops[side]))
    further = {name: side_among(name) for name in others}
    return dict(called) | {
        name: side
        for name, side in further.items()
        if side and _holds_folders(tops[name]) and _folded(_tops(tops[name])) <= classes
    }


def _folded(names: Iterable[str]) -> set[str]:
    return {name.casefold() for name in names}


def _in_sides(seen: list[_Seen], sides: Mapping[str, str]) -> list[_Seen]:
    """Step into the split folders, and through single folders in them
    ("training_set/training_set/cats")."""
    inside = [
        replace(one, rest=one.rest[1:], side=one.rest[:1], split=sides[one.rest[0]])
        if sides[one.rest[0]]
        else one
        for one in seen
        if one.rest[0] in sides
    ]
    while True:
        photos = Counter(one.side for one in inside)
        tops = {side: _tops(one.rest for one in inside if one.side == side) for side in photos}
        single = {
            side for side, found in tops.items() if side and _is_single(side, found, photos[side])
        }
        classes = {name for side, found in tops.items() if side not in single for name in found}
        steps = {side for side in single if not tops[side].keys() & classes}
        if not steps:
            return inside
        inside = [
            replace(one, rest=one.rest[1:], side=(*one.side, one.rest[0]))
            if one.side in steps
            else one
            for one in inside
        ]


def _is_single(side: Parts, tops: Mapping[str, list[Parts]], photos: int) -> bool:
    """Whether a side holds nothing but one folder that only wraps others, or that is called as the
    side is."""
    if len(tops) != 1:
        return False
    ((top, inner),) = tops.items()
    is_same = top.casefold() == side[0].casefold()
    if is_same or (split_of(top) and split_of(top) == split_of(side[0])):
        return len(inner) == photos
    return len(inner) == photos and _is_wrapper(top, inner)


def _splits_in_classes(seen: list[_Seen]) -> list[_Seen]:
    """Class folders with sides of a split inside: "mug/train/1.jpg", "mug/test/2.jpg"."""
    tops = _tops(one.rest for one in seen)
    inner = {
        top: _tops(paths) for top, paths in tops.items() if all(len(parts) > 1 for parts in paths)
    }
    sides = splits_of({name for found in inner.values() for name in found})
    divided = {top for top, found in inner.items() if found.keys() <= sides.keys()}
    if len({sides[name] for top in divided for name in inner[top]}) < 2:
        return seen
    return [
        replace(one, rest=(one.rest[0], *one.rest[2:]), split=sides[one.rest[1]], dropped=True)
        if one.rest[0] in divided
        else one
        for one in seen
    ]


def _with_classes(
    seen: list[_Seen], classes: str, flat: bool
) -> tuple[list[_Seen], tuple[str, ...]]:
    """Find out which folder of each photo is its class, and what is to be said about that."""
    if classes == LEAF:
        return [replace(one, depth=len(one.folders)) for one in seen], ()
    piles = _piles(seen, flat) if classes == AUTO else set()
    if piles:
        heaped = [one for one in seen if one.side in piles]
        rest, remarks = _with_classes([one for one in seen if one.side not in piles], classes, flat)
        return [*heaped, *rest], (*_heaped(heaped, flat), *remarks)
    top = [replace(one, depth=min(1, len(one.folders))) for one in seen]
    held = {one.folders for one in seen if one.is_of_class}
    only_folders = {folders[0] for folders in held} - {
        folders[0] for folders in held if len(folders) == 1
    }
    if classes == TOP or not only_folders:
        return top, ()
    if {folders[0] for folders in held} != only_folders:
        return top, (_told(held, only_folders, inner=False),)
    depth = class_depths(held)
    placed = [replace(one, depth=depth.get(one.folders, one.depth)) for one in top]
    return placed, (_told(held, only_folders, inner=any(n > 1 for n in depth.values())),)


def _piles(seen: list[_Seen], flat: bool) -> set[Parts]:
    """The sides (the empty one where there are none) whose folders are all called as piles of
    photos are, "images" or "100APPLE" and "101APPLE": those name no thing."""
    names: dict[Parts, set[str]] = {}
    deep: set[Parts] = set()
    for one in seen:
        names.setdefault(one.side, set()).update(one.rest[:1] if one.is_of_class else ())
        if len(one.folders) > 1:
            deep.add(one.side)
    return {
        side
        for side, found in names.items()
        if found and (flat or side not in deep) and all(map(PILE.fullmatch, found))
    }


def _heaped(heaped: list[_Seen], flat: bool) -> Iterator[str]:
    folders = sorted({as_text(Path(*one.file.parts[:-1])) for one in heaped if one.folders})
    if not flat:
        yield (
            f"{few(folders)} {'is a pile' if len(folders) == 1 else 'are piles'} of photos and no "
            "class, by the name. To take such folders as classes, add --classes top."
        )


def class_depths(held: set[Parts]) -> dict[Parts, int]:
    """How deep the class folder lies in the path of each folder with photos, where the outermost
    hold only folders.

    It is the first folder on the way that holds photos itself. Where the names of such folders come
    back under other folders, or say how photos were taken, the folders around them are the classes.
    """
    depth = {
        folders: next(n for n in range(1, len(folders) + 1) if folders[:n] in held)
        for folders in held
    }
    while inner := {folders[:n] for folders, n in depth.items() if n > 1}:
        around = {way[:-1] for way in inner}
        if len(around) < len(inner) and not _says_how(inner):
            break
        if _is_how(around) and not _is_how(inner):
            break
        depth = {folders: n - (n > 1) for folders, n in depth.items()}
    return depth


def _is_how(ways: Iterable[Parts]) -> bool:
    """Whether all innermost names say how or when photos were taken: "session1", "monday"."""
    return all(HOW_IN_WORDS.fullmatch(way[-1].strip()) for way in ways)


def _says_how(ways: set[Parts]) -> bool:
    names = Counter(way[-1].strip().casefold() for way in ways)
    recurring = sum(count > 1 for count in names.values())
    general = sum(HOW.fullmatch(name) is not None for name in names)
    return max(recurring, general) >= RECURRING * len(names)


def _told(held: set[Parts], only_folders: set[str], inner: bool) -> str:
    outer = sorted(only_folders)
    names = sorted({folders[-1] for folders in held if folders[0] in only_folders})
    told = f"{few(outer)} {'holds' if len(outer) == 1 else 'hold'} only folders ({few(names)})."
    taken, other, flag = ("inner", "outer", TOP) if inner else ("outer", "inner", LEAF)
    return (
        f"{told} The {taken} folders are the classes; to use the {other} ones, add --classes "
        f"{flag}."
    )


def few(names: Iterable[str]) -> str:
    """The first of many names of files or folders, and how many more there are."""
    return first_few(os.fsencode(name).decode("utf-8", "replace") for name in names)


def _wrapped(wrapper: Path, has_splits: bool, flat: bool, is_pile: bool) -> Iterator[str]:
    if is_pile and not flat and wrapper.parts:
        yield (
            f"All photos lie in {as_text(wrapper)}, which is treated as a pile of photos, not as "
            "a class. If it is a class, name it with --label."
        )
    elif wrapper.parts and not flat:
        what = "split folders" if has_splits else "class folders"
        yield f"The {what} lie in {as_text(wrapper)}, so they are read from there."
