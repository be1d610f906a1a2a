import numpy as np
import pytest

from train.probes.label_noise import doubted, mixture


def clouds(classes=6, each=20, wrong=0.0, seed=0):
    """Features of `classes` kinds of thing, their labels as given, and as they are."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(classes), each)
    x = rng.normal(size=(classes, 16))[truth] * 2 + rng.normal(size=(len(truth), 16))
    slips = rng.random(len(truth)) < wrong
    return (
        x,
        np.where(slips, (truth + rng.integers(1, classes, len(truth))) % classes, truth),
        truth,
    )


def test_clean_labels_are_all_learned():
    x, given, _ = clouds()
    found = doubted(x, given, 6)
    assert found.slips < 0.02 and found.left_out == 0 and np.array_equal(found.labels, given)


@pytest.mark.parametrize("wrong", [0.2, 0.4])
def test_most_wrong_labels_are_found_and_hardly_a_right_one(wrong):
    x, given, truth = clouds(wrong=wrong)
    found = doubted(x, given, 6)
    learned = found.labels >= 0
    slipped = given != truth
    assert found.slips > slipped.mean() / 2
    assert (found.labels[learned] != truth[learned]).mean() < slipped.mean() / 2
    assert (found.labels != given)[~slipped].mean() < 0.05


def test_a_doubted_photo_that_is_plainly_something_else_is_learned_as_that():
    x, given, truth = clouds(wrong=0.2)
    found = doubted(x, given, 6)
    changed = (found.labels >= 0) & (found.labels != given)
    assert changed.any() and np.array_equal(found.labels[changed], truth[changed])


def test_copies_of_a_photo_do_not_vouch_for_each_other():
    x, given, truth = clouds()
    for _ in range(12):  # one shot, many times, wrongly named
        x = np.vstack([x, x[:1]])
        given = np.append(given, 3)
        truth = np.append(truth, 0)
    copies = np.flatnonzero(truth != given)
    groups = [0 if n == 0 or n in copies else n for n in range(len(given))]
    apart = doubted(x, given, 6, groups)
    assert np.all(apart.labels[copies] != 3)
    assert np.all(doubted(x, given, 6).labels[copies] == 3)


def test_no_class_loses_all_its_photos():
    x, given, _ = clouds()
    given[given == 2] = 1
    given[0] = 2
    assert set(doubted(x, given, 6).labels.tolist()) >= set(range(6)) - {-1}


@pytest.mark.parametrize("shots", [1, 2, 3])
def test_a_label_that_few_other_shots_speak_for_is_believed(shots):
    x, given, _ = clouds(wrong=0.2)
    few = np.repeat(np.arange(6, 16), shots)
    x = np.vstack(
        [x, x[:10].repeat(shots, axis=0) + np.random.default_rng(1).normal(size=(len(few), 16))]
    )
    found = doubted(x, np.append(given, few), 16)
    assert np.array_equal(found.labels[len(given) :], few) and np.all(
        found.right[len(given) :] == 1
    )
    assert np.any(found.labels[: len(given)] != given)


def test_where_every_class_has_a_shot_or_two_all_labels_are_believed():
    x, given, _ = clouds(30, 2)
    assert np.array_equal(doubted(x, given, 30).labels, given)


def test_of_a_handful_of_photos_nothing_is_said():
    x, given, _ = clouds(2, 5, wrong=0.4)
    assert np.array_equal(doubted(x, given, 2).labels, given)


def test_the_share_of_slips_is_estimated_with_the_chances():
    given = np.r_[np.full(80, 0.9), np.full(20, 0.001)]
    right, slips = mixture(given, 10)
    assert (
        slips == pytest.approx(0.19, abs=0.03) and right[:80].min() > 0.9 and right[80:].max() < 0.1
    )
