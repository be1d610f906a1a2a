"""A head fitted anew on what the fine-tuned network sees of the training photos as they are.

While the blocks learned, the head learned on views, half in the dark and half covered; served, it meets whole photos.
A logistic regression on those, as the probe was fitted, may know more (Kang 2020, "Decoupling
representation and classifier"). It is taken where validation finds it better: more answers right, or as many and a
smaller calibrated loss. Importing this room imports torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from train.blending import Blend, seen_of
from train.calibration import calibrated_loss
from train.metrics import top_k
from train.plan import Example
from train.preprocessing import Preprocessing
from train.probe import fit_probe
from train.shelf import Shelf
from train.vit import embedding_of


def refitted(model: Any, shelf: Shelf, train: Sequence[Example], validation: Sequence[Example],
             framing: Preprocessing, as_it_is: Blend) -> Blend:
    """Give `model` the new head where validation finds it better than `as_it_is`; what the model then comes to."""
    classes = model.config.num_labels
    x, y = seen_of(embedding_of, model, shelf, train, framing), np.array([label for _, label in train])
    probe = fit_probe(x, y, classes)
    truth = np.array([label for _, label in validation])
    said = probe.logits(seen_of(embedding_of, model, shelf, validation, framing))
    anew = replace(as_it_is, accuracy=top_k(said, truth, 1), loss=calibrated_loss(said, truth), refitted=True)
    if anew.score <= as_it_is.score:
        return as_it_is
    weight, bias = probe.head()
    with torch.no_grad():
        model.classifier.weight.copy_(torch.from_numpy(np.asarray(weight, np.float32)))
        model.classifier.bias.copy_(torch.from_numpy(np.asarray(bias, np.float32)))
    return anew
