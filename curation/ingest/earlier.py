"""What an earlier collect brought, compared with what the same source holds now: moved, changed,
gone, repaired.

    found = compare(now, dataset.photos(), dataset.findings(), known, things)
    found.remarks        ("12 photos labelled Mug now lie in cup: rename the class? ...",)

A photo is known by its bytes, a file by its path. Pure: it looks at rows and paths and opens
nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from data_cards.annotations.decision import NONE_OF_THESE
from data_cards.dataset.collection import Collection as Things
from data_cards.dataset.schema import Finding, Photo
from data_cards.wording import counted, first_few

# A source whose paths all differ counts as the same one if at least half of its photos are the
# same.
SAME = 0.5
# A class has moved where more than half of its photos have; single photos that lie elsewhere now
# are a matter of these photos.
MOST = 0.5


@dataclass(frozen=True)
class Now:
    """A file as it is now: the image_id of the photo it holds, or of its bytes where it
    `is_refused`; the class id that its place gives it; and that place."""

    image_id: str
    label: str | None = None
    named_by: str = ""
    is_refused: bool = False


@dataclass(frozen=True)
class Move:
    """Photos that came with one label and now have another, where no photo of the first is left.
    `folder`: where they are now; "" if a list gives the label."""

    before: str
    after: str
    folder: str
    photos: int


@dataclass(frozen=True)
class Compared:
    """`things`: the classes without those that only a moved folder would have made; `settled`:
    pairs of labels that are no conflict, since a class was moved as a whole; `outdated`: findings
    that no longer hold; and what to say."""

    things: Things
    settled: frozenset[tuple[str, str]]
    outdated: tuple[Finding, ...]
    remarks: tuple[str, ...]


def compare(
    now: Mapping[str, Now],
    earlier: Mapping[str, Photo],
    findings: Sequence[Finding],
    known: Things,
    things: Things,
) -> Compared:
    """The files of a source (by path) beside what its dataset knew before. `known`: the classes
    before this run, `things`: those that it would add to."""
    runs = same_source(earlier, now)
    every = {source.added_at for photo in earlier.values() for source in photo.sources}
    stale = outdated(findings, now, is_whole=bool(every) and every <= runs)
    moved = moves(earlier, now, runs)
    made = {move.after for move in moved} - {*known.ids}
    needed = {
        file.label for file in now.values() if file.is_refused or file.image_id not in earlier
    }
    kept = things.with_classes(
        info for info in things.classes if info.id in needed or info.id not in made
    )
    remarks = (
        *(_moved(move, things, kept) for move in moved),
        *_gone(*gone_files(earlier, now, runs)),
        *_repaired(stale, now),
    )
    settled = frozenset((move.before, move.after) for move in moved if move.after in made)
    return Compared(kept, settled, tuple(stale), remarks)


def same_source(earlier: Mapping[str, Photo], now: Mapping[str, Now]) -> frozenset[str]:
    """Which earlier runs (by their moment) read this very source: a photo of theirs lies where it
    lay, or half of them lie somewhere. `now`: by path."""
    files: Counter[str] = Counter()
    back: Counter[str] = Counter()
    sure: set[str] = set()
    here = {file.image_id for file in now.values()}
    for image_id, photo in earlier.items():
        for source in photo.sources:
            if source.origin == "file":
                files[source.added_at] += 1
                back[source.added_at] += image_id in here
                if source.path in now and now[source.path].image_id == image_id:
                    sure.add(source.added_at)
    return frozenset(sure | {run for run in files if back[run] >= SAME * files[run]})


def gone_files(
    earlier: Mapping[str, Photo], now: Mapping[str, Now], runs: Collection[str]
) -> tuple[list[str], list[str]]:
    """(paths that these earlier runs read and that no longer exist, paths that now hold another
    photo). A photo that moved is in neither."""
    here = {file.image_id for file in now.values()}
    gone = []
    changed = []
    for image_id, photo in earlier.items():
        if image_id in here:
            continue
        for path in {
            source.path
            for source in photo.sources
            if source.origin == "file" and source.added_at in runs
        }:
            if path not in now:
                gone.append(path)
            elif (
                now[path].image_id not in earlier
            ):  # otherwise it was reported when that photo came
                changed.append(path)
    return sorted(gone), sorted(changed)


def moves(
    earlier: Mapping[str, Photo], now: Mapping[str, Now], runs: Collection[str]
) -> list[Move]:
    """Labels whose photos lie under another label now, most of them under one, as when a folder
    was renamed or moved into another one."""
    left = {file.label for file in now.values()}
    found: Counter[tuple[str, str]] = Counter()
    folders: dict[tuple[str, str], str] = {}
    for path, file in now.items():
        given = _given(earlier.get(file.image_id), runs)
        if file.label in (None, NONE_OF_THESE) or len(given) != 1 or given & left:
            continue
        pair = min(given), str(file.label)
        found[pair] += 1
        folders.setdefault(pair, file.named_by if path.startswith(f"{file.named_by}/") else "")
    came: Counter[str] = Counter()
    for (before, _), photos in found.items():
        came[before] += photos
    return [
        Move(*pair, folders[pair], photos)
        for pair, photos in sorted(found.items())
        if photos > MOST * came[pair[0]]
    ]


def _given(photo: Photo | None, runs: Collection[str]) -> set[str]:
    """The labels that these runs brought a photo with."""
    sources = photo.sources if photo else ()
    labels = {one.given_label for one in sources if one.added_at in runs and one.given_label}
    return labels - {NONE_OF_THESE}


def outdated(findings: Iterable[Finding], now: Mapping[str, Now], is_whole: bool) -> list[Finding]:
    """Findings of files that could not be read which no longer hold: the file was repaired,
    replaced or moved; or it is gone from a source that the whole dataset came from (`is_whole`)."""
    refused = {file.image_id for file in now.values() if file.is_refused}
    return [
        one
        for one in findings
        if one.kind == "unreadable" and _is_outdated(one, now, refused, is_whole)
    ]


def path_of(finding: Finding, paths: Collection[str]) -> str | None:
    """The file that a finding is about: its reason begins with the path, which may hold a colon
    itself."""
    parts = finding.reason.split(": ")
    ways = (": ".join(parts[:number]) for number in range(len(parts) - 1, 0, -1))
    return next((path for path in ways if path in paths), None)


def _is_outdated(one: Finding, now: Mapping[str, Now], refused: set[str], is_whole: bool) -> bool:
    path = path_of(one, now)
    if path is not None:
        return not now[path].is_refused or now[path].image_id != one.image_id
    return is_whole or one.image_id in refused


def _moved(move: Move, things: Things, kept: Things) -> str:
    before, after = (
        things.title_of(name) if name in things else name for name in (move.before, move.after)
    )
    where = f"now lie in {move.folder}" if move.folder else f"are labelled {after} now"
    photos = f"{counted(move.photos, 'photo')} labelled {before} {_verb(move.photos, where)}"
    if move.after not in kept:
        cure = f"rename the class? On the light table, rename {before} to {after}"
    else:
        cure = f"merge the classes? On the light table, merge {before} into {after}"
    return f"{photos}: {cure}; until then the label stays."


def _gone(gone: Sequence[str], changed: Sequence[str]) -> Iterator[str]:
    if gone:
        one = len(gone) == 1
        yield (
            f"{counted(len(gone), 'photo')} that came in earlier {'is' if one else 'are'} "
            f"no longer in the source: {first_few(gone)}. "
            f"{'It stays' if one else 'They stay'} in the dataset; to take photos out, use erase."
        )
    if changed:
        one = len(changed) == 1
        yield (
            f"{len(changed)} {'file holds' if one else 'files hold'} another photo than before: "
            f"{first_few(changed)}. Both versions are in the dataset."
        )


def _repaired(stale: Sequence[Finding], now: Mapping[str, Now]) -> Iterator[str]:
    paths = sorted(
        path for one in stale if (path := path_of(one, now)) and not now[path].is_refused
    )
    if paths:
        one = len(paths) == 1
        were = "file that could not be read is" if one else "files that could not be read are"
        yield f"{len(paths)} {were} {'a photo' if one else 'photos'} now: {first_few(paths)}."


def _verb(number: int, words: str) -> str:
    return words if number > 1 else words.replace("lie ", "lies ").replace("are ", "is ")
