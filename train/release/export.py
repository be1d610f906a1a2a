"""The model in another form, kept beside the original only when it gives the same answers.

python -m train export MODEL --to onnx [--dataset DATASET]
python -m train export MODEL --to onnx-int8 | transformers.js | torchscript | torch-export
python -m train export MODEL --to twin        for the page (train/release/twin.py)
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data_cards.annotations.framed_photos import framed
from data_cards.dataset.repo import open_dataset
from data_cards.errors import BadModel, ExportDisagrees, MissingFile
from data_cards.progress import say
from data_cards.settings import default_cache
from data_cards.storage.repository import open_repository
from data_cards.wording import counted, whole_percent
from train.images.preprocessing import Preprocessing
from train.inference.engine import (
    Engine,
    TorchEngine,
    cosines,
    open_onnx,
    quiet_exporter,
    write_onnx,
)
from train.inference.model_folder import model_folder
from train.inference.network import (
    EXPORTS,
    LARGEST_DIFFERENCE,
    OUTPUTS,
    golden,
    golden_refused,
    same_answers,
    same_decisions,
    weights_mark,
)

AT_ONCE = 16
# What 8 bits may change: the answer to one photo of fifty, and no embedding by more than this.
LEAST_SAME = 0.98
LEAST_ALIKE = 0.98


def export(
    model: str, to: str = "onnx", photos: Iterable[bytes] = (), cache: Path | None = None
) -> Path:
    """Write the model at an address in another form, check it on photos, and commit it to the
    model; its local path.

    `to`: one of FORMATS, or transformers.js: onnx/ at the model's root, where that library
    looks. `photos`
    are checked on beside those whose answers travel with the model. Raises BadModel, BadPhoto
    and, when the answers differ, ExportDisagrees; nothing is kept then.
    """
    if to in UNAVAILABLE:
        raise BadModel(UNAVAILABLE[to], to=to)
    if to not in (*FORMATS, BROWSER):
        raise BadModel(
            f"Can't export to '{to}'. Choose {', '.join((*FORMATS, BROWSER))} or twin.", to=to
        )
    try:
        folder, _ = model_folder(model, cache or default_cache({}))
    except MissingFile as error:
        raise BadModel(error.sentence) from error
    with tempfile.TemporaryDirectory(prefix="vitrine-export-") as scratch:
        files = _made(folder, to, Path(scratch), list(photos))
        name = next(iter(files))
        repo = open_repository(model, kind="model")
        repo.commit(files, f"Exported to {to}")
        kept = folder / name
        return kept if kept.exists() else repo.fetch(name)


def photos_of(dataset: str, most: int = 100) -> list[bytes]:
    """Photos of the dataset at an address to check an export on, as people framed them, the same
    each time, from all over it."""
    source = framed(open_dataset(dataset))
    names = sorted(source.photos())
    return [data for _, data in source.read_photos(names[:: max(1, len(names) // most)][:most])]


def _made(folder: Path, to: str, scratch: Path, photos: Sequence[bytes]) -> dict[str, Path | bytes]:
    """The files of an export by their path in the model, the one that stands for all first; what
    was compared lies in a file beside each."""
    forms = (FORMATS["onnx"], FORMATS["onnx-int8"]) if to == BROWSER else (FORMATS[to],)
    files: dict[str, Path | bytes] = {}
    for form in forms:
        path = BROWSER_FILES[form.file] if to == BROWSER else f"{EXPORTS}/{form.file}"
        report = export_folder(folder, scratch / form.file, form, photos)
        files |= {path: scratch / form.file, f"{path}.json": json.dumps(report, indent=1).encode()}
    return files


def export_folder(
    folder: Path, made: Path, form: Form, photos: Iterable[bytes] = ()
) -> dict[str, Any]:
    """Write the network of `folder` to `made` and hold it against the original: what is kept
    beside it."""
    from train.models.heads import load_answering

    preprocess = Preprocessing.from_folder(folder)
    module = load_answering(folder)
    kept = golden(folder, preprocess)[0]
    tensors = np.concatenate([kept, *(preprocess(data)[None] for data in photos)])
    if not len(tensors):
        raise BadModel(
            "This model has no photos to check an export on. Name a dataset that has some: "
            "--dataset DATASET"
        )
    say(f"Exporting to {made.name} ...")
    form.write(module, preprocess.size, made)
    begun = time.monotonic()
    exported = form.read(made)
    report = compare(TorchEngine(module), exported, tensors, form.exact)
    report |= _decisions(folder, exported, kept, form.exact)
    report["agrees"] = report["agrees"] and report.pop("decides_alike")
    report["seconds"] = round(time.monotonic() - begun, 2)
    say(
        f"Top-1 is the same on {whole_percent(report['top1_agreement'])} of "
        f"{counted(report['photos'], 'photo')}; logits differ by at most "
        f"{report['max_difference']:.1e}; {report['refused']} of {len(kept)} kept photos are "
        f"refused, as they should be. Checked in {report['seconds']:.1f} s."
        if report["agrees"]
        else "The answers differ: top-1 is the same on "
        f"{whole_percent(report['top1_agreement'])} of "
        f"{counted(report['photos'], 'photo')}."
    )
    if not report["agrees"]:
        raise ExportDisagrees(
            "The exported model answers differently from the original, so it was not kept.",
            **report,
        )
    return {
        **report,
        "weights": weights_mark(folder),
        "size": preprocess.size,
        "outputs": list(OUTPUTS),
        "bytes": made.stat().st_size,
    }


def _decisions(folder: Path, exported: Engine, kept: np.ndarray, exact: bool) -> dict[str, Any]:
    """Whether the release's rule refuses from the exported engine what it refused before, of the
    photos (n, 3, h, w) that travel with it."""
    refused = golden_refused(folder)
    if refused is None or not len(kept):
        return {"refused": 0, "decides_alike": True}
    parts = [kept[start : start + AT_ONCE] for start in range(0, len(kept), AT_ONCE)]
    alike = same_decisions(_run(exported, parts), refused, folder, LARGEST_DIFFERENCE)
    share = float(alike.mean())
    return {
        "refused": int(refused.sum()),
        "decisions_agreement": share,
        "decides_alike": share == 1.0 if exact else share >= LEAST_SAME,
    }


def compare(
    original: Engine, exported: Engine, tensors: np.ndarray, exact: bool = True
) -> dict[str, Any]:
    """Both engines' answers to photos (n, 3, h, w): share of equal top-1, largest difference,
    and the verdict.

    Photos are asked in one batch and the first alone: a batch size that was frozen in shows up
    here. What is not `exact` may differ in its numbers, and in the answer to one photo of fifty.
    """
    parts = [tensors[start : start + AT_ONCE] for start in range(0, len(tensors), AT_ONCE)]
    expected, found = (_run(engine, parts) for engine in (original, exported))
    alone = exported.run(tensors[:1])
    if [part.shape for part in found] != [part.shape for part in expected]:
        return {
            "photos": len(tensors),
            "agrees": False,
            "top1_agreement": 0.0,
            "max_difference": float("inf"),
        }
    same = float((found[0].argmax(axis=1) == expected[0].argmax(axis=1)).mean())
    alike = min(
        float(cosines(ours, theirs).min())
        for ours, theirs in zip(found[1:], expected[1:], strict=True)
    )
    whole = same_answers(found[0], expected[0]) and same_answers(alone[0], expected[0][:1])
    return {
        "photos": len(tensors),
        "agrees": whole if exact else same >= LEAST_SAME and alike >= LEAST_ALIKE,
        "top1_agreement": same,
        "max_difference": float(np.abs(found[0] - expected[0]).max()),
        "max_embedding_difference": float(np.abs(found[1] - expected[1]).max()),
        "least_cosine": alike,
    }


def _run(engine: Engine, parts: Sequence[np.ndarray]) -> list[np.ndarray]:
    return [
        np.concatenate(rows) for rows in zip(*(engine.run(part) for part in parts), strict=True)
    ]


def write_int8(module: Any, size: int, path: Path) -> None:
    """An ONNX file with the matrices' weights in 8 bits: a quarter of the size; what flows
    between them stays float."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory(prefix="vitrine-int8-") as scratch:
        whole = write_onnx(module, size, Path(scratch) / "model.onnx", OUTPUTS)
        graph = onnx.load(str(whole))
        # The exporter's notes on shapes contradict what quantization puts between the nodes.
        del graph.graph.value_info[:]
        onnx.save(graph, str(whole))
        with quiet_exporter():
            quantize_dynamic(
                str(whole),
                str(path),
                weight_type=QuantType.QInt8,
                per_channel=True,
                op_types_to_quantize=["MatMul", "Gemm"],
            )


def write_torchscript(module: Any, size: int, path: Path) -> None:
    """Trace `module` for any batch of photos of `size` x `size`. torch calls this form
    deprecated; phones read it."""
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
        graph = torch.export.export(
            module,
            (torch.zeros(2, 3, size, size),),
            dynamic_shapes=({0: torch.export.Dim("batch")},),
        )
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


@dataclass(frozen=True)
class Form:
    """A form by the file it is kept in: how it is written from a module and read back, and
    whether it is `exact`."""

    file: str
    write: Callable[[Any, int, Path], None]
    read: Callable[[Path], Engine]
    exact: bool = True


FORMATS: Mapping[str, Form] = {
    "onnx": Form("model.onnx", _write_onnx, _read_onnx),
    "onnx-int8": Form("model-int8.onnx", write_int8, _read_onnx, exact=False),
    "torchscript": Form("model.torchscript.pt", write_torchscript, read_torchscript),
    "torch-export": Form("model.pt2", write_torch_export, read_torch_export),
}
# Formats whose converters were tried, but whose output cannot be checked against the original with
# these versions: why, and what to use instead. docs/decisions/exports-for-phones.md has what was
# run.
UNAVAILABLE: Mapping[str, str] = {
    "coreml": "Core ML's converter (coremltools 9.0) installs and stops at numpy 2.4, and what "
    "it makes runs on Macs only, so it could not be checked. On an iPhone, onnxruntime opens "
    "`--to onnx`, and Safari the page of `vitrine pages`.",
    "litert": "LiteRT's converter (litert-torch 0.10) asks for pydantic 2.11, older than what the "
    "app needs, so it cannot be installed beside it. On Android, onnxruntime opens `--to onnx` or "
    "`--to onnx-int8`.",
}
# Where the browser's library looks for them, beside the config.json of the model itself, so that
# pipeline("image-classification", "user/name") opens it; the small one, unless a graphics
# card helps.
BROWSER = "transformers.js"
BROWSER_FILES = {
    "model.onnx": "onnx/model.onnx",
    "model-int8.onnx": "onnx/model_quantized.onnx",
}
