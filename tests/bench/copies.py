"""Near-duplicates: five edited copies of each photo, and how well the verification tells them from others.

    python -m tests.bench.curation copies ../shared/photos/landmarks [--count 40]
"""

from __future__ import annotations

import argparse
import io
import random
import time
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from curation.verification import Fingerprint, compare, fingerprint
from data_cards.errors import BadPhoto
from data_cards.photo import open_photo


def edits(photo: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    """The photo and five edited copies."""
    width, height = photo.size
    yield "original", photo
    yield "crop", photo.crop((width // 10, height // 10, width - width // 10, height - height // 10))
    yield "mirror", ImageOps.mirror(photo)
    yield "upside down", ImageOps.flip(photo)
    yield "turned", photo.rotate(25)
    yield "square", photo.resize((300, 300))


def copies(folder: Path, count: int) -> None:
    """Every pair of copies should agree, and no two different photos; the score of each, by edit."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    random.Random(0).shuffle(files)
    prints: list[dict[str, Fingerprint]] = []
    for path in files:
        if len(prints) < count and (photo := _opened(path)) is not None:
            prints.append({name: fingerprint(_saved(edited)) for name, edited in edits(photo)})
    began, true, false = time.monotonic(), [], []
    for n, one in enumerate(prints):
        true += [(compare(one[a], one[b]).score, a, b) for a, b in combinations(one, 2)]
        false += [compare(one["original"], other["original"]).score for other in prints[n + 1:]]
    each = (time.monotonic() - began) / (len(true) + len(false)) * 1000
    scores, others = np.array([score for score, _, _ in true]), np.array(false)
    print(f"{len(prints)} photos: {len(true)} true pairs, {len(others)} others, {each:.1f} ms a pair")
    for threshold in (0.8, 0.85, 0.9, 0.95):
        hits, strays = int((scores >= threshold).sum()), int((others >= threshold).sum())
        print(f"threshold {threshold:.2f}: recall {hits / len(true):.4f}  wrong pairs {strays} of {len(others)}")
    print("hardest:", sorted(true)[:5])


def _opened(path: Path) -> Image.Image | None:
    try:
        photo = open_photo(path.read_bytes())
    except BadPhoto:
        return None
    photo.thumbnail((640, 640))
    return photo


def _saved(photo: Image.Image) -> Image.Image:
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=88)
    return Image.open(io.BytesIO(out.getvalue())).convert("RGB")


def add_flags(command: argparse.ArgumentParser) -> None:
    """Its flags."""
    command.add_argument("folder", type=Path)
    command.add_argument("--count", type=int, default=40)


def run(flags: argparse.Namespace) -> None:
    """Print the figures."""
    copies(flags.folder, flags.count)
