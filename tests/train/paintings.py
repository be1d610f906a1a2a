"""Painted pictures in miniature, full of corners, and visitors' photos of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from data_cards.photo import encode_jpeg

SIZE = (360, 280)


def painting(kind: int) -> Image.Image:
    """Painting number `kind`: boxes and blots of many sizes."""
    rng = np.random.default_rng([31, kind])
    picture = Image.new("RGB", SIZE, tuple(rng.integers(60, 200, 3).tolist()))
    pen = ImageDraw.Draw(picture)
    for _ in range(160):
        (x, y), (w, h) = rng.uniform(-20, SIZE), rng.uniform(6, 60, 2)
        draw = pen.rectangle if rng.random() < 0.5 else pen.ellipse
        draw((x, y, x + w, y + h), fill=tuple(rng.integers(0, 255, 3).tolist()))
    return picture


def visit(kind: int, shot: int = 0) -> Image.Image:
    """A visitor's photo: the painting on a grey wall, from an angle."""
    rng = np.random.default_rng([32, kind, shot])
    wall = Image.new("RGB", (480, 400), (150, 148, 140))
    wall.paste(painting(kind), (60, 60))
    turned = wall.rotate(float(rng.uniform(-12, 12)), Image.Resampling.BICUBIC, fillcolor=(150, 148, 140))
    lean = float(rng.uniform(0, 40))
    corners = (lean, 0, 0, 400, 480, 400 - lean, 480 - lean, lean)
    return turned.transform((440, 380), Image.Transform.QUAD, corners, Image.Resampling.BICUBIC)


def catalogue(folder: Path, kinds: int, visited: int) -> Path:
    """A CSV of `kinds` reference pictures and one query of each of the first `visited`."""
    rows = ["file,label,split,role"]
    for kind in range(kinds):
        (folder / f"r{kind}.jpg").write_bytes(encode_jpeg(painting(kind)))
        rows.append(f"r{kind}.jpg,work {kind},,reference")
    for kind in range(visited):
        (folder / f"q{kind}.jpg").write_bytes(encode_jpeg(visit(kind)))
        rows.append(f"q{kind}.jpg,work {kind},,query")
    (folder / "list.csv").write_text("\n".join(rows))
    return folder / "list.csv"
