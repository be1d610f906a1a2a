"""One picture a painting: python -m benchmarks.training.references --photos ../shared/photos [--model
FOLDER] [--strangers 300]

    python -m benchmarks.training.references --photos ../shared/photos --grow 287 1500 5000

Collects paintings/ (reference.csv, queries.csv) as anybody would, trains by the usual command
and asks the release: top-1 beside the plain cosine of the same frozen features, the place of the
truth among the most similar, known photos refused, photos of groceries and artifacts answered
"none", milliseconds a photo. With --model, a release made before.

With --grow, points alone and no network: the paintings among so many pictures, the others made up
from their points (`made_up`). For each number: right by points, the last place of the truth by
votes, milliseconds of processor a photo (votes, and votes with laying over), seconds to make the
cells, megabytes.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from curation.ingest.collect import collect
from data_cards.photos.image import open_photo
from data_cards.progress import speak_up
from data_cards.settings import default_cache
from train.images.keypoints import SIDE, Points, find_points
from train.inference.network import open_network
from train.inference.photo_index import Index
from train.inference.predictor import Predictor, load_predictor
from train.inference.reference_matching import ASKED, KEPT, References
from train.settings import TrainSettings
from train.statistics.vectors import unit
from train.train_model import train_model

ENDINGS = (".jpg", ".jpeg", ".png")


def main() -> None:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--strangers", type=int, default=300)
    parser.add_argument("--grow", type=int, nargs="+", default=[], help="numbers of pictures")
    flags = parser.parse_args()
    speak_up()
    if flags.grow:
        for row in growth(flags.photos, flags.grow):
            print(json.dumps(row), flush=True)
        return
    truth = queries(flags.photos / "paintings")
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as scratch:
        seconds, folder = (
            (0.0, flags.model)
            if flags.model
            else trained(flags.photos / "paintings", Path(scratch))
        )
        found = {
            "train_seconds": round(seconds),
            "release_mb": megabytes(folder),
            **asked(folder, truth),
        }
        predictor = load_predictor(str(folder))
        for name in ("groceries", "artifacts"):
            found[f"{name}_none"] = none_of(predictor, some(flags.photos / name, flags.strangers))
    print(json.dumps({**found, "load": round(os.getloadavg()[0], 1), "cores": os.cpu_count()}))


def queries(folder: Path) -> dict[Path, str]:
    """Photo -> class id."""
    with open(folder / "queries.csv", encoding="utf-8") as file:
        return {
            folder / "queries" / row["file"]: Path(row["reference"]).stem
            for row in csv.DictReader(file)
        }


def trained(folder: Path, scratch: Path) -> tuple[float, Path]:
    """Seconds, and the release, by the steps that the README names."""
    with open(folder / "reference.csv", encoding="utf-8") as file:
        rows = [
            (path, path.stem, "reference")
            for row in csv.DictReader(file)
            for path in [folder / "reference" / row["file"]]
        ]
    rows += [(path, label, "query") for path, label in queries(folder).items()]
    for path, _, role in rows:
        (scratch / f"{role}-{path.name}").write_bytes(path.read_bytes())
    lines = [f"{role}-{path.name},{label},,{role}" for path, label, role in rows]
    (scratch / "list.csv").write_text(
        "\n".join(["file,label,split,role", *lines]), encoding="utf-8"
    )
    collect(str(scratch / "list.csv"), str(scratch / "dataset"))
    begun = time.monotonic()
    train_model(
        str(scratch / "dataset"),
        str(scratch / "model"),
        TrainSettings(),
        cache=default_cache(os.environ),
    )
    return time.monotonic() - begun, scratch / "model"


def asked(folder: Path, truth: dict[Path, str]) -> dict[str, object]:
    """The release on the queries, beside the cosine of the same features alone."""
    predictor = load_predictor(str(folder))
    plain = open_network(folder, plain=True)
    index = Index.load(folder / "vitrine" / "index")
    photos = [path.read_bytes() for path in truth]
    cosines = unit(np.stack([plain.ask(data)[1] for data in photos])) @ unit(index.features).T
    nearest = [index.labels[int(row.argmax())] for row in cosines]
    right = 0
    refused = 0
    places = []
    times = []
    cpu = []
    for data, label in zip(photos, truth.values(), strict=True):
        begun = time.perf_counter()
        spent = time.process_time()
        said = predictor.predict(data)
        times.append(1000 * (time.perf_counter() - begun))
        cpu.append(1000 * (time.process_time() - spent))
        right += said.candidates[0].label == label
        refused += said.answer == "none"
        labels = [row["label"] for row in predictor.similar(data, len(index))]
        places.append(labels.index(label) + 1)
    return {
        "n": len(truth),
        "right": right,
        "right_by_plain_cosine": sum(map(str.__eq__, nearest, truth.values())),
        "last_place_among_similar": max(places),
        "known_refused": refused,
        "ms": {
            "p50": round(float(np.median(times))),
            "p90": round(float(np.quantile(times, 0.9))),
            "cpu": round(float(np.mean(cpu))),
        },
    }


def growth(photos: Path, counts: list[int]) -> Iterator[dict[str, object]]:
    """What it costs to find the paintings among more and more pictures."""
    folder = photos / "paintings"
    names = sorted(path.name for path in (folder / "reference").glob("*.jpg"))
    asked = [
        (points_of(path, ASKED), names.index(f"{label}.jpg"))
        for path, label in queries(folder).items()
    ]
    pictures = [points_of(folder / "reference" / name, KEPT) for name in names]
    rounds = -(-max(counts) // len(pictures))
    pictures = [made_up(one, number) for number in range(rounds) for one in pictures]
    for count in counts:
        known = References(tuple(pictures[:count]), tuple(range(count)), count)
        begun = time.process_time()
        cells = len(known.index.centres)
        making = time.process_time() - begun
        begun = time.process_time()
        votes = [known.votes(points) for points, _ in asked]
        voting = time.process_time() - begun
        begun = time.process_time()
        found = [known.recognise(points) for points, _ in asked]
        all_of_it = time.process_time() - begun
        truth = [label for _, label in asked]
        places = [int((row > row[y]).sum()) + 1 for row, y in zip(votes, truth, strict=True)]
        yield {
            "pictures": count,
            "right_by_points": sum(
                int(row.argmax()) == y for row, y in zip(found, truth, strict=True)
            ),
            "last_place_by_votes": max(places),
            "cells": cells,
            "cells_seconds": round(making, 1),
            "votes_ms": round(1000 * voting / len(asked)),
            "compared_ms": round(1000 * all_of_it / len(asked)),
            "voting_mb": round(known.index.descriptors.nbytes / 1e6),
            "load": round(os.getloadavg()[0], 1),
        }


def points_of(path: Path, count: int) -> Points:
    """The points of a photo."""
    return find_points(open_photo(path.read_bytes(), at_least=SIDE), count)


def made_up(points: Points, number: int) -> Points:
    """The points of picture `number` of a kind, the first of them as they are: of the others the
    sixteen cells of each descriptor stand in another order, so that they are as many and as alike
    as real ones, and belong to no photo."""
    if not number:
        return points
    order = np.random.default_rng(number).permutation(16)
    cells = points.descriptors.reshape(-1, 16, 8)[:, order]
    return Points(points.places, cells.reshape(-1, 128))


def some(folder: Path, count: int) -> list[Path]:
    """About so many photos of a folder, evenly over its classes."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    return [paths[int(n)] for n in np.linspace(0, len(paths) - 1, min(count, len(paths)))]


def none_of(predictor: Predictor, paths: list[Path]) -> str:
    """How many are answered "none", of how many."""
    answers = [predictor.predict(path.read_bytes()) for path in paths]
    return f"{sum(one.answer == 'none' for one in answers)}/{len(answers)}"


def megabytes(folder: Path) -> float:
    """What the pictures' points take."""
    return round((folder / "vitrine" / "references.npz").stat().st_size / 1e6, 1)


if __name__ == "__main__":
    main()
