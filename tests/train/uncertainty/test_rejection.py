"""When to say "none of these": the score, the threshold's promise, the three-way answer."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_cards.wording import percent
from train.uncertainty.ood import fit_ood_score
from train.uncertainty.rejection import (
    ALPHA,
    MOST_ALPHA,
    Held,
    Rejection,
    answer,
    conformal_threshold,
    drawn_line,
    fit_rejection,
    naming_threshold,
    tuned_on_views,
)


def things(n, classes=4, d=24, seed=0, foreign=False):
    """Embeddings of known things, or of things nobody showed."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(2 * classes, d)) + 1.0
    y = np.arange(n) % classes
    return centres[y + classes * foreign] + 0.25 * rng.normal(size=(n, d)), y


def held(n, seed=1):
    return Held(*things(n, seed=seed))


@pytest.mark.parametrize(
    ("p", "score", "expected"),
    [
        ([0.9, 0.1], 0.0, "sure"),
        ([0.8, 0.2], 0.0, "sure"),
        ([0.6, 0.4], 0.0, "one_of"),
        ([0.99, 0.01], 1.5, "none"),
        ([0.99, 0.01], 1.0, "sure"),
    ],
)
def test_the_three_way_answer(p, score, expected):
    assert answer(p, score, threshold=1.0, sure_at=0.8) == expected


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200), st.floats(0.01, 0.5))
def test_the_threshold_refuses_at_most_the_promised_share_of_what_it_rests_on(scores, alpha):
    known = np.array(scores)
    assert (known > conformal_threshold(known, alpha)).mean() <= alpha


def test_the_threshold_keeps_its_promise_on_new_photos():
    """A thousand times 40 calibration photos and one new one: refused at most once in ten, and
    not much less."""
    rng = np.random.default_rng(0)
    refused = [rng.normal() > conformal_threshold(rng.normal(size=40), 0.1) for _ in range(4000)]
    assert 0.08 < np.mean(refused) < 0.11


@pytest.mark.parametrize(("named", "expected"), [(None, 5), (0.5, 5)])
def test_where_strangers_leave_a_gap_the_line_is_in_its_middle(named, expected):
    line, promised = drawn_line(np.arange(3.0), np.array([8.0, 9, 10]), np.zeros(0), named)
    assert line == pytest.approx(expected, abs=0.51) and promised == ALPHA


def test_where_they_mix_the_usual_line_stays_unless_the_owner_says_otherwise():
    known = np.arange(100.0)
    strangers = np.arange(50.0, 150.0)
    assert drawn_line(known, strangers, np.zeros(0)) == (conformal_threshold(known, ALPHA), ALPHA)
    line, promised = drawn_line(known, strangers, np.zeros(0), named=0.05)
    assert (strangers <= line).mean() == 0.05 and promised == 0
    assert drawn_line(known, strangers, np.zeros(0), named=0.2)[0] > line, (
        "a milder word refuses less"
    )


def test_where_a_share_is_only_expected_simulated_strangers_choose_it():
    known = np.concatenate([np.arange(91.0), np.arange(200.0, 209.0)])
    strangers = np.concatenate([np.arange(10.0), np.arange(95.0, 185.0)])
    line, share = drawn_line(known, strangers, np.zeros(0), expected=True)
    assert 0.09 < share <= MOST_ALPHA
    assert (known > line).mean() <= share and (strangers > line).mean() == 0.9
    assert drawn_line(known, strangers, np.zeros(0))[1] == ALPHA, "a promise is not moved by them"
    assert drawn_line(known, np.zeros(0), np.zeros(0), expected=True)[1] == ALPHA


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200), st.floats(0, 0.9))
def test_no_more_strangers_are_named_than_allowed(scores, named):
    strangers = np.array(scores)
    assert (strangers <= naming_threshold(strangers, named)).mean() <= named


def test_without_strangers_nobodys_word_can_be_kept_and_the_usual_line_stays():
    known = np.arange(100.0)
    assert drawn_line(known, np.zeros(0), np.zeros(0), named=0.05) == (
        conformal_threshold(known, ALPHA),
        ALPHA,
    )


def test_the_promise_holds_wherever_the_line_is_drawn():
    """Known photos and strangers from anywhere, 4000 times: of new known photos no more are
    refused than promised."""
    rng = np.random.default_rng(1)
    refused = []
    for _ in range(4000):
        line, promised = drawn_line(
            rng.normal(size=40), rng.normal(rng.uniform(0, 6), 1, 30), np.zeros(0)
        )
        refused.append(rng.normal() > line)
        assert promised == ALPHA
    assert np.mean(refused) <= ALPHA


def test_the_owners_word_about_strangers_is_kept_and_its_price_told():
    x, y = things(200, d=4)
    found = fit_rejection(x, y, Held(*things(80, d=4, seed=1)), named=0.01)
    assert (
        found.strangers_n == 280
        and found.strangers_named is not None
        and found.strangers_named <= 0.01
    )
    assert found.wanted == 0.01 and (
        found.alpha == ALPHA or percent(found.refused) in found.guarantee
    )


def test_known_things_are_kept_and_foreign_ones_refused():
    x, y = things(80)
    found = fit_rejection(x, y, held(40))
    assert (found.by, found.n) == ("validation", 40)
    assert (found.scores(things(200, seed=2)[0]) > found.threshold).mean() <= 0.1
    assert (found.scores(things(200, seed=2, foreign=True)[0]) > found.threshold).mean() >= 0.9


def test_the_promise_is_a_sentence_with_its_number():
    x, y = things(80)
    assert (
        "the 40 validation photos, at most 5 % are refused"
        in fit_rejection(x, y, held(40)).guarantee
    )
    few = fit_rejection(x, y, held(12))
    assert few.guarantee.startswith("No guarantee of 5 %: only 12 photos to calibrate on.")
    assert "at most 7.7 % are refused" in few.guarantee, "which is what 12 photos can promise"


def test_photos_of_nothing_move_the_line_and_are_counted():
    x, y = things(80)
    found = fit_rejection(x, y, held(40), none=things(30, seed=3, foreign=True)[0])
    assert (found.none_n, found.none_refused) == (30, 1.0)
    assert found.alpha == ALPHA and "at most 5 %" in found.guarantee, (
        "there is a gap, so nothing is given up"
    )
    amid = fit_rejection(x, y, held(40), none=things(30, seed=3)[0])
    assert 0.02 <= amid.alpha <= 0.10 and "at most 10 %" in amid.guarantee


def test_a_stranger_that_was_named_is_refused_once_somebody_has_said_none():
    """It looks nearly like a known thing: only the memory of it tells the two apart."""
    x, y = things(80)
    double = x[y == 0].mean(axis=0) + np.linspace(0, 0.5, x.shape[1])
    twice = double + 0.02 * np.random.default_rng(5).normal(size=(6, x.shape[1]))
    unwarned = fit_rejection(x, y, held(200))
    warned = fit_rejection(x, y, held(200), none=twice[:1])
    assert (unwarned.scores(twice[1:]) <= unwarned.threshold).all()
    assert (warned.scores(twice[1:]) > warned.threshold).all()
    new = things(400, seed=7)[0]
    assert (warned.scores(new) > warned.threshold).mean() <= warned.alpha + 0.03


def test_with_few_validation_photos_folds_of_the_training_photos_stand_in():
    x, y = things(80)
    found = fit_rejection(x, y, Held(x[:3], y[:3]))
    assert (found.by, found.n) == ("folds", 80)
    assert (
        found.guarantee.startswith("No strict guarantee")
        and "folds that did not see them" in found.guarantee
    )


@pytest.mark.parametrize("spared", [0, 8])
def test_a_small_collection_on_frozen_features_refuses_what_is_not_of_it(spared):
    """Eight classes of eight photos with more numbers than photos, as a first collection is."""
    x, y = things(64, classes=8, d=200)
    new = things(160, classes=8, d=200, seed=1)[0]
    foreign = things(160, classes=8, d=200, seed=2, foreign=True)[0]
    learned = len(x) - spared
    found = fit_rejection(x[:learned], y[:learned], Held(x[learned:], y[learned:]), alike=True)
    assert (found.by, found.n) == ("folds", 64), "spared photos are judged by folds as well"
    assert (found.scores(new) > found.threshold).mean() <= 0.1
    assert (found.scores(foreign) > found.threshold).mean() >= 0.95


def test_where_the_network_learned_from_its_photos_few_held_ones_stand_alone():
    x, y = things(80)
    assert fit_rejection(x, y, held(12)).by == "validation"
    assert fit_rejection(x, y, held(12), alike=True).n == 92
    assert fit_rejection(x, y, held(40), alike=True).by == "validation"


def test_what_varies_among_new_photos_alone_makes_none_of_them_foreign():
    """A fine-tuned network no longer sees how its own photos differ, in light for instance; those
    held out show it."""
    rng = np.random.default_rng(0)
    means = 0.5 * rng.normal(size=(5, 100))
    light = rng.normal(size=(3, 100))

    def drawn(count, spread):
        y = np.arange(count) % 5
        x = means[y] + 0.3 * rng.normal(size=(count, 100))
        return x + spread * rng.normal(size=(count, 3)) @ light, y

    x, y = drawn(60, 0.0)
    found = fit_rejection(x, y, Held(*drawn(25, 0.3)))
    new = drawn(300, 0.3)[0]
    assert (found.by, found.n) == ("validation", 25)
    assert found.scores(new).mean() < 0.7 * fit_ood_score(x, y)(new).mean()
    assert (found.scores(new) > found.threshold).mean() <= ALPHA
    strangers = 0.5 * rng.normal(size=(300, 100)) + drawn(300, 0.3)[0] - means[np.arange(300) % 5]
    assert (found.scores(strangers) > found.threshold).mean() >= 0.95


def test_validation_photos_of_classes_that_nothing_was_learned_from_draw_no_line():
    x, y = things(80)
    new, _ = things(14, seed=1)
    others = np.array([*range(2, 14), 0, 1]) + 50 * np.array([1] * 12 + [0] * 2)
    assert fit_rejection(x, y, Held(new, others)).threshold == float("inf")


def test_with_hardly_any_photos_nothing_is_refused_and_it_says_so():
    x, y = things(6)
    nobody = Held(x[:0], y[:0])
    found = fit_rejection(x, y, nobody)
    assert found.threshold == float("inf") and "every photo gets an answer" in found.guarantee
    assert fit_rejection(x[:0], y[:0], nobody) == Rejection()


@pytest.mark.parametrize("n", [80, 6])
def test_it_comes_back_from_the_models_folder(tmp_path, n):
    x, y = things(n)
    found = fit_rejection(x, y, held(n // 2))
    found.save(tmp_path)
    again = Rejection.load(tmp_path)
    assert again == found
    np.testing.assert_allclose(again.scores(x), found.scores(x), rtol=1e-5)
    assert "Infinity" not in (tmp_path / "rejection.json").read_text()
    json.loads((tmp_path / "rejection.json").read_text())


def test_a_release_of_an_earlier_format_still_refuses_what_it_did(tmp_path):
    """Its JSON knew nothing of strangers, nor of which features are looked at: those of the
    head."""
    x, y = things(80)
    found = fit_rejection(x, y, held(40))
    found.save(tmp_path)
    card = json.loads((tmp_path / "rejection.json").read_text())
    new = {"sees", "strangers_n", "strangers_named", "wanted"}
    (tmp_path / "rejection.json").write_text(
        json.dumps({name: card[name] for name in card if name not in new})
    )
    again = Rejection.load(tmp_path)
    assert (again.threshold, again.sees) == (found.threshold, "embedding")
    np.testing.assert_allclose(again.scores(x), found.scores(x), rtol=1e-5)


def test_a_folder_without_it_refuses_nothing(tmp_path):
    assert Rejection.load(tmp_path) == Rejection()
    assert Rejection().scores(np.ones((3, 2))).tolist() == [0, 0, 0]


REFUSED = np.zeros((0, 3))


def tops(low, high, n=200):
    rows = np.zeros((n, 3))
    rows[:, 1] = np.linspace(low, high, n)
    return rows


def test_hardly_any_stranger_is_named_and_hardly_any_known_thing_refused():
    found = tuned_on_views(tops(10, 20), tops(0, 5), REFUSED)
    assert (found.scores(tops(0, 5), tops(0, 5)) > found.threshold).mean() >= 0.95
    assert not (found.scores(tops(10, 20), tops(10, 20)) > found.threshold).any()
    assert found.guarantee.startswith("No guarantee") and found.by == "views" and found.n == 200


def test_where_both_look_alike_a_tenth_of_the_known_is_the_most_that_is_given_up():
    found = tuned_on_views(tops(0, 5), tops(0, 5), REFUSED)
    assert found.refused is not None and 0.05 < found.refused <= 0.1


def test_photos_of_other_things_move_the_line():
    without, with_some = (
        tuned_on_views(tops(10, 20), tops(0, 5), some) for some in (REFUSED, tops(7, 8))
    )
    assert with_some.threshold < without.threshold and with_some.none_refused > 0.9


def test_a_line_on_logits_comes_back_and_wants_logits(tmp_path):
    found = tuned_on_views(tops(10, 20), tops(0, 5), REFUSED)
    found.save(tmp_path)
    again = Rejection.load(tmp_path)
    assert again == found and again.by_logits
    with pytest.raises(ValueError, match="logits"):
        again.scores(np.ones((2, 4)))
    assert again.scores(np.zeros((0, 4)), np.zeros((0, 0))).shape == (0,)


def test_the_owners_word_about_strangers_counts_more_than_what_it_costs():
    found = tuned_on_views(tops(0, 5), tops(0, 5), REFUSED, named=0.2)
    assert found.strangers_named == pytest.approx(0.2, abs=0.006) and found.wanted == 0.2
    assert found.refused is not None and found.refused > 0.7
