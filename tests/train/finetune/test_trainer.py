"""What a training says while it runs."""

from types import SimpleNamespace

from train.finetune.schedule import Plan


def test_the_time_that_is_left_is_told(monkeypatch, caplog):
    from train.finetune import trainer

    clock = iter((0.0, 100.0))
    monkeypatch.setattr(trainer.time, "monotonic", lambda: next(clock))
    narrator = trainer.Narrator(
        SimpleNamespace(plan=Plan(epochs=2, side=42), epoch=0), lambda log: False
    )
    half = SimpleNamespace(global_step=10, max_steps=20, epoch=1.0)
    with caplog.at_level("INFO", "vitrine"):
        narrator.on_step_end(SimpleNamespace(num_train_epochs=2), half, None)
    assert "about 2 min" in caplog.text
