"""Whether `--budget` keeps to its time, and what the time buys: one line for each budget.

    python -m benchmarks.training.budget DATASET [--budgets 1m 2m 5m]

DATASET was split before. Every training begins without the features of an earlier one. `planned`:
seconds that the budget says; `used`: by the clock, from start to release.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from data_cards.dataset.repo import open_dataset
from data_cards.progress import speak_up
from data_cards.settings import default_cache
from train.finetune.budget import seconds_in
from train.inference.model_folder import read_json
from train.settings import TrainSettings
from train.train_model import train_model

BACKBONES = "backbones"  # of the cache: fetched once, and no part of a training's time


def measured(dataset: str, budget: str, cache: Path) -> str:
    """A training within `budget`, as a row of the table."""
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as scratch:
        fresh = Path(scratch) / "cache"
        fresh.mkdir()
        if (cache / BACKBONES).is_dir():
            (fresh / BACKBONES).symlink_to(cache / BACKBONES, target_is_directory=True)
        begun = time.monotonic()
        model = str(Path(scratch) / "model")
        report = train_model(dataset, model, TrainSettings(budget=budget), cache=fresh)
        used = time.monotonic() - begun
        plan = read_json(report.folder / "vitrine" / "release.json")["plan"]
    planned = seconds_in(budget)
    shown = f"{plan['views']} photos of 1" if plan["views"] else f"{plan['epochs']}"
    top1 = report.metrics["top1"]
    return (
        f"{budget:>6}  planned {planned:5.0f} s  used {used:5.0f} s ({used / planned:4.0%})  "
        f"epochs {shown}, {plan['side']} px, {plan['blocks'] or 'all'} blocks  "
        f"kept {report.metrics['kept']}  top-1 {top1['value']:.3f} of {report.metrics['n']}"
    )


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset")
    parser.add_argument("--budgets", nargs="+", default=["1m", "2m", "5m"])
    flags = parser.parse_args()
    speak_up()
    photos = len(open_dataset(flags.dataset).photos())
    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(f"{flags.dataset}: {photos} photos, {cores} cores, load {load:.1f}")
    for budget in flags.budgets:
        print(measured(flags.dataset, budget, default_cache(os.environ)), flush=True)


if __name__ == "__main__":
    main()
