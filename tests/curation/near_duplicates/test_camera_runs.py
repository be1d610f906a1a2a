"""One camera, no pause: nothing was exchanged between two photos. Everything else proves nothing."""

import pytest

from curation.measures.fingerprint import Match
from curation.measures.pixels import Measures
from curation.near_duplicates.camera_runs import (
    MOST_AT_ONE_TIME,
    UNKNOWN_RUNS,
    CameraRuns,
    camera_runs,
    runs_in_dataset,
    runs_of_files,
)
from curation.near_duplicates.groups import verdict
from data_cards.dataset.schema import Photo, Source
from data_cards.photos.image import PhotoFacts

ALIKE = Match(0.7, "looks-alike", as_frames=0.93)


def at(second, camera="Pixel 8"):
    return PhotoFacts(
        640, 480, "JPEG", f"2026-05-01T12:{second // 60:02d}:{second % 60:02d}", camera
    )


def in_one_go(one, other, *between):
    names = {"one": one, "other": other} | {str(n): it for n, it in enumerate(between)}
    return runs_of_files(names).in_one_go("one", "other")


def test_photos_of_two_seconds_are_taken_in_one_go():
    assert in_one_go(at(10), at(12)) and in_one_go(at(12), at(10))


def test_after_a_pause_something_may_have_been_exchanged():
    assert not in_one_go(at(10), at(14))


def test_photos_between_two_bridge_the_time():
    assert in_one_go(at(10), at(16), at(13))
    assert not in_one_go(at(10), at(16), at(13, "Pixel 7"))


def test_a_run_does_not_bridge_minutes():
    assert not in_one_go(at(0), at(80), *(at(second) for second in range(2, 80, 2)))


@pytest.mark.parametrize("camera", ["iPhone 12", ""])
def test_another_camera_or_none_proves_nothing(camera):
    assert not in_one_go(at(10), at(11, camera))
    assert not in_one_go(at(10, ""), at(11, ""))


@pytest.mark.parametrize("taken", [None, "", "yesterday"])
def test_a_photo_without_a_time_is_in_no_run(taken):
    assert not in_one_go(at(10), PhotoFacts(640, 480, "JPEG", taken, "Pixel 8"))


def test_a_time_that_a_program_wrote_into_every_photo_proves_nothing():
    assert in_one_go(at(5), at(5), *[at(5)] * (MOST_AT_ONE_TIME - 2))
    assert not in_one_go(at(5), at(5), *[at(5)] * (MOST_AT_ONE_TIME - 1))


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("a.mp4#4.0", "a.mp4#6.0", True),
        ("a.mp4#4.0", "a.mp4#6.5", False),
        ("a.mp4#4.0", "b.mp4#4.0", False),
    ],
)
def test_frames_are_one_thing_when_they_are_near_in_one_clip(one, other, near):
    # Frames between them do not help: a clip never pauses, whatever is done in it.
    frames = {"x": one, "y": other} | {str(n): f"a.mp4#{n}" for n in range(10)}
    assert camera_runs({}, {}, frames).in_one_go("x", "y") is near


def test_a_cameras_count_proves_nothing():
    photos = {
        name: Photo(name, 640, 480, (Source(path=f"IMG_{name}.jpg"),)) for name in ("0001", "0002")
    }
    assert runs_in_dataset(photos, {}) == UNKNOWN_RUNS


def test_a_dataset_knows_its_runs_by_sources_and_measures():
    taken = {"a": "2026-05-01T12:00:01", "b": "2026-05-01T12:00:02", "c": "2026-05-01T12:00:03"}
    photos = {
        name: Photo(name, 640, 480, (Source(path=name, taken_at=when),))
        for name, when in taken.items()
    }
    photos |= {
        name: Photo(name, 640, 480, (Source(path="vase.mp4", second=second),))
        for name, second in (("d", 1.0), ("e", 2.0))
    }
    runs = runs_in_dataset(photos, {"a": measured("Canon"), "b": measured("Canon")})
    assert runs.in_one_go("a", "b") and runs.in_one_go("d", "e")
    assert not runs.in_one_go("b", "c") and not runs.in_one_go("b", "d")


def measured(camera):
    measures = object.__new__(Measures)
    object.__setattr__(measures, "camera", camera)
    return measures


def test_what_looks_alike_is_one_thing_when_taken_in_one_go():
    runs = CameraRuns({"a": ("run", 1.0), "b": ("run", 2.0)})
    known, unknown = verdict("a", "b", ALIKE, 0.9, runs), verdict("a", "b", ALIKE, 0.9)
    assert (known.score, known.kind, known.verdict) == (0.93, "same-scene", True)
    assert (unknown.score, unknown.kind, unknown.verdict) == (0.7, "looks-alike", False)


def test_the_dial_holds_for_frames_too_and_what_stays_below_still_looks_alike():
    runs = CameraRuns({"a": ("run", 1.0), "b": ("run", 2.0)})
    assert verdict("a", "b", ALIKE, 0.95, runs).kind == "looks-alike"
    nothing = Match(0.7, "looks-alike")
    assert not verdict("a", "b", nothing, 0.0, runs).verdict
