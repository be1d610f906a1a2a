"""The same network through the fastest engine at hand that gives the same answers.

torch is always there; onnxruntime and OpenVINO run an ONNX file of it two to four times faster
on a CPU.
"""

from __future__ import annotations

import io
import json
import logging
import tempfile
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from data_cards.errors import BadModel, NotExportable
from data_cards.storage.atomic_files import full_disk_named

if TYPE_CHECKING:
    from torch import nn

INPUT = "pixel_values"
OPSET = 18
# The version of the export; it is part of a cached file's name, so that no older version is opened.
FORM = "lean"
# OpenVINO may compute in bf16 where the CPU has it; a cosine below this would reorder neighbours.
LEAST_COSINE = 0.999


class Engine(Protocol):
    """Runs one network. `name` says through what, `streams` how many calls at once are served
    best."""

    name: str
    streams: int

    def run(self, pixel_values: np.ndarray) -> tuple[np.ndarray, ...]:
        """(b, 3, h, w) float32 -> the network's outputs, each (b, ...) float32. Safe to call
        from several threads."""


class TorchEngine:
    """The module itself, on the `device` where it lies."""

    name = "torch"
    streams = 1

    def __init__(self, module: nn.Module, device: str = "cpu") -> None:
        self.module = module  # in evaluation mode already; an exported one cannot be told so
        self.device = device

    def run(self, pixel_values: np.ndarray) -> tuple[np.ndarray, ...]:
        import torch

        with torch.inference_mode():
            outputs = self.module(torch.from_numpy(pixel_values).to(self.device))
        several = outputs if isinstance(outputs, tuple) else (outputs,)
        return tuple(output.float().cpu().numpy() for output in several)


class OnnxEngine:
    """An ONNX file through onnxruntime on the CPU."""

    name = "onnxruntime"

    def __init__(self, path: Path, threads: int = 0, streams: int = 1) -> None:
        import onnxruntime

        self.streams = streams

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1 if streams > 1 else threads
        options.log_severity_level = 3
        self._run = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )

    def run(self, pixel_values: np.ndarray) -> tuple[np.ndarray, ...]:
        return tuple(self._run.run(None, {INPUT: pixel_values}))


class OpenVinoEngine:
    """An ONNX file through OpenVINO on the CPU; `exact` keeps float32 where the CPU would rather
    use bf16."""

    name = "openvino"

    def __init__(self, path: Path, threads: int = 0, exact: bool = True, streams: int = 1) -> None:
        import openvino

        self.streams = streams
        core = openvino.Core()
        settings: dict[str, Any] = (
            {"NUM_STREAMS": streams} if streams > 1 else {"PERFORMANCE_HINT": "LATENCY"}
        )
        if exact:
            settings["INFERENCE_PRECISION_HINT"] = "f32"
        if threads or streams > 1:
            settings["INFERENCE_NUM_THREADS"] = threads or streams
        self._compiled = core.compile_model(core.read_model(str(path)), "CPU", settings)
        self._idle = deque[Any]()

    def run(self, pixel_values: np.ndarray) -> tuple[np.ndarray, ...]:
        # One request for each running call: a shared one would mix up two visitors' photos.
        # Requests are reused, since a new one allocates its memory again.
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._compiled.create_infer_request()
        try:
            outputs = request.infer({INPUT: pixel_values})
            return tuple(
                np.array(outputs[port], dtype=np.float32) for port in self._compiled.outputs
            )
        finally:
            self._idle.append(request)


def installed() -> tuple[str, ...]:
    """The engines this machine has, fastest first."""
    return tuple(name for name in ("openvino", "onnxruntime", "torch") if find_spec(name))


def open_onnx(
    path: Path, name: str, threads: int = 0, exact: bool = True, streams: int = 1
) -> Engine:
    """An ONNX file through the named engine. `streams` above 1: many photos are to come, so each
    core works on a batch of its own, which takes a little less time than all of them on one."""
    if name == "openvino":
        return OpenVinoEngine(path, threads, exact, streams)
    if name == "onnxruntime":
        return OnnxEngine(path, threads, streams)
    raise BadModel(f"{name} is not an engine for ONNX files; use openvino or onnxruntime.")


def write_onnx(module: nn.Module, size: int, path: Path, outputs: Sequence[str]) -> Path:
    """One ONNX file of `module` for photos of `size` x `size`, any batch; whole or not at all.
    Raises DiskFull, and NotExportable where the network does something that ONNX has no word for.
    """
    import torch

    from train.models.fused import lean

    example = torch.zeros(2, 3, size, size)
    module = lean(module, size)
    with full_disk_named(path.name), _room_beside(path) as scratch:
        made = Path(scratch) / path.name
        with quiet_exporter(), _refusal_named():
            program: Any = torch.onnx.export(
                module,
                (example,),
                input_names=[INPUT],
                output_names=list(outputs),
                dynamo=True,
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                opset_version=OPSET,
                verbose=False,
            )
            _name_apart(program.model.graph)
            program.save(str(made), external_data=False)
        made.rename(path)
    return path


def _name_apart(graph: Any) -> None:
    """The exporter calls what an embedding of positions makes "embedding", as one of our outputs is
    called: a CLIP's file would hold that name twice."""
    ends = {id(output) for output in graph.outputs}
    taken = {output.name for output in graph.outputs}
    made = [value for node in graph for value in node.outputs]
    for value in (*made, *list(graph.initializers.values())):
        if value.name in taken and id(value) not in ends:
            value.name = f"{value.name}_inside"


@contextmanager
def _refusal_named() -> Iterator[None]:
    from torch.onnx.errors import OnnxExporterError

    try:
        yield
    except OnnxExporterError as error:
        raise NotExportable(
            "This network cannot be exported to ONNX, so it answers through torch, more slowly.",
            cause=str(error)[:2000],
        ) from error


@contextmanager
def _room_beside(path: Path) -> Iterator[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".making-") as scratch:
        yield scratch


def proven(path: Path, names: Sequence[str]) -> str | None:
    """The engine that `prove` found to agree for this ONNX file, while it is among `names` and
    of that version."""
    try:
        kept = json.loads(_proof(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    engine = kept.get("engine")
    return (
        engine
        if path.is_file() and engine in names and kept.get("version") == version(engine)
        else None
    )


def prove(
    path: Path, names: Sequence[str], exact: Engine, size: int, threads: int = 0, streams: int = 1
) -> Engine:
    """The first of `names` that answers like `exact` on noise photos, remembered beside the
    file; else `exact`."""
    photos = np.random.default_rng(0).normal(size=(2, 3, size, size)).astype(np.float32)
    for name in names:
        candidate = open_onnx(path, name, threads, exact=False, streams=streams)
        if agree(candidate.run(photos), exact.run(photos)):
            _proof(path).write_text(
                json.dumps({"engine": name, "version": version(name)}), encoding="utf-8"
            )
            return candidate
    return exact


def _proof(path: Path) -> Path:
    return path.with_suffix(".proof.json")


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cosine of each row of `a` (n, d) with the same row of `b`, (n,)."""
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.asarray((a * b).sum(axis=1) / np.maximum(norms, 1e-12))


def agree(a: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> bool:
    """Whether two engines' outputs for the same photos point the same way."""
    return len(a) == len(b) and all(
        x.shape == y.shape and float(cosines(x, y).min()) >= LEAST_COSINE
        for x, y in zip(a, b, strict=True)
    )


@contextmanager
def quiet_exporter() -> Iterator[None]:
    """Exporters talk about versions and deprecations of their own parts; that is not for our
    users."""
    loggers = [logging.getLogger("torch.onnx"), logging.getLogger()]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
