"""A head fitted anew: where validation prefers it, and only there."""

import pytest
import torch
from transformers import AutoModelForImageClassification

from data_cards.photo import image_id
from tests.tiny import SIZE
from tests.train.pictures import pictures
from train.blending import Blend, judge_on
from train.preprocessing import Preprocessing
from train.refitting import refitted
from train.shelf import fill_shelf

FRAMING = Preprocessing().at(SIZE)


@pytest.fixture
def photos():
    """Twelve photos of two things, by image_id."""
    return {image_id(data): data for data in pictures(12, 2)}


@pytest.fixture
def sides(photos):
    """What is learned from, and what steers."""
    named = [(name, number % 2) for number, name in enumerate(photos)]
    return named[:8], named[8:]


@pytest.fixture
def model(tiny_vit):
    return AutoModelForImageClassification.from_pretrained(tiny_vit, num_labels=2).eval()


def test_a_better_head_takes_the_old_ones_place(model, photos, sides, tmp_path):
    shelf, before = fill_shelf(tmp_path, list(photos.items()), 64), model.classifier.weight.detach().clone()
    found = refitted(model, shelf, *sides, FRAMING, Blend(0.5, 0.0, 9.0))
    assert found.refitted and found.share == 0.5
    assert not torch.equal(model.classifier.weight.detach(), before)
    accuracy, loss = judge_on(shelf, sides[1], FRAMING)(model)
    assert (accuracy, loss) == (found.accuracy, pytest.approx(found.loss, abs=0.02))


def test_a_head_that_is_no_better_is_left_out(model, photos, sides, tmp_path):
    shelf, before = fill_shelf(tmp_path, list(photos.items()), 64), model.classifier.weight.detach().clone()
    as_it_is = Blend(1.0, 1.0, 0.0)
    assert refitted(model, shelf, *sides, FRAMING, as_it_is) == as_it_is
    assert torch.equal(model.classifier.weight.detach(), before)
