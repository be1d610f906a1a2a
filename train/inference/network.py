"""A model folder's network, through the fastest engine that gives the same answers."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data_cards.errors import BadModel, BadPhoto, NotExportable
from data_cards.photos.image import open_photo
from data_cards.progress import say
from data_cards.storage.atomic_files import model_file
from train.images.preprocessing import Preprocessing
from train.inference.embeddings import Embedder, cores
from train.inference.engine import Engine, TorchEngine, installed, open_onnx, prove, write_onnx
from train.inference.micro_batch import MicroBatcher
from train.inference.model_folder import OURS
from train.inference.reference_matching import ReferenceMatcher, References
from train.uncertainty.decision_rule import Judgement
from train.uncertainty.rejection import EARLY, REFUSED

if TYPE_CHECKING:
    from PIL import Image

OUTPUTS = ("logits", "embedding", "early")
GOLDEN = "golden.json"
EXPORTS = "vitrine/exports"
ONNX = f"{EXPORTS}/model.onnx"
CHECK = f"{EXPORTS}/model.onnx.json"
# Engines differ in the last digits; more than this much of a logit is another model.
LARGEST_DIFFERENCE = 1e-2
# What serves may compute in bf16, where a number has three digits: chances then move by a point or
# two.
LARGEST_IN_SHORT = 3e-2
MANY = (
    1000  # photos: a faster engine than torch takes as long to prepare as it saves on half of them
)
# Fastest first: OpenVINO takes half of onnxruntime's time where the processor has bf16, and no more
# where it has not.
SERVING = ("openvino", "onnxruntime")


def open_network(
    folder: Path,
    engine: str = "auto",
    threads: int = 0,
    plain: bool = False,
    photos: int = 0,
) -> Embedder:
    """The network of a model folder behind its framing; its outputs are logits (b, c) and
    embedding (b, d).

    `engine`: auto | openvino | onnxruntime | torch. auto takes the ONNX export where there is
    one of exactly these weights that still gives the answers kept with the model, else torch.
    Where things are recognised by one picture each, agreeing points are part of the logits,
    unless the `plain` network is wanted. `photos`: about how many are to come; for many of them
    auto prepares a faster engine even where there is no export. Raises BadModel, DiskFull.
    """
    network = _plain(folder, engine, threads, photos)
    references = None if plain else References.load(folder / "vitrine")
    return ReferenceMatcher(network, references) if references else network


def _plain(folder: Path, engine: str, threads: int, photos: int) -> Embedder:
    if not (folder / "config.json").is_file():
        raise BadModel(f"There is no model in {folder}: it has no config.json.")
    preprocess = Preprocessing.from_folder(folder)
    for name in SERVING if engine == "auto" else (engine,):
        if fast := _opened(folder, preprocess, name, threads):
            return Embedder(MicroBatcher(fast), preprocess)
    from train.models.heads import load_answering

    exact = TorchEngine(load_answering(folder))
    quick = (
        [name for name in SERVING if name in installed()]
        if engine == "auto" and photos >= MANY
        else []
    )
    if quick:
        say("Preparing a faster engine for so many photos ...")
        return Embedder(_faster(exact, quick, preprocess.size, threads), preprocess)
    return Embedder(MicroBatcher(exact), preprocess)


def _opened(folder: Path, preprocess: Preprocessing, name: str, threads: int) -> Engine | None:
    """The export, opened with one engine; None unless it exists and gives the golden answers."""
    if name not in installed() or name == "torch" or not is_checked(folder):
        return None
    fast = open_onnx(folder / ONNX, name, threads, exact=False)
    return fast if _remembers(fast, folder, preprocess) else None


def _faster(exact: TorchEngine, names: Sequence[str], size: int, threads: int) -> Engine:
    with tempfile.TemporaryDirectory(
        prefix="vitrine-engine-"
    ) as scratch:  # it is in memory once it is open
        try:
            path = write_onnx(exact.module, size, Path(scratch) / "asked.onnx", OUTPUTS)
        except NotExportable as error:
            say(error.sentence)
            return exact
        return prove(path, names, exact, size, threads, cores())


def is_checked(folder: Path) -> bool:
    """Whether the export was made from exactly these weights and agreed with them."""
    try:
        card = json.loads((folder / CHECK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return (
        bool(card.get("agrees"))
        and (folder / ONNX).is_file()
        and card.get("weights") == weights_mark(folder)
    )


def weights_mark(folder: Path) -> str:
    """sha256 of the model's weights: an export of other weights never answers in their name.
    Raises BadModel."""
    try:
        with (folder / "model.safetensors").open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadModel(
            f"There is no model in {folder}: it has no model.safetensors.", cause=str(error)
        ) from error


def golden(folder: Path, preprocess: Preprocessing) -> tuple[np.ndarray, np.ndarray]:
    """The photos whose answers travel with a model, as tensors (n, 3, h, w), and their logits
    (n, c); maybe none."""
    with model_file(GOLDEN):
        rows = read_golden(folder)
        if not rows:
            return np.zeros((0, 3, preprocess.size, preprocess.size), np.float32), np.zeros(
                (0, 0), np.float32
            )
        tensors = [preprocess.tensor(_kept_photo(folder / row["photo"])) for row in rows]
        return np.stack(tensors), np.array([row["logits"] for row in rows], dtype=np.float32)


def golden_refused(folder: Path) -> np.ndarray | None:
    """(n,) bool: which of those photos the model answers with "none of these"; None where a
    release does not say so of every one."""
    with model_file(GOLDEN):
        answers = [row.get("answer") for row in read_golden(folder)]
    return None if None in answers else np.array([one == REFUSED for one in answers], bool)


def read_golden(folder: Path) -> list[dict[str, Any]]:
    """The rows of the photos whose answers travel with a model; none where a release keeps none."""
    path = folder / OURS / GOLDEN
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


def same_decisions(
    outputs: Sequence[np.ndarray], refused: np.ndarray | None, folder: Path, largest: float
) -> np.ndarray:
    """(n,) bool: of which photos the release's rule makes what was kept as `refused` (n,), from
    an engine's logits, embeddings and early tokens. True where nothing was kept."""
    if refused is None or not len(refused):
        return np.ones(len(outputs[0]), bool)
    said = Heard(*outputs)
    judgement = Judgement.load(folder / OURS)
    if said.early is None and judgement.rejection.sees == EARLY:
        return np.ones(len(outputs[0]), bool)  # it is served without this rule, too
    return judgement.refuses_as(said, refused, largest)


@dataclass(frozen=True)
class Heard:
    """An engine's outputs: logits (n, c), embeddings (n, d) and early tokens (n, e)."""

    logits: np.ndarray
    embeddings: np.ndarray
    early: np.ndarray | None = None


def _kept_photo(path: Path) -> Image.Image:
    try:
        return open_photo(path.read_bytes())
    except (BadPhoto, FileNotFoundError) as error:
        raise BadModel(
            f"This model's golden/{path.name} is missing or damaged. Train again, or fetch the "
            "model again.",
            cause=str(error),
        ) from error


AT_START = (
    8  # kept photos that an engine is asked when it is opened; an export was asked all of them
)


def _remembers(engine: Engine, folder: Path, preprocess: Preprocessing) -> bool:
    photos, logits = (some[:AT_START] for some in golden(folder, preprocess))
    if not len(photos):
        return True
    refused = golden_refused(folder)
    outputs = engine.run(photos)
    decided = same_decisions(
        outputs, None if refused is None else refused[:AT_START], folder, LARGEST_IN_SHORT
    )
    return bool(decided.all()) and same_answers(outputs[0], logits, LARGEST_IN_SHORT)


def same_answers(a: np.ndarray, b: np.ndarray, largest: float = LARGEST_DIFFERENCE) -> bool:
    """Whether two sets of logits (n, c) name the same classes and differ by next to nothing: by
    at most the share `largest` of the largest logit."""
    if a.shape != b.shape or not len(b):
        return a.shape == b.shape
    scale = max(1.0, float(np.abs(b).max()))
    named = a.argmax(axis=1)
    # Two classes are nearly level: the one ahead may change if it leads by less than engines
    # differ.
    behind = b.max(axis=1) - np.take_along_axis(b, named[:, None], axis=1)[:, 0]
    alike = behind <= min(largest, LARGEST_DIFFERENCE) * scale
    return bool(alike.all()) and float(np.abs(a - b).max()) <= largest * scale
