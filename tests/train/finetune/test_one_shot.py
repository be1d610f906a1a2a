"""A release from one picture of each thing."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from data_cards.dataset.repo import create_dataset
from data_cards.errors import BadPhoto, CannotTrain
from data_cards.photos.image import encode_jpeg, image_id
from tests.fixtures.answers_given import told_everywhere
from tests.fixtures.paintings import painting, visit
from tests.fixtures.pictures import collection_of, with_photos
from train.evaluation.sealed_test import evaluate_model
from train.finetune.one_shot import NEVER, Pictures, Simulated, _judged, comparing
from train.images.keypoints import NO_POINTS
from train.inference.network import golden, open_network, same_answers
from train.inference.predictor import load_predictor
from train.inference.reference_matching import ReferenceMatcher, References
from train.settings import TrainSettings
from train.splits.seal import sealed
from train.splits.training_set import gather
from train.train_model import train_model
from train.uncertainty.rejection import tuned_on_views

KINDS = "abcdef"


@pytest.fixture(scope="module")
def settings(tiny_vit):
    return TrainSettings(backbone=str(tiny_vit), threads=1)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """References of a to e, one photo of f, and visitors' photos of a, b and c as the test."""
    things = create_dataset(
        str(tmp_path_factory.mktemp("data") / "set"),
        collection_of(*KINDS),
        {name: encode_jpeg(painting(kind)) for kind, name in enumerate(KINDS[:-1])},
    )
    tested = with_photos(
        things, {name: [encode_jpeg(visit(kind))] for kind, name in enumerate("abc")}, side="test"
    )
    return with_photos(tested, {"f": [encode_jpeg(painting(5))]})


@pytest.fixture(scope="module")
def release(dataset, settings, tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    return train_model(
        dataset.address, str(tmp_path_factory.mktemp("models") / "model"), settings, cache=cache
    )


@pytest.fixture(scope="module")
def predictor(release):
    return load_predictor(str(release.folder))


def read(release, name):
    return json.loads((release.folder / "vitrine" / name).read_text())


def test_visitors_photos_are_recognised_and_the_release_says_how(release):
    assert release.metrics["n"] == 3 and release.metrics["top1"]["value"] == 1
    assert read(release, "release.json")["kind"] == "references"
    card = (release.folder / "README.md").read_text()
    assert (
        "No guarantee: tuned on simulated views" in card
        and "compared with one picture of each thing" in card
    )


def test_a_thing_with_a_photo_and_no_reference_picture_is_known_as_well(predictor):
    found = predictor.predict(encode_jpeg(visit(5)))
    assert found.label == "f" and found.answer != "none"


def test_a_stranger_is_none_and_a_known_thing_is_not(predictor):
    assert [predictor.predict(encode_jpeg(visit(kind))).answer for kind in (11, 12, 13)] == [
        "none"
    ] * 3
    assert "none" not in [
        predictor.predict(encode_jpeg(visit(kind, 1))).answer for kind in range(6)
    ]


def test_two_pictures_in_one_frame_are_both_answered(predictor):
    wall = Image.new("RGB", (1280, 640), (150, 148, 140))
    for place, kind in enumerate((1, 3)):
        wall.paste(painting(kind), (90 + 600 * place, 180))
    said = predictor.predict(encode_jpeg(wall))
    assert said.answer == "one_of" and said.to_json()["several"] is True
    assert {one.label for one in said.candidates} == {"b", "d"}
    assert said.label == said.candidates[0].label == said.card["id"]
    assert min(one.confidence for one in said.candidates) > 0.5, "each as if it were alone"
    assert "several" not in predictor.predict(encode_jpeg(visit(1))).to_json()


def test_a_picture_s_outline_is_said_where_it_is_in_the_photo(predictor):
    corners = np.array(predictor.outline(encode_jpeg(visit(1)), "b"))
    assert corners.shape == (4, 2) and corners[0].max() < 0.4 and corners[2].min() > 0.6
    assert predictor.outline(encode_jpeg(visit(1)), "c") is None, "another picture"
    assert predictor.outline(encode_jpeg(visit(5)), "f") is None, "it has no reference picture"
    assert predictor.outline(encode_jpeg(visit(1)), "nothing") is None


def test_what_is_no_photo_is_refused_like_anywhere(predictor):
    with pytest.raises(BadPhoto):
        predictor.predict(b"nothing")


def test_the_most_similar_begins_with_the_picture_it_was_recognised_by(predictor):
    data = encode_jpeg(visit(2))
    shown = predictor.predict(data).similar
    assert shown[0]["label"] == "c" and shown[0]["image_id"] == image_id(predictor.reference("c"))
    assert predictor.similar(data, 3)[0]["label"] == "c" and len(predictor.similar(data, 3)) == 3
    assert predictor.thumbnail(shown[0]["image_id"])


def test_how_often_it_is_sure_is_told_wherever_it_is_described(release):
    assert told_everywhere(release.folder)["none"] == 0


def test_evaluating_again_comes_to_the_same(release, dataset, tmp_path):
    assert (
        evaluate_model(str(release.folder), dataset.address, cache=tmp_path)["top1"]
        == release.metrics["top1"]
    )


def test_golden_answers_are_those_of_the_network_without_pictures(release):
    network = open_network(release.folder, "torch")
    photos, logits = golden(release.folder, network.preprocess)
    assert isinstance(network, ReferenceMatcher) and len(photos) == 6
    assert same_answers(network.engine.run(photos)[0], logits)


def test_a_class_whose_picture_cannot_be_read_is_never_named():
    weight, bias = comparing(np.eye(4)[:2], np.array([0, 2]), classes=3).head()
    assert bias[1] == NEVER and not weight[1].any() and weight.shape == (3, 4)


def test_pictures_are_references_and_photos_outside_the_test_in_the_order_of_classes(dataset):
    source = sealed(dataset)
    pictures = Pictures(source.dataset, gather(source))
    assert list(pictures.labels.values()) == [0, 1, 2, 3, 4, 5]
    assert {image_id(data) for _, data in pictures.read_photos(pictures.ids)} == set(pictures.ids)


def test_simulated_views_are_the_same_whenever_asked(dataset):
    source = sealed(dataset)
    pictures = Pictures(source.dataset, gather(source))
    views = Simulated(pictures, tuple(pictures.ids), 0)
    some = views.ids[:3]
    assert dict(views.read_photos(some)) == dict(views.read_photos(list(reversed(some))))
    assert {views.label(view) for view in views.ids} == set(range(6)) and len(views.ids) == 24


class Views:
    """Two views of each of three things, with nothing on them."""

    ids = tuple(f"{label}/{n}" for label in range(3) for n in range(2))

    def label(self, view):
        return int(view[0])

    def read_photos(self, ids):
        return ((view, b"") for view in ids)


def test_a_stranger_is_a_view_whose_own_thing_cannot_be_named(monkeypatch):
    views = Views()
    seen = []
    answers = SimpleNamespace(
        ids=views.ids, logits=np.eye(3, dtype=np.float32).repeat(2, axis=0), embeddings=None
    )
    plain = SimpleNamespace(preprocess=SimpleNamespace(opened=lambda *_: None))

    def tuned(known, strangers, *more):
        seen.append((known, strangers))
        return tuned_on_views(known, strangers, *more)

    monkeypatch.setattr("train.finetune.one_shot.answers_of", lambda *_: answers)
    monkeypatch.setattr("train.finetune.one_shot.find_points", lambda *_: NO_POINTS)
    monkeypatch.setattr("train.finetune.one_shot.tuned_on_views", tuned)
    _judged(views, plain, References((), (), 3), np.zeros((0, 3), np.float32))
    (known, strangers), own = seen[0], [0, 0, 1, 1, 2, 2]
    assert (strangers[range(6), own] == NEVER).all() and (known == answers.logits).all()
    assert (np.delete(strangers[0], 0) == np.delete(known[0], 0)).all(), (
        "other things may still be named"
    )


def test_folders_with_one_photo_each_work_without_a_test(settings, tmp_path):
    things = create_dataset(str(tmp_path / "data"), collection_of("a", "b", "c"))
    photos = {name: [encode_jpeg(painting(kind))] for kind, name in enumerate("abc")}
    report = train_model(
        with_photos(things, photos).address, str(tmp_path / "model"), settings, cache=tmp_path / "c"
    )
    assert report.metrics["n"] == 0 and report.metrics["top1"]["value"] is None
    assert "nothing can be measured" in (report.folder / "README.md").read_text()
    page = (report.folder / "vitrine/report.html").read_text()
    assert "Not measured: no photo is left" in page and "named rightly" not in page
    assert not (report.folder / "vitrine/charts").exists()
    assert load_predictor(str(report.folder)).predict(encode_jpeg(visit(1))).label == "b"
    again = train_model(
        str(tmp_path / "data"), str(tmp_path / "model"), settings, cache=tmp_path / "c"
    )
    assert again.revision != report.revision, "a second round without a test"


def test_unreadable_pictures_leave_nothing_to_tell_apart(settings, tmp_path):
    things = create_dataset(
        str(tmp_path / "data"), collection_of("a", "b"), {"a": b"no", "b": b"picture"}
    )
    with pytest.raises(CannotTrain, match="readable picture"):
        train_model(things.address, str(tmp_path / "model"), settings, cache=tmp_path / "c")
