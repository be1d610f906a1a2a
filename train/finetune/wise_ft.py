"""Between the probe and the fine-tuned network: weights part of the way often know more than
either end.

Source: WiSE-FT (Wortsman 2022). Both have the same form, and fine-tuning began at the probe, so
that the way between them is smooth. Validation picks how far to go: all of the way, unless it
finds less of it better by more than one standard error, and then the best, among equals by the
smaller loss at its own temperature. Of few photos that error is large: then the most answers
right decide and, among equals, what is nearest to half of the way, where the source found most
sets of photos served best. Importing this room imports torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from data_cards.bulk.batching import batches
from train.finetune.fit import score
from train.images.image_cache import ImageCache
from train.images.preprocessing import Preprocessing
from train.splits.training_set import Example
from train.statistics.metrics import standard_error, top_k
from train.uncertainty.temperature import calibrated_loss

WAY = (0.25, 0.5, 0.75)  # shares of the way from the probe to the fine-tuned weights that are tried
HALF = 0.5
FEW = 100  # validation photos
BATCH = 32


@dataclass(frozen=True)
class Blend:
    """How far from the probe, 1.0 for all of the way, and what validation says of it, its loss
    calibrated."""

    share: float
    accuracy: float
    loss: float

    @property
    def score(self) -> float:
        """As epochs are compared."""
        return score(self.accuracy, self.loss)


def blended(
    tuned: Any,
    probe: Mapping[str, torch.Tensor],
    end: Blend,
    judge: Callable[[Any], tuple[float, float]],
    photos: int = FEW,
) -> Blend:
    """Give the model `tuned` the best weights on the line from those of the `probe` to its own.
    `end`: validation of the model as it is; `judge`: accuracy and loss of a model on `photos`
    validation photos."""
    own = {name: value.clone() for name, value in tuned.state_dict().items()}
    tried = [end]
    for share in WAY:
        _at(tuned, probe, own, share)
        tried.append(Blend(share, *judge(tuned)))
    right = max(blend.accuracy for blend in tried)
    equals = [blend for blend in tried if blend.accuracy == right]
    if photos < FEW:
        best = min(equals, key=lambda blend: abs(blend.share - HALF))
    else:
        best = (
            end
            if right - end.accuracy <= standard_error(right, photos)
            else max(equals, key=lambda one: one.score)
        )
    _at(tuned, probe, own, best.share)
    return best


def judge_on(
    image_cache: ImageCache, validation: Sequence[Example], framing: Preprocessing
) -> Callable[[Any], tuple[float, float]]:
    """A model's top-1 accuracy and calibrated loss on validation photos, framed as serving
    would."""
    truth = np.array([label for _, label in validation])

    def judge(model: Any) -> tuple[float, float]:
        said = seen_of(
            lambda network, pixels: network(pixel_values=pixels).logits,
            model,
            image_cache,
            validation,
            framing,
        )
        return top_k(said, truth, 1), calibrated_loss(said, truth)

    return judge


def seen_of(
    what: Callable[[Any, torch.Tensor], torch.Tensor],
    model: Any,
    image_cache: ImageCache,
    examples: Sequence[Example],
    framing: Preprocessing,
) -> np.ndarray:
    """`what` (n, d) float32 a model makes of photos, framed as serving would; the model ends on
    the CPU."""
    from train.finetune.trainer import computes_in_bf16

    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = model.to(device).eval()
    with torch.inference_mode(), torch.autocast(device, torch.bfloat16, enabled=computes_in_bf16()):
        parts = [
            what(model, pixels.to(device)).float().cpu().numpy()
            for pixels in _framed(image_cache, examples, framing)
        ]
    model.to("cpu")
    return np.concatenate(parts)


def _framed(
    image_cache: ImageCache, examples: Sequence[Example], framing: Preprocessing
) -> Iterable[torch.Tensor]:
    for some in batches(examples, BATCH):
        yield torch.from_numpy(
            np.stack([framing.tensor(framing.framed(image_cache.photo(name))) for name, _ in some])
        )


def _at(
    model: Any, probe: Mapping[str, torch.Tensor], own: Mapping[str, torch.Tensor], share: float
) -> None:
    model.load_state_dict(
        {
            name: torch.lerp(probe[name], value, share) if value.is_floating_point() else value
            for name, value in own.items()
        }
    )
