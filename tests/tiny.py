"""A pretrained ViT in miniature: DINOv2 with random, seeded weights, small enough for a test of milliseconds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
