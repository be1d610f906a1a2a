"""The commands of this floor: photos in, trouble found, decisions replayed.

python -m curation collect SOURCE DATASET      python -m curation scan DATASET
python -m curation duplicates FOLDER           python -m curation decide DATASET decisions.jsonl
python -m curation fold DATASET                python -m curation erase DATASET IMAGE_ID...
python -m curation retrain DATASET MODEL
python -m curation next DATASET                python -m curation views DATASET
python -m curation export DATASET OUT --to FORM    python -m curation import-labels DATASET FILE
"""

from __future__ import annotations

from data_cards.interrupts import quiet_until_run

if __name__ == "__main__":
    quiet_until_run()

import argparse
import json
import os
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from data_cards.command_line import Parser, here, number, run
from data_cards.errors import MissingFile, VitrineError
from data_cards.progress import say, speak_up
from data_cards.settings import add_flags, default_cache, from_flags
from train.settings import BACKBONE

if TYPE_CHECKING:
    from curation.ingest.search.run import SearchRun

DATASET_HELP = "a folder or hf://user/name"


def main(arguments: list[str] | None = None, called: str = "") -> int:
    """Run one command; its exit code (data_cards/command_line.py)."""
    speak_up()
    flags = _parser().read(arguments, called)
    return run(lambda: flags.command(flags), "Stopped. What was saved stays saved.")


def _collect(flags: argparse.Namespace) -> None:
    from curation.ingest.collect import collect
    from curation.ingest.incoming import SourceOptions

    report = collect(
        flags.source,
        flags.dataset,
        collection=flags.collection,
        keep_location=flags.keep_location,
        private=not flags.public,
        options=replace(from_flags(SourceOptions, flags), search=_search_run(flags)),
    )
    print(report.table)
    print(report.sentence)


def _search_run(flags: argparse.Namespace) -> SearchRun | None:
    """The settings of a search by words; None for any other source."""
    from curation.ingest.search.query import SEARCH, SearchSettings

    if not flags.source.startswith(SEARCH):
        return None
    from curation.ingest.search.downloads import Downloads
    from curation.ingest.search.registry import PROVIDERS
    from curation.ingest.search.run import SearchRun
    from curation.near_duplicates.known_photos import KnownPhotos
    from data_cards.dataset.repo import open_dataset
    from data_cards.web.client import WebClient

    settings = from_flags(SearchSettings, flags)
    try:
        known = KnownPhotos(open_dataset(flags.dataset))
    except MissingFile:  # the dataset is made by this search
        known = KnownPhotos(None)
    web = WebClient(contact=settings.contact, deadline=time.monotonic() + 60 * settings.minutes)
    downloads = Downloads(default_cache(os.environ) / "search")
    keys = {one.key: os.environ.get(one.key, "") for one in PROVIDERS if one.key}
    return SearchRun(settings, web, downloads, why_not=known.why_not, keys=keys)


def _scan(flags: argparse.Namespace) -> None:
    from curation.scan.run import ScanSettings, scan
    from data_cards.dataset.repo import open_dataset
    from train.models.backbone import find_backbone

    settings = from_flags(ScanSettings, flags)
    cache = default_cache(os.environ)
    dataset = open_dataset(flags.dataset)
    backbone = find_backbone(settings.backbone, cache)
    if flags.engine == "ray":
        from curation.scan.ray_cluster import connected

        # Ray sends usage statistics unless this is set.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        # Only a token that was given to this job goes to other machines, never a stored login.
        with connected(flags.address, os.environ.get("HF_TOKEN", "")) as nodes:
            report = scan(
                dataset, backbone, cache, settings, nodes.embed, nodes.search, nodes.comparers
            )
    else:
        report = scan(dataset, backbone, cache, settings)
    say(
        "Seconds: "
        + ", ".join(f"{name} {seconds:.0f}" for name, seconds in report.seconds.items())
        + "."
    )
    print(report.sentence)


def _duplicates(flags: argparse.Namespace) -> None:
    from curation.near_duplicates.in_folder import folder_duplicates

    pairs, groups = folder_duplicates(
        flags.folder,
        default_cache(os.environ),
        flags.threshold,
        not flags.without_fastdup,
        flags.backbone,
    )
    for pair in pairs:
        said = {name: getattr(pair, name) for name in ("a", "b", "score", "kind", "verdict")}
        print(json.dumps(said, ensure_ascii=False))
    for group in groups:
        print(json.dumps({"group": group}, ensure_ascii=False))


def _decide(flags: argparse.Namespace) -> None:
    from curation.decisions.apply import decide_from
    from data_cards.dataset.repo import open_dataset

    print(decide_from(open_dataset(flags.dataset), flags.decisions).sentence)


def _views(flags: argparse.Namespace) -> None:
    from curation.ingest.drawn_photos import drawer
    from curation.ingest.reference_views import ViewSettings, add_views
    from data_cards.dataset.repo import open_dataset

    settings = from_flags(ViewSettings, flags)
    draw = drawer(settings.model, default_cache(os.environ)) if settings.model else None
    print(add_views(open_dataset(flags.dataset), settings, draw).sentence)


def _next(flags: argparse.Namespace) -> None:
    from curation.active_learning.next_steps import what_next
    from data_cards.dataset.repo import open_dataset

    print(what_next(open_dataset(flags.dataset), flags.count).text)


def _fold(flags: argparse.Namespace) -> None:
    from curation.decisions.apply import fold_dataset
    from data_cards.dataset.repo import open_dataset

    print(fold_dataset(open_dataset(flags.dataset), flags.table).sentence)


def _erase(flags: argparse.Namespace) -> None:
    from curation.decisions.erase import erase
    from data_cards.dataset.repo import open_dataset

    print(erase(open_dataset(flags.dataset), flags.image_id, default_cache(os.environ)).sentence)


def _export(flags: argparse.Namespace) -> None:
    from curation.exchange.export import export_dataset
    from curation.exchange.selection import Selection
    from data_cards.dataset.repo import open_dataset

    selection = Selection(tuple(flags.split), tuple(flags.status or ("labelled",)))
    print(export_dataset(open_dataset(flags.dataset), flags.out, flags.to, selection).sentence)


def _tag(flags: argparse.Namespace) -> None:
    from data_cards.dataset.repo import open_dataset
    from data_cards.dataset.versions import tag_dataset, versions_text

    dataset = open_dataset(flags.dataset)
    if flags.name:
        dataset = tag_dataset(dataset, flags.name)
    print(versions_text(dataset))


def _import_labels(flags: argparse.Namespace) -> None:
    from curation.exchange.import_labels import import_labels
    from data_cards.dataset.repo import open_dataset

    dataset = open_dataset(flags.dataset)
    print(
        import_labels(
            dataset, flags.file, flags.who, flags.new_classes, flags.missing_is_junk
        ).sentence
    )


def _retrain(flags: argparse.Namespace) -> None:
    from curation.retrain.job_runner import JobProgress
    from curation.retrain.run import retrain
    from train.release.lifecycle import waiting
    from train.settings import TrainSettings

    progress = JobProgress(flags.status)
    try:
        made = retrain(
            flags.dataset,
            flags.model,
            default_cache(os.environ),
            from_flags(TrainSettings, flags),
            progress,
            flags.fastdup,
            flags.release_first,
        )
    except VitrineError as error:
        progress.failed(error.sentence)
        raise
    progress.done(made.verdict)
    print(made.verdict)
    if waiting(flags.model, default_cache(os.environ)) is None:
        print(f"The first model is released: {flags.model}")
    else:
        print(f"The candidate is ready. To serve it: vitrine release {flags.model}")


def _parser() -> Parser:
    from curation.ingest.incoming import SourceOptions
    from curation.ingest.reference_views import ViewSettings
    from curation.ingest.search.query import SearchSettings
    from curation.scan.run import ScanSettings
    from train.settings import TrainSettings

    parser = Parser(
        prog="python -m curation", description="Photos in, trouble found, decisions kept."
    )
    one = parser.command(
        "collect",
        _collect,
        "bring photos into a dataset",
        source="a folder of class folders, a list (CSV, JSON lines, Parquet), a zip or tar, "
        "a clip, hf://user/name, another dataset, museum[:PHOTOS], or search:WORDS "
        "(several with ; between them; none: every class of --collection)",
        dataset=DATASET_HELP,
    )
    one.add_argument(
        "--collection", help="a shipped collection, or a folder with card.md and classes.yaml"
    )
    one.add_argument("--keep-location", action="store_true", help="keep where photos were taken")
    one.add_argument("--public", action="store_true", help="make a new Hub dataset public")
    add_flags(one, SourceOptions)
    add_flags(one, SearchSettings)
    one = parser.command(
        "scan",
        _scan,
        "look for doubtful labels, copies, leaks and broken photos",
        dataset=DATASET_HELP,
    )
    one.add_argument(
        "--engine",
        choices=("here", "ray"),
        default="here",
        help="ray: share the work with the nodes of the Ray cluster that this machine belongs to",
    )
    one.add_argument("--address", default="auto", help="HOST:PORT of the Ray cluster")
    add_flags(one, ScanSettings)
    one = parser.command(
        "duplicates", _duplicates, "find near-duplicates in a folder; prints JSON lines"
    )
    one.add_argument("folder", type=here, help="photos, in folders of any depth")
    one.add_argument(
        "--threshold",
        type=number(float, 0, 1),
        default=0.9,
        help="how much two photos must agree to be the same shot, 0 to 1",
    )
    one.add_argument(
        "--without-fastdup",
        action="store_true",
        help="leave fastdup out: only our own finders propose",
    )
    one.add_argument("--backbone", default="auto", help=BACKBONE)
    one = parser.command("decide", _decide, "apply decisions from a file", dataset=DATASET_HELP)
    one.add_argument("decisions", type=here, help="a file with one JSON object a line")
    one = parser.command(
        "fold", _fold, "write the labels that follow from all decisions", dataset=DATASET_HELP
    )
    one.add_argument(
        "--table",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="--no-table leaves out data/, the pictures with their labels that load_dataset and "
        "the Hub's viewer open: it takes as much disk again; --table brings it back",
    )
    one = parser.command(
        "views",
        _views,
        "make photos of reference pictures as visitors would take them, to learn from",
        dataset=DATASET_HELP,
    )
    add_flags(one, ViewSettings)
    one = parser.command(
        "next", _next, "say which photos to label first, and which to take", dataset=DATASET_HELP
    )
    one.add_argument(
        "--count", type=number(int, 0), default=20, help="how many photos to label are listed"
    )
    one = parser.command(
        "retrain",
        _retrain,
        "scan, and train a candidate beside the served model",
        dataset=DATASET_HELP,
        model="the served model; it stays until `vitrine release`",
    )
    one.add_argument("--status", type=here, help="a file that its progress is written to")
    one.add_argument(
        "--fastdup",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="let fastdup propose near-duplicates, where it is installed",
    )
    one.add_argument(
        "--release-first", action="store_true", help="release this model if there is none yet"
    )
    add_flags(one, TrainSettings)
    _exchange_commands(parser)
    one = parser.command("erase", _erase, "remove photos for good", dataset=DATASET_HELP)
    one.add_argument(
        "image_id", nargs="+", help="the photos, as data/images and the light table name them"
    )
    return parser


def _exchange_commands(parser: Parser) -> None:
    from curation.exchange.selection import SPLITS
    from data_cards.dataset.schema import STATUSES

    one = parser.command(
        "export", _export, "write a dataset in another tool's format", dataset=DATASET_HELP
    )
    one.add_argument("out", type=here, help="a new folder")
    one.add_argument(
        "--to",
        required=True,
        help="imagefolder, csv, coco-classification, yolo-cls, fiftyone, label-studio or "
        "huggingface",
    )
    one.add_argument(
        "--split",
        action="append",
        default=[],
        choices=SPLITS,
        help="only photos of this side; may be repeated (default: all)",
    )
    one.add_argument(
        "--status",
        action="append",
        default=[],
        choices=STATUSES,
        help="only photos of this status; may be repeated (default: labelled)",
    )
    one = parser.command(
        "tag",
        _tag,
        "give a revision a name, such as v1.2; without a name, list those given",
        dataset=DATASET_HELP,
    )
    one.add_argument("name", nargs="?", default="", help="the name to give")
    one = parser.command(
        "import-labels",
        _import_labels,
        "bring labels back from another tool, as decisions",
        dataset=DATASET_HELP,
    )
    one.add_argument(
        "file",
        type=here,
        help="Label Studio's JSON, FiftyOne's labels.json, COCO's, a CSV (fastai's cleaned.csv), "
        "or decisions.jsonl",
    )
    one.add_argument(
        "--who", default="import", help="who decided, where the file does not say (%(default)s)"
    )
    one.add_argument(
        "--new-classes", action="store_true", help="turn unknown labels into new classes"
    )
    one.add_argument(
        "--missing-is-junk",
        action="store_true",
        help="treat photos that the file lacks as thrown out, as fastai's cleaner does",
    )


if __name__ == "__main__":
    sys.exit(main())
