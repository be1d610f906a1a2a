"""Photos taken in one go: a chain of moments, camera numbers that follow each other, frames of one clip.

Two neighbours in a burst share light, place and pose; a test on one after training on the other flatters the model.

    python -c "from train.bursts import bursts; print(bursts(['a', 'b'], {}, {'a': 'IMG_1.jpg', 'b': 'IMG_2.jpg'}))"
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath

# A pause longer than this, in seconds, starts a new burst; so does a gap in the camera's count of more than this.
PAUSE, COUNT_GAP = 60.0, 3
# Only names that cameras give: `royal-gala_001` is somebody's list, and says nothing about when.
CAMERA = re.compile(r"^(?:IMG|_MG|_?DSC[NF]?|PXL|GOPR|CIMG|SAM|KIMG|HPIM|MVI|P)[_-]?(\d{3,8})$", re.IGNORECASE)
# A frame's place is `<clip>#<second>`: all frames of one clip were taken in one go.
FRAME = "#"
When = tuple[str, float]


def bursts(ids: Sequence[str], taken_at: Mapping[str, str], files: Mapping[str, str]) -> dict[str, str]:
    """The burst of each photo, named after its first one. A photo that nothing is known of is a burst of its own."""
    clocks: dict[str, list[tuple[float, str]]] = {}
    for name, when in moments(ids, taken_at, files).items():
        clocks.setdefault(when[0], []).append((when[1], name))
    found = {name: name for name in ids}
    for clock, line in clocks.items():
        found.update(_chained(sorted(line), _longest_pause(clock)))
    return found


def moments(ids: Iterable[str], taken_at: Mapping[str, str], files: Mapping[str, str]) -> dict[str, When]:
    """Which clock a photo's moment is read from, and the moment on it; nothing for photos without either."""
    known: dict[str, When] = {}
    for name in ids:
        moment = _frame(files.get(name, "")) or _time(taken_at.get(name, "")) or _count(files.get(name, ""))
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
