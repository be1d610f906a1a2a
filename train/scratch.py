"""The baseline that was told nothing: a small network trained on this collection alone.

It says what the pretrained backbone is worth. It is transformers' own ResNet, made small (half a million weights,
96 pixels), so that `from_pretrained`, the export and the predictor open it like any other model.

    python -m train DATASET MODEL --scratch
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from train.backbone import Backbone
from train.plan import Plan
from train.preprocessing import Preprocessing

FRAMING = Preprocessing(size=96, short=110)
NOTHING = Backbone(Path(), "a small ResNet", "none", "scratch")  # where a ViT would name its pretrained weights
VIEWS = 16_000  # photos seen in a whole run: it has everything to learn, and a view costs a tenth of a ViT's
FEWEST_EPOCHS, MOST_EPOCHS = 10, 60


def small_network(labels: dict[int, str], seed: int) -> Any:
    """An untrained ResNetForImageClassification for (b, 3, 96, 96); the same for the same seed."""
    import torch
    from transformers import ResNetConfig, ResNetForImageClassification

    torch.manual_seed(seed)
    kind: Any = ResNetConfig  # num_labels and the tables are its base class's, which type checkers do not see
    config = kind(
        embedding_size=24, hidden_sizes=[24, 48, 96, 128], depths=[1, 1, 1, 1], layer_type="basic",
        num_labels=len(labels), id2label=labels, label2id={name: number for number, name in labels.items()})
    return ResNetForImageClassification(config)


def plan_from_scratch(photos: int, side: int, epochs: int | None = None, **dials: Any) -> Plan:
    """Everything learns, fast, for long."""
    wanted = min(MOST_EPOCHS, max(FEWEST_EPOCHS, math.ceil(VIEWS / max(1, photos))))
    return Plan(epochs=wanted if epochs is None else epochs, side=side, blocks=0, **({"lr": 2e-3} | dials))
