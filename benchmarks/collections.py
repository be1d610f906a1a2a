"""The five originals beside ours, on what can be had here: one table, resumable.

    python -m benchmarks.collections ../shared/photos OUT [--only artifacts landmarks] [--budget 5m]

For each set the whole loop runs (collect, scan, split, train, evaluate, export), and its figures are
kept in OUT/<name>.json; a set that is there is not run again. The originals' figures are those that
their authors published, on photos that mostly cannot be had, so a row compares two projects and not
two numbers on one test; `what` says how near the photos are.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from data_cards.progress import speak_up
from data_cards.settings import default_cache
from data_cards.wording import percent
from space.loop import LoopSettings, run_loop

STRANGERS = 100


@dataclass(frozen=True)
class Original:
    """A set that stands for an original. `said`: its author's headline; `what`: how near our photos
    are to theirs; `source`: what collect is given, made in a folder of its own where needed;
    `strangers`: the set whose photos are none of these."""

    name: str
    said: str
    what: str
    source: Callable[[Path, Path], Path]
    strangers: str = "groceries/test"
    by_name: bool = False


@dataclass(frozen=True)
class Row:
    """Figures of one run, as they are kept. `none`: the share of strangers that are answered
    "none"; `doubted`: labels that a scan asks people about, one key press each."""

    name: str
    photos: int
    classes: int
    top1: float
    top3: float
    n_test: int
    none: float
    doubted: int
    minutes: float


def folder(name: str) -> Callable[[Path, Path], Path]:
    """A set as it lies there."""
    return lambda photos, out: photos / name


def paintings(photos: Path, out: Path) -> Path:
    """References as references and queries as the test, in one list."""
    path = out / "paintings.csv"
    base = photos / "paintings"
    with open(base / "queries.csv", encoding="utf-8") as file:
        queries = list(csv.DictReader(file))
    with open(path, "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "label", "split", "role"])
        for picture in sorted((base / "reference").glob("*.jpg")):
            rows.writerow([picture, picture.stem, "", "reference"])
        for row in queries:
            label = Path(row["reference"]).stem
            rows.writerow([base / "queries" / row["file"], label, "test", "query"])
    return path


ORIGINALS = (
    Original(
        "artifacts",
        "one of 5 or nil; 'low certainty' with ResNet-50",
        "the very photos",
        folder("artifacts"),
    ),
    Original(
        "landmarks", "53 % scratch, 74 % transfer, 50 classes", "5 others", folder("landmarks")
    ),
    Original("paintings", "48.6 / 62.5 % on phone photos", "287 others", paintings),
    Original(
        "iconography",
        "deities: 78.8 / 91.1 / 95.0 % top-1/3/5",
        "78 pictures by style",
        folder("iconography"),
        by_name=True,
    ),
    Original(
        "heritage",
        "dress of 12 groups: 60 to 86 %",
        "51 pictures",
        folder("heritage"),
        by_name=True,
    ),
)


def run_one(one: Original, photos: Path, out: Path, budget: str) -> Row:
    """The loop on one set, and its model shown strangers."""
    place = out / one.name
    place.mkdir(parents=True, exist_ok=True)
    settings = LoopSettings(fastdup=False, budget=budget, by_name=one.by_name)
    made = run_loop(str(one.source(photos, place)), place, settings, default_cache(os.environ))
    summary = json.loads(made.read_text())
    return Row(
        one.name,
        summary["photos"],
        summary["classes"],
        summary.get("top1") or 0.0,
        summary.get("top3") or 0.0,
        summary.get("n_test") or 0,
        _none_of(place / "model", photos / one.strangers),
        int(summary["findings"].get("label", 0)),
        summary["seconds"]["total"] / 60,
    )


def _none_of(model: Path, strangers: Path) -> float:
    """The share of photos from elsewhere that get no name."""
    from train.inference.predictor import load_predictor

    predictor = load_predictor(str(model))
    files = sorted(strangers.rglob("*.jpg"))
    chosen = random.Random(0).sample(files, min(STRANGERS, len(files)))
    said = [predictor.predict(path.read_bytes()).answer for path in chosen]
    return said.count("none") / max(1, len(said))


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """The table, as far as it goes."""
    known = {one.name: one for one in ORIGINALS}
    yield "set          photos classes  top-1   top-3   tests  none   to decide  min   original"
    for row in rows:
        yield (
            f"{row.name:<12} {row.photos:>6} {row.classes:>7}  {percent(row.top1):>6}  "
            f"{percent(row.top3):>6}  {row.n_test:>5}  {percent(row.none):>5}  {row.doubted:>9}  "
            f"{row.minutes:>4.1f}  {known[row.name].said} ({known[row.name].what})"
        )


def kept(path: Path) -> Row | None:
    """Figures of an earlier run."""
    if not path.is_file():
        return None
    found: dict[str, Any] = json.loads(path.read_text())
    return Row(**found)


def main() -> None:
    """Run what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photos", type=Path, help="the folder with artifacts/, landmarks/, ...")
    parser.add_argument("out", type=Path, help="where runs and figures are kept")
    parser.add_argument("--only", nargs="+", choices=[one.name for one in ORIGINALS])
    parser.add_argument("--budget", default="5m", help="of each training")
    flags = parser.parse_args()
    speak_up()
    flags.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for one in ORIGINALS:
        path = flags.out / f"{one.name}.json"
        row = kept(path)
        if row is None and (not flags.only or one.name in flags.only):
            row = run_one(one, flags.photos.resolve(), flags.out, flags.budget)
            path.write_text(json.dumps(asdict(row)))
        rows += [row] if row else []
    print("\n".join(lines(rows)))


if __name__ == "__main__":
    main()
