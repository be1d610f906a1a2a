"""A network's matrices in 8 bits, and what they meet in 8 bits too: processors multiply those twice as fast as bf16.

One scale serves all that a matrix meets, found on photos of the release. What would make it coarse is taken out first:
a channel that is large moves a part of its size into the matrix (SmoothQuant, Xiao 2023), zero lies where the numbers
lie, and what rounding adds on average is taken off again (Nagel 2019). For a model that OpenVINO has read.

    shorten(openvino.Core().read_model("model.onnx"), photos)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

# How much of a channel's size moves into the matrix: .5 did worse on museum photos (logits off by .115, not .105), .85
# worse still (.137).
MOVED = 0.7
LEVELS = 255
# Tokens of a photo that the average error is measured on: one in so many.
ONE_IN = 16


@dataclass(frozen=True)
class Met:
    """What a matrix met: `low` and `high` of each channel, (d,), and some of the tokens, (n, d), in short."""

    low: np.ndarray
    high: np.ndarray
    some: np.ndarray


def shorten(model: Any, photos: np.ndarray, threads: int = 0) -> None:
    """Rewrite an OpenVINO model in place, as photos (n, 3, h, w) show what its matrices meet."""
    steps = _matrices(model)
    for step, met in zip(steps, _met(model, steps, photos, threads), strict=True):
        _shorten(step, met)
    model.validate_nodes_and_infer_types()


def _matrices(model: Any) -> list[Any]:
    """The steps that multiply tokens (b, t, d) with a matrix. A classifier is no such step; it stays as it is."""
    return [step for step in model.get_ordered_ops()
            if step.get_type_name() == "MatMul" and step.input_value(1).get_node().get_type_name() == "Constant"
            and len(step.input_value(1).get_shape()) == 2 and step.input_value(0).get_partial_shape().rank == 3]


def _met(model: Any, steps: list[Any], photos: np.ndarray, threads: int) -> list[Met]:
    """Photo by photo in float32: all of it at once would be half a gigabyte. And summed up where it is met: fifty
    megabytes of tokens, which the next matrix does not need any more, would be kept for us otherwise."""
    import openvino

    if not steps:
        return []
    watched = openvino.Model([one for step in steps for one in _summed_up(step.input_value(0))], model.get_parameters())
    settings = {"INFERENCE_PRECISION_HINT": "f32"} | ({"INFERENCE_NUM_THREADS": threads} if threads else {})
    request = openvino.Core().compile_model(watched, "CPU", settings).create_infer_request()
    seen: list[list[Met]] = [[] for _ in steps]
    for photo in photos:
        found = request.infer({0: photo[None]})
        for number, several in enumerate(seen):
            low, high, some = (np.array(found[3 * number + part]) for part in range(3))
            several.append(Met(low, high, some[0].astype(np.float16)))
    seen.reverse()
    return [_together(seen.pop()) for _ in steps]  # what is together is not kept in parts as well


def _summed_up(tokens: Any) -> list[Any]:
    """Of tokens (1, t, d): the least and the most of each channel, (d,), and one in so many, (1, n, d)."""
    from openvino import opset13 as steps

    both, nothing = np.array([0, 1]), [0, 0, 0]
    some = steps.strided_slice(tokens, nothing, nothing, [1, ONE_IN, 1], [1, 1, 1], [1, 1, 1])
    return [steps.reduce_min(tokens, both), steps.reduce_max(tokens, both), some]


def _together(several: list[Met]) -> Met:
    return Met(np.min([met.low for met in several], axis=0), np.max([met.high for met in several], axis=0),
               np.concatenate([met.some for met in several]))


def _shorten(step: Any, met: Met) -> None:
    from openvino import opset13 as steps

    kept = step.input_value(1).get_node().get_data()
    matrix = kept if step.get_attributes()["transpose_b"] else kept.T  # (out, d)
    sizes = _sizes(matrix, met)
    by = np.abs(matrix * sizes).max(axis=1, keepdims=True).clip(1e-12) / 127
    bits = np.round(matrix * sizes / by).astype(np.int8)
    low, high = _range(met.low / sizes, met.high / sizes)
    some = met.some.astype(np.float32)
    wrong = _rounded(some / sizes, low, high).mean(axis=0) @ (bits * by).T - some.mean(axis=0) @ matrix.T
    ends = (steps.constant(np.float32(low)), steps.constant(np.float32(high)))
    smooth = steps.multiply(step.input_value(0), _constant(1 / sizes[None, None]))
    product = steps.matmul(steps.fake_quantize(smooth, *ends, *ends, LEVELS + 1),
                           steps.multiply(steps.convert(steps.constant(bits), "f32"), _constant(by)), False, True)
    followers = list(step.output(0).get_target_inputs())
    if not _took_off(followers, wrong):
        product = steps.subtract(product, _constant(wrong[None, None]))
    for follower in followers:
        follower.replace_source_output(product.output(0))


def _sizes(matrix: np.ndarray, met: Met) -> np.ndarray:
    """What each channel (d,) is divided by before rounding, and its column multiplied with; 1 on average."""
    large = np.maximum(np.abs(met.low), np.abs(met.high)).clip(1e-4)
    sizes = large ** MOVED / np.abs(matrix).max(axis=0).clip(1e-5) ** (1 - MOVED)
    return np.asarray(sizes / np.exp(np.log(sizes).mean()), np.float32)


def _range(low: np.ndarray, high: np.ndarray) -> tuple[float, float]:
    """The ends of the scale, so that zero is one of its steps."""
    least, most = min(float(low.min()), 0.0), max(float(high.max()), 1e-6)
    step = (most - least) / LEVELS
    zero = round(-least / step)
    return -zero * step, (LEVELS - zero) * step


def _rounded(x: np.ndarray, low: float, high: float) -> np.ndarray:
    step = (high - low) / LEVELS
    return np.asarray(np.clip(np.round((x - low) / step), 0, LEVELS) * step + low)


def _took_off(followers: list[Any], wrong: np.ndarray) -> bool:
    """Whether the bias that follows could be changed by `wrong` (e,): no step more."""
    add = followers[0].get_node() if len(followers) == 1 else None
    if add is None or add.get_type_name() != "Add":
        return False
    other = 1 - followers[0].get_index()
    bias = add.input_value(other).get_node()
    if bias.get_type_name() != "Constant" or bias.get_data().size != wrong.size:
        return False
    changed = bias.get_data() - wrong.reshape(bias.get_data().shape)
    add.input(other).replace_source_output(_constant(changed).output(0))
    return True


def _constant(values: np.ndarray) -> Any:
    from openvino import opset13 as steps

    return steps.constant(np.ascontiguousarray(values, dtype=np.float32))
