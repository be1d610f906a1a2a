"""When an answer is sure: a promise, tested where photos suffice, estimated where they don't."""

import numpy as np
import pytest
from scipy.stats import binom

from train.uncertainty.sure import BOUND, DOUBT, ESTIMATE, HIGHEST, USUAL, leads, summed, sure_line


def confident(*rows):
    """(probabilities, truth) from (confidence, right) pairs."""
    p = np.array([[c, 1 - c] for c, _ in rows])
    return p, np.array([0 if right else 1 for _, right in rows])


def collection(n, seed, slips=0.0, sharp=6.0):
    """Calibrated answers of two classes, and their labels, of which a share is wrong."""
    rng = np.random.default_rng(seed)
    first = 1 - 0.5 * rng.random(n) ** sharp
    truth = np.where(rng.random(n) < first, 0, 1)
    given = np.where(rng.random(n) < slips, 1 - truth, truth)
    return np.stack([first, 1 - first], axis=1), given, truth


def test_a_line_that_many_right_answers_prove_is_a_bound():
    line = sure_line(*confident(*[(0.98 - i / 2000, True) for i in range(200)]))
    assert line.by == BOUND
    assert line.at == pytest.approx(0.98 - 199 / 2000)
    assert "at most 3" in line.words


def test_a_line_lies_above_the_answers_that_are_wrong():
    rows = [(0.99 - i / 1000, True) for i in range(180)]
    rows += [(0.75 - i / 1000, i % 2 == 0) for i in range(40)]
    line = sure_line(*confident(*rows))
    assert line.by == BOUND
    assert 0.75 < line.at < 0.9


def test_too_few_photos_prove_nothing_and_say_so():
    line = sure_line(*confident(*[(0.99, True)] * 20))
    assert line.by == ESTIMATE
    assert "not a guarantee" in line.words


@pytest.mark.parametrize(("seen", "expected"), [(0.99, USUAL), (0.975, 0.89)])
def test_the_least_sure_of_few_right_answers_is_not_the_line(seen, expected):
    """Thirteen photos of a small collection, all right: what is a little less sure may be sure as
    long as no more wrong answers are to be expected than promised."""
    line = sure_line(*confident(*[(seen, True)] * 13))
    assert line.by == ESTIMATE
    assert line.at == pytest.approx(max(USUAL, expected), abs=0.02)
    wary = sure_line(*confident(*[(0.98, True)] * 13, *[(0.9, False)] * 4))
    assert wary.at == pytest.approx(0.98), "where some were wrong the line stays above them"


def test_the_usual_line_stays_where_nothing_that_was_seen_speaks_against_it():
    assert sure_line(*confident(*[(0.7, True)] * 20)).at == USUAL


def test_sure_is_rare_where_nothing_was_right_and_usual_where_nobody_knows():
    assert sure_line(*confident(*[(0.9, False)] * 20)).at == HIGHEST
    assert sure_line(*confident((0.9, False))).at == USUAL


def test_the_promise_is_broken_no_more_often_than_is_said():
    broken = 0
    for seed in range(200):
        line = sure_line(*collection(400, seed)[:2])
        p, _, truth = collection(20_000, 10_000 + seed)
        sure = p.max(axis=1) >= line.at
        broken += line.by == BOUND and (p.argmax(axis=1) != truth)[sure].mean() > line.wrong
    # Of 200 collections so many at most where 10 % may be.
    assert broken <= binom.ppf(0.999, 200, DOUBT)


def test_wrong_labels_make_it_no_more_modest_where_their_share_is_known():
    p, given, _ = collection(1000, 3, slips=0.08)
    assert sure_line(p, given, 0.08).at < sure_line(p, given, 0.0).at


def test_an_owner_who_allows_more_gets_a_lower_line():
    p, given, _ = collection(1000, 4)
    assert sure_line(p, given, wrong=0.1).at < sure_line(p, given, wrong=0.02).at


@pytest.mark.parametrize(
    ("chances", "expected"),
    [([0.96, 0.03], True), ([0.67, 0.33], True), ([0.6, 0.1], False), ([0.5, 0.5], False)],
)
def test_the_first_leads_where_it_is_far_ahead(chances, expected):
    assert leads(np.array(chances)) is expected


def test_the_chances_of_a_kind_are_those_of_its_classes():
    chances = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    of_kinds = summed(chances, np.array([0, 0, 1]))
    np.testing.assert_allclose(of_kinds, [[0.8, 0.2], [0.2, 0.8]])


def test_wrong_answers_are_not_taken_for_wrong_labels_by_counting():
    """A small, hard collection whose labels are right: nine of sixty answers differ from theirs,
    which a model of wrong labels explains as slips. The line stays where confidence expects the
    promise, and not where the differences would fit the slips."""
    rows = [(0.9 - i / 200, i % 7 != 3) for i in range(60)]
    p, truth = confident(*rows)
    line = sure_line(p, truth, slips=0.15)
    assert line.by == ESTIMATE
    assert line.at == pytest.approx(0.97)
    sharp = sure_line(*confident(*[(0.995, True)] * 20, *rows), slips=0.15)
    assert 0.85 < sharp.at <= 0.995, "answers that confidence itself vouches for are sure"
