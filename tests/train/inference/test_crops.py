"""A photo looked at in parts."""

from __future__ import annotations

import numpy as np
from PIL import Image

from train.inference.crops import Part, agreed, boxes, cut, overlap, parts_of, shown_where


def part(place: int, label: int, confidence: float = 0.9, is_sure: bool = True) -> Part:
    return Part(boxes()[place], label, confidence, is_sure)


def test_nine_parts_cover_the_photo_and_overlap_their_neighbours():
    assert len(boxes()) == 9 and boxes()[0] == (0, 0, 0.5, 0.5) and boxes()[8][2:] == (1, 1)
    assert overlap(boxes()[0], boxes()[1]) and overlap(boxes()[0], boxes()[4])
    assert not overlap(boxes()[0], boxes()[2]) and not overlap(boxes()[0], boxes()[8])
    assert cut(Image.new("RGB", (101, 60)), boxes()[8]).size == (51, 30)


def test_what_two_overlapping_parts_show_is_in_the_photo():
    assert [one.label for one in agreed([part(0, 3), part(1, 3, 0.4, False)])] == [3]
    assert agreed([part(0, 3), part(2, 3)]) == [], "they have nothing of the photo in common"
    assert agreed([part(0, 3), part(1, 4, 0.8, False)]) == [], "one alone is a guess"
    assert agreed([part(0, 3, 0.9, False), part(1, 3, 0.9, False)]) == [], "none of them is sure"


def test_two_things_in_one_frame_are_both_found_surest_first():
    parts = [part(0, 3, 0.8), part(1, 3, 0.7), part(5, 7, 0.9), part(8, 7, 0.6, False)]
    assert [one.label for one in agreed(parts)] == [7, 3]


def test_parts_are_made_of_chances():
    chances = np.eye(9)[:, :3] + 0.1
    made = parts_of(chances, [True] * 3 + [False] * 6)
    assert [one.label for one in made[:3]] == [0, 1, 2] and not made[8].is_sure


def test_a_part_that_shows_it_lights_its_quarter_of_the_photo():
    chances = np.zeros(9)
    chances[0] = 1.0
    grid = np.array(shown_where(chances))
    assert (
        grid.shape == (4, 4) and grid[0, 0] == 1.0 and grid[2:, :].sum() == grid[:, 2:].sum() == 0
    )
    assert grid[1, 1] == 0.25, "four parts cover it"
