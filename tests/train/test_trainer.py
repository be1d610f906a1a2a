"""What a training says while it runs."""

from types import SimpleNamespace

import pytest

from train.plan import Plan


@pytest.mark.parametrize(("plan", "left"), [
    (Plan(epochs=2, side=42), "2 min"),  # half of the steps took 100 seconds
    (Plan(epochs=2, side=42, progressive=0.5), "4 min")])  # of views with half the pixels
def test_the_time_that_is_left_counts_small_views_for_less(monkeypatch, caplog, plan, left):
    from train import trainer

    clock = iter((0.0, 100.0))
    monkeypatch.setattr(trainer.time, "monotonic", lambda: next(clock))
    narrator = trainer.Narrator(SimpleNamespace(plan=plan, epoch=0), lambda log: False)
    half = SimpleNamespace(global_step=10, max_steps=20, epoch=1.0)
    with caplog.at_level("INFO", "vitrine"):
        narrator.on_step_end(SimpleNamespace(num_train_epochs=2), half, None)
    assert f"about {left}" in caplog.text
