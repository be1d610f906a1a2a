"""Two models on one test: intervals, McNemar's test and the photos that changed."""

from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.statistics.paired import (
    Changed,
    Paired,
    bootstrap_interval,
    changed,
    mcnemar,
    paired,
    score_interval,
    smallest_visible,
)

TABLES = st.tuples(*[st.integers(0, 40)] * 4).filter(sum)


def by_counting(better: int, worse: int) -> float:
    """Every way that the coins can fall, one by one."""
    tosses = [sum(coins) for coins in product((0, 1), repeat=better + worse)]
    odd = abs(better - worse)
    return sum(abs(2 * heads - better - worse) >= odd for heads in tosses) / len(tosses)


@pytest.mark.parametrize(
    ("better", "worse"), [(0, 0), (1, 0), (5, 0), (3, 2), (2, 8), (6, 6), (0, 12)]
)
def test_mcnemar_counts_every_toss_of_the_coins(better, worse):
    assert mcnemar(better, worse) == pytest.approx(by_counting(better, worse))


def test_five_better_and_none_worse_are_not_yet_proof():
    assert mcnemar(5, 0) == pytest.approx(2 / 2**5) and mcnemar(6, 0) < 0.05


def test_mcnemar_takes_hundreds_of_changed_photos():
    exact = 2 * sum(comb(700, k) for k in range(301)) / 2**700
    assert mcnemar(400, 300) == pytest.approx(exact)


@pytest.mark.parametrize(
    ("both", "better", "worse", "neither", "low", "high"),
    [
        # Newcombe 1998, table III, method 10: both, only the first, only the second, neither
        (36, 12, 2, 0, 0.0569, 0.3404),
        (36, 14, 0, 0, 0.1528, 0.4167),
        (54, 0, 0, 0, -0.0664, 0.0664),
    ],
)
def test_the_score_interval_is_the_one_that_was_published(both, better, worse, neither, low, high):
    found = score_interval(both, better, worse, both + better + worse + neither)
    assert found == pytest.approx((low, high), abs=1e-4)


@given(TABLES)
def test_an_interval_holds_its_difference_and_stays_within_the_possible(table):
    both, better, worse, neither = table
    n = both + better + worse + neither
    low, high = score_interval(both, better, worse, n)
    assert -1 <= low <= (better - worse) / n + 1e-9 and (better - worse) / n - 1e-9 <= high <= 1


@given(TABLES)
def test_swapping_the_models_turns_the_interval_around(table):
    both, better, worse, neither = table
    n = both + better + worse + neither
    low, high = score_interval(both, better, worse, n)
    assert score_interval(both, worse, better, n) == pytest.approx((-high, -low))


def test_without_photos_anything_is_possible():
    found = paired([], [])
    assert (found.n, found.difference, found.low, found.high, found.p) == (0, 0.0, -1.0, 1.0, 1.0)


def test_what_changed_is_counted_in_both_directions():
    found = paired([1, 1, 0, 0, 0], [1, 0, 1, 1, 0])
    assert (found.n, found.before, found.after, found.better, found.worse) == (5, 2, 3, 2, 1)
    assert found.difference == pytest.approx(0.2)


def test_two_models_that_agree_everywhere_may_still_differ_a_little():
    found = paired([1] * 20, [1] * 20)
    assert found.low < 0 < found.high and found.p == 1.0


def test_more_photos_make_a_narrower_interval():
    few = paired([0, 1] * 20, [1, 1] * 20)
    many = paired([0, 1] * 200, [1, 1] * 200)
    assert many.high - many.low < few.high - few.low


def test_near_copies_count_together():
    before = [0] * 20 + [1] * 20
    after = [1] * 20 + [1] * 20
    one_burst = ["burst"] * 20 + [f"single {n}" for n in range(20)]
    alone = paired(before, after)
    together = paired(before, after, one_burst)
    assert alone.low > 0.2 and together.low <= 0
    assert together.difference == alone.difference


def test_the_bootstrap_agrees_with_drawing_by_hand():
    change = np.array([1, 1, 0, -1, 0, 1, 0, 0])
    groups = list("aabbccdd")
    rng = np.random.default_rng(3)
    means = []
    for _ in range(6000):
        rows = [n for name in rng.choice(list("abcd"), 4) for n in range(8) if groups[n] == name]
        means.append(change[rows].mean())
    assert bootstrap_interval(change, groups) == pytest.approx(
        np.quantile(means, [0.025, 0.975]), abs=0.04
    )


def test_the_same_question_gets_the_same_interval():
    before = [0, 1, 0, 1] * 10
    after = [1, 1, 0, 0] * 10
    groups = list(range(40))
    assert paired(before, after, groups) == paired(before, after, groups)


@pytest.mark.parametrize(("n", "right"), [(25, 20), (100, 85), (37, 37), (10, 0)])
def test_the_smallest_visible_difference_is_just_visible(n, right):
    better = round(smallest_visible(n, right) * n)
    assert score_interval(min(right, n - better), better, 0, n)[0] > 0
    assert score_interval(min(right, n - better + 1), better - 1, 0, n)[0] <= 0


def test_a_small_test_sees_only_large_differences():
    assert smallest_visible(25, 20) > 0.1 > smallest_visible(400, 320)


def test_only_photos_that_one_model_alone_names_rightly_changed():
    truth = dict.fromkeys("abcd", "lion") | {"e": "rose"}
    before = {"a": "lion", "b": "rose", "c": "lion", "d": "ship", "e": "rose"}
    after = {"a": "lion", "b": "lion", "c": "ship", "d": "rose"}
    assert changed(truth, before, after) == [
        Changed("b", "lion", "rose", "lion"),
        Changed("c", "lion", "lion", "ship"),
    ]
    assert [row.is_better for row in changed(truth, before, after)] == [True, False]


def test_a_comparison_comes_back_from_json():
    found = paired([1, 0, 1], [1, 1, 1])
    assert Paired.from_json(found.to_json()) == found and found.to_json()[
        "difference"
    ] == pytest.approx(1 / 3)
