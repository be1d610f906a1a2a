"""The console command `vitrine`: every command of the project under one word.

    vitrine demo ~/photos/festival          vitrine collect ~/photos/festival festival/dataset
    vitrine train DATASET MODEL             the same as python -m train DATASET MODEL

Each command is the one of `python -m data_cards`, `curation`, `train` or `space`; nothing is
decided here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from data_cards.command_line import DONE, EXIT_CODES, run
from data_cards.errors import WRONG_USE


@dataclass(frozen=True)
class Command:
    """`floor`: whose `python -m` has it; `words`: what it is called there, "" for training itself;
    `does`: one line of help."""

    floor: str
    words: tuple[str, ...]
    does: str


COMMANDS = {
    "demo": Command(
        "space", ("demo",), "collect, scan, train and serve, on a page that opens early"
    ),
    "loop": Command("space", ("loop",), "collect, scan, train and export, without serving"),
    "serve": Command("space", ("serve",), "serve the visitors' page, the API and the light table"),
    "predict": Command("space", ("predict",), "name the things in photos"),
    "tag": Command("space", ("tag",), "write keywords and places for the photos in a folder"),
    "deploy": Command("space", ("deploy",), "push the app to the Hub as a Space"),
    "pages": Command(
        "space", ("pages",), "write the page as static files, with the release in them"
    ),
    "hunt": Command("space", ("hunt",), "make a sheet to print for a treasure hunt"),
    "annotator": Command("space", ("annotator",), "let somebody use the light table"),
    "collect": Command("curation", ("collect",), "bring photos into a dataset"),
    "scan": Command("curation", ("scan",), "look for wrong labels, copies and poor photos"),
    "duplicates": Command("curation", ("duplicates",), "find copies in a folder"),
    "decide": Command("curation", ("decide",), "apply decisions from a file"),
    "fold": Command("curation", ("fold",), "turn decisions into labels"),
    "export-dataset": Command("curation", ("export",), "write a dataset in another tool's format"),
    "import-labels": Command("curation", ("import-labels",), "bring labels back from another tool"),
    "tag-dataset": Command(
        "curation", ("tag",), "give a revision of a dataset a name, such as v1.2"
    ),
    "erase": Command("curation", ("erase",), "remove photos for good"),
    "views": Command("curation", ("views",), "make photos of reference pictures, to learn from"),
    "next": Command("curation", ("next",), "say what to label and what to photograph next"),
    "retrain": Command(
        "curation", ("retrain",), "scan, and train a candidate beside the served model"
    ),
    "train": Command("train", (), "train a model on a dataset"),
    "split": Command("train", ("split",), "divide a dataset into train, validation and test"),
    "evaluate": Command("train", ("evaluate",), "measure a model on the sealed test"),
    "export": Command("train", ("export",), "write a model in another format"),
    "compare": Command("train", ("compare",), "compare two models on the same test"),
    "compare-backbones": Command(
        "train", ("compare-backbones",), "measure several backbones before you train one"
    ),
    "release": Command("train", ("release",), "serve the candidate model"),
    "rollback": Command("train", ("rollback",), "go back to an earlier model"),
    "prune": Command("train", ("prune",), "remove the weights of older models"),
    "check": Command("data_cards", ("check",), "say what is wrong in a collection's texts"),
    "new": Command("data_cards", ("new",), "start a collection"),
    "report": Command("data_cards", ("report",), "show what a dataset holds, on one page"),
    "fill": Command("data_cards", ("fill",), "draft missing texts from Wikidata and Wikipedia"),
    "job": Command("train", ("job",), "train on Hugging Face's machines"),
}


def main(given: Sequence[str] | None = None) -> int:
    """Run one command; its exit code (data_cards/command_line.py)."""
    arguments = list(sys.argv[1:] if given is None else given)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        return run(lambda: print(overview())) or (DONE if arguments else WRONG_USE)
    if arguments[0] not in COMMANDS:
        sys.stderr.write(f"There is no command “{arguments[0]}”. `vitrine --help` lists them.\n")
        return WRONG_USE
    command = COMMANDS[arguments[0]]
    return _floor(command.floor)([*command.words, *arguments[1:]], f"vitrine {arguments[0]}")


def overview() -> str:
    """The help text: a line for each command."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {command.does}" for name, command in COMMANDS.items()]
    commands = "\n".join(lines)
    return (
        f"usage: vitrine COMMAND ...\n\n{commands}\n\n"
        f"`vitrine COMMAND --help` lists what a command takes.\n\n{EXIT_CODES}"
    )


def _floor(name: str) -> Callable[[list[str], str], int]:
    """The entry point of a floor; it takes the arguments, and what was typed for the command. Only
    the one that is asked for is imported."""
    if name == "curation":
        from curation.__main__ import main as curation

        return curation
    if name == "data_cards":
        from data_cards.__main__ import main as data_cards

        return data_cards
    if name == "train":
        from train.__main__ import main as train

        return lambda arguments, called: train(arguments, os.environ, called)
    from space.__main__ import main as space

    return space


if __name__ == "__main__":
    sys.exit(main())
