"""The whole loop as one command: collect, scan, fold, split, train, evaluate, export.

    python -m space loop PHOTOS OUT   a folder, or `museum`; makes OUT/dataset, OUT/model and
                                      OUT/summary.json
    python -m space loop DATASET OUT  goes on from a dataset that was collected already

Run again with more photos or after labels were fixed, it does only what is new; where nothing
changed since the model was trained, the model stays. Where too little is labelled to train from,
it says what to label and how to go on.
"""

from __future__ import annotations

import json
import shlex
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curation.decisions.apply import fold_dataset
from curation.ingest.collect import collect
from curation.ingest.incoming import CLASS_FOLDERS, SourceOptions
from curation.retrain.job_runner import JobProgress
from curation.scan.run import ScanReport, ScanSettings, scan
from data_cards.dataset.repo import Dataset, open_dataset
from data_cards.errors import BadAddress, LabelsWanted, MissingFile
from data_cards.progress import say
from data_cards.settings import dial
from data_cards.storage.atomic_files import write_durably
from data_cards.storage.repository import parse_address
from data_cards.wording import counted
from train.finetune.budget import AROUND, LOOKED_BACK, check_budget
from train.inference.batch_predict import seconds_a_photo
from train.inference.model_folder import is_provisional
from train.models.backbone import find_backbone
from train.settings import BACKBONE, TrainSettings, remembered
from train.splits.readiness import why_not_yet
from train.splits.seal import Sealed
from train.splits.split import VALIDATION
from train.splits.training_set import gather

FEW = 16  # photos that say how long one takes
STAGES = ("collect", "scan", "split", "train", "evaluate", "export")


@dataclass(frozen=True)
class LoopSettings:
    """`python -m space loop PHOTOS OUT`."""

    backbone: str = dial("auto", BACKBONE)
    fastdup: bool = dial(True, "let fastdup propose near-duplicates, where it is installed")
    epochs: int | None = dial(
        None,
        "how often each photo is seen; if left out, chosen by the number of photos",
        least=0,
        most=10_000,
    )
    budget: str = dial(
        "", "how long training may take (90s, 10m, 1h30m); picks epochs and resolution to fit"
    )
    seed: int = dial(0, "the same seed and data give the same model", least=0, most=2**32 - 1)
    by_name: bool = dial(False, "read labels from file names, if there is no class folder")
    classes: str = dial("auto", "which folder is the class in nested folders", CLASS_FOLDERS)
    val_is_test: bool = dial(False, "use validation photos as the test, if no test photos came")
    probe_first: bool = dial(
        False, "if there is no model yet, release a quick, provisional one first"
    )


LOOP = LoopSettings()


@dataclass
class Clock:
    """Seconds by stage. `tell`: also called with the name of each stage as it starts."""

    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    tell: JobProgress = field(default_factory=JobProgress)

    @contextmanager
    def stage(self, name: str, words: str, after: float | None = None) -> Iterator[None]:
        """Say what begins, and add up how long it took. `after`: seconds that all behind its
        last bar will take."""
        say("")
        self.tell.step(STAGES.index(name) + 1, len(STAGES), words, after)
        begun = time.monotonic()
        yield
        self.seconds[name] += time.monotonic() - begun


def run_loop(
    photos: str, out: Path, settings: LoopSettings, cache: Path, tell: JobProgress | None = None
) -> Path:
    """Every stage once; the path of summary.json. `tell` is told about progress, and when something
    new is there.

    Raises LabelsWanted, after summary.json was written, where nothing can be learned from the
    labels yet; and any VitrineError with what to do. What was done stays.
    """
    check_budget(settings.budget, settings.epochs)  # now, and not after a long scan
    model = out / "model"
    clock = Clock(tell=tell or JobProgress())
    begun = time.monotonic()
    with clock.stage("collect", f"Collecting photos from {photos}"):
        dataset = gathered(photos, out, settings)
    with clock.stage("scan", "Scanning for wrong labels, copies and poor photos"):
        backbone = find_backbone(settings.backbone, cache)
        scanned = scan(
            dataset,
            backbone,
            cache,
            ScanSettings(backbone=settings.backbone, fastdup=settings.fastdup),
        )
        say(scanned.sentence)
        folded = fold_dataset(scanned.dataset)
    with clock.stage("split", "Splitting, and sealing a test"):
        split, why_not = why_not_yet(folded.dataset)
        clock.tell.made()
        if split is None:
            _write(
                out,
                known_so_far(folded.dataset, scanned, _lasted(clock, begun)) | {"next": why_not},
            )
            raise LabelsWanted(how_to_go_on(why_not, dataset.address), summary=out / "summary.json")
        say(f"{split.certificate.leaks}. The split is {split.certificate.strength}.")
    trained = _train(split, model, settings, cache, clock)
    with clock.stage("export", "Exporting, and checking that the export answers the same"):
        _export(model)
    _write(out, summarise(split.dataset.newest(), scanned, trained, model, _lasted(clock, begun)))
    clock.tell.made()
    return out / "summary.json"


def gathered(photos: str, out: Path, settings: LoopSettings = LOOP) -> Dataset:
    """The dataset of these photos: collected into `out`, or the one that is at that address
    already.

    Raises BadSource, BadAddress where `out` would lie inside of the dataset.
    """
    there = dataset_at(photos)
    if there is None:
        options = SourceOptions(
            by_name=settings.by_name, classes=settings.classes, val_is_test=settings.val_is_test
        )
        report = collect(photos, str(out / "dataset"), options=options)
        say(report.table)
        say(report.sentence)
        return open_dataset(report.address)
    if there.repo.pinned:
        raise BadAddress(
            f"The loop goes on from the newest revision of a dataset: write {there.address}, "
            "without "
            "@ and a revision.",
            address=photos,
        )
    place = parse_address(there.address)
    if place.kind == "folder" and Path(place.name).resolve() in (
        out.resolve(),
        *out.resolve().parents,
    ):
        raise BadAddress(
            f"{out} is inside the dataset {place.name}. Name a folder beside it.",
            address=str(out),
        )
    say(f"{there.address} was collected before: {counted(len(there.photos()), 'photo')}.")
    return there


def dataset_at(address: str) -> Dataset | None:
    """The Vitrine dataset at an address; None for anything else that photos may be collected
    from."""
    try:
        return open_dataset(address)
    except (MissingFile, BadAddress):
        return None


def how_to_go_on(why_not: str, dataset: str) -> str:
    """A sentence that says how to go on if photos lack labels."""
    return (
        f"{why_not} Label about 20 photos at the light table, and train the first model there: "
        f"vitrine serve --dataset {shlex.quote(dataset)}"
    )


def known_so_far(
    dataset: Dataset, scanned: ScanReport, seconds: Mapping[str, float]
) -> dict[str, Any]:
    """The fields of the summary before there is a model: None where only a model could say."""
    return {
        "dataset_revision": dataset.revision,
        "model": None,
        **_counts(dataset, scanned),
        "top1": None,
        "top3": None,
        "top5": None,
        "n_test": 0,
        "ece": None,
        "answers": None,
        "rejection_threshold": None,
        "backbone": None,
        "seconds": dict(seconds),
    }


def summarise(
    dataset: Dataset,
    scanned: ScanReport,
    metrics: Mapping[str, Any],
    model: Path,
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    """The fields that others script against; `top*` are fractions on the sealed test."""
    release = json.loads((model / "vitrine" / "release.json").read_bytes())
    rejection = json.loads((model / "vitrine" / "rejection.json").read_bytes())
    return {
        "dataset_revision": release["dataset_revision"],
        "model": str(model),
        **_counts(dataset, scanned),
        **{name: metrics[name]["value"] for name in ("top1", "top3", "top5")},
        "n_test": metrics["n"],
        "ece": metrics["ece"],
        "answers": {name: share["value"] for name, share in metrics.get("answers", {}).items()},
        "rejection_threshold": rejection["threshold"],
        "backbone": release["backbone"],
        "seconds": dict(seconds),
    }


def _counts(dataset: Dataset, scanned: ScanReport) -> dict[str, Any]:
    certificate = dataset.certificate() or {}
    return {
        "photos": len(dataset.photos()),
        "classes": len(dataset.collection().ids),
        "findings": dict(sorted(Counter(finding.kind for finding in dataset.findings()).items())),
        "duplicates": scanned.duplicates,
        "leaks": int(certificate.get("leaks_removed", 0)),
    }


def _lasted(clock: Clock, begun: float) -> dict[str, float]:
    seconds = {name: round(value, 1) for name, value in clock.seconds.items()}
    return seconds | {"total": round(time.monotonic() - begun, 1)}


def _write(out: Path, summary: Mapping[str, Any]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    write_durably(out / "summary.json", json.dumps(summary, indent=2, ensure_ascii=False).encode())


def _train(
    split: Sealed, model: Path, settings: LoopSettings, cache: Path, clock: Clock
) -> Mapping[str, Any]:
    """Train and evaluate, or keep the model that this very data gave before; its metrics."""
    dataset = split.dataset
    chosen = TrainSettings(
        epochs=settings.epochs,
        budget=settings.budget,
        backbone=settings.backbone,
        seed=settings.seed,
    )
    if _trained_on_this(dataset, model, chosen):
        say("Nothing changed since the model was trained, so it stays.")
        metrics: Mapping[str, Any] = json.loads((model / "vitrine" / "metrics.json").read_bytes())
        return metrics
    from train.train_model import train_model

    if settings.probe_first and _lacks_model(model) and gather(split).references is None:
        with clock.stage("train", "Training a first, quick model"):
            train_model(dataset.address, str(model), chosen, cache=cache, provisional=True)
        clock.tell.made()
    rest = seconds_after(split, model) if is_provisional(model) else None
    with clock.stage("train", "Training, then the sealed test once", rest):
        report = train_model(dataset.address, str(model), chosen, cache=cache)
    clock.seconds["evaluate"] = report.seconds.get("evaluate", 0.0)
    clock.seconds["train"] -= clock.seconds["evaluate"]
    return report.metrics


def seconds_after(split: Sealed, model: Path) -> float:
    """What comes after a fine-tuning, by the pace of the model that is there: all photos outside
    the test and in it are asked about once, validation photos some times more."""
    photos = list(split.splits)
    checked = sum(row.split == VALIDATION for row in split.splits.values())
    return (len(photos) + LOOKED_BACK * checked) * seconds_a_photo(
        model, split.dataset, photos[:FEW]
    ) + AROUND


def _trained_on_this(dataset: Dataset, model: Path, settings: TrainSettings) -> bool:
    try:
        release = json.loads((model / "vitrine" / "release.json").read_bytes())
        before = open_dataset(f"{dataset.address}@{release['dataset_revision']}")
    except (FileNotFoundError, MissingFile):
        return False
    return (
        not is_provisional(model)
        and remembered(release["settings"]) == settings
        and before.labels() == dataset.labels()
        and before.splits() == dataset.splits()
        and before.collection() == dataset.collection()
    )


def _lacks_model(model: Path) -> bool:
    return not (model / "vitrine" / "release.json").is_file()


def _export(model: Path) -> None:
    from train.release.export import export

    say(str(export(str(model), "onnx")))
