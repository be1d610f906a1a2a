"""What a release has beside its weights: how to judge, what looks alike, and a few answers to
check others against.

furnish(draft, source, material, trained, seed)
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from data_cards.dataset.collection import ClassInfo
from data_cards.dataset.repo import Dataset
from data_cards.dataset.versions import versions_of
from data_cards.photos.image import thumbnail
from data_cards.progress import say, track
from data_cards.storage.atomic_files import full_disk_named
from data_cards.storage.repository import open_repository
from data_cards.wording import counted, percent, whole_percent
from train.finetune.recipe import Scaled, TrainedModel, give_head, head_of
from train.finetune.refit_head import refitted, unseen_by_refitted
from train.images.augment import GENTLE
from train.images.preprocessing import FILE
from train.inference.batch_predict import Answers, Asking, ask
from train.inference.model_folder import (
    FORMAT,
    OURS,
    PROVISIONAL,
    GoldenAnswer,
    divide_golden,
    write_golden,
    write_json,
)
from train.inference.network import open_network
from train.inference.photo_index import SIDE, write_index
from train.models.classifiers import CODE, carried_code
from train.probes.ensemble import out_of_fold_logits
from train.probes.logistic import Probe
from train.release.mirror_images import FILE as MIRROR_IMAGES
from train.release.mirror_images import with_mirror_images
from train.release.model_card import model_folder_card
from train.settings import TrainSettings
from train.splits.seal import Sealed
from train.splits.training_set import Example, Material
from train.statistics.metrics import top_k
from train.uncertainty.decision_rule import (
    NO_WORD,
    Judgement,
    Labelling,
    Promise,
    Seen,
    Unseen,
    judge,
    looked,
)
from train.uncertainty.rejection import REFUSED

# photos whose answers travel with the model, so that an export or another machine can be checked
GOLDEN = 50
# of them: photos of none of these, and as many known ones that the model refuses
GOLDEN_NONE = 10
# Times as many wrong labels as were found are thought possible: on the museum .028 of .075 are.
SLIPS_FOUND = 3


def furnish(
    draft: Path,
    source: Sealed,
    material: Material,
    trained: TrainedModel,
    seed: int,
    promise: Promise = NO_WORD,
    asking: Asking = ask,
    mirror: bool = False,
) -> TrainedModel:
    """Ask the model in `draft` about all photos outside the test, and write calibration, rejection
    rule and index from its answers; the model, whose head may have been refitted. `asking`: how it
    is asked; `mirror`: whether mirror images are tried (train/release/mirror_images.py)."""
    none = (*material.none["train"], *material.none["validation"])
    known = dict((*material.train, *material.validation))
    answers = asking(draft, source.dataset, [*known, *none], "What it learned")
    tried = None
    if mirror:
        answers, tried = with_mirror_images(draft, source, material, trained, answers, asking)
    held = seen(answers, material.validation)
    learned = seen(answers, trained.learned)
    units = source.units(
        [*answers.of(dict(trained.learned)).ids, *answers.of(dict(material.validation)).ids]
    )
    first = len(learned.truth)
    trained, held, head = with_new_head(draft, trained, learned, held, units[first:])
    given = dict((*material.train, *material.validation))
    unseen = unseen_answers(trained, learned, held, units, head)
    if unseen is not None:
        labels = [given[name] for name in answers.of(dict(trained.learned)).ids]
        unseen = replace(unseen, truth=np.array(labels, int))
    groups = [
        source.splits[image_id].group
        for side in (material.train, material.validation)
        for image_id in answers.of(dict(side)).ids
    ]
    judgement = judge(
        seen(answers, material.train),
        held,
        looked(answers.of(none)),
        groups,
        seed,
        promise,
        unseen,
        Labelling(most_slips(material.train, trained.learned), kinds_of(material)),
    )
    judgement.save(draft / OURS)
    if tried:
        write_json(draft / OURS / MIRROR_IMAGES, tried.to_json())
    _write_index(
        draft / OURS / "index",
        source.dataset,
        answers.of(known),
        {image_id: material.classes[label] for image_id, label in known.items()},
    )
    _write_golden(draft, source.dataset, answers, material, trained, judgement)
    return trained


def with_new_head(
    draft: Path, trained: TrainedModel, learned: Seen, held: Seen, units: Sequence[int]
) -> tuple[TrainedModel, Seen, Probe | None]:
    """The model in `draft` with a refitted head, if validation finds that better; what heads that
    had not seen the validation photos say about them; and that head. Otherwise both stay as they
    are, with None. `units`: which photos of `held` belong together."""
    anew = refitted(learned, held, units)
    if anew is None:
        return trained, held, None
    before, now = (top_k(said, held.truth, 1) for said in (held.logits, anew.held))
    gain = (
        f"instead of {percent(before)}"
        if now > before
        else "as before, with more confidence in those"
    )
    say(
        "A head refitted to all photos outside the test is better: on validation "
        "photos it had not seen, "
        f"{percent(now)} right {gain}."
    )
    give_head(trained.model, anew.probe)
    trained = replace(trained, refitted=True)
    write_weights(trained, draft)
    return trained, replace(held, logits=anew.held), anew.probe


def unseen_answers(
    trained: TrainedModel, learned: Seen, held: Seen, units: Sequence[int], head: Probe | None
) -> Unseen | None:
    """What heads that had not seen them say of the photos that were `learned` from; None for a
    network whose own head learned along with it. `units`: of learned and held photos."""
    if not len(learned.truth):
        return None
    frozen = trained.kept == "probe"
    if head is not None:
        said = unseen_by_refitted(head, learned, held, units)
        return Unseen(said, learned.truth, frozen)
    if not frozen:
        return None
    groups = units[: len(learned.truth)]
    classes = trained.model.config.num_labels
    said = out_of_fold_logits(learned.embeddings, learned.truth, groups, classes)
    return Unseen(said, learned.truth)


def most_slips(given: Sequence[Example], learned: Sequence[Example]) -> float:
    """The largest share of wrong labels that is believed: some times what was found before
    training, which is less than there are. 0 for a clean collection."""
    believed = dict(learned)
    if not believed:
        return 0.0
    changed = sum(believed.get(name) != label for name, label in given)
    return min(SLIPS_FOUND * changed / len(given), 0.5)


def kinds_of(material: Material) -> np.ndarray | None:
    """The number of the coarser kind (`parent` on its card) that each class belongs to, (c,); a
    class without one is its own. None where no two classes share one."""
    keys = [_kind(material.collection.info(name)) for name in material.classes]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    if len(numbers) == len(keys):
        return None
    return np.array([numbers[key] for key in keys])


def _kind(info: ClassInfo) -> tuple[str, str]:
    return ("kind", info.parent) if info.parent else ("class", info.id)


def seen(answers: Answers, examples: Iterable[Example]) -> Seen:
    """The answers about labelled photos, beside their labels."""
    truth = dict(examples)
    kept = answers.of(truth)
    return Seen(
        kept.logits,
        kept.embeddings,
        np.array([truth[image_id] for image_id in kept.ids], int),
        kept.early,
    )


def _write_index(folder: Path, dataset: Dataset, answers: Answers, labels: dict[str, str]) -> None:
    small = {
        image_id: thumbnail(data, SIDE)
        for image_id, data in track(
            dataset.read_photos(answers.ids), "Small pictures", len(answers.ids)
        )
    }
    write_index(
        folder,
        answers.ids,
        [labels[i] for i in answers.ids],
        answers.embeddings,
        [small[i] for i in answers.ids],
    )


def _write_golden(
    draft: Path,
    dataset: Dataset,
    answers: Answers,
    material: Material,
    trained: TrainedModel,
    judgement: Judgement,
) -> None:
    """Answers about photos of all classes, sure ones and unsure ones, about known ones that are
    refused, and about photos of none of these; none of the test."""
    truth = dict((*material.train, *material.validation))
    known = answers.of(truth)
    none = answers.of((*material.none["train"], *material.none["validation"]))
    classes = [*(truth[image_id] for image_id in known.ids), *([NO_CLASS] * len(none.ids))]
    sure = np.concatenate([margins(known.logits), margins(none.logits)])
    refused = np.concatenate([_refused(judgement, known), _refused(judgement, none)])
    ids = (*known.ids, *none.ids)
    wanted = [ids[row] for row in golden_rows(classes, sure, refused)]
    read = dict(dataset.read_photos(wanted))
    photos = {image_id: read[image_id] for image_id in wanted if image_id in read}
    # By the weights themselves: the many answers may come from an engine with less precision.
    exact = open_network(draft, "torch")
    said = {}
    for image_id, data in photos.items():
        rows = Answers((image_id,), *(row[None] for row in exact.ask(data)))
        label = material.classes[int(rows.logits[0].argmax())]
        logits = [float(value) for value in rows.logits[0]]
        answer = REFUSED if judgement.refused(rows)[0] else label
        said[image_id] = GoldenAnswer(label, logits, answer)
    write_golden(draft, trained.framing, photos, said)


NO_CLASS = -1  # of photos of none of these


def _refused(judgement: Judgement, answers: Answers) -> np.ndarray:
    return judgement.refused(answers) if answers.ids else np.zeros(0, bool)


def golden_rows(
    classes: Sequence[int], sure: np.ndarray, refused: np.ndarray, most: int = GOLDEN
) -> list[int]:
    """At most so many rows (n,), of three kinds in turn as far as there are such: known photos,
    those of NO_CLASS, and known ones that are `refused` (n,). Of the last two at most
    GOLDEN_NONE each, so that every start of the list holds some of every kind."""
    place = np.arange(len(classes))
    foreign = np.asarray(classes, int) == NO_CLASS
    refused = np.asarray(refused, bool)
    few = [
        _spread_of(place[foreign], refused.astype(int), sure, GOLDEN_NONE),
        _spread_of(place[~foreign & refused], np.asarray(classes), sure, GOLDEN_NONE),
    ]
    rest = most - sum(map(len, few))
    known = _spread_of(place[~foreign & ~refused], np.asarray(classes), sure, rest)
    turns = [
        (turn, kind, row)
        for kind, rows in enumerate([known, *few])
        for turn, row in enumerate(rows)
    ]
    return [row for _, _, row in sorted(turns)][:most]


def _spread_of(rows: np.ndarray, kinds: np.ndarray, sure: np.ndarray, most: int) -> list[int]:
    found = spread(kinds[rows].tolist(), sure[rows], most)
    return [int(rows[place]) for place in found]


def margins(logits: np.ndarray) -> np.ndarray:
    """(n, c) logits -> (n,): how far the first answer is ahead of the second."""
    if logits.shape[0] == 0 or logits.shape[1] < 2:
        return np.zeros(len(logits))
    best = np.sort(logits, axis=1)
    return np.asarray(best[:, -1] - best[:, -2])


def spread(classes: Sequence[int], sure: np.ndarray, most: int) -> list[int]:
    """At most so many rows (n,), class after class in turn: of each the surest, the least sure,
    the next surest..."""
    turns = []
    for one in sorted(set(classes)):
        order = sorted(
            (row for row, of in enumerate(classes) if of == one), key=lambda row: -sure[row]
        )
        ends = [
            order[place // 2] if place % 2 == 0 else order[-1 - place // 2]
            for place in range(len(order))
        ]
        turns += [(turn, one, row) for turn, row in enumerate(ends)]
    return [row for _, _, row in sorted(turns)[:most]]


COLLECTION = "collection/"
LIBRARIES = ("torch", "transformers", "accelerate", "datasets", "evaluate", "numpy")


def fold_temperature(folder: Path, model: Any) -> None:
    """Divide the head of the release in `folder`, which `model` is, by its temperature, so that
    `pipeline` gives calibrated chances; what the release says of logits follows."""
    judgement = Judgement.load(folder / OURS)
    temperature = judgement.calibration.temperature
    if temperature == 1.0 or judgement.rejection.by_logits:
        return
    give_head(model, Scaled(*head_of(model), temperature))
    with full_disk_named("the model"):
        model.save_pretrained(folder)
        replace(judgement, calibration=judgement.calibration.in_the_head()).save(folder / OURS)
        divide_golden(folder, temperature)


def name_classes(model: Any, material: Material) -> None:
    """`id2label` says what people call the classes; their ids are in `class_ids`."""
    things = material.collection
    titles = dict(zip(things.ids, things.unique_titles, strict=True))
    names = [titles.get(name, name) for name in material.classes]
    model.config.id2label = dict(enumerate(names))
    model.config.label2id = {name: number for number, name in enumerate(names)}
    model.config.class_ids = list(material.classes)


def write_weights(trained: TrainedModel, folder: Path) -> None:
    """What transformers opens: the model and its preprocessor, in an emptied `folder`. Raises
    DiskFull."""
    with full_disk_named("the model"):
        shutil.rmtree(folder, ignore_errors=True)
        trained.model.save_pretrained(folder)
        write_json(folder / FILE, trained.framing.to_json())
        if code := carried_code(trained.model.config):
            (folder / CODE).write_text(code, encoding="utf-8")


def write_origin(
    folder: Path,
    dataset: Dataset,
    material: Material,
    trained: TrainedModel,
    settings: TrainSettings,
    address: str,
    certificate: Mapping[str, Any],
    provisional: bool = False,
) -> None:
    """release.json, the certificate and a copy of the collection: what the model was made from.

    `provisional`: the model only answers until the one now trained with these settings is ready.
    """
    ours = folder / OURS
    for path in dataset.repo.files(COLLECTION, dataset.revision):
        target = ours / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(dataset.repo.read(path, dataset.revision))
    write_json(ours / "certificate.json", certificate)
    mark = {PROVISIONAL: True} if provisional else {}
    write_json(ours / "release.json", origin(dataset, material, trained, settings, address) | mark)


def origin(
    dataset: Dataset,
    material: Material,
    trained: TrainedModel,
    settings: TrainSettings,
    address: str,
) -> dict[str, Any]:
    """The plain values of release.json."""
    source = trained.backbone
    plan = trained.plan
    return {
        "format": FORMAT,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": address,
        "dataset": dataset.address,
        "dataset_revision": dataset.revision,
        "dataset_versions": list(versions_of(dataset)),
        "kind": trained.kept,
        "backbone": {
            "name": source.name,
            "revision": source.revision,
            "origin": source.origin,
            "licence": source.licence,
        },
        "photos": {
            **material.counts(),
            "none of these": sum(map(len, material.none.values())),
            **(
                {"reference pictures": len(material.references)}
                if material.references is not None
                else {}
            ),
        },
        "training": _in_words(trained),
        "size": trained.framing.size,
        "seed": settings.seed,
        "settings": asdict(settings),
        "plan": {name: value for name, value in asdict(plan).items() if name != "look"},
        "versions": {name: version(name) for name in LIBRARIES},
        "machine": _machine(),
    }


def keep(draft: Path, home: Path, message: str, address: str = "") -> str:
    """Commit a finished draft as the newest revision of the model folder `home`; its revision.
    Raises DiskFull.

    `address`: what its card calls it, where that is not the folder.
    """
    with full_disk_named("the model"):
        (draft / "README.md").write_text(
            model_folder_card(draft, address or str(home)), encoding="utf-8"
        )
    repo = open_repository(str(home), kind="model", create=True)
    files = {
        path.relative_to(draft).as_posix(): path
        for path in sorted(draft.rglob("*"))
        if path.is_file()
    }
    stale = [path for path in repo.files() if path not in files]
    return repo.commit(dict(files), message, delete=stale)


def _machine() -> str:
    """The machine that trained, to put the training time into context."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{os.cpu_count()} {platform.machine()} cores"


def _in_words(trained: TrainedModel) -> dict[str, str]:
    plan = trained.plan
    done = {
        "scratch": "a small network, trained from scratch",
        "probe": "the probe alone",
        "fine-tuned": "fine-tuned from the probe",
        "references": "photos are compared with one picture of each thing; nothing was trained",
    }[trained.kept]
    words = {"kind": done}
    if trained.kept == "references":
        words["copies"] = "nobody looked for test photos among the reference pictures"
    elif trained.kept != "probe":
        blocks = {0: "every layer", 1: "the upper block"}.get(
            plan.blocks, f"the {plan.blocks} upper blocks"
        )
        slower = (
            f", each {plan.lr_decay:g} times as fast as the one above,"
            if trained.kept == "fine-tuned"
            else ""
        )
        views = "as other visitors might take it" if plan.look else "as it is"
        if plan.look and replace(plan.look, flip=0.0) == GENTLE:
            views = "nearly as it is"
        mixed = (
            f", rare classes shown more often ({plan.balance:g} of the way to even)"
            if plan.balance
            else ""
        )
        way = (
            f", {whole_percent(trained.share)} of the way from the probe's weights to it"
            if trained.share < 1
            else ""
        )
        way += (
            f"; then {counted(trained.finish, 'epoch')} more, with "
            f"{counted(trained.also, 'validation photo')} to learn "
            "from, too"
            if trained.finish
            else ""
        )
        words |= {
            "recipe": f"{blocks} learned at {plan.lr:g}{slower} for "
            f"{counted(plan.epochs, 'epoch')}, each photo {views} at {plan.side} "
            f"pixels{mixed}; epoch {trained.best} was kept{way}",
            "seed": str(plan.seed),
        }
    elif trained.epochs:
        words["fine-tuning"] = "tried, and did not beat the probe on validation photos"
    if trained.refitted:
        words["head"] = "refitted at the end, to all photos outside the test as they are"
    return words
