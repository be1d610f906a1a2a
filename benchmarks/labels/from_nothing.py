"""An evening from an empty folder to a served model, by a simulated annotator at the real table.

    python -m benchmarks.curation from-nothing ../shared/photos/artifacts --names ruin,jar,duck,badge,tram

Photos without labels are collected; every fourth of each class is held out and never shown. The
annotator presses keys as at the light table (benchmarks/labels/first_labels.py counts them): a class
is typed once, a proposal is taken or sent away as one. Beside it somebody labels everything in the
order of the files. After so many key presses, and at the end, a quick model is trained of what is
labelled so far, served, and asked about the photos that were held out.

Minutes are those of the keystroke-level model (Card, Moran and Newell 1980): 0.28 s a key, and 1.35 s
to look at a question or a proposal before the first key; waiting for the table is measured.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ulid import ULID

from curation.decisions.apply import fold_dataset
from curation.ingest.collect import collect
from curation.light_table.session.table import LightTable
from curation.scan.remembered import ScanCache
from data_cards.annotations.journal import Journal
from data_cards.dataset.repo import open_dataset
from data_cards.errors import VitrineError
from data_cards.settings import default_cache
from data_cards.wording import whole_percent
from train.inference.predictor import load_predictor
from train.settings import TrainSettings
from train.train_model import train_model

KEY = 0.28
LOOK = 1.35
EVERY = 4  # of how many photos of a class one is held out
WHO = "ann"
DIGITS = 9
ENDINGS = (".jpg", ".jpeg", ".png")


@dataclass
class Annotator:
    """Knows what each photo shows (by image_id), and counts keys and seconds."""

    table: LightTable
    truth: Mapping[str, str]
    keys: int = 0
    looks: int = 0
    waited: float = 0.0
    named: dict[str, None] = field(default_factory=dict)

    @property
    def minutes(self) -> float:
        """By the keystroke-level model, and what the table took."""
        return (KEY * self.keys + LOOK * self.looks + self.waited) / 60

    def name(self, image_id: str) -> None:
        """Give one photo its class, which is typed the first time."""
        title = self.truth[image_id]
        move = {"do": "relabel", "key": f"unlabelled/{image_id}", "image_id": image_id}
        is_new = title not in self.named
        self.named[title] = None
        added = [{"id": str(ULID()), "do": "add_class", "title": title}] if is_new else []
        self.keys += len(title) + 2 if is_new else 1 if len(self.named) <= DIGITS else 4
        self.looks += 1
        label = title if is_new else self.id_of(title)
        self._act([*added, {"id": str(ULID()), "label": label, **move}])

    def judge(self, label: str, title: str, photos: Sequence[Mapping[str, str]]) -> None:
        """Take a proposal with a touch on each photo that is not of it, or send it away."""
        wrong = [one["image_id"] for one in photos if self.truth[one["image_id"]] != title]
        taken = [one for one in photos if one["image_id"] not in wrong]
        self.looks += 1
        self.keys += 1
        if 2 * len(wrong) + 1 >= len(photos):
            taken, wrong = [], [one["image_id"] for one in photos]
        else:
            self.keys += len(wrong)
        if taken:
            self._act(
                [{"id": str(ULID()), "do": "relabel", "label": label, **one} for one in taken]
            )
        if wrong:
            self.table.refuse(WHO, label, wrong)

    def id_of(self, title: str) -> str:
        """The class of that name."""
        return next(one.id for one in self.table.records.collection.classes if one.title == title)

    def _act(self, moves: list[dict[str, str]]) -> None:
        begin = time.monotonic()
        outcome = self.table.act(WHO, [moves], "unlabelled")["outcomes"][0]
        self.waited += time.monotonic() - begin
        assert outcome["ok"], outcome


def at_the_table(one: Annotator, until: int) -> bool:
    """What the table proposes and asks, to `until` keys; whether photos are left."""
    while one.keys < until:
        begin = time.monotonic()
        seen = one.table.look(WHO, "unlabelled")
        one.waited += time.monotonic() - begin
        found = seen["proposal"]
        if found:
            one.judge(found["label"]["id"], found["label"]["title"], found["photos"])
        elif seen["items"] and seen["pile"] == "unlabelled":
            one.name(seen["items"][0]["image_id"])
        else:
            return False
    return True


def in_order(one: Annotator, until: int) -> bool:
    """Every photo in the order of its file."""
    photos = one.table.records.photos
    for image_id in sorted(photos, key=lambda name: photos[name].sources[0].path or ""):
        if one.keys >= until:
            return True
        if one.table.records.labels[image_id].status == "unlabelled":
            one.name(image_id)
    return False


def served(one: Annotator, folder: Path, cache: Path, held: Sequence[tuple[str, bytes]]) -> str:
    """How many of the photos that were held out a model of the labels so far names rightly."""
    one.table.sending.now()
    shutil.copytree(folder / "set", folder / "then", dirs_exist_ok=False)
    shutil.rmtree(folder / "model", ignore_errors=True)
    try:
        fold_dataset(open_dataset(str(folder / "then")))
        train_model(
            str(folder / "then"),
            str(folder / "model"),
            TrainSettings(),
            cache=cache,
            provisional=True,
        )
        predictor = load_predictor(str(folder / "model"), cache)
    except VitrineError as error:
        return f"no model: {error.sentence.split('. ')[0]}"
    finally:
        shutil.rmtree(folder / "then", ignore_errors=True)
    titles = {info.id: info.title for info in predictor.collection.classes}
    right = 0
    for title, data in held:
        first = predictor.predict(data).to_json()["candidates"][0]["label"]
        right += titles.get(first) == title
    return f"{whole_percent(right / len(held))} right first time, {right} of {len(held)}"


def add_flags(command: argparse.ArgumentParser) -> None:
    """Its flags."""
    command.add_argument("folder", type=Path, help="class folders, whose names are the truth")
    command.add_argument("--names", default="", help="what is typed for each class, by comma")
    command.add_argument("--keys", type=int, nargs="+", default=[20, 40])


def run(flags: argparse.Namespace) -> None:
    """Print the table."""
    cache = default_cache(os.environ)
    classes = sorted(path for path in flags.folder.iterdir() if path.is_dir())
    names = flags.names.split(",") if flags.names else [path.name for path in classes]
    held: list[tuple[str, bytes]] = []
    for way, act in (("at the table", at_the_table), ("everything in order", in_order)):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            held, truth_of = _laid(classes, names, folder / "photos")
            collect(folder / "photos", str(folder / "set"))
            dataset = open_dataset(str(folder / "set"))
            truth = {
                name: truth_of[Path(photo.sources[0].path or "").name]
                for name, photo in dataset.photos().items()
            }
            table = LightTable(dataset, Journal(folder / "journal"), remembered=ScanCache(cache))
            table.look_around()
            one = Annotator(table, truth)
            for until in (*flags.keys, 10**9):
                left = act(one, until)
                print(_line(way, one, served(one, folder, cache, held)), flush=True)
                if not left:
                    break
            table.close()


def _line(way: str, one: Annotator, found: str) -> str:
    labels = one.table.records.labels
    title = one.table.title
    right = sum(
        row.label is not None and title(row.label) == one.truth[name]
        for name, row in labels.items()
    )
    return (
        f"{way}: {one.keys} keys, {one.minutes:.1f} min, {right} of {len(labels)} photos named "
        f"rightly; served: {found}"
    )


def _laid(
    classes: Sequence[Path], names: Sequence[str], folder: Path
) -> tuple[list[tuple[str, bytes]], dict[str, str]]:
    """One folder of photos without labels; what is held out as (title, bytes), and file name ->
    title."""
    folder.mkdir()
    held: list[tuple[str, bytes]] = []
    truth: dict[str, str] = {}
    for path, title in zip(classes, names, strict=True):
        files = sorted(one for one in path.iterdir() if one.suffix.lower() in ENDINGS)
        for place, file in enumerate(files):
            if place % EVERY == EVERY - 1:
                held.append((title, file.read_bytes()))
            else:
                name = f"{path.name}-{file.name}"
                shutil.copyfile(file, folder / name)
                truth[name] = title
    return held, truth
