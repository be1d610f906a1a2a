"""The model folder: where its files lie, how they are read and written, and how one is fetched
from the Hub."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from data_cards.errors import BadAddress, BadModel, MissingFile, NoModelYet
from data_cards.storage.atomic_files import at_home, model_file, place
from data_cards.storage.repository import open_repository, parse_address
from train.images.preprocessing import Preprocessing

FORMAT = 1
PROVISIONAL = "provisional"  # of release.json


def is_provisional(folder: Path) -> bool:
    """Whether the release in `folder` only answers until a better one is trained; it does not count
    as a round."""
    return read_json(folder / OURS / "release.json").get(PROVISIONAL) is True


@dataclass(frozen=True)
class GoldenAnswer:
    """What a model said about one photo: the `label` it ranks first and its `logits`. `answer`:
    what a visitor is told, that label or "none"; None where the network alone does not decide."""

    label: str
    logits: Sequence[float]
    answer: str | None = None


def write_golden(
    folder: Path,
    framing: Preprocessing,
    photos: Mapping[str, bytes],
    answers: Mapping[str, GoldenAnswer],
) -> None:
    """Keep what the model said about a few photos: `answers` by image_id.

    The photos are kept as the square that the model saw, without loss: another engine must come
    to the same logits.
    """
    rows = []
    for image_id, data in photos.items():
        name = f"{OURS}/golden/{image_id}.png"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        framing.image(data).save(folder / name)
        rows.append({"image_id": image_id, "photo": name, **asdict(answers[image_id])})
    write_json(folder / OURS / "golden.json", rows)


def divide_golden(folder: Path, temperature: float) -> None:
    """The kept logits follow a head that was divided by a temperature."""
    path = folder / OURS / "golden.json"
    with model_file("golden.json"):
        rows = json.loads(path.read_text("utf-8")) if path.is_file() else []
        for row in rows:
            row["logits"] = [value / temperature for value in row["logits"]]
    if rows:
        write_json(path, rows)


def home_of(model: str, cache: Path) -> Path:
    """The folder a model is made in: the address itself, or for one on the Hub a folder of the
    cache.

    Raises BadAddress for a folder that holds something else: a release replaces everything that
    is there.
    """
    at = parse_address(model)
    if at.revision:
        raise BadAddress(
            f"A model is made at {at.name}, not at one of its revisions.", address=model
        )
    home = (
        at_home(at.name) if at.kind == "folder" else cache / "models" / at.name.replace("/", "--")
    )
    if home.exists() and not home.is_dir():
        raise BadAddress(f"{home} is a file; name a folder for the model.", address=model)
    others = home.is_dir() and any(not path.name.startswith(".") for path in home.iterdir())
    if others and not (home / OURS / "release.json").is_file():
        raise BadAddress(
            f"{home} holds other files already. Name a new folder for the model.", address=model
        )
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
    return NoModelYet(
        f"There is no model at {model}. Train one first: vitrine train DATASET {model}",
        address=model,
    )


def copy_of(model: str, revision: str, cache: Path) -> Path:
    """Where this machine keeps the files of one revision of a model."""
    return cache / "models" / f"{Path(parse_address(model).name).name}-{revision[:16]}"


def previous_metrics(folder: Path, revision: str) -> dict[str, Any]:
    """What the release in `folder` came to, with its revision; empty where it was not measured."""
    metrics = read_json(folder / OURS / "metrics.json")
    return metrics | {"model_revision": revision} if metrics else {}


def classes_of(folder: Path) -> tuple[str, ...]:
    """Class ids by class number, from a model's config.json: `class_ids`, or in an older release
    `id2label`, which has titles today. Raises BadModel."""
    with model_file("config.json"):
        config = read_json(folder / "config.json")
        names = config.get("id2label") or {}
        if not names:
            raise BadModel(f"The model in {folder.name} does not list its classes (id2label).")
        return tuple(
            map(str, config.get("class_ids") or (names[str(n)] for n in range(len(names))))
        )


def write_json(path: Path, value: Any) -> None:
    """Readable JSON; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")


OURS = "vitrine"


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; empty where there is no such file. Raises BadModel for one that cannot be
    read."""
    try:
        read = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise BadModel(
            f"{path} is not JSON, so this is not a finished model.", path=str(path)
        ) from error
    if not isinstance(read, dict):
        raise BadModel(f"{path} should hold a JSON object.", path=str(path))
    return read
