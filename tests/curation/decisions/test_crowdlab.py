"""How good people's answers are: beside cleanlab's CROWDLAB, and without a model."""

import warnings

import numpy as np
import pytest

from curation.decisions.crowdlab import crowdlab, dawid_skene


def crowd_of(seed, asked=0.5, accuracy=(0.95, 0.85, 0.7, 0.5), photos=300, classes=6):
    """(truth, answers, probabilities) of people with a known accuracy and a model that is right
    two times in three."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, photos)
    answers = np.full((photos, len(accuracy)), -1)
    for person, right in enumerate(accuracy):
        said = np.where(
            rng.random(photos) < right, truth, (truth + rng.integers(1, classes, photos)) % classes
        )
        answers[:, person] = np.where(rng.random(photos) < asked, said, -1)
    probabilities = rng.dirichlet(np.ones(classes) * 0.3, photos)
    probabilities[np.arange(photos), truth] += 0.5
    some = (answers >= 0).any(axis=1)
    return (
        truth[some],
        answers[some],
        (probabilities / probabilities.sum(axis=1, keepdims=True))[some],
    )


@pytest.mark.parametrize(("seed", "asked"), [(0, 0.6), (1, 0.3), (2, 0.15)])
def test_it_says_what_cleanlab_says(seed, asked):
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from cleanlab.multiannotator import get_label_quality_multiannotator
    _, answers, probabilities = crowd_of(seed, asked)
    theirs = get_label_quality_multiannotator(
        pd.DataFrame(np.where(answers < 0, np.nan, answers)), probabilities, verbose=False
    )
    ours = crowdlab(answers, probabilities)
    assert (ours.consensus == theirs["label_quality"]["consensus_label"].to_numpy()).all()
    assert ours.quality == pytest.approx(
        theirs["annotator_stats"]["annotator_quality"].sort_index().to_numpy()
    )
    likely = ours.chances[np.arange(len(answers)), ours.consensus]
    assert likely == pytest.approx(theirs["label_quality"]["consensus_quality_score"].to_numpy())


def test_people_come_out_in_the_order_of_how_good_they_are():
    _, answers, probabilities = crowd_of(3, asked=0.8)
    for quality in (crowdlab(answers, probabilities).quality, dawid_skene(answers, 6).quality):
        assert list(np.argsort(-quality)) == [0, 1, 2, 3]


def test_without_a_model_the_rates_are_near_the_true_ones():
    truth, answers, _ = crowd_of(4, asked=1.0, photos=1000)
    found = dawid_skene(answers, 6)
    assert found.quality == pytest.approx([0.95, 0.85, 0.7, 0.5], abs=0.05)
    assert (found.consensus == truth).mean() > 0.95


def test_whoever_is_often_right_is_believed_against_two_who_guess():
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 4, 400)
    guesses = [np.where(rng.random(400) < 0.4, truth, rng.integers(0, 4, 400)) for _ in range(4)]
    answers = np.column_stack([np.where(rng.random(400) < 0.98, truth, 0), *guesses])
    votes = np.array([np.bincount(row, minlength=4).argmax() for row in answers])
    assert (dawid_skene(answers, 4).consensus == truth).mean() > (votes == truth).mean() + 0.05


def test_one_person_alone_is_believed_and_nobody_is_nobody():
    alone = dawid_skene(np.array([[0], [1]]), 2)
    assert alone.consensus.tolist() == [0, 1] and alone.quality == pytest.approx([1.0], abs=1e-5)
    assert len(dawid_skene(np.empty((0, 2), int), 2).consensus) == 0


def test_a_person_who_shares_no_photo_has_no_quality_and_hurts_nobody():
    _, answers, probabilities = crowd_of(6, accuracy=(0.9, 0.8))
    stranger = np.full(len(answers) + 1, -1)
    stranger[-1] = 0
    answers = np.column_stack([np.vstack([answers, [-1, -1]]), stranger])
    found = crowdlab(answers, np.vstack([probabilities, np.full(6, 1 / 6)]))
    assert np.isnan(found.quality).tolist() == [False, False, True]
