"""The network for inference says what the original says, or is the original."""

import pytest
import torch
from torch import nn

from tests.fixtures.tiny_models import SIZE, write_tiny_classifier
from train.inference.engine import write_onnx
from train.models.fused import LeanAnswering, LeanPooled, lean
from train.models.heads import Answering, Pooled, load_answering, load_pooled

PHOTOS = torch.linspace(-2, 2, 3 * 3 * SIZE * SIZE).reshape(3, 3, SIZE, SIZE).sin()


def classifier(family, **more):
    import transformers

    sizes = {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 32,
    }
    config = getattr(transformers, f"{family}Config")(
        **sizes, image_size=SIZE, patch_size=14, num_labels=3, initializer_range=0.3, **more
    )
    model = getattr(transformers, f"{family}ForImageClassification")(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lambda1" in name or "bias" in name or "position" in name or "token" in name:
                weight.copy_(torch.linspace(-1, 1, weight.numel()).reshape(weight.shape))
    return Answering(model)


def small_resnet():
    from transformers import ResNetConfig, ResNetForImageClassification

    return Answering(
        ResNetForImageClassification(
            ResNetConfig(
                embedding_size=8,
                hidden_sizes=[8, 8],
                depths=[1, 1],
                layer_type="basic",
                num_labels=3,
            )
        )
    ).eval()


@pytest.mark.parametrize("family", ["Dinov2", "Dinov2WithRegisters", "ViT"])
@pytest.mark.parametrize("side", [SIZE, 42])
def test_every_family_answers_the_same_at_any_size(family, side):
    original = classifier(family)
    photos = PHOTOS[:, :, :side, :side]
    rewritten = lean(original, side)
    assert isinstance(rewritten, LeanAnswering)
    with torch.inference_mode():
        for found, expected in zip(rewritten(photos), original(photos), strict=True):
            torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_projections_without_a_bias_are_joined_as_well():
    original = classifier("ViT", qkv_bias=False)
    with torch.inference_mode():
        torch.testing.assert_close(
            lean(original, SIZE)(PHOTOS), original(PHOTOS), atol=1e-4, rtol=1e-4
        )


def test_a_backbone_without_a_head_is_rewritten_too(tiny_vit):
    original = load_pooled(tiny_vit)
    rewritten = lean(original, SIZE)
    assert isinstance(rewritten, LeanPooled)
    with torch.inference_mode():
        torch.testing.assert_close(rewritten(PHOTOS), original(PHOTOS), atol=1e-4, rtol=1e-4)


def test_the_original_is_not_changed(tmp_path):
    original = load_answering(write_tiny_classifier(tmp_path, ("lion", "rose")))
    before = {name: value.clone() for name, value in original.state_dict().items()}
    with torch.inference_mode():
        lean(original, SIZE)
    after = original.state_dict()
    assert before.keys() == after.keys() and all(
        torch.equal(before[name], after[name]) for name in before
    )


@pytest.mark.parametrize(
    "unknown",
    [small_resnet, lambda: classifier("Dinov2", use_swiglu_ffn=True), lambda: nn.Flatten()],
    ids=["resnet", "swiglu", "no ViT"],
)
def test_what_we_cannot_rewrite_stays_as_it_is(unknown):
    original = unknown()
    assert lean(original, SIZE) is original


def test_what_answers_differently_after_rewriting_stays_as_it_is(tiny_vit):
    class Shifted(Pooled):
        def forward(self, pixel_values):
            return super().forward(pixel_values) + 0.01

    original = Shifted(load_pooled(tiny_vit).trunk).eval()
    assert lean(original, SIZE) is original


@pytest.mark.slow
def test_the_file_that_engines_open_is_the_lean_one(tiny_vit, tmp_path):
    import onnx

    graph = onnx.load(
        str(write_onnx(load_pooled(tiny_vit), SIZE, tmp_path / "tiny.onnx", ["embedding"]))
    ).graph
    kinds = [node.op_type for node in graph.node]
    assert not {"IsNaN", "Where", "Resize"} & set(kinds)
    assert kinds.count("MatMul") + kinds.count("Gemm") == 2 * 6, (
        "three projections of a layer are one"
    )
