"""A classifier for families for which transformers has only the trunk, such as DINOv3.

This file travels with such a release as modeling_vitrine.py, so that
`pipeline("image-classification", MODEL, trust_remote_code=True)` opens it without Vitrine.
Importing it imports torch.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModel, PreTrainedModel
from transformers.modeling_outputs import ImageClassifierOutput


def features(said: Any, class_and_patches: bool, registers: int = 0) -> Tensor:
    """What a classifier sees of a trunk's outputs, (b, d): the class token beside the mean of the
    patches; else the pooled output, or the mean of all tokens (b, t, e) or of a map (b, e, h, w).
    """
    last: Tensor = said.last_hidden_state
    if class_and_patches:
        return torch.cat([last[:, 0], last[:, 1 + registers :].mean(dim=1)], dim=1)
    pooled: Tensor | None = getattr(said, "pooler_output", None)
    if pooled is not None:
        return pooled.flatten(1)
    return last.mean(dim=1) if last.ndim == 3 else last.flatten(2).mean(dim=2)


class TrunkForImageClassification(PreTrainedModel):
    """A trunk with a linear head. Its config says `class_and_patches` (how features are read off)
    and `embedding_width` (how many there are), beside what the trunk itself says."""

    base_model_prefix = "trunk"
    main_input_name = "pixel_values"
    accepts_loss_kwargs = False

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.num_labels = config.num_labels
        self.trunk = AutoModel.from_config(config)
        self.classifier = nn.Linear(config.embedding_width, config.num_labels)
        self.post_init()

    def forward(
        self,
        pixel_values: Tensor,
        labels: Tensor | None = None,
        output_hidden_states: bool = False,
    ) -> ImageClassifierOutput:
        said = self.trunk(pixel_values, output_hidden_states=output_hidden_states)
        registers = getattr(self.config, "num_register_tokens", 0)
        logits = self.classifier(features(said, self.config.class_and_patches, registers))
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        return ImageClassifierOutput(loss=loss, logits=logits, hidden_states=said.hidden_states)
