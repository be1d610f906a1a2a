"""The commands of this floor: collections and their texts.

python -m data_cards check [NAME...]        what is wrong or missing in a collection, with lines;
                                            with --online, which Wikidata items are other things
python -m data_cards new NAME               a folder with a card and a list of classes to fill in
python -m data_cards fill NAME              drafts of missing texts, from Wikidata and Wikipedia
python -m data_cards report DATASET         what a dataset holds, as one page with pictures first

NAME: a collection that ships, a folder with card.md and classes.yaml, or a dataset.
"""

from __future__ import annotations

from data_cards.interrupts import quiet_until_run

if __name__ == "__main__":
    quiet_until_run()

import argparse
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from data_cards.command_line import DONE, Parser, here, run
from data_cards.errors import NOT_DONE, WRONG_USE
from data_cards.progress import speak_up
from data_cards.wording import counted

if TYPE_CHECKING:
    from data_cards.dataset.collection import ClassInfo

NAME_HELP = "a collection that ships, a folder with card.md and classes.yaml, or a dataset"


def main(arguments: list[str] | None = None, called: str = "") -> int:
    """Run one command; its exit code (data_cards/command_line.py)."""
    speak_up()
    flags = _parser().read(arguments, called)
    return run(lambda: flags.command(flags), "Stopped. What was saved stays saved.")


def _check(flags: argparse.Namespace) -> int:
    from data_cards.dataset.collection import shipped_names
    from data_cards.texts.check import check_texts
    from data_cards.texts.place import find_place

    errors = 0
    names = flags.names or shipped_names()
    for name in names:
        place = find_place(name)
        remarks = check_texts(place.card, place.classes, place.pictures)
        shown = remarks if flags.advice else [one for one in remarks if one.is_error]
        for remark in shown:
            print(f"{name}/{remark}")
        errors += sum(remark.is_error for remark in remarks)
        if flags.online:
            errors += _other_items(name, place.collection().classes, flags.contact)
        advice = sum(not remark.is_error for remark in remarks)
        if advice and not flags.advice:
            told = counted(advice, "line could say more", "lines could say more")
            print(f"{name}: {told} (--advice shows which).")
    looked = counted(len(names), "collection")
    print(f"{counted(errors, 'error', none='no error')} in {looked}.".capitalize())
    return WRONG_USE if errors else DONE


def _other_items(name: str, classes: Sequence[ClassInfo], contact: str) -> int:
    """Say which Wikidata items are not what their class is called; how many those are."""
    from data_cards.texts.wikidata import not_called_so
    from data_cards.web.client import WebClient

    others = list(not_called_so(WebClient(contact=contact).json, classes))
    for class_id, why in others:
        print(f"{name}, {class_id}: {why}.")
    asked = counted(sum(bool(info.wikidata) for info in classes), "item")
    print(f"{name}: {asked} of Wikidata compared with the names of their classes.")
    return len(others)


def _new(flags: argparse.Namespace) -> None:
    from data_cards.texts.skeleton import begin_collection

    card, classes = begin_collection(flags.name)
    check = f"vitrine check {shlex.quote(str(flags.name))}"
    print(f"{card} and {classes} are there. Fill them in, then: {check}")


def _fill(flags: argparse.Namespace) -> int:
    from data_cards.texts.fill import fill
    from data_cards.texts.place import find_place
    from data_cards.texts.wikidata import Wikimedia
    from data_cards.web.client import WebClient

    web = WebClient(contact=flags.contact)
    filled = fill(find_place(flags.name), Wikimedia(web.json, flags.language).draft_of, flags.only)
    for class_id, why in filled.left:
        print(f"{class_id}: {why.rstrip('.')}.")
    print(filled.sentence)
    return NOT_DONE if filled.left and not filled.drafted else DONE


def _report(flags: argparse.Namespace) -> None:
    from data_cards.dataset.repo import open_dataset
    from data_cards.report.page import dataset_report
    from data_cards.storage.atomic_files import write_durably

    page = dataset_report(open_dataset(flags.dataset))
    write_durably(flags.to, page.encode("utf-8", "replace"))
    print(f"Look at {flags.to}")


def _parser() -> Parser:
    parser = Parser(prog="python -m data_cards", description="Collections and their texts.")
    check = parser.command("check", _check, "list what is wrong or missing, with line numbers")
    check.add_argument("names", nargs="*", metavar="NAME", help=f"{NAME_HELP}; all that ship")
    check.add_argument(
        "--advice",
        action="store_true",
        help="also say which texts, sources and licences are missing",
    )
    check.add_argument(
        "--online",
        action="store_true",
        help="also ask Wikidata whether each `wikidata` item has the name of its class",
    )
    _add_contact(check)
    new = parser.command("new", _new, "start a collection: a card and a list of classes")
    new.add_argument("name", type=here, metavar="NAME", help="the folder to make")
    fill = parser.command("fill", _fill, "draft missing texts from Wikidata and Wikipedia")
    fill.add_argument("name", metavar="NAME", help=NAME_HELP)
    fill.add_argument("--language", default="en", help="language of the texts: en, de, fr, ...")
    fill.add_argument(
        "--only", action="append", default=[], metavar="ID", help="only this class; may be repeated"
    )
    _add_contact(fill)
    report = parser.command(
        "report", _report, "what a dataset holds, as one page with pictures first"
    )
    report.add_argument("dataset", help="a folder or hf://user/name")
    report.add_argument(
        "--to",
        type=here,
        default=here("report.html"),
        metavar="FILE",
        help="the page (default: %(default)s)",
    )
    return parser


def _add_contact(command: Parser) -> None:
    command.add_argument(
        "--contact",
        default="",
        metavar="EMAIL",
        help="your e-mail or web page, which Wikimedia asks programs to give",
    )


if __name__ == "__main__":
    sys.exit(main())
