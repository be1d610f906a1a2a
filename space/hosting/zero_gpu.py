"""ZeroGPU: a Space that borrows a GPU for the seconds of a batch.

Hugging Face ends a ZeroGPU Space that declares no function with `@spaces.GPU` before its app is
launched, by Gradio's own `launch`. Here that function is what looks at a batch of photos. The
`spaces` package runs it in a process of its own; elsewhere, and without the package, it is an
ordinary function that runs here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data_cards.dataset.collection import Collection
from data_cards.errors import BadPhoto

if TYPE_CHECKING:
    from train.inference.predictor import Prediction, Predictor

SECONDS = 30  # that a GPU is asked for: loading 90 MB, and 16 photos
Look = Callable[[str, np.ndarray], tuple[np.ndarray, ...]]


def look_at_batch(folder: str, photos: np.ndarray) -> tuple[np.ndarray, ...]:
    """The outputs of the release's network in a folder for photos (n, 3, h, w), each (n, ...)
    float32. Runs on the GPU where there is one."""
    import torch

    from train.models.heads import load_answering

    device = "cuda" if torch.cuda.is_available() else "cpu"
    module = load_answering(Path(folder)).to(device)
    with torch.inference_mode():
        outputs = module(torch.from_numpy(photos).to(device))
    return tuple(one.float().cpu().numpy() for one in outputs)


@cache
def declared() -> Look:
    """`look_at_batch` as ZeroGPU wants it declared: call this before the app is launched."""
    if find_spec("spaces") is None:
        return look_at_batch
    import spaces

    look: Look = spaces.GPU(duration=SECONDS)(look_at_batch)
    return look


class LookedAhead:
    """A recognizer whose answers about the photos of one batch are there already."""

    def __init__(self, predictor: Predictor, photos: Sequence[bytes], look: Look) -> None:
        self.collection: Collection = predictor.collection
        self.model: dict[str, Any] = predictor.model
        answers = predictor.predict_many(
            photos, lambda tensors: look(str(predictor.folder), tensors)
        )
        self._answers: Mapping[bytes, Prediction | BadPhoto] = {
            _key(data): answer for data, answer in zip(photos, answers, strict=True)
        }

    def predict(self, data: bytes, top_k: int = 3) -> Prediction:
        """The answer about a photo of the batch. Raises BadPhoto."""
        answer = self._answers[_key(data)]
        if isinstance(answer, BadPhoto):
            raise answer
        return answer


def _key(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
