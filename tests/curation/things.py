"""Things of one shape in one place, drawn for tests that compare photos: shirts on a bed, plates on a table."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZE = (480, 360)


def bed(seed: int = 0) -> np.ndarray:
    """A sheet with soft folds, lit from one side: (h, w, 3)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:SIZE[1], 0:SIZE[0]].astype(np.float32)
    folds = sum(np.sin(x * rng.uniform(0.02, 0.1) + y * rng.uniform(-0.08, 0.08) + rng.uniform(0, 6)) for _ in range(5))
    light = 170 + 6 * folds + 20 * x / SIZE[0]
    return np.asarray(light[..., None] * np.array((1.0, 0.97, 0.93), np.float32), np.float32)


def shirt(colour: tuple[int, int, int] = (200, 60, 60), words: str = "", shot: int = 0,
          creases: int = 0) -> Image.Image:
    """Photographed on the bed; another `shot` has other grain, other `creases` are another garment's."""
    mask = Image.new("L", SIZE)
    ImageDraw.Draw(mask).polygon([(200, 60), (280, 60), (370, 120), (340, 150), (320, 130), (320, 310), (160, 310),
                                  (160, 130), (140, 150), (110, 120)], 255)
    rng = np.random.default_rng(creases + 100)
    y, x = np.mgrid[0:SIZE[1], 0:SIZE[0]].astype(np.float32)
    shade = 1 + 0.03 * sum(np.sin(x * rng.uniform(0.03, 0.2) + y * rng.uniform(-0.2, 0.2)) for _ in range(4))
    cloth = np.array(colour, np.float32) * shade[..., None]
    print_ = Image.new("L", SIZE)
    ImageDraw.Draw(print_).text((240, 190), words, 255, ImageFont.load_default(26), anchor="mm")
    ink = np.asarray(print_, np.float32)[..., None] / 255
    cloth = cloth * (1 - ink) + 245 * ink
    inside = np.asarray(mask.filter(ImageFilter.GaussianBlur(1)), np.float32)[..., None] / 255
    picture = bed() * (1 - inside) + cloth * inside
    grain = np.random.default_rng(shot).normal(0, 2, picture.shape)
    return Image.fromarray(np.clip(picture + grain, 0, 255).astype(np.uint8))
