"""A full or a read-only disk: a sentence that names the thing, and nothing half-written."""

from __future__ import annotations

import builtins
import errno
import io
import os
import re
from pathlib import Path

import pytest

from data_cards.dataset.repo import open_dataset
from tests.fixtures.visitors import free_port
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


# Where each writes, besides the caches of this machine.
WRITES_TO = {
    "curation collect new data": "data",
    "curation scan data --backbone {vit} --no-fastdup": "data",
    "train data fresh --backbone {vit} --epochs 0": "fresh",
    "train data model --backbone {vit} --epochs 0": "model",
    "train export model --to torchscript": "model",
    "curation export data out --to csv": "out",
    "space serve model --dataset data --port {port}": "data",
    "space serve --dataset data --port {port}": "data",
}


# "fills": files can still be written, and the last step of each, which takes its place, fails. An
# app goes on serving then.
CASES = [
    (command, day)
    for command in WRITES_TO
    for day in ("full", "read-only", "fills")
    if not (day == "fills" and command.startswith("space serve"))
]


@pytest.mark.parametrize(("command", "day"), CASES)
def test_a_place_that_takes_nothing_is_named_and_stays_as_it_was(
    at_work: Path, tiny_vit: Path, capsys, monkeypatch, command: str, day: str
) -> None:
    place = at_work / WRITES_TO[command]
    (at_work / "new" / "red").mkdir(parents=True)
    (at_work / "photo.jpg").rename(at_work / "new" / "red" / "photo.jpg")
    before = everything(place)
    if day == "fills":
        take_nothing(monkeypatch, place, BAD_DAYS["full"], of_os=("replace", "rename"))
    else:
        take_nothing(monkeypatch, place, BAD_DAYS[day])
    code, said = ended(command.format(vit=tiny_vit, port=free_port()).split(), capsys)
    monkeypatch.undo()
    assert code in (1, 2), said
    assert said.endswith(".") and not HASH.search(said) and "Errno" not in said, said
    assert everything(place) == before


def take_nothing(
    monkeypatch: pytest.MonkeyPatch, place: Path, error: OSError, of_os: tuple[str, ...] = ()
) -> None:
    """From now on nothing can be made, opened for writing or moved in there. `of_os`: only these
    functions refuse."""

    def refuse(path: object) -> None:
        # A number is a file that is open already.
        if isinstance(path, str | os.PathLike) and Path(path).absolute().is_relative_to(place):
            raise type(error)(error.errno, error.strerror, str(path))

    def guarded(owner: object, name: str, which: int, writes=lambda given: True) -> None:
        before = getattr(owner, name)

        def call(*given, **more):
            if len(given) > which and writes((*given, *more.values())):
                refuse(given[which])
            return before(*given, **more)

        monkeypatch.setattr(owner, name, call)

    for name in of_os or ("replace", "rename", "link", "symlink"):
        guarded(os, name, 1)
    if of_os:
        return
    guarded(os, "mkdir", 0)
    flags = os.O_WRONLY | os.O_RDWR | os.O_CREAT
    guarded(os, "open", 0, lambda given: any(isinstance(one, int) and one & flags for one in given))
    for owner in (io, builtins):
        guarded(owner, "open", 0, lambda given: any(one in MODES for one in given[1:]))


MODES = frozenset(f"{way}{kind}" for way in "wax" for kind in ("", "b", "t", "+", "b+", "+b"))
MODES |= {"r+", "rb+", "r+b"}
