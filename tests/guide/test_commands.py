"""What README and the guide tell people to type is understood by the commands, and the command
reference is what the commands say today."""

from __future__ import annotations

import re

import pytest

from data_cards.command_line import Parser
from space.console import COMMANDS, Command
from tests.guide.command_reference import PAGE, parser_of, written
from tests.guide.pages import ROOT, Shown, every_command

OF_A_FLOOR = re.compile(r"^(data_cards|train|curation|space|benchmarks\..*)$")
SHOWN = every_command()
OURS = [one for one in SHOWN if one.words[0] == "vitrine" or one.words[:2] == ("python", "-m")]


def named(one: Shown) -> tuple[Command, list[str]] | None:
    """The command that a shown line calls and its arguments; None for other modules."""
    if one.words[0] == "vitrine":
        name, *rest = one.words[1:]
        return COMMANDS[name], rest
    floor, rest = one.words[2], list(one.words[3:])
    for command in COMMANDS.values():
        words = list(command.words)
        if command.floor == floor and words and rest[: len(words)] == words:
            return command, rest[len(words) :]
    return (COMMANDS["train"], rest) if floor == "train" else None


def test_the_pages_show_commands():
    assert len(SHOWN) > 40
    assert {one.page for one in SHOWN} >= {"README.md", "docs/guide/collect.md"}


@pytest.mark.parametrize("one", OURS, ids=str)
def test_a_shown_command_is_understood(one):
    called = named(one)
    if called is None:
        module = one.words[2].replace(".", "/")
        assert (ROOT / f"{module}.py").is_file() or (ROOT / module).is_dir(), one
        return
    command, rest = called
    parser = parser_of(command)
    assert isinstance(parser, Parser)
    parser.parse_args(rest)


@pytest.mark.parametrize("one", [one for one in SHOWN if one.words[0] == "make"], ids=str)
def test_a_shown_target_of_make_exists(one):
    makefile = (ROOT / "Makefile").read_text()
    targets = [word for word in one.words[1:] if "=" not in word]
    settings = [word.partition("=")[0] for word in one.words[1:] if "=" in word]
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for setting in settings:
        assert f"$({setting})" in makefile, setting


def test_the_reference_is_what_the_commands_say():
    assert PAGE.read_text() == written(), "run python -m tests.guide.command_reference"
