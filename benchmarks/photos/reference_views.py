"""What views of reference pictures are worth: real photos of paintings, by how many views of each
reference a probe learned from.

    python -m benchmarks.curation views ../shared/photos/paintings [--paintings 60] [--views 0 5 20]

Of the paintings that somebody photographed and as many others as are asked for, the reference
pictures alone, or with views by the museum's camera, are embedded by the frozen backbone; a linear
probe learns them and is asked about the real photos (`queries.csv`). A second column asks the nearest
reference or view instead. With `--budget 2m` the usual commands (`collect`, `views`, `train`) also
fine-tune on the views that long; a release without views compares with the references. The views
are simulated, the photos are real.
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.collections import listed
from benchmarks.photos.clips import said_by_probe
from curation.ingest.collect import collect
from curation.ingest.reference_views import REFERENCE_SIDE, VIEW, ViewSettings, add_views
from curation.museum.visitors import snap_reference
from data_cards.dataset.repo import open_dataset
from data_cards.photos.image import open_photo
from data_cards.settings import default_cache


def add_flags(command: argparse.ArgumentParser) -> None:
    """The arguments of this bench."""
    command.add_argument("folder", type=Path, help="reference/*.jpg, queries/*.jpg, queries.csv")
    command.add_argument("--paintings", type=int, default=60, help="that may be the answer")
    command.add_argument("--views", type=int, nargs="+", default=[0, 5, 20])
    command.add_argument("--budget", help="fine-tune as long as that, such as 2m")


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
    print("views of each   probe   nearest" + ("   release" if flags.budget else ""))
    for count in flags.views:
        x = np.concatenate([references, *(some[:count] for some in views)])
        y = [*names, *(name for name in names for _ in range(count))]
        probe = np.mean(said_by_probe(x, y, photos) == truth)
        near = np.mean(np.array(y)[_nearest(x, photos)] == truth)
        trained = _released(flags, names, asked, count) if flags.budget else ""
        print(f"{count:>13}   {100 * probe:4.1f} %  {100 * near:4.1f} %  {trained}")


def _released(
    flags: argparse.Namespace, names: Sequence[str], asked: Sequence[tuple[str, str]], count: int
) -> str:
    """What a release of the usual commands says of the real photos."""
    from train.settings import TrainSettings
    from train.train_model import train_model

    rows = [(flags.folder / "reference" / name, Path(name).stem, "", "reference") for name in names]
    rows += [
        (flags.folder / "queries" / file, Path(name).stem, "test", "query") for file, name in asked
    ]
    with tempfile.TemporaryDirectory() as made:
        out = Path(made)
        source = listed(out / "paintings.csv", ("file", "label", "split", "role"), rows)
        address = collect(str(source), str(out / "dataset")).address
        if count:
            add_views(open_dataset(address), ViewSettings(per_class=1 + count))
        report = train_model(
            address,
            str(out / "model"),
            TrainSettings(budget=flags.budget),
            cache=default_cache(os.environ),
        )
        first = report.metrics["top1"]["value"]
        return f"{100 * first:4.1f} % ({report.metrics['kept']})"


def _views(data: bytes, place: int, count: int) -> Sequence[bytes]:
    picture = open_photo(data, at_least=REFERENCE_SIDE)
    picture.thumbnail((REFERENCE_SIDE, REFERENCE_SIDE))
    pixels = np.asarray(picture.convert("RGB"))
    return [snap_reference(pixels, place * 1000 + number, VIEW) for number in range(count)]


def _nearest(x: NDArray[Any], photos: NDArray[Any]) -> NDArray[Any]:
    from train.statistics.vectors import unit

    return np.asarray((unit(photos) @ unit(x).T).argmax(axis=1))
