"""The networks as torch modules: photo tensor -> embedding, and -> (logits, embedding, early).

An embedding is what the classifier head sees: for DINOv2 the layer-normed class token beside the
mean of the patch tokens (2 x hidden numbers), for a plain ViT the class token, for the small
ResNet its pooled map. Early is the class token before the last block, where a thing is told from
others but not yet made to look like one of the classes: what is foreign shows best there.
Importing this room imports torch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from data_cards.errors import BadModel
from train.models.families import family_of


class Pooled(nn.Module):
    """(b, 3, h, w) float32 -> (b, d): a ViT without a head."""

    def __init__(self, trunk: Any) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, pixel_values: Tensor) -> Tensor:
        return pooled(self.trunk, pixel_values)


class Answering(nn.Module):
    """(b, 3, h, w) float32 -> logits (b, c), embedding (b, d) and early (b, e): a fine-tuned
    model, all from one pass."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        embedding, early = seen_by(self.model, pixel_values)
        return self.model.classifier(embedding), embedding, early


def pooled(trunk: Any, pixel_values: Tensor) -> Tensor:
    """The input of the family's classifier head, as its ...ForImageClassification computes it."""
    return _head_sees(trunk, trunk(pixel_values, **_larger(trunk, pixel_values)).last_hidden_state)


def embedding_of(model: Any, pixel_values: Tensor) -> Tensor:
    """What `model.classifier` sees for these photos, (b, d)."""
    if family_of(model.config).pooling == "map":
        flat: Tensor = model.base_model(pixel_values).pooler_output.flatten(1)
        return flat
    return pooled(model.base_model, pixel_values)


def seen_by(model: Any, pixel_values: Tensor) -> tuple[Tensor, Tensor]:
    """The same (b, d), and the class token before the last block (b, e); a small ResNet has
    none, and gives its pooled map twice."""
    if family_of(model.config).pooling == "map":
        flat = embedding_of(model, pixel_values)
        return flat, flat.clone()
    trunk = model.base_model
    said = trunk(pixel_values, output_hidden_states=True, **_larger(trunk, pixel_values))
    return _head_sees(trunk, said.last_hidden_state), said.hidden_states[-2][:, 0]


def load_pooled(folder: Path) -> Pooled:
    """A backbone folder as a module, in evaluation mode."""
    from transformers import AutoModel

    return Pooled(_opened(AutoModel, folder)).eval()


def load_answering(folder: Path) -> Answering:
    """A fine-tuned model folder as a module, in evaluation mode. Raises BadModel."""
    from transformers import AutoModelForImageClassification

    return Answering(_opened(AutoModelForImageClassification, folder)).eval()


def _opened(kind: Any, folder: Path) -> Any:
    from safetensors import SafetensorError
    from transformers.utils import logging

    # Its bar of 0.02 s would stand between our own lines.
    logging.disable_progress_bar()
    try:
        return kind.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    except (
        OSError,
        ValueError,
        RuntimeError,
        AttributeError,
        TypeError,
        KeyError,
        SafetensorError,
    ) as error:
        raise BadModel(f"The model in {folder.name} cannot be opened.", cause=str(error)) from error


def _head_sees(trunk: Any, tokens: Tensor) -> Tensor:
    if family_of(trunk.config).pooling == "class":
        return tokens[:, 0]
    patches = tokens[:, 1 + getattr(trunk.config, "num_register_tokens", 0) :]
    return torch.cat([tokens[:, 0], patches.mean(dim=1)], dim=1)


def _larger(trunk: Any, pixel_values: Tensor) -> dict[str, bool]:
    at_home = family_of(trunk.config).any_side or _native(trunk.config, pixel_values)
    return {} if at_home else {"interpolate_pos_encoding": True}


def _native(config: Any, pixel_values: Tensor) -> bool:
    size = config.image_size
    return tuple(pixel_values.shape[-2:]) == (
        tuple(size) if isinstance(size, (list, tuple)) else (size, size)
    )
