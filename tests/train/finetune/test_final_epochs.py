"""The end of a training, in which most validation photos are learned from, too."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from data_cards.dataset.repo import create_dataset
from data_cards.dataset.schema import Photo, Source, Split
from data_cards.errors import CannotTrain
from tests.fixtures.pictures import collection_of, pictures, with_photos
from train.finetune.final_epochs import RATE, finish, held_back
from train.finetune.fit import Epoch, FineTuned
from train.finetune.recipe import train_classifier
from train.finetune.wise_ft import Blend
from train.models.backbone import find_backbone
from train.settings import TrainSettings, check_dials
from train.splits.seal import Sealed, sealed
from train.splits.training_set import gather

SETTINGS = TrainSettings(epochs=1, threads=1, blocks=1, finish=2)


@pytest.fixture
def source(tmp_path):
    made = create_dataset(str(tmp_path / "data"), collection_of("red", "blue"))
    return sealed(
        with_photos(
            made, {"red": pictures(20, 1, (200, 60, 60)), "blue": pictures(20, 2, (60, 60, 200))}
        )
    )


@pytest.fixture
def trained(source, tiny_vit, tmp_path, monkeypatch):
    monkeypatch.setattr("train.finetune.final_epochs.HELD", 2)
    backbone = find_backbone(str(tiny_vit), tmp_path)
    done = train_classifier(
        gather(source),
        source.dataset,
        backbone,
        replace(SETTINGS, epochs=0),
        tmp_path,
        tmp_path / "run",
    )
    return replace(done, kept="fine-tuned")


class Training:
    """In place of a fine-tuning: what it was given, and what it came to."""

    def __init__(self, accuracy):
        self.accuracy = accuracy

    def __call__(self, task, image_cache, run, tracker):
        self.task = task
        task.model.classifier.weight.data.zero_()
        best = Epoch(1, 0.1, 1.0, 0.1, self.accuracy, self.accuracy)
        return FineTuned((best,), best)


def ended(monkeypatch, source, trained, tmp_path, accuracy=1.0, settings=SETTINGS):
    training = Training(accuracy)
    monkeypatch.setattr("train.finetune.final_epochs.train_together", training)
    return training, *finish(trained, gather(source), source, settings, tmp_path, tmp_path / "run")


def test_most_validation_photos_are_learned_from_and_a_few_go_on_judging(
    source, trained, tmp_path, monkeypatch
):
    before = gather(source)
    training, done, after = ended(monkeypatch, source, trained, tmp_path)
    more = set(before.validation) - set(after.validation)
    assert len(after.validation) == 2 and len(more) == done.also == 2 and done.finish == 2
    assert set(training.task.train) == set(before.train) | more == set(after.train)
    assert training.task.validation == after.validation and after.test == before.test
    assert (training.task.plan.epochs, training.task.plan.lr) == (2, RATE * trained.plan.lr)


def test_where_it_became_worse_it_is_left_as_it_was(source, trained, tmp_path, monkeypatch):
    _, done, after = ended(monkeypatch, source, trained, tmp_path, accuracy=0.0)
    assert done is trained and after == gather(source)
    assert done.model.classifier.weight.any()


@pytest.mark.parametrize("other", [{"kept": "probe"}, {"steered_by": "training"}])
def test_a_probe_and_a_model_that_no_validation_steered_are_left_alone(
    source, trained, tmp_path, monkeypatch, other
):
    training, done, _ = ended(monkeypatch, source, replace(trained, **other), tmp_path)
    assert not hasattr(training, "task") and not done.finish


def test_few_validation_photos_all_go_on_judging(source, trained, tmp_path, monkeypatch):
    monkeypatch.setattr("train.finetune.final_epochs.HELD", 150)
    assert not hasattr(ended(monkeypatch, source, trained, tmp_path)[0], "task")


class PowerCut(Exception):
    """What a test stops a training with."""


def test_a_training_that_is_killed_at_its_end_goes_on_there(
    source, tiny_vit, tmp_path, monkeypatch
):
    """Its first part is not learned again, and it comes to what it would have come to."""
    import torch

    from train.finetune import final_epochs as finishing
    from train.images.image_cache import ImageCache

    monkeypatch.setattr("train.finetune.final_epochs.HELD", 2)
    monkeypatch.setattr(
        "train.finetune.recipe._blended", lambda *_: Blend(1.0, 2.0, 0.0)
    )  # or the probe would be kept
    material = gather(source)
    backbone = find_backbone(str(tiny_vit), tmp_path)

    def trained(run):
        done = train_classifier(
            material, source.dataset, backbone, SETTINGS, tmp_path, tmp_path / run
        )
        return finish(done, material, source, SETTINGS, tmp_path, tmp_path / run)[0]

    expected = trained("undisturbed")
    read = ImageCache.photo
    whole = finishing.train_together
    # in the second of two epochs
    seen = []
    enough = int(1.5 * len(material.train)) + len(material.validation)

    def cut_short(*given):
        monkeypatch.setattr(ImageCache, "photo", until_the_cut)
        return whole(*given)

    def until_the_cut(image_cache, name):
        seen.append(name)
        if len(seen) == enough:
            raise PowerCut
        return read(image_cache, name)

    monkeypatch.setattr("train.finetune.final_epochs.train_together", cut_short)
    with pytest.raises(PowerCut):
        trained("killed")
    again = trained("killed")
    assert again.also == expected.also and len(material.train) < len(seen) - enough < 2 * len(
        material.train
    )
    for name, value in expected.model.state_dict().items():
        torch.testing.assert_close(
            again.model.state_dict()[name], value, rtol=0, atol=1e-5, msg=name
        )


def test_near_copies_and_bursts_are_held_back_together(monkeypatch):
    monkeypatch.setattr("train.finetune.final_epochs.HELD", 3)
    names = [f"p{n}" for n in range(12)]
    photos = {
        name: Photo(
            name,
            9,
            9,
            (
                Source(
                    f"{n}.jpg", taken_at=f"2026-01-0{1 + n // 6}T10:00:{n // 3:02}" if n < 6 else ""
                ),
            ),
        )
        for n, name in enumerate(names)
    }
    splits = {name: Split(name, f"g{n // 2}", "validation") for n, name in enumerate(names)}

    source = Sealed(SimpleNamespace(photos=lambda: photos), splits, None)
    for seed in range(9):
        held = {name for name, _ in held_back(source, [(name, 0) for name in names], seed)}
        assert 3 <= len(held) < 12
        assert held.isdisjoint(names[:6]) or held >= set(names[:6]), "one burst"
        assert all((names[n] in held) == (names[n + 1] in held) for n in range(0, 12, 2)), "copies"


def test_frames_of_one_clip_are_held_back_together(monkeypatch):
    monkeypatch.setattr("train.finetune.final_epochs.HELD", 1)
    names = [f"p{n}" for n in range(4)]
    photos = {
        name: Photo(name, 9, 9, (Source(f"{n // 2}.mp4", origin="video", second=n * 9.0),))
        for n, name in enumerate(names)
    }
    splits = {name: Split(name, name, "validation") for name in names}
    source = Sealed(SimpleNamespace(photos=lambda: photos), splits, None)
    assert {name for name, _ in held_back(source, [(name, 0) for name in names], 0)} in (
        {"p0", "p1"},
        {"p2", "p3"},
    )


@pytest.mark.parametrize(
    ("wrong", "said"), [({"finish": -1}, "counts none"), ({"budget": "10m"}, "one or the other")]
)
def test_numbers_that_cannot_be_meant_are_told(wrong, said):
    with pytest.raises(CannotTrain, match=said):
        check_dials(replace(SETTINGS, **wrong))
