"""How fast this machine is, measured without touching the model."""

import pytest
import torch

from data_cards.photo import image_id
from tests.tiny import SIZE
from tests.train.pictures import pictures
from train.pace import pace_of
from train.plan import Plan
from train.preprocessing import Preprocessing
from train.shelf import fill_shelf


@pytest.fixture
def model(tiny_vit):
    from transformers import AutoModelForImageClassification

    return AutoModelForImageClassification.from_pretrained(tiny_vit, num_labels=2)


def test_a_few_steps_are_timed_and_the_model_stays_as_it_was(model, tmp_path):
    photos, framing = pictures(3, 1), Preprocessing().at(SIZE)
    shelf = fill_shelf(tmp_path, [(image_id(data), data) for data in photos], 64)
    examples = [(image_id(data), number % 2) for number, data in enumerate(photos)]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    pace = pace_of(model, shelf, examples, photos, framing, Plan(epochs=1, side=42, blocks=1, batch=4), (28, 56))
    assert pace.view + pace.pixel * 56**2 > 0 and pace.pixel >= 0 and pace.checked > 0 and pace.asked > 0
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.requires_grad for parameter in model.parameters()) and not model.training
    assert torch.equal(torch.get_rng_state(), state)
