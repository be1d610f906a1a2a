"""The networks as torch modules: photo tensor -> embedding, and -> (logits, embedding, early).

An embedding is what the classifier head sees: for DINOv2 the layer-normed class token beside the
mean of the patch tokens (2 x hidden numbers), for a plain ViT the class token, for other families
whatever reaches the last matrix of their own classifier. Early is the class token before the last
block, where a thing is told from others but not yet made to look like one of the classes: what is
foreign shows best there. Importing this room imports torch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from train.models.classifiers import (
    head_layer,
    open_backbone,
    open_classifier,
    without_head,
)
from train.models.families import family_of, side_of

# In a release's config.json: whether it is asked about a photo's mirror image, too
# (train/release/mirror_images.py).
ASKS_MIRRORED = "asks_mirrored"


class Pooled(nn.Module):
    """(b, 3, h, w) float32 -> (b, d): a ViT without a head."""

    def __init__(self, trunk: Any) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, pixel_values: Tensor) -> Tensor:
        return pooled(self.trunk, pixel_values)


class HeadInput(nn.Module):
    """(b, 3, h, w) float32 -> (b, d): a classifier of any family without its last matrix."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = without_head(model)

    def forward(self, pixel_values: Tensor) -> Tensor:
        embedding: Tensor = self.model(pixel_values).logits
        return embedding


class Answering(nn.Module):
    """(b, 3, h, w) float32 -> logits (b, c), embedding (b, d) and early (b, e): a fine-tuned
    model, all from one pass."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.head = head_layer(model)
        self.model = without_head(model) if family_of(model.config).pooling == "head" else model

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        family = family_of(self.model.config)
        if family.pooling == "head":
            embedding, early = _through(self.model, pixel_values, family.early)
        else:
            embedding, early = seen_by(self.model, pixel_values)
        return self.head(embedding), embedding, early


class Mirrored(nn.Module):
    """Each photo and its mirror image: the mean of `once` over the two. A head is linear, so its
    output for the mean embedding is the mean of its outputs."""

    def __init__(self, once: nn.Module) -> None:
        super().__init__()
        self.once = once

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, ...]:
        both = self.once(torch.cat([pixel_values, pixel_values.flip(-1)]))
        return tuple(said.unflatten(0, (2, -1)).mean(dim=0) for said in both)


def pooled(trunk: Any, pixel_values: Tensor) -> Tensor:
    """The input of the family's classifier head, as its ...ForImageClassification computes it."""
    return _head_sees(trunk, trunk(pixel_values, **_larger(trunk, pixel_values)).last_hidden_state)


def seen_by(model: Any, pixel_values: Tensor) -> tuple[Tensor, Tensor]:
    """What the last matrix of a classifier sees for these photos (b, d), and the class token
    before the last block (b, e); a family without one gives its embedding twice."""
    family = family_of(model.config)
    if family.pooling == "head":
        return _through(without_head(model), pixel_values, family.early)
    trunk = model.base_model
    said = trunk(pixel_values, output_hidden_states=True, **_larger(trunk, pixel_values))
    return _head_sees(trunk, said.last_hidden_state), said.hidden_states[-2][:, 0]


def load_pooled(folder: Path) -> nn.Module:
    """A backbone folder as a module (b, 3, h, w) -> (b, d), in evaluation mode. Raises BadModel,
    BadBackbone."""
    model = open_backbone(folder)
    known = family_of(model.config).pooling != "head"
    return (Pooled(model.base_model) if known else HeadInput(model)).eval()


def load_answering(folder: Path) -> nn.Module:
    """A release as a module (b, 3, h, w) -> logits, embedding and early, in evaluation mode. Raises
    BadModel."""
    model = open_classifier(folder)
    once = Answering(model)
    return (Mirrored(once) if getattr(model.config, ASKS_MIRRORED, False) else once).eval()


def _through(headless: Any, pixel_values: Tensor, early: bool) -> tuple[Tensor, Tensor]:
    """Embedding and early of a classifier without its last matrix."""
    if not early:
        embedding: Tensor = headless(pixel_values).logits
        return embedding, embedding.clone()
    said = headless(pixel_values, output_hidden_states=True)
    return said.logits, said.hidden_states[-2][:, 0]


def _head_sees(trunk: Any, tokens: Tensor) -> Tensor:
    if family_of(trunk.config).pooling == "class":
        return tokens[:, 0]
    patches = tokens[:, 1 + getattr(trunk.config, "num_register_tokens", 0) :]
    return torch.cat([tokens[:, 0], patches.mean(dim=1)], dim=1)


def _larger(trunk: Any, pixel_values: Tensor) -> dict[str, bool]:
    at_home = not family_of(trunk.config).fixed or _native(trunk.config, pixel_values)
    return {} if at_home else {"interpolate_pos_encoding": True}


def _native(config: Any, pixel_values: Tensor) -> bool:
    side = side_of(config.to_dict())
    return tuple(pixel_values.shape[-2:]) == (side, side)
