"""A full or a read-only disk: a sentence that names the thing, and nothing half-written."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pytest

from data_cards.dataset.repo import open_dataset
from tests.space.test_bad_input import at_work, ended, furnished

__all__ = ["at_work", "furnished"]
COMMANDS = (
    "curation collect new data",
    "curation decide data decisions.jsonl",
    "curation fold data",
    "curation erase data {photo}",
    "train split data",
)
BAD_DAYS = {
    "full": OSError(errno.ENOSPC, "No space left on device"),
    "quota": OSError(errno.EDQUOT, "Disk quota exceeded"),
    "read-only": OSError(errno.EROFS, "Read-only file system"),
    "closed": PermissionError(errno.EACCES, "Permission denied"),
}
HASH = re.compile(r"[0-9a-f]{20,}")


def everything(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "lock"
    }


@pytest.mark.parametrize("day", BAD_DAYS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_bad_disk_is_a_sentence_and_nothing_is_half_written(
    at_work: Path, capsys, monkeypatch, command: str, day: str
) -> None:
    data = open_dataset("data")
    photo = next(iter(data.photos()))
    (at_work / "decisions.jsonl").write_text(
        f'{{"image_id": "{photo}", "action": "junk", "who": "ann"}}\n'
    )
    (at_work / "new" / "red").mkdir(parents=True)
    (at_work / "photo.jpg").rename(at_work / "new" / "red" / "photo.jpg")
    before = everything(at_work / "data")
    replace = os.replace

    def refuse(source: object, target: object, **more: object) -> None:
        if "/data/" in str(target):
            raise BAD_DAYS[day]
        replace(source, target, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "replace", refuse)
    code, said = ended(command.format(photo=photo).split(), capsys)
    monkeypatch.undo()
    assert code in (1, 2), said
    assert said.endswith(".") and not HASH.search(said) and "data" in said, said
    assert everything(at_work / "data") == before
    assert open_dataset(str(at_work / "data")).revision == data.revision
