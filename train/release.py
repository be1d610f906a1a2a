"""The model folder: weights that `from_pretrained` opens, and everything a release needs to serve without its dataset.

    config.json  model.safetensors  preprocessor_config.json  README.md
    vitrine/  release.json  collection/  certificate.json  metrics.json  charts/  golden/  rejection.json
              calibration.json  index/  exports/

A release is made in a folder of its own and then committed as a whole, so that a crash leaves the old model usable.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from data_cards.dataset import Dataset
from data_cards.disk import at_home, full_disk_named, place
from data_cards.errors import BadAddress, MissingFile, NoModelYet
from data_cards.repository import open_repository, parse_address
from train.augment import GENTLE
from train.card import OURS, model_folder_card, read_json
from train.config import TrainSettings
from train.material import Material
from train.preprocessing import FILE, Preprocessing
from train.teaching import Taught

FORMAT = 1
COLLECTION = "collection/"
PROVISIONAL = "provisional"  # of release.json
LIBRARIES = ("torch", "transformers", "accelerate", "datasets", "evaluate", "numpy")



def write_weights(taught: Taught, folder: Path) -> None:
    """What transformers opens: the model and its preprocessor, in an emptied `folder`. Raises DiskFull."""
    with full_disk_named("the model"):
        shutil.rmtree(folder, ignore_errors=True)
        taught.model.save_pretrained(folder)
        write_json(folder / FILE, taught.framing.to_json())


def write_origin(folder: Path, dataset: Dataset, material: Material, taught: Taught, settings: TrainSettings,
                 address: str, certificate: Mapping[str, Any], provisional: bool = False) -> None:
    """release.json, the certificate and a copy of the collection: what the model was made from.

    `provisional`: the model answers until the one that is being trained with these settings is there.
    """
    ours = folder / OURS
    for path in dataset.repo.files(COLLECTION, dataset.revision):
        target = ours / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(dataset.repo.read(path, dataset.revision))
    write_json(ours / "certificate.json", certificate)
    mark = {PROVISIONAL: True} if provisional else {}
    write_json(ours / "release.json", origin(dataset, material, taught, settings, address) | mark)


def is_provisional(folder: Path) -> bool:
    """Whether the release in `folder` only answers until a better one is trained: it counts as no round."""
    return read_json(folder / OURS / "release.json").get(PROVISIONAL) is True


def origin(dataset: Dataset, material: Material, taught: Taught, settings: TrainSettings,
           address: str) -> dict[str, Any]:
    """The plain values of release.json."""
    source, plan = taught.backbone, taught.plan
    return {
        "format": FORMAT, "made_at": datetime.now(UTC).isoformat(timespec="seconds"), "model": address,
        "dataset": dataset.address, "dataset_revision": dataset.revision, "kind": taught.kept,
        "backbone": {"name": source.name, "revision": source.revision, "origin": source.origin,
                     "licence": source.licence},
        "photos": {**material.counts(), "none of these": sum(map(len, material.none.values())),
                   **({"reference pictures": len(material.references)} if material.references is not None else {})},
        "training": _in_words(taught), "size": taught.framing.size, "seed": settings.seed, "settings": asdict(settings),
        "plan": {name: value for name, value in asdict(plan).items() if name != "look"},
        "versions": {name: version(name) for name in LIBRARIES}, "machine": _machine()}


def write_golden(folder: Path, framing: Preprocessing, photos: Mapping[str, bytes],
                 answers: Mapping[str, tuple[str, list[float]]]) -> None:
    """Keep what the model said about a few photos: `answers` holds label and logits by image_id.

    The photos are kept as the square that the model saw, without loss: another engine must come to the same logits.
    """
    rows = []
    for image_id, data in photos.items():
        name = f"{OURS}/golden/{image_id}.png"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        framing.image(data).save(folder / name)
        label, logits = answers[image_id]
        rows.append({"image_id": image_id, "photo": name, "label": label, "logits": logits})
    write_json(folder / OURS / "golden.json", rows)


def keep(draft: Path, home: Path, message: str, address: str = "") -> str:
    """Commit a finished draft as the newest revision of the model folder `home`; its revision. Raises DiskFull.

    `address`: what its card calls it, where that is not the folder.
    """
    with full_disk_named("the model"):
        (draft / "README.md").write_text(model_folder_card(draft, address or str(home)), encoding="utf-8")
    repo = open_repository(str(home), kind="model", create=True)
    files = {path.relative_to(draft).as_posix(): path for path in sorted(draft.rglob("*")) if path.is_file()}
    stale = [path for path in repo.files() if path not in files]
    return repo.commit(dict(files), message, delete=stale)


def home_of(model: str, cache: Path) -> Path:
    """The folder a model is made in: the address itself, or for one on the Hub a folder of the cache.

    Raises BadAddress for a folder that holds something else: a release replaces everything that is there.
    """
    at = parse_address(model)
    if at.revision:
        raise BadAddress(f"A model is made at {at.name}, not at one of its revisions.", address=model)
    home = at_home(at.name) if at.kind == "folder" else cache / "models" / at.name.replace("/", "--")
    if home.exists() and not home.is_dir():
        raise BadAddress(f"{home} is a file; name a folder for the model.", address=model)
    others = home.is_dir() and any(not path.name.startswith(".") for path in home.iterdir())
    if others and not (home / OURS / "release.json").is_file():
        raise BadAddress(f"{home} holds other files already. Name a new folder for the model.", address=model)
    return home


def model_folder(model: str, cache: Path) -> tuple[Path, str]:
    """A local folder with the files of a model address (`@revision` too), and the revision.

    Raises NoModelYet where nothing was released, MissingFile for a revision that is not there.
    """
    at = parse_address(model)
    try:
        repo = open_repository(model, kind="model")
        revision = repo.pinned or repo.head()
    except MissingFile as error:
        raise error if at.revision else _no_model_yet(model) from error
    if revision is None or f"{OURS}/release.json" not in repo.files(revision=revision):
        raise _no_model_yet(model)
    if at.kind == "folder" and not repo.pinned:
        return Path(at.name), revision
    folder = copy_of(model, revision, cache)
    for path in repo.files(revision=revision):
        if not (folder / path).exists():
            place(repo.fetch(path, revision), folder / path, link=True)
    return folder, revision


def _no_model_yet(model: str) -> NoModelYet:
    return NoModelYet(f"There is no model at {model}. Train one first: python -m train DATASET {model}", address=model)


def copy_of(model: str, revision: str, cache: Path) -> Path:
    """Where this machine keeps the files of one revision of a model."""
    return cache / "models" / f"{Path(parse_address(model).name).name}-{revision[:16]}"


def previous_metrics(folder: Path, revision: str) -> dict[str, Any]:
    """What the release in `folder` came to, with its revision; empty where it was not measured."""
    metrics = read_json(folder / OURS / "metrics.json")
    return metrics | {"model_revision": revision} if metrics else {}


def write_json(path: Path, value: Any) -> None:
    """Readable JSON; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")


def _machine() -> str:
    """What trained, for whoever reads how long it took."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{os.cpu_count()} {platform.machine()} cores"


def _in_words(taught: Taught) -> dict[str, str]:
    plan, done = taught.plan, {"scratch": "a small network, trained from nothing", "probe": "the probe alone",
                               "fine-tuned": "fine-tuned from the probe",
                               "references": "photos are compared with one picture of each thing; nothing was trained"
                               }[taught.kept]
    words = {"kind": done}
    if taught.kept == "references":
        words["copies"] = "nobody looked for test photos among the reference pictures"
    elif taught.kept != "probe":
        blocks = {0: "every layer", 1: "the upper block"}.get(plan.blocks, f"the {plan.blocks} upper blocks")
        slower = f", each {plan.lr_decay:g} times as fast as the one above," if taught.kept == "fine-tuned" else ""
        views = "as other visitors might take it" if plan.look else "as it is"
        if plan.look and replace(plan.look, flip=0.0) == GENTLE:
            views = "nearly as it is"
        mixed = f", rare classes shown more often ({plan.balance:g} of the way to even)" if plan.balance else ""
        way = f", {taught.share:.0%} of the way from the probe's weights to it" if taught.share < 1 else ""
        way += (f"; then {taught.finish} epochs more, with {taught.also} validation photos to learn from, too"
                if taught.finish else "")
        words |= {"recipe": f"{blocks} learned at {plan.lr:g}{slower} for {plan.epochs} epochs, each photo "
                            f"{views} at {plan.side} pixels{mixed}; epoch {taught.best} was kept{way}",
                  "seed": str(plan.seed)}
    elif taught.epochs:
        words["fine-tuning"] = "tried, and did not beat the probe on validation photos"
    if taught.refitted:
        words["head"] = "fitted anew at the end, to all photos outside the test as they are"
    return words
