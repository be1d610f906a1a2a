"""A model folder reaches the Hub whole, in one commit, with its card, or not at all."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from data_cards.dataset.collection import ClassInfo, Collection, write_collection
from data_cards.errors import BadAddress, BadCollection, BadModel
from data_cards.storage.repository import open_repository
from train.release.publish import publish

BARQUES = Collection(
    "barques", "Barques", (ClassInfo("b1", "First barque"), ClassInfo("b2", "Second barque"))
)
RELEASE = {
    "dataset": "hf://ann/barques",
    "dataset_revision": "3f2a" * 10,
    "photos": {"train": 8, "test": 4},
    "backbone": {
        "name": "facebook/dinov2-small",
        "revision": "dead" * 10,
        "origin": "hub",
        "licence": "apache-2.0",
    },
}


def finish(folder, collection=BARQUES, release=RELEASE):
    """A model folder as training leaves it, with weights nobody looks at."""
    card, classes = write_collection(collection)
    for path, text in {
        "config.json": "{}",
        "preprocessor_config.json": "{}",
        "model.safetensors": "weights",
        "README.md": "a card that names the folder",
        "vitrine/release.json": json.dumps(release),
        "vitrine/metrics.json": json.dumps(
            {"top1": {"value": 0.75, "low": 0.3, "high": 0.95, "n": 4}}
        ),
        "vitrine/collection/card.md": card,
        "vitrine/collection/classes.yaml": classes,
        "vitrine/exports/model.onnx": "graph",
        "onnx/model.onnx": "graph",
        "vitrine/exports/model.proof.json": "{}",
        "vitrine/.unfinished": "",
        "checkpoints/step-10/model.safetensors": "old",
        "optimizer.pt": "state",
        "notes.txt": "mine",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def test_a_release_travels_and_what_is_only_of_use_here_stays(hub, tmp_path):
    publish(finish(tmp_path), "hf://ann/barques-vit")
    assert set(hub.files("ann/barques-vit", "model")) - {".gitattributes"} == {
        "README.md",
        "config.json",
        "preprocessor_config.json",
        "model.safetensors",
        "vitrine/release.json",
        "vitrine/metrics.json",
        "vitrine/collection/card.md",
        "vitrine/collection/classes.yaml",
        "vitrine/exports/model.onnx",
        "onnx/model.onnx",
    }


def test_a_release_is_one_commit_that_names_the_dataset_revision(hub, tmp_path):
    revision = publish(finish(tmp_path), "hf://ann/barques-vit")
    commits = hub.repo("ann/barques-vit", "model").commits
    assert [commit.oid for commit in commits[1:]] == [revision]
    assert commits[-1].title == "Trained on hf://ann/barques at 3f2a3f2a3f2a"


def test_the_card_names_the_place_it_was_pushed_to(hub, tmp_path):
    publish(finish(tmp_path), "hf://ann/barques-vit")
    card = hub.files("ann/barques-vit", "model")["README.md"].decode()
    assert 'from_pretrained("ann/barques-vit")' in card
    assert "75.0 % | 30.0 % to 95.0 % | 4" in card
    assert "3f2a" * 10 in card


def test_a_model_is_private_unless_asked(hub, tmp_path):
    publish(finish(tmp_path), "hf://ann/mine")
    publish(tmp_path, "hf://ann/ours", private=False)
    assert hub.repo("ann/mine", "model").private
    assert not hub.repo("ann/ours", "model").private


def test_the_next_release_replaces_what_is_gone(hub, tmp_path):
    publish(finish(tmp_path), "hf://ann/barques-vit")
    open_repository("hf://ann/barques-vit", kind="model").commit(
        {"demo.ipynb": b"the owner's own"}, "by hand"
    )
    (tmp_path / "vitrine/exports/model.onnx").unlink()
    publish(tmp_path, "hf://ann/barques-vit")
    files = hub.files("ann/barques-vit", "model")
    assert "vitrine/exports/model.onnx" not in files
    assert "demo.ipynb" in files


@pytest.mark.parametrize(
    "missing",
    ["config.json", "model.safetensors", "vitrine/release.json", "vitrine/collection/classes.yaml"],
)
def test_an_unfinished_folder_is_not_published(hub, tmp_path, missing):
    (finish(tmp_path) / missing).unlink()
    with pytest.raises(BadModel, match=missing.split("/")[-1].replace(".", r"\.")):
        publish(tmp_path, "hf://ann/barques-vit")
    assert not hub.repos


def test_a_model_that_does_not_say_what_it_learned_from_is_not_published(hub, tmp_path):
    with pytest.raises(BadModel, match="which dataset revision"):
        publish(
            finish(tmp_path, release=RELEASE | {"dataset_revision": None}), "hf://ann/barques-vit"
        )
    assert not hub.repos


def test_photos_of_people_need_their_policy_before_anything_is_made(hub, tmp_path):
    people = replace(BARQUES, subject="people", intended_use="teaching", consent="signed")
    with pytest.raises(BadCollection, match="legal_basis"):
        publish(finish(tmp_path, people), "hf://ann/barques-vit")
    assert not hub.repos
    publish(finish(tmp_path, replace(people, legal_basis="Art. 6")), "hf://ann/barques-vit")
    assert "signed" in hub.files("ann/barques-vit", "model")["README.md"].decode()


@pytest.mark.parametrize("address", ["a/folder", "hf://ann/barques-vit@3f2a3f2a"])
def test_a_model_is_published_at_the_newest_revision_of_a_hub_repository(tmp_path, address):
    with pytest.raises(BadAddress, match="published at hf://user/name"):
        publish(finish(tmp_path), address)


def test_from_pretrained_opens_what_was_pushed(hub, tmp_path):
    import torch
    from transformers import (
        AutoImageProcessor,
        AutoModelForImageClassification,
        ViTConfig,
        ViTForImageClassification,
    )
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    finish(tmp_path)
    config = ViTConfig(
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        image_size=16,
        patch_size=8,
        id2label={0: "b1", 1: "b2"},
        label2id={"b1": 0, "b2": 1},
    )
    here = ViTForImageClassification(config).eval()
    here.save_pretrained(tmp_path)
    ViTImageProcessorPil(size={"height": 16, "width": 16}).save_pretrained(tmp_path)
    publish(tmp_path, "hf://ann/barques-vit")
    there = AutoModelForImageClassification.from_pretrained("ann/barques-vit").eval()
    AutoImageProcessor.from_pretrained("ann/barques-vit", backend="pil")
    photo = torch.zeros(1, 3, 16, 16)
    assert there.config.id2label == {0: "b1", 1: "b2"}
    assert torch.equal(here(photo).logits, there(photo).logits)


def test_the_code_of_a_family_without_a_classifier_travels_and_its_card_says_so(hub, tmp_path):
    folder = finish(tmp_path)
    (folder / "modeling_vitrine.py").write_text("# a classifier")
    publish(folder, "hf://ann/barques-vit")
    there = open_repository("hf://ann/barques-vit", kind="model")
    assert there.read("modeling_vitrine.py") == b"# a classifier"
    assert there.read("README.md").decode().count("trust_remote_code=True") == 2
