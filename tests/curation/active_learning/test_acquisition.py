"""Which unlabelled photo comes first: typical ones, then disputed ones, look-alikes never in a
row."""

import numpy as np
import pytest

from curation.active_learning.acquisition import (
    alikeness,
    cover,
    dispute,
    half_informed,
    label_first,
    nearness,
    what_to_ask,
    whitening,
)
from train.probes.logistic import fit_probe


def heaps(*sizes, seed=0):
    """Embeddings in heaps around far apart corners, and the heap of each row."""
    rng = np.random.default_rng(seed)
    corners = 4 * rng.normal(size=(len(sizes), 64))
    heap = np.repeat(np.arange(len(sizes)), sizes)
    return (corners[heap] + rng.normal(size=(len(heap), 64))).astype(np.float32), heap


def test_every_unlabelled_photo_is_there_once_and_no_labelled_one():
    x, heap = heaps(5, 5)
    labelled = np.where(np.arange(10) % 2, heap, -1)
    assert sorted(label_first(x, labelled)) == [0, 2, 4, 6, 8]


def test_the_largest_heap_comes_first_and_no_heap_twice_before_each_was_seen():
    x, heap = heaps(4, 12, 6)
    first = heap[label_first(x, np.full(len(x), -1))[:3]]
    assert first[0] == 1 and set(first) == {0, 1, 2}


def test_what_looks_like_a_labelled_photo_waits():
    x, heap = heaps(16, 5)
    labelled = np.full(len(x), -1)
    assert heap[label_first(x, labelled)[0]] == 0
    labelled[:3] = 0
    assert heap[label_first(x, labelled)[0]] == 1


def opinions(x, disputed):
    """Three half-informed models that differ about some rows."""
    p = np.zeros((3, len(x), 2))
    p[:, :, 0] = 1
    p[2, disputed] = [0, 1]
    return p


def test_with_few_labels_doubt_does_not_count_and_with_many_it_leads():
    x, heap = heaps(12, 4)
    for in_training, expected in ((2, 0), (6, 1)):
        more = np.concatenate(
            [x, x[: in_training // 2] + 50, x[: in_training - in_training // 2] - 50]
        )
        labelled = np.concatenate([np.full(len(x), -1), np.arange(in_training) % 2])
        order = label_first(more, labelled, opinions(x, heap == 1))
        assert heap[order[0]] == expected


def test_dispute_is_the_share_that_does_not_follow_the_others():
    assert dispute(opinions(np.zeros((3, 1)), np.array([False, True, False]))) == pytest.approx(
        [0, 1 / 3, 0]
    )


def test_a_cover_is_greedy_and_lazy_at_once():
    """The lazy order equals working out every gain at every step."""
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(25, 8))
    x = whitening(rows)(rows)
    alike = alikeness(x)
    weights = rng.random(25)
    explained = np.zeros(25)
    expected: list[int] = []
    while len(expected) < 25:
        gains = (weights[:, None] * np.maximum(alike - explained[:, None], 0)).sum(axis=0)
        gains[expected] = -1
        expected.append(int(gains.argmax()))
        explained = np.maximum(explained, alike[:, expected[-1]])
    assert list(cover(alike, weights, np.zeros(25)))[:12] == expected[:12]


def test_nearness_is_zero_where_nothing_is_labelled():
    assert nearness(np.eye(2), []).tolist() == [0, 0]


def test_half_informed_models_agree_on_what_is_plain_and_differ_between_two_classes():
    x, heap = heaps(20, 20)
    probe = fit_probe(x, heap, 2)
    middle = (x[0] + x[20]) / 2
    doubts = dispute(half_informed(probe, np.stack([x[0], middle])))
    assert doubts[0] < 0.1 and doubts[1] > 0.2


def test_each_photo_that_is_asked_for_says_what_it_stands_for_or_who_disagrees():
    x, heap = heaps(9, 9)
    asked = what_to_ask(x, np.full(18, -1), 2)
    assert all(6 <= one.stands_for <= 8 for one in asked[:2]), "what it stands for is its heap"
    assert not asked[0].is_disputed
    between = np.vstack([x, (x[0] + x[9]) / 2])
    disputed = what_to_ask(between, np.append(np.where(np.arange(18) % 9 < 6, heap, -1), -1), 2)
    assert disputed[0].place == 18 and {number for number, _ in disputed[0].called} == {0, 1}


def test_one_photo_alone_and_none_at_all():
    assert [one.place for one in what_to_ask(np.ones((1, 4)), np.array([-1]), 3)] == [0]
    assert what_to_ask(np.ones((2, 4)), np.array([0, 1]), 3) == []
