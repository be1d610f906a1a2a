"""A dataset in the form that another tool opens.

    python -m curation export DATASET OUT --to imagefolder | csv | coco-classification | yolo-cls
                                             | fiftyone | label-studio | huggingface

DATASET may name a revision. Every file is called by its image_id, so what comes back
(`import_labels`) finds its photo. A photo that an earlier export beside OUT holds already is
linked, not copied.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from curation.exchange.forms import FORMS, write_huggingface
from curation.exchange.selection import LABELLED, Exported, Form, Selection, chosen
from data_cards.dataset.repo import Dataset
from data_cards.errors import BadSource
from data_cards.storage.atomic_files import place, write_durably
from data_cards.wording import counted

MARKER = "vitrine-export.json"  # says that a folder is an export, and of what
ENDINGS = ((b"\x89PNG", "png"), (b"GIF8", "gif"), (b"RIFF", "webp"))


@dataclass(frozen=True)
class Written:
    """An export that is done."""

    out: Path
    photos: int
    linked: int

    @property
    def sentence(self) -> str:
        """For people."""
        linked = f", {self.linked} of them linked to an earlier export" if self.linked else ""
        return f"{counted(self.photos, 'photo')}{linked}: {self.out}"


def export_dataset(
    dataset: Dataset, out: Path, to: str, selection: Selection = LABELLED
) -> Written:
    """Write the chosen photos of a dataset to a new folder. Raises BadSource for a form or a
    selection that does not exist, and for a folder that is in use."""
    if to not in FORMS:
        raise BadSource(f"Can't export to “{to}”. Choose {', '.join(FORMS)}.", to=to)
    _check_free(out)
    rows = chosen(dataset, selection)
    if to == "huggingface":
        write_huggingface(dataset, rows, out)
        linked = 0
    else:
        form = FORMS[to]
        rows = [_named(row, data) for row, data in _with_heads(dataset, rows)]
        linked = _write_photos(dataset, rows, form, out)
        for path, data in form.lists(rows, dataset.collection(), dataset.address).items():
            write_durably(out / path, data)
    write_durably(out / MARKER, _marker(dataset, to, len(rows)))
    return Written(out, len(rows), linked)


def _check_free(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadSource(
            f"{out} is in use. Name a new folder, or empty it first; nothing was written.",
            out=str(out),
        )


def _with_heads(dataset: Dataset, rows: Sequence[Exported]) -> Iterator[tuple[Exported, bytes]]:
    by_id = {row.photo.image_id: row for row in rows}
    for image_id, data in dataset.read_photos(by_id):
        yield by_id[image_id], data[:4]


def _named(row: Exported, head: bytes) -> Exported:
    ending = next((name for mark, name in ENDINGS if head.startswith(mark)), "jpg")
    return Exported(row.photo, row.label, row.status, row.split, f"{row.photo.image_id}.{ending}")


def _write_photos(dataset: Dataset, rows: Sequence[Exported], form: Form, out: Path) -> int:
    earlier = _earlier(out)
    by_id = {row.photo.image_id: row for row in rows}
    linked = 0
    missing = []
    for row in rows:
        there = earlier.get(row.name)
        if there is None:
            missing.append(row.photo.image_id)
            continue
        place(there, out / form.place(row), link=True)
        linked += 1
    for image_id, data in dataset.read_photos(missing):
        row = by_id[image_id]
        write_durably(out / form.place(row), data)
    return linked


def _earlier(out: Path) -> dict[str, Path]:
    """Photos by file name of the exports that lie beside this one."""
    beside = [marker.parent for marker in out.absolute().parent.glob(f"*/{MARKER}")]
    return {
        path.name: path
        for folder in beside
        for path in folder.rglob("*")
        if path.is_file() and len(path.stem) == 64
    }


def _marker(dataset: Dataset, to: str, count: int) -> bytes:
    said = {
        "dataset": dataset.address,
        "revision": dataset.revision,
        "to": to,
        "photos": count,
        "classes": {info.id: info.title for info in dataset.collection().classes},
    }
    return json.dumps(said, indent=1, ensure_ascii=False).encode()
