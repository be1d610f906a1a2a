"""Backbone families: what differs between them, one row each. To add a family, add a row.

A row says how features are computed, which image sizes work, and what the parts are called. A
family without a row still works if transformers has a classifier or a trunk for it: its features
are the input of the last matrix of its own classifier. What a row does not define (fused inference,
early features, other sizes) falls back to what works for every family, and `limits` says so. The
table for people is docs/decisions/backbone-families.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt
from typing import Any, Literal

# The number of its block in a parameter's name, the outermost where blocks lie in stages (a stage
# then counts as one block); a family without such names learns at one rate.
BLOCK = re.compile(r"\.(?:stages?|levels?|layers?|blocks?)\.(\d+)\.")
# The layers that turn pixels into the first block's input are below all blocks.
BELOW = re.compile(r"embed|stem|pre_layrnorm")
# Class token alone; class token and the mean of the patches; the input of the last matrix of the
# family's own classifier.
Pooling = Literal["class", "class and patches", "head"]


@dataclass(frozen=True)
class BackboneFamily:
    """`model_type`: as in config.json. `title`: what people call it. `pooling`: what the family's
    classifier head sees. `patch`: pixels of a patch where photos of any side can be looked at as
    they are, 0 where the side is fixed. `norms`: what a block calls its two norms.

    `becomes`: the model_type that a release has, where it is another one than the backbone's (the
    vision half of CLIP becomes a CLIP classifier). `fixed`: whether the network answers only at
    its own side. `fused`: whether train/models/fused.py rewrites it. `early`: whether a class
    token before the last block is there, which tells best what is foreign. `carried`: transformers
    has no classifier of it, so a release carries the code of one.
    """

    model_type: str
    pooling: Pooling
    patch: int = 0
    norms: tuple[str, str] = ("norm1", "norm2")
    title: str = ""
    becomes: str = ""
    fixed: bool = False
    fused: bool = False
    early: bool = True
    carried: bool = False

    @property
    def any_side(self) -> bool:
        """Whether photos of another side than the pretrained one are looked at without being
        resized to it."""
        return self.patch > 0

    def whole_patches(self, pixels: float) -> int:
        """The side nearest to `pixels` that is seen as whole patches."""
        return max(1, round(pixels / self.patch)) * self.patch

    @property
    def limits(self) -> str:
        """What this family cannot do and what happens instead, in one sentence; empty for one
        that can do everything."""
        found = []
        if not self.fused:
            found.append("answers take longer, since its network cannot be fused")
        if not self.early:
            found.append("only its last features tell what belongs to no class")
        if self.fixed:
            found.append("it looks at photos of one size only")
        if self.carried:
            found.append("pipeline() opens a release only with trust_remote_code=True")
        return f"{self.title or self.model_type}: {'; '.join(found)}." if found else ""


VIT = ("layernorm_before", "layernorm_after")
FAMILIES: Mapping[str, BackboneFamily] = {
    row.model_type: row
    for row in (
        BackboneFamily("dinov2", "class and patches", patch=14, title="DINOv2", fused=True),
        BackboneFamily(
            "dinov2_with_registers",
            "class and patches",
            patch=14,
            title="DINOv2 with registers",
            fused=True,
        ),
        BackboneFamily("vit", "class", norms=VIT, title="ViT", fixed=True, fused=True),
        BackboneFamily(
            "vit_mae", "class", norms=VIT, title="ViT-MAE", becomes="vit", fixed=True, fused=True
        ),
        BackboneFamily("dinov3_vit", "class and patches", title="DINOv3", carried=True),
        BackboneFamily(
            "dinov3_convnext", "head", title="DINOv3 ConvNeXt", early=False, carried=True
        ),
        BackboneFamily("clip", "head", title="CLIP", fixed=True),
        BackboneFamily("clip_vision_model", "head", title="CLIP", becomes="clip", fixed=True),
        BackboneFamily("siglip", "head", title="SigLIP", fixed=True, early=False),
        BackboneFamily(
            "siglip_vision_model",
            "head",
            title="SigLIP",
            becomes="siglip",
            fixed=True,
            early=False,
        ),
        # SigLIP2 in its own form (NaFlex) cuts photos of any shape into patches beforehand; on the
        # square grid of its positions it is a SigLIP.
        BackboneFamily(
            "siglip2", "head", title="SigLIP2", becomes="siglip", fixed=True, early=False
        ),
        BackboneFamily(
            "siglip2_vision_model",
            "head",
            title="SigLIP2",
            becomes="siglip",
            fixed=True,
            early=False,
        ),
        BackboneFamily("swin", "head", title="Swin", early=False),
        BackboneFamily("swinv2", "head", title="Swin V2", early=False),
        BackboneFamily("convnext", "head", title="ConvNeXt", early=False),
        BackboneFamily("convnextv2", "head", title="ConvNeXt V2", early=False),
        # Also the small network that is trained from nothing.
        BackboneFamily("resnet", "head", title="ResNet", early=False),
        BackboneFamily("mobilenet_v2", "head", title="MobileNetV2", early=False),
        # Its maps are halved five times, and pad evenly where every one of them has an even side.
        BackboneFamily("efficientnet", "head", patch=32, title="EfficientNet", early=False),
    )
}


def row_of(model_type: str) -> BackboneFamily:
    """The row of a family; for one without a row, what works for every family."""
    return FAMILIES.get(model_type) or BackboneFamily(model_type, "head", fixed=True, early=False)


def family_of(config: Any) -> BackboneFamily:
    """The row of a transformers config."""
    return row_of(config.model_type)


def side_of(config: Mapping[str, Any]) -> int | None:
    """Pixels of the side that a network was built for, of a config.json; None where that does not
    say."""
    vision = config.get("vision_config") or config
    size = vision.get("image_size")
    if isinstance(size, (list, tuple)):
        size = size[0]
    if size is None and vision.get("num_patches") and vision.get("patch_size"):
        size = isqrt(vision["num_patches"]) * vision["patch_size"]
    return int(size) if size else None
