"""Photos taken in one go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_cards.dataset.schema import Finding
from train.splits.groups import PROPOSED, bursts, connected, groups_from_findings, moments


def test_a_pause_of_more_than_a_minute_starts_a_new_burst():
    at = {
        "a": "2023-05-05T12:41:00+02:00",
        "b": "2023-05-05T12:41:50+02:00",
        "c": "2023-05-05T12:43:00+02:00",
    }
    assert bursts("abc", at, {}) == {"a": "a", "b": "a", "c": "c"}


def test_order_of_the_list_does_not_matter():
    at = {name: f"2023-05-05T12:41:{10 * i:02}" for i, name in enumerate("abc")}
    assert bursts("cab", at, {}) == {"a": "a", "b": "a", "c": "a"}


def test_without_times_the_cameras_count_tells():
    files = {
        "a": "x/IMG_3600.jpg",
        "b": "x/IMG_3601.jpg",
        "c": "x/IMG_3700.jpg",
        "d": "y/IMG_3602.jpg",
    }
    assert bursts("abcd", {}, files) == {"a": "a", "b": "a", "c": "c", "d": "d"}


@pytest.mark.parametrize(
    "name", ["Royal-Gala_001.jpg", "001.jpg", "halong_bay (1).jpg", "akha01.png", "DSC.jpg", ""]
)
def test_a_number_that_somebody_gave_is_no_burst(name):
    assert moments(["a"], {}, {"a": name}) == {}


def test_frames_of_one_clip_are_one_burst_however_far_apart():
    files = {"a": "clip.mp4#0.0", "b": "clip.mp4#300.5", "c": "other.mp4#1.0"}
    assert bursts("abc", {}, files) == {"a": "a", "b": "a", "c": "c"}


def test_a_time_that_is_none_is_no_time():
    assert moments(["a"], {"a": "last summer"}, {}) == {}


NAMES = st.sampled_from("abcdefgh")


@given(st.lists(st.tuples(NAMES, NAMES)))
def test_linked_names_share_a_group_and_the_order_of_links_does_not_matter(links):
    group = connected("abcdefgh", links)
    assert all(group[a] == group[b] for a, b in links)
    assert group == connected("hgfedcba", links[::-1])
    assert all(group[group[name]] == group[name] <= name for name in group)


def test_a_link_to_a_stranger_is_ignored():
    assert connected("ab", [("a", "x"), ("x", "b")]) == {"a": "a", "b": "b"}


def test_near_duplicates_are_groups_and_other_findings_are_not():
    findings = [
        Finding("b", "near_duplicate", 0.9, "", related=("a", "b")),
        Finding("c", "label", 0.9, "", related=("a",)),
        Finding("d", "leak", 0.9, "", related=("b",)),
    ]
    assert groups_from_findings("abcd", findings) == {"a": "a", "b": "a", "c": "c", "d": "a"}


def test_what_nothing_verified_holds_no_photos_together():
    findings = [
        Finding("b", "leak", PROPOSED, "", related=("a",)),
        Finding("c", "leak", 0.5, "", related=("a",)),
    ]
    assert groups_from_findings("abc", findings) == {"a": "a", "b": "b", "c": "a"}


def test_photos_judged_apart_are_not_held_together_by_the_others_of_their_group():
    findings = [
        Finding("b", "near_duplicate", 0.9, "", related=("a", "c")),
        Finding("c", "near_duplicate", 0.9, "", related=("a", "b")),
    ]
    assert groups_from_findings("abc", findings, {frozenset("ab")}) == {
        "a": "a",
        "b": "b",
        "c": "a",
    }
