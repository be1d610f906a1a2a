"""Embeddings are what the classifier head sees, for every family."""

import pytest
import torch

from data_cards.errors import BadModel
from tests.fixtures.tiny_models import SIZE, write_tiny_classifier
from train.models.heads import load_answering, load_pooled, pooled, seen_by

PHOTO = torch.linspace(-1, 1, 2 * 3 * SIZE * SIZE).reshape(2, 3, SIZE, SIZE)


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    return write_tiny_classifier(tmp_path_factory.mktemp("classifier"), ("lion", "rose"))


def test_a_classifier_gives_its_own_logits_and_the_input_of_its_head(classifier):
    from transformers import AutoModelForImageClassification

    original = AutoModelForImageClassification.from_pretrained(classifier).eval()
    with torch.inference_mode():
        logits, embedding, _ = load_answering(classifier)(PHOTO)
        torch.testing.assert_close(logits, original(PHOTO).logits)
        torch.testing.assert_close(original.classifier(embedding), logits)


def small(name, **more):
    import transformers

    sizes = {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 32,
    }
    config = getattr(transformers, f"{name}Config")(
        **sizes, image_size=SIZE, patch_size=14, num_labels=3, **more
    )
    return getattr(transformers, f"{name}ForImageClassification")(config).eval()


@pytest.mark.parametrize("name", ["ViT", "Dinov2WithRegisters"])
def test_other_families_feed_their_heads_the_same_way(name):
    model = small(name)
    with torch.inference_mode():
        torch.testing.assert_close(model.classifier(seen_by(model, PHOTO)[0]), model(PHOTO).logits)


def test_the_small_resnet_feeds_its_head_the_same_way():
    from transformers import ResNetConfig, ResNetForImageClassification

    model = ResNetForImageClassification(
        ResNetConfig(
            embedding_size=8, hidden_sizes=[8, 8], depths=[1, 1], layer_type="basic", num_labels=3
        )
    ).eval()
    with torch.inference_mode():
        torch.testing.assert_close(model.classifier(seen_by(model, PHOTO)[0]), model(PHOTO).logits)


def test_a_plain_vit_takes_photos_of_another_size():
    model = small("ViT")
    with torch.inference_mode():
        assert pooled(model.vit, PHOTO[:, :, :28, :28]).shape == (2, 16)


def test_a_folder_without_weights_is_said(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "dinov2"}')
    with pytest.raises(BadModel, match="cannot be opened"):
        load_pooled(tmp_path)
