"""Can strangers be let in? Kills, hostile files, planted secrets, and many clients at once.

    python -m benchmarks.trust                      about two minutes on two cores
    python -m benchmarks.trust --files 21000 --kills 70 --kills-of-two 20 --seconds 120 \\
        --model MODEL --photos FOLDER

Decisions are written by a process that is killed again and again, and by two that send them to one
dataset; hostile files are stored as photos that come in are, in a process of their own; a secret is
planted in every place that a format allows; and 32 clients ask the app for a while, beside
`gr.Interface` around transformers' pipeline of the same model.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data_cards.annotations.journal import Journal
from data_cards.errors import BadPhoto
from data_cards.photos.image import thumbnail
from data_cards.photos.metadata import stored_form
from data_cards.photos.trial import STORE
from tests.fixtures.hostile_files import hostile_files
from tests.fixtures.secret_places import PLACES, SECRET, planted, readable

PARTS = ("kills", "two", "hostile", "secrets", "clients")
WRITER = """
import sys
from pathlib import Path
from data_cards.annotations.decision import decide
from data_cards.annotations.journal import Journal
journal = Journal(Path(sys.argv[1]))
while True:
    one = decide("ann", "photo", "junk")
    journal.append([one])
    print(one.id, flush=True)
"""
SENDER = """
import sys
from pathlib import Path
from data_cards.annotations.decision import decide
from data_cards.annotations.journal import Journal, flush
from data_cards.dataset.repo import open_dataset
from data_cards.errors import Conflict
journal = Journal(Path(sys.argv[1]))
dataset = open_dataset(sys.argv[2])
photo = next(iter(dataset.photos()))
while True:
    for _ in range(5):
        one = decide("ann", photo, "junk")
        journal.append([one])
        print(one.id, flush=True)
    try:
        dataset = flush(journal, dataset.newest()).dataset
    except Conflict:  # the other one was first; they stay here, and go with the next
        dataset = dataset.newest()
"""
Row = tuple[object, ...]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--kills-of-two", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=10.0, help="of 32 clients, each app")
    parser.add_argument("--model", type=Path, help="a release; else a network in miniature")
    parser.add_argument("--photos", type=Path, help="a folder of JPEGs that the clients send")
    parser.add_argument("--skip", nargs="*", default=[], choices=PARTS)
    flags = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("what | figure | target")
    print("--- | --- | ---")
    parts = {
        "kills": lambda: kills(flags.kills),
        "two": lambda: kills_of_two(flags.kills_of_two),
        "hostile": lambda: hostile(flags.files),
        "secrets": secrets,
        "clients": lambda: clients(flags.model, flags.photos, flags.seconds),
    }
    for name, measured in parts.items():
        for row in measured() if name not in flags.skip else ():
            print(" | ".join(map(str, row)), flush=True)


def kills(count: int) -> list[Row]:
    """Decisions that a killed process had acknowledged, and which of them are gone."""
    with tempfile.TemporaryDirectory() as folder:
        told = _acknowledged([WRITER], [folder], count)
        rows = [row["id"] for row in Journal(Path(folder)).rows()]
    lost = len(told - set(rows))
    doubled = len(rows) - len(set(rows))
    return [
        (f"decisions acknowledged over {count} kills", len(told), ""),
        ("of them lost, doubled", f"{lost}, {doubled}", "0, 0"),
    ]


def kills_of_two(count: int) -> list[Row]:
    """The same of two that keep decisions in one folder and send them to one dataset, killed in
    turns."""
    from data_cards.annotations.journal import flush, known
    from data_cards.dataset.repo import open_dataset
    from tests.fixtures.visitors import small_gallery

    with tempfile.TemporaryDirectory() as folder:
        small_gallery(Path(folder) / "dataset")
        kept = f"{folder}/decisions"
        told = _acknowledged([SENDER, SENDER], [kept, f"{folder}/dataset"], count)
        journal = Journal(Path(kept))
        dataset = open_dataset(f"{folder}/dataset")
        sent = sum(row.get("action") == "junk" for row in dataset.ledger())
        after = flush(journal, dataset).dataset
        counted = [one.id for one in known(after, journal).decisions]
        lines = [str(row.get("id")) for row in after.ledger()]
    lost = len(told - set(counted) | (told - set(lines)))
    doubled = len(counted) - len(set(counted))
    return [
        (
            f"decisions acknowledged by two that send to one dataset, over {count} kills",
            len(told),
            "",
        ),
        ("of them sent to the dataset before the last kill", sent, ""),
        ("lost, counted twice", f"{lost}, {doubled}", "0, 0"),
    ]


def _acknowledged(scripts: Sequence[str], given: Sequence[str], count: int) -> set[str]:
    """The decisions that writers named before they were killed, `count` times one of them."""
    chance = random.Random(0)
    writers = [_writer(script, given) for script in scripts]
    named: list[str] = []
    for number in range(count):
        at = number % len(writers)
        time.sleep(0.05 + chance.random() / 5)
        named += _killed(writers[at])
        writers[at] = _writer(scripts[at], given)
    for writer in writers:
        named += _killed(writer)
    # What is cut short was never read as a whole line, so it was not acknowledged.
    return {name for name in named if len(name) == 26}


def _writer(script: str, given: Sequence[str]) -> tuple[Any, Any]:
    """(process, file of what it said), once it has kept its first decision."""
    said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed by `_killed`
    process = subprocess.Popen([sys.executable, "-c", script, *given], stdout=said)
    while not os.fstat(said.fileno()).st_size and process.poll() is None:
        time.sleep(0.01)
    return process, said


def _killed(writer: tuple[Any, Any]) -> list[str]:
    process, said = writer
    process.send_signal(signal.SIGKILL)
    process.wait()
    with said:
        said.seek(0)
        return str(said.read()).split()


def hostile(count: int) -> list[Row]:
    """Broken files, opened as the app opens strangers' photos."""
    from data_cards.photos.photo_check import BROKE, DEADLINE, Trial

    trial = Trial()
    trial.start()
    refused = crashed = 0
    slowest = 0.0
    worst = ""
    for name, data in hostile_files(count, seed=1):
        if not trial.lives:
            trial = Trial()
            trial.start()
        start = time.perf_counter()
        told = _trouble(trial, data, DEADLINE)
        took = time.perf_counter() - start
        crashed += told == BROKE
        refused += bool(told)
        if took > slowest:
            slowest = took
            worst = name
    trial.end()
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return [
        (f"hostile files tried (seed 1): refused of {count}", refused, ""),
        ("of them ended a process", crashed, "0"),
        (f"slowest photo ({worst})", f"{slowest * 1000:.0f} ms", f"{DEADLINE:.0f} s"),
        ("memory of a process that opens them, at most", f"{memory:.0f} MB", "4000 MB"),
    ]


def _trouble(trial: Any, data: bytes, deadline: float) -> str:
    try:
        trial.asked(STORE, data, deadline)
    except BadPhoto as refusal:
        return refusal.sentence
    return ""


def secrets() -> list[Row]:
    """Secrets that are still readable in what is kept of a photo."""
    found = sum(
        SECRET in readable(kept) or SECRET in readable(thumbnail(kept, 160))
        for kept in (stored_form(planted(place, SECRET)) for place in PLACES)
    )
    return [(f"secrets found of {len(PLACES)} planted", found, "0")]


def clients(model: Path | None, photos: Path | None, seconds: float) -> list[Row]:
    """32 visitors for a while, beside `gr.Interface`; a network in miniature where no model is
    given."""
    from benchmarks.serving.load import photos_in, rows
    from data_cards.photos.image import encode_jpeg
    from tests.fixtures.tiny_models import picture, write_tiny_release

    drawn = [encode_jpeg(picture(number % 3, number, 640)) for number in range(16)]
    with tempfile.TemporaryDirectory() as folder:
        release = model or write_tiny_release(Path(folder) / "tiny")
        return rows(release, photos_in(photos) if photos else drawn, seconds)


if __name__ == "__main__":
    main()
