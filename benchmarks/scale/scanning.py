"""A whole scan beside the peers one after the other, and a scan of very many photos: seconds and
peak memory.

    python -m benchmarks.curation scan --photos ../shared/photos/groceries/train [--count 300]
    python -m benchmarks.curation scan --photos ../shared/photos/groceries/train --one-percent
    python -m benchmarks.curation scan --thumbnails 100000

Everything runs in a process of its own, with an empty cache but for the backbone and its engine.
A machine that others use stretches seconds, so processor seconds stand beside them. What is
imported and loaded before the work is left out on both sides; that our scan loads its engine is
not.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.peers import PEERS, photos_below
from benchmarks.scale.many import many
from data_cards.settings import default_cache
from train.models.backbone import find_backbone

GOAL = 2.0
PREPARE = """
import sys
from pathlib import Path
from train.models.backbone import find_backbone
from train.inference.embeddings import embedder_for

cache = Path(sys.argv[1])
embedder_for(find_backbone("auto", cache), cache)
"""
OURS = """
import json, sys, time
from pathlib import Path
from curation.scan.run import ScanSettings, scan
from data_cards.dataset.repo import open_dataset
from benchmarks.peers import peak, spent
from train.models.backbone import find_backbone

cache = Path(sys.argv[2])
dataset, backbone = open_dataset(sys.argv[1]), find_backbone("auto", cache)
began, before = time.monotonic(), spent()
report = scan(dataset, backbone, cache, ScanSettings(fastdup=len(sys.argv) < 4))
print(json.dumps({"seconds": time.monotonic() - began, "cpu": spent() - before, "peak": peak(),
                  "steps": dict(report.seconds), "said": report.sentence}))
"""


def compare(photos: Path, count: int, with_fastdup: bool) -> None:
    """Print the peers, their sum, ours (the first scan and the next), and the ratio."""
    kept = default_cache(os.environ)
    backbone = find_backbone("auto", kept)
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as made:
        scratch = Path(made)
        cache = Path(made, "cache")
        _run(
            [sys.executable, "-c", PREPARE, str(kept)]
        )  # an engine is made once on a machine, like a download
        folder = _some(photos, scratch / "photos", count)
        print(
            f"{len(photos_below(folder))} photos, {len(os.sched_getaffinity(0))} cores", flush=True
        )
        peers = [
            _run([*_PEER, name, str(folder), str(scratch), str(backbone.path)], name)
            for name in PEERS
        ]
        _line(
            "peers, one after the other",
            sum(one["seconds"] for one in peers),
            sum(one["cpu"] for one in peers),
            max(one["peak"] for one in peers),
        )
        _backbone_into(cache, kept)
        _run([sys.executable, "-m", "curation", "collect", str(folder), str(scratch / "dataset")])
        ours = _run(
            [*_OURS, str(scratch / "dataset"), str(cache), *([] if with_fastdup else ["without"])],
            "ours, the whole scan",
        )
        print("   ", ours["said"], ours["steps"], flush=True)
        _run([*_OURS, str(scratch / "dataset"), str(cache)], "ours, again")
        for unit in ("seconds", "cpu"):
            ratio = sum(one[unit] for one in peers) / ours[unit]
            print(f"peers by ours, {unit}: {ratio:.2f} (at least {GOAL:.1f} wanted)")


def one_percent_more(photos: Path, count: int) -> None:
    """Print our first scan of all but 1 % of the photos, one with nothing new, one with the
    rest, and what a photo of the rest costs beside one of the first scan."""
    kept = default_cache(os.environ)
    find_backbone("auto", kept)
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as made:
        scratch = Path(made)
        cache = Path(made, "cache")
        _run([sys.executable, "-c", PREPARE, str(kept)])
        old = _some(photos, scratch / "old", count)
        new = scratch / "new"
        names = photos_below(old)
        for path in random.Random(1).sample(names, max(1, len(names) // 100)):
            target = new / path.relative_to(old)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
        _backbone_into(cache, kept)
        took = []
        for folder, name in ((old, "all but 1 %"), (None, "nothing new"), (new, "1 % more")):
            if folder:
                _run(
                    [
                        sys.executable,
                        "-m",
                        "curation",
                        "collect",
                        str(folder),
                        str(scratch / "dataset"),
                    ]
                )
            took.append(_run([*_OURS, str(scratch / "dataset"), str(cache), "without"], name))
            print("   ", took[-1]["said"], took[-1]["steps"], flush=True)
        first, fixed, more = (one["cpu"] for one in took)
        each = (first - fixed) / len(photos_below(old))
        later = (more - fixed) / len(photos_below(new))
        print(
            f"ms of processor a photo: {each * 1000:.0f} in the first scan, {later * 1000:.0f} for "
            "a new one later "
            f"({later / each:.2f}), and {fixed:.1f} s whatever is new"
        )


def _backbone_into(cache: Path, kept: Path) -> None:
    for part in ("backbones", "engines"):
        if (kept / part).is_dir():
            shutil.copytree(kept / part, cache / part)


_PEER = [sys.executable, "-m", "benchmarks.peers"]
_OURS = [sys.executable, "-c", OURS]


def _some(photos: Path, folder: Path, count: int) -> Path:
    """A folder with some of the photos, drawn at random, below the same class folders; all of
    them for 0."""
    paths = photos_below(photos)
    for path in random.Random(0).sample(paths, count) if 0 < count < len(paths) else paths:
        target = folder / path.relative_to(photos)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return folder


def _run(command: list[str], name: str = "") -> dict:
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "SENTRY_OPT_OUT": "1"}
    )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
    if not name:
        return {}
    found = json.loads(done.stdout.splitlines()[-1])
    _line(name, found["seconds"], found["cpu"], found["peak"])
    return found


def _line(name: str, seconds: float, cpu: float, peak: float) -> None:
    print(
        f"{name:28} {seconds:8.1f} s {cpu:8.1f} s of processor {peak:6.0f} MB at most", flush=True
    )


def add_flags(command: argparse.ArgumentParser) -> None:
    """Its flags."""
    command.add_argument("--photos", type=Path, help="a folder of class folders")
    command.add_argument("--count", type=int, default=0, help="only so many of them; 0: all")
    command.add_argument("--without-fastdup", action="store_true", help="our scan does without it")
    command.add_argument(
        "--one-percent", action="store_true", help="only ours: all but 1 %% of them, then the rest"
    )
    command.add_argument(
        "--thumbnails", type=int, default=0, help="scan so many made-up thumbnails, and 1 %% more"
    )


def run(flags: argparse.Namespace) -> None:
    """Print the figures."""
    if flags.photos and flags.one_percent:
        one_percent_more(flags.photos, flags.count)
    elif flags.photos:
        compare(flags.photos, flags.count, not flags.without_fastdup)
    if flags.thumbnails:
        many(flags.thumbnails)
