"""The same answers through every engine."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from data_cards.errors import BadModel
from tests.fixtures.tiny_models import HIDDEN, SIZE
from train.inference import engine
from train.models.heads import load_pooled


@pytest.fixture(scope="module")
def torch_engine(tiny_vit):
    return engine.TorchEngine(load_pooled(tiny_vit))


@pytest.fixture(scope="module")
def onnx_file(torch_engine, tmp_path_factory):
    return engine.write_onnx(
        torch_engine.module, SIZE, tmp_path_factory.mktemp("onnx") / "tiny.onnx", ["embedding"]
    )


def photos(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 3, SIZE, SIZE)).astype(np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("n", [1, 3])
def test_every_engine_agrees_with_torch_at_any_batch(torch_engine, onnx_file, name, n):
    (expected,) = torch_engine.run(photos(n))
    for streams in (1, 2):
        opened = engine.open_onnx(onnx_file, name, threads=streams, streams=streams)
        (found,) = opened.run(photos(n))
        assert opened.streams == streams and found.shape == (n, 2 * HIDDEN)
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_calls_at_the_same_time_do_not_mix_up_their_photos(onnx_file):
    opened = engine.open_onnx(onnx_file, "openvino")
    alone = [opened.run(photos(1, seed))[0] for seed in range(12)]
    with ThreadPoolExecutor(4) as several:
        together = [
            outputs[0]
            for outputs in several.map(lambda seed: opened.run(photos(1, seed)), range(12))
        ]
    np.testing.assert_allclose(together, alone, atol=1e-3)


def test_the_file_is_whole_or_not_there(onnx_file):
    assert [path.name for path in onnx_file.parent.iterdir()] == [onnx_file.name]


def test_an_engine_is_proven_once_and_remembered(torch_engine, onnx_file, monkeypatch):
    assert engine.proven(onnx_file, ["onnxruntime"]) is None
    assert engine.prove(onnx_file, ["onnxruntime"], torch_engine, SIZE).name == "onnxruntime"
    assert engine.proven(onnx_file, ["onnxruntime"]) == "onnxruntime"
    monkeypatch.setattr(engine, "version", lambda name: "another")
    assert engine.proven(onnx_file, ["onnxruntime"]) is None, (
        "another version has to prove itself again"
    )


def test_an_engine_that_answers_differently_is_not_used(onnx_file):
    class Stubborn:
        name = "torch"
        streams = 1

        def run(self, pixel_values):
            return (-np.ones((len(pixel_values), 2 * HIDDEN), np.float32),)

    stubborn = Stubborn()
    assert engine.prove(onnx_file, ["onnxruntime"], stubborn, SIZE) is stubborn


def test_agreement_is_about_direction():
    a = np.array([[1.0, 0.0], [0.0, 2.0]])
    assert engine.agree((a,), (a * 3,))
    assert not engine.agree((a,), (a[::-1],))
    assert not engine.agree((a,), (a, a))


def test_an_unknown_engine_is_named(tmp_path):
    with pytest.raises(BadModel, match="cuda"):
        engine.open_onnx(tmp_path / "x.onnx", "cuda")
