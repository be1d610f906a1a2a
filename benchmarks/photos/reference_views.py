"""What views of reference pictures are worth: real photos of paintings, by how many views of each
reference a probe learned from.

    python -m benchmarks.curation views ../shared/photos/paintings [--paintings 60] [--views 0 5 20]

Of the paintings that somebody photographed and as many others as are asked for, the reference
pictures alone, or with views by the museum's camera, are embedded by the frozen backbone; a linear
probe learns them and is asked about the real photos (`queries.csv`). A second line asks the nearest
reference or view instead. The views are simulated, the photos are real.
"""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.photos.clips import said_by_probe
from curation.ingest.reference_views import REFERENCE_SIDE, VIEW
from curation.museum.visitors import snap_reference
from data_cards.photos.image import open_photo
from data_cards.settings import default_cache


def add_flags(command: argparse.ArgumentParser) -> None:
    """The arguments of this bench."""
    command.add_argument("folder", type=Path, help="reference/*.jpg, queries/*.jpg, queries.csv")
    command.add_argument("--paintings", type=int, default=60, help="that may be the answer")
    command.add_argument("--views", type=int, nargs="+", default=[0, 5, 20])


def run(flags: argparse.Namespace) -> None:
    """Print the table."""
    from train.inference.embeddings import embedder_for
    from train.models.backbone import find_backbone

    cache = default_cache(os.environ)
    embedder = embedder_for(find_backbone("auto", cache), cache, photos=1000)
    with open(flags.folder / "queries.csv", encoding="utf-8") as file:
        asked = [(row["file"], row["reference"]) for row in csv.DictReader(file)]
    names = list(dict.fromkeys(reference for _, reference in asked))
    others = sorted(path.name for path in (flags.folder / "reference").glob("*.jpg"))
    names += [name for name in others if name not in names][: max(0, flags.paintings - len(names))]
    photos = embedder.embed((flags.folder / "queries" / file).read_bytes() for file, _ in asked)
    truth = np.array([reference for _, reference in asked])
    pictures = [(flags.folder / "reference" / name).read_bytes() for name in names]
    references = embedder.embed(pictures)
    most = max(flags.views)
    views = [embedder.embed(_views(data, place, most)) for place, data in enumerate(pictures)]
    print(f"{len(names)} paintings, {len(truth)} real photos, views of {VIEW} px")
    print("views of each   probe   nearest")
    for count in flags.views:
        x = np.concatenate([references, *(some[:count] for some in views)])
        y = [*names, *(name for name in names for _ in range(count))]
        probe = np.mean(said_by_probe(x, y, photos) == truth)
        near = np.mean(np.array(y)[_nearest(x, photos)] == truth)
        print(f"{count:>13}   {100 * probe:4.1f} %  {100 * near:4.1f} %")


def _views(data: bytes, place: int, count: int) -> Sequence[bytes]:
    picture = open_photo(data, at_least=REFERENCE_SIDE)
    picture.thumbnail((REFERENCE_SIDE, REFERENCE_SIDE))
    pixels = np.asarray(picture.convert("RGB"))
    return [snap_reference(pixels, place * 1000 + number, VIEW) for number in range(count)]


def _nearest(x: NDArray[Any], photos: NDArray[Any]) -> NDArray[Any]:
    from train.statistics.vectors import unit

    return np.asarray((unit(photos) @ unit(x).T).argmax(axis=1))
