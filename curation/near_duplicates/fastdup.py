"""fastdup proposes near-duplicates; it never decides.

fastdup is a closed, non-commercial binary with telemetry, and old in what it pins. So it is
optional (requirements-fastdup.txt), is never imported in our own process, runs on a temporary
copy of small pictures with telemetry switched off and a time limit, and everything works without
it.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path

from curation.near_duplicates.groups import PairOfIds, pair_of
from data_cards.bulk.batching import side_by_side
from data_cards.errors import BadPhoto
from data_cards.photos.image import thumbnail
from data_cards.progress import say

SIDE = 320  # pixels; its own model looks at less
WORKERS = 2
NEIGHBOURS = 8
LEAST = 0.6  # low on purpose: verification throws out what does not hold
SECONDS = 600.0
SECONDS_PER_PHOTO = 0.5
CHILD = """
import sys
import fastdup
fastdup.run(sys.argv[1], work_dir=sys.argv[2], threshold=float(sys.argv[3]),
            nearest_neighbors_k=int(sys.argv[4]),
            num_threads=int(sys.argv[5]))
"""


def installed() -> bool:
    """Whether fastdup is on this machine."""
    return find_spec("fastdup") is not None


def propose(
    photos: Mapping[str, Path | bytes] | Iterable[tuple[str, Path | bytes]],
    threads: int = 2,
) -> set[PairOfIds]:
    """Candidate pairs among `photos` (name -> file or bytes, or such pairs, read one after the
    other); none, with a sentence, where fastdup cannot work."""
    if not installed():
        return set()
    with tempfile.TemporaryDirectory(prefix="vitrine-fastdup-") as scratch:
        pictures = Path(scratch, "pictures")
        work = Path(scratch, "work")
        pictures.mkdir()
        work.mkdir()
        names = _write_small(photos.items() if isinstance(photos, Mapping) else photos, pictures)
        if len(names) < 2:
            return set()
        try:
            _run(pictures, work, threads, SECONDS + SECONDS_PER_PHOTO * len(names))
        except (subprocess.SubprocessError, OSError) as error:
            say(
                f"fastdup did not finish ({type(error).__name__}); going on with our own proposals."
            )
            return set()
        return _read_pairs(work, names)


def _write_small(photos: Iterable[tuple[str, Path | bytes]], folder: Path) -> list[str]:
    names: list[str] = []
    for name, small in side_by_side(_small, photos, WORKERS):
        if small is not None:
            (folder / f"{len(names):08d}.jpg").write_bytes(small)
            names.append(name)
    return names


def _small(photo: tuple[str, Path | bytes]) -> tuple[str, bytes | None]:
    name, data = photo
    try:
        return name, thumbnail(data if isinstance(data, bytes) else data.read_bytes(), SIDE)
    except BadPhoto:  # reported where photos are read; fastdup simply does not see it
        return name, None


def _run(pictures: Path, work: Path, threads: int, timeout: float) -> None:
    command = [
        sys.executable,
        "-c",
        CHILD,
        str(pictures),
        str(work),
        str(LEAST),
        str(NEIGHBOURS),
        str(threads),
    ]
    subprocess.run(
        command,
        env={**os.environ, "SENTRY_OPT_OUT": "1"},
        cwd=work,
        timeout=timeout,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _read_pairs(work: Path, names: list[str]) -> set[PairOfIds]:
    """Pairs from what fastdup wrote: similarity.csv holds from, to and distance (a similarity,
    despite its name)."""
    table = work / "similarity.csv"
    if not table.exists():
        return set()
    with open(table, newline="", encoding="utf-8", errors="replace") as file:
        rows = [(row["from"], row["to"]) for row in csv.DictReader(file)]
    return {pair_of(_name(one, names), _name(other, names)) for one, other in rows if one != other}


def _name(path: str, names: list[str]) -> str:
    return names[int(Path(path).stem)]
