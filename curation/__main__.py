"""The commands of this floor: photos in, trouble found, decisions replayed.

python -m curation collect SOURCE DATASET      python -m curation scan DATASET
python -m curation duplicates FOLDER           python -m curation decide DATASET decisions.jsonl
python -m curation fold DATASET                python -m curation erase DATASET IMAGE_ID...
python -m curation retrain DATASET MODEL
python -m curation next DATASET
"""

from __future__ import annotations

from data_cards.interrupts import quiet_until_run

if __name__ == "__main__":
    quiet_until_run()

import argparse
import json
import os
import sys

from data_cards.command_line import Parser, here, number, run
from data_cards.errors import VitrineError
from data_cards.progress import say, speak_up
from data_cards.settings import add_flags, default_cache, from_flags

DATASET_HELP = "a folder or hf://user/name"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit code (data_cards/command_line.py)."""
    speak_up()
    flags = _parser().parse_args(arguments)
    return run(lambda: flags.run(flags), "Stopped. What was saved stays saved.")


def _collect(flags: argparse.Namespace) -> None:
    from curation.ingest.collect import collect
    from curation.ingest.incoming import SourceOptions

    options = SourceOptions(
        label=flags.label,
        every=flags.every,
        by_name=flags.by_name,
        classes=flags.classes,
        splits=flags.splits,
        exclude=tuple(flags.exclude),
        follow_links=flags.follow_links,
        label_column=flags.label_column,
        val_is_test=flags.val_is_test,
        config=flags.config,
        split=flags.split,
        encoding=flags.encoding,
    )
    report = collect(
        flags.source,
        flags.dataset,
        collection=flags.collection,
        keep_location=flags.keep_location,
        private=not flags.public,
        options=options,
    )
    print(report.table)
    print(report.sentence)


def _scan(flags: argparse.Namespace) -> None:
    from curation.scan.run import ScanSettings, scan
    from data_cards.dataset.repo import open_dataset
    from train.models.backbone import find_backbone

    settings = from_flags(ScanSettings, flags)
    cache = default_cache(os.environ)
    dataset = open_dataset(flags.dataset)
    backbone = find_backbone(settings.backbone, cache)
    if flags.engine == "ray":
        from curation.scan.ray_cluster import Cluster

        os.environ.setdefault(
            "RAY_USAGE_STATS_ENABLED", "0"
        )  # Ray reports to its maker unless told not to
        report = scan(dataset, backbone, cache, settings, Cluster(flags.address).embed)
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
        print(
            json.dumps(
                {
                    "a": pair.a,
                    "b": pair.b,
                    "score": pair.score,
                    "kind": pair.kind,
                    "verdict": pair.verdict,
                },
                ensure_ascii=False,
            )
        )
    for group in groups:
        print(json.dumps({"group": group}, ensure_ascii=False))


def _decide(flags: argparse.Namespace) -> None:
    from curation.decisions.apply import decide_from
    from data_cards.dataset.repo import open_dataset

    print(decide_from(open_dataset(flags.dataset), flags.decisions).sentence)


def _next(flags: argparse.Namespace) -> None:
    from curation.active_learning.next_steps import what_next
    from data_cards.dataset.repo import open_dataset

    print(what_next(open_dataset(flags.dataset), flags.count).text)


def _fold(flags: argparse.Namespace) -> None:
    from curation.decisions.apply import fold_dataset
    from data_cards.dataset.repo import open_dataset

    print(fold_dataset(open_dataset(flags.dataset)).sentence)


def _erase(flags: argparse.Namespace) -> None:
    from curation.decisions.erase import erase
    from data_cards.dataset.repo import open_dataset

    print(erase(open_dataset(flags.dataset), flags.image_id, default_cache(os.environ)).sentence)


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
        print(
            "The new model waits. To make it the one that is served: python -m train release "
            f"{flags.model}"
        )


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m curation", description="Photos in, trouble found, decisions kept."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _collect_flags(commands.add_parser("collect", help="bring photos into a dataset"))
    _scan_flags(
        commands.add_parser(
            "scan", help="look for doubtful labels, copies, leaks and broken photos"
        )
    )
    _duplicates_flags(
        commands.add_parser("duplicates", help="near-duplicates of a plain folder, as JSON lines")
    )
    decide = commands.add_parser("decide", help="replay decisions without the tab")
    decide.add_argument("dataset", help=DATASET_HELP)
    decide.add_argument("decisions", type=here, help="a file with one JSON object a line")
    decide.set_defaults(run=_decide)
    fold = commands.add_parser("fold", help="write the labels that follow from all decisions")
    fold.add_argument("dataset", help=DATASET_HELP)
    fold.set_defaults(run=_fold)
    following = commands.add_parser("next", help="which photos to label first, and which to take")
    following.add_argument("dataset", help=DATASET_HELP)
    following.add_argument(
        "--count", type=number(int, 0), default=20, help="photos to label that are named"
    )
    following.set_defaults(run=_next)
    _retrain_flags(
        commands.add_parser(
            "retrain", help="a new model from the decisions so far, beside the one served"
        )
    )
    erase = commands.add_parser("erase", help="take photos out for good")
    erase.add_argument("dataset", help=DATASET_HELP)
    erase.add_argument(
        "image_id", nargs="+", help="the photos, as data/images and the light table name them"
    )
    erase.set_defaults(run=_erase)
    return parser


def _collect_flags(command: argparse.ArgumentParser) -> None:
    from curation.ingest.layout import CHOICES

    command.add_argument(
        "source",
        help="a folder of class folders, a list (CSV, JSON lines, Parquet), a zip or tar, "
        "a clip, hf://user/name, another dataset, or museum[:PHOTOS]",
    )
    command.add_argument("dataset", help=DATASET_HELP)
    command.add_argument(
        "--collection", help="a shipped collection, or a folder with card.md and classes.yaml"
    )
    command.add_argument(
        "--keep-location", action="store_true", help="keep where photos were taken"
    )
    command.add_argument("--public", action="store_true", help="make a new Hub dataset public")
    command.add_argument("--label", help="for photos that lie in no class folder")
    command.add_argument(
        "--every",
        type=number(float, 0.01, 86_400),
        default=1.0,
        help="seconds between the frames of a clip",
    )
    command.add_argument(
        "--label-column", metavar="NAME", help="the column of a list that holds the labels"
    )
    command.add_argument(
        "--encoding",
        metavar="NAME",
        help="of a list whose bytes do not tell: cp1251, shift_jis, gbk",
    )
    command.add_argument("--config", metavar="NAME", help="which part of a dataset of the Hub")
    command.add_argument(
        "--split", metavar="NAME", help="which splits of a dataset of the Hub: test, or train+test"
    )
    command.add_argument("--by-name", action="store_true", help="read labels off file names")
    command.add_argument(
        "--classes",
        choices=CHOICES,
        default="auto",
        help="which folder is the class where folders "
        "lie in folders: the outermost (top) or the innermost (leaf); auto looks at their names",
    )
    command.add_argument(
        "--splits",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="--no-splits: folders called train, val or test are classes",
    )
    command.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="PATTERN",
        help="pass over files and folders called so, or with such a path inside the source; "
        "* and ? stand for anything; may be repeated",
    )
    command.add_argument(
        "--val-is-test",
        action="store_true",
        help="validation photos are the test, where no test photos came",
    )
    command.add_argument(
        "--follow-links", action="store_true", help="take what links lead to, each file once"
    )
    command.set_defaults(run=_collect)


def _retrain_flags(command: argparse.ArgumentParser) -> None:
    from train.settings import TrainSettings

    command.add_argument("dataset", help=DATASET_HELP)
    command.add_argument(
        "model", help="the one that is served; it stays until `python -m train release`"
    )
    command.add_argument("--status", type=here, help="a file that says how far it is")
    command.add_argument(
        "--fastdup",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="let fastdup propose near-duplicates, where it is installed",
    )
    command.add_argument(
        "--release-first", action="store_true", help="where there is no model yet, release this one"
    )
    add_flags(command, TrainSettings)
    command.set_defaults(run=_retrain)


def _scan_flags(command: argparse.ArgumentParser) -> None:
    from curation.scan.run import ScanSettings

    command.add_argument("dataset", help=DATASET_HELP)
    command.add_argument(
        "--engine",
        choices=("here", "ray"),
        default="here",
        help="ray: photos are looked at by the nodes of a Ray cluster that this machine is part of",
    )
    command.add_argument("--address", default="auto", help="HOST:PORT of the Ray cluster")
    add_flags(command, ScanSettings)
    command.set_defaults(run=_scan)


def _duplicates_flags(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=here, help="photos, in folders of any depth")
    command.add_argument(
        "--threshold", type=number(float, 0, 1), default=0.9, help="the one dial, 0 to 1"
    )
    command.add_argument("--without-fastdup", action="store_true", help="our own proposals only")
    command.add_argument(
        "--backbone", default="auto", help="a ViT or DINOv2 name on the Hub, or a folder"
    )
    command.set_defaults(run=_duplicates)


if __name__ == "__main__":
    sys.exit(main())
