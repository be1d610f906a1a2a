"""A scan by many machines: photos, neighbours and pairs as tasks of a Ray cluster.

    ray start --head --port 6379    # on the machine that scans; RAY_USAGE_STATS_ENABLED=0 beside it
    # on every other machine, which needs requirements.txt and -ray.txt, no code:
    ray start --address HEAD:6379
    python -m curation scan DATASET --engine ray --address HEAD:6379

Nodes read the photos themselves where they see the dataset (`ray_node`); features and
fingerprints come back and are kept by the machine that scans. What moves and what it costs:
docs/guide/scale.md.
"""

from __future__ import annotations

import io
import logging
import math
import socket
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from curation.measures.fingerprint import Match
from curation.measures.fingerprint_store import FingerprintStore
from curation.measures.neighbours import Lens, nearest_of, rows_at_once
from curation.near_duplicates.groups import PairOfIds
from curation.near_duplicates.pool import PAIRS_AT_ONCE, Comparers, names_of
from curation.scan.ray_node import Job, Seen, Shard, compare_elsewhere, look_at
from data_cards.annotations.framed_photos import FramedDataset
from data_cards.bulk.batching import batches
from data_cards.dataset.repo import Dataset
from data_cards.errors import ClusterUnreachable, VitrineError
from data_cards.progress import say, track
from data_cards.storage.repository import HUB, parse_address
from data_cards.wording import counted
from train.inference.embeddings import FeatureCache, Watch
from train.models.backbone import Backbone

KEEP_EVERY = 512  # photos: what a crash can cost
TASKS_A_CORE = 2  # in flight: one that is worked on, one whose data may travel meanwhile
PAIRS_A_TASK = 256  # .1 s of a core (docs/guide/scale.md)
PRINTS_KEPT = 20_000  # fingerprints in the cluster's memory: 1.2 GB at most
EYES_A_GPU = 8  # processes that share a GPU: decoding a photo takes a core longer than looking
ANSWERS = 5.0  # seconds
PATIENCE = 30.0  # seconds without an answer, after which the cluster is counted again
CODE = ("data_cards", "train", "curation")
Item = TypeVar("Item")


class Cluster:
    """A Ray cluster in the place of this machine: `embed`, `search` and `comparers` are what
    `curation.scan.run.scan` takes. `nodes`: photos by node of the last call."""

    def __init__(self, address: str, token: str = "") -> None:
        self.address = address
        self.nodes: dict[str, int] = {}
        self._token = token
        self._cores = self._cores_left()
        self._gpu_places = gpu_places(_nodes())
        self._want_gpu: set[Any] = set()

    def embed(
        self,
        dataset: Dataset,
        ids: Iterable[str],
        backbone: Backbone,
        cache: Path,
        threads: int = 0,
        watch: Watch | None = None,
    ) -> tuple[list[str], np.ndarray]:
        """As `embed_dataset`: features of `ids`, those that were never computed from the
        cluster."""
        # To the network, a photo with a new crop is another photo.
        named = {dataset.name_of(image_id): image_id for image_id in dict.fromkeys(ids)}
        features = FeatureCache.of(cache, backbone)
        missing = [named[name] for name in features.missing(named)]
        if missing:
            seen = self._look(dataset, missing, backbone, watch or Watch(0, lambda *_: None))
            self._keep(features, seen, len(missing), watch)
        found, x = features.load(named)
        return [named[name] for name in found], x

    def search(
        self, rows: np.ndarray, x: np.ndarray, lens: Lens, count: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `nearest_of`, by blocks of rows."""
        import ray

        block = rows_at_once(len(x))
        blocks = math.ceil(len(rows) / block)
        if blocks < 2:
            return nearest_of(rows, x, lens, count)
        step = block * math.ceil(blocks / (TASKS_A_CORE * self._cores))
        parts = [rows[start : start + step] for start in range(0, len(rows), step)]
        everywhere = ray.put(x)
        task = ray.remote(nearest_of)
        found = self._in_order(lambda part: task.remote(part, everywhere, lens, count), parts)
        places, cosines = zip(*found, strict=True)
        return np.concatenate(places), np.concatenate(cosines)

    def comparers(self, store: FingerprintStore) -> Comparers:
        """Those who compare the photos of a store. A fingerprint leaves this machine once, however
        many pairs it is part of."""
        import ray

        task = ray.remote(compare_elsewhere)

        @lru_cache(PRINTS_KEPT)
        def sent(name: str) -> Any:
            return ray.put(store.packed(name))

        def ask(pairs: Sequence[PairOfIds]) -> Any:
            names = names_of(pairs)
            return task.remote(names, [sent(name) for name in names], pairs)

        def compare(_: FingerprintStore, pairs: Sequence[PairOfIds]) -> Iterator[Match]:
            for matches in self._in_order(ask, list(batches(pairs, PAIRS_A_TASK))):
                yield from matches

        at_once = max(PAIRS_AT_ONCE, 8 * TASKS_A_CORE * self._cores * PAIRS_A_TASK)
        return Comparers(store, compare, at_once)

    def _look(
        self, dataset: Dataset, ids: Sequence[str], backbone: Backbone, watch: Watch
    ) -> Iterator[Seen]:
        """Every readable photo of `ids`, in the order in which nodes are done with their shards."""
        import ray

        home = ray.get_runtime_context().get_node_id()
        job = [ray.put(self._job(home, dataset, len(ids), backbone, watch))]
        task = ray.remote(num_cpus=1, max_calls=0)(look_at)
        free = self._gpu_places

        def ask(shard: Shard) -> Any:
            nonlocal free
            on_gpu = free > 0
            free -= on_gpu
            share = 1 / EYES_A_GPU if on_gpu else 0
            ref = task.options(num_gpus=share).remote(job, shard, on_gpu)
            if on_gpu:
                self._want_gpu.add(ref)
            return ref

        for _, seen in self._answers(ask, shards_of(dataset, ids)):
            free += seen.asked_gpu
            yield seen

    def _job(
        self, home: str, dataset: Dataset, photos: int, backbone: Backbone, watch: Watch
    ) -> Job:
        from huggingface_hub import constants

        network = {
            path.name: path.read_bytes() for path in backbone.path.iterdir() if path.is_file()
        }
        job = Job(home, dataset.address, network, backbone, photos, watch.longer, watch.work)
        if parse_address(dataset.address).kind != "hub":
            return job
        hub = dataset.address.removeprefix(HUB)
        return replace(
            job, hub=hub, revision=dataset.revision, endpoint=constants.ENDPOINT, token=self._token
        )

    def _keep(
        self, features: FeatureCache, answers: Iterator[Seen], count: int, watch: Watch | None
    ) -> None:
        nodes: Counter[str] = Counter()
        sent: dict[str, Counter[str]] = defaultdict(Counter)
        before = _alive()

        def photos() -> Iterator[tuple[str, np.ndarray, Any]]:
            for seen in answers:
                nodes[seen.node] += len(seen.looked)
                if seen.why:
                    sent[seen.why] += Counter({seen.node: seen.sent})
                yield from seen.looked

        for some in batches(track(photos(), "Looking at photos", count), KEEP_EVERY):
            for name, _, made in some:
                if watch and watch.keep:
                    watch.keep(name, made)
            features.add([name for name, _, _ in some], np.stack([x for _, x, _ in some]))
        self.nodes = dict(nodes)
        say(seen_by(self.nodes))
        for why, by_node in sent.items():
            say(sent_to(by_node, why))
        if lost := before - _alive():
            say(
                f"{counted(len(lost), 'node')} of the cluster went away; the others did their work."
            )

    def _in_order(self, ask: Callable[[Item], Any], items: Sequence[Item]) -> list[Any]:
        answers = dict(self._answers(lambda n: ask(items[n]), range(len(items))))
        return [answers[n] for n in range(len(items))]

    def _answers(
        self, ask: Callable[[Item], Any], items: Iterable[Item]
    ) -> Iterator[tuple[Item, Any]]:
        """What tasks answer, as they are done, with a bounded number of them in flight. Ray
        gives the task of a node that died to another."""
        pending: dict[Any, Item] = {}
        for item in items:
            pending[ask(item)] = item
            if len(pending) >= TASKS_A_CORE * self._cores:
                yield from self._done(ask, pending)
        while pending:
            yield from self._done(ask, pending)

    def _done(
        self, ask: Callable[[Item], Any], pending: dict[Any, Item]
    ) -> Iterator[tuple[Item, Any]]:
        import ray

        done, _ = ray.wait(list(pending), timeout=PATIENCE)
        for ref in done:
            self._want_gpu.discard(ref)
            yield pending.pop(ref), ray.get(ref)
        if not done and self._cores_left() and self._lost_all_gpus():
            for ref in self._want_gpu & pending.keys():  # they would wait for a GPU for ever
                ray.cancel(ref)
                item = pending.pop(ref)
                pending[ask(item)] = item

    def _cores_left(self) -> int:
        import ray

        cores = int(ray.cluster_resources().get("CPU", 0))
        if not cores:
            raise ClusterUnreachable(
                f"No node of the Ray cluster at {self.address} has a processor core to give. Start "
                f"one on another machine with: ray start --address {self.address}"
            )
        return cores

    def _lost_all_gpus(self) -> bool:
        had = self._gpu_places
        self._gpu_places = gpu_places(_nodes())
        return bool(had and not self._gpu_places)


def gpu_places(nodes: Iterable[Mapping[str, float]]) -> int:
    """How many processes may share the GPUs of nodes, each with a core of its node.

    >>> gpu_places([{"CPU": 16, "GPU": 1}, {"CPU": 4, "GPU": 2}, {"CPU": 32}])
    12
    """
    return sum(int(min(EYES_A_GPU * one.get("GPU", 0), one.get("CPU", 0))) for one in nodes)


def shards_of(dataset: Dataset, ids: Iterable[str]) -> list[Shard]:
    """Where the bytes of these photos lie on this machine, in storage order, and how people framed
    them."""
    frames = dataset.frames if isinstance(dataset, FramedDataset) else {}
    found: dict[tuple[Path, int], list[str]] = defaultdict(list)
    rows: dict[str, int] = {}
    for path, group, row, image_id in dataset.places(ids):
        found[path, group].append(image_id)
        rows[image_id] = row
    return [
        Shard(
            str(path.absolute()),
            path.stat().st_size,
            dataset.shard_of(names[0]),
            group,
            tuple((rows[one], dataset.name_of(one), frames.get(one)) for one in names),
        )
        for (path, group), names in found.items()
    ]


def seen_by(nodes: Mapping[str, int]) -> str:
    """For people: which node looked at how many photos."""
    seen = ", ".join(f"{photos} on {node}" for node, photos in sorted(nodes.items()))
    return f"Looked at {counted(sum(nodes.values()), 'photo')}: {seen or 'none could be read'}."


def sent_to(by_node: Mapping[str, int], why: str) -> str:
    """For people: nodes that could not read photos themselves, and the bytes that each was sent.

    >>> sent_to({"ab12": 2_500_000, "cd34": 1_000_000}, "can't see /photos")
    "2 nodes (ab12, cd34) can't see /photos; this machine sent them the photos (3.5 MB)."
    """
    nodes = f"{counted(len(by_node), 'node')} ({', '.join(sorted(by_node))})"
    megabytes = sum(by_node.values()) / 1e6
    them = "it" if len(by_node) == 1 else "them"
    return f"{nodes} {why}; this machine sent {them} the photos ({megabytes:.1f} MB)."


@contextmanager
def connected(address: str, token: str = "") -> Iterator[Cluster]:
    """A cluster while a scan needs it. `token`: with which nodes read a dataset on the Hub that
    not everybody may read. Raises ClusterUnreachable."""
    try:
        import ray
    except ImportError as error:
        raise ClusterUnreachable(
            "Ray is not installed here: pip install -r requirements-ray.txt"
        ) from error
    _knock(address)
    # Ray prints what a raylet logged last when a node goes away; `_keep` has a sentence for it.
    with _named(address), redirect_stdout(io.StringIO()):
        _join(address)
        try:
            yield Cluster(address, token)
        finally:
            ray.shutdown()


def _join(address: str) -> None:
    import ray

    root = Path(__file__).parents[2]
    try:
        # The nodes get our code with the work; what it imports they have to have.
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"py_modules": [str(root / name) for name in CODE]},
        )
    except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise ClusterUnreachable(
            f"The Ray cluster at {address} does not accept this machine. Is it one of the nodes? "
            f"If not: ray start --address {address}",
            cause=str(error),
        ) from error


@contextmanager
def _named(address: str) -> Iterator[None]:
    """What went wrong on a node as if it had gone wrong here, and a sentence for a cluster that is
    lost."""
    from ray.exceptions import RayError, RayTaskError

    try:
        yield
    except RayTaskError as error:
        if isinstance(error.cause, VitrineError):
            raise error.cause from error
        # Ray says so where a task's own module cannot be imported.
        if not isinstance(error.cause, ImportError | OSError | RuntimeError):
            raise
        why = str(error.cause).strip().partition("\n")[0]
        raise ClusterUnreachable(
            f"A node of the Ray cluster at {address} could not do its work ({why}). Each needs "
            "the packages of requirements.txt and space on its disk. Finished work is kept; scan "
            "again.",
            cause=str(error),
        ) from error
    except RayError as error:
        raise ClusterUnreachable(
            f"The Ray cluster at {address} was lost during the scan. Scan again when it is back: "
            "finished work is kept.",
            cause=str(error),
        ) from error


def _nodes() -> list[Mapping[str, float]]:
    """What each node has that is alive."""
    import ray

    return [one["Resources"] for one in ray.nodes() if one["Alive"]]


def _alive() -> set[str]:
    import ray

    return {one["NodeID"] for one in ray.nodes() if one["Alive"]}


def _knock(address: str) -> None:
    """Ray itself would wait for minutes. "auto" is the cluster that this machine is part of."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=ANSWERS).close()
    except (OSError, ValueError) as error:
        raise ClusterUnreachable(
            f"No Ray cluster answers at {address}. Start one with: ray start --head --port 6379",
            cause=str(error),
        ) from error
