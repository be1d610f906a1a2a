"""One command for everything: which floor's command each word runs, and what newcomers may leave
out."""

import errno
from pathlib import Path

import pytest

import space.__main__
from data_cards.command_line import DONE, PIPE_CLOSED
from data_cards.errors import WRONG_USE
from space import console
from space.console import COMMANDS, main


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_one_of_its_floor(name, capsys):
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert "exit codes" in capsys.readouterr().out


def test_every_command_of_a_floor_has_a_word(capsys):
    for floor in ("data_cards", "curation", "space"):
        with pytest.raises(SystemExit):
            console._floor(floor)(["--help"])
        lines = capsys.readouterr().out.splitlines()
        listed = {
            line.split()[0] for line in lines if line.startswith("    ") and line[4:5].strip()
        }
        known = {command.words[0] for command in COMMANDS.values() if command.floor == floor}
        assert listed - {"python", "-h,"} <= known


@pytest.mark.parametrize(
    ("given", "photos", "out"),
    [
        ([], "museum", Path("out")),
        (["photos", "--port", "80"], "photos", Path("out")),
        (["--port", "80"], "museum", Path("out")),
        (["--port", "80", "photos", "there"], "photos", Path("there")),
    ],
)
def test_the_demo_needs_no_argument(given, photos, out):
    asked = space.__main__._parser().parse_args(["demo", *given])
    assert (asked.photos, asked.out) == (photos, out)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_and_errors_call_a_command_as_it_was_typed(name, capsys):
    with pytest.raises(SystemExit):
        main([name, "--help"])
    assert capsys.readouterr().out.startswith(f"usage: vitrine {name} ")
    with pytest.raises(SystemExit):
        main([name, "--no-such-flag"])
    assert f"vitrine {name}: error" in capsys.readouterr().err


def test_help_lists_every_command(capsys):
    assert main(["--help"]) == DONE
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in COMMANDS)


def test_no_word_or_an_unknown_one_is_told_what_there_is(capsys):
    assert main([]) == WRONG_USE
    assert "usage: vitrine COMMAND" in capsys.readouterr().out
    assert main(["colect"]) == WRONG_USE
    assert "no command “colect”" in capsys.readouterr().err


def test_help_that_nobody_reads_to_its_end_is_no_traceback(monkeypatch, capsys):
    import sys

    class Closed:
        def write(self, text):
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")

        def flush(self):
            pass

    monkeypatch.setattr(sys, "stdout", Closed())
    monkeypatch.setattr("os.dup2", lambda *descriptors: None)
    assert main(["--help"]) == PIPE_CLOSED
