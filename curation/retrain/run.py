"""From the decisions so far to a new model that waits: fold, scan, train beside what is served,
compare, export.

    python -m curation retrain DATASET MODEL        then: python -m train release MODEL

Test photos whose answer changed come back to the queue as plain questions. All of them, better
and worse: to ask only about those that a model gets wrong would bend the test towards it, and
would tell annotators what the model thinks.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ulid import ULID

from curation.decisions.apply import fold_dataset
from curation.retrain.job_runner import JobProgress
from curation.scan.run import ScanSettings, is_scanned, scan
from data_cards.annotations.actions import Topic
from data_cards.annotations.journal import known
from data_cards.annotations.ledger import standing
from data_cards.annotations.settled import settled_photos
from data_cards.dataset.repo import Changes, Dataset, open_dataset
from data_cards.dataset.schema import Finding
from data_cards.dataset.tables import findings_file
from data_cards.errors import ExportDisagrees
from data_cards.progress import say
from train.evaluation.compare_models import COMPARISON
from train.evaluation.label_value import ROUND
from train.evaluation.rounds import Round
from train.inference.model_folder import OURS, home_of, read_json
from train.models.backbone import find_backbone
from train.release.export import export
from train.release.lifecycle import candidate_of, candidate_round, release, settled_before
from train.settings import TrainSettings
from train.train_model import train_model

LOOK_AGAIN = "Please check this label again."
UNDECIDED = 0.5  # as doubtful as anything: its place in the queue reveals nothing


def retrain(
    dataset: str,
    model: str,
    cache: Path,
    settings: TrainSettings,
    tell: JobProgress,
    fastdup: bool = True,
    release_first: bool = False,
) -> Round:
    """What the new model came to; it waits beside the one that is served. `release_first`: where
    none is, or only a provisional one, it is released at once. Raises a VitrineError with what
    to do."""
    first = release_first and settled_before(model, cache) is None
    tell.step(1, 5, "Applying the decisions to the labels")
    folded = fold_dataset(open_dataset(dataset))
    say(folded.sentence)
    tell.step(2, 5, "Scanning again")
    _scan(folded.dataset, cache, settings, fastdup)
    tell.step(3, 5, "Training, then the sealed test for both models")
    train_model(dataset, model, settings, cache=cache, candidate=True)
    folder = candidate_of(home_of(model, cache))
    tell.step(4, 5, "Asking again about test photos whose answer changed")
    asked = ask_again(
        open_dataset(dataset), read_json(folder / OURS / COMPARISON).get("changed", ())
    )
    say(f"{asked} test photos came back to the queue.")
    tell.step(5, 5, "Exporting the model, so that it answers faster")
    _exported(folder)
    made = candidate_round(model, cache)
    assert made is not None
    if first:
        release(model, cache)
        tell.made()
    return made


def _scan(dataset: Dataset, cache: Path, settings: TrainSettings, fastdup: bool) -> None:
    backbone = find_backbone(settings.backbone, cache)
    how = ScanSettings(backbone=settings.backbone, fastdup=fastdup, threads=settings.threads)
    if is_scanned(dataset, backbone, cache, how):
        say("Nothing changed since the last scan: what it found still holds.")
        return
    say(scan(dataset, backbone, cache, how).sentence)


def ask_again(dataset: Dataset, changed: Sequence[dict[str, Any]]) -> int:
    """Put test photos whose answer changed back before people, unless somebody decided about
    them; how many."""
    decided = settled_photos(standing(known(dataset).decisions), Topic.LABEL)
    photos = dataset.photos()
    scan_id = f"{ROUND}{ULID()}"
    ids = [
        row["image_id"]
        for row in changed
        if row["image_id"] in photos and row["image_id"] not in decided
    ]
    labels = dataset.labels()
    findings = [
        Finding(image_id, "label", UNDECIDED, LOOK_AGAIN, labels[image_id].label, scan_id=scan_id)
        for image_id in sorted(ids)
        if image_id in labels
    ]

    def change(base: Dataset) -> Changes:
        old = tuple(sorted(path for path in base.paths if path.startswith(f"findings/{ROUND}")))
        return Changes(dict([findings_file(scan_id, findings)]) if findings else {}, old)

    dataset.update(f"Ask again about {len(findings)} test photos", change)
    return len(findings)


def _exported(folder: Path) -> None:
    try:
        say(str(export(str(folder), "onnx")))
    except ExportDisagrees as error:  # it is served by torch then
        say(error.sentence)
