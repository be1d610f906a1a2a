"""Photos drawn by a text-to-image model of the package `diffusers`, for classes that nearly nobody
photographs (pip install -r requirements-diffusers.txt).

    draw = drawer("stabilityai/sdxl-turbo", cache)
    draw("Durga, goddess with many arms", 7)          JPEG bytes, the same for the same number

What such a model was trained on is its maker's responsibility; its licence is kept with each photo.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from data_cards.dataset.collection import ClassInfo
from data_cards.errors import BackboneUnavailable, BadSource
from data_cards.photos.image import encode_jpeg

Draw = Callable[[str, int], bytes]
FORM = "a photo of {words}, taken with a phone"
STEPS = 20
QUALITY = 92
# What a photo is taken as, by its number: without it a model draws one view over and over.
WAYS = (
    "from the front",
    "from the side",
    "from below",
    "close up",
    "from a distance",
    "in warm light",
    "in the shade",
    "at an angle, partly covered",
)


def prompt_for(info: ClassInfo, number: int) -> str:
    """What a class is called and looks like, and how this photo of it is taken."""
    look = next((value for name, value in info.facts if name.casefold() == "look for"), "")
    words = ", ".join(filter(None, (info.title, look)))
    return f"{FORM.format(words=words)}, {WAYS[number % len(WAYS)]}"


def drawer(model: str, cache: Path, load: Callable[..., Any] | None = None) -> Draw:
    """A function from words and a number to a JPEG. `load`: what opens a model, diffusers' own
    where none is given. Raises BadSource without the package, BackboneUnavailable without the
    model."""
    import torch

    opened = load or _pipeline()
    try:
        pipeline = opened(model, cache_dir=str(cache))
    except (OSError, ValueError) as error:
        raise BackboneUnavailable(
            f"There is no text-to-image model {model} here, and the Hub does not answer with one.",
            model=model,
        ) from error

    def draw(words: str, number: int) -> bytes:
        chance = torch.Generator("cpu").manual_seed(number)
        made = pipeline(prompt=words, num_inference_steps=STEPS, generator=chance)
        return encode_jpeg(made.images[0].convert("RGB"), QUALITY)

    return draw


def _pipeline() -> Callable[..., Any]:
    try:
        from diffusers import AutoPipelineForText2Image
    except ImportError as error:
        raise BadSource(
            "Drawing photos needs the package diffusers: pip install -r requirements-diffusers.txt"
        ) from error

    def opened(model: str, cache_dir: str) -> Any:
        found = AutoPipelineForText2Image.from_pretrained(model, cache_dir=cache_dir)
        found.set_progress_bar_config(disable=True)  # a bar of ours counts the photos
        return found

    return opened
