import json
import math
from dataclasses import dataclass, replace

import pytest
import torch

from data_cards.errors import CannotTrain
from data_cards.photos.image import image_id
from tests.fixtures.pictures import pictures
from tests.fixtures.tiny_families import SIDE, write_tiny_family
from tests.fixtures.tiny_models import SIZE
from train.finetune.fit import Epoch, fine_tune, finished, history, kept, last_checkpoint, score
from train.finetune.schedule import Plan
from train.images.image_cache import ImageCache, fill_image_cache
from train.images.preprocessing import Preprocessing
from train.models.classifiers import open_backbone

PLAN = Plan(epochs=3, side=42, blocks=1, batch=4, lr=1e-3)
FRAMING = Preprocessing().at(SIZE)


class Killed(BaseException):
    """What a power cut looks like from inside."""


@dataclass(frozen=True)
class Failing(ImageCache):
    """A shelf that is cut off after some photos."""

    lasts: int = 0

    def photo(self, image_id: str):
        if not self.lasts:
            raise Killed
        object.__setattr__(self, "lasts", self.lasts - 1)
        return super().photo(image_id)


@pytest.fixture
def things(tmp_path):
    red = pictures(8, 1, (200, 60, 60))
    blue = pictures(8, 2, (60, 60, 200))
    examples = [(image_id(data), label) for label, some in enumerate((red, blue)) for data in some]
    image_cache = fill_image_cache(
        tmp_path / "shelf", [(image_id(data), data) for data in (*red, *blue)], 64
    )
    return image_cache, examples[::2], examples[1::2]


@pytest.fixture
def model(tiny_vit):
    from transformers import AutoModelForImageClassification

    def fresh():
        torch.manual_seed(1)
        return AutoModelForImageClassification.from_pretrained(tiny_vit, num_labels=2)

    return fresh


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def test_a_killed_training_resumes_and_ends_with_the_very_same_weights(things, model, tmp_path):
    image_cache, train, validation = things
    whole = model()
    cut = model()
    expected = fine_tune(whole, image_cache, train, validation, FRAMING, PLAN, tmp_path / "whole")
    views = len(train) + len(validation)
    with pytest.raises(Killed):
        failing = Failing(image_cache.file, image_cache.places, lasts=2 * views + 3)
        fine_tune(cut, failing, train, validation, FRAMING, PLAN, tmp_path / "cut")
    assert last_checkpoint(tmp_path / "cut").name == "checkpoint-4"
    resumed = model()
    again = fine_tune(resumed, image_cache, train, validation, FRAMING, PLAN, tmp_path / "cut")
    assert again == expected
    seconds = [epoch.seconds for epoch in again.epochs]
    assert 0 < seconds[0] < seconds[1] < seconds[2], "the clock goes on where it was"
    for name, value in weights(whole).items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_every_epoch_says_how_fast_the_uppermost_block_learned(things, model, tmp_path):
    rates = [
        epoch.learning_rate for epoch in fine_tune(model(), *things, FRAMING, PLAN, tmp_path).epochs
    ]
    assert PLAN.lr > rates[0] > rates[1] > rates[2] == 0


def test_the_kept_epochs_weights_remain_and_the_lower_blocks_are_untouched(things, model, tmp_path):
    tuned = model()
    before = weights(tuned)
    done = fine_tune(tuned, *things[:1], *things[1:], FRAMING, PLAN, tmp_path)
    assert done.best == kept(done.epochs, PLAN, len(things[2]))
    changed = {
        name for name, value in weights(tuned).items() if not torch.equal(value, before[name])
    }
    assert any("layer.1." in name and "attention" in name for name in changed)
    assert not any("layer.0." in name or "embeddings" in name for name in changed)


def test_weights_are_read_back_whole(model, tmp_path):
    from train.finetune.trainer import read_weights

    saved = model()
    other = model()
    with torch.no_grad():
        for parameter in saved.parameters():
            parameter.add_(1)
    saved.save_pretrained(tmp_path)
    read_weights(other, tmp_path)
    assert all(
        torch.equal(value, other.state_dict()[name]) for name, value in saved.state_dict().items()
    )


def test_a_checkpoint_that_was_cut_short_is_not_used(tmp_path):
    for step, state in ((4, '{"epoch": 1.0}'), (8, '{"epoch": 2.'), (12, None)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if state:
            (folder / "trainer_state.json").write_text(state)
    assert last_checkpoint(tmp_path).name == "checkpoint-4"
    assert last_checkpoint(tmp_path / "nowhere") is None


def test_a_training_that_explodes_says_so(things, model, tmp_path):
    with pytest.raises(CannotTrain, match="smaller --lr"):
        broken = model()
        with torch.no_grad():
            broken.classifier.weight.fill_(math.nan)
        fine_tune(broken, *things, FRAMING, Plan(epochs=1, side=42, blocks=1, batch=8), tmp_path)


def test_the_log_becomes_one_row_per_epoch():
    log = [
        {"loss": 0.5, "accuracy": 0.7, "epoch": 1.0},
        {"eval_accuracy": 0.8, "eval_surprise": 0.4, "eval_score": 0.8, "epoch": 1.0},
        {"train_runtime": 3},
    ]
    assert [(row.epoch, row.loss, row.validation_accuracy) for row in history(log)] == [
        (1, 0.5, 0.8)
    ]


def test_accuracy_decides_and_the_loss_only_between_equals():
    assert score(0.81, 9.0) > score(0.80, 0.0)
    assert score(0.80, 0.1) > score(0.80, 0.2)


def epochs_of(*scores):
    return [Epoch(number, None, None, 0.0, value, value) for number, value in enumerate(scores, 1)]


@pytest.mark.parametrize(
    ("shares", "photos", "epoch"),
    [
        ((0.90, 0.96, 0.95), 400, 3),
        ((0.90, 0.96, 0.90), 400, 2),  # within a standard error, about a point, and beyond
        ((0.90, 1.00, 0.97), 30, 3),
        ((0.90, 1.00, 0.97), 4000, 2),  # one photo of thirty; a hundred and twenty of 4,000
        ((0.90, 0.96), 400, 2),
    ],
)  # stopped early: the schedule was not at rest
def test_the_end_is_kept_unless_validation_finds_another_epoch_surely_better(shares, photos, epoch):
    assert kept(epochs_of(*shares), Plan(epochs=3, side=42), photos).epoch == epoch


def test_the_model_ends_with_the_weights_of_the_epoch_that_is_kept(
    things, model, tmp_path, monkeypatch
):
    scores = iter((0.5, 0.9, 0.7))  # the second of three is the best
    monkeypatch.setattr("train.finetune.fit.score", lambda *_: next(scores))
    ended = model()
    best = model()
    fine_tune(model(), *things, FRAMING, PLAN, tmp_path)
    for number, one in ((-1, ended), (0, best)):
        monkeypatch.setattr(
            "train.finetune.fit.kept", lambda epochs, *_, number=number: epochs[number]
        )
        fine_tune(one, *things, FRAMING, PLAN, tmp_path)
    newest = last_checkpoint(tmp_path)
    state = json.loads((newest / "trainer_state.json").read_text())
    assert newest.name != state["best_model_checkpoint"].rpartition("/")[2]
    saved = [
        type(best).from_pretrained(folder) for folder in (newest, state["best_model_checkpoint"])
    ]
    assert any(
        not torch.equal(a, b) for a, b in zip(*(one.parameters() for one in saved), strict=True)
    )
    for one, other in zip((ended, best), saved, strict=True):
        assert all(
            torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True)
        )


def test_a_training_ends_when_all_is_done_or_when_a_third_of_it_brought_nothing_better():
    plan = Plan(epochs=9, side=42)
    assert not finished((), plan) and not finished(epochs_of(0.9, 0.9, 0.8, 0.7), plan)
    assert finished(epochs_of(0.9, 0.9, 0.8, 0.7, 0.9), plan) and finished(
        epochs_of(*[0.1] * 9), plan
    )
    longer = Plan(epochs=18, side=42)
    assert not finished(epochs_of(*[0.9] * 6), longer) and finished(epochs_of(*[0.9] * 7), longer)


def test_a_finished_training_is_not_trained_on_but_read(things, model, tmp_path):
    image_cache, train, validation = things
    first = model()
    second = model()
    done = fine_tune(first, image_cache, train, validation, FRAMING, PLAN, tmp_path)
    assert (
        fine_tune(
            second,
            Failing(image_cache.file, image_cache.places),
            train,
            validation,
            FRAMING,
            PLAN,
            tmp_path,
        )
        == done
    )
    assert all(
        torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True)
    )


@pytest.mark.parametrize("statistics", [False, True])
def test_a_pretrained_batch_norm_keeps_its_statistics(things, tmp_path, statistics):
    image_cache, train, validation = things
    labels = {0: "red", 1: "blue"}
    model = open_backbone(write_tiny_family("mobilenet_v2", tmp_path / "small"), labels)
    before = {name: one.clone() for name, one in model.state_dict().items()}
    plan = replace(PLAN, epochs=1, side=SIDE, blocks=0, statistics=statistics)
    fine_tune(model, image_cache, train, validation, Preprocessing().at(SIDE), plan, tmp_path)
    moved = {name for name, one in model.state_dict().items() if not one.equal(before[name])}
    assert any("running" in name for name in moved) is statistics
    assert any("normalization.weight" in name for name in moved)
    assert not model.training
