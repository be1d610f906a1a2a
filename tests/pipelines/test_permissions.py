"""Folders that may not be read or written are named in a sentence, whatever the command."""

from __future__ import annotations

import builtins
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from curation.__main__ import main as curation
from data_cards.dataset.repo import create_dataset, open_dataset
from data_cards.errors import WRONG_USE
from tests.fixtures.pictures import collection_of, pictures, with_photos
from train.__main__ import main as train

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of class folders."""
    folder = tmp_path_factory.mktemp("photos")
    for number, name in enumerate(("mug", "vase")):
        (folder / name).mkdir()
        for place, data in enumerate(pictures(3, number)):
            (folder / name / f"{place}.jpg").write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset."""
    folder = tmp_path_factory.mktemp("data") / "set"
    dataset = create_dataset(str(folder), collection_of("a", "b"))
    with_photos(dataset, {"a": pictures(6, 1), "b": pictures(6, 2)})
    return folder


def flags(flag: object = 0, *_: object, **__: object) -> bool:
    return bool(int(flag) & WRITING)  # type: ignore[call-overload]


def mode(how: object = "r", *_: object, **__: object) -> bool:
    return any(letter in str(how) for letter in "wax+")


@pytest.fixture
def forbid(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, bool], None]:
    """Let the operating system refuse what lies in a folder, as it does for all but root."""

    def refuse(folder: Path, only_writing: bool) -> None:
        def guarded(real: Callable[..., object], writes: Callable[..., bool]) -> object:
            def call(path: object, *more: object, **named: object) -> object:
                inside = isinstance(path, (str, bytes, Path)) and (
                    os.fsdecode(path) == str(folder)
                    or os.fsdecode(path).startswith(f"{folder}{os.sep}")
                )
                if inside and (not only_writing or writes(*more, **named)):
                    raise PermissionError(13, "Permission denied", os.fsdecode(path))
                return real(path, *more, **named)

            return call

        def always(*_: object, **__: object) -> bool:
            return True

        def never(*_: object, **__: object) -> bool:
            return False

        monkeypatch.setattr(os, "open", guarded(os.open, flags))
        monkeypatch.setattr(builtins, "open", guarded(builtins.open, mode))
        monkeypatch.setattr("io.open", guarded(builtins.open, mode))
        for name in ("mkdir", "unlink", "rename", "replace", "link"):
            monkeypatch.setattr(os, name, guarded(getattr(os, name), always))
        for name in ("listdir", "scandir"):
            monkeypatch.setattr(os, name, guarded(getattr(os, name), never))

    return refuse


def curation_in(words: list[str]) -> int:
    return curation(words)


def train_in(words: list[str]) -> int:
    return train(words, os.environ)


COMMANDS = {
    "scan": (curation_in, ["scan", "SET"]),
    "fold": (curation_in, ["fold", "SET"]),
    "erase": (curation_in, ["erase", "SET", "abc"]),
    "collect": (curation_in, ["collect", "PHOTOS", "SET"]),
    "split": (train_in, ["split", "SET"]),
    "train": (train_in, ["SET", "MODEL"]),
}


def asked(
    name: str, photos: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    """A command's exit code, and the last line it says."""
    command, words = COMMANDS[name]
    places = {"SET": str(folder), "PHOTOS": str(photos), "MODEL": str(folder.parent / "model")}
    code = command([places.get(word, word) for word in words])
    return code, capsys.readouterr().err.strip().splitlines()[-1]


@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_dataset_that_may_not_be_read_is_named(
    name: str,
    photos: Path,
    made: Path,
    forbid: Callable[[Path, bool], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    forbid(made, False)
    code, said = asked(name, photos, made, capsys)
    assert code == WRONG_USE and str(made) in said and "Permission denied" in said


@pytest.mark.parametrize("name", ["collect", "split", "train"])
def test_a_dataset_that_may_not_be_written_is_named_and_stays_as_it_was(
    name: str,
    photos: Path,
    made: Path,
    tmp_path: Path,
    forbid: Callable[[Path, bool], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "set"
    shutil.copytree(made, folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    forbid(folder, True)
    code, said = asked(name, photos, folder, capsys)
    assert code == WRONG_USE and str(folder) in said and "Permission denied" in said
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert after == before


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A folder that is not there yet, whose name is not UTF-8."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    try:
        folder.mkdir()
    except (OSError, UnicodeError):
        pytest.skip("this disk keeps names in UTF-8 only")
    folder.rmdir()
    return folder


def test_a_source_whose_name_is_not_utf8_comes_in(
    odd: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not only class folders have such names: the collection is called as the top one."""
    shutil.copytree(photos, odd)
    made = str(tmp_path / "set")
    assert curation(["collect", str(odd), made]) == 0
    assert "6 photos came in" in capsys.readouterr().out
    assert curation(["fold", made]) == 0 and open_dataset(made).collection().title == "Café"


def test_a_dataset_whose_name_is_not_utf8_is_refused_with_what_to_do(
    odd: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert curation(["collect", str(photos), str(odd)]) == WRONG_USE
    assert "is not UTF-8. Rename the folder." in capsys.readouterr().err and not odd.exists()
