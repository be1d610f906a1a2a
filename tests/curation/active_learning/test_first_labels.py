"""Few key presses from nothing: typical photos first, then whole classes proposed."""

import numpy as np
import pytest

from curation.active_learning.first_labels import (
    ASIDE,
    FEWEST,
    UNKNOWN,
    Likeness,
    end_of,
    looked_at,
    next_to_ask,
    proposals,
)


def bursts(classes=4, each=12, seed=0):
    """Each class a chain: every photo is like the one before it, the last unlike the first."""
    rng = np.random.default_rng(seed)
    starts = rng.normal(size=(classes, 32)) * 6
    steps = rng.normal(size=(classes, each, 32)).cumsum(axis=1) * 0.6
    truth = np.repeat(np.arange(classes), each)
    return (starts[:, None] + steps).reshape(-1, 32).astype(np.float32), truth


def unlabelled(truth):
    return np.full(len(truth), UNKNOWN)


def test_the_first_photos_that_are_asked_about_are_of_different_classes():
    x, truth = bursts()
    asked = next_to_ask(Likeness.of(x), unlabelled(truth), 4)
    assert sorted(truth[asked].tolist()) == [0, 1, 2, 3]


def test_one_named_photo_of_each_class_brings_most_of_the_others():
    x, truth = bursts()
    graph = Likeness.of(x)
    y = unlabelled(truth)
    for place in next_to_ask(graph, y, 4):
        y[place] = truth[place]
    found = proposals(graph, y)
    right = sum(int((truth[list(one.places)] == one.label).sum()) for one in found)
    assert right >= 0.8 * (len(truth) - 4)
    assert right >= 0.9 * sum(len(one.places) for one in found)


def test_most_photos_come_first_and_none_is_proposed_twice():
    x, truth = bursts()
    y = unlabelled(truth)
    y[[0, 12, 24]] = [0, 1, 2]
    found = proposals(Likeness.of(x), y)
    sizes = [len(one.places) for one in found]
    places = [place for one in found for place in one.places]
    assert sizes == sorted(sizes, reverse=True) and len(set(places)) == len(places)


def test_what_was_refused_or_is_aside_is_not_proposed():
    x, truth = bursts()
    y = unlabelled(truth)
    y[[0, 12]] = [0, 1]
    y[3] = ASIDE
    graph = Likeness.of(x)
    before = {one.label: one.places for one in proposals(graph, y)}
    gone = before[0][0]
    after = proposals(graph, y, lambda place, label: (place, label) == (gone, 0))
    places = {place for one in after if one.label == 0 for place in one.places}
    assert gone not in places and 3 not in places


@pytest.mark.parametrize(
    ("much", "end"),
    [
        ([9, 8.8, 8.7, 2, 1.9], 3),
        ([9, 8.9], 2),
        ([5], 1),
        ([], 0),
        ([3.0] * 20 + [2.9], 21),
        ([3.0] * 40, 8),
    ],
)
def test_a_class_ends_where_what_arrives_of_it_drops(much, end):
    assert end_of(np.array(much, float)) == end


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_hardly_any_photos_are_no_trouble(count):
    graph = Likeness.of(np.eye(3, 8, dtype=np.float32)[:count])
    y = np.full(count, UNKNOWN)
    assert len(next_to_ask(graph, y, 5)) == count
    assert proposals(graph, y) == []


def test_of_very_many_photos_some_are_looked_at_with_every_class_among_them():
    y = np.concatenate([np.zeros(5_000), np.ones(3), np.full(20_000, UNKNOWN)]).astype(int)
    places = looked_at(y, 1_000)
    assert len(places) == 1_000 and set(y[places]) == {0, 1, UNKNOWN}
    assert (y[places] == 1).sum() == 3


def test_a_proposal_has_more_than_one_photo():
    x, truth = bursts(2, 3)
    y = truth.copy()
    y[-1] = UNKNOWN
    assert all(len(one.places) >= FEWEST for one in proposals(Likeness.of(x), y))
