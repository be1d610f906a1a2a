"""Every command with bad input: its exit code, one sentence that says what to do, and never a
traceback."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import curation.__main__
import data_cards.command_line
import space.__main__
import train.__main__
from data_cards.dataset.repo import create_dataset
from data_cards.photos.image import encode_jpeg
from tests.fixtures.pictures import collection_of, pictures, with_photos
from tests.fixtures.tiny_models import picture

COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "train": lambda words: train.__main__.main(
        words, {"VITRINE_CACHE": os.environ["VITRINE_CACHE"]}
    ),
    "curation": curation.__main__.main,
    "space": space.__main__.main,
}
# X stands for the bad address; the dataset is called data, the model model.
TAKES_A_DATASET = (
    "train split X",
    "train X new",
    "train evaluate model X",
    "train compare model model X",
    "curation scan X",
    "curation decide X decisions.jsonl",
    "curation next X",
    "curation fold X",
    "curation erase X abc",
    "curation retrain X model",
)
TAKES_A_MODEL = (
    "train evaluate X data",
    "train export X",
    "train compare X model data",
    "train release X",
    "train rollback X",
    "train prune X",
    "space predict X photo.jpg",
)
TAKES_ANYTHING = ("curation collect X new", "curation duplicates X", "space loop X out")
NUMBERS = (
    "space serve model --port 0",
    "space serve model --port 65536",
    "space serve model --port x",
    "space predict model photo.jpg --top-k 0",
    "curation next data --count -1",
    "curation duplicates . --threshold 2",
    "curation duplicates . --threshold nan",
    "curation scan data --threshold -1",
    "curation collect . new --every 0",
    "curation collect . new --every nan",
    "train split data --test 2",
    "train split data --validation -1",
    "train split data --seed -1",
    "train data new --epochs -1",
    "train data new --batch 0",
    "train data new --size 1",
    "train data new --lr nan",
    "train data new --budget 0",
    "train data new --budget=-5m",
    "train data new --budget soon",
    "train prune model --keep -1",
    "train rollback model --round 0",
    "train evaluate model data --views 0",
    "space loop . out --budget nonsense",
    "train job data new --batch 0",
)
GARBAGE = (b"\xff\xfe garbage", b"", b"[1,2", b"[]", b"null")
IN_A_DATASET = (
    "labels/labels.parquet",
    "splits/splits.parquet",
    "images/x.parquet",
    "collection/classes.yaml",
    "collection/card.md",
    "README.md",
    "splits/certificate.json",
    "ledger/x.jsonl",
    "findings/x.parquet",
    ".vitrine/HEAD",
    ".vitrine/stamps.json",
)
IN_A_MODEL = (
    "config.json",
    "model.safetensors",
    "preprocessor_config.json",
    "vitrine/release.json",
    "vitrine/collection/classes.yaml",
    "vitrine/golden.json",
    "vitrine/rejection.json",
    "vitrine/rejection.npz",
    "vitrine/calibration.json",
    "vitrine/index/features.npy",
    "vitrine/index/photos.parquet",
)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory, tiny_release: Path) -> Path:
    """A folder with a dataset, a model and a photo; made once, not to be changed."""
    here = tmp_path_factory.mktemp("furnished")
    data = create_dataset(str(here / "data"), collection_of("red", "blue"))
    with_photos(data, {"red": pictures(4, 1, (200, 60, 60)), "blue": pictures(4, 2, (60, 60, 200))})
    shutil.copytree(tiny_release, here / "model")
    (here / "photo.jpg").write_bytes(encode_jpeg(picture(0)))
    (here / "decisions.jsonl").write_text("")
    (here / "empty").mkdir()
    (here / "file").write_text("x")
    return here


@pytest.fixture
def at_work(furnished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to work in."""
    here = tmp_path / "work"
    shutil.copytree(furnished, here)
    monkeypatch.chdir(here)
    monkeypatch.setenv("VITRINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(data_cards.command_line.tempfile, "tempdir", str(tmp_path))
    return here


def ended(words: Sequence[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit code of a command, and what it said last."""
    try:
        code = COMMANDS[words[0]](list(words[1:]))
    except SystemExit as stopped:  # of argparse
        code = int(str(stopped.code))
    said = capsys.readouterr()
    assert "Traceback" not in said.err + said.out
    assert "unexpectedly" not in said.err
    return code, (said.err.strip() or "\n").splitlines()[-1]


@pytest.mark.parametrize(
    "bad",
    [
        "nowhere",
        "file",
        "empty",
        "ftp://x",
        "",
        "~nobody-is-called-so/x",
        "hf://x",
        "data@abcdef1",
        os.fsdecode(b"caf\xe9"),
    ],
)
@pytest.mark.parametrize("command", [*TAKES_A_DATASET, *TAKES_A_MODEL])
def test_an_address_where_nothing_is_has_code_2(at_work, capsys, command, bad):
    code, said = ended([bad if word == "X" else word for word in command.split()], capsys)
    assert (code, said[-1:]) == (2, ".") or "vitrine " in said, said


@pytest.mark.parametrize("bad", ["nowhere", "empty", "ftp://x"])
@pytest.mark.parametrize("command", TAKES_ANYTHING)
def test_a_source_where_nothing_is_has_code_2(at_work, capsys, command, bad):
    assert ended([bad if word == "X" else word for word in command.split()], capsys)[0] == 2


# `train release` looks for the candidate on this machine first.
@pytest.mark.parametrize(
    "command", [*TAKES_A_DATASET, *(one for one in TAKES_A_MODEL if "release" not in one)]
)
def test_a_hub_that_does_not_answer_has_code_1(at_work, hub, capsys, command):
    hub.down = True
    code, said = ended(
        ["hf://ann/none" if word == "X" else word for word in command.split()], capsys
    )
    assert (code, "Hub" in said) == (1, True), said


@pytest.mark.parametrize("command", NUMBERS)
def test_a_number_that_cannot_be_meant_has_code_2(at_work, capsys, command):
    assert ended(command.split(), capsys)[0] == 2


@pytest.mark.parametrize("garbage", GARBAGE)
@pytest.mark.parametrize("file", IN_A_DATASET)
def test_a_damaged_file_of_a_dataset_is_named_or_does_no_harm(at_work, capsys, file, garbage):
    spoil(at_work / "data" / file, garbage)
    for command in (
        "train split data",
        "curation fold data",
        "curation next data",
        "curation erase data abc",
    ):
        code, said = ended(command.split(), capsys)
        assert code in (0, 2), said
        assert code == 0 or Path(file).name in said or "erase" in command or "labelled" in said, (
            said
        )


@pytest.mark.parametrize("garbage", GARBAGE)
@pytest.mark.parametrize("file", IN_A_MODEL)
def test_a_damaged_file_of_a_model_is_a_sentence_or_does_no_harm(at_work, capsys, file, garbage):
    spoil(at_work / "model" / file, garbage)
    for command in ("space predict model photo.jpg", "train prune model"):
        code, said = ended(command.split(), capsys)
        assert code in (0, 1, 2), said


def spoil(file: Path, garbage: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)  # large files share their bytes with the history
    file.write_bytes(garbage)


def test_a_password_comes_from_a_pipe_and_none_at_all_is_a_sentence(at_work, capsys, monkeypatch):
    import getpass

    def no_terminal(prompt: str) -> str:
        import warnings

        warnings.warn("no terminal", getpass.GetPassWarning, stacklevel=2)
        return ""

    monkeypatch.setattr(getpass, "getpass", no_terminal)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    code, said = ended(["space", "annotator", "ann", "who.json"], capsys)
    assert (code, "printf" in said) == (2, True)
    monkeypatch.setattr(sys, "stdin", io.StringIO("sesame-sesame\n"))
    assert ended(["space", "annotator", "ann", "who.json"], capsys)[0] == 0
    assert (at_work / "who.json").exists()


def test_a_password_file_is_its_owner_s_from_the_first_byte(at_work, capsys, monkeypatch):
    modes = []
    fsync = os.fsync

    def look(descriptor: int) -> None:
        modes.append(os.fstat(descriptor).st_mode & 0o777)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    monkeypatch.setattr(sys, "stdin", io.StringIO("sesame-sesame\n"))
    monkeypatch.setattr("getpass.getpass", lambda prompt: "sesame-sesame")
    assert ended(["space", "annotator", "ann", "who.json"], capsys)[0] == 0
    assert modes[0] == 0o600 and (at_work / "who.json").stat().st_mode & 0o777 == 0o600
