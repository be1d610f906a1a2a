"""Labels that people gave in another tool come back as decisions.

    python -m curation import-labels DATASET FILE [--who NAME]

FILE is Label Studio's JSON (or JSON-MIN), FiftyOne's labels.json or samples.json, COCO's, a CSV or
TSV (fastai's cleaned.csv too), or decisions.jsonl. A photo is found by its image_id, in any field,
or by the name of its original file. A label that agrees with today's is not a decision, unless a
person gave it at a recorded time (Label Studio): then it is a keep.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from curation.decisions.apply import Decided, decide_from, save_decisions
from curation.exchange.forms import image_id_in
from data_cards.annotations.decision import Decision, parse_decision
from data_cards.dataset.collection import Collection
from data_cards.dataset.outside_edits import WORDS_FOR_NONE, id_of
from data_cards.dataset.repo import Dataset
from data_cards.dataset.schema import Label
from data_cards.errors import BadDecision
from data_cards.wording import counted

SHORTEST_ID = 12  # letters of an image_id that name one photo
PHOTO_COLUMNS = ("image_id", "file", "filename", "file_name", "name", "path", "image", "filepath")
LABEL_COLUMNS = ("label", "labels", "class", "category", "choice", "target", "tag")


@dataclass(frozen=True)
class Said:
    """One row of a file: the photo, its label, and who said it when."""

    photo: str
    label: str
    status: str = ""
    who: str = ""
    at: str = ""


def import_labels(
    dataset: Dataset,
    path: Path,
    who: str = "import",
    new_classes: bool = False,
    missing_is_junk: bool = False,
) -> Decided:
    """Turn what a file says into decisions, and commit them all or none.

    `who`: for rows that do not say; `new_classes`: unknown labels become classes;
    `missing_is_junk`: photos that the file leaves out were thrown out there. Raises BadDecision
    for a file or a label that cannot be used.
    """
    text = _text(path)
    if path.suffix == ".jsonl" and '"action"' in text.partition("\n")[0]:
        return decide_from(dataset, path)
    base = dataset.newest()
    rows = list(read_labels(path.name, text))
    if not rows:
        raise BadDecision(f"{path.name} holds no label.", path=str(path))
    found, unknown = _placed(rows, base)
    if not found:
        raise BadDecision(
            f"None of the {counted(len(rows), 'row')} in {path.name} is about a photo of "
            f"{base.address}. A row names a photo by its image_id or its file name.",
            path=str(path),
        )
    added, things = _classes(found, base.collection(), who, new_classes)
    decisions = [*added, *_decisions(found, base.labels(), things, who)]
    if missing_is_junk:
        decisions += _thrown_out(found, base, who)
    done = save_decisions(base, decisions)
    left = ""
    if unknown:
        passed = counted(len(unknown), "row about other photos was", "rows about other photos were")
        left = f" {passed} passed over, first {unknown[0].photo[:60]}."
    said = f"{path.name}: {counted(len(decisions), 'decision', none='no decision')}."
    return Decided(done.dataset, f"{said} {done.sentence}{left}")


def read_labels(name: str, text: str) -> Iterator[Said]:
    """What a file says, row by row. Raises BadDecision for a form that is not known."""
    if name.lower().endswith((".csv", ".tsv", ".txt")):
        yield from _csv_rows(text, "\t" if name.lower().endswith(".tsv") else ",")
        return
    try:
        value = json.loads(text)
    except ValueError as error:
        raise BadDecision(
            f"{name} is neither JSON nor CSV. Label Studio's JSON, FiftyOne's labels.json, COCO's "
            "and CSV files can be read.",
            name=name,
        ) from error
    yield from _json_rows(name, value)


def _json_rows(name: str, value: Any) -> Iterator[Said]:
    if isinstance(value, list):
        for task in value:
            if isinstance(task, dict):
                yield from _label_studio(task)
        return
    keys = set(value) if isinstance(value, dict) else set()
    readers: tuple[tuple[set[str], Callable[[Any], Iterator[Said]]], ...] = (
        ({"images", "annotations", "categories"}, _coco),
        ({"labels"}, _fiftyone),
        ({"samples"}, _fiftyone_samples),
    )
    for needed, read in readers:
        if needed <= keys:
            yield from read(value)
            return
    raise BadDecision(
        f"{name} is JSON in an unknown format: Label Studio gives a list of tasks, FiftyOne "
        "“labels” or “samples”, COCO “images”, “annotations” and “categories”.",
        name=name,
    )


def _label_studio(task: Mapping[str, Any]) -> Iterator[Said]:
    """One task of a JSON or JSON-MIN export; what annotators skipped says nothing."""
    data = task.get("data", task)
    photo = str(data.get("image_id") or _first(data, ("image", *PHOTO_COLUMNS)))
    annotations = task.get("annotations", task.get("completions"))
    if annotations is None:
        label = _first(data, LABEL_COLUMNS)
        if label:
            at = str(task.get("updated_at") or "")
            yield Said(photo, label, "", _person(task.get("annotator")), at)
        return
    for one in annotations:
        for result in () if one.get("was_cancelled") else one.get("result", ()):
            choices = (result.get("value") or {}).get("choices") or ()
            if choices:
                at = str(one.get("updated_at") or one.get("created_at") or "")
                yield Said(photo, str(choices[0]), "", _person(one.get("completed_by")), at)


def _person(said: Any) -> str:
    if isinstance(said, Mapping):
        said = said.get("email") or said.get("id")
    return f"label-studio:{said}" if said not in (None, "") else ""


def _coco(value: Mapping[str, Any]) -> Iterator[Said]:
    files = {
        one.get("id"): str(one.get("image_id") or one.get("file_name") or "")
        for one in value["images"]
    }
    names = {
        one.get("id"): str(one.get("class_id") or one.get("name")) for one in value["categories"]
    }
    for one in value["annotations"]:
        yield Said(files.get(one.get("image_id"), ""), names.get(one.get("category_id"), ""))


def _fiftyone(value: Mapping[str, Any]) -> Iterator[Said]:
    """FiftyOneImageClassificationDataset: labels by file, as a number, a text or an object."""
    classes = value.get("classes") or ()
    for photo, target in (value["labels"] or {}).items():
        label = target.get("label") if isinstance(target, Mapping) else target
        if isinstance(label, int) and 0 <= label < len(classes):
            label = classes[label]
        if isinstance(label, str) and label:
            yield Said(photo, label)


def _fiftyone_samples(value: Mapping[str, Any]) -> Iterator[Said]:
    """FiftyOneDataset: each sample's ground truth, or its only classification."""
    for sample in value["samples"]:
        fields = [
            found
            for key, found in sorted(sample.items(), key=lambda item: item[0] != "ground_truth")
            if isinstance(found, Mapping) and found.get("_cls") == "Classification"
        ]
        if fields and fields[0].get("label"):
            yield Said(str(sample.get("filepath", "")), str(fields[0]["label"]))


def _csv_rows(text: str, comma: str) -> Iterator[Said]:
    reader = csv.DictReader(io.StringIO(text), delimiter=comma)
    names = {name.strip().lower(): name for name in reader.fieldnames or () if name}
    photo = next((names[name] for name in PHOTO_COLUMNS if name in names), None)
    label = next((names[name] for name in LABEL_COLUMNS if name in names), None)
    if photo is None or label is None:
        raise BadDecision(
            f"This list needs a column that names the photo ({', '.join(PHOTO_COLUMNS[:4])} ...) "
            f"and one with its label ({', '.join(LABEL_COLUMNS[:3])} ...). It has: "
            f"{', '.join(names) or 'none'}."
        )
    for row in reader:
        status = row.get(names.get("status", "")) or ""
        yield Said((row[photo] or "").strip(), (row[label] or "").strip(), status.strip())


def _first(row: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((str(row[name]) for name in names if row.get(name)), "")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise BadDecision(f"There is no file {path}.", path=str(path)) from None
    except (UnicodeDecodeError, IsADirectoryError) as error:
        raise BadDecision(f"{path.name} is not UTF-8 text.", path=str(path)) from error


def _placed(rows: Sequence[Said], dataset: Dataset) -> tuple[list[Said], list[Said]]:
    """(rows with the image_id of their photo, rows about photos that are not here)."""
    photos = dataset.photos()
    starts = {image_id[:SHORTEST_ID]: image_id for image_id in photos}
    names = Counter(
        PurePosixPath(source.path).name for one in photos.values() for source in one.sources
    )
    by_name = {
        PurePosixPath(source.path).name: image_id
        for image_id, one in photos.items()
        for source in one.sources
        if names[PurePosixPath(source.path).name] == 1
    }
    found = []
    unknown = []
    for row in rows:
        file = PurePosixPath(row.photo.replace("\\", "/")).name
        wanted = image_id_in(row.photo) or row.photo
        image_id = (
            wanted if wanted in photos else starts.get(PurePosixPath(file).stem[:SHORTEST_ID])
        ) or by_name.get(file)
        if image_id:
            found.append(replace(row, photo=image_id))
        else:
            unknown.append(row)
    return found, unknown


def _classes(
    rows: Sequence[Said], things: Collection, who: str, new_classes: bool
) -> tuple[list[Decision], Collection]:
    """(the classes that have to be added first, the collection with them)."""
    from data_cards.annotations.class_edits import changed_collection

    counts = Counter(row.label for row in rows if row.label and _action(row, things) is None)
    if counts and not new_classes:
        name, count = counts.most_common(1)[0]
        raise BadDecision(
            f"“{name}” ({counted(count, 'row')}) is not a class of this "
            f"collection{_and_more(len(counts) - 1)}. Add --new-classes to make it one, or "
            "correct the file. Nothing was saved.",
            unknown=sorted(counts),
        )
    added: list[Decision] = []
    for name in counts:
        row = {"who": who, "action": "add_class", "label": name}
        added.append(parse_decision(row, changed_collection(things, added)))
    return added, changed_collection(things, added)


def _and_more(count: int) -> str:
    return f", nor are {counted(count, 'other label')}" if count else ""


def _action(row: Said, things: Collection) -> tuple[str, str | None] | None:
    """(action, class id) of a row; None if its label is not a class."""
    word = row.label.casefold()
    if row.status in ("none_of_these", "junk"):
        return row.status, None
    found = row.label if row.label in things else things.find(row.label)
    if found:
        return "relabel", found
    if word in WORDS_FOR_NONE:
        return "none_of_these", None
    return ("junk", None) if word == "junk" else None


def _decisions(
    rows: Sequence[Said], labels: Mapping[str, Label], things: Collection, who: str
) -> Iterator[Decision]:
    for row in rows:
        meant = _action(row, things) if row.label or row.status else None
        if meant is None:
            continue
        action, label = meant
        now = labels.get(row.photo)
        before = now.label if now else None
        status = "labelled" if action == "relabel" else action
        if now and (now.label, now.status) == (label, status):
            if not row.at:
                continue
            action = "keep"
        yield parse_decision(
            {
                "id": _name(row),
                "image_id": row.photo,
                "action": action,
                "label": label,
                "label_before": before,
                "who": row.who or who,
                "at": row.at or None,
                "finding": "imported",
            },
            things,
        )


def _name(row: Said) -> str | None:
    """The id of a decision that has its own time: the same at every import."""
    return id_of(row.photo, row.who, row.at, row.label) if row.at else None


def _thrown_out(rows: Sequence[Said], dataset: Dataset, who: str) -> list[Decision]:
    named = {row.photo for row in rows}
    return [
        parse_decision({"image_id": image_id, "action": "junk", "who": who, "finding": "imported"})
        for image_id, label in dataset.labels().items()
        if image_id not in named and label.status == "labelled"
    ]
