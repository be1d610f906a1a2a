"""Train, split, evaluate, export.

    python -m train DATASET MODEL [--scratch] [--epochs N] ...
    python -m train split DATASET
    python -m train evaluate MODEL DATASET
    python -m train export MODEL --to onnx
    python -m train compare MODEL MODEL DATASET
    python -m train compare-backbones DATASET NAME NAME ...
    python -m train release | rollback | prune MODEL
    python -m train job DATASET MODEL --flavor a10g-small [--submit]

DATASET and MODEL are a folder or hf://user/name, either with @revision.
"""

from __future__ import annotations

from data_cards.interrupts import quiet_until_run

if __name__ == "__main__":
    quiet_until_run()

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence

from data_cards.command_line import Parser, number, run
from data_cards.errors import BadAddress
from data_cards.progress import say, speak_up
from data_cards.settings import add_flags, as_flags, default_cache, from_flags
from train.settings import SplitSettings, TrainSettings

DATASET_HELP = "a folder or hf://user/name, either with @revision"
MODEL_HELP = "the folder or hf://user/name of a model"
COMMANDS = (
    "split",
    "evaluate",
    "export",
    "compare",
    "compare-backbones",
    "release",
    "rollback",
    "prune",
    "job",
)


def main(arguments: Sequence[str], environ: Mapping[str, str], called: str = "") -> int:
    """Run one command; its exit code (data_cards/command_line.py)."""
    flags = parser(arguments).read(arguments, called)
    speak_up()
    return run(
        lambda: flags.command(flags, environ),
        "Stopped. The same command goes on from the last checkpoint.",
    )


def parser(arguments: Sequence[str]) -> Parser:
    """The parser of the command that `arguments` begin with; without one, they are for training."""
    if arguments and arguments[0] in COMMANDS:
        return _command_parser()
    root = Parser(
        prog="python -m train",
        description="Train a model on a dataset.\n\n"
        f"Each of these has its own --help: {', '.join(COMMANDS)}.",
    )
    root.add_argument("dataset", help=DATASET_HELP)
    root.add_argument("model", help="where the model goes: a folder or hf://user/name")
    root.add_argument(
        "--candidate",
        action="store_true",
        help="keep the new model beside the released one; `release` makes it the served one",
    )
    add_flags(root, TrainSettings)
    root.set_defaults(command=train)
    return root


def train(flags: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """`python -m train DATASET MODEL`: prints where the model is."""
    from train.train_model import train_model

    if int(environ.get("WORLD_SIZE") or 1) > 1:  # accelerate launch, torchrun
        from train.finetune.distributed import join
        from train.finetune.workers import assist

        if not join().main:
            assist(default_cache(environ), int(environ["LOCAL_RANK"]))
            return
    elif "MASTER_PORT" in environ:
        say(
            "accelerate started only one process. For several processes on CPUs, too, pass "
            "--multi_gpu."
        )
    report = train_model(
        flags.dataset,
        flags.model,
        from_flags(TrainSettings, flags),
        cache=default_cache(environ),
        candidate=flags.candidate,
    )
    print(
        f"The model is in {report.folder}"
        if report.model == str(report.folder)
        else f"The model is at {report.model}, and in {report.folder}"
    )


def split(flags: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """`python -m train split DATASET`: prints the certificate."""
    from data_cards.dataset.repo import open_dataset
    from train.splits.seal import seal

    done = seal(open_dataset(flags.dataset), from_flags(SplitSettings, flags))
    print(json.dumps(done.certificate.to_json(), ensure_ascii=False, indent=1))


def evaluate(flags: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """`python -m train evaluate MODEL DATASET`: the last line is JSON."""
    from train.evaluation.results import metrics_text
    from train.evaluation.sealed_test import evaluate_model

    metrics = evaluate_model(flags.model, flags.dataset, cache=default_cache(environ))
    print(metrics_text(metrics))
    last = {name: metrics[name]["value"] for name in ("top1", "top3", "top5")}
    last |= {"n": metrics["n"], "ece": metrics["ece"]}
    print(json.dumps(last))


def export(flags: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """`python -m train export MODEL --to onnx`: prints the file."""
    from train.release.export import export as write
    from train.release.export import photos_of
    from train.release.small_twin import export_twins

    cache = default_cache(environ)
    if flags.to == "twin":
        for folder in export_twins(flags.model, flags.small, flags.dataset or "", cache):
            print(folder)
        return
    if flags.small:
        raise BadAddress("--small names a release for a small twin, so it needs --to twin.")
    photos = photos_of(flags.dataset) if flags.dataset else ()
    print(write(flags.model, flags.to, photos, cache))


def compare(flags: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """`python -m train compare MODEL MODEL DATASET`: the last line is JSON."""
    from train.evaluation.compare_models import compare_models, comparison_text

    found = compare_models(flags.first, flags.second, flags.dataset, default_cache(environ))
    print(comparison_text(found))
    print(json.dumps(found.to_json(), ensure_ascii=False))


def compare_backbones(flags: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """`python -m train compare-backbones DATASET NAME...`: the last line is JSON."""
    from train.evaluation.compare_backbones import backbones_text
    from train.evaluation.compare_backbones import compare_backbones as measure

    rows = measure(flags.dataset, flags.backbones, default_cache(environ), flags.threads)
    print(backbones_text(rows))
    print(json.dumps([row.to_json() for row in rows], ensure_ascii=False))


def release(flags: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """`python -m train release MODEL`: prints the new revision."""
    from train.release.lifecycle import release as make_newest

    print(make_newest(flags.model, default_cache(environ), flags.public))


def rollback(flags: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """`python -m train rollback MODEL [--round N]`: prints the new revision."""
    from train.release.lifecycle import roll_back

    print(roll_back(flags.model, default_cache(environ), flags.round, flags.public))


def prune(flags: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """`python -m train prune MODEL --keep N`: prints which rounds can still be gone back to."""
    from train.release.lifecycle import prune as let_go

    story = let_go(flags.model, default_cache(environ), flags.keep)
    kept = [one.number for one in story.rounds if one.revision or one.number == story.served]
    print(
        f"Keeping the weights of {'round' if len(kept) == 1 else 'rounds'} "
        f"{', '.join(map(str, kept))}. Round {story.served} is served."
    )


def job(flags: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """`python -m train job DATASET MODEL`: prints the command that trains on Hugging Face's
    machines, or runs it."""
    from train.hub_jobs import submit, training_job

    further = as_flags(from_flags(TrainSettings, flags))
    wanted = training_job(flags.dataset, flags.model, flags.flavor, flags.timeout, further)
    if not flags.submit:
        print(wanted)
        say(
            "Nothing was started. Run the line above, or this command with --submit; `hf jobs "
            "hardware` lists prices."
        )
        return
    started = submit(wanted)
    print(f"{started.id}  {started.url}")
    say(f"Watch it: hf jobs logs -f {started.id}   Stop it: hf jobs cancel {started.id}")


def _command_parser() -> Parser:
    root = Parser(prog="python -m train")
    one = root.command(
        "split", split, "divide a dataset into train, validation and test", dataset=DATASET_HELP
    )
    add_flags(one, SplitSettings)
    root.command("evaluate", evaluate, "the sealed test", model=MODEL_HELP, dataset=DATASET_HELP)
    one = root.command("export", export, "write a model in another format", model=MODEL_HELP)
    one.add_argument(
        "--to",
        default="onnx",
        help="onnx, onnx-int8, transformers.js, twin (for the page), torchscript or torch-export",
    )
    one.add_argument(
        "--dataset", help="check on photos of this dataset as well as on those inside the model"
    )
    one.add_argument(
        "--small",
        metavar="MODEL",
        default="",
        help="with --to twin: a release with fewer weights, for a small twin beside it",
    )
    one = root.command("compare", compare, "compare two models on the sealed test, photo by photo")
    one.add_argument("first", metavar="MODEL", help=MODEL_HELP)
    one.add_argument("second", metavar="MODEL", help="the model it is compared with")
    one.add_argument("dataset", help=DATASET_HELP)
    one = root.command(
        "compare-backbones",
        compare_backbones,
        "measure several backbones before you train one: right answers, ms a photo, MB",
        dataset=DATASET_HELP,
    )
    one.add_argument(
        "backbones",
        nargs="+",
        metavar="NAME",
        help="as --backbone takes them: auto, a name on the Hub, or a folder",
    )
    one.add_argument(
        "--threads",
        type=number(int, 0),
        default=0,
        help="CPU threads; 0: all (default: %(default)s)",
    )
    for name, command, words in (
        ("release", release, "serve the candidate model: it becomes the newest revision"),
        ("rollback", rollback, "go back to an earlier model: it becomes the newest revision again"),
    ):
        one = root.command(name, command, words, model=MODEL_HELP)
        one.add_argument("--public", action="store_true", help="make a new model on the Hub public")
    one.add_argument(
        "--round", type=number(int, 1), help="the round to go back to (default: the one before)"
    )
    one = root.command(
        "prune",
        prune,
        "remove the weights of older rounds; their figures stay",
        model=MODEL_HELP,
    )
    one.add_argument(
        "--keep",
        type=number(int, 0),
        default=3,
        help="rounds to keep for going back (default: %(default)s)",
    )
    one = root.command(
        "job", job, "train on Hugging Face's machines", dataset=DATASET_HELP, model=MODEL_HELP
    )
    one.add_argument(
        "--flavor",
        default="a10g-small",
        help="one of those that `hf jobs hardware` lists (default: %(default)s)",
    )
    one.add_argument(
        "--timeout", default="3h", help="when the job is stopped (default: %(default)s)"
    )
    one.add_argument(
        "--submit",
        action="store_true",
        help="run the command, which costs money; otherwise it is only printed",
    )
    add_flags(one, TrainSettings)
    return root


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
