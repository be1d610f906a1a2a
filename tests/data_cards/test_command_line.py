"""How every command ends: a code that says why, and a sentence instead of a traceback."""

from __future__ import annotations

import argparse
import errno
import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from data_cards import command_line, errors
from data_cards.command_line import EXIT_CODES, FAULT, PIPE_CLOSED, STOPPED, Parser, number, run
from data_cards.errors import LABELS_WANTED, NOT_DONE, WRONG_USE, LabelsWanted, VitrineError

ROOT = Path(__file__).parents[2]
KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, VitrineError)
]
LATER = {
    "Conflict",
    "DiskFull",
    "HubUnreachable",
    "ClusterUnreachable",
    "NotFetched",
    "BackboneUnavailable",
    "ExportDisagrees",
    "TooBusy",
}


def ended(problem: BaseException) -> int:
    def command() -> None:
        raise problem

    return run(command)


def test_what_works_ends_with_0_or_with_its_own_code():
    assert (run(lambda: None), run(lambda: 0), run(lambda: 1)) == (0, 0, 1)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_has_a_code_and_is_one_sentence(kind, capsys):
    code = NOT_DONE if kind.__name__ in LATER else WRONG_USE
    assert ended(kind("This is why.")) == (
        LABELS_WANTED if issubclass(kind, LabelsWanted) else code
    )
    assert capsys.readouterr() == ("", "This is why.\n")


@pytest.mark.parametrize(
    ("number_of_it", "code"),
    [
        (errno.ENOENT, 2),
        (errno.EACCES, 2),
        (errno.EROFS, 2),
        (errno.EISDIR, 2),
        (errno.ENOTDIR, 2),
        (errno.ENOSPC, 1),
        (errno.EDQUOT, 1),
        (errno.EIO, 1),
        (errno.EADDRINUSE, 1),
    ],
)
def test_what_the_operating_system_says_is_a_sentence(number_of_it, code, capsys):
    assert ended(OSError(number_of_it, os.strerror(number_of_it), "/photos")) == code
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and said.endswith(".\n")
    assert "/photos" in said or "disk is full" in said


def test_ctrl_c_a_closed_pipe_and_too_little_memory_have_a_code(capsys, monkeypatch):
    monkeypatch.setattr(command_line.os, "dup2", lambda *_: None)
    assert ended(KeyboardInterrupt()) == STOPPED == 130
    assert ended(BrokenPipeError(errno.EPIPE, "Broken pipe")) == PIPE_CLOSED == 141
    assert ended(MemoryError()) == NOT_DONE
    assert capsys.readouterr().err.splitlines() == [
        "Stopped.",
        "There is not enough memory on this machine for this.",
    ]


def test_what_nobody_foresaw_is_a_sentence_and_its_traceback_a_file(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(command_line.tempfile, "tempdir", str(tmp_path))
    assert ended(KeyError("colour")) == FAULT == 70
    said = capsys.readouterr().err
    assert "Traceback" not in said and "KeyError" in said
    (kept,) = tmp_path.iterdir()
    assert str(kept) in said and "Traceback" in kept.read_text()


def test_every_code_is_in_the_help_of_every_command(capsys):
    parser = Parser(prog="x")
    commands = parser.add_subparsers()
    commands.add_parser("y")
    for words in (["--help"], ["y", "--help"]):
        with pytest.raises(SystemExit):
            parser.parse_args(words)
        shown = capsys.readouterr().out
        assert EXIT_CODES.strip() in shown
        assert all(
            f"\n  {code:<3}  " in shown
            for code in (0, NOT_DONE, WRONG_USE, FAULT, STOPPED, PIPE_CLOSED)
        )


@pytest.mark.parametrize(
    ("kind", "least", "most", "text"),
    [
        (int, 1, 65535, "0"),
        (int, 1, 65535, "65536"),
        (int, 1, 65535, "99999999999999999999"),
        (int, 0, 9, "x"),
        (int, 0, 9, "1.5"),
        (int, 0, 9, ""),
        (float, 0, 1, "nan"),
        (float, 0, 1, "inf"),
        (float, 0, 1, "-0.1"),
        (float, 0, 1, "1,5"),
    ],
)
def test_a_number_out_of_range_is_refused_and_named(kind, least, most, text):
    with pytest.raises(argparse.ArgumentTypeError, match="not"):
        number(kind, least, most)(text)


def test_a_number_in_range_is_taken():
    assert number(int, 1, 65535)("65535") == 65535
    assert number(float, 0, 1)("0.5") == 0.5
    assert number(int)("-3") == -3


def script(text: str, **streams: object) -> subprocess.CompletedProcess[str]:
    lines = f"import sys, json\nfrom data_cards.command_line import run\n{text}"
    return subprocess.run(
        [sys.executable, "-c", lines], cwd=ROOT, text=True, check=False, **streams
    )  # type: ignore[call-overload]


def test_a_reader_that_stops_reading_is_no_error():
    lines = "def many():\n    for n in range(100000): print(n)\nsys.exit(run(many))"
    shell = [
        "bash",
        "-c",
        f'"{sys.executable}" -c "$0" | head -1; exit ${{PIPESTATUS[0]}}',
        f"import sys\nfrom data_cards.command_line import run\n{lines}",
    ]
    done = subprocess.run(shell, cwd=ROOT, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (141, "0\n", "")


def test_closed_standard_streams_do_not_stop_a_command(tmp_path):
    lines = (
        "def work():\n    print('x')\n    print('y', file=sys.stderr)\n"
        f"    open({str(tmp_path / 'made')!r}, 'w').write(sys.stdin.read() + "
        "'z')\nsys.exit(run(work))"
    )
    shell = [
        "bash",
        "-c",
        f'"{sys.executable}" -c "$0" <&- >&- 2>&-',
        f"import sys\nfrom data_cards.command_line import run\n{lines}",
    ]
    assert subprocess.run(shell, cwd=ROOT, check=False).returncode == 0
    assert (tmp_path / "made").read_text() == "z", "and nothing that was printed is in the file"


def test_a_name_that_is_not_utf_8_is_printed_as_json_reads_it():
    name = os.fsdecode(b"caf\xe9.jpg")
    text = f"sys.exit(run(lambda: print(json.dumps({{'photo': {name!a}}}, ensure_ascii=False))))"
    done = script(text, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert os.fsencode(json.loads(done.stdout)["photo"]) == b"caf\xe9.jpg"
