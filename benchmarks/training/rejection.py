"""Strangers: python -m benchmarks.training.rejection --photos ../shared/photos [--each 12] [--kept FILE]
[--epochs N]

How well "none of these" tells strangers from known things, on photos that neither the score nor
the line was tuned on: `artifacts` with every two of its five objects as strangers, learned from
five photos each and from thirteen; the same with grocery photos as strangers; `groceries`
without its packaged goods, which are the strangers. Prints, for our score and for plain ones (3
nearest by the class token and by the embedding, most likely class, energy), the area under the
curve as mean and worst, known photos refused and strangers named at the line that would ship,
beside the targets.

Features are the backbone's own with a probe for a head; they are kept in --kept. With --epochs,
`groceries` is asked of a release that the usual command fine-tuned.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from data_cards.bulk.batching import batches
from data_cards.progress import speak_up, track
from data_cards.settings import default_cache
from train.images.preprocessing import Preprocessing
from train.inference.batch_predict import Answers
from train.inference.embeddings import Embedder
from train.inference.engine import open_onnx, write_onnx
from train.inference.network import open_network
from train.models.backbone import find_backbone
from train.probes.logistic import fit_probe
from train.settings import TrainSettings
from train.statistics.vectors import unit
from train.train_model import train_model
from train.uncertainty.decision_rule import Judgement, Seen, judge

PACKAGED = (
    "Juice",
    "Milk",
    "Oat-Milk",
    "Oatghurt",
    "Sour-Cream",
    "Sour-Milk",
    "Soy-Milk",
    "Soyghurt",
    "Yoghurt",
)
GROCERY_STRANGERS = 150
OBJECTS = "two of the five"
SHOP = "grocery photos"
MARKED = "two of the five, one photo of each marked as none of these"


@dataclass(frozen=True)
class Kept:
    """The network's outputs for photos by name, remembered in a file."""

    root: Path
    file: Path
    network: Callable[[], Embedder]

    def of(self, names: Sequence[str]) -> Answers:
        """Embedding and early of these photos; the head says nothing yet."""
        known: dict[str, np.ndarray] = {}
        if self.file.is_file():
            with np.load(self.file) as kept:
                known = dict(zip(kept["names"].tolist(), kept["rows"], strict=True))
        missing = [name for name in dict.fromkeys(names) if name not in known]
        if missing:
            network = self.network()
            for some in batches(track(missing, "Looking at photos", len(missing)), 16):
                outputs, _ = network.look(
                    [(name, (self.root / name).read_bytes()) for name in some], None
                )
                known |= zip(outputs.ids, np.hstack(outputs.arrays[1:]), strict=True)
            np.savez(
                self.file,
                names=np.array(list(known)),
                rows=np.stack(list(known.values())).astype(np.float16),
            )
        rows = np.stack([known[name] for name in names]).astype(np.float32)
        early = (
            rows.shape[1] // 3
        )  # the embedding is a class token and the mean of the patches, early a class token
        return Answers(tuple(names), np.zeros((len(rows), 0)), rows[:, :-early], rows[:, -early:])


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument(
        "--each", type=int, default=12, help="photos of each grocery that are learned from"
    )
    parser.add_argument("--kept", type=Path, help="a file to keep features in")
    parser.add_argument("--epochs", type=int, help="fine-tune on groceries by the usual command")
    flags = parser.parse_args()
    speak_up()
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as scratch:
        kept = Kept(
            flags.photos,
            flags.kept or Path(scratch) / "kept.npz",
            lambda: plain_network(Path(scratch)),
        )
        artifacts(kept)
        if flags.epochs is None:
            groceries(kept, flags.each)
        else:
            tuned_groceries(flags.photos, Path(scratch), flags.epochs, flags.each)


def plain_network(scratch: Path) -> Embedder:
    """The backbone under a head that nobody asks."""
    from transformers import AutoModelForImageClassification

    from train.models.heads import Answering

    backbone = find_backbone("auto", default_cache(os.environ))
    preprocess = Preprocessing.from_folder(backbone.path)
    module = Answering(
        AutoModelForImageClassification.from_pretrained(backbone.path, local_files_only=True)
    ).eval()
    onnx = write_onnx(
        module, preprocess.size, scratch / "plain.onnx", ["logits", "embedding", "early"]
    )
    return Embedder(open_onnx(onnx, "onnxruntime"), preprocess)


def artifacts(kept: Kept) -> None:
    """Every two of the five objects as strangers."""
    photos = {
        folder.name: names(kept.root, folder)
        for folder in sorted((kept.root / "artifacts").iterdir())
    }
    value = names(kept.root, kept.root / "groceries" / "val")
    shop = kept.of(value[:: max(1, len(value) // GROCERY_STRANGERS)])
    for few, held in ((5, 0), (13, 4)):
        rows: dict[str, list[dict[str, Figures]]] = {OBJECTS: [], SHOP: [], MARKED: []}
        for away in combinations(photos, 2):
            here = [name for name in photos if name not in away]
            learned, spared, asked = (
                labelled(kept, {name: photos[name][part] for name in here})
                for part in (slice(few), slice(few, few + held), slice(few + held, None))
            )
            strangers = kept.of([photo for name in away for photo in photos[name]])
            for kind, others in ((OBJECTS, strangers), (SHOP, shop)):
                rows[kind].append(compared(learned, spared, asked, others))
            marked, others = (
                kept.of([photo for name in away for photo in photos[name][part]])
                for part in (slice(1), slice(13, None))
            )  # of the burst's end, not the next shot
            rows[MARKED].append(compared(learned, spared, asked, others, marked))
        for kind, figures in rows.items():
            told(f"artifacts, {few} photos each; strangers: {kind}", figures, 0.97, 0.90)


def groceries(kept: Kept, each: int) -> None:
    """Packaged goods as strangers: learned from `train`, asked about `val`."""
    loose, packaged = shelves(kept.root)
    train = {name: names(kept.root, kept.root / "groceries/train" / name)[:each] for name in loose}
    learned = labelled(
        kept, {name: [p for n, p in enumerate(some) if n % 4 < 3] for name, some in train.items()}
    )
    spared = labelled(kept, {name: some[3::4] for name, some in train.items()})
    asked = labelled(
        kept, {name: names(kept.root, kept.root / "groceries/val" / name) for name in loose}
    )
    strangers = kept.of(
        [p for name in packaged for p in names(kept.root, kept.root / "groceries/val" / name)]
    )
    told(
        "groceries; strangers: packaged goods",
        [compared(learned, spared, asked, strangers)],
        0.90,
        0.90,
    )


def tuned_groceries(photos: Path, scratch: Path, epochs: int, each: int) -> None:
    """The same by a release of the usual command."""
    from curation.ingest.collect import collect

    loose, packaged = shelves(photos)
    for name in loose:
        (scratch / "pile" / name).mkdir(parents=True)
        for path in names(photos, photos / "groceries/train" / name)[:each]:
            shutil.copy(photos / path, scratch / "pile" / name)
    collect(str(scratch / "pile"), str(scratch / "dataset"))
    train_model(
        str(scratch / "dataset"),
        str(scratch / "model"),
        TrainSettings(epochs=epochs),
        cache=default_cache(os.environ),
    )
    network = open_network(scratch / "model")
    judgement = Judgement.load(scratch / "model/vitrine")
    known, strangers = (
        asked_of(
            network,
            [
                photos / path
                for name in some
                for path in names(photos, photos / "groceries/val" / name)
            ],
        )
        for some in (loose, packaged)
    )
    told(
        f"groceries after {epochs} epochs; strangers: packaged goods",
        [{"ours": shipped(judgement, known, strangers)}],
        0.90,
        0.90,
    )


def asked_of(network: Embedder, paths: Iterable[Path]) -> Answers:
    parts = list(network.stream((str(path), path.read_bytes()) for path in paths))
    arrays = [np.concatenate(rows) for rows in zip(*(part.arrays for part in parts), strict=True)]
    return Answers(tuple(name for part in parts for name in part.ids), *arrays)


@dataclass(frozen=True)
class Figures:
    """`auroc`; at the line that would ship, the share of known photos `refused` and of strangers
    `named`."""

    auroc: float
    refused: float = float("nan")
    named: float = float("nan")


def compared(
    learned: Seen, spared: Seen, asked: Seen, strangers: Answers, marked: Answers | None = None
) -> dict[str, Figures]:
    """Our judgement and plain scores, each fitted to `learned`, on known photos and strangers.
    `marked`: photos that somebody called none of these."""
    probe = fit_probe(learned.embeddings, learned.truth, int(learned.truth.max()) + 1)
    weight, bias = (np.asarray(part) for part in probe.head())

    def with_logits(some: Seen) -> Seen:
        logits = some.embeddings @ weight.T + bias if len(some.truth) else np.zeros((0, len(bias)))
        return Seen(logits, some.embeddings, some.truth, some.early)

    nobody = np.zeros((0, learned.early.shape[1] if learned.early is not None else 0))
    none = marked.early if marked is not None and marked.early is not None else nobody
    judgement = judge(with_logits(learned), with_logits(spared), none, range(len(learned.truth)))
    known, other = (some.embeddings @ weight.T + bias for some in (asked, strangers))
    said = Answers(tuple(map(str, range(len(known)))), known, asked.embeddings, asked.early)
    away = Answers(strangers.ids, other, strangers.embeddings, strangers.early)
    half = learned.embeddings.shape[1] // 2
    plain = {
        "3 nearest, class token": [
            nearest(learned.embeddings[:, :half], some.embeddings[:, :half])
            for some in (asked, strangers)
        ],
        "3 nearest, embedding": [
            nearest(learned.embeddings, some.embeddings) for some in (asked, strangers)
        ],
        "most likely class": [
            -judgement.probabilities(some).max(axis=1) for some in (known, other)
        ],
        "energy": [-np.logaddexp.reduce(some, axis=1) for some in (known, other)],
    }
    return {
        "ours": shipped(judgement, said, away),
        **{name: Figures(auroc(*both)) for name, both in plain.items()},
    }


def shipped(judgement: Judgement, known: Answers, strangers: Answers) -> Figures:
    ours, theirs = (
        judgement.foreign(some.logits, some.embeddings, some.early) for some in (known, strangers)
    )
    line = judgement.rejection.threshold
    return Figures(auroc(ours, theirs), float((ours > line).mean()), float((theirs <= line).mean()))


def nearest(learned: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """One less the mean cosine of the three nearest."""
    return np.asarray(1 - np.sort(unit(asked) @ unit(learned).T, axis=1)[:, -3:].mean(axis=1))


def auroc(known: np.ndarray, strangers: np.ndarray) -> float:
    """The chance that a stranger looks more foreign than a known photo; ties count half."""
    above = (strangers[:, None] > known[None]).mean() + (
        strangers[:, None] == known[None]
    ).mean() / 2
    return float(above)


def told(title: str, rows: Sequence[dict[str, Figures]], mean: float, worst: float) -> None:
    print(
        f"\n{title} (n = "
        f"{len(rows)})\n{'':26}{'mean':>7}{'worst':>8}{'known refused':>16}{'strangers named':>18}"
    )
    for name in rows[0]:
        areas = [row[name].auroc for row in rows]
        line = f"{name:26}{np.mean(areas):7.3f}{min(areas):8.3f}"
        if name == "ours":
            line += f"{np.mean([row[name].refused for row in rows]):16.3f}"
            line += f"{np.mean([row[name].named for row in rows]):18.3f}"
        print(line)
    print(f"{'to reach':26}{mean:7.2f}{worst:8.2f}{'0.10':>16}{'0.05':>18}", flush=True)


def labelled(kept: Kept, photos: dict[str, list[str]]) -> Seen:
    listed = [(name, number) for number, some in enumerate(photos.values()) for name in some]
    if not listed:
        return Seen(np.zeros((0, 0)), np.zeros((0, 0)), np.zeros(0, int), np.zeros((0, 0)))
    found = kept.of([name for name, _ in listed])
    return Seen(
        found.logits, found.embeddings, np.array([number for _, number in listed]), found.early
    )


def shelves(root: Path) -> tuple[list[str], list[str]]:
    """Class folders of goods that lie loose, and of packaged ones, that have photos to learn
    from and to ask."""
    with open(root / "groceries/classes.csv", encoding="utf-8") as file:
        coarse = {row["class"]: row["coarse_class"] for row in csv.DictReader(file)}
    both = [name for name in sorted(coarse) if (root / "groceries/train" / name).is_dir()]
    packaged = [name for name in both if coarse[name] in PACKAGED]
    return [name for name in both if name not in packaged], packaged


def names(root: Path, folder: Path) -> list[str]:
    """The photos below a folder by their path from `root`; none where there is no such folder."""
    return [path.relative_to(root).as_posix() for path in sorted(folder.rglob("*.jpg"))]


if __name__ == "__main__":
    begun = time.process_time()
    main()
    print(f"\n{time.process_time() - begun:.0f} s of processor")
