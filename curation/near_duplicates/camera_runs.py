"""Which photos one camera took without a pause: frames of a clip, and photos by their Exif time.

Pixels cannot tell the next frame of a burst from another thing of the same shape in the same
place. Time can: nobody lays another shirt on the bed while the camera takes a photo every second.

    runs_of_files(facts).in_one_go(one, other) -> bool
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from curation.measures.pixels import Measures
from data_cards.dataset.schema import Photo
from data_cards.photos.image import PhotoFacts
from train.splits.groups import FRAME, moments

# Seconds between two photos: more, and something may have been exchanged. Of 125 pauses in five
# bursts of household objects, the longest are a little below it.
PAUSE = 3.0
# Seconds from the first photo to the last: with more time somebody may have moved on to another
# thing.
RUN_SECONDS = 60.0
# Seconds of a clip: it never pauses, so only what is near in it is known to be one thing.
CLIP_SECONDS = 2.0
# Photos with the same time: the fastest phones take 30 a second. If there are more, a program dated
# them, or the camera's clock has stopped.
MOST_AT_ONE_TIME = 30


@dataclass(frozen=True)
class CameraRuns:
    """The run of each photo of which enough is known, and its second in that. In a run of photos
    no pause is longer than PAUSE; the run of a frame is its clip."""

    runs: Mapping[str, tuple[str, float]] = field(default_factory=dict)

    def in_one_go(self, one: str, other: str) -> bool:
        """Whether the camera was at it from the one photo to the other."""
        if one not in self.runs or other not in self.runs:
            return False
        (run, at), (its, then) = self.runs[one], self.runs[other]
        longest = CLIP_SECONDS if run.endswith(FRAME) else RUN_SECONDS
        return run == its and abs(at - then) <= longest


UNKNOWN_RUNS = CameraRuns()


def camera_runs(
    taken_at: Mapping[str, str], cameras: Mapping[str, str], frames: Mapping[str, str]
) -> CameraRuns:
    """From when photos were taken (ISO 8601), by which camera, and where frames come from
    (`<clip>#<second>`). A time without a camera is not used: two people's clocks may agree.
    """
    names = [*frames, *(name for name in taken_at if cameras.get(name) and name not in frames)]
    lines: dict[str, list[tuple[float, str]]] = {}
    for name, (clock, at) in moments(names, taken_at, frames).items():
        owner = clock if clock.endswith(FRAME) else cameras[name]
        lines.setdefault(owner, []).append((at, name))
    runs: dict[str, tuple[str, float]] = {}
    for owner, line in lines.items():
        if owner.endswith(FRAME):
            runs.update({name: (owner, at) for at, name in line})
        else:
            runs.update(_without_pause(owner, line))
    return CameraRuns(runs)


def _without_pause(camera: str, line: Iterable[tuple[float, str]]) -> dict[str, tuple[str, float]]:
    line = sorted(line)
    crowd = Counter(at for at, _ in line)
    found = {}
    before = first = float("-inf")
    for at, name in line:
        if crowd[at] > MOST_AT_ONE_TIME:
            continue
        first = at if at - before > PAUSE else first
        before = at
        found[name] = (f"{camera} {first}", at)
    return found


def runs_in_dataset(photos: Mapping[str, Photo], measures: Mapping[str, Measures]) -> CameraRuns:
    """Of a dataset's photos. Of one that came in several ways the latest time counts, as in a
    split."""
    some = {name: photo.sources for name, photo in photos.items() if photo.sources}
    frames = {
        name: f"{source.path}{FRAME}{source.second}"
        for name, sources in some.items()
        for source in sources[:1]
        if source.second is not None
    }
    taken = {name: max(source.taken_at for source in sources) for name, sources in some.items()}
    cameras = {name: found.camera for name in some if (found := measures.get(name))}
    return camera_runs({name: at for name, at in taken.items() if at}, cameras, frames)


def runs_of_files(facts: Mapping[str, PhotoFacts]) -> CameraRuns:
    """Of files, by what they say themselves."""
    return camera_runs(
        {name: it.taken_at for name, it in facts.items() if it.taken_at},
        {name: it.camera for name, it in facts.items()},
        {},
    )
