"""Backbone families: what differs between them, one row each. To add a family, add a row.

A row says how a photo's features are read off, which sides can be looked at, and what parts are
called. What a row does not know (fused inference, early features) falls back to what works for
every family.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

# The number of its block in a parameter's name; a family without such names learns at one rate.
BLOCK = re.compile(r"\.layers?\.(\d+)\.")
# Class token alone; class token beside the mean of the patches; pooled map of a convolutional
# network.
Pooling = Literal["class", "class and patches", "map"]


@dataclass(frozen=True)
class BackboneFamily:
    """`model_type`: as in config.json. `pooling`: what the family's classifier head sees.
    `patch`: pixels of a patch where photos of any side can be looked at as they are, 0 where the
    side is fixed. `norms`: what a block calls its two norms. `pretrained`: whether weights of
    this family can be a backbone.
    """

    model_type: str
    pooling: Pooling
    patch: int = 0
    norms: tuple[str, str] = ("norm1", "norm2")
    pretrained: bool = True

    @property
    def any_side(self) -> bool:
        """Whether photos of another side than the pretrained one are looked at without being
        resized to it."""
        return self.patch > 0

    def whole_patches(self, pixels: float) -> int:
        """The side nearest to `pixels` that is seen as whole patches."""
        return max(1, round(pixels / self.patch)) * self.patch


FAMILIES: Mapping[str, BackboneFamily] = {
    row.model_type: row
    for row in (
        BackboneFamily("dinov2", "class and patches", patch=14),
        BackboneFamily("dinov2_with_registers", "class and patches", patch=14),
        BackboneFamily("vit", "class", norms=("layernorm_before", "layernorm_after")),
        BackboneFamily(
            "resnet", "map", pretrained=False
        ),  # the small network that is trained from nothing
    )
}
PRETRAINED = tuple(row.model_type for row in FAMILIES.values() if row.pretrained)


def family_of(config: Any) -> BackboneFamily:
    """The row of a transformers config."""
    return FAMILIES[config.model_type]
