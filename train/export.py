"""The model in another form, kept beside the original only when it gives the same answers.

    python -m train export MODEL --to onnx
    python -m train export MODEL --to torchscript | torch-export
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from data_cards.errors import BadModel, ExportDisagrees, MissingFile
from data_cards.progress import say
from data_cards.repository import open_repository
from train.config import default_cache
from train.engine import Engine, TorchEngine, open_onnx, quiet_exporter, write_onnx
from train.network import EXPORTS, golden, same_answers, weights_mark
from train.preprocessing import Preprocessing
from train.release import model_folder

OUTPUTS = ("logits", "embedding")


def export(model: str, to: str = "onnx", photos: Iterable[bytes] = (), cache: Path | None = None) -> Path:
    """Write the model at an address in another form, check it on photos, and commit it to the model; its local path.

    `to`: onnx | torchscript | torch-export. `photos` are checked on beside those whose answers travel with the model.
    Raises BadModel, BadPhoto and, when the answers differ, ExportDisagrees; nothing is kept then.
    """
    if to not in FORMATS:
        raise BadModel(f"'{to}' is no form we can export to; {', '.join(FORMATS)} are.", to=to)
    try:
        folder, _ = model_folder(model, cache or default_cache({}))
    except MissingFile as error:
        raise BadModel(error.sentence) from error
    name, write, read = FORMATS[to]
    with tempfile.TemporaryDirectory(prefix="vitrine-export-") as scratch:
        made = Path(scratch) / name
        report = export_folder(folder, made, write, read, photos)
        repo = open_repository(model, kind="model")
        card = json.dumps(report, indent=1).encode()
        repo.commit({f"{EXPORTS}/{name}": made, f"{EXPORTS}/{name}.json": card}, f"Exported to {to}")
        kept = folder / EXPORTS / name
        return kept if kept.is_file() else repo.fetch(f"{EXPORTS}/{name}")


def export_folder(folder: Path, made: Path, write: Callable[[Any, int, Path], None], read: Callable[[Path], Engine],
                  photos: Iterable[bytes] = ()) -> dict[str, Any]:
    """Write the network of `folder` to `made` and hold it against the original: what is kept beside it."""
    from train.vit import load_answering

    preprocess = Preprocessing.from_folder(folder)
    module = load_answering(folder)
    tensors = np.concatenate([golden(folder, preprocess)[0], *(preprocess(data)[None] for data in photos)])
    if not len(tensors):
        raise BadModel("This model carries no photos to check an export on; give some.")
    say(f"Exporting to {made.name} ...")
    write(module, preprocess.size, made)
    report = compare(TorchEngine(module), read(made), tensors)
    say(f"Top-1 is the same on {report['top1_agreement']:.0%} of {report['photos']} photos; "
        f"logits differ by at most {report['max_difference']:.1e}.")
    if not report["agrees"]:
        raise ExportDisagrees("The exported model answers differently from the original, so it was not kept.", **report)
    return {**report, "weights": weights_mark(folder), "size": preprocess.size, "outputs": list(OUTPUTS),
            "bytes": made.stat().st_size}


def compare(original: Engine, exported: Engine, tensors: np.ndarray) -> dict[str, Any]:
    """Both engines' answers to photos (n, 3, h, w): share of equal top-1, largest difference, and the verdict.

    Photos are asked in one batch and the first alone: a batch size that was frozen in shows up here.
    """
    expected = original.run(tensors)
    found = exported.run(tensors)
    alone = exported.run(tensors[:1])
    if [part.shape for part in found] != [part.shape for part in expected]:
        return {"photos": len(tensors), "agrees": False, "top1_agreement": 0.0, "max_difference": float("inf")}
    return {"photos": len(tensors),
            "agrees": same_answers(found[0], expected[0]) and same_answers(alone[0], expected[0][:1]),
            "top1_agreement": float((found[0].argmax(axis=1) == expected[0].argmax(axis=1)).mean()),
            "max_difference": float(np.abs(found[0] - expected[0]).max()),
            "max_embedding_difference": float(np.abs(found[1] - expected[1]).max())}


def write_torchscript(module: Any, size: int, path: Path) -> None:
    """Trace `module` for any batch of photos of `size` x `size`. torch calls this form deprecated; phones read it."""
    import torch

    with quiet_exporter(), torch.inference_mode():
        torch.jit.trace(module, (torch.zeros(2, 3, size, size),), check_trace=False).save(str(path))


def read_torchscript(path: Path) -> Engine:
    """A TorchScript file as an engine."""
    import torch

    with quiet_exporter():
        return TorchEngine(torch.jit.load(str(path)))


def write_torch_export(module: Any, size: int, path: Path) -> None:
    """torch's own successor of TorchScript, for any batch of photos of `size` x `size`."""
    import torch

    with quiet_exporter():
        graph = torch.export.export(module, (torch.zeros(2, 3, size, size),),
                                    dynamic_shapes=({0: torch.export.Dim("batch")},))
        torch.export.save(graph, str(path))


def read_torch_export(path: Path) -> Engine:
    """A torch.export file as an engine."""
    import torch

    with quiet_exporter():
        return TorchEngine(torch.export.load(str(path)).module())


def _write_onnx(module: Any, size: int, path: Path) -> None:
    write_onnx(module, size, path, OUTPUTS)


def _read_onnx(path: Path) -> Engine:
    return open_onnx(path, "onnxruntime")


Form = tuple[str, Callable[[Any, int, Path], None], Callable[[Path], Engine]]
FORMATS: Mapping[str, Form] = {
    "onnx": ("model.onnx", _write_onnx, _read_onnx),
    "torchscript": ("model.torchscript.pt", write_torchscript, read_torchscript),
    "torch-export": ("model.pt2", write_torch_export, read_torch_export),
}
