"""Small pictures with something on them, for tests that compare photos."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def scene(seed: int, size: tuple[int, int] = (400, 300)) -> Image.Image:
    """A picture of random shapes; another seed gives another picture."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", size, tuple(int(value) for value in rng.integers(60, 200, 3)))
    draw = ImageDraw.Draw(image)
    for _ in range(60):
        x, y = rng.integers(0, size[0]), rng.integers(0, size[1])
        w, h = rng.integers(8, 70, 2)
        colour = tuple(int(value) for value in rng.integers(0, 256, 3))
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape((int(x - w / 2), int(y - h / 2), int(x + w / 2), int(y + h / 2)), fill=colour)
    return image.filter(ImageFilter.GaussianBlur(0.7))


def blanket_with(thing: int) -> Image.Image:
    """Always the same patterned blanket; `thing` chooses what lies in its middle."""
    image = scene(1000)
    image.paste(scene(thing, (200, 150)), (100, 75))
    return image


def jpeg(image: Image.Image, quality: int = 90) -> bytes:
    """The picture as JPEG bytes."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()
