"""A network's weights in as few bits as its answers allow, for a browser that downloads them once.

    graph, arrays = split_graph(Path("model.onnx"))     # a small graph, and its large arrays
    packed = pack(arrays, steps=511)                    # bytes that gzip makes small
    weights = unpack(packed, layout_of(arrays, 511))    # as the browser does it

Weights are rounded in blocks, each to a number of steps within its range, and used in float32: they
only have fewer digits. 8-bit arithmetic would be slightly smaller and change the answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

# Numbers that share one scale: it costs an eighth of a bit for each of them.
BLOCK = 128
# Vectors stay in the graph, in full: biases and norms are a hundredth of the weights, and
# everything passes through them.
LEAST = 1024
# What the graph calls the file that its arrays are in.
WEIGHTS = "weights"


@dataclass(frozen=True)
class Layout:
    """What a reader of packed weights has to know: into how many `steps` on either side of zero a
    block is divided (127 of them take 8 bits), and how many numbers each array has."""

    steps: int
    counts: tuple[int, ...]
    block: int = BLOCK


def split_graph(path: Path) -> tuple[bytes, list[np.ndarray]]:
    """An ONNX file as a graph whose large arrays lie one after the other in a file of float32
    called WEIGHTS, and those arrays, flat."""
    import onnx

    model = onnx.load(str(path))
    arrays = []
    offset = 0
    for tensor in model.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        # Each kernel of a depthwise convolution has a scale of its own: a block would mix several.
        is_depthwise = values.ndim == 4 and values.shape[1] == 1
        if values.dtype != np.float32 or values.ndim < 2 or values.size < LEAST or is_depthwise:
            continue
        arrays.append(values.ravel())
        _point(tensor, offset, values.nbytes)
        offset += values.nbytes
    return model.SerializeToString(), arrays


def _point(tensor: Any, offset: int, length: int) -> None:
    """Say where a tensor's numbers are, and take them out."""
    import onnx

    tensor.ClearField("raw_data")
    tensor.ClearField("float_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    del tensor.external_data[:]
    for key, value in (("location", WEIGHTS), ("offset", offset), ("length", length)):
        entry = tensor.external_data.add()
        entry.key = key
        entry.value = str(value)


def layout_of(arrays: Sequence[np.ndarray], steps: int) -> Layout:
    """How `pack` would lay these arrays out."""
    return Layout(steps, tuple(array.size for array in arrays))


def pack(arrays: Sequence[np.ndarray], steps: int, block: int = BLOCK) -> bytes:
    """Flat float32 arrays, each number as one of `steps` steps (1 to 32767) on its side of zero in
    its block's range: the blocks' scales in half precision, then all upper bytes, then all lower
    ones.

    Apart, because gzip finds much in the upper bytes and nothing in the lower ones.
    """
    scales: list[np.ndarray] = []
    numbers: list[np.ndarray] = []
    for array in arrays:
        blocks = _blocks(array, block)
        most = np.abs(blocks).max(axis=1)
        scale = _half_above(most / steps)
        wide = scale.astype(np.float32)
        near = np.rint(blocks / np.where(wide > 0, wide, 1)[:, None])
        scales.append(scale)
        numbers.append((near.ravel()[: array.size] + steps).astype(np.uint16))
    rounded = np.concatenate(numbers) if numbers else np.zeros(0, np.uint16)
    upper = (rounded >> 8).astype(np.uint8)
    lower = (rounded & 0xFF).astype(np.uint8)
    scaled = np.concatenate(scales) if scales else np.zeros(0, np.float16)
    return scaled.tobytes() + upper.tobytes() + lower.tobytes()


def unpack(packed: bytes, layout: Layout) -> np.ndarray:
    """The arrays' numbers one after the other, float32, to the digit as a browser reads them."""
    blocks = [-(-count // layout.block) for count in layout.counts]
    halves = np.frombuffer(packed, np.float16, sum(blocks))
    scales = halves.astype(np.float32)
    total = sum(layout.counts)
    start = halves.nbytes
    upper = np.frombuffer(packed, np.uint8, total, start).astype(np.int32)
    lower = np.frombuffer(packed, np.uint8, total, start + total)
    steps = (upper * 256 + lower - layout.steps).astype(np.float32)
    ends = np.cumsum(blocks)
    by = [
        np.repeat(scales[end - some : end], layout.block)[:count]
        for end, some, count in zip(ends, blocks, layout.counts, strict=True)
    ]
    return steps * np.concatenate(by) if by else steps


def _half_above(values: np.ndarray) -> np.ndarray:
    """In half precision, never less: the largest of a block would lie beyond its last step."""
    half = values.astype(np.float16)
    return np.where(half.astype(np.float32) < values, np.nextafter(half, np.float16(np.inf)), half)


def _blocks(array: np.ndarray, block: int) -> np.ndarray:
    """(n,) as (blocks, block), zeros at the end."""
    missing = -array.size % block
    return np.pad(array, (0, missing)).reshape(-1, block)
