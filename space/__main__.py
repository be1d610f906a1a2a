"""The commands that serve.

python -m space serve MODEL --dataset DATASET [--port 7860] [--host 127.0.0.1]
python -m space serve --dataset DATASET     without a model: the light table, the first labels
python -m space predict MODEL PHOTO...      JSON lines
python -m space deploy hf://user/name MODEL DATASET     push the app as a Space
python -m space pages MODEL --space URL     the page as static files, with the release in them
python -m space loop PHOTOS OUT             all of it; prints the path of summary.json
python -m space demo PHOTOS OUT             the same with the page open from the beginning
python -m space tag MODEL FOLDER            keywords, titles and places for the photos of a folder
python -m space hunt DATASET [OUT] --url URL      a sheet to print for a treasure hunt
python -m space annotator NAME FILE         let somebody use the light table (asks a password)
"""

from __future__ import annotations

from data_cards.interrupts import quiet_until_run

if __name__ == "__main__":
    quiet_until_run()

import argparse
import getpass
import json
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from data_cards.command_line import DONE, Parser, here, number, run
from data_cards.errors import NOT_DONE, BadAddress, LabelsWanted, NotAllowed, VitrineError
from data_cards.progress import speak_up
from data_cards.storage.repository import parse_address
from data_cards.wording import counted, shown

if TYPE_CHECKING:
    from space.settings import SpaceSettings

MODEL_HELP = "a folder or hf://user/name, either with @revision"
PHOTOS_HELP = "a source that `collect` accepts, or a collected dataset"
OUT_HELP = "the folder for the dataset, the model and figures"
BLUR_HELP = "blur faces on the visitor's device before a photo is sent"
PORT_HELP = "where the pages are, 1 to 65535 (default: %(default)s)"


def main(given: Sequence[str] | None = None, called: str = "") -> int:
    """Run one command; its exit code (data_cards/command_line.py)."""
    asked = _parser().read(given, called)
    speak_up()
    return run(lambda: asked.command(asked), asked.stopped)


def _serve(asked: argparse.Namespace) -> None:
    from data_cards.settings import default_cache
    from space.settings import OWNER, SpaceSettings, first_model_of, state_folder
    from train.inference.model_folder import home_of

    if not asked.model and not asked.dataset:
        raise BadAddress(
            "Name a model to serve, or --dataset DATASET to label its photos and train the first "
            "one."
        )
    state = asked.state or state_folder(asked.dataset, asked.model or "", Path.home())
    model = asked.model or first_model_of(asked.dataset, state)
    if asked.dataset and not parse_address(model).revision:
        home_of(
            model, default_cache(os.environ)
        )  # report now, not after an hour, that no model can be written there
    settings = SpaceSettings(
        model=model,
        dataset=asked.dataset,
        cache=default_cache(os.environ),
        state=state,
        host=asked.host,
        port=asked.port,
        origins=tuple(asked.origin),
        passwords=asked.passwords,
        owners=(OWNER, *asked.owner),
        engine=asked.engine,
        embedders=tuple(asked.embedder),
        mcp=asked.mcp,
        quiz=asked.quiz,
        blur_faces=asked.blur_faces,
    )
    _open(settings)


def _demo(asked: argparse.Namespace) -> None:
    from data_cards.settings import default_cache, from_flags
    from space.app import check_port
    from space.early_page import early_page
    from space.loop import LoopSettings
    from space.settings import ON_THIS_MACHINE

    check_port(ON_THIS_MACHINE, asked.port)
    _open(
        early_page(
            asked.photos,
            asked.out,
            from_flags(LoopSettings, asked),
            default_cache(os.environ),
            asked.port,
        )
    )


def _open(settings: SpaceSettings) -> None:
    """Serve until interrupted, and print where, and who may sign in."""
    from space.settings import OWNER
    from train.release.lifecycle import standing

    # Gradio reads these when it is imported: no call home, and uploads in a folder that only this
    # user opens and whose name, which every uploader is told, says nothing about this machine.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    from space.app import run
    from space.auth import access_for, access_with_new_password
    from space.uploads import upload_folder

    if not os.environ.get("GRADIO_TEMP_DIR"):
        os.environ["GRADIO_TEMP_DIR"] = str(upload_folder())

    access, password = (
        (access_for(settings), "") if settings.passwords else access_with_new_password()
    )
    shown = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host

    def opened() -> None:
        if settings.dataset and standing(settings.model, settings.cache or Path()) is None:
            print(_no_model_yet(settings))
        if password and settings.dataset:
            print(f"To use the light table, sign in as {OWNER} with {password}")
        print(f"Vitrine is open at http://{shown}:{settings.port}", flush=True)

    run(settings, access, opened)


def _no_model_yet(settings: SpaceSettings) -> str:
    """What a visitor reads on a page without a model."""
    from data_cards.dataset.repo import open_dataset
    from train.splits.readiness import lacks

    if not settings.behind:
        return f"There is no model yet; the first one will be made at {settings.model}."
    lacking = lacks(open_dataset(settings.dataset or ""))
    if lacking:
        return f"There is no model yet. {lacking} Label about 20 photos at the light table."
    return "There is no model yet; a quick one and then a better one are being trained."


def _predict(asked: argparse.Namespace) -> int:
    from curation.ingest.listing import photos_in
    from curation.ingest.photo_files import read_file
    from data_cards.settings import default_cache
    from space.api import refusal
    from train.inference.predictor import load_predictor

    recognizer = load_predictor(asked.model, default_cache(os.environ), asked.engine)
    worst = 0
    for photo in photos_in(asked.photos, asked.exclude):
        try:
            os.stat(photo)  # a missing file has its own code
            said = recognizer.predict(read_file(Path(photo)), top_k=asked.top_k).to_json()
        except VitrineError as error:
            said = refusal(error)
            worst = NOT_DONE
        except OSError as error:
            said = {"error": f"{photo} cannot be read: {error.strerror}.", "code": "missing"}
            worst = NOT_DONE
        print(json.dumps({"photo": photo, **said}, ensure_ascii=False), flush=True)
    return worst


def _tag(asked: argparse.Namespace) -> int:
    from dataclasses import replace

    from data_cards.settings import default_cache, from_flags
    from space.album.album import Album, AlbumOptions
    from space.album.report import by_class
    from train.inference.predictor import load_predictor

    album = Album(asked.folder, from_flags(AlbumOptions, asked))
    if asked.undo:
        done, left = album.undo()
        for name, why in left:
            print(f"{shown(name)}: {why}.")
        print(f"{counted(done, 'file is', 'files are')} as before.")
        return NOT_DONE if left else DONE
    recognizer = load_predictor(asked.model, default_cache(os.environ), asked.engine)
    model = f"{recognizer.model.get('repo')}@{recognizer.model.get('revision')}"
    options = replace(from_flags(AlbumOptions, asked), collection=recognizer.collection.title)
    report = Album(asked.folder, options).tag(
        lambda data: recognizer.predict(data).to_json(), model
    )
    for name, why in report.left:
        print(f"{shown(name)}: {why}.")
    for label, photos in by_class(report).most_common():
        print(f"{photos:>6}  {recognizer.collection.title_of(label)}")
    print(report.sentence)
    if report.sheet:
        print(f"Look at {report.sheet}")
    return DONE


def _deploy(asked: argparse.Namespace) -> None:
    from data_cards.settings import default_cache
    from space.deploy import deploy, deploy_static

    if asked.static and asked.dataset:
        raise BadAddress(
            "A static Space has no light table, so it takes no dataset. Leave it out, or leave out "
            "--static."
        )
    made = (
        deploy_static(asked.space, asked.model, default_cache(os.environ), not asked.public)
        if asked.static
        else deploy(
            asked.space,
            asked.model,
            asked.dataset,
            private=not asked.public,
            hardware=asked.hardware,
        )
    )
    print(
        json.dumps(
            {name: getattr(made, name) for name in ("space", "revision", "model", "dataset")}
        )
    )


def _hunt(asked: argparse.Namespace) -> None:
    from data_cards.dataset.repo import open_dataset
    from space.hunt.sheet import HuntSettings, write_hunt

    settings = HuntSettings(asked.url, asked.language, asked.pictures)
    print(write_hunt(open_dataset(asked.dataset), asked.out, settings))


def _pages(asked: argparse.Namespace) -> None:
    from data_cards.settings import default_cache
    from space.pages import write_pages
    from train.release.twin import TWIN

    cache = default_cache(os.environ)
    made = write_pages(asked.model, asked.space, asked.out, cache, blur_faces=asked.blur_faces)
    told: dict[str, object] = {"page": str(made.folder), "space": made.space, "why": made.why}
    for name, twin in made.twins.items():
        about = {"bytes": twin.bytes, "bits": twin.bits, "files": twin.files}
        told |= about if name == TWIN else {name: about}
    print(json.dumps(told))


def _loop(asked: argparse.Namespace) -> None:
    from curation.retrain.job_runner import JobProgress
    from data_cards.settings import default_cache, from_flags
    from space.loop import LoopSettings, run_loop

    progress = JobProgress(asked.status)
    settings = from_flags(LoopSettings, asked)
    try:
        summary = run_loop(asked.photos, asked.out, settings, default_cache(os.environ), progress)
    except LabelsWanted as error:
        progress.done(error.sentence)
        print(error.evidence["summary"])
        raise
    except VitrineError as error:
        progress.failed(error.sentence)
        raise
    progress.done("The model is trained, and it answers now.")
    print(summary)


def _annotator(asked: argparse.Namespace) -> None:
    from data_cards.storage.atomic_files import write_durably
    from space.passwords import NAME, hash_password, read_passwords

    if not NAME.fullmatch(asked.name):
        raise NotAllowed("A name has up to 60 letters, digits and the characters . _ @ -")
    known = read_passwords(asked.file) if asked.file.exists() else {}
    password = _password(asked.name)
    if len(password) < 10:
        raise NotAllowed("A password needs at least 10 characters.")
    accounts = {**known, asked.name: hash_password(password)}
    write_durably(asked.file, json.dumps(accounts, indent=2).encode(), mode=0o600)
    print(f"{asked.name} can sign in where Vitrine is served with --passwords {asked.file}.")


def _password(name: str) -> str:
    """Typed into the terminal; where there is none, the first line of standard input."""
    try:
        with warnings.catch_warnings():
            # getpass warns if it cannot hide the input, that is, if there is no terminal.
            warnings.simplefilter("error", getpass.GetPassWarning)
            password = getpass.getpass(f"Password for {name}: ")
    except getpass.GetPassWarning:
        password = sys.stdin.readline().rstrip("\r\n")
    except EOFError:
        password = ""
    if not password:
        raise NotAllowed(
            "No password was given. Type it in a terminal, or send it on standard input: "
            f"printf 'the password' | vitrine annotator {name} FILE"
        )
    return password


def _add_publishing(parser: Parser) -> None:
    """The commands that put it where strangers find it."""
    deploy = parser.command(
        "deploy",
        _deploy,
        "push the app to the Hub as a Space",
        space="hf://user/name",
        model=MODEL_HELP,
    )
    deploy.add_argument(
        "dataset",
        nargs="?",
        help="the dataset of the light table; without it there is no light table",
    )
    deploy.add_argument(
        "--static",
        action="store_true",
        help="no server: the page and the release in the browser, free for every account",
    )
    _deploy_flags(deploy)
    pages = parser.command(
        "pages", _pages, "write the page as static files, with the release in them"
    )
    pages.add_argument("model", help=MODEL_HELP)
    pages.add_argument(
        "--space",
        default="",
        help="where the app answers: a URL or hf://user/name (default: none)",
    )
    pages.add_argument("--out", type=here, help="the folder (default: docs, of a checkout)")
    pages.add_argument("--blur-faces", action="store_true", help=BLUR_HELP)


def _serve_more(serve: argparse.ArgumentParser) -> None:
    serve.add_argument(
        "--embedder",
        action="append",
        default=[],
        metavar="URL",
        help="a web page's origin that may show the app inside its own; may be repeated",
    )
    serve.add_argument(
        "--mcp", action="store_true", help="let language models ask, at /mcp/ (MCP tools)"
    )
    serve.add_argument(
        "--quiz",
        action="store_true",
        help="ask visitors what training photos show: second opinions, never labels",
    )
    serve.add_argument("--blur-faces", action="store_true", help=BLUR_HELP)
    serve.add_argument(
        "--passwords",
        type=here,
        help="file of annotators (see `annotator`); if left out, a password is generated",
    )


def _deploy_flags(deploy: argparse.ArgumentParser) -> None:
    deploy.add_argument(
        "--public", action="store_true", help="let everybody see the Space (default: private)"
    )
    deploy.add_argument(
        "--hardware",
        default="",
        metavar="NAME",
        help="what a new Space runs on: cpu-basic, zero-a10g (free accounts may have two), or "
        "another of the Hub's names",
    )


def _hunt_flags(parser: Parser) -> None:
    hunt = parser.command(
        "hunt",
        _hunt,
        "make a sheet to print for a treasure hunt",
        dataset="a folder or hf://user/name",
    )
    hunt.add_argument(
        "out", nargs="?", type=here, default=Path("hunt"), help="a folder (default: %(default)s)"
    )
    hunt.add_argument(
        "--url",
        default="http://127.0.0.1:7860",
        help="the address that phones open: your Space, or this machine (default: %(default)s)",
    )
    hunt.add_argument(
        "--language",
        choices=("en", "de"),
        default="en",
        help="language of the sheet (default: %(default)s)",
    )
    hunt.add_argument(
        "--no-pictures",
        dest="pictures",
        action="store_false",
        help="show only the clue of each thing",
    )


def _parser() -> Parser:
    from data_cards.settings import add_flags
    from space.album.album import AlbumOptions
    from space.loop import LoopSettings

    parser = Parser(prog="python -m space", description="Serve, ask, deploy.")
    parser.set_defaults(stopped="Stopped.")
    serve = parser.command("serve", _serve, "serve the visitors' page, the API and the light table")
    serve.add_argument(
        "model",
        nargs="?",
        help="a folder or hf://user/name, either with @revision; without one, or "
        "where none is yet, the light table is open for the first labels",
    )
    serve.add_argument(
        "--dataset", help="the dataset of the light table; without it there is no light table"
    )
    serve.add_argument("--port", type=number(int, 1, 65535), default=7860, help=PORT_HELP)
    serve.add_argument(
        "--host", default="127.0.0.1", help="0.0.0.0 opens it to the network (default: %(default)s)"
    )
    serve.add_argument(
        "--origin",
        action="append",
        default=[],
        metavar="URL",
        help="a web page's origin that may call the API, e.g. https://you.github.io; may be "
        "repeated",
    )
    _serve_more(serve)
    serve.add_argument(
        "--owner",
        action="append",
        default=[],
        metavar="NAME",
        help="who may train, release and go back, besides the name “owner”; may be repeated",
    )
    serve.add_argument("--state", type=here, help="where decisions wait until they are sent")
    predict = parser.command(
        "predict", _predict, "name the things in photos, one JSON line each", model=MODEL_HELP
    )
    predict.add_argument(
        "photos", nargs="+", metavar="PHOTO", help="a file, or a folder for all photos in it"
    )
    predict.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="PATTERN",
        help="skip files and folders with this name; may be repeated",
    )
    predict.add_argument(
        "--top-k",
        type=number(int, 1),
        default=3,
        help="how many classes are named for each photo (default: %(default)s)",
    )
    tag = parser.command(
        "tag",
        _tag,
        "write keywords, titles and places for the photos in a folder",
        model=MODEL_HELP,
    )
    tag.add_argument("folder", type=here, help="photos, in folders of any depth")
    tag.add_argument("--undo", action="store_true", help="put every file back as it was")
    add_flags(tag, AlbumOptions)
    for one in (serve, predict, tag):
        one.add_argument(
            "--engine",
            default="auto",
            choices=("auto", "openvino", "onnxruntime", "torch"),
            help="what runs the model; auto takes the fastest that gives the same answers",
        )
    _add_publishing(parser)
    _hunt_flags(parser)
    loop = parser.command("loop", _loop, "collect, scan, fold, split, train, evaluate, export")
    loop.add_argument("--status", type=here, help="a file that its progress is written to")
    demo = parser.command(
        "demo",
        _demo,
        "collect, scan, train and serve, on a page that opens as soon as the photos are in",
    )
    demo.set_defaults(
        stopped="Stopped. What was finished stays; the same command goes on from there."
    )
    demo.add_argument("--port", type=number(int, 1, 65535), default=7860, help=PORT_HELP)
    loop.add_argument("photos", help=PHOTOS_HELP)
    loop.add_argument("out", type=here, help=OUT_HELP)
    demo.add_argument(
        "photos", nargs="?", default="museum", help=f"{PHOTOS_HELP} (default: the museum)"
    )
    demo.add_argument(
        "out", nargs="?", type=here, default=Path("out"), help=f"{OUT_HELP} (default: %(default)s)"
    )
    for one in (loop, demo):
        add_flags(one, LoopSettings)
    annotator = parser.command(
        "annotator",
        _annotator,
        "let somebody use the light table",
        name="the name to sign in with",
    )
    annotator.add_argument("file", type=here, help="file of passwords; created if missing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
