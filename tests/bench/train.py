"""Training, timed and measured: python tests/bench/train.py DATASET [--epochs N] [--backbone NAME] [--scratch]

Trains into a folder that is thrown away and prints one line of JSON: seconds per part, top-1/3/5 with intervals on the
sealed test, validation accuracy of the probe and of the kept model, the largest resident memory in MB, and what it ran
on. Compare lines of the same machine only.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from data_cards.progress import speak_up
from train.config import TrainSettings, add_flags, default_cache, from_flags
from train.training import train_model


def main() -> None:
    """Train once and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset")
    add_flags(parser, TrainSettings)
    flags = parser.parse_args()
    speak_up()
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as scratch:
        begun, cpu = time.monotonic(), time.process_time()
        report = train_model(flags.dataset, f"{scratch}/model", from_flags(TrainSettings, flags),
                             cache=default_cache(os.environ))
        seconds = {**report.seconds, "all": time.monotonic() - begun, "cpu": time.process_time() - cpu}
        photos = json.loads((report.folder / "vitrine/release.json").read_text())["photos"]
    metrics = report.metrics
    print(json.dumps({
        "dataset": flags.dataset, "revision": report.dataset_revision[:12], "photos": photos,
        "backbone": report.backbone, "kept": metrics["kept"], "best_epoch": metrics["best_epoch"],
        **{name: metrics[name] for name in ("n", "top1", "top3", "top5", "ece", "rejection")},
        "probe": (metrics["probe"] or {}).get("validation_accuracy"),
        "validation": [round(epoch["validation_accuracy"], 4) for epoch in metrics["epochs"]],
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"}))


if __name__ == "__main__":
    main()
