"""Two photos in one view, so that a network cannot know few photos by heart: it has to say how much of each it sees.

Half of the times a piece of another photo is laid into each (CutMix, Yun 2019), else both shine through each other
(mixup, Zhang 2018). Importing this room imports torch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import cross_entropy

SHINE = 0.4  # of Beta(SHINE, SHINE): mostly one photo with a little of the other


@dataclass(frozen=True)
class Mixture:
    """Views (b, 3, s, s) of which a `share` is what it was, the rest that of view `partner` (b,)."""

    pixels: torch.Tensor
    partner: torch.Tensor
    share: float

    def loss(self, logits: torch.Tensor, labels: torch.Tensor, smoothing: float) -> torch.Tensor:
        """Cross-entropy of logits (b, c) with both photos' labels (b,), each by its share."""
        own, other = (cross_entropy(logits, some, label_smoothing=smoothing) for some in (labels, labels[self.partner]))
        return self.share * own + (1 - self.share) * other


def mixed(pixels: torch.Tensor, rng: np.random.Generator) -> Mixture:
    """Views (b, 3, s, s), each mixed with another of them; all by the same share."""
    partner = torch.from_numpy(rng.permutation(len(pixels))).to(pixels.device)
    if rng.random() < 0.5:
        share = float(rng.beta(SHINE, SHINE))
        return Mixture(share * pixels + (1 - share) * pixels[partner], partner, share)
    side = pixels.shape[-1]
    edge = round(side * float(np.sqrt(rng.uniform(0, 1))))
    top, left = (int(at) for at in rng.integers(0, side - edge + 1, 2))
    piece = (..., slice(top, top + edge), slice(left, left + edge))
    pixels = pixels.clone()
    pixels[piece] = pixels[partner][piece]
    return Mixture(pixels, partner, 1 - (edge / side) ** 2)
