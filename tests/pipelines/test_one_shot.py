"""From a catalogue to an answer by the usual commands: collect, split, train, evaluate, predict."""

from curation.ingest.collect import collect
from data_cards.dataset.repo import open_dataset
from data_cards.photos.image import encode_jpeg
from tests.fixtures.paintings import catalogue, painting, visit
from train.evaluation.sealed_test import evaluate_model
from train.inference.predictor import load_predictor
from train.settings import TrainSettings
from train.splits.seal import sealed
from train.train_model import train_model


def test_a_catalogue_with_one_picture_each_is_recognised_by_the_usual_commands(tmp_path, tiny_vit):
    collect(str(catalogue(tmp_path, kinds=6, visited=3)), str(tmp_path / "data"))
    split = sealed(open_dataset(str(tmp_path / "data")))
    assert (
        split.certificate.n == {"train": 0, "validation": 0, "test": 3}
        and split.certificate.given_test
    )
    settings = TrainSettings(backbone=str(tiny_vit), threads=1)
    report = train_model(
        str(tmp_path / "data"), str(tmp_path / "model"), settings, cache=tmp_path / "cache"
    )
    assert len(report.metrics["classes"]) == 6
    metrics = evaluate_model(
        str(tmp_path / "model"), str(tmp_path / "data"), cache=tmp_path / "cache"
    )
    assert metrics["top1"]["value"] == 1 and metrics["n"] == 3 and metrics["learned_from"] == 0
    predictor = load_predictor(str(tmp_path / "model"))
    assert predictor.predict(encode_jpeg(visit(5))).title == "Work 5", (
        "never seen but on its picture"
    )
    assert predictor.predict(encode_jpeg(visit(8))).answer == "none"


def test_a_catalogue_without_a_single_visitors_photo_works_too(tmp_path, tiny_vit):
    collect(str(catalogue(tmp_path, kinds=4, visited=0)), str(tmp_path / "data"))
    settings = TrainSettings(backbone=str(tiny_vit), threads=1)
    report = train_model(
        str(tmp_path / "data"), str(tmp_path / "model"), settings, cache=tmp_path / "cache"
    )
    assert report.metrics["n"] == 0
    assert load_predictor(str(report.folder)).predict(encode_jpeg(visit(2))).title == "Work 2"


def test_folders_with_one_photo_each_are_a_catalogue(tmp_path, tiny_vit):
    for kind in range(4):
        (tmp_path / "photos" / f"work {kind}").mkdir(parents=True)
        (tmp_path / "photos" / f"work {kind}" / "a.jpg").write_bytes(encode_jpeg(painting(kind)))
    collect(str(tmp_path / "photos"), str(tmp_path / "data"))
    settings = TrainSettings(backbone=str(tiny_vit), threads=1)
    report = train_model(
        str(tmp_path / "data"), str(tmp_path / "model"), settings, cache=tmp_path / "cache"
    )
    assert load_predictor(str(report.folder)).predict(encode_jpeg(visit(3))).title == "Work 3"
