"""Mirror images are asked about where validation shows that it pays, by every engine alike."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from data_cards.dataset.repo import create_dataset
from data_cards.photos.image import encode_jpeg
from tests.fixtures.pictures import collection_of, pictures, with_photos
from tests.fixtures.tiny_models import picture
from train.finetune.recipe import train_classifier
from train.inference.batch_predict import Answers, ask
from train.inference.network import open_network
from train.models.backbone import find_backbone
from train.models.heads import Mirrored, load_answering
from train.release.contents import furnish, write_weights
from train.release.export import export
from train.release.mirror_images import FILE, may_be_mirrored, pays, told_on_card
from train.settings import SplitSettings, TrainSettings
from train.splits.seal import sealed
from train.splits.training_set import gather


def asks_mirrored(folder):
    return json.loads((folder / "config.json").read_text()).get("asks_mirrored", False)


@pytest.fixture
def mirrored_release(tiny_release, tmp_path):
    folder = shutil.copytree(tiny_release, tmp_path / "release")
    config = json.loads((folder / "config.json").read_text()) | {"asks_mirrored": True}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    made = create_dataset(
        str(tmp_path_factory.mktemp("data") / "set"), collection_of("red", "blue")
    )
    photos = {"red": pictures(100, 1, (200, 60, 60)), "blue": pictures(100, 2, (60, 60, 200))}
    return sealed(with_photos(made, photos), SplitSettings(validation=0.3))


@pytest.fixture
def trained(source, tiny_vit, tmp_path):
    settings = TrainSettings(epochs=0, threads=1, flips=True)
    backbone = find_backbone(str(tiny_vit), tmp_path)
    material = gather(source)
    return train_classifier(material, source.dataset, backbone, settings, tmp_path, tmp_path / "r")


def furnished(source, trained, draft, asking):
    write_weights(trained, draft)
    furnish(draft, source, gather(source), trained, 0, asking=asking, mirror=True)
    path = draft / "vitrine" / FILE
    return json.loads(path.read_text()) if path.is_file() else None


def knowing(source, share):
    """Asked mirrored, this share of validation is right; as it is, one half."""
    truth = dict((*gather(source).train, *gather(source).validation))

    def asked(folder, dataset, ids, what):
        found = ask(folder, dataset, ids, what)
        part = share if asks_mirrored(folder) else 0.5
        label = np.array([truth[name] for name in found.ids])
        wrong = np.arange(len(label)) >= part * len(label)
        logits = np.eye(2, dtype=np.float32)[np.where(wrong, 1 - label, label)]
        return Answers(found.ids, logits, found.embeddings, found.early)

    return asked


def test_all_a_network_says_is_the_mean_of_the_photo_and_its_mirror_image():
    once = torch.nn.Module()
    once.forward = lambda x: (x[:, 0, 0], x.sum(dim=(1, 2, 3))[:, None])
    photos = torch.arange(24.0).reshape(2, 3, 2, 2)
    first, second = Mirrored(once)(photos)
    torch.testing.assert_close(first, (photos[:, 0, 0] + photos[:, 0, 0].flip(-1)) / 2)
    torch.testing.assert_close(second, photos.sum(dim=(1, 2, 3))[:, None])


def test_a_release_that_asks_mirrored_answers_a_photo_as_its_mirror_image(
    mirrored_release, tiny_release
):
    network = open_network(mirrored_release, "torch")
    photo = network.preprocess(encode_jpeg(picture(3, 60)))[None]
    pair = (photo, np.ascontiguousarray(photo[..., ::-1]))
    plain, both = (
        [open_network(folder, "torch").engine.run(one)[0] for one in pair]
        for folder in (tiny_release, mirrored_release)
    )
    np.testing.assert_allclose(both[0], both[1], atol=1e-5)
    np.testing.assert_allclose(both[0], (plain[0] + plain[1]) / 2, atol=1e-5)
    assert np.abs(plain[0] - plain[1]).max() > 1e-3


@pytest.mark.parametrize("to", ["onnx", "torchscript"])
def test_exports_ask_about_the_mirror_image_too(mirrored_release, tmp_path, to):
    # `export` raises where the answers differ from those of the module, alone or in a batch.
    path = export(str(mirrored_release), to, [encode_jpeg(picture(1, 50))], cache=tmp_path)
    assert path.is_file() and isinstance(load_answering(mirrored_release), Mirrored)


def test_they_are_served_where_the_whole_interval_lies_above_nothing():
    wrong, right = np.zeros(60, bool), np.ones(60, bool)
    few = np.arange(60) < 3
    groups = range(60)
    assert pays(wrong, right, groups).served
    assert not pays(~few, right, groups).served
    assert not pays(right, right, groups).served
    assert not pays(right, wrong, groups).served
    # Twelve near-copies of one photo are one photo.
    copied = [*range(48), *[48] * 12]
    assert pays(groups_right := np.arange(60) < 48, right, groups).served
    assert not pays(groups_right, right, copied).served


def test_a_release_that_gains_asks_mirrored_from_then_on_and_its_card_tells(
    source, trained, tmp_path
):
    told = furnished(source, trained, tmp_path / "draft", knowing(source, 1.0))
    assert told["served"] and told["gain"] == pytest.approx(0.5, abs=0.02) and told["n"] >= 50
    assert asks_mirrored(tmp_path / "draft")
    ((name, words),) = told_on_card(told)
    assert name == "mirror images" and "ms a photo more" in words and "+50 points" in words


def test_a_release_that_gains_nothing_stays_as_it_was_and_its_card_tells_what_was_tried(
    source, trained, tmp_path
):
    told = furnished(source, trained, tmp_path / "draft", knowing(source, 0.5))
    assert not told["served"] and not asks_mirrored(tmp_path / "draft")
    assert told_on_card(told)[0][1].startswith("not asked about: tried, 0 points on")


def test_what_must_not_be_mirrored_is_not_tried(source, trained, tmp_path):
    upright = replace(trained, plan=replace(trained.plan, look=None))
    assert may_be_mirrored(trained) and not may_be_mirrored(upright)
    assert furnished(source, upright, tmp_path / "draft", knowing(source, 1.0)) is None
    assert told_on_card({}) == ()
