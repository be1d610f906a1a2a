"""Doubtful labels from arrays: ranked, explained, and without fixed thresholds."""

import numpy as np
import pytest

from benchmarks.labels.label_errors import average_precision
from curation.issues.label_beliefs import beliefs
from curation.issues.label_issues import judge, reason_for, weighed
from train.probes.ensemble import out_of_fold


def log_belief(*given):
    return np.concatenate([part for _, part in beliefs(*given)])


def label_doubt(*given):
    return judge(*given).doubt


def clusters(rng, classes=4, each=30, d=8, wrong=0.1, sureness=3.0):
    """Points around class means, chances that mostly know better, and a share of wrong labels."""
    truth = np.repeat(np.arange(classes), each)
    x = rng.normal(size=(classes, d))[truth] * 3 + rng.normal(size=(len(truth), d))
    flipped = rng.random(len(truth)) < wrong
    labels = np.where(flipped, (truth + rng.integers(1, classes, len(truth))) % classes, truth)
    logits = rng.normal(size=(len(truth), classes)) + sureness * np.eye(classes)[truth]
    return labels, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), x, labels != truth


def test_the_wrong_one_of_three_is_the_most_doubtful():
    p = np.array([[0.9, 0.1], [0.2, 0.8], [0.95, 0.05]])
    assert label_doubt(np.array([0, 1, 1]), p).argmax() == 2
    assert list(judge(np.array([0, 1, 1]), p).likely) == [0, 1, 0]


@pytest.mark.parametrize("seed", range(3))
def test_planted_errors_come_first(seed):
    labels, p, x, wrong = clusters(np.random.default_rng(seed))
    for scores in (label_doubt(labels, p), label_doubt(labels, p, x)):
        first = np.argsort(-scores)[: wrong.sum()]
        assert wrong[first].mean() > 0.6


def test_neighbours_help_where_the_model_hardly_knows():
    labels, p, x, wrong = clusters(np.random.default_rng(5), sureness=0.7)

    def hits(scores):
        return wrong[np.argsort(-scores)[: wrong.sum()]].mean()

    assert hits(label_doubt(labels, p, x)) > hits(label_doubt(labels, p)) + 0.1


def test_confidences_that_sink_together_change_nothing():
    labels, p, _, _ = clusters(np.random.default_rng(1))
    flat = p**0.3 / (p**0.3).sum(axis=1, keepdims=True)
    assert (label_doubt(labels, flat) > 0).mean() == pytest.approx(
        (label_doubt(labels, p) > 0).mean(), abs=0.05
    )


def test_a_class_the_model_is_shy_of_is_not_all_doubtful():
    labels = np.repeat([0, 1], 20)
    p = np.column_stack([np.where(labels == 0, 0.95, 0.55), np.where(labels == 0, 0.05, 0.45)])
    assert (judge(labels, p).likely == labels).all() and not judge(labels, p).shown.any()


@pytest.mark.parametrize("seed", range(3))
def test_on_clean_data_few_are_shown(seed):
    labels, p, x, _ = clusters(np.random.default_rng(seed), wrong=0.0)
    assert judge(labels, p, x).shown.mean() < 0.05


def test_most_of_what_is_shown_is_wrong_and_most_wrong_ones_are_shown():
    labels, p, x, wrong = clusters(np.random.default_rng(2))
    shown = judge(labels, p, x).shown
    assert wrong[shown].mean() > 0.8 and shown[wrong].mean() > 0.7


@pytest.mark.parametrize(("n", "c"), [(0, 3), (1, 3), (2, 2), (5, 1)])
def test_few_photos_or_classes_are_no_reason_to_fail(n, c):
    p = np.full((n, c), 1 / c)
    x = np.ones((n, 2))
    for scores in (label_doubt(np.zeros(n, int), p), label_doubt(np.zeros(n, int), p, x)):
        assert scores.shape == (n,) and np.isfinite(scores).all()


def test_chances_of_zero_are_no_reason_to_fail():
    assert np.isfinite(label_doubt(np.array([0, 1]), np.array([[0.0, 1.0], [0.0, 1.0]]))).all()


def test_strong_evidence_ranks_by_what_else_it_is_and_weak_evidence_by_who_believes_the_label():
    said = np.array([0.001, 0.3, 0.9])
    strong = weighed(np.log([0.02, 0.02, 0.99]), np.log([0.7, 0.97, 0.01]), said)
    assert strong.argsort().tolist() == [2, 0, 1], "it is surely something else"
    most = np.full(9, 0.6)
    weak = weighed(
        np.log([0.1, 0.1, 0.6, *most]), np.log([0.2, 0.6, 0.2, *most / 2]), np.append(said, most)
    )[:3]
    assert weak.argsort().tolist() == [2, 1, 0], "no witness believes it, and none knows better"


def test_as_many_doubts_are_above_zero_as_have_the_belief_against_them():
    rng = np.random.default_rng(0)
    for sureness in (0.5, 2.0, 8.0):
        belief = rng.normal(size=(50, 3)) * sureness
        belief -= np.log(np.exp(belief).sum(axis=1, keepdims=True))
        own = belief[:, 0]
        best = belief[:, 1:].max(axis=1)
        assert (weighed(own, best, rng.random(50)) > 0).sum() == (best > own).sum()
    assert (weighed(np.full(4, -0.1), np.full(4, -3.0), np.full(4, 0.9)) < 0).all()
    assert weighed(np.zeros(3), np.ones(3), np.ones(3), np.zeros(3, bool)).tolist() == [0, 0, 0]


def shelves(seed, apart, classes=10, each=60, width=12):
    """Things that differ a little in a few directions, a twentieth of the photos of nothing
    among them."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(classes), each)
    x = rng.normal(size=(classes, width))[truth] * apart + rng.normal(size=(len(truth), width))
    order = rng.permutation(len(truth))
    junk, wrong = np.zeros((2, len(truth)), bool)
    junk[order[:30]] = wrong[order[-18:]] = True
    x[junk] = rng.normal(size=(30, width)) * 1.8
    labels = np.where(wrong, (truth + rng.integers(1, classes, len(truth))) % classes, truth)
    return labels, out_of_fold(x, labels, range(len(labels)), classes), x, wrong | junk


def test_where_a_probe_is_right_for_two_thirds_loss_ranks_no_better():
    gains = []
    for seed in range(6):
        labels, p, x, amiss = shelves(seed, apart=0.8)
        rows = np.arange(len(labels))
        assert 0.6 < (p.argmax(axis=1) == labels).mean() < 0.8
        belief = log_belief(labels, p, x)
        own = belief[rows, labels].copy()
        belief[rows, labels] = -np.inf
        plain, alone, ours = (
            average_precision(amiss, score)
            for score in (-p[rows, labels], belief.max(axis=1) - own, label_doubt(labels, p, x))
        )
        gains.append((ours - plain, ours - alone))
    by_loss, by_evidence = np.mean(gains, axis=0)
    assert by_loss > -0.003 and by_evidence > 0.002


@pytest.mark.parametrize(
    ("chance", "near", "said"),
    [
        (
            0.02,
            "aaaab",
            "The model gives this label only a 2 % chance. Four of its five nearest photos are *A*.",
        ),
        (
            0.001,
            "aaaaa",
            "The model gives this label less than a 1 % chance. All of its five nearest photos are *A*.",
        ),
        (
            0.3,
            "abc",
            "The model gives this label only a 30 % chance. One of its three nearest photos is *A*.",
        ),
        (0.3, "bbb", "The model gives this label only a 30 % chance. It looks more like *A*."),
        (
            0.3,
            "aoboo",
            "The model gives this label only a 30 % chance. One of its five nearest photos is *A*, three have "
            "its label.",
        ),
        (
            0.3,
            "aaaao",
            "The model gives this label only a 30 % chance. Four of its five nearest photos are *A*, one has its "
            "label.",
        ),
        (
            0.3,
            "bob",
            "The model gives this label only a 30 % chance. It looks more like *A*, though one of its three "
            "nearest photos has "
            "its label.",
        ),
        (0.3, "", "The model gives this label only a 30 % chance."),
        (0.3, "a", "The model gives this label only a 30 % chance. The nearest photo is *A*."),
    ],
)
def test_the_reason_is_a_sentence_a_person_understands(chance, near, said):
    assert reason_for(chance, list(near), "a", str.upper, "o") == said
