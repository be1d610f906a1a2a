"""How each form lays out its photos, and the lists beside them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from xml.sax.saxutils import quoteattr

from curation.exchange.selection import Exported, Form
from data_cards.dataset.collection import Collection
from data_cards.dataset.default_config import planned_tables, with_configs, write_table
from data_cards.dataset.repo import README, Dataset
from data_cards.dataset.schema import Label, Split
from data_cards.storage.atomic_files import write_durably

YOLO_SIDES = {"validation": "val", "": "train"}  # ultralytics' names, where they differ
NONE_TITLE = "None of these"
JUNK_TITLE = "Junk"


def _imagefolder(row: Exported) -> str:
    return f"{row.split or 'train'}/{row.folder}/{row.name}"


def _yolo(row: Exported) -> str:
    return f"{YOLO_SIDES.get(row.split, row.split)}/{row.folder}/{row.name}"


def _images(row: Exported) -> str:
    return f"images/{row.name}"


def _fiftyone(row: Exported) -> str:
    return f"{row.split or 'train'}/data/{row.name}"


def _csv(rows: Sequence[Exported], things: Collection, address: str) -> Mapping[str, bytes]:
    """labels.csv, as `curation collect` and every spreadsheet read it."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(("file", "label", "title", "split", "status", "image_id"))
    for row in rows:
        title = things.title_of(row.label) if row.label and row.label in things else ""
        out.writerow(
            (_images(row), row.label or "", title, row.split, row.status, row.photo.image_id)
        )
    return {"labels.csv": text.getvalue().encode()}


def _coco(rows: Sequence[Exported], things: Collection, address: str) -> Mapping[str, bytes]:
    """One annotation file a split, with an annotation for each photo and no boxes."""
    numbers = {name: number for number, name in enumerate(things.ids, start=1)}
    categories = [
        {"id": number, "name": title, "supercategory": things.info(name).parent, "class_id": name}
        for (name, number), title in zip(numbers.items(), things.unique_titles, strict=True)
    ]
    return {
        f"annotations/{side}.json": _json(
            {
                "info": {"description": things.title, "url": address},
                "images": [
                    {
                        "id": number,
                        "file_name": row.name,
                        "width": row.photo.width,
                        "height": row.photo.height,
                        "image_id": row.photo.image_id,
                    }
                    for number, row in some
                ],
                "annotations": [
                    {"id": number, "image_id": number, "category_id": numbers[row.label]}
                    for number, row in some
                    if row.label in numbers
                ],
                "categories": categories,
            }
        )
        for side, some in _by_split(rows).items()
    }


def _fiftyone_lists(
    rows: Sequence[Exported], things: Collection, address: str
) -> Mapping[str, bytes]:
    """FiftyOneImageClassificationDataset, one folder a split: data/ and labels.json."""
    titles = dict(zip(things.ids, things.unique_titles, strict=True))
    return {
        f"{side}/labels.json": _json(
            {
                "classes": list(things.unique_titles),
                "labels": {
                    row.photo.image_id: things.index(row.label) if row.label in titles else None
                    for _, row in some
                    if row.label
                },
            }
        )
        for side, some in _by_split(rows).items()
    }


def _label_studio(
    rows: Sequence[Exported], things: Collection, address: str
) -> Mapping[str, bytes]:
    """tasks.json with today's labels as predictions, and the labelling screen for them. Images are
    found through Label Studio's local files, whose root is the export."""
    titles = dict(zip(things.ids, things.unique_titles, strict=True))
    tasks = [
        {
            "data": {
                "image": f"/data/local-files/?d={_images(row)}",
                "image_id": row.photo.image_id,
                "split": row.split,
            },
            "predictions": _prediction(row, titles, address),
        }
        for row in rows
    ]
    choices = "".join(
        f"    <Choice value={quoteattr(title)}/>\n"
        for title in (*things.unique_titles, NONE_TITLE, JUNK_TITLE)
    )
    screen = (
        '<View>\n  <Image name="image" value="$image"/>\n'
        '  <Choices name="label" toName="image" choice="single" showInLine="true">\n'
        f"{choices}  </Choices>\n</View>\n"
    )
    return {"tasks.json": _json(tasks), "label_config.xml": screen.encode()}


def _prediction(row: Exported, titles: Mapping[str, str], address: str) -> list[dict[str, Any]]:
    title = titles.get(row.label or "", "")
    if row.status in ("none_of_these", "junk"):
        title = NONE_TITLE if row.status == "none_of_these" else JUNK_TITLE
    if not title:
        return []
    choice = {
        "from_name": "label",
        "to_name": "image",
        "type": "choices",
        "value": {"choices": [title]},
    }
    return [{"model_version": f"labels of {address}", "result": [choice]}]


FORMS: dict[str, Form] = {
    "imagefolder": Form(_imagefolder),
    "csv": Form(_images, _csv),
    "coco-classification": Form(_images, _coco),
    "yolo-cls": Form(_yolo),
    "fiftyone": Form(_fiftyone, _fiftyone_lists),
    "label-studio": Form(_images, _label_studio),
    "huggingface": Form(_images),  # written by `write_huggingface`: its photos lie in tables
}


def write_huggingface(dataset: Dataset, rows: Sequence[Exported], out: Path) -> None:
    """The default config alone, with a card: `load_dataset(OUT)`, or `hf upload`."""
    shards: dict[str, list[str]] = {}
    for row in rows:
        shards.setdefault(dataset.shard_of(row.photo.image_id), []).append(row.photo.image_id)
    labels = {row.photo.image_id: Label(row.photo.image_id, row.label, row.status) for row in rows}
    splits = {
        row.photo.image_id: Split(row.photo.image_id, "", row.split) for row in rows if row.split
    }
    things = dataset.collection()
    tables = planned_tables(shards, labels, splits)
    for table in tables:
        target = out / table.path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_table(target, dataset.repo.fetch(table.shard, dataset.revision), table, things, {})
    readme = dataset.repo.read(README, dataset.revision).decode("utf-8", "replace")
    card = with_configs(readme, {table.path for table in tables}, ours=False)
    write_durably(out / README, card.encode())


def _by_split(rows: Iterable[Exported]) -> dict[str, list[tuple[int, Exported]]]:
    found: dict[str, list[tuple[int, Exported]]] = {}
    for number, row in enumerate(rows, start=1):
        found.setdefault(row.split or "train", []).append((number, row))
    return found


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode()


def image_id_in(name: str) -> str:
    """The image_id that a file of an export is called by; empty for another name."""
    stem = PurePosixPath(name.replace("\\", "/")).stem
    tail = stem[-64:]
    return tail if len(tail) == 64 and set(tail) <= set("0123456789abcdef") else ""
