"""Piles of unusual pictures, drawn by a test: numerals, chalk, night, stars, icons and the like."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from tests.curation.scenes import scene
from tests.planted import PLANTED

Make = Callable[[int], Image.Image]


def strokes(seed: int, size: tuple[int, int] = (400, 400), ink: int = 20, paper: int = 255, pen: int | None = None,
            noise: float = 0.0) -> Image.Image:
    """A few lines and rings on an even ground, as a hand draws numerals."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", size, (paper,) * 3)
    draw = ImageDraw.Draw(image)
    pen = int(rng.integers(2, 12)) if pen is None else pen
    for _ in range(int(rng.integers(1, 4))):
        corners = rng.uniform(0.1, 0.9, (int(rng.integers(2, 5)), 2)) * size
        points = [(float(x), float(y)) for x, y in corners]
        if rng.random() < 0.5:
            draw.line(points, fill=(ink,) * 3, width=pen, joint="curve")
        else:
            (x0, x1), (y0, y1) = np.sort(corners[:2], axis=0).T.tolist()
            draw.ellipse((x0, y0, x1 + pen, y1 + pen), outline=(ink,) * 3, width=pen)
    if not noise:
        return image
    return Image.fromarray((np.asarray(image) + rng.normal(0, noise, (*size[::-1], 1))).clip(0, 255).astype(np.uint8))


def stars(seed: int) -> Image.Image:
    """Points of light on a black sky."""
    rng = np.random.default_rng(seed)
    sky = rng.normal(6, 2, (300, 400, 1)).repeat(3, axis=2)
    for y, x in rng.integers(2, 297, (int(rng.integers(20, 60)), 2)):
        sky[y:y + 2, x:x + 2] = rng.integers(90, 255)
    return Image.fromarray(sky.clip(0, 255).astype(np.uint8))


def night(seed: int) -> Image.Image:
    """A photo by night."""
    return ImageEnhance.Brightness(scene(seed)).enhance(random.Random(seed).uniform(0.06, 0.12))


def icon(seed: int) -> Image.Image:
    """A thumbnail."""
    side = random.Random(seed)
    return scene(seed).resize((side.randint(48, 90), side.randint(48, 90)))


PILES: dict[str, Make] = {
    "numerals": strokes,
    "thin numerals": lambda seed: strokes(seed, pen=1),
    "scanned numerals": lambda seed: strokes(seed, noise=seed % 5),
    "pencil": lambda seed: strokes(seed, ink=170 + seed % 50),
    "chalk": lambda seed: strokes(seed, ink=255, paper=0),
    "small digits": lambda seed: strokes(seed, (28, 28), pen=2),
    "night": night,
    "stars": stars,
    "icons": icon,
    "soft": lambda seed: scene(seed).filter(ImageFilter.GaussianBlur(5 + seed % 3)),
    "screenshots": lambda seed: PLANTED["phone page"](scene(seed), random.Random(seed)),
    "black and white": lambda seed: ImageOps.grayscale(scene(seed)).convert("RGB"),
    "panoramas": lambda seed: scene(seed, (1200, 260)),
    "columns": lambda seed: scene(seed, (220, 1000)),
}
