"""A pretrained ViT in miniature: DINOv2 with random, seeded weights, small enough for a test of milliseconds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from train.preprocessing import FILE, Preprocessing

SIZE, HIDDEN = 56, 32


def write_tiny_vit(folder: Path, seed: int = 0) -> Path:
    """A folder as `save_pretrained` writes it: hidden 32, 2 layers, 2 heads, 56 pixels, patch 14."""
    from transformers import Dinov2Model

    return _written(folder, Dinov2Model, seed, {})


def write_tiny_classifier(folder: Path, classes: Sequence[str], seed: int = 0) -> Path:
    """A fine-tuned model in miniature, with `classes` in its config."""
    from transformers import Dinov2ForImageClassification

    names = {"id2label": dict(enumerate(classes)), "label2id": {name: i for i, name in enumerate(classes)}}
    return _written(folder, Dinov2ForImageClassification, seed, names)


def _written(folder: Path, kind: Any, seed: int, names: dict[str, Any]) -> Path:
    import torch
    from transformers import Dinov2Config
    from transformers.utils import logging

    logging.disable_progress_bar()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        # Random weights of the usual size give nearly the same features for every photo; larger ones tell them apart.
        model = kind(Dinov2Config(hidden_size=HIDDEN, num_hidden_layers=2, num_attention_heads=2, image_size=SIZE,
                                  patch_size=14, mlp_ratio=2, initializer_range=0.2, **names))
    model.save_pretrained(folder)
    (folder / FILE).write_text(json.dumps(Preprocessing(size=SIZE, short=64).to_json()), encoding="utf-8")
    return folder


def write_tiny_release(folder: Path, classes: Sequence[str] = ("lion", "rose", "ship"), photos: int = 8) -> Path:
    """A model folder as training leaves it: a tiny network that knows the things of `picture(0)`, `picture(1)`, ..."""
    from data_cards.photo import encode_jpeg, image_id, thumbnail
    from data_cards.repository import open_repository
    from train.index import write_index
    from train.judgement import Seen, judge

    draft = write_tiny_classifier(folder.parent / f"{folder.name}-draft", classes)
    ours, framing = draft / "vitrine", Preprocessing.from_folder(draft)
    shown = [encode_jpeg(picture(kind, shot)) for kind in range(len(classes)) for shot in range(photos)]
    truth, ids = np.repeat(np.arange(len(classes)), photos), [image_id(data) for data in shown]
    logits, embeddings = _taught(draft, np.stack([framing(data) for data in shown]), truth)
    held = np.arange(len(shown)) % 2 == 1
    learned, kept = (Seen(logits[side], embeddings[side], truth[side]) for side in (~held, held))
    judge(learned, kept, np.zeros((0, embeddings.shape[1])), range(len(learned.truth))).save(ours)
    write_index(ours / "index", ids, [classes[i] for i in truth], embeddings, [thumbnail(data, 40) for data in shown])
    rows = [_golden(draft, ids[i], framing.image(shown[i]), logits[i]) for i in (0, photos)]
    (ours / "golden.json").write_text(json.dumps(rows))
    (ours / "release.json").write_text(json.dumps({"format": 1, "dataset_revision": "abc"}))
    files: dict[str, bytes | Path] = {path.relative_to(draft).as_posix(): path
                                      for path in draft.rglob("*") if path.is_file()}
    files |= _collection(classes, encode_jpeg(picture(0)))
    open_repository(str(folder), kind="model", create=True).commit(files, "A model in miniature")
    return folder


def _taught(folder: Path, photos: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the classifier in `folder` a head that knows these photos; its logits and embeddings of them."""
    import torch
    from transformers import AutoModelForImageClassification

    from train.engine import TorchEngine
    from train.probe import fit_probe
    from train.vit import Answering

    model = AutoModelForImageClassification.from_pretrained(folder).eval()
    engine = TorchEngine(Answering(model))
    weight, bias = fit_probe(engine.run(photos)[1], truth, int(truth.max()) + 1).head()
    with torch.no_grad():
        model.classifier.weight.copy_(torch.from_numpy(weight))
        model.classifier.bias.copy_(torch.from_numpy(bias))
    model.save_pretrained(folder)
    logits, embeddings, _ = engine.run(photos)
    return logits, embeddings


def _golden(folder: Path, name: str, square: Image.Image, logits: np.ndarray) -> dict[str, Any]:
    (folder / "vitrine/golden").mkdir(exist_ok=True)
    square.save(folder / f"vitrine/golden/{name}.png")
    return {"image_id": name, "photo": f"vitrine/golden/{name}.png", "logits": logits.tolist()}


def _collection(classes: Sequence[str], reference: bytes) -> dict[str, bytes | Path]:
    from data_cards.collection import ClassInfo, Collection
    from data_cards.dataset import collection_files

    things = tuple(ClassInfo(name, name.title(), summary=f"A {name}.") for name in classes)
    files = collection_files(Collection("tiny", "Tiny things", things), {classes[0]: reference})
    return {f"vitrine/{path}": content for path, content in files.items() if path.startswith("collection/")}


def picture(kind: int, shot: int = 0, side: int = 96) -> Image.Image:
    """A photo of thing number `kind`: its own coarse colours, and a little of the moment's."""
    own = np.random.default_rng([7, kind]).integers(0, 255, (3, 3, 3))
    moment = np.random.default_rng([8, kind, shot]).normal(0, 12, (3, 3, 3))
    patches = Image.fromarray(np.clip(own + moment, 0, 255).astype(np.uint8))
    return patches.resize((side, side), Image.Resampling.BICUBIC)
