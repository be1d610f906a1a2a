from dataclasses import replace

import numpy as np
import pytest

from data_cards.dataset.repo import create_dataset
from data_cards.errors import CannotTrain
from tests.fixtures.pictures import collection_of, pictures, with_photos
from tests.fixtures.tiny_families import write_tiny_family
from train.finetune.budget import Pace
from train.finetune.fit import Epoch, FineTuned
from train.finetune.recipe import head_of, run_name, train_classifier
from train.images.augment import GENTLE, LOOK
from train.models.backbone import find_backbone
from train.settings import TrainSettings
from train.splits.seal import sealed
from train.splits.training_set import gather
from train.uncertainty.temperature import Calibration

SETTINGS = TrainSettings(epochs=1, threads=1, blocks=1)


@pytest.fixture
def source(tmp_path):
    made = create_dataset(str(tmp_path / "data"), collection_of("red", "blue"))
    return sealed(
        with_photos(
            made, {"red": pictures(12, 1, (200, 60, 60)), "blue": pictures(12, 2, (60, 60, 200))}
        )
    )


@pytest.fixture
def backbone(tiny_vit, tmp_path):
    return find_backbone(str(tiny_vit), tmp_path)


def ends_with(score):
    """A fine-tuning that changes the head and comes to this score."""

    def fake(model, *_):
        model.classifier.weight.data.zero_()
        best = Epoch(1, 0.1, 1.0, 0.1, score, score)
        return FineTuned((best,), best)

    return fake


@pytest.mark.parametrize(("score", "kept"), [(2.0, "fine-tuned"), (0.5, "probe")])
def test_what_validation_prefers_is_kept(source, backbone, tmp_path, monkeypatch, score, kept):
    monkeypatch.setattr("train.finetune.workers.fine_tune", ends_with(score))
    trained = train_classifier(
        gather(source), source.dataset, backbone, SETTINGS, tmp_path, tmp_path / "run"
    )
    assert trained.kept == kept and trained.best == (kept == "fine-tuned")
    assert bool(trained.model.classifier.weight.any()) is (kept == "probe")


def test_weights_part_of_the_way_are_kept_where_validation_prefers_them(
    source, backbone, tmp_path, monkeypatch
):
    monkeypatch.setattr("train.finetune.workers.fine_tune", ends_with(1.5))
    monkeypatch.setattr("train.finetune.wise_ft.judge_on", lambda *_: lambda model: (2.0, 0.1))
    trained = train_classifier(
        gather(source), source.dataset, backbone, SETTINGS, tmp_path, tmp_path / "run"
    )
    assert (trained.kept, trained.share) == ("fine-tuned", 0.5)
    assert trained.model.classifier.weight.any(), (
        "half of the probe's head, since the other one is zero"
    )


def test_the_head_starts_as_the_probe(source, backbone, tmp_path):
    import torch

    material = gather(source)
    trained = train_classifier(
        material, source.dataset, backbone, replace(SETTINGS, epochs=0), tmp_path, tmp_path / "run"
    )
    photos = dict(source.dataset.read_photos([image_id for image_id, _ in material.train]))
    with torch.inference_mode():
        logits = trained.model(
            torch.from_numpy(np.stack([trained.framing(data) for data in photos.values()]))
        ).logits
    assert logits.argmax(1).tolist() == [dict(material.train)[image_id] for image_id in photos]
    assert trained.probe.validation_accuracy == 1.0 and trained.epochs == ()


@pytest.mark.parametrize(("has_validation", "expected"), [(True, 3.0), (False, 1.0)])
def test_the_head_starts_as_sure_as_validation_photos_allow(
    source, backbone, tmp_path, monkeypatch, has_validation, expected
):
    material = gather(source)
    if not has_validation:
        material = replace(material, sides={**material.sides, "validation": ()})
    starts = []
    for temperature in (1.0, 3.0):
        found = Calibration(temperature)
        monkeypatch.setattr("train.finetune.recipe.calibrate", lambda *_, found=found: found)
        trained = train_classifier(
            material, source.dataset, backbone, replace(SETTINGS, epochs=0), tmp_path, tmp_path
        )
        starts.append(head_of(trained.model))
    for surer, calmer in zip(*starts, strict=True):
        np.testing.assert_allclose(surer, expected * calmer, rtol=1e-5)


def test_without_validation_photos_the_training_photos_steer(source, backbone, tmp_path):
    material = gather(source)
    bare = replace(material, sides={**material.sides, "validation": ()})
    trained = train_classifier(
        bare, source.dataset, backbone, replace(SETTINGS, epochs=0), tmp_path, tmp_path / "run"
    )
    assert trained.steered_by == "training"


def test_photos_that_both_were_fitted_on_do_not_say_that_fine_tuning_is_better(
    source, backbone, tmp_path, monkeypatch
):
    material = gather(source)
    bare = replace(material, sides={**material.sides, "validation": ()})
    monkeypatch.setattr("train.finetune.workers.fine_tune", ends_with(1.0))
    monkeypatch.setattr("train.finetune.wise_ft.judge_on", lambda *_: lambda model: (1.0, 0.0))
    assert (
        train_classifier(bare, source.dataset, backbone, SETTINGS, tmp_path, tmp_path / "run").kept
        == "probe"
    )


def test_photos_that_cannot_be_read_do_not_stop_it_until_none_is_left(source, backbone, tmp_path):
    material = gather(source)
    nothing = replace(SETTINGS, epochs=0)
    some = replace(material, sides={**material.sides, "train": (*material.train, ("f" * 64, 0))})
    assert (
        train_classifier(some, source.dataset, backbone, nothing, tmp_path, tmp_path / "run").probe
        is not None
    )
    none = replace(material, sides={**material.sides, "train": (("f" * 64, 0),)})
    with pytest.raises(CannotTrain, match="can be read"):
        train_classifier(none, source.dataset, backbone, nothing, tmp_path, tmp_path / "run")


def test_a_run_is_found_again_by_what_it_learns_and_not_by_how_it_is_watched(source, backbone):
    material = gather(source)

    def named(settings, of=backbone):
        return run_name(source.dataset, material, of, settings)

    assert named(SETTINGS) == named(replace(SETTINGS, track="trackio", threads=3))
    others = {named(replace(SETTINGS, lr=1e-5)), named(SETTINGS, replace(backbone, revision="x"))}
    assert len({named(SETTINGS), *others}) == 3


@pytest.mark.parametrize(("budget", "epochs"), [("2m", 2), ("10s", 0)])
def test_a_budget_decides_how_long_is_trained(
    source, backbone, tmp_path, monkeypatch, budget, epochs
):
    monkeypatch.setattr(
        "train.finetune.recipe.pace_of",
        lambda *_: Pace(view=2.0, pixel=0.0, checked=0.0, asked=0.0),
    )
    monkeypatch.setattr("train.finetune.workers.fine_tune", ends_with(2.0))
    timed = replace(SETTINGS, epochs=None, budget=budget)
    material = gather(source)
    trained = train_classifier(
        material, source.dataset, backbone, timed, tmp_path, tmp_path / "run"
    )
    assert trained.plan.epochs == epochs and trained.kept == ("fine-tuned" if epochs else "probe")


def test_a_budget_and_epochs_together_are_refused_before_anything_is_done(
    source, backbone, tmp_path
):
    both = replace(SETTINGS, epochs=3, budget="10m")
    with pytest.raises(CannotTrain, match="either --budget or --epochs"):
        train_classifier(gather(source), source.dataset, backbone, both, tmp_path, tmp_path / "run")


def test_the_owner_chooses_how_far_views_stray(source, backbone, tmp_path):
    gentle = replace(SETTINGS, epochs=0, gentle=True)
    assert (
        train_classifier(
            gather(source), source.dataset, backbone, gentle, tmp_path, tmp_path / "run"
        ).plan.look
        == GENTLE
    )


def test_without_augmentation_photos_are_learned_as_they_are(source, backbone, tmp_path):
    plain = replace(SETTINGS, epochs=0, augment=False)
    assert (
        train_classifier(
            gather(source), source.dataset, backbone, plain, tmp_path, tmp_path / "run"
        ).plan.look
        is None
    )


def test_photos_are_mirrored_where_the_card_or_the_owner_says_so(source, backbone, tmp_path):
    material = gather(source)
    nothing = replace(SETTINGS, epochs=0)
    carded = replace(material, collection=replace(material.collection, extra={"flips": True}))

    def chance(of, settings):
        return train_classifier(
            of, source.dataset, backbone, settings, tmp_path, tmp_path / "run"
        ).plan.look.flip

    assert chance(material, nothing) == 0.0
    assert chance(carded, nothing) == chance(material, replace(nothing, flips=True)) == 0.5


def test_labels_that_the_photos_contradict_are_learned_only_when_asked_for(
    source, backbone, tmp_path, monkeypatch
):
    learned = []

    def fake(task, *_):
        learned.append(dict(task.train))
        best = Epoch(1, 0.1, 1.0, 0.1, 0.0, 0.0)
        return FineTuned((best,), best)

    monkeypatch.setattr("train.finetune.recipe.train_together", fake)
    material = gather(source)
    (wrong, label), *rest = material.train
    slipped = replace(material, sides={**material.sides, "train": ((wrong, 1 - label), *rest)})
    monkeypatch.setattr("train.probes.label_noise.LEAST", 5)
    for doubt in (True, False):
        train_classifier(
            slipped,
            source.dataset,
            backbone,
            replace(SETTINGS, doubt=doubt),
            tmp_path,
            tmp_path / f"run{doubt}",
        )
    assert learned[0].get(wrong) != 1 - label and learned[1][wrong] == 1 - label
    assert all(learned[0][image_id] == right for image_id, right in rest)


def test_the_card_says_how_the_training_went(source, backbone, tmp_path, monkeypatch):
    from train.release.contents import _in_words

    monkeypatch.setattr("train.finetune.workers.fine_tune", ends_with(1.5))
    settings = replace(SETTINGS, gentle=True, balance=0.5, lr_decay=0.6)
    small = {"side": 42, "epochs": 2}
    trained = train_classifier(
        gather(source), source.dataset, backbone, settings, tmp_path, tmp_path / "run"
    )
    told = _in_words(
        replace(trained, share=0.5, refitted=True, plan=replace(trained.plan, **small))
    )
    said = told["recipe"]
    for words in (
        "each photo nearly as it is",
        "rare classes shown more often",
        "50 % of the way from the probe's weights",
        "at 42 pixels",
        "the upper block learned at 0.0001, each 0.6 times as fast as the one above, for 2 epochs",
    ):
        assert words in said
    assert "refitted" in told["head"]
    told = _in_words(replace(trained, plan=replace(trained.plan, look=LOOK, balance=0.0)))
    assert (
        "as other visitors might take it" in told["recipe"]
        and "rare" not in told["recipe"]
        and "head" not in told
    )


@pytest.mark.parametrize(("family", "smoothing"), [("mobilenet_v2", 0.0), ("vit", 0.1)])
def test_a_network_with_batch_norms_learns_plain_labels(source, tmp_path, family, smoothing):
    small = find_backbone(str(write_tiny_family(family, tmp_path / family)), tmp_path)
    trained = train_classifier(
        gather(source), source.dataset, small, replace(SETTINGS, epochs=0), tmp_path, tmp_path
    )
    assert trained.plan.smoothing == smoothing
