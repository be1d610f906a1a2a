"""Matrices in 8 bits."""

import numpy as np
import openvino
import pytest
from openvino import opset13 as steps

from tests.tiny import HIDDEN, SIZE
from train.engine import TorchEngine, cosines, open_onnx, write_onnx
from train.shortening import ONE_IN, Met, _matrices, _met, _range, _rounded, _sizes, shorten
from train.vit import load_pooled


def photos(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 3, SIZE, SIZE)).astype(np.float32)


def test_they_change_little_of_a_network_and_are_in_use(tiny_vit, tmp_path):
    exact = TorchEngine(load_pooled(tiny_vit))
    path = write_onnx(exact.module, SIZE, tmp_path / "tiny.onnx", ["embedding"])
    short = open_onnx(path, "openvino-int8", shown=photos(4))
    expected, found = exact.run(photos(5, seed=1))[0], short.run(photos(5, seed=1))[0]
    assert found.shape == (5, 2 * HIDDEN)
    assert np.abs(found - expected).max() > 1e-4, "they are in use"
    assert cosines(found, expected).min() > 0.99


@pytest.fixture
def tokens():
    """What a matrix meets: one channel a hundred times as large as the others, and nothing below -1."""
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 3, size=(1, 400, 16)).astype(np.float32) * np.where(np.arange(16) == 3, 100, 1)


def layer(bias):
    """A matrix, its product with tokens, and what OpenVINO makes of it in 8 bits, shown `tokens`."""
    matrix = np.random.default_rng(1).normal(size=(8, 16)).astype(np.float32)
    matrix[:, 3] /= 100
    asked = steps.parameter([-1, 400, 16], np.float32)
    product = steps.matmul(asked, steps.constant(matrix), False, True)
    return matrix, openvino.Model([steps.add(product, steps.constant(bias)) if bias is not None else product], [asked])


def test_what_a_matrix_meets_is_summed_up_over_all_photos(tokens):
    _, model = layer(None)
    (met,) = _met(model, _matrices(model), np.concatenate([tokens, 2 * tokens, tokens]), 1)
    np.testing.assert_allclose((met.low, met.high), (2 * tokens[0].min(axis=0), 2 * tokens[0].max(axis=0)))
    some = tokens[0, ::ONE_IN].astype(np.float16)
    np.testing.assert_allclose(met.some, np.concatenate([some, 2 * some, some]), rtol=1e-3)


@pytest.mark.parametrize("bias", [None, np.arange(8, dtype=np.float32)])
def test_one_large_channel_does_not_make_the_others_coarse(tokens, bias):
    matrix, model = layer(bias)
    shorten(model, tokens)
    found = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})({0: tokens})[0]
    expected = tokens @ matrix.T + (0 if bias is None else bias)
    assert 0 < np.abs(found - expected).max() < 0.02 * np.abs(expected).max()


@pytest.mark.parametrize("bias", [None, np.arange(8, dtype=np.float32)])
def test_what_rounding_adds_on_average_is_taken_off(tokens, bias):
    tokens[:] = tokens[:, :1]
    matrix, model = layer(bias)
    shorten(model, tokens)
    found = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})({0: tokens})[0]
    np.testing.assert_allclose(found, tokens @ matrix.T + (0 if bias is None else bias), atol=5e-3)


def test_the_scale_has_zero_as_a_step_and_reaches_both_ends():
    low, high = _range(np.array([-0.17, 0.0]), np.array([2.0, 8.5]))
    step = (high - low) / 255
    assert _rounded(np.zeros(1), low, high) == pytest.approx(0, abs=1e-9)
    assert abs(low + 0.17) <= step and abs(high - 8.5) <= step


def test_what_a_channel_gives_its_column_takes():
    met = Met(np.array([-1.0, -50.0]), np.array([1.0, 20.0]), np.zeros((1, 2), np.float32))
    sizes = _sizes(np.ones((3, 2), np.float32), met)
    assert sizes[1] / sizes[0] == pytest.approx(50 ** 0.7, rel=1e-3)
    assert np.log(sizes).mean() == pytest.approx(0, abs=1e-5)
