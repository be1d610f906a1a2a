"""What one photo, one pair, one row costs on this machine: the unit costs that docs/guide/scale.md
multiplies.

    python -m benchmarks.curation costs --dataset festival/dataset [--vectors 100000]

Processor seconds of one core, so that other work on the machine hardly shows; seconds by the
clock beside them. Each figure is the whole of a batch by its number, after one round that is not
counted.
"""

from __future__ import annotations

import argparse
import os
import pickle
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from curation.measures.cache import Memory
from curation.measures.fingerprint import Match, fingerprint
from curation.measures.measure import LONGER, small
from curation.measures.neighbours import nearest
from curation.measures.pixels import measure
from curation.near_duplicates.compare import compare
from curation.near_duplicates.groups import pair_of
from data_cards.dataset.repo import Dataset, open_dataset
from data_cards.photos.image import open_photo
from data_cards.settings import default_cache
from train.inference.embeddings import embedder_for
from train.inference.photo_index import Index, write_index
from train.models.backbone import Backbone, find_backbone

PHOTOS = 64
IN_ORDER = 500
PAIRS = 400
ROWS = 100_000
SMALLER = 10_000
ENOUGH = 60.0  # seconds that a few steps of a training are measured for at most


def cost(name: str, many: int, unit: str, work: Callable[[], Any]) -> Any:
    """Print what one of `many` costs, and hand on what `work` makes."""
    clock = time.perf_counter()
    spent = time.process_time()
    made = work()
    clock = time.perf_counter() - clock
    spent = time.process_time() - spent
    spent, clock = (one / many * 1000 for one in (spent, clock))
    print(f"{name:<58}{spent:12.4f} {unit} of a core{clock:12.4f} by the clock", flush=True)
    return made


def size(name: str, value: float, unit: str = "bytes") -> None:
    """Print a size."""
    print(f"{name:<58}{value:12.0f} {unit}", flush=True)


def of_photos(dataset: Dataset, backbone: Backbone, cache: Path) -> None:
    """What a scan does with each photo, and with each pair."""
    ids = list(dataset.photos())
    first = cost(
        "read a photo from parquet, in storage order",
        min(len(ids), IN_ORDER),
        "ms",
        lambda: [data for _, data in dataset.read_photos(ids[:IN_ORDER])],
    )
    size("photo as stored", sum(map(len, first)) / len(first))
    random.Random(0).shuffle(ids)
    photos = dict(dataset.read_photos(ids[:PHOTOS]))
    opened = cost(
        "decode",
        PHOTOS,
        "ms",
        lambda: [open_photo(data, at_least=256, longer=LONGER) for data in photos.values()],
    )
    cost(
        "measure",
        PHOTOS,
        "ms",
        lambda: [measure(small(one), one.width, one.height, "JPEG") for one in opened],
    )
    fingerprint(opened[0])
    prints = cost("fingerprint", PHOTOS, "ms", lambda: [fingerprint(one) for one in opened])
    size(
        "fingerprint, while a scan runs",
        float(np.mean([len(pickle.dumps(one, protocol=5)) for one in prints])),
    )
    rng = random.Random(1)
    pairs = [rng.sample(prints, 2) for _ in range(PAIRS)]
    cost(
        "compare a pair that is not the same shot",
        PAIRS,
        "ms",
        lambda: [compare(*pair) for pair in pairs],
    )
    embedder = embedder_for(backbone, cache, threads=1, photos=10 * PHOTOS)
    embedder.embed(list(photos.values())[:16])
    x = cost(
        f"embed, decoding included ({embedder.engine.name})",
        PHOTOS,
        "ms",
        lambda: embedder.embed(photos.values()),
    )
    size("features of a photo, on disk", x[0].size * 2)


def of_vectors(count: int, dimensions: int = 384) -> None:
    """Neighbours of everybody, exactly and by a graph."""
    x = np.random.default_rng(0).normal(size=(count, dimensions)).astype(np.float32)
    few = x[:SMALLER]
    cost(
        f"neighbours of all, exact: a million of {SMALLER}² pairs",
        len(few) ** 2 // 10**6,
        "ms",
        lambda: nearest(few),
    )
    size("neighbours of a photo, in memory", 12 * 8)
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as made:
        folder = Path(made)
        names = [f"{number:064x}" for number in range(count)]
        cost(
            f"index of {count}, a photo",
            count,
            "ms",
            lambda: write_index(folder, names, ["x"] * count, x, [b""] * count),
        )
        size(
            "index of a photo, on disk, without its small picture",
            sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / count,
        )
        index = Index.load(folder)
        index.nearest(x[0], 8)
        cost(
            f"the nearest 8 of {count}",
            200,
            "ms",
            lambda: [index.nearest(one, 8) for one in x[:200]],
        )


def of_rows() -> None:
    """What a scan remembers, in SQLite."""
    names = [f"{number:064x}" for number in range(ROWS // 10)]
    rng = random.Random(0)
    pairs = {pair_of(*rng.sample(names, 2)): Match(0.1, "same-scene") for _ in range(ROWS)}
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as made:
        memory = Memory(Path(made))
        cost("remember a judged pair", len(pairs), "ms", lambda: memory.keep_matches(pairs))
        file = next(Path(made).glob("*.sqlite"))
        size("a judged pair, on disk", file.stat().st_size / len(pairs))
        places = np.array([(int(a, 16), int(b, 16)) for a, b in pairs])
        cost(
            "ask whether a pair was judged",
            len(pairs),
            "ms",
            lambda: memory.not_judged(names, places),
        )
        with sqlite3.connect(file) as base:
            found = base.execute("select count(*) from judged").fetchone()[0]
    assert found == len(pairs)


def of_training(dataset: Dataset, backbone: Backbone) -> None:
    """A training view at the plan's size, forwards and backwards."""
    from transformers import AutoModelForImageClassification

    from train.finetune.budget import Sample, pace_of
    from train.finetune.schedule import plan_for
    from train.images.image_cache import fill_image_cache
    from train.images.preprocessing import Preprocessing

    framing = Preprocessing.from_folder(backbone.path)
    photos = dict(dataset.read_photos(list(dataset.photos())[:16]))
    plan = plan_for(2640, str(backbone.config["model_type"]), framing.size)
    model = AutoModelForImageClassification.from_pretrained(backbone.path, num_labels=81)
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as made:
        image_cache = fill_image_cache(Path(made), photos.items(), framing.short or framing.size)
        size("small copy of a photo, while training", image_cache.file.stat().st_size / len(photos))
        pace = pace_of(
            model,
            Sample(image_cache, [(name, 0) for name in photos], list(photos.values()), framing),
            plan,
            (plan.side,),
            ENOUGH,
            Path(made),
        )
    which = f"the upper {plan.blocks}" if plan.blocks else "all"
    print(
        f"{f'learn from 1,000 views at {plan.side} px, {which} blocks':<58}"
        f"{1000 * (pace.view + pace.pixel * plan.side**2):12.1f} s by the clock, all cores"
    )


def add_flags(command: argparse.ArgumentParser) -> None:
    """Its flags."""
    command.add_argument("--dataset", required=True, help="a dataset with photos of the usual size")
    command.add_argument(
        "--vectors", type=int, default=100_000, help="how many photos the index is measured with"
    )


def run(flags: argparse.Namespace) -> None:
    """Print every figure."""
    cache = default_cache(os.environ)
    dataset = open_dataset(flags.dataset)
    backbone = find_backbone("auto", cache)
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.0f}")
    of_photos(dataset, backbone, cache)
    of_rows()
    of_vectors(flags.vectors)
    of_training(dataset, backbone)
