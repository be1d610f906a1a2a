"""Against a label that few photos can speak for, only what the collection bears out is said."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.issues.few_shots import FEW, LIKELY, chance_of_error, share_among, share_of_wrong
from curation.issues.label_issues import judge
from train.probes.ensemble import out_of_fold
from train.probes.logistic import shots_that_teach

WIDTH = 24


def label_doubt(*given):
    return judge(*given).doubt


def collection(seed, sizes, apart=1.6):
    """Photos of as many things as there are sizes, so many of each; things of one shelf look
    alike."""
    rng = np.random.default_rng(seed)
    shelves = rng.normal(size=(-(-len(sizes) // 4), WIDTH))
    things = (
        shelves[np.arange(len(sizes)) // 4] * 1.5 + rng.normal(size=(len(sizes), WIDTH)) * apart
    )
    y = np.repeat(np.arange(len(sizes)), sizes)
    return y, things[y] + rng.normal(size=(len(y), WIDTH))


def asked(y, x, groups=None):
    shots = np.arange(len(y)) if groups is None else groups
    return judge(y, out_of_fold(x, y, shots, int(y.max()) + 1), x, shots)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sizes", [(1,) * 6, (1,) * 6 + (12,) * 4, (1,) * 20 + (2,) * 3, (1, 30)])
def test_nothing_is_said_against_the_label_of_a_class_with_one_photo(seed, sizes):
    y, x = collection(seed, sizes)
    verdicts = asked(y, x)
    lone = np.bincount(y)[y] == 1
    assert not verdicts.shown[lone].any()
    assert (verdicts.likely[lone] == y[lone]).all() and (verdicts.doubt[lone] == 0).all()


@pytest.mark.parametrize("shots", [1, 2, 3])
@pytest.mark.parametrize("frames", [2, 6])
def test_many_frames_of_one_shot_are_one_photo_of_the_class(shots, frames):
    y, x = collection(1, (shots,) * 5 + (15,) * 4)
    few = np.flatnonzero(y < 5)
    again = np.repeat(few, frames - 1)
    rng = np.random.default_rng(0)
    x = np.concatenate([x, x[again] + rng.normal(size=(len(again), WIDTH)) * 0.02])
    groups = np.concatenate([np.arange(len(y)), again])
    y = np.concatenate([y, y[again]])
    assert not asked(y, x, groups).shown[y < 5].any()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "sizes", [(2,) * 30, (3,) * 30, (2,) * 8 + (20,) * 8, (3,) * 8 + (20,) * 8]
)
def test_of_right_labels_with_two_or_three_shots_hardly_any_is_doubted(seed, sizes):
    y, x = collection(seed, sizes)
    assert asked(y, x).shown[np.bincount(y)[y] <= 3].mean() <= 0.03


@pytest.mark.parametrize("sizes", [(2, 2), (2, 2, 2), (3, 3), (2, 1, 1), (3, 2, 1)])
def test_of_a_handful_of_photos_no_label_is_doubted(sizes):
    for seed in range(5):
        y, x = collection(seed, sizes, apart=0.5)
        assert not asked(y, x).shown.any()


@pytest.mark.parametrize("seed", range(4))
def test_a_plain_error_in_a_class_of_three_is_found(seed):
    """The third of a class shows what thirty photos of another show, among many that are well
    known."""
    y, x = collection(seed, (2,) + (30,) * 12, apart=3.0)
    y = np.append(y, 0)
    x = np.concatenate([x, x[[40]] + np.random.default_rng(9).normal(size=(1, WIDTH)) * 0.3])
    verdicts = asked(y, x)
    assert verdicts.shown[-1] and verdicts.likely[-1] == y[40] and verdicts.chance[-1] >= LIKELY
    assert not verdicts.shown[:2].any()


def test_without_embeddings_nothing_is_said_of_few_and_the_order_stays():
    p = np.array([[0.9, 0.1], [0.2, 0.8], [0.95, 0.05]])
    y = np.array([0, 1, 1])
    assert label_doubt(y, p).argmax() == 2 and judge(y, p).likely.tolist() == [0, 1, 0]
    assert not judge(y, p).shown.any()


def test_a_lone_photo_of_a_class_does_not_change_what_is_said_of_others():
    y, x = collection(2, (20,) * 6)
    rng = np.random.default_rng(3)
    wrong = rng.permutation(len(y))[:10]
    y[wrong] = (y[wrong] + 1) % 6
    alone = asked(y, x)
    more = asked(
        np.append(y, np.arange(6, 12)), np.concatenate([x, rng.normal(size=(6, WIDTH)) * 3])
    )
    assert (alone.shown == more.shown[: len(y)]).mean() > 0.98 and not more.shown[len(y) :].any()


def test_the_share_of_wrong_ones_is_that_of_all_times_how_much_commoner_the_doubt_is_among_them():
    given_doubts = np.arange(99) / 100
    wrong = np.array([0.505, 0.755, 0.905, 1.2])
    shares = share_of_wrong(np.array([0.2, 0.6, 0.8, 5.0]), given_doubts, wrong, 0.1)
    assert shares == pytest.approx([0.0, 0.1 / 0.49, 0.1 * 0.75 / 0.24, 1.0], abs=1e-6)
    assert share_of_wrong(np.array([9.0]), given_doubts, wrong, 0.02) == pytest.approx(0.02 / 0.04)
    assert share_of_wrong(np.array([9.0]), np.zeros(0), np.zeros(0), 0.5) == 0, (
        "nothing to compare with"
    )


def test_a_collection_says_itself_how_many_labels_are_wrong_once_it_is_large():
    assert share_among(np.zeros(0, bool)) == pytest.approx(0.02)
    assert share_among(np.arange(5000) < 1000) == pytest.approx(0.2, abs=0.01)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 60),
    classes=st.integers(1, 12),
    shots=st.integers(1, 60),
)
def test_chances_are_chances_and_only_of_labels_that_few_speak_for(seed, n, classes, shots):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, n)
    group = rng.integers(0, shots, n)
    known = shots_that_teach(y, group)
    chances = chance_of_error(y, known, rng.normal(size=(n, 5)), group)
    few = (known >= 1) & (known <= FEW)
    assert np.isnan(chances[~few]).all() and ((chances[few] >= 0) & (chances[few] <= 1)).all()
