"""How fast this machine is, measured without touching the model."""

from itertools import count

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


@pytest.fixture
def asked(model, tmp_path):
    photos = pictures(3, 1)
    shelf = fill_shelf(tmp_path, [(image_id(data), data) for data in photos], 64)
    examples = [(image_id(data), number % 2) for number, data in enumerate(photos)]
    plan = Plan(epochs=1, side=42, blocks=1, batch=4)
    return model, shelf, examples, photos, Preprocessing().at(SIZE), plan, (28, 56)


def test_a_few_steps_are_timed_and_the_model_stays_as_it_was(asked):
    model = asked[0]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    pace = pace_of(*asked, limit=60.0)
    assert pace.view + pace.pixel * 56**2 > 0 and pace.pixel >= 0 and pace.checked > 0 and pace.asked > 0
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.requires_grad for parameter in model.parameters()) and not model.training
    assert torch.equal(torch.get_rng_state(), state)


def test_a_machine_so_slow_that_measuring_would_eat_the_budget_is_taken_at_its_first_step(asked, monkeypatch):
    monkeypatch.setattr("train.pace.time.monotonic", count(step=8.0).__next__)  # whatever is timed takes 8 seconds
    pace = pace_of(*asked, limit=0.0)
    assert pace.pixel * 28**2 == pytest.approx(2.0) and pace.view == pytest.approx(0.0), "4 photos a step"
    assert pace.checked == pace.asked == pytest.approx(8.0), "what is not known is as slow as a step at that size"
