"""The whole loop on real photos, beside what it has to reach.

    python benchmarks/loop.py --photos ../shared/photos [--out FOLDER]

Runs collect -> ... -> export on `artifacts` (5 objects, 26 phone photos each), then shows the
released model 200 grocery photos, spread evenly over the folder, which are all strangers to it.
Prints top-1, how many strangers are answered "none", and how many of the sealed test's known
objects are refused.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from data_cards.dataset.repo import open_dataset
from data_cards.progress import speak_up, track
from data_cards.settings import default_cache
from space.loop import LoopSettings, run_loop
from train.inference.predictor import Predictor, load_predictor

STRANGERS = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--photos", type=Path, required=True, help="the folder that holds artifacts/ and groceries/"
    )
    parser.add_argument("--out", type=Path, help="keep what the loop makes here")
    parser.add_argument("--without-fastdup", action="store_true")
    flags = parser.parse_args()
    speak_up()
    cache = default_cache(os.environ)
    with tempfile.TemporaryDirectory() as scratch:
        out = flags.out or Path(scratch)
        summary = json.loads(
            run_loop(
                str(flags.photos / "artifacts"),
                out,
                LoopSettings(fastdup=not flags.without_fastdup),
                cache,
            ).read_text()
        )
        predictor = load_predictor(str(out / "model"))
        dataset = open_dataset(str(out / "dataset"))
        test = [
            image_id
            for image_id, row in dataset.splits().items()
            if row.split == "test" and dataset.labels()[image_id].status == "labelled"
        ]
        known = answers(predictor, (data for _, data in dataset.read_photos(test)), len(test))
        strangers = answers(
            predictor, strange_photos(flags.photos / "groceries" / "test"), STRANGERS
        )
        certificate = dataset.certificate()
    print(f"{'':34}{'ours':>9}{'target':>11}")
    row("top-1 on the sealed test", summary["top1"], ">= 0.96", summary["n_test"])
    row(
        "strangers answered none",
        strangers.count("none") / len(strangers),
        ">= 0.90",
        len(strangers),
    )
    row("known objects refused", known.count("none") / len(known), "<= 0.10", len(known))
    print(json.dumps(summary["seconds"]))
    print(json.dumps(certificate))


def answers(predictor: Predictor, photos: Iterator[bytes], total: int) -> list[str]:
    return [predictor.predict(data).answer for data in track(photos, "Asking", total)]


def strange_photos(folder: Path) -> Iterator[bytes]:
    paths = sorted(folder.rglob("*.jpg"))
    for path in paths[:: max(1, len(paths) // STRANGERS)][:STRANGERS]:
        yield path.read_bytes()


def row(name: str, value: float, target: str, n: int) -> None:
    print(f"{name:34}{value:9.3f}{target:>11}   n = {n}")


if __name__ == "__main__":
    main()
