"""A budget picks epochs and resolution, ends well, and is not picked anew after a kill."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import count

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from data_cards.errors import CannotTrain
from data_cards.photos.image import image_id
from tests.fixtures.pictures import pictures
from tests.fixtures.tiny_models import SIZE
from train.finetune.budget import (
    SPARE,
    Pace,
    Sample,
    Work,
    fewer_blocks,
    keep_to,
    pace_of,
    plan_within,
    seconds_in,
    sides_for,
)
from train.finetune.schedule import Plan
from train.images.image_cache import fill_image_cache
from train.images.preprocessing import Preprocessing

PLAN = Plan(epochs=6, side=168)
SIDES = (112, 140, 168, 196, 224)
WORK = Work(learned=1000, checked=100, asked=900)
PACE = Pace(
    view=0.0, pixel=1e-6, checked=0.01, asked=1 / 30
)  # an epoch at 168 takes 29 s, at 224 51, at 112 14


def within(seconds):
    found = plan_within(PLAN, seconds, WORK, PACE, SIDES)
    return found and (found.epochs, found.side)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("1h30m", 5400),
        ("1.5h", 5400),
        (" 7 ", 420),
        ("2 minutes", 120),
        ("10 days", 864_000),
        ("1 hour 30 min", 5400),
        ("1 hr and 5 mins", 3900),
        ("90 SEC", 90),
        ("1,5 h", 5400),
        ("30S", 30),
        ("0.5m", 30),
        ("1s", 1),
    ],
)
def test_a_budget_is_read_as_people_write_it(text, seconds):
    assert seconds_in(text) == seconds


@pytest.mark.parametrize(
    "text", ["soon", "10x", "m10", "10m5", "", "0", "0s", "0.0m", "-5m", "1e3s", "5 moons", "nan"]
)
def test_what_is_no_time_is_refused_with_an_example(text):
    with pytest.raises(CannotTrain, match="10m or 1h30m"):
        seconds_in(text)


@pytest.mark.parametrize(
    ("seconds", "picked"),
    [
        (180, (6, 168)),
        (320, (6, 224)),
        (10_000, (12, 224)),  # as planned; larger views; and more epochs
        (120, (4, 168)),
        (88, (3, 168)),
        (70, (3, 140)),
        (44, (3, 112)),
        (30, (2, 112)),
        (15, (1, 112)),
        (13, (1, 112)),
        (1.5, None),
    ],
)
def test_little_time_takes_epochs_then_pixels_then_the_last_epochs(seconds, picked):
    assert within(seconds) == picked


@pytest.mark.parametrize("seconds", [15, 40, 77, 130, 200, 333, 500])
def test_whatever_is_picked_fits(seconds):
    found = plan_within(PLAN, seconds, WORK, PACE, SIDES)
    assert found.epochs and PACE.whole(found, WORK) <= seconds


def test_where_no_epoch_fits_a_part_of_one_uses_the_time():
    found = plan_within(PLAN, 10, WORK, PACE, SIDES)
    assert 0 < found.views < WORK.learned and found.views % PLAN.batch == 0
    assert 9 < PACE.whole(found, WORK) <= 10


def test_a_part_of_an_epoch_is_remembered(tmp_path):
    first = keeping("56s", tmp_path)
    assert first.views and keeping("56s", tmp_path, spent=50.0) == first


HALF = replace(PACE, blocks=4, fewest=0.4)  # where one block learns, a view takes 40 % of the time
SLOW_DISK = replace(PACE, written=2.0)


@pytest.mark.parametrize(
    ("seconds", "picked"),
    [
        (44, (3, 112, 4)),
        (39, (3, 140, 2)),
        (24, (3, 112, 1)),
        (15, (2, 112, 1)),
        (6.5, (1, 112, 1)),
    ],
)
def test_fewer_blocks_learn_before_the_last_epochs_go(seconds, picked):
    found = plan_within(PLAN, seconds, WORK, HALF, SIDES)
    assert (found.epochs, found.side, found.blocks) == picked
    assert HALF.whole(found, WORK) <= seconds


def test_where_everything_learns_fewer_blocks_are_some_of_all(tmp_path):
    found = plan_within(replace(PLAN, blocks=0), 39, WORK, replace(HALF, blocks=12), SIDES)
    assert 0 < found.blocks < 12


@given(st.floats(1, 2000), st.integers(0, 12), st.floats(0.1, 1), st.floats(0, 3))
def test_every_plan_keeps_to_its_time(seconds, blocks, fewest, written):
    pace = replace(PACE, blocks=blocks or 12, fewest=fewest, written=written)
    plan = replace(PLAN, blocks=blocks)
    found = plan_within(plan, seconds, WORK, pace, SIDES)
    more = plan_within(plan, 1.2 * seconds, WORK, pace, SIDES)
    if found is not None:
        assert pace.whole(found, WORK) <= seconds * (1 + 1e-9) and more is not None


def test_what_is_written_is_part_of_the_time():
    assert SLOW_DISK.whole(replace(PLAN, epochs=1), WORK) > PACE.whole(
        replace(PLAN, epochs=1), WORK
    )
    assert SLOW_DISK.after(WORK) > PACE.after(WORK)
    assert plan_within(PLAN, 120, WORK, SLOW_DISK, SIDES).epochs == 3


def test_a_part_of_an_epoch_is_never_more_than_one():
    """Steps are whole batches: an epoch may just not fit, and all of its photos would."""
    few = Work(learned=100, checked=10, asked=20)
    for seconds in (1.0, 1.2, 1.3, 1.35, 1.4):
        found = plan_within(PLAN, seconds, few, PACE, SIDES)
        assert found is None or found.views <= few.learned


@pytest.mark.parametrize(("blocks", "fewer"), [(12, (6, 3, 1)), (4, (2, 1)), (1, ()), (0, ())])
def test_blocks_are_halved_down_to_one(blocks, fewer):
    assert fewer_blocks(blocks) == fewer


def test_only_a_dinov2_changes_its_side():
    assert sides_for(PLAN, "dinov2", 224) == (112, 126, 140, 154, 168, 182, 196, 210, 224)
    assert sides_for(PLAN, "vit", 224) == (168,)


def keeping(budget, run, pace=PACE, spent=0.0):
    return keep_to(budget, time.monotonic() - spent, PLAN, SIDES, WORK, lambda _: pace, run)


def test_what_was_spent_and_what_comes_after_are_part_of_the_budget(tmp_path):
    for number, (budget, spent) in enumerate((("4m", 0.0), ("5m", 60.0))):
        run = tmp_path / str(number)
        run.mkdir()
        found = keeping(budget, run, spent=spent)
        cost = PACE.whole(found, WORK) + PACE.after(WORK) + spent
        assert found.epochs and cost < (1 - SPARE) * seconds_in(budget)


def test_a_training_that_is_begun_again_keeps_its_plan_on_a_slower_machine(tmp_path):
    first = keeping("4m", tmp_path)
    slower = Pace(view=10.0, pixel=1.0, checked=1.0, asked=1.0)
    assert keeping("4m", tmp_path, slower, spent=900.0) == first


def test_where_not_one_epoch_fits_the_probe_alone_is_trained_and_that_is_said(tmp_path, caplog):
    with caplog.at_level("INFO", "vitrine"):
        assert keeping("20s", tmp_path).epochs == 0
    assert (
        "Not even one epoch fits into 20s" in caplog.text
        and "Only the probe will be trained" in caplog.text
    )
    with caplog.at_level("INFO", "vitrine"):
        assert keeping("20s", tmp_path).epochs == 0
    assert "keeps its plan: only the probe is trained." in caplog.text


@pytest.fixture
def model(tiny_vit):
    from transformers import AutoModelForImageClassification

    return AutoModelForImageClassification.from_pretrained(tiny_vit, num_labels=2)


def test_many_photos_are_asked_through_a_faster_engine():
    assert PACE.answers(999) == pytest.approx(999 * PACE.asked)
    assert PACE.answers(1000) == pytest.approx(750 * PACE.asked)
    assert PACE.answers(5000) == pytest.approx(2750 * PACE.asked)


@pytest.fixture
def asked(model, tmp_path):
    photos = pictures(3, 1)
    image_cache = fill_image_cache(tmp_path, [(image_id(data), data) for data in photos], 64)
    examples = [(image_id(data), number % 2) for number, data in enumerate(photos)]
    plan = Plan(epochs=1, side=42, blocks=1, batch=4)
    sample = Sample(image_cache, examples, photos, Preprocessing().at(SIZE))
    return model, sample, plan, (28, 56)


@pytest.mark.slow
def test_a_few_steps_are_timed_and_the_model_stays_as_it_was(asked, tmp_path):
    model = asked[0]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    pace = pace_of(*asked, limit=60.0, run=tmp_path)
    assert (
        pace.view + pace.pixel * 56**2 > 0
        and pace.pixel >= 0
        and pace.checked > 0
        and pace.asked > 0
        and pace.written > 0
        and 0 < pace.fewest <= 1
    )
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.requires_grad for parameter in model.parameters()) and not model.training
    assert torch.equal(torch.get_rng_state(), state)


def test_a_machine_so_slow_that_measuring_would_eat_the_budget_is_taken_at_its_first_step(
    asked, monkeypatch, tmp_path
):
    monkeypatch.setattr(
        "train.finetune.budget.time.monotonic", count(step=8.0).__next__
    )  # whatever is timed takes 8 seconds
    pace = pace_of(*asked, limit=0.0, run=tmp_path)
    assert pace.pixel * 28**2 == pytest.approx(2.0) and pace.view == pytest.approx(0.0), (
        "4 photos a step"
    )
    assert pace.checked == pace.asked == pytest.approx(4.0), (
        "two photos are always asked about: as slow as a step they would leave no time to train"
    )
