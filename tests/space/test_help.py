"""What --help says, of every command: each argument explains itself, and the first screen holds
what people use first."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

import pytest

import curation.__main__
import data_cards.__main__
import space.__main__
import train.__main__
from data_cards.command_line import Parser

SCREEN = 24  # lines of a terminal, as the VT100 had and terminals open to this day


def parsers() -> Iterator[argparse.ArgumentParser]:
    """Every parser of every command."""
    waiting = [
        data_cards.__main__._parser(),
        curation.__main__._parser(),
        space.__main__._parser(),
        train.__main__.parser([]),
        train.__main__._command_parser(),
    ]
    while waiting:
        one = waiting.pop()
        yield one
        for action in one._actions:
            if isinstance(action, argparse._SubParsersAction):
                waiting.extend(action.choices.values())


PARSERS = list(parsers())


@pytest.mark.parametrize("parser", PARSERS, ids=lambda one: one.prog)
def test_every_argument_has_a_help_text(parser):
    silent = [
        action.dest
        for action in parser._actions
        if not isinstance(action, argparse._SubParsersAction) and not (action.help or "").strip()
    ]
    assert not silent, f"{parser.prog} says nothing about {silent}"


def test_all_commands_were_looked_at():
    names = {parser.prog.removeprefix("python -m ") for parser in PARSERS}
    assert {"train", "train job", "curation scan", "curation retrain", "space serve"} <= names
    assert len(names) >= 23


@pytest.mark.parametrize("parser", PARSERS, ids=lambda one: one.prog)
def test_no_default_is_shown_that_is_empty(parser):
    assert not re.search(r"\(default:\s*\)", parser.format_help())


def test_the_flags_of_training_fit_a_screen(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = train.__main__.parser([]).format_help()
    options = shown.partition("options:\n")[2].partition("\n\n")[0]
    assert len(options.splitlines()) <= SCREEN
    for first in ("--epochs", "--budget", "--backbone", "--named-strangers", "--help-all"):
        assert first in options


def test_help_all_shows_the_rest(capsys):
    with pytest.raises(SystemExit) as ended:
        train.__main__.parser([]).parse_args(["--help-all"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    for advanced in ("--lr-decay", "--batch", "--balance", "--threads", "--scratch"):
        assert advanced in shown
        assert advanced not in train.__main__.parser([]).format_usage()


def test_an_advanced_flag_works_as_any_other_after_help_was_written():
    parser = train.__main__.parser([])
    first = parser.format_help()
    assert parser.parse_args(["set", "model", "--batch", "4"]).batch == 4
    assert "--batch" in parser.format_help_all()  # type: ignore[attr-defined]
    assert parser.format_help() == first


def test_without_advanced_flags_there_is_no_word_of_them():
    assert "--help-all" not in Parser(prog="x").format_help()
