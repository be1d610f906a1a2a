"""The five originals beside ours, on what can be had here: one table, resumable.

    python -m benchmarks.collections ../shared/photos OUT [--only artifacts landmarks] [--budget 90s]

Each set is collected, scanned, split and trained, and its model is asked the sealed test and photos
of other things. What a run came to is kept in OUT/<set>-<fold>.json, and is not done again. Sets
too small for one test are divided into folds, each of which is the test once. The originals'
figures are those that their authors published, on photos that mostly cannot be had, so a row
compares two projects and not two numbers on one test; `photos` says how near ours are to theirs.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import re
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from curation.decisions.apply import fold_dataset
from curation.ingest.collect import collect
from curation.scan.run import ScanSettings, scan
from data_cards.dataset.repo import Dataset, open_dataset
from data_cards.progress import say, speak_up
from data_cards.settings import default_cache
from data_cards.wording import counted, percent
from train.settings import TrainSettings
from train.splits.readiness import why_not_yet
from train.statistics.metrics import wilson

HEAD = "head"  # in place of a budget: only a linear head on frozen features
STRANGERS = 50  # photos of other things, over all folds
PICTURE = (".jpg", ".jpeg", ".png")
# Findings that a person answers with one key each; copies and leaks are dealt with by the split.
ASKED = ("label", "quality", "shortcut", "unlabelled")
WAYS = {
    "fine-tuned": "fine-tuned",
    "probe": "a linear head on frozen features",
    "references": "compared with one picture each",
}
Source = Callable[[Path, Path, int], Path]


@dataclass(frozen=True)
class Original:
    """A set that stands for an original.

    `said`: its author's headline; `cleaned`: how its photos were cleaned; `photos`: how near ours
    are to theirs; `source`: what is collected, from the folder of photos, a folder to write in and
    the number of a fold; `strangers`: a set none of whose photos shows one of its things;
    `headline`: the shares of `said`, in per cent; `scanned`: whether the scan looks at it first.
    """

    name: str
    said: str
    cleaned: str
    photos: str
    source: Source
    folds: int = 1
    headline: tuple[float, ...] = ()
    strangers: str = "groceries/test"
    scanned: bool = True


@dataclass(frozen=True)
class Run:
    """One test of what was trained in some `way`.

    Counts of photos: asked (`n`), right `first`, among `three` and among `five`, known ones that
    were `refused`, `strangers` shown and refused, answered `sure` and of these wrong
    (`sure_wrong`), sure among those answered rightly (`right_sure`). `keys` is what one round of
    cleaning would take; `ece` the calibration error, 0 to 1.
    """

    photos: int
    classes: int
    n: int
    first: int
    three: int
    five: int
    refused: int
    strangers: int
    strangers_refused: int
    keys: int
    minutes: float
    way: str = "fine-tuned"
    sure: int = 0
    sure_wrong: int = 0
    right_sure: int = 0
    ece: float | None = None


@dataclass(frozen=True)
class Row:
    """A line of the table: the runs of a set, added up."""

    original: Original
    runs: tuple[Run, ...]

    def total(self, name: str) -> int:
        """A count over all folds."""
        return sum(int(getattr(run, name)) for run in self.runs)


def folder(name: str) -> Source:
    """A set as it lies there."""
    return lambda photos, out, fold: photos / name


def paintings(photos: Path, out: Path, fold: int) -> Path:
    """References as references and queries as the test, in one list."""
    base = photos / "paintings"
    with open(base / "queries.csv", encoding="utf-8") as file:
        queries = list(csv.DictReader(file))
    rows = [
        (picture, picture.stem, "", "reference")
        for picture in sorted((base / "reference").glob("*.jpg"))
    ]
    rows += [
        (base / "queries" / row["file"], Path(row["reference"]).stem, "test", "query")
        for row in queries
    ]
    return listed(out / "paintings.csv", ("file", "label", "split", "role"), rows)


def named_files(name: str, folds: int) -> Source:
    """A folder whose files are called after their class, like `lisu04.png` or `warli
    painting_3.jpg`: a list in which one fold is the test."""

    def written(photos: Path, out: Path, fold: int) -> Path:
        files = [path for path in (photos / name).iterdir() if path.suffix.lower() in PICTURE]
        fold_of = folds_by_class([path.name for path in files], folds)
        rows = [
            (path, class_of(path.name), "test" if fold_of[path.name] == fold else "train")
            for path in sorted(files)
        ]
        return listed(out / f"{name}.csv", ("file", "label", "split"), rows)

    return written


def class_of(name: str) -> str:
    """What a file is called without its number.

    >>> class_of("lisu04.png"), class_of("warli painting_3.jpg")
    ('lisu', 'warli painting')
    """
    return re.sub(r"[\s_-]*\d+$", "", Path(name).stem)


def folds_by_class(names: Sequence[str], folds: int) -> dict[str, int]:
    """The fold of each file: the files of a class are dealt out in turn, so that every fold tests
    as much of it as another, and each class begins where the last one ended."""
    of_class: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        of_class[class_of(name)].append(name)
    dealt = [
        name for some in of_class.values() for name in random.Random(0).sample(some, len(some))
    ]
    return {name: place % folds for place, name in enumerate(dealt)}


def listed(
    path: Path, head: Sequence[str], rows: Sequence[tuple[Path, str, *tuple[str, ...]]]
) -> Path:
    """A list beside copies of its photos, since a list may name only what lies beside it."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(head)
        for place, (photo, *more) in enumerate(rows):
            copied = path.parent / "photos" / f"{place:04}-{photo.name}"
            copied.parent.mkdir(exist_ok=True)
            shutil.copyfile(photo, copied)
            table.writerow([copied.relative_to(path.parent), *more])
    return path


ORIGINALS = (
    Original(
        "artifacts",
        "low certainty with ResNet-50, fine with ConvNeXt",
        "not told",
        "the very photos",
        folder("artifacts"),
    ),
    Original(
        "landmarks",
        "53 % from scratch, 74 % by transfer, of 50",
        "not told",
        "5 other places",
        folder("landmarks"),
        headline=(53, 74),
    ),
    Original(
        "paintings",
        "48.6 and 62.5 % of phone photos",
        "not told",
        "287 other paintings, by one picture each",
        paintings,
        headline=(48.6, 62.5),
    ),
    Original(
        "iconography",
        "78.8 / 91.1 / 95.0 % top-1/3/5 of deities",
        "not told",
        "78 pictures, 8 styles instead of deities",
        named_files("iconography", 5),
        folds=5,
        headline=(78.8,),
    ),
    Original(
        "heritage",
        "60 to 86 % of 12 groups' dress",
        "four rounds",
        "its 51 demo pictures",
        named_files("heritage", 3),
        folds=3,
        headline=(60, 86),
    ),
    Original(
        "groceries",
        "no original: the hard set of ours",
        "not told",
        "81 classes, given test",
        folder("groceries"),
        strangers="landmarks",
        scanned=False,
    ),
)


def run_one(one: Original, fold: int, photos: Path, out: Path, budget: str) -> Run:
    """One set, one fold: from photos to a model that has been asked."""
    place = out / f"{one.name}-{fold}"
    place.mkdir(parents=True, exist_ok=True)
    cache = default_cache(os.environ)
    begun = time.monotonic()
    dataset = _ready(one.source(photos, place, fold), place / "dataset", cache, one.scanned)
    metrics = _trained(dataset, place / "model", cache, budget)
    minutes = (time.monotonic() - begun) / 60
    n = int(metrics["n"])
    shown, said = _strangers(place / "model", photos / one.strangers, fold, one.folds)
    first, three, five = (_count(metrics[name], n) for name in ("top1", "top3", "top5"))
    return Run(
        len(dataset.photos()),
        len(dataset.collection().ids),
        n,
        first,
        three,
        five,
        _count(metrics["rejection"]["known_refused"], n),
        shown,
        said,
        len({found.image_id for found in dataset.findings() if found.kind in ASKED}),
        minutes,
        str(metrics["kept"]),
        **_sureness(metrics),
    )


def _sureness(metrics: dict[str, Any]) -> dict[str, Any]:
    answers = metrics["answers"]
    wrong, right = answers["sure_wrong"], answers["right_sure"]
    return {
        "sure": int(wrong["n"]),
        "sure_wrong": _count(wrong, int(wrong["n"])),
        "right_sure": _count(right, int(right["n"])),
        "ece": metrics["ece"],
    }


def _count(share: dict[str, Any], n: int) -> int:
    return round(float(share["value"] or 0.0) * n)


def _ready(source: Path, place: Path, cache: Path, scanned: bool) -> Dataset:
    """Collected, scanned and split; what an earlier start did stays."""
    from train.models.backbone import find_backbone

    report = collect(str(source), str(place))
    say(report.sentence)
    dataset = open_dataset(report.address)
    if scanned:
        found = scan(dataset, find_backbone("auto", cache), cache, ScanSettings(fastdup=False))
        dataset = fold_dataset(found.dataset).dataset
    split, why_not = why_not_yet(dataset)
    if split is None:
        raise SystemExit(f"{source}: {why_not}")
    return split.dataset.newest()


def _trained(dataset: Dataset, model: Path, cache: Path, budget: str) -> dict[str, Any]:
    from train.train_model import train_model

    head_only = budget == HEAD
    settings = TrainSettings(epochs=0) if head_only else TrainSettings(budget=budget)
    report = train_model(dataset.address, str(model), settings, cache=cache, provisional=head_only)
    return dict(report.metrics)


def _strangers(model: Path, place: Path, fold: int, folds: int) -> tuple[int, int]:
    """How many photos of other things were shown, and how many of them got no name."""
    from train.inference.predictor import load_predictor

    predictor = load_predictor(str(model))
    files = sorted(place.rglob("*.jpg"))
    chosen = random.Random(0).sample(files, min(STRANGERS, len(files)))[fold::folds]
    said = [predictor.predict(path.read_bytes()).answer for path in chosen]
    return len(said), said.count("none")


def table(rows: Sequence[Row]) -> Iterator[str]:
    """The table in Markdown, as far as it goes."""
    yield (
        "| set | the original | ours: first right (95 % interval) | among 3 / 5 | "
        "sure of those right | wrong of those sure | known refused | strangers refused | "
        "cleaned by hand: theirs, ours | keys of one round | minutes | our photos |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|---|"
    for row in rows:
        yield "| " + " | ".join(_cells(row)) + " |"


def _cells(row: Row) -> Iterator[str]:
    one = row.original
    n = row.total("n")
    share = wilson(row.total("first"), n)
    yield one.name
    yield one.said
    yield (
        f"**{percent(row.total('first') / n)}** of {n} ({percent(share.low)} to "
        f"{percent(share.high)})"
    )
    yield f"{percent(row.total('three') / n)} / {percent(row.total('five') / n)}"
    yield f"{row.total('right_sure')} of {row.total('first')}"
    yield f"{row.total('sure_wrong')} of {row.total('sure')}"
    yield f"{row.total('refused')} of {n}"
    yield f"{row.total('strangers_refused')} of {row.total('strangers')}"
    yield f"{one.cleaned}, none"
    yield "not scanned" if not one.scanned else str(row.runs[0].keys)
    yield f"{sum(run.minutes for run in row.runs) / len(row.runs):.1f}"
    way = WAYS[row.runs[0].way]
    folds = f", {counted(one.folds, 'fold')}" if one.folds > 1 else ""
    yield f"{counted(row.runs[0].photos, 'photo')}: {one.photos}{folds}; {way}"


def kept(path: Path) -> Run | None:
    """Figures of an earlier run."""
    return Run(**json.loads(path.read_text())) if path.is_file() else None


def runs_of(one: Original, out: Path, do: Callable[[Original, int], Run] | None) -> tuple[Run, ...]:
    """Every fold of a set, those that are kept already and those that `do` makes now; nothing where
    a fold is missing and nobody does it."""
    runs = []
    for fold in range(one.folds):
        path = out / f"{one.name}-{fold}.json"
        run = kept(path)
        if run is None and do is not None:
            run = do(one, fold)
            path.write_text(json.dumps(asdict(run)))
        if run is None:
            return ()
        runs.append(run)
    return tuple(runs)


def main() -> None:
    """Run what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photos", type=Path, help="the folder with artifacts/, landmarks/, ...")
    parser.add_argument("out", type=Path, help="where runs and figures are kept")
    parser.add_argument("--only", nargs="+", choices=[one.name for one in ORIGINALS])
    parser.add_argument("--budget", default="90s", help=f"of each training; {HEAD}: a head only")
    flags = parser.parse_args()
    speak_up()
    flags.out.mkdir(parents=True, exist_ok=True)
    photos = flags.photos.resolve()

    def do(one: Original, fold: int) -> Run:
        return run_one(one, fold, photos, flags.out, flags.budget)

    wanted = flags.only or [one.name for one in ORIGINALS]
    found = [
        Row(one, runs_of(one, flags.out, do if one.name in wanted else None)) for one in ORIGINALS
    ]
    print("\n".join(table([row for row in found if row.runs])))


if __name__ == "__main__":
    main()
