"""Which photos an epoch shows."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from data_cards.dataset.collection import shipped_collection
from train.finetune.recipe import _dials
from train.finetune.sampling import epoch_order
from train.finetune.schedule import plan_for
from train.settings import TrainSettings

LABELS = [0] * 90 + [1] * 9 + [2]


def shown(balance, epochs=200):
    """Views of each class an epoch, on average."""
    counts = Counter(
        LABELS[place]
        for epoch in range(epochs)
        for place in epoch_order(LABELS, balance, np.random.default_rng(epoch))
    )
    return [counts[label] / epochs for label in range(3)]


def test_without_balance_every_photo_is_shown_once():
    assert sorted(epoch_order(LABELS, 0.0, np.random.default_rng(0))) == list(range(100))


@pytest.mark.parametrize(
    ("balance", "expected"), [(0.5, (70.3, 22.2, 7.4)), (1.0, (33.3, 33.3, 33.3))]
)
def test_rare_classes_are_shown_more_often(balance, expected):
    assert shown(balance) == pytest.approx(expected, abs=0.2)


def test_classes_of_one_size_are_shown_as_they_are():
    assert sorted(epoch_order([0, 1, 2] * 5, 0.5, np.random.default_rng(3))) == list(range(15))


def test_no_photo_is_shown_again_before_all_of_its_class_were():
    counts = Counter(epoch_order(LABELS, 1.0, np.random.default_rng(0)))
    rare, common = ([counts[place] for place in places] for places in (range(90, 99), range(90)))
    assert max(rare) - min(rare) <= 1 and max(common) == 1


def test_the_same_dice_give_the_same_epoch_and_others_another():
    first, again, other = (
        epoch_order(LABELS, 0.5, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert first == again != other


@given(some.lists(some.integers(0, 5), max_size=60), some.floats(0, 1), some.integers(0, 9))
def test_an_epoch_is_as_long_as_there_are_photos(labels, balance, seed):
    order = epoch_order(labels, balance, np.random.default_rng(seed))
    assert len(order) == len(labels) and all(0 <= place < len(labels) for place in order)


def test_what_the_owner_says_reaches_the_training():
    from train.finetune.trainer import Shuffled, Views

    dials = _dials(replace(TrainSettings(), balance=1.0), shipped_collection("museum"))
    examples = [(str(place), label) for place, label in enumerate(LABELS)]
    views = Views(None, examples, None, plan_for(100, "dinov2", 224, **dials))
    assert Counter(LABELS[place] for place in Shuffled(views))[2] >= 33
