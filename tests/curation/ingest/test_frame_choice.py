"""Of each moment the sharpest frame, of all moments those that differ."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.ingest import frame_choice
from curation.ingest.collect import collect
from curation.ingest.frame_choice import CUT, DIFFERENT, SIDE, Kept, chosen, difference, look_at
from curation.ingest.incoming import SourceOptions
from curation.ingest.video import best_frames, frames
from data_cards.annotations.decision import NONE_OF_THESE
from data_cards.dataset.repo import open_dataset
from train.settings import SplitSettings
from train.splits.seal import split_dataset


def look(second, sharpness=1.0, view=0):
    """A look at a `view`; another number is another view, near numbers are near views."""
    rng = np.random.default_rng(0)
    wide = rng.integers(0, 255, (SIDE, 40 * SIDE, 3), dtype=np.uint8)
    wide = cv2.GaussianBlur(wide, (0, 0), 4)
    wide = cv2.normalize(wide, None, 0, 255, cv2.NORM_MINMAX)
    start = int(view * 4)
    return look_at(second, sharpness, wide[:, start : start + SIDE])


def seconds(looks, every=1.0):
    return [one.second for one in chosen(looks, every)]


def test_the_sharpest_of_each_moment_is_kept():
    looks = [look(0.0, 1, 0), look(0.5, 3, 1), look(1.0, 2, 9), look(1.5, 1, 10), look(2.0, 1, 20)]
    assert seconds(looks) == [0.5, 1.0, 2.0]


def test_a_camera_that_stands_still_gives_one_frame():
    assert seconds([look(number / 8) for number in range(80)]) == [0.0]


def test_a_place_that_was_seen_before_is_not_taken_again():
    views = [0, 10, 20, 10, 0]
    assert seconds([look(number, view=view) for number, view in enumerate(views)]) == [0, 1, 2]


def test_a_moment_of_blur_alone_is_passed_over():
    looks = [look(0, 1, 0), look(1, 1, 10), look(2, 0.2, 20), look(3, 0.9, 30)]
    assert seconds(looks) == [0, 1, 3]


def test_a_cut_ends_a_moment():
    looks = [
        look(0.0),
        look(0.1),
        look_at(0.2, 1, np.full((SIDE, SIDE, 3), 255, np.uint8)),
        look(0.3, view=20),
    ]
    assert difference(looks[1], looks[2]) > CUT
    assert len(seconds(looks, every=5.0)) >= 2


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 60)), max_size=40), st.floats(0.2, 3))
def test_what_is_kept_is_in_order_different_and_not_more_than_asked(steps, every):
    looks = [look(number / 8, sharp, view / 4) for number, (sharp, view) in enumerate(steps)]
    kept = list(chosen(looks, every))
    assert [one.second for one in kept] == sorted({one.second for one in kept})
    for place, one in enumerate(kept):
        assert all(difference(one, other) >= DIFFERENT for other in kept[:place])
    assert bool(kept) == bool(looks)


@given(st.lists(st.integers(0, 140), min_size=1, max_size=90), st.floats(0.005, 0.1))
def test_a_look_is_like_one_of_many_where_it_is_like_one_of_them(views, different):
    """As many as 90, since the room for their means grows from 64 on."""
    last, *looks = (look(0, view=view / 4) for view in views)
    kept = Kept()
    for one in looks:
        kept.add(one)
    assert len(kept) == len(looks)
    assert kept.has_like(last, different) == any(difference(last, one) < different for one in looks)


def test_of_many_kept_frames_few_are_compared_whole(monkeypatch):
    """Else an hour of walking takes minutes only to compare."""
    compared = []

    def counted(one, other):
        compared.append(1)
        return difference(one, other)

    monkeypatch.setattr(frame_choice, "difference", counted)
    rng = np.random.default_rng(3)
    scenes = [rng.integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8) for _ in range(300)]
    kept = list(chosen([look_at(second, 1, scene) for second, scene in enumerate(scenes)], 1.0))
    assert len(kept) == 300
    assert len(compared) < 2 * 300


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    """Four seconds along a wall that is sharp when the phone stands still and blurred between."""
    path = tmp_path_factory.mktemp("walks") / "walk.mp4"
    wall = np.random.default_rng(1).integers(0, 255, (120, 1200, 3), dtype=np.uint8)
    wall = cv2.resize(cv2.GaussianBlur(wall, (0, 0), 1.5), (2400, 240))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10, (320, 240))
    for number in range(40):
        frame = wall[:, number * 12 : number * 12 + 320]
        writer.write(frame if number % 10 in (7, 8) else cv2.GaussianBlur(frame, (0, 0), 6))
    writer.release()
    return path


def test_of_a_clip_the_sharp_frames_come(walk):
    best = [second for second, _ in best_frames(walk, 1.0)]
    regular = [second for second, _ in frames(walk, 1.0)]
    assert best == pytest.approx([0.75, 1.75, 2.75, 3.75], abs=0.06)
    assert regular == pytest.approx([0, 1, 2, 3], abs=0.06)


def test_collect_takes_the_best_frames_unless_it_is_told_otherwise(walk, tmp_path):
    best = collect(walk, str(tmp_path / "a"), options=SourceOptions(label="wall", every=1.0))
    regular = collect(
        walk, str(tmp_path / "b"), options=SourceOptions(label="wall", every=1.0, frames="regular")
    )
    assert (best.added, regular.added) == (4, 4)
    photos = open_dataset(str(tmp_path / "a")).photos().values()
    seconds = sorted(source.second for photo in photos for source in photo.sources)
    assert seconds == pytest.approx([0.75, 1.75, 2.75, 3.75], abs=0.06)


def test_all_frames_of_a_clip_are_on_one_side_of_a_split(walk, tmp_path):
    """Two clips of each of two things: each clip is wholly on one side."""
    for thing, shift in (("mug", 0), ("jar", 60)):
        for take in (1, 2):
            (tmp_path / "s" / thing).mkdir(parents=True, exist_ok=True)
            path = tmp_path / "s" / thing / f"{take}.mp4"
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10, (64, 48))
            rng = np.random.default_rng(shift + take)
            for _ in range(6):
                scene = cv2.resize(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8), (64, 48))
                for _ in range(10):
                    writer.write(scene)
            writer.release()
    collect(tmp_path / "s", str(tmp_path / "d"))
    dataset = open_dataset(str(tmp_path / "d"))
    splits, _ = split_dataset(dataset, SplitSettings(test=0.5))
    sides = {}
    for image_id, row in splits.items():
        source = dataset.photos()[image_id].sources[0]
        assert source.given_label != NONE_OF_THESE
        sides.setdefault(source.path, set()).add(row.split == "test")
    assert len(sides) == 4
    assert all(len(side) == 1 for side in sides.values())
