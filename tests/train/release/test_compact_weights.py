"""A network's weights in few bits: the smallest form that answers the same, read back to the digit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.browser_twin import GOLDEN, golden
from train.inference.engine import open_onnx
from train.inference.network import ONNX
from train.release.compact_weights import WEIGHTS, layout_of, pack, split_graph, unpack


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 400), max_size=4), st.integers(1, 32767), st.integers(0, 99))
def test_no_number_moves_by_more_than_half_a_step(counts: list[int], steps: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = [rng.normal(size=count).astype(np.float32) for count in counts]
    read = unpack(pack(arrays, steps), layout_of(arrays, steps))
    assert read.dtype == np.float32 and len(read) == sum(counts)
    start = 0
    for array in arrays:
        step = np.abs(array).max() / steps
        assert np.abs(read[start : start + len(array)] - array).max() <= step * 0.51 + 1e-7
        start += len(array)


def test_zeros_stay_zeros_and_the_largest_stay_nearly_themselves() -> None:
    array = np.array([0, 0, 3, -3, 0], np.float32)
    assert unpack(pack([array], 127), layout_of([array], 127)).tolist() == pytest.approx(
        [0, 0, 3, -3, 0], rel=1e-3
    )
    nothing = np.zeros(300, np.float32)
    assert not unpack(pack([nothing], 127), layout_of([nothing], 127)).any()


def test_a_graph_without_its_arrays_is_small_and_answers_as_before(
    exported_release: Path, tmp_path: Path
) -> None:
    whole = exported_release / ONNX
    graph, arrays = split_graph(whole)
    assert len(graph) < whole.stat().st_size / 2
    assert all(array.size >= 1024 for array in arrays)
    (tmp_path / "graph.onnx").write_bytes(graph)
    (tmp_path / WEIGHTS).write_bytes(b"".join(array.tobytes() for array in arrays))
    photos = np.random.default_rng(0).normal(size=(2, 3, 56, 56)).astype(np.float32)
    before, after = (
        open_onnx(path, "onnxruntime").run(photos) for path in (whole, tmp_path / "graph.onnx")
    )
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_kernels_of_depthwise_convolutions_stay_in_the_graph_in_full(tmp_path: Path) -> None:
    from onnx import TensorProto, helper, numpy_helper, save

    kernels = {"depthwise": (512, 1, 3, 3), "pointwise": (64, 32, 1, 1)}
    arrays = [
        numpy_helper.from_array(np.ones(shape, np.float32), name) for name, shape in kernels.items()
    ]
    output = helper.make_tensor_value_info("depthwise", TensorProto.FLOAT, kernels["depthwise"])
    save(helper.make_model(helper.make_graph([], "g", [], [output], arrays)), tmp_path / "g.onnx")
    _, taken = split_graph(tmp_path / "g.onnx")
    assert [array.size for array in taken] == [64 * 32]


def test_what_javascript_is_tested_against_is_what_python_makes_today() -> None:
    kept = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert _rounded(json.loads(json.dumps(golden()))) == _rounded(kept)


def _rounded(value: object) -> object:
    """The same with numbers of six digits: machines differ in the last."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items() if name != "numbers"}
    return value


@pytest.mark.parametrize(("steps", "bits"), [(127, 8), (181, 8.5), (511, 10)])
def test_fewer_steps_take_less_room(steps: int, bits: float) -> None:
    import gzip

    array = np.random.default_rng(0).normal(size=100_000).astype(np.float32)
    packed = gzip.compress(pack([array], steps))
    assert len(packed) < array.nbytes * (bits + 0.5) / 32
