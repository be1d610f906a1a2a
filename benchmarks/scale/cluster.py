"""A scan by one, two and four nodes of a Ray cluster, all on this machine: seconds, bytes through
the object store, and whether one process finds the same.

    python -m benchmarks.curation cluster --dataset festival/dataset [--rows 20000] [--nodes 1 2 4]

A node has one processor core to give. More nodes than the machine has cores show what sharing out
the work costs, and no speed-up. Each count runs in a process of its own with an empty cache; that
nodes start and load the network is left out. `python -m benchmarks.scale.cluster NODES ...` is one
of them.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from curation.measures.neighbours import centred, nearest_of
from curation.scan import ray_cluster
from curation.scan.ray_cluster import connected, shards_of
from curation.scan.ray_node import Shard
from curation.scan.run import ScanSettings, scan
from data_cards.dataset.repo import Dataset, open_dataset
from data_cards.settings import default_cache
from train.models.backbone import find_backbone

WARM = 16  # photos a node, that are looked at before the clock starts
WIDTH = 384
STEPS = {"embeddings": "look", "comparing": "compare"}
ALONE = 0  # nodes: one process without Ray


def measured(nodes: int, dataset: Dataset, rows: int, folder: Path) -> dict[str, Any]:
    """Seconds of one scan and of the neighbours of `rows` made-up photos; what was found; and the
    megabytes that were put into object stores and came back."""
    backbone = find_backbone("auto", default_cache(os.environ))
    x = np.random.default_rng(0).normal(size=(rows, WIDTH)).astype(np.float16)
    settings = ScanSettings(fastdup=False, threads=0 if nodes else 1)
    if not nodes:
        report = scan(dataset, backbone, folder, settings)
        return _told(dataset, report.seconds, x, nearest_of)
    from ray.cluster_utils import Cluster as LocalCluster

    node: dict[str, Any] = {"num_cpus": 1, "include_dashboard": False}
    cluster = LocalCluster(initialize_head=True, head_node_args=node)
    for _ in range(nodes - 1):
        cluster.add_node(**node)
    with connected(cluster.address) as on:
        warm = list(dataset.photos())[: WARM * nodes]
        on.embed(dataset, warm, backbone, folder / "warm")
        with _counted() as moved:
            report = scan(dataset, backbone, folder, settings, on.embed, on.search, on.comparers)
            told = _told(dataset, report.seconds, x, on.search)
        return told | {"moved": moved, "nodes": on.nodes}


def _told(dataset: Dataset, steps: Any, x: np.ndarray, search: Any) -> dict[str, Any]:
    began = time.monotonic()
    places, _ = search(np.arange(len(x)), x, centred(x), 12)
    seconds = {name: steps[step] for step, name in STEPS.items()}
    seconds["neighbours"] = time.monotonic() - began
    rows = open_dataset(dataset.address).findings()
    found = sorted((one.image_id, one.kind, one.reason, sorted(one.related)) for one in rows)
    return {"seconds": seconds, "found": found, "places": int(places.astype(np.int64).sum())}


@contextmanager
def _counted() -> Iterator[Counter[str]]:
    """Bytes that this machine puts into object stores meanwhile, and those of the answers."""
    import ray

    moved: Counter[str] = Counter()
    put = ray.put
    get = ray.get

    def puts(one: Any) -> Any:
        moved["out"] += len(pickle.dumps(one))
        return put(one)

    def gets(ref: Any) -> Any:
        one = get(ref)
        moved["back"] += len(pickle.dumps(one))
        return one

    vars(ray).update(put=puts, get=gets)
    yield moved
    vars(ray).update(put=put, get=get)


def blind(dataset: Dataset, ids: Sequence[str]) -> list[Shard]:
    """Shards as if no node saw them."""
    return [replace(one, size=-1) for one in shards_of(dataset, ids)]


def add_flags(command: argparse.ArgumentParser) -> None:
    """Its flags."""
    command.add_argument("--dataset", required=True, help="a folder; it is copied, not changed")
    command.add_argument("--rows", type=int, default=20_000, help="photos of the neighbours")
    command.add_argument("--nodes", type=int, nargs="+", default=[1, 2, 4])
    command.add_argument("--blind", action="store_true", help="nodes do not see the dataset")


def run(flags: argparse.Namespace) -> None:
    """Print a line for one process, and for each count of nodes."""
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    alone: dict[str, Any] = {}
    first: dict[str, float] = {}
    for nodes in (ALONE, *flags.nodes):
        with tempfile.TemporaryDirectory(prefix="ray") as made:  # short: sockets live in it
            shutil.copytree(flags.dataset, Path(made, "set"))
            told = _one(nodes, flags, Path(made))
        alone = alone or told
        if nodes and not first:
            first = told["seconds"]
        same = (told["found"], told["places"]) == (alone["found"], alone["places"])
        seconds = ", ".join(
            f"{name} {took:.1f} s" + (f" ({first[name] / took:.2f}x)" if nodes else "")
            for name, took in told["seconds"].items()
        )
        name = f"{nodes} node{'s' if nodes > 1 else ''}" if nodes else "one process, one thread"
        more = _moved(told) if nodes else ""
        print(
            f"{name:24} {seconds}; {len(told['found'])} findings, "
            f"{'the same' if same else 'OTHERS'}{more}",
            flush=True,
        )


def _moved(told: dict[str, Any]) -> str:
    out, back = (told["moved"][way] / 1e6 for way in ("out", "back"))
    return f"; {out:.1f} MB put into object stores, {back:.1f} MB came back; {told['nodes']}"


def _one(nodes: int, flags: argparse.Namespace, folder: Path) -> dict[str, Any]:
    quiet = {"RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1", "RAY_TMPDIR": str(folder)}
    command = [sys.executable, "-m", __name__, str(nodes), str(folder), str(flags.rows)]
    done = subprocess.run(
        [*command, *(["blind"] if flags.blind else [])],
        capture_output=True,
        text=True,
        env=os.environ | quiet,
    )
    if done.returncode:
        raise SystemExit(f"{nodes} nodes failed:\n{done.stderr[-3000:]}")
    return dict(json.loads((folder / "told.json").read_text()))


if __name__ == "__main__":
    at = Path(sys.argv[2])
    if sys.argv[4:]:
        vars(ray_cluster)["shards_of"] = blind
    made = measured(int(sys.argv[1]), open_dataset(str(at / "set")), int(sys.argv[3]), at / "cache")
    (at / "told.json").write_text(json.dumps(made))
