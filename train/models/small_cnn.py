"""The baseline: a small network, trained from scratch on this collection alone. It shows what the
pretrained backbone is worth. It is transformers' own ResNet, made small (half a million weights, 96
pixels), so that `from_pretrained`, the export and the predictor open it like any other model.

    python -m train DATASET MODEL --scratch
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from train.images.preprocessing import Preprocessing
from train.models.backbone import Backbone

FRAMING = Preprocessing(size=96, short=110)
NOTHING = Backbone(
    Path(), "a small ResNet", "none", "scratch"
)  # where a ViT would name its pretrained weights


def small_network(labels: dict[int, str], seed: int) -> Any:
    """An untrained ResNetForImageClassification for (b, 3, 96, 96); the same for the same seed."""
    import torch
    from transformers import ResNetConfig, ResNetForImageClassification

    torch.manual_seed(seed)
    # num_labels and the tables are its base class's, which type checkers do not see
    kind: Any = ResNetConfig
    config = kind(
        embedding_size=24,
        hidden_sizes=[24, 48, 96, 128],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        num_labels=len(labels),
        id2label=labels,
        label2id={name: number for number, name in labels.items()},
    )
    return ResNetForImageClassification(config)
