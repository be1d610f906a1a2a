"""What hangs together: links between names become groups, and a scan's findings become
near-duplicate groups."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath

from data_cards.dataset.schema import Finding

# Findings whose `related` photos show the same shot, or may do so; a `leak` is one across a given
# split.
SAME_SHOT = ("near_duplicate", "exact_duplicate", "looks_alike", "leak")
# a finding with this score or less was not verified, so it does not group photos
PROPOSED = 0.25


def connected(names: Iterable[str], links: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The group of each name, called after its smallest member; links to unknown names are
    ignored."""
    parent = {name: name for name in names}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for a, b in links:
        if a in parent and b in parent:
            low, high = sorted((root(a), root(b)))
            parent[high] = low
    return {name: root(name) for name in parent}


def groups_from_findings(
    ids: Iterable[str], findings: Iterable[Finding], apart: Collection[frozenset[str]] = ()
) -> dict[str, str]:
    """The near-duplicate group of each photo, as the last scan verified them; a photo alone is
    its own group.

    A finding's photo was laid over the first of `related`, and only that link counts: so a pair
    that a person judged `apart` since then is not held together by a third photo's finding.
    """
    links = [
        (found.image_id, found.related[0])
        for found in findings
        if found.kind in SAME_SHOT and found.score > PROPOSED and found.related
    ]
    return connected(ids, (link for link in links if frozenset(link) not in apart))


# A pause longer than this, in seconds, starts a new burst; so does a gap in the camera's count of
# more than this.
PAUSE = 60.0
COUNT_GAP = 3
# Only names that cameras give: `royal-gala_001` is somebody's numbering and says nothing about
# time.
CAMERA = re.compile(
    r"^(?:IMG|_MG|_?DSC[NF]?|PXL|GOPR|CIMG|SAM|KIMG|HPIM|MVI|P)[_-]?(\d{3,8})$", re.IGNORECASE
)
# A frame's place is `<clip>#<second>`: all frames of one clip were taken in one go.
FRAME = "#"
When = tuple[str, float]


def bursts(
    ids: Sequence[str], taken_at: Mapping[str, str], files: Mapping[str, str]
) -> dict[str, str]:
    """The burst of each photo, named after its first one. A photo of unknown time is a burst of its
    own."""
    clocks: dict[str, list[tuple[float, str]]] = {}
    for name, when in moments(ids, taken_at, files).items():
        clocks.setdefault(when[0], []).append((when[1], name))
    found = {name: name for name in ids}
    for clock, line in clocks.items():
        found.update(_chained(sorted(line), _longest_pause(clock)))
    return found


def moments(
    ids: Iterable[str], taken_at: Mapping[str, str], files: Mapping[str, str]
) -> dict[str, When]:
    """Which clock a photo's moment is read from, and the moment on it; nothing for photos
    without either."""
    known: dict[str, When] = {}
    for name in ids:
        moment = (
            _frame(files.get(name, ""))
            or _time(taken_at.get(name, ""))
            or _count(files.get(name, ""))
        )
        if moment:
            known[name] = moment
    return known


def _chained(line: list[tuple[float, str]], pause: float) -> dict[str, str]:
    found: dict[str, str] = {}
    before, first = line[0]
    for at, name in line:
        first = name if at - before > pause else first
        found[name], before = first, at
    return found


def _longest_pause(clock: str) -> float:
    return PAUSE if clock == "time" else float("inf") if clock.endswith(FRAME) else COUNT_GAP


def _time(text: str) -> When | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    # Photos of one phone carry no zone or the same one; only differences matter here.
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return "time", aware.timestamp()


def _count(path: str) -> When | None:
    number = CAMERA.match(PurePosixPath(path).stem)
    return (f"count {PurePosixPath(path).parent}", float(number[1])) if number else None


def _frame(path: str) -> When | None:
    clip, mark, second = path.rpartition(FRAME)
    try:
        return (clip + FRAME, float(second)) if mark else None
    except ValueError:
        return None
