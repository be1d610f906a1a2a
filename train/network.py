"""A model folder's network, through the fastest engine that gives the same answers.

    python -c "from pathlib import Path; from train.network import open_network; open_network(Path('model'))"
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data_cards.errors import BadModel
from data_cards.photo import open_photo
from data_cards.progress import say
from train.engine import IN_8_BITS, Engine, TorchEngine, installed, open_onnx, prove, write_onnx
from train.features import Embedder, cores
from train.gathering import Gathering
from train.index import Index
from train.preprocessing import Preprocessing
from train.recogniser import Recogniser
from train.references import References

OUTPUTS = ("logits", "embedding", "early")
EXPORTS = "vitrine/exports"
ONNX, CHECK = f"{EXPORTS}/model.onnx", f"{EXPORTS}/model.onnx.json"
# Engines differ in the last digits; more than this much of a logit is another model.
LARGEST_DIFFERENCE = 1e-2
# What serves may compute in bf16, where a number has three digits: chances then move by a point or two.
LARGEST_IN_SHORT = 3e-2
# Who asks for 8 bits asks for answers that differ a little; the kept photos must still be named the same.
LARGEST_IN_8_BITS = 1e-1
MANY = 1000  # photos: a faster engine than torch takes as long to prepare as it saves on half of them
SHOWN = 24  # photos that the engine in 8 bits is fitted to
ASKED = 24  # other photos, which it has to name as the next fastest engine does, all but one in twenty
NAMED_ALIKE, WORTH = 0.95, 0.9  # and in this share of its time at most
FASTEST = "fastest"
# Fastest first: OpenVINO takes half of onnxruntime's time where the processor has bf16, and no more where it has not.
SERVING = ("openvino", "onnxruntime")


def open_network(folder: Path, engine: str = "auto", threads: int = 0, batch: int = 16,
                 plain: bool = False, photos: int = 0) -> Embedder:
    """The network of a model folder behind its framing; its outputs are logits (b, c) and embedding (b, d).

    `engine`: auto | fastest | openvino-int8 | openvino | onnxruntime | torch. auto takes the ONNX export where there is
    one of exactly these weights that still gives the answers kept with the model, else torch. fastest, for who asks
    often enough, takes some seconds more to see whether 8 bits give the same answers sooner. Where things are
    recognised by one picture each, agreeing points are part of the logits, unless the `plain` network is wanted.
    `photos`: about how many are to come; for many of them auto prepares a faster engine even where there is no export.
    Raises BadModel, DiskFull.
    """
    network = _plain(folder, engine, threads, batch, photos)
    references = None if plain else References.load(folder / "vitrine")
    return Recogniser(network, references) if references else network


def _plain(folder: Path, engine: str, threads: int, batch: int, photos: int) -> Embedder:
    if not (folder / "config.json").is_file():
        raise BadModel(f"There is no model in {folder}: it has no config.json.")
    preprocess = Preprocessing.from_folder(folder)
    if engine == FASTEST:
        if short := _in_8_bits(folder, preprocess, threads):
            return Embedder(Gathering(short), preprocess, batch)
        engine = "auto"
    for name in _wanted(engine):
        if fast := _opened(folder, preprocess, name, threads):
            return Embedder(Gathering(fast), preprocess, batch)
        if name == IN_8_BITS:
            say("The engine in 8 bits needs OpenVINO and an export that gives this model's answers "
                "(python -m train export MODEL); it is served without.")
    from train.vit import load_answering

    exact = TorchEngine(load_answering(folder))
    quick = [name for name in SERVING if name in installed()] if engine == "auto" and photos >= MANY else []
    if quick:
        say("Preparing a faster engine for so many photos ...")
        return Embedder(_faster(exact, quick, preprocess.size, threads), preprocess, batch)
    return Embedder(Gathering(exact), preprocess, batch)


def _opened(folder: Path, preprocess: Preprocessing, name: str, threads: int) -> Engine | None:
    """The export through one engine, where there is such and it gives the kept answers."""
    if name.split("-")[0] not in installed() or name == "torch" or not is_checked(folder):
        return None
    shown = _shown(folder, preprocess) if name == IN_8_BITS else None
    if shown is not None and not len(shown):
        return None
    fast = open_onnx(folder / ONNX, name, threads, exact=False, shown=shown)
    return fast if _remembers(fast, folder, preprocess) else None


def _in_8_bits(folder: Path, preprocess: Preprocessing, threads: int) -> Engine | None:
    """The engine in 8 bits, where it names other photos of the release as OpenVINO does otherwise, and sooner. One is
    asked after the other, as both together take memory."""
    asked = _others(folder, preprocess)
    if not len(asked) or not (plain := _opened(folder, preprocess, "openvino", threads)):
        return None
    expected, usual = _timed(plain, asked)
    del plain
    try:
        short = _opened(folder, preprocess, IN_8_BITS, threads)
        said, seconds = _timed(short, asked) if short else (expected, usual)
    except RuntimeError as error:  # OpenVINO's own: nobody asked for 8 bits, so nobody is kept waiting for them
        say(f"8 bits cannot be used here, so it is served without: {error}")
        return None
    alike = float((said.argmax(axis=1) == expected.argmax(axis=1)).mean())
    return short if short and alike >= NAMED_ALIKE and seconds <= WORTH * usual else None


def _timed(engine: Engine, photos: np.ndarray) -> tuple[np.ndarray, float]:
    """Logits (n, c) of photos asked one by one, and the seconds one took, at the median."""
    rows, seconds = [], []
    for photo in photos:
        began = time.perf_counter()
        rows.append(engine.run(photo[None])[0])
        seconds.append(time.perf_counter() - began)
    return np.concatenate(rows), float(np.median(seconds))


def _faster(exact: TorchEngine, names: Sequence[str], size: int, threads: int) -> Engine:
    with tempfile.TemporaryDirectory(prefix="vitrine-engine-") as scratch:  # it is in memory once it is open
        path = write_onnx(exact.module, size, Path(scratch) / "asked.onnx", OUTPUTS)
        return prove(path, names, exact, size, threads, cores())


def _wanted(engine: str) -> tuple[str, ...]:
    """Names of engines, the best first."""
    return {"auto": SERVING, IN_8_BITS: (IN_8_BITS, *SERVING)}.get(engine, (engine,))


def is_checked(folder: Path) -> bool:
    """Whether the export was made from exactly these weights and agreed with them."""
    try:
        card = json.loads((folder / CHECK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(card.get("agrees")) and (folder / ONNX).is_file() and card.get("weights") == weights_mark(folder)


def weights_mark(folder: Path) -> str:
    """sha256 of the model's weights: an export of other weights never answers in their name. Raises BadModel."""
    try:
        with (folder / "model.safetensors").open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadModel(f"There is no model in {folder}: it has no model.safetensors.", cause=str(error)) from error


def golden(folder: Path, preprocess: Preprocessing) -> tuple[np.ndarray, np.ndarray]:
    """The photos whose answers travel with a model, as tensors (n, 3, h, w), and their logits (n, c); maybe none."""
    path = folder / "vitrine/golden.json"
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    if not rows:
        return np.zeros((0, 3, preprocess.size, preprocess.size), np.float32), np.zeros((0, 0), np.float32)
    tensors = []
    for row in rows:
        tensors.append(preprocess.tensor(open_photo((folder / row["photo"]).read_bytes())))
    return np.stack(tensors), np.array([row["logits"] for row in rows], dtype=np.float32)


def _shown(folder: Path, preprocess: Preprocessing) -> np.ndarray:
    """Photos (n, 3, h, w) that the engine in 8 bits is fitted to: small pictures of the index, from all over it, so
    that the kept photos remain for its test; these where there is no index."""
    index = Index.load(folder / "vitrine/index")
    tensors = _pictures(index, _spread(len(index)), preprocess)
    return tensors if len(tensors) else golden(folder, preprocess)[0]


def _others(folder: Path, preprocess: Preprocessing) -> np.ndarray:
    """Photos (n, 3, h, w) from all over the index that nothing was fitted to; maybe none."""
    index = Index.load(folder / "vitrine/index")
    left = np.setdiff1d(np.arange(len(index)), _spread(len(index)))
    return _pictures(index, left[np.linspace(0, len(left) - 1, min(ASKED, len(left))).astype(int)], preprocess)


def _spread(photos: int) -> np.ndarray:
    return np.linspace(0, photos - 1, min(SHOWN, photos)).astype(int)


def _pictures(index: Index, rows: np.ndarray, preprocess: Preprocessing) -> np.ndarray:
    pictures = [picture for row in rows if (picture := index.thumbnail(index.ids[row]))]
    tensors = np.zeros((len(pictures), 3, preprocess.size, preprocess.size), np.float32)
    for place, picture in enumerate(pictures):  # in place: all of them twice would be the most that a server ever holds
        tensors[place] = preprocess(picture)
    return tensors


def _remembers(engine: Engine, folder: Path, preprocess: Preprocessing) -> bool:
    photos, logits = golden(folder, preprocess)
    if not len(photos):
        return True
    found = engine.run(photos)[0]
    return same_answers(found, logits, LARGEST_IN_8_BITS if engine.name == IN_8_BITS else LARGEST_IN_SHORT)


def same_answers(a: np.ndarray, b: np.ndarray, largest: float = LARGEST_DIFFERENCE) -> bool:
    """Whether two sets of logits (n, c) name the same classes and differ by next to nothing: by at most the share
    `largest` of the largest logit."""
    return a.shape == b.shape and bool((a.argmax(axis=1) == b.argmax(axis=1)).all()) and (
        float(np.abs(a - b).max(initial=0.0)) <= largest * max(1.0, float(np.abs(b).max(initial=0.0))))
