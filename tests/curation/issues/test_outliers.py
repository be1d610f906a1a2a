"""A photo unlike the rest is named; a collection of what belongs together has none."""

import numpy as np
import pytest

from curation.issues.outliers import FEWEST, strangers, strangers_among, unlikeness
from data_cards.dataset.schema import Label

SIDE = 128


def rooms(n=240, seed=0):
    """Photos of four things that differ in sixty directions, and hardly in the others."""
    rng = np.random.default_rng(seed)
    x = rng.normal(scale=0.02, size=(n, SIDE))
    x[:, :60] += rng.normal(size=(4, 60))[np.arange(n) % 4] + rng.normal(scale=0.3, size=(n, 60))
    return x


def stranger(direction=90):
    """Among them by its first directions, elsewhere by another one."""
    x = rooms(4, seed=1)[:1]
    x[0, direction] += 5
    return x


@pytest.mark.parametrize("seed", range(5))
def test_what_belongs_together_has_no_stranger(seed):
    assert not strangers(rooms(seed=seed)).any()


@pytest.mark.parametrize("seed", range(5))
def test_a_few_that_differ_where_others_do_not_are_found_and_nobody_else(seed):
    x = np.concatenate([rooms(seed=seed), stranger(90), stranger(100)])
    assert np.flatnonzero(strangers(x)).tolist() == [240, 241]
    assert set(np.argsort(unlikeness(x))[-2:]) == {240, 241}


def test_a_class_that_is_rare_is_no_stranger():
    x = np.concatenate([rooms(), stranger().repeat(30, axis=0) + rooms(30) * 0.02])
    assert not strangers(x)[240:].any()


def test_what_is_said_not_to_belong_does_not_make_a_stranger_usual():
    others = stranger().repeat(40, axis=0) + rooms(40) * 0.02
    x = np.concatenate([rooms(), others])
    usual = np.arange(280) < 241
    assert not strangers(x)[240] and strangers(x, usual)[240]


def test_of_a_handful_nobody_can_say_what_is_usual():
    few = np.concatenate([rooms(FEWEST - 2), stranger()])
    assert not strangers(few).any() and (unlikeness(few) == 1).all()
    assert strangers(np.zeros((0, SIDE))).tolist() == []
    assert not strangers(np.zeros((80, SIDE))).any()


def test_whoever_said_that_a_photo_does_not_belong_is_not_told_so():
    ids = [str(n) for n in range(242)]
    labels = {name: Label(name, "agra", "labelled") for name in ids} | {
        "241": Label("241", None, "none_of_these")
    }
    found = strangers_among(ids, np.concatenate([rooms(), stranger(90), stranger(100)]), labels)
    assert list(found) == ["240"] and found["240"] > 2


@pytest.mark.parametrize(("shots", "is_told"), [(1, False), (3, False), (4, True)])
def test_a_class_of_few_shots_may_well_be_unlike_the_rest(shots, is_told):
    others = stranger(90) + np.random.default_rng(2).normal(scale=0.02, size=(shots, SIDE))
    others[:, 100 : 100 + shots] += 4 * np.eye(shots)
    ids = [str(n) for n in range(240 + shots)]
    labels = {
        name: Label(name, "agra" if n < 240 else "pot", "labelled") for n, name in enumerate(ids)
    }
    x = np.concatenate([rooms(), others])
    assert bool(strangers_among(ids, x, labels)) == is_told
    frames = dict.fromkeys(ids[240:], ids[240])
    assert not strangers_among(ids, x, labels, frames), "frames of one shot are one"
    assert strangers_among(
        ids, x, labels | {name: Label(name, "agra", "labelled") for name in ids[240:]}
    )
    nameless = {name: Label(name, None, "unlabelled") for name in ids[240:]}
    assert strangers_among(ids, x, labels | nameless), "nobody named it: the question is a fair one"
