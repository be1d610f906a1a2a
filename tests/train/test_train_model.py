import json
from dataclasses import replace

import numpy as np
import pytest

from data_cards.dataset.collection import Collection
from data_cards.dataset.repo import create_dataset
from data_cards.errors import BadAddress, BadCollection, BadModel, CannotTrain, DiskFull, TooBusy
from tests.fixtures.answers_given import told_everywhere
from tests.fixtures.pictures import collection_of, pictures, with_photos
from train.evaluation.report_page import AskedPhoto
from train.evaluation.sealed_test import evaluate_model
from train.inference.model_folder import classes_of, home_of, model_folder
from train.inference.predictor import load_predictor
from train.settings import TrainSettings
from train.train_model import report_of, train_model
from train.uncertainty.decision_rule import Judgement

RED = (200, 60, 60)
BLUE = (60, 60, 200)
GREEN = (60, 200, 60)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    made = create_dataset(
        str(tmp_path_factory.mktemp("data") / "set"), collection_of("red", "blue", "absent")
    )
    return with_photos(
        made,
        {"red": pictures(14, 1, RED), "blue": pictures(14, 2, BLUE), None: pictures(10, 3, GREEN)},
    )


@pytest.fixture(scope="module")
def settings(tiny_vit):
    return TrainSettings(backbone=str(tiny_vit), epochs=0, threads=1, named_strangers=5)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def round_one(dataset, settings, cache, tmp_path_factory):
    return train_model(
        dataset.address, str(tmp_path_factory.mktemp("models") / "model"), settings, cache=cache
    )


def release(report, name):
    return json.loads((report.folder / "vitrine" / name).read_text())


def test_a_release_opens_with_from_pretrained_and_names_titles(round_one):
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    model = AutoModelForImageClassification.from_pretrained(round_one.folder)
    assert model.config.id2label == {0: "Thing red", 1: "Thing blue"}
    assert model.config.label2id == {"Thing red": 0, "Thing blue": 1}
    assert model.config.class_ids == ["red", "blue"] and classes_of(round_one.folder) == (
        "red",
        "blue",
    )
    assert (
        AutoImageProcessor.from_pretrained(round_one.folder, backend="pil").crop_size["height"]
        == 56
    )


def test_the_pipeline_gives_the_calibrated_confidence(round_one, dataset, cache):
    from io import BytesIO

    from PIL import Image
    from transformers import pipeline

    calibration = release(round_one, "calibration.json")
    assert calibration["temperature"] == 1.0 and calibration["folded"] != 1.0
    classify = pipeline("image-classification", str(round_one.folder), top_k=2)
    predictor = load_predictor(round_one.folder, cache, engine="torch")
    for _, data in dataset.newest().read_photos(list(dataset.newest().photos())[:3]):
        said = {one["label"]: one["score"] for one in classify(Image.open(BytesIO(data)))}
        answer = predictor.predict(data, top_k=2)
        # transformers cuts the photo its own way, so the two see it a little differently.
        for one in answer.candidates:
            assert said[one.title] == pytest.approx(one.confidence, abs=0.05)


def test_a_release_names_the_exact_data_and_the_backbone(round_one, dataset, tiny_vit):
    said = release(round_one, "release.json")
    assert said["dataset"] == dataset.address
    assert said["dataset_revision"] == dataset.newest().revision == round_one.dataset_revision
    assert said["backbone"]["name"] == tiny_vit.name and said["seed"] == 0
    assert f"`{round_one.dataset_revision}`" in (round_one.folder / "README.md").read_text()


def test_a_release_serves_without_its_dataset(round_one):
    from train.inference.predictor import load_predictor

    predictor = load_predictor(str(round_one.folder))
    found = predictor.predict(pictures(1, 9, RED)[0])
    assert found.candidates[0].label == "red" and found.similar
    assert (round_one.folder / "vitrine/collection/classes.yaml").is_file()


def test_the_test_is_never_in_what_a_release_shows_or_learned_from(round_one, dataset):
    import pyarrow.parquet as pq

    shown = set(
        pq.read_table(round_one.folder / "vitrine/index/photos.parquet")["image_id"].to_pylist()
    )
    sealed_away = {i for i, row in dataset.newest().splits().items() if row.split == "test"}
    golden = {row["image_id"] for row in release(round_one, "golden.json")}
    assert shown and sealed_away and not (shown | golden) & sealed_away


def test_golden_answers_are_the_models_own(round_one):
    from train.inference.network import golden, open_network, same_answers

    network = open_network(round_one.folder, "torch")
    photos, logits = golden(round_one.folder, network.preprocess)
    assert len(photos) == 30 and same_answers(network.engine.run(photos)[0], logits)


def test_figures_charts_and_dials_are_all_there(round_one):
    said = release(round_one, "metrics.json")
    assert said["n"] == 6 and said["top1"]["value"] == 1.0 and 0 < said["top1"]["low"] < 1
    assert (
        said["rejection"]["none_refused"]["n"] == 2
        and said["kept"] == "probe"
        and said["previous"] is None
    )
    assert [path.name for path in (round_one.folder / "vitrine/charts").iterdir()] == ["rounds.svg"]
    judgement = Judgement.load(round_one.folder / "vitrine")
    assert judgement.calibration.n > 0
    assert (judgement.rejection.sees, judgement.rejection.wanted) == ("early", 0.05), (
        "what the owner said of strangers"
    )
    assert "at most 5 may be named" in said["rejection"]["promise"]
    assert release(round_one, "certificate.json")["leaks"].startswith("0 of ")
    told_everywhere(round_one.folder)


def test_nothing_unfinished_is_left_behind(round_one, cache):
    assert list((cache / "runs").iterdir()) == []


def test_evaluating_again_gives_the_same_figures(round_one, dataset, cache):
    again = evaluate_model(str(round_one.folder), dataset.address, cache=cache)
    assert (
        again["top1"] == round_one.metrics["top1"]
        and again["test_digest"] == round_one.metrics["test_digest"]
    )


def test_a_test_that_the_model_learned_from_is_named_as_flattering(
    round_one, dataset, cache, tmp_path
):
    from train.evaluation.results import metrics_text

    assert round_one.metrics["learned_from"] == 0
    other = create_dataset(str(tmp_path / "other"), collection_of("red", "blue"))
    same = with_photos(
        other, {"red": pictures(14, 1, RED), "blue": pictures(14, 2, BLUE)}, side="test"
    )
    with_photos(same, {"red": pictures(3, 6, RED), "blue": pictures(3, 7, BLUE)}, side="train")
    metrics = evaluate_model(str(round_one.folder), other.address, cache=cache)
    assert (
        metrics["n"] == 28
        and metrics["learned_from"] == 22
        and "this flatters the model" in metrics_text(metrics)
    )


def test_a_class_the_model_never_saw_counts_as_missed(round_one, dataset, cache, tmp_path):
    other = create_dataset(str(tmp_path / "other"), collection_of("red", "absent"))
    grown = with_photos(other, {"red": pictures(6, 4, RED), "absent": pictures(6, 5, BLUE)})
    metrics = evaluate_model(str(round_one.folder), grown.address, cache=cache)
    assert (
        metrics["classes"]["absent"]["recall"] == 0.0 and metrics["classes"]["red"]["recall"] == 1.0
    )


def test_the_next_round_is_held_against_this_one_and_older_rounds_stay_readable(
    dataset, settings, cache, tmp_path
):
    model = str(tmp_path / "model")
    first = train_model(dataset.address, model, settings, cache=cache)
    second = train_model(dataset.address, model, replace(settings, seed=1), cache=cache)
    assert second.revision != first.revision
    assert (
        second.metrics["previous"]["same_test"]
        and second.metrics["previous"]["model_revision"] == first.revision
    )
    old, revision = model_folder(f"{model}@{first.revision}", cache)
    assert (
        revision == first.revision
        and json.loads((old / "vitrine/release.json").read_text())["seed"] == 0
    )
    assert classes_of(old) == ("red", "blue")


def test_an_older_dataset_revision_can_be_trained_on(dataset, settings, cache, tmp_path):
    before = dataset.newest().revision
    with_photos(dataset.newest(), {"red": pictures(4, 8, RED)})
    report = train_model(
        f"{dataset.address}@{before}", str(tmp_path / "model"), settings, cache=cache
    )
    assert report.dataset_revision == before
    assert sum(release(report, "release.json")["photos"].values()) == 38


def test_fine_tuning_and_scratch_leave_releases_too(dataset, settings, cache, tmp_path):
    tuned = train_model(
        dataset.address, str(tmp_path / "tuned"), replace(settings, epochs=1, blocks=1), cache=cache
    )
    assert (
        len(tuned.metrics["epochs"]) == 1 and tuned.metrics["probe"]["validation_accuracy"] == 1.0
    )
    alone = replace(settings, scratch=True, epochs=1)
    small = train_model(dataset.address, str(tmp_path / "small"), alone, cache=cache)
    assert small.metrics["kept"] == "scratch" and small.metrics["n"] == tuned.metrics["n"]
    for one in (tuned, small):
        told_everywhere(one.folder)
    assert np.isfinite(evaluate_model(str(small.folder), dataset.address, cache=cache)["ece"])


def test_a_folder_that_holds_something_else_is_not_taken_over(tmp_path, cache):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BadAddress, match="holds other files"):
        home_of(str(tmp_path), cache)
    with pytest.raises(BadAddress, match="one of its revisions"):
        home_of(f"{tmp_path / 'new'}@abcdef", cache)


def test_the_same_training_does_not_run_twice_at_once(
    dataset, settings, cache, tmp_path, monkeypatch
):
    def start_again(*_):
        with pytest.raises(TooBusy, match="running already"):
            train_model(dataset.address, str(tmp_path / "model"), settings, cache=cache)
        raise CannotTrain("enough")

    monkeypatch.setattr("train.train_model.train_classifier", start_again)
    with pytest.raises(CannotTrain, match="enough"):
        train_model(dataset.address, str(tmp_path / "model"), settings, cache=cache)


FULL = (
    OSError(28, "Error writing bytes to file. Detail: [errno 28] No space left on device"),
    RuntimeError(
        "PytorchStreamWriter failed writing file data/0: file write failed: No space left on device"
    ),
)


@pytest.mark.parametrize("error", FULL, ids=("pyarrow", "torch"))
def test_a_full_disk_is_said_and_the_old_model_stays(
    round_one, dataset, settings, cache, monkeypatch, error
):
    def write(*_):
        raise error

    monkeypatch.setattr("train.release.contents.write_index", write)
    with pytest.raises(DiskFull, match="is untouched"):
        train_model(dataset.address, str(round_one.folder), replace(settings, seed=5), cache=cache)
    assert release(round_one, "release.json")["seed"] == 0
    assert model_folder(str(round_one.folder), cache)[1] == round_one.revision


def test_people_are_not_trained_for_the_hub_without_a_policy(tmp_path, settings, cache):
    people = create_dataset(
        str(tmp_path / "data"),
        Collection("people", "People", collection_of("a", "b").classes, subject="people"),
    )
    with_photos(people, {"a": pictures(6, 1, RED), "b": pictures(6, 2, BLUE)})
    with pytest.raises(BadCollection, match="intended_use"):
        train_model(people.address, "hf://ann/people", settings, cache=cache)


def test_a_place_without_a_model_is_a_sentence(tmp_path, cache):
    from data_cards.errors import MissingFile

    with pytest.raises((MissingFile, BadModel), match="no "):
        model_folder(str(tmp_path), cache)


def test_a_release_carries_its_report_and_the_card_leads_to_it(round_one):
    page = (round_one.folder / "vitrine/report.html").read_text()
    assert f"{round_one.metrics['n']} photos" in page and round_one.dataset_revision[:12] in page
    assert "`vitrine/report.html`" in (round_one.folder / "README.md").read_text()


@pytest.mark.parametrize(("subject", "shown"), [("things", True), ("people", False)])
def test_a_report_shows_photos_only_of_things(round_one, dataset, subject, shown):
    photo = next(iter(dataset.newest().photos()))
    asked = [AskedPhoto(photo, "red", "blue", 0.9, refused=False)]
    page = report_of(
        round_one.folder, replace(dataset.collection(), subject=subject), dataset.newest(), asked
    )
    assert ("data:image/jpeg" in page) is shown and ("photos are of people" in page) is not shown
