"""Photos taken in one go."""

import pytest

from train.bursts import bursts, moments


def test_a_pause_of_more_than_a_minute_starts_a_new_burst():
    at = {"a": "2023-05-05T12:41:00+02:00", "b": "2023-05-05T12:41:50+02:00", "c": "2023-05-05T12:43:00+02:00"}
    assert bursts("abc", at, {}) == {"a": "a", "b": "a", "c": "c"}


def test_order_of_the_list_does_not_matter():
    at = {name: f"2023-05-05T12:41:{10 * i:02}" for i, name in enumerate("abc")}
    assert bursts("cab", at, {}) == {"a": "a", "b": "a", "c": "a"}


def test_without_times_the_cameras_count_tells():
    files = {"a": "x/IMG_3600.jpg", "b": "x/IMG_3601.jpg", "c": "x/IMG_3700.jpg", "d": "y/IMG_3602.jpg"}
    assert bursts("abcd", {}, files) == {"a": "a", "b": "a", "c": "c", "d": "d"}


@pytest.mark.parametrize("name", ["Royal-Gala_001.jpg", "001.jpg", "halong_bay (1).jpg", "akha01.png", "DSC.jpg", ""])
def test_a_number_that_somebody_gave_is_no_burst(name):
    assert moments(["a"], {}, {"a": name}) == {}


def test_frames_of_one_clip_are_one_burst_however_far_apart():
    files = {"a": "clip.mp4#0.0", "b": "clip.mp4#300.5", "c": "other.mp4#1.0"}
    assert bursts("abc", {}, files) == {"a": "a", "b": "a", "c": "c"}


def test_a_time_that_is_none_is_no_time():
    assert moments(["a"], {"a": "last summer"}, {}) == {}
