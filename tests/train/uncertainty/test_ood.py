"""How foreign photos look, and what known things and strangers come to."""

import numpy as np

from tests.train.uncertainty.test_rejection import things
from train.statistics.vectors import product
from train.uncertainty.ood import fit_ood_score, hidden_scores, unseen_scores


def test_things_nobody_showed_are_more_foreign_than_known_ones():
    score = fit_ood_score(*things(80))
    assert score(things(40, seed=1)[0]).max() < score(things(40, seed=1, foreign=True)[0]).min()


def test_the_score_is_the_distance_to_the_nearest_class_less_the_one_to_everything():
    """Both in units of the spread, a tenth of the average variance standing in where photos are
    too few."""
    x, y = things(80, d=5)
    z = x / np.linalg.norm(x, axis=1, keepdims=True)
    means = np.stack([z[y == c].mean(axis=0) for c in range(4)])

    def distance(residuals, differences):
        spread = residuals.T @ residuals / len(residuals)
        spread = 0.9 * spread + 0.1 * np.trace(spread) / 5 * np.eye(5)
        return np.einsum("nd,de,ne->n", differences, np.linalg.inv(spread), differences)

    near = np.min([distance(z - means[y], z - mean) for mean in means], axis=0)
    expected = near - distance(z - z.mean(axis=0), z - z.mean(axis=0))
    np.testing.assert_allclose(fit_ood_score(x, y)(x), expected, rtol=1e-2, atol=1e-2)


def test_the_length_of_an_embedding_says_nothing():
    score, (x, _) = fit_ood_score(*things(80)), things(10, seed=1)
    np.testing.assert_allclose(score(x * 7), score(x), rtol=1e-3)


def test_three_photos_tell_the_way_between_classes_from_the_way_out():
    """Two things on one axis: a photo between them is less foreign than one beside them."""
    score = fit_ood_score(
        np.array([[1.0, 0.1, 0], [1, -0.1, 0], [0.1, 1, 0], [-0.1, 1, 0]]), np.array([0, 0, 1, 1])
    )
    own, between, away = score(np.array([[1.0, 0, 0], [0.7, 0.7, 0], [0, 0, 1]]))
    assert own < between and own < away


def test_known_photos_are_judged_by_a_fit_that_did_not_see_their_group():
    x, y = things(40)
    alone = unseen_scores(x, y, range(40))
    groups = [n // 4 % 5 for n in range(40)]
    seen = fit_ood_score(x, y)(x)
    unseen = unseen_scores(x, y, groups)
    assert len(alone) == len(unseen) == 40
    assert np.median(alone) > np.median(seen), "what was fitted to looks more at home than it is"


def test_of_few_photos_a_fold_takes_hardly_any_away():
    """More numbers than photos: a fit to four fifths of them finds known photos far too foreign,
    and a line drawn there would let strangers pass."""
    x, y = things(64, classes=8, d=200)
    new = fit_ood_score(x, y)(things(200, classes=8, d=200, seed=1)[0])
    unseen = unseen_scores(x, y, range(64))
    assert abs(np.median(unseen) / np.median(new) - 1) < 0.1


def test_a_class_that_only_one_group_shows_says_nothing_of_known_photos():
    x, y = things(40)
    alone = np.where(y == 3, -1, np.arange(40))
    assert len(unseen_scores(x, y, alone.tolist())) == 30
    assert (
        unseen_scores(x, y, alone.tolist()).max()
        < fit_ood_score(x[y < 3], y[y < 3])(x[y == 3]).min()
    ), "to a fit without it the class is a stranger"
    assert len(unseen_scores(x, y, y.tolist())) == 40, "nobody can tell more where all are so"


def test_a_class_that_is_hidden_looks_foreign():
    x, y = things(80)
    more, more_y = things(20, seed=1)
    strangers = hidden_scores(x, y, more, more_y)
    assert len(strangers) == 100
    assert strangers.min() > fit_ood_score(x, y)(more).max()


def test_many_classes_are_hidden_in_few_parts_and_each_of_their_photos_once():
    x, y = things(90, classes=30, d=40)
    assert len(hidden_scores(x, y, x[:0], y[:0])) == 90


def test_two_classes_are_too_few_to_hide_one():
    x, y = things(20, classes=2)
    assert len(hidden_scores(x, y, x, y)) == 0
    three, numbers = things(30, classes=3)
    assert len(hidden_scores(three, numbers, three[:0], numbers[:0])) == 30


class WithoutBlas(np.ndarray):
    """Numbers that nobody may hand to BLAS."""

    def __matmul__(self, other):
        raise AssertionError("threads were woken that stay awake")

    __rmatmul__ = __matmul__


def test_one_photo_wakes_no_threads_and_scores_like_one_of_many():
    x = things(3)[0]
    matrix = np.random.default_rng(0).normal(size=(8, 5)).view(WithoutBlas)
    x = x[:, :8]
    np.testing.assert_allclose(product(x[:1], matrix)[0], (x @ np.asarray(matrix))[0], rtol=1e-5)
    score = fit_ood_score(*things(80))
    np.testing.assert_allclose(
        score(things(80)[0][:1]), score(things(80)[0])[:1], rtol=1e-3, atol=1e-3
    )
    for name in ("within", "overall", "_classes"):
        score.__dict__[name] = np.asarray(getattr(score, name)).view(WithoutBlas)
    assert len(score(things(80)[0][:1])) == 1


def test_what_comes_closer_to_a_known_stranger_than_to_any_class_is_more_foreign_and_nothing_else_is():
    (x, y), (known, _), (strangers, _) = (
        things(80),
        things(40, seed=1),
        things(2, seed=2, foreign=True),
    )
    plain = fit_ood_score(x, y)
    warned = fit_ood_score(x, y, strangers)
    again = strangers + np.random.default_rng(3).normal(0, 0.01, strangers.shape)  # taken once more
    assert (warned(again) > plain(again)).all()
    np.testing.assert_allclose(warned(known), plain(known))


def test_none_of_these_said_by_mistake_of_a_known_thing_makes_hardly_any_photo_of_it_more_foreign():
    """Two photos of one thing are further apart than each is from what is common to all."""
    x, y = things(80)
    plain = fit_ood_score(x, y)
    warned = fit_ood_score(x, y, x[:1])
    others = things(200, seed=1)[0]
    assert (warned(others) > plain(others) + 1e-3).mean() < 0.02


def test_where_nobody_said_none_the_score_is_the_plain_one():
    x, y = things(80)
    np.testing.assert_array_equal(
        fit_ood_score(x, y, np.zeros((0, x.shape[1])))(x), fit_ood_score(x, y)(x)
    )
