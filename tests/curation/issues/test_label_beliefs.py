"""What look-alikes say, and how it is weighed against the model."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from curation.issues.label_beliefs import OWN_SHOT, beliefs, linear_votes, neighbours, votes
from curation.issues.label_issues import judge


def log_belief(*given):
    return np.concatenate([part for _, part in beliefs(*given)])


def label_doubt(*given):
    return judge(*given).doubt


def collection(seed=0, n=240, c=4, d=8, wrong=0.15, sureness=2.0, apart=3.0):
    """Labels, chances and embeddings of a made-up collection, and which labels are wrong."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, c, n)
    x = rng.normal(size=(c, d))[truth] * apart + rng.normal(size=(n, d))
    labels = np.where(rng.random(n) < wrong, (truth + rng.integers(1, c, n)) % c, truth)
    logits = rng.normal(size=(n, c)) + sureness * np.eye(c)[truth]
    return labels, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), x, labels != truth


def hits(scores, wrong):
    return wrong[np.argsort(-scores, kind="stable")[: wrong.sum()]].mean()


def test_nobody_is_its_own_neighbour_and_the_nearest_comes_first():
    places, cosines = neighbours(np.array([[1, 0.0], [1, 0.1], [0, 1], [0.1, 1]]), 2)
    assert places[:, 0].tolist() == [1, 0, 3, 2] and (np.diff(cosines, axis=1) <= 0).all()


def test_among_many_photos_the_nearest_are_found_as_well():
    x = np.random.default_rng(0).normal(size=(64 * 45 + 7, 5))
    x = np.linalg.qr(x - x.mean(axis=0))[0]  # as much spread in every direction
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    alike = unit @ unit.T - 9 * np.eye(len(x))
    _, cosines = neighbours(x, 10)
    assert cosines == pytest.approx(-np.sort(-alike, axis=1)[:, :10], abs=1e-4)


def test_a_direction_that_drowns_the_others_does_not_decide_who_is_near():
    labels, _, x, _ = collection(wrong=0.0)
    drowned = np.column_stack([x, np.random.default_rng(1).normal(size=len(x)) * 40])
    assert (labels[neighbours(drowned, 1)[0][:, 0]] == labels).mean() > 0.8


def test_photos_of_one_group_are_nobody_to_each_other():
    places, cosines = neighbours(
        np.array([[1, 0.0], [1, 0.1], [0.9, 0.3], [0, 1]]), 3, np.array([5, 5, 6, 7])
    )
    assert places[0, 0] == 2 and places[0, -1] == 1 and cosines[0, -1] == OWN_SHOT


def test_votes_are_shares():
    shares = votes(np.array([0, 0, 1]), np.array([[1, 2], [0, 2], [0, 1]]), np.ones((3, 2)), 2)
    assert shares.sum(axis=1) == pytest.approx(1) and shares[2, 0] > shares[2, 1]


@pytest.mark.parametrize("groups", [None, np.repeat(np.arange(20), 2)])
def test_a_linear_vote_is_cast_without_the_photo_and_its_group(groups):
    labels, _, x, _ = collection(n=40, c=3)
    told = labels.copy()
    mine = slice(0, 1) if groups is None else slice(0, 2)
    told[mine] = (labels[mine] + 1) % 3
    first = np.array([0])
    before, after = (linear_votes(these, x, 3, groups)(first)[0] for these in (labels, told))
    assert after == pytest.approx(before, abs=0.02)


def test_a_burst_in_the_wrong_folder_does_not_vouch_for_itself():
    labels, p, x, _ = collection(n=200, wrong=0.0, sureness=0.5)
    burst = np.flatnonzero(labels == 0)[:8]
    x[burst], labels[burst] = x[burst[0]] + 0.01 * np.arange(8)[:, None], 1
    groups = np.arange(200)
    groups[burst] = burst[0]
    assert judge(labels, p, x, groups).doubt[burst].min() > judge(labels, p, x).doubt[burst].max()
    assert (judge(labels, p, x, groups).likely[burst] == 0).all()


def test_a_source_that_knows_nothing_takes_nothing_from_one_that_does():
    labels, p, x, wrong = collection(sureness=4.0)
    noise = np.random.default_rng(1).normal(size=x.shape)
    assert hits(label_doubt(labels, p, noise), wrong) >= hits(label_doubt(labels, p), wrong) - 0.05
    assert hits(label_doubt(labels, np.full(p.shape, 0.25), x), wrong) > 0.8


def test_a_habitual_mistake_is_learned():
    """Half of the 0s are called 1: the model says so too, yet the 1s that look like 0s are
    found."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 600)
    labels = np.where((truth == 0) & (rng.random(600) < 0.4), 1, truth)
    p = np.array([[0.6, 0.4, 0], [0, 1, 0], [0, 0, 1]])[truth] * 0.9 + 0.1 * rng.dirichlet(
        np.ones(3), 600
    )
    plain = 1 - p[np.arange(600), labels]
    assert hits(label_doubt(labels, p), labels != truth) >= hits(plain, labels != truth)


numbers = st.integers(0, 10**6)


@settings(max_examples=15, deadline=None)
@given(
    seed=numbers,
    scale=st.sampled_from([1e-3, 0.5, 64.0, 1e4]),
    shift=st.sampled_from([-30.0, 0.0, 7.0]),
)
def test_the_scale_and_the_origin_of_embeddings_do_not_matter(seed, scale, shift):
    labels, p, x, _ = collection(seed, n=60)
    moved = label_doubt(labels, p, x * scale + shift * scale)
    assert moved == pytest.approx(label_doubt(labels, p, x), abs=0.02, rel=0.02)


@settings(max_examples=15, deadline=None)
@given(seed=numbers, scale=st.sampled_from([0.25, 3.0, 100.0]))
def test_rows_that_do_not_sum_to_one_are_read_as_shares(seed, scale):
    labels, p, x, _ = collection(seed, n=60)
    assert label_doubt(labels, p * scale, x) == pytest.approx(
        label_doubt(labels, p, x), abs=1e-3, rel=1e-3
    )


@settings(max_examples=40, deadline=None)
@given(data=st.data(), n=st.integers(0, 12), c=st.integers(1, 5), d=st.integers(1, 6))
def test_odd_arrays_give_finite_doubts(data, n, c, d):
    """Exact zeros and ones, rows of nothing, classes that nobody has, embeddings all alike, huge
    or missing."""
    labels = data.draw(arrays(np.int64, n, elements=st.integers(0, c - 1)))
    p = data.draw(
        arrays(np.float64, (n, c), elements=st.sampled_from([0.0, 1e-300, 0.3, 1.0, np.nan]))
    )
    x = data.draw(
        arrays(np.float64, (n, d), elements=st.sampled_from([0.0, 1.0, -1.0, 1e15, np.nan, np.inf]))
    )
    for verdicts in (judge(labels, p), judge(labels, p, x), judge(labels, p, x, labels)):
        assert verdicts.doubt.shape == (n,) and np.isfinite(verdicts.doubt).all()
        assert ((verdicts.likely >= 0) & (verdicts.likely < c)).all() and not verdicts.shown[
            verdicts.doubt < 0
        ].any()


def test_beliefs_are_logarithms_of_shares():
    labels, p, x, _ = collection()
    assert np.exp(log_belief(labels, p, x)).sum(axis=1) == pytest.approx(1, abs=1e-4)
