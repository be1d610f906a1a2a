"""A scan of very many photos: made-up thumbnails, so that everything but looking at pixels is
what it would be.

The network, fingerprints and comparing are replaced by something cheap and counted; what they
would have taken is added from their price here. Memory is told twice: what is the process's own,
and with pages of files, which the system takes back when it needs them. `python -m
benchmarks.scale.many STEP FOLDER` is one step in a process of its own.
"""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain, islice
from pathlib import Path
from threading import Event, Thread

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from benchmarks.peers import peak, spent
from curation import museum
from curation.measures import measure as looking
from curation.measures.fingerprint import Fingerprint, Match, fingerprint
from curation.measures.keypoints import none_found
from curation.near_duplicates import pool as comparing
from curation.near_duplicates.compare import compare
from curation.near_duplicates.visual_words import pairs_by_words
from curation.scan.run import ScanSettings, scan
from data_cards.annotations.ledger import given_labels
from data_cards.bulk.batching import batches
from data_cards.dataset.collection import shipped_collection
from data_cards.dataset.repo import Dataset, create_dataset, open_dataset
from data_cards.dataset.schema import Photo, Source
from data_cards.dataset.tables import images_file, labels_file
from data_cards.errors import BadPhoto
from data_cards.photos.image import image_id, open_photo
from train.images.preprocessing import Preprocessing
from train.inference.embeddings import Embedder, FeatureCache, Watch
from train.models.backbone import Backbone

SIDE = 64
SHARD = 5000
WIDTH = 768
PRICED = 40
POINTS = 260
COPIES = 0.03  # of the thumbnails are another one saved again
COUNTS: Counter[str] = Counter()


def many(count: int) -> None:
    """Print what a scan of `count` thumbnails takes, and the next one with 1 % more."""
    with tempfile.TemporaryDirectory(prefix="vitrine-many-") as folder:
        _step("collect", folder, count)
        full = _step("scan", folder)
        price = _step("price", folder)
        print(
            "price of one, ms of processor:",
            {what: round(value * 1000, 1) for what, value in price.items()},
        )
        whole = _tell("full", full, price)
        _step("collect", folder, count // 100)
        more = _tell("with 1 % more", _step("scan", folder), price)
        print(f"again by full: {more / whole:.3f} (at most 0.05 wanted)")
        # Thumbnails this small have no points; larger photos are proposed by theirs as well.
        print("words:", json.dumps(_step("words", folder, count // 5)))


def _tell(name: str, one: dict, price: dict) -> float:
    """Print a scan as soon as it is done: the next one may take long. Its processor seconds with
    pixels."""
    seconds = float(one["cpu"] + sum(one["counts"].get(what, 0) * price[what] for what in price))
    print(
        f"{name:14} {one['seconds']:7.1f} s {one['cpu']:7.1f} s of processor, {one['own']} MB of "
        "its own at most, "
        f"{one['peak']} with files; "
        f"looked at {one['counts']}: with pixels {seconds:.0f} s of processor\n"
        f"    {one['steps']}\n    {one['said']}",
        flush=True,
    )
    return seconds


def _step(name: str, folder: str, *more: object) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale.many", name, folder, *map(str, more)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def collect(folder: Path, count: str) -> dict:
    """Add so many thumbnails to the dataset."""
    things = shipped_collection("museum")
    dataset = create_dataset(str(folder / "dataset"), things)
    known = dataset.photos()
    files = dict(_written(folder, batches(islice(thumbnails(len(known)), int(count)), SHARD)))
    dataset = dataset.commit(files, "Thumbnails")
    labels = given_labels(dataset.photos())
    dataset.commit(dict([labels_file(labels.values())]), "Labels")
    return {"photos": len(labels)}


def _written(
    folder: Path, parts: Iterable[list[tuple[Photo, bytes]]]
) -> Iterator[tuple[str, Path]]:
    for part in parts:
        path, data = images_file(part)
        place = folder / Path(path).name
        place.write_bytes(data)
        yield path, place


def thumbnails(seed: int) -> Iterator[tuple[Photo, bytes]]:
    """Crops of museum photos in another light, some of them saved twice; without an end."""
    rng = random.Random(seed)
    shots: list[tuple[str | None, Image.Image]] = []
    for truth, data in museum.photos(museum.parse_museum("museum:120")):
        with suppress(BadPhoto):  # some are broken on purpose
            shots.append((truth.given_label, open_photo(data, at_least=160).resize((160, 160))))
    while True:
        label, shot = rng.choice(shots)
        side = rng.uniform(60, 150)
        left = rng.uniform(0, 160 - side)
        top = rng.uniform(0, 160 - side)
        small = shot.resize(
            (SIDE, SIDE), Image.Resampling.BILINEAR, (left, top, left + side, top + side)
        )
        small = ImageEnhance.Brightness(
            ImageOps.mirror(small) if rng.random() < 0.5 else small
        ).enhance(rng.uniform(0.6, 1.5))
        yield _row(small, label, 90)
        if rng.random() < COPIES:
            yield _row(small, label, 70)


def _row(picture: Image.Image, label: str | None, quality: int) -> tuple[Photo, bytes]:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    data = out.getvalue()
    return Photo(image_id(data), SIDE, SIDE, (Source("thumbnail.jpg", label),)), data


class Cheap:
    """In place of a network: a fixed random projection, as wide as the real features."""

    name = "cheap"
    streams = 2

    def __init__(self) -> None:
        self._over = (
            np.random.default_rng(0).normal(size=(3 * 16 * 16, WIDTH)).astype(np.float32) / 30
        )

    def run(self, pixel_values: np.ndarray) -> tuple[np.ndarray, ...]:
        COUNTS["embedding"] += len(pixel_values)
        return (np.tanh(pixel_values[:, :, ::2, ::2].reshape(len(pixel_values), -1) @ self._over),)


def embed(
    dataset: Dataset,
    ids: Iterable[str],
    backbone: Backbone,
    cache: Path,
    threads: int = 0,
    watch: Watch | None = None,
) -> tuple[list[str], np.ndarray]:
    """As `train.inference.embeddings.embed_dataset`, with Cheap for an engine."""
    wanted = list(ids)
    kept = FeatureCache(cache / "features")
    outputs = Embedder(Cheap(), Preprocessing(size=32, short=32), 64).stream(
        dataset.read_photos(kept.missing(wanted)), watch=watch
    )
    for some in batches(outputs, 8):
        kept.add(
            tuple(chain.from_iterable(part.ids for part in some)),
            np.concatenate([p.arrays[-1] for p in some]),
        )
    return kept.load(wanted)


def cheap_fingerprint(photo: Image.Image) -> Fingerprint:
    """In place of the real one: the photo at 32 x 32 and, as in any photo this small, no points."""
    COUNTS["fingerprint"] += 1
    return Fingerprint(b"", (0, 0), *none_found(), np.asarray(photo.convert("RGB").reduce(2)))


def cheap_compare(one: Fingerprint, other: Fingerprint) -> Match:
    """In place of the real one: the same shot where hardly a pixel differs."""
    COUNTS["pair"] += 1
    first, second = (some.small[::2, ::2, 1].astype(int) for some in (one, other))
    return Match(max(0.0, 1 - float(np.abs(first - second).mean()) / 20), "re-encoded")


def cheap_backbone(folder: Path) -> Backbone:
    """The description of a network that is never opened: the map of photos asks for it."""
    (folder / "config.json").write_text(json.dumps({"model_type": "dinov2", "image_size": SIDE}))
    return Backbone(folder, "cheap", "r1", "folder")


def scanned(folder: Path) -> dict:
    """One scan."""
    vars(looking)["fingerprint"], vars(comparing)["compare"] = cheap_fingerprint, cheap_compare
    vars(comparing)["FEW"] = sys.maxsize  # in this process, which counts them
    dataset = open_dataset(str(folder / "dataset"))
    began = time.monotonic()
    before = spent()
    with own_memory() as own:
        report = scan(
            dataset,
            cheap_backbone(folder),
            folder / "cache",
            ScanSettings(fastdup=False),
            embed=embed,
        )
    return {
        "seconds": time.monotonic() - began,
        "cpu": spent() - before,
        "peak": peak(),
        "own": max(own),
        "counts": COUNTS,
        "steps": dict(report.seconds),
        "said": report.sentence,
    }


@contextmanager
def own_memory(pause: float = 0.1) -> Iterator[list[int]]:
    """Megabytes that are this process's own and no file's, looked at every `pause` seconds."""
    seen = [0]
    done = Event()

    def look() -> None:
        while not done.wait(pause):
            lines = Path("/proc/self/status").read_text().splitlines()
            seen.append(
                next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) // 1024
            )

    looking_on = Thread(target=look)
    looking_on.start()
    try:
        yield seen
    finally:
        done.set()
        looking_on.join()


def words(folder: Path, count: str) -> dict:
    """Which of so many photos with POINTS points each share their words; each tenth shows what
    the one before shows."""
    sights = np.random.default_rng(0).gamma(0.6, 30, (4000, 128)).clip(0, 255)

    def points(number: int, shown: int) -> np.ndarray:
        shot = np.random.default_rng(shown)
        seen = sights[shot.integers(0, len(sights), POINTS)] + shot.normal(0, 12, (POINTS, 128))
        seen += np.random.default_rng(2**31 - number).normal(0, 3, seen.shape)
        return seen.clip(0, 255).astype(np.uint8)

    began = time.monotonic()
    before = spent()
    with own_memory() as own:
        pairs = pairs_by_words(
            int(count), lambda number: points(number, number - (number % 10 == 1))
        )
    copies = int((np.diff(pairs, axis=1).ravel() == 1)[pairs[:, 0] % 10 == 0].sum())
    return {
        "seconds": time.monotonic() - began,
        "cpu": spent() - before,
        "own": max(own),
        "pairs": len(pairs),
        "copies": copies,
        "of": int(count) // 10,
    }


def price(folder: Path) -> dict:
    """Processor seconds of what was replaced, each, on these thumbnails and this machine now."""
    import os

    from data_cards.settings import default_cache
    from train.inference.embeddings import embedder_for
    from train.models.backbone import find_backbone

    dataset = open_dataset(str(folder / "dataset"))
    cache = default_cache(os.environ)
    photos = [data for _, data in dataset.read_photos(islice(dataset.photos(), PRICED))]
    embedder = embedder_for(find_backbone("auto", cache), cache, streams=2)
    embedder.embed(photos[:2])
    prints = [fingerprint(Image.open(io.BytesIO(data)).convert("RGB")) for data in photos]
    times = [time.process_time()]
    embedder.embed(photos)
    times.append(time.process_time())
    for data in photos:
        fingerprint(Image.open(io.BytesIO(data)).convert("RGB"))
    times.append(time.process_time())
    for one, other in zip(prints, reversed(prints), strict=True):
        compare(one, other)
    times.append(time.process_time())
    return dict(
        zip(("embedding", "fingerprint", "pair"), (np.diff(times) / PRICED).tolist(), strict=True)
    )


if __name__ == "__main__":
    steps: dict[str, Callable[..., dict]] = {
        "collect": collect,
        "scan": scanned,
        "price": price,
        "words": words,
    }
    print(json.dumps(steps[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])))
