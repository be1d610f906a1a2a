"""A ViT rewritten for inference: the same numbers from fewer and larger steps, so that engines
can fuse them.

transformers' modules, exported as they are, carry guards against empty masks, three projections
where one does, and multiplications that can live in the weights. Here queries, keys and values
come from one matrix with the scale of attention in it, a layer's scale is part of the matrix
before it, and positions are worked out once for one size. Importing this module imports torch.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from train.models.classifiers import head_layer
from train.models.families import BackboneFamily, family_of

# What the order of additions may change. If it is more, the family does something that we do not
# know.
LARGEST_DIFFERENCE = 1e-4


class LeanBlock(nn.Module):
    """One layer: (b, t, d) -> (b, t, d). Attention without a mask, dropout nowhere."""

    def __init__(self, layer: Any, family: BackboneFamily) -> None:
        super().__init__()
        attention = layer.attention
        mlp = layer.mlp
        self.heads = attention.num_attention_heads
        self.head = attention.head_dim
        self.norm1, self.norm2 = (getattr(layer, name) for name in family.norms)
        self.qkv = _joined(attention.q_proj, attention.k_proj, attention.v_proj, attention.scaling)
        self.out = _scaled(attention.o_proj, getattr(layer, "layer_scale1", None))
        self.fc1 = mlp.fc1
        self.activation = mlp.activation_fn
        self.fc2 = _scaled(mlp.fc2, getattr(layer, "layer_scale2", None))

    def forward(self, tokens: Tensor) -> Tensor:
        batch, count, _ = tokens.shape
        several = (
            self.qkv(self.norm1(tokens))
            .reshape(batch, count, 3, self.heads, self.head)
            .permute(2, 0, 3, 1, 4)
        )
        query = several[0]
        key = several[1]
        value = several[2]
        seen = torch.softmax(query @ key.transpose(2, 3), dim=-1) @ value
        tokens = tokens + self.out(
            seen.transpose(1, 2).reshape(batch, count, self.heads * self.head)
        )
        return tokens + self.fc2(self.activation(self.fc1(self.norm2(tokens))))


class LeanPooled(nn.Module):
    """`Pooled` for photos of `size` x `size` alone: (b, 3, size, size) float32 -> (b, d)."""

    first: Tensor
    places: Tensor

    def __init__(self, trunk: Any, size: int) -> None:
        super().__init__()
        family = family_of(trunk.config)
        self.alone = family.pooling == "class"
        projection = trunk.embeddings.patch_embeddings.projection
        self.patches = nn.Conv2d(
            projection.in_channels,
            projection.out_channels,
            projection.kernel_size,
            projection.stride,
            bias=False,
        )
        self.patches.weight = projection.weight
        larger = {} if family.any_side else {"interpolate_pos_encoding": True}
        # What a black photo begins with: the class token, registers, and a bias for each place,
        # positions included.
        black = trunk.embeddings(torch.zeros(1, 3, size, size), **larger).detach()
        self.before = black.shape[1] - (size // projection.stride[0]) * (
            size // projection.stride[1]
        )
        self.register_buffer("first", black[:, : self.before].clone())
        self.register_buffer("places", black[:, self.before :].clone())
        layers = trunk.layers if hasattr(trunk, "layers") else trunk.encoder.layer
        self.blocks = nn.Sequential(*(LeanBlock(layer, family) for layer in layers))
        self.norm = trunk.layernorm

    def forward(self, pixel_values: Tensor) -> Tensor:
        return self.seen(pixel_values)[0]

    def seen(self, pixel_values: Tensor) -> tuple[Tensor, Tensor]:
        """The embedding (b, d), and the class token before the last block (b, e)."""
        patches = self.patches(pixel_values).flatten(2).transpose(1, 2) + self.places
        before = self.blocks[:-1](
            torch.cat([self.first.expand(patches.shape[0], -1, -1), patches], dim=1)
        )
        tokens = self.blocks[-1](before)
        early = before[:, 0]
        if self.alone:
            return self.norm(tokens[:, 0]), early
        tokens = self.norm(tokens)
        return torch.cat([tokens[:, 0], tokens[:, self.before :].mean(dim=1)], dim=1), early


class LeanAnswering(nn.Module):
    """`Answering` for photos of one size."""

    def __init__(self, model: Any, size: int) -> None:
        super().__init__()
        self.pooled = LeanPooled(model.base_model, size)
        self.classifier = head_layer(model)

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        embedding, early = self.pooled.seen(pixel_values)
        return self.classifier(embedding), embedding, early


def lean(module: nn.Module, size: int) -> nn.Module:
    """`module` for photos of `size` x `size` in fewer steps, in evaluation mode; `module` itself
    where it is of a family that we do not know, or where the rewritten one differs on noise
    photos by more than rounding."""
    from train.models.heads import Mirrored

    if isinstance(module, Mirrored):
        return Mirrored(lean(module.once, size)).eval()
    with torch.inference_mode(False), torch.no_grad():
        rewritten = _rewritten(module, size)
        if rewritten is None:
            return module
        photos = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0))
        return rewritten if _same(rewritten(photos), module(photos)) else module


def _rewritten(module: nn.Module, size: int) -> nn.Module | None:
    from train.models.heads import Answering, Pooled

    whole = getattr(module, "model", None) or getattr(module, "trunk", None)
    if whole is None or not family_of(whole.config).fused:
        return None
    try:
        if isinstance(module, Pooled):
            return LeanPooled(module.trunk, size).eval()
        if isinstance(module, Answering):
            return LeanAnswering(module.model, size).eval()
    except (
        AttributeError,
        KeyError,
        TypeError,
    ):  # a part has another name there, or the family has no row
        return None
    return None


def _same(found: Any, expected: Any) -> bool:
    pairs = zip(
        *(outputs if isinstance(outputs, tuple) else (outputs,) for outputs in (found, expected)),
        strict=True,
    )
    return all(
        a.shape == b.shape
        and float((a - b).abs().max()) <= LARGEST_DIFFERENCE * max(1.0, float(b.abs().max()))
        for a, b in pairs
    )


def _joined(query: nn.Linear, key: nn.Linear, value: nn.Linear, scale: float) -> nn.Linear:
    """One matrix for the three, with the scale of attention in the query's part."""
    parts = (query, key, value)
    scales = (scale, 1.0, 1.0)
    biases = [torch.zeros(part.out_features) if part.bias is None else part.bias for part in parts]
    return _linear(
        torch.cat([part.weight * by for part, by in zip(parts, scales, strict=True)]),
        torch.cat([bias * by for bias, by in zip(biases, scales, strict=True)]),
    )


def _scaled(linear: nn.Linear, scale: Any) -> nn.Linear:
    """`linear` with what its outputs are multiplied by."""
    if scale is None:
        return linear
    by = scale.lambda1
    return _linear(linear.weight * by[:, None], linear.bias * by)


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    made = nn.Linear(weight.shape[1], weight.shape[0])
    made.weight = nn.Parameter(weight.detach())
    made.bias = nn.Parameter(bias.detach())
    return made
