"""Averaging over settings, on clouds of points."""

import numpy as np

from benchmarks.training.few_photos import grid, one_draw
from benchmarks.training.second_opinion import few_of_each
from tests.fixtures.gaussians import clouds


def test_as_many_of_each_class_are_drawn_and_other_seeds_draw_others():
    labels = ["a"] * 5 + ["b"] * 4 + ["c"]
    drawn = few_of_each(labels, 2, 0)
    assert [labels[row] for row in drawn] == ["a", "a", "b", "b", "c"]
    assert any(not np.array_equal(drawn, few_of_each(labels, 2, seed)) for seed in range(1, 9))


def test_with_one_photo_of_a_class_nothing_can_be_held_back():
    x, y = clouds(n=60, classes=3)
    rows = few_of_each([str(label) for label in y], 1, 0)
    found = one_draw(x[rows], y[rows], x, y, 0)
    assert "picked" not in found and len(grid(1)) < len(grid(2))
    assert found["averaged"] > 0.8


def test_no_way_of_choosing_beats_the_setting_that_was_best_on_the_test():
    x, y = clouds(n=90, classes=3, spread=2.0)
    rows = few_of_each([str(label) for label in y], 5, 0)
    found = one_draw(x[rows], y[rows], x, y, 0)
    assert found["picked"] <= found["best"] <= 1
    assert min(found.values()) > 1 / 3
