"""One round: a dataset in, a released model out.

report = train_model("museum", "out/model", cache=Path("~/.cache/vitrine").expanduser())
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from safetensors import SafetensorError

from data_cards.annotations.framed_photos import framed
from data_cards.annotations.journal import known
from data_cards.dataset.collection import Collection
from data_cards.dataset.repo import Dataset, open_dataset
from data_cards.errors import DiskFull, TooBusy
from data_cards.photos.image import thumbnail
from data_cards.progress import say
from data_cards.storage.repository import parse_address
from train.evaluation.compare_models import COMPARISON, against_before, known_then, test_changes
from train.evaluation.label_value import effort_of
from train.evaluation.report_page import AskedPhoto, Examined, report_page, shown_photos
from train.evaluation.results import against, metrics_text
from train.evaluation.rounds import Round, read_story, settle
from train.evaluation.sealed_test import examined
from train.finetune.budget import check_budget
from train.finetune.final_epochs import finish
from train.finetune.one_shot import compare_instead, furnish_by_pictures
from train.finetune.recipe import TrainedModel, head_of, run_name, train_classifier
from train.finetune.workers import dismiss
from train.inference.batch_predict import Asking, ask, by_features
from train.inference.model_folder import OURS, home_of, previous_metrics, read_json, write_json
from train.models.backbone import find_backbone
from train.models.small_cnn import NOTHING
from train.release.contents import (
    fold_temperature,
    furnish,
    keep,
    name_classes,
    write_origin,
    write_weights,
)
from train.release.lifecycle import candidate_of, settled_before
from train.release.model_card import report_text
from train.release.publish import publish
from train.settings import SplitSettings, TrainSettings, check_dials, named
from train.splits.seal import Sealed, sealed
from train.splits.training_set import Material, gather
from train.statistics.metrics import Share
from train.uncertainty.decision_rule import Promise

DEFAULTS = TrainSettings()
NEXT_TO_NOTHING = 1_000_000  # bytes
REPORT_SIDE = 200  # pixels
NO_PEOPLE = "Pictures are left out: the photos are of people."


@dataclass(frozen=True)
class TrainReport:
    """A finished round. `folder` holds the release at `revision`; `metrics` are those of
    metrics.json."""

    model: str
    folder: Path
    revision: str
    dataset_revision: str
    backbone: str
    metrics: Mapping[str, Any]
    seconds: Mapping[str, float]


def train_model(
    dataset: str,
    model: str,
    settings: TrainSettings = DEFAULTS,
    *,
    cache: Path,
    candidate: bool = False,
    provisional: bool = False,
) -> TrainReport:
    """Train on the dataset at an address and release at another (a folder, or hf://user/name).

    `cache`: backbones, features and unfinished runs. `candidate`: only lay the new model beside
    the one that is released. `provisional`: only the probe, a linear head on frozen features, to
    answer until the model of these settings is trained. A run that was killed goes on where it
    was. Raises a VitrineError that says what to do; the model that was there before then stays.
    """
    check_dials(settings)
    check_budget(settings.budget, settings.epochs)
    home = home_of(model, cache)
    source = sealed(open_dataset(dataset), SplitSettings())
    source = replace(source, dataset=framed(source.dataset))
    material = gather(source, one_picture=not settings.scratch)
    if parse_address(model).kind == "hub":
        material.collection.check_publishable()
    before = settled_before(model, cache)
    wanted = settings
    settings = replace(settings, epochs=0, budget="", finish=0) if provisional else settings
    backbone = NOTHING if settings.scratch else find_backbone(settings.backbone, cache)
    run = cache / "runs" / run_name(source.dataset, material, backbone, settings)
    with _alone(run), _full_disk_named(run):
        begun = time.monotonic()
        trained = (
            train_classifier(material, source.dataset, backbone, settings, cache, run)
            if material.references is None
            else compare_instead(material, source.dataset, backbone, settings, cache)
        )
        if settings.finish:
            trained, material = finish(trained, material, source, settings, cache, run)
        seconds = {"train": time.monotonic() - begun}
        draft = run / "release"
        asking = (
            by_features(
                trained.backbone,
                partial(head_of, trained.model),
                cache,
                settings.size,
                settings.batch,
                settings.threads,
            )
            if provisional and material.references is None
            else ask
        )
        done = _Round(source, material, trained, wanted, before, provisional)
        metrics = _released(draft, done, model, seconds, asking)
        if candidate:
            home = candidate_of(home)
            shutil.rmtree(home, ignore_errors=True)
        message = f"Trained on {source.dataset.address} at {source.dataset.revision[:12]}"
        revision = keep(draft, home, message, model if candidate else "")
        shutil.rmtree(run, ignore_errors=True)
    dismiss()
    if parse_address(model).kind == "hub" and not candidate:
        revision = publish(home, model, private=not settings.public)
    say(metrics_text(metrics))
    return TrainReport(
        model, home, revision, source.dataset.revision, trained.backbone.name, metrics, seconds
    )


@dataclass(frozen=True)
class _Round:
    """What was learned from what. `before`: folder and revision of the model that is released
    until now."""

    source: Sealed
    material: Material
    trained: TrainedModel
    settings: TrainSettings
    before: tuple[Path, str] | None
    provisional: bool


def _released(
    draft: Path, done: _Round, model: str, seconds: dict[str, float], asking: Asking
) -> dict[str, Any]:
    """Everything a release holds, written into `draft`; its metrics."""
    source = done.source
    material = done.material
    trained = done.trained
    settings = done.settings
    before = done.before
    name_classes(trained.model, material)
    write_weights(trained, draft)
    promise = Promise(named(settings), settings.sure_wrong / 100)
    if material.references is None:
        # Trying mirror images takes minutes that a budget does not count.
        mirror = not settings.budget and not done.provisional
        trained = furnish(draft, source, material, trained, settings.seed, promise, asking, mirror)
        fold_temperature(draft, trained.model)
    else:
        furnish_by_pictures(draft, source.dataset, material, trained, settings.seed, promise)
    write_origin(
        draft,
        source.dataset,
        material,
        trained,
        settings,
        model,
        source.certificate.to_json(),
        done.provisional,
    )
    begun = time.monotonic()
    metrics, photos = examined(draft, source.dataset, material, asking)
    seconds["evaluate"] = time.monotonic() - begun
    metrics |= {
        "dataset": source.dataset.address,
        "dataset_revision": source.dataset.revision,
        "kept": trained.kept,
        "share": trained.share,
        "refitted": trained.refitted,
        "epochs": [asdict(epoch) for epoch in trained.epochs],
        "best_epoch": trained.best,
        "probe": asdict(trained.probe) if trained.probe else None,
        "steered_by": trained.steered_by,
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
    }
    metrics["previous"] = against(metrics, previous_metrics(*before)) if before else None
    write_json(draft / OURS / "metrics.json", metrics)
    _add_round(draft, done, metrics, photos)
    if (
        done.provisional
    ):  # these files are deleted within minutes, so messages about them are useless
        return metrics
    page = report_of(draft, material.collection, source.dataset, photos)
    (draft / OURS / "report.html").write_text(page, encoding="utf-8")
    text = report_text(metrics, material.collection.title)
    (draft / OURS / "report.md").write_text(text, encoding="utf-8")
    return metrics


def _add_round(
    draft: Path, done: _Round, metrics: Mapping[str, Any], photos: Sequence[AskedPhoto]
) -> None:
    """Ask the model of the round before the same test, and carry the story on."""
    before = done.before
    story = read_story(before[0] if before else None)
    data = done.source.dataset
    after = {photo.image_id: photo.answered for photo in photos}
    found = against_before(before[0], done.source, done.material, after) if before else None
    last = story.current
    effort = effort_of(known(data).decisions, data.findings())
    one = Round(
        0,
        datetime.now(UTC).isoformat(timespec="seconds"),
        data.revision,
        Share(**metrics["top1"]),
        effort,
        sum(done.material.counts().values()),
        metrics["test_digest"],
        round(sum(metrics["seconds"].values()), 1),
        against=last.number if last else None,
        found=found.found if found else None,
        before=known_then(last, data) if last else 0,
        test_changes=test_changes(data, last.dataset_revision) if last else "",
    )
    settle(draft, story.then(one, before[1] if before else ""))
    if found:
        write_json(draft / OURS / COMPARISON, found.to_json())


def report_of(
    folder: Path, things: Collection, dataset: Dataset, photos: Sequence[AskedPhoto]
) -> str:
    """The page about the release in `folder`, from its own JSON files and the test photos it
    shows."""
    people = things.is_about_people
    pictures = (
        {}
        if people
        else {
            image_id: thumbnail(data, REPORT_SIDE)
            for image_id, data in dataset.read_photos(shown_photos(photos))
        }
    )
    card = {
        name: read_json(folder / OURS / f"{name}.json")
        for name in ("metrics", "certificate", "release")
    }
    return report_page(
        Examined(
            things.title,
            **card,
            photos=photos,
            pictures=pictures,
            why_no_pictures=NO_PEOPLE if people else "",
        )
    )


@contextmanager
def _alone(run: Path) -> Iterator[None]:
    """Two starts of the same training would write the same checkpoints."""
    run.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(run / "lock", timeout=0):
            yield
    except Timeout as error:
        raise TooBusy(
            "The same training is running already on this machine. Wait for it, or change a "
            "setting."
        ) from error


@contextmanager
def _full_disk_named(run: Path) -> Iterator[None]:
    """torch, safetensors and pyarrow have errors of their own for a full disk."""
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        if "No space left" in str(error) or shutil.disk_usage(run).free < NEXT_TO_NOTHING:
            raise DiskFull(
                "The disk is full, so the training stopped. The model that was there before is "
                "untouched. "
                "Free some space and start again: it goes on from the last checkpoint.",
                cause=str(error),
            ) from error
        raise
