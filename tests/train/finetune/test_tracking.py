"""Figures go where the owner says, and nowhere else."""

import sys
from contextlib import suppress
from types import SimpleNamespace

import pytest

from data_cards.errors import CannotTrain
from train.finetune.tracking import check_tracker, tracked


@pytest.mark.parametrize("name", ["none", "trackio"])
def test_only_wandb_is_begun_by_us(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    check_tracker("none")
    with tracked(name, "f00"):
        pass


@pytest.mark.parametrize("name", ["trackio", "wandb"])
def test_a_tracker_that_is_not_installed_is_named_before_any_work(name, monkeypatch):
    monkeypatch.setattr("train.finetune.tracking.find_spec", lambda _: None)
    with pytest.raises(CannotTrain, match=f"pip install {name}"):
        check_tracker(name)


def test_a_resumed_training_goes_on_in_the_same_run_of_our_own_project_and_closes_it(monkeypatch):
    seen = []
    run = SimpleNamespace(finish=lambda: seen.append("finished"))
    monkeypatch.setitem(
        sys.modules, "wandb", SimpleNamespace(init=lambda **how: seen.append(how) or run)
    )
    for error in (KeyboardInterrupt, None):
        with suppress(KeyboardInterrupt), tracked("wandb", "f00"):
            if error:
                raise error
    assert seen == 2 * [
        {"project": "vitrine", "name": "f00", "id": "f00", "resume": "allow"},
        "finished",
    ]
