"""What the recipe is worth, and how fast it is: a row for every set of photos, recipe and seed,
beside what was wanted.

    python -m benchmarks.training.recipes --photos ../shared/photos --work /tmp/bench --out rows.jsonl [--sets landmarks museum]
        [--recipes ours "no augmentation" ...] [--seeds 3] [--epochs N] [--photos-per-class N] [--test-photos N]
    python -m benchmarks.training.recipes ... --sets groceries --recipes ours stock --photos-per-class 12  # time to accuracy
    python -m benchmarks.training.recipes --out rows.jsonl --table                             # only the table

Each finished row is a JSON line of --out; a second start does what is missing, and inside a row
goes on from the last epoch. What cleaning means is said in training_sets.py, what the stock
recipe is in stock.py. `ours` computes everything anew, as at a collection's first training; the
other rows find embeddings of earlier ones, so their seconds are fewer. The test is asked as
training computes (bf16 where the machine has it); stock and ours alike.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.training.photo_sets import (
    SETS,
    TrainingSet,
    few,
    flipped,
    prepare,
    reviewed,
    thinned,
)
from benchmarks.training.table import table
from data_cards.progress import LOGGER, say, speak_up, track
from data_cards.settings import default_cache
from train.finetune.recipe import TrainedModel, train_classifier
from train.images.preprocessing import Preprocessing
from train.inference.batch_predict import ask
from train.models.backbone import Backbone, find_backbone
from train.models.small_cnn import NOTHING
from train.release.contents import seen, with_new_head, write_weights
from train.settings import TrainSettings
from train.splits.training_set import Example, Material
from train.statistics.metrics import wilson

RECIPES = (
    "ours",
    "probe",
    "no augmentation",
    "no cleaning",
    "scratch",
    "stock",
    "flipped 20",
    "flipped 40",
    "reviewed 20",
    "reviewed 40",
)
BATCH = 32
SAID = re.compile(r"Probe:|Epoch \d+ of")


def main() -> None:
    """Do what is missing, then print the table."""
    flags = _flags()
    speak_up()
    done = read_rows(flags.out)
    if not flags.table:
        cache = default_cache(os.environ)
        flags.work.mkdir(parents=True, exist_ok=True)
        for name in flags.sets:
            wanted = [key for key in keys(name, flags) if key not in {row_key(row) for row in done}]
            known = prepare(name, flags.photos, flags.work, cache) if wanted else None
            for key in wanted:
                assert known is not None
                row = one_row(known, key, flags, cache)
                done.append(row)
                append(flags.out, row)
                say(
                    f"{row['set']}, {row['recipe']}, seed {row['seed']}: {row['top1']:.1%} of "
                    f"{row['n']}, "
                    f"{row['seconds']:.0f} s"
                )
    print(table(done))


Key = tuple[
    str, str, int, int, int, int, float
]  # set, recipe, seed, photos a class, test photos, epochs, stock's rate


def keys(name: str, flags: argparse.Namespace) -> list[Key]:
    """The rows of a set, the seeds one after the other."""
    return [
        (
            name,
            recipe,
            seed,
            flags.photos_per_class,
            flags.test_photos,
            flags.epochs or 0,
            flags.stock_lr if recipe == "stock" else 0.0,
        )
        for seed in range(flags.seeds)
        for recipe in flags.recipes
    ]


def row_key(row: Mapping[str, Any]) -> Key:
    """What a row is the answer to."""
    return tuple(row["key"])  # type: ignore[return-value]


def read_rows(out: Path) -> list[dict[str, Any]]:
    """The finished rows; a line that was cut short is done again."""
    rows = []
    for line in out.read_text(encoding="utf-8").splitlines() if out.exists() else ():
        try:
            rows.append(json.loads(line))
        except ValueError:
            say("A line was cut short and is left out.")
    return rows


def append(out: Path, row: Mapping[str, Any]) -> None:
    """One more line, also after one that was cut short."""
    cut = out.exists() and not out.read_bytes().endswith(b"\n")
    with open(out, "a", encoding="utf-8") as file:
        file.write("\n" * cut + json.dumps(row) + "\n")


def one_row(known: TrainingSet, key: Key, flags: argparse.Namespace, cache: Path) -> dict[str, Any]:
    """Train and test once."""
    name, recipe, seed, *_ = key
    backbone = NOTHING if recipe == "scratch" else find_backbone("auto", cache)
    truth = few(known.clean, seed) if name == "artifacts" else known.clean
    truth = thinned(truth, flags.photos_per_class, flags.test_photos)
    material = _learned_from(known, truth, recipe, seed, flags, backbone, cache)
    run = flags.work / "runs" / "-".join(map(str, key)).replace(" ", "_")
    resumed = any(run.glob("**/checkpoint-*"))
    cpu = time.process_time()
    begun = time.monotonic()
    if recipe == "stock":
        model, framing, told = _stock(known, material, seed, flags, backbone, run)
    else:
        model, framing, told = _ours(known, material, recipe, seed, flags, backbone, cache, run)
    seconds = {"seconds": time.monotonic() - begun, "cpu": time.process_time() - cpu}
    hits, n = right(model, framing, known, material.test)
    shutil.rmtree(run, ignore_errors=True)
    return {
        "key": key,
        "set": name,
        "recipe": recipe,
        "seed": seed,
        "top1": hits / max(1, n),
        "n": n,
        "interval": [round(end, 4) for end in (wilson(hits, n).low, wilson(hits, n).high)],
        "photos": material.counts(),
        **seconds,
        "resumed": resumed,
        **told,
        **_surroundings(),
    }


def _learned_from(
    known: TrainingSet,
    truth: Material,
    recipe: str,
    seed: int,
    flags: argparse.Namespace,
    backbone: Backbone,
    cache: Path,
) -> Material:
    if recipe == "no cleaning":
        return thinned(known.raw or known.clean, flags.photos_per_class, flags.test_photos)
    kind, _, share = recipe.partition(" ")
    if kind not in ("flipped", "reviewed"):
        return truth
    planted = flipped(truth, int(share) / 100, seed)
    return (
        planted
        if kind == "flipped"
        else reviewed(planted, truth, int(share) / 100, known, backbone, cache)
    )


def _ours(
    known: TrainingSet,
    material: Material,
    recipe: str,
    seed: int,
    flags: argparse.Namespace,
    backbone: Backbone,
    cache: Path,
    run: Path,
) -> tuple[Any, Preprocessing, dict[str, Any]]:
    settings = TrainSettings(
        epochs=0 if recipe == "probe" else flags.epochs,
        seed=seed,
        scratch=recipe == "scratch",
        augment=recipe != "no augmentation",
    )
    place = _without_features(cache, run) if recipe == "ours" else cache
    with heard() as told:
        trained = train_classifier(material, known.dataset, backbone, settings, place, run)
    if not settings.scratch:
        trained = _released(known, material, trained, run / "release")
    curve = [
        (told[f"Epoch {epoch.epoch} of"], epoch.validation_accuracy)
        for epoch in trained.epochs
        if f"Epoch {epoch.epoch} of" in told
    ]  # without what was done before a resume
    if trained.probe:
        curve.insert(0, (told["Probe:"], trained.probe.validation_accuracy))
    plan = {name: value for name, value in asdict(trained.plan).items() if name != "look"}
    return (
        trained.model,
        trained.framing,
        {
            "curve": curve,
            "kept": trained.kept,
            "best": trained.best,
            "plan": plan,
            "steered_by": trained.steered_by,
            "refitted": trained.refitted,
        },
    )


def _released(
    known: TrainingSet, material: Material, trained: TrainedModel, draft: Path
) -> TrainedModel:
    """As it would be released: with a head fitted anew, where validation finds that better."""
    write_weights(trained, draft)
    answers = ask(
        draft, known.dataset, list(dict((*material.train, *material.validation))), "What it learned"
    )
    held = answers.of(dict(material.validation))
    return with_new_head(
        draft,
        trained,
        seen(answers, trained.learned),
        seen(held, material.validation),
        known.source.units(held.ids),
    )[0]


@contextmanager
def heard() -> Iterator[dict[str, float]]:
    """When something was said first, in seconds from now on, by the beginning of the sentence."""
    began = time.monotonic()
    told = dict[str, float]()

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if begins := SAID.match(record.getMessage()):
                told.setdefault(begins[0], time.monotonic() - began)

    listening = Listening()
    LOGGER.addHandler(listening)
    try:
        yield told
    finally:
        LOGGER.removeHandler(listening)


def _without_features(cache: Path, run: Path) -> Path:
    """A cache like that of a machine that has trained before, but never seen these photos."""
    fresh = run / "cache"
    fresh.mkdir(parents=True, exist_ok=True)
    for path in (cache / "backbones", cache / "engines"):
        if path.exists() and not (fresh / path.name).exists():
            (fresh / path.name).symlink_to(path.resolve())
    return fresh


def _stock(
    known: TrainingSet,
    material: Material,
    seed: int,
    flags: argparse.Namespace,
    backbone: Backbone,
    run: Path,
) -> tuple[Any, Preprocessing, dict[str, Any]]:
    from benchmarks.training.stock import best_of, train_stock

    validation = material.validation or material.train
    photos = dict(
        known.dataset.read_photos([image_id for image_id, _ in (*material.train, *validation)])
    )
    model, log = train_stock(
        backbone,
        photos,
        material.train,
        validation,
        run,
        seed,
        flags.stock_lr,
        flags.epochs or flags.stock_epochs,
    )
    own = Preprocessing.from_folder(backbone.path)
    curve = [(epoch["seconds"], epoch["accuracy"]) for epoch in log]
    return (
        model,
        Preprocessing(own.size, own.size),
        {"curve": curve, "best": log.index(dict(best_of(log))) + 1, "lr": flags.stock_lr},
    )


def right(
    model: Any, framing: Preprocessing, known: TrainingSet, test: Sequence[Example]
) -> tuple[int, int]:
    """How many of the test photos are named rightly, and of how many."""
    import torch

    from train.finetune.trainer import computes_in_bf16

    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = model.to(device).eval()
    truth = dict(test)
    hits = 0
    batch: list[tuple[np.ndarray, int]] = []

    def ask() -> int:
        pixels = torch.from_numpy(np.stack([one for one, _ in batch])).to(device)
        with (
            torch.inference_mode(),
            torch.autocast(device, torch.bfloat16, enabled=computes_in_bf16()),
        ):
            said = model(pixel_values=pixels).logits.argmax(dim=1).tolist()
        return sum(answer == label for answer, (_, label) in zip(said, batch, strict=True))

    for image_id, data in track(known.dataset.read_photos(list(truth)), "The test", len(truth)):
        batch.append((framing(data), truth[image_id]))
        if len(batch) == BATCH:
            hits += ask()
            batch.clear()
    return hits + (ask() if batch else 0), len(truth)


def _surroundings() -> dict[str, Any]:
    code = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load": round(os.getloadavg()[0], 1),
        "code": code.stdout.strip(),
        "at": time.strftime("%Y-%m-%d %H:%M"),
    }


def _flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.training.recipes", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--photos", type=Path, default=Path("../shared/photos"))
    parser.add_argument(
        "--work", type=Path, default=Path("/tmp/vitrine-train-bench"), help="kept between starts"
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="JSON lines; what stands in there is not done again"
    )
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=RECIPES)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--epochs", type=int, help="of every recipe; each its own when left out")
    parser.add_argument("--photos-per-class", type=int, default=0, help="to learn from; 0: all")
    parser.add_argument("--test-photos", type=int, default=0, help="0: all")
    parser.add_argument(
        "--stock-lr", type=float, default=2e-5, help="its README's; the Trainer's own is 5e-5"
    )
    parser.add_argument("--stock-epochs", type=int, default=5)
    parser.add_argument("--table", action="store_true", help="train nothing")
    return parser.parse_args()


if __name__ == "__main__":
    main()
