"""A photo leaves a release that shows it: the index of look-alikes, the photos whose answers are
kept, the pictures of the report, and its twins (train/release/twin.py), which have to be exported
again. The weights stay; what they learned of it cannot be taken out.

    forget_photos("out/model", ["9f2c..."], Path("cache"))
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from data_cards.settings import default_cache
from data_cards.storage.repository import open_repository, parse_address
from train.inference.model_folder import OURS, read_json
from train.inference.photo_index import FEATURES, GRAPH, PHOTOS, write_index
from train.release.lifecycle import standing, waiting
from train.release.twin import TWINS, photos_in

INDEX = f"{OURS}/index"
GOLDEN = f"{OURS}/golden.json"
REPORT = f"{OURS}/report.html"
PICTURE = re.compile(r"<img alt='' src='data:image/jpeg;base64,[^']*'>")


def forget_photos(
    model: str, image_ids: Collection[str], cache: Path | None = None, since: str = ""
) -> bool:
    """Write what is released at an address anew without these photos (image_id); whether anything
    of them was in it.

    `since`: the moment the first of them came in; a report that was made later loses its pictures,
    which it does not name. Nothing is done where no model is. Raises what a commit raises.
    """
    place = cache or default_cache({})
    released = standing(model, place)
    if released is None or parse_address(model).revision:
        return False
    candidate = waiting(model, place)
    if candidate is not None:
        _write(candidate, *_without(candidate, image_ids, since))
    add, gone = _without(released[0], image_ids, since)
    if not add and not gone:
        return False
    open_repository(model, kind="model").commit(
        add, "Take photos out that were taken back", gone, forget=(*add, *gone)
    )
    return True


def _without(
    folder: Path, image_ids: Collection[str], since: str
) -> tuple[dict[str, bytes], list[str]]:
    """(files to write, files to delete) of a model folder, relative to it."""
    add = _index_without(folder, image_ids)
    path = folder / GOLDEN
    golden: list[Any] = json.loads(path.read_text("utf-8")) if path.is_file() else []
    kept = [row for row in golden if row.get("image_id") not in image_ids]
    gone = [row["photo"] for row in golden if row.get("image_id") in image_ids]
    if gone:
        add[GOLDEN] = json.dumps(kept).encode()
    report = folder / REPORT
    if report.is_file() and since and _made_at(folder) >= since:
        text = report.read_text("utf-8")
        plain = PICTURE.sub("", text)
        if plain != text:
            add[REPORT] = plain.encode()
    graph = f"{INDEX}/{GRAPH}"
    if f"{INDEX}/{PHOTOS}" in add and graph not in add and (folder / graph).is_file():
        gone.append(graph)  # so few photos are left that none is made
    twins = [folder / OURS / name for name in TWINS]
    # What the release shows its twin shows too, or may; the small twin is of another one.
    if add or gone or any(_shows(twin, folder, image_ids) for twin in twins):
        files = [path for twin in twins for path in sorted(twin.rglob("*")) if path.is_file()]
        gone += [path.relative_to(folder).as_posix() for path in files]
    return add, gone


def _shows(twin: Path, folder: Path, image_ids: Collection[str]) -> bool:
    if not twin.is_dir():
        return False
    try:
        return not photos_in(twin, folder).isdisjoint(image_ids)
    except (OSError, EOFError, ValueError, KeyError):
        return True  # it is damaged, and may show them


def _index_without(folder: Path, image_ids: Collection[str]) -> dict[str, bytes]:
    import pyarrow.parquet as pq

    path = folder / INDEX / PHOTOS
    if not path.is_file():
        return {}
    columns = pq.read_table(path).to_pydict()
    rows = [row for row, name in enumerate(columns["image_id"]) if name not in image_ids]
    if len(rows) == len(columns["image_id"]):
        return {}
    features = np.load(folder / INDEX / FEATURES)[rows]
    chosen = ([columns[name][row] for row in rows] for name in ("image_id", "label", "thumbnail"))
    ids, labels, thumbnails = chosen
    with TemporaryDirectory() as scratch:
        write_index(Path(scratch), ids, labels, features.astype(np.float32), thumbnails)
        return {f"{INDEX}/{one.name}": one.read_bytes() for one in Path(scratch).iterdir()}


def _made_at(folder: Path) -> str:
    return str(read_json(folder / OURS / "release.json").get("made_at") or "")


def _write(folder: Path, add: dict[str, bytes], gone: Collection[str]) -> None:
    for name, data in add.items():
        (folder / name).write_bytes(data)
    for name in gone:
        (folder / name).unlink(missing_ok=True)
