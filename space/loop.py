"""The whole loop as one command: collect, scan, fold, split, train, evaluate, export.

    python -m space loop PHOTOS OUT        PHOTOS: a folder, or `museum`; makes OUT/dataset, OUT/model, OUT/summary.json

Run again with more photos or after labels were fixed, it does only what is new; where nothing changed since the model
was trained, the model stays.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from curation.deciding import fold_dataset
from curation.ingest.collect import collect
from curation.scan import ScanReport, ScanSettings, scan
from data_cards.dataset import Dataset, open_dataset
from data_cards.disk import write_durably
from data_cards.errors import MissingFile
from data_cards.progress import say
from train.backbone import find_backbone
from train.budget import check_budget
from train.config import TrainSettings, dial
from train.sealing import sealed

STAGES = ("collect", "scan", "split", "train", "evaluate", "export")


@dataclass(frozen=True)
class LoopSettings:
    """`python -m space loop PHOTOS OUT`."""

    backbone: str = dial("auto", "a ViT or DINOv2 name on the Hub, or a folder")
    fastdup: bool = dial(True, "let fastdup propose near-duplicates, where it is installed")
    epochs: int | None = dial(None, "times each photo is seen; chosen by the number of photos when left out",
                              least=0, most=10_000)
    budget: str = dial("", "how long training may take (90s, 10m, 1h30m); picks epochs and resolution to fit")
    seed: int = dial(0, "the same seed and data give the same model", least=0, most=2**32 - 1)


@dataclass
class Clock:
    """Seconds by stage."""

    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))

    @contextmanager
    def stage(self, name: str, words: str) -> Iterator[None]:
        """Say what begins, and add up how long it took."""
        say(f"\n{STAGES.index(name) + 1} of {len(STAGES)}  {words}")
        begun = time.monotonic()
        yield
        self.seconds[name] += time.monotonic() - begun


def run_loop(photos: str, out: Path, settings: LoopSettings, cache: Path) -> Path:
    """Every stage once; the path of summary.json. Raises a VitrineError with what to do; what was done stays."""
    check_budget(settings.budget, settings.epochs)  # now, and not after a long scan
    home, model, clock, begun = out / "dataset", out / "model", Clock(), time.monotonic()
    with clock.stage("collect", f"Collecting photos from {photos}"):
        say(collect(photos, str(home)).sentence)
    with clock.stage("scan", "Looking for trouble"):
        backbone = find_backbone(settings.backbone, cache)
        scanned = scan(open_dataset(str(home)), backbone, cache,
                       ScanSettings(backbone=settings.backbone, fastdup=settings.fastdup))
        say(scanned.sentence)
        folded = fold_dataset(scanned.dataset)
    with clock.stage("split", "Keeping a test aside"):
        split = sealed(folded.dataset)
        say(f"{split.certificate.leaks}. The split is {split.certificate.strength}.")
    trained = _train(split.dataset, model, settings, cache, clock)
    with clock.stage("export", "Exporting, and checking that the export answers the same"):
        _export(model)
    seconds = {name: round(value, 1) for name, value in clock.seconds.items()}
    seconds["total"] = round(time.monotonic() - begun, 1)
    summary = summarise(split.dataset.newest(), scanned, trained, model, seconds)
    write_durably(out / "summary.json", json.dumps(summary, indent=2, ensure_ascii=False).encode())
    return out / "summary.json"


def summarise(dataset: Dataset, scanned: ScanReport, metrics: Mapping[str, Any], model: Path,
              seconds: Mapping[str, float]) -> dict[str, Any]:
    """The fields that others script against; `top*` are fractions on the sealed test."""
    release = json.loads((model / "vitrine" / "release.json").read_bytes())
    rejection = json.loads((model / "vitrine" / "rejection.json").read_bytes())
    certificate = dataset.certificate() or {}
    return {
        "dataset_revision": release["dataset_revision"], "model": str(model), "photos": len(dataset.photos()),
        "classes": len(dataset.collection().ids),
        "findings": dict(sorted(Counter(finding.kind for finding in dataset.findings()).items())),
        "duplicates": scanned.duplicates, "leaks": int(certificate.get("leaks_removed", 0)),
        **{name: metrics[name]["value"] for name in ("top1", "top3", "top5")}, "n_test": metrics["n"],
        "ece": metrics["ece"], "rejection_threshold": rejection["threshold"],
        "backbone": release["backbone"], "seconds": dict(seconds)}


def _train(dataset: Dataset, model: Path, settings: LoopSettings, cache: Path, clock: Clock) -> Mapping[str, Any]:
    """Train and evaluate, or keep the model that this very data gave before; its metrics."""
    chosen = TrainSettings(epochs=settings.epochs, budget=settings.budget, backbone=settings.backbone,
                           seed=settings.seed)
    if _trained_on_this(dataset, model, chosen):
        say("Nothing changed since the model was trained, so it stays.")
        metrics: Mapping[str, Any] = json.loads((model / "vitrine" / "metrics.json").read_bytes())
        return metrics
    from train.training import train_model

    with clock.stage("train", "Training, then the sealed test once"):
        report = train_model(dataset.address, str(model), chosen, cache=cache)
    clock.seconds["evaluate"] = report.seconds.get("evaluate", 0.0)
    clock.seconds["train"] -= clock.seconds["evaluate"]
    return report.metrics


def _trained_on_this(dataset: Dataset, model: Path, settings: TrainSettings) -> bool:
    try:
        release = json.loads((model / "vitrine" / "release.json").read_bytes())
        before = open_dataset(f"{dataset.address}@{release['dataset_revision']}")
    except (FileNotFoundError, MissingFile):
        return False
    return (release["settings"] == asdict(settings) and before.labels() == dataset.labels()
            and before.splits() == dataset.splits() and before.collection() == dataset.collection())


def _export(model: Path) -> None:
    from train.export import export

    say(str(export(str(model), "onnx")))
