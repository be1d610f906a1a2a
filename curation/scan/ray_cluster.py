"""Photos looked at by many machines: embeddings, measures and fingerprints through Ray Data.

    ray start --head --port 6379    # on the machine that scans; RAY_USAGE_STATS_ENABLED=0 beside it
    # on every other machine, which needs requirements.txt and -ray.txt, no code:
    ray start --address HEAD:6379
    python -m curation scan DATASET --engine ray --address HEAD:6379

Only the machine that scans reads the dataset and keeps what is found: rows of its shards travel
as Ray's blocks to whichever node is free, and come back as 2 kB of features and 60 kB of
fingerprint. So nodes need neither a shared disk nor a token, and the same way serves a folder
and the Hub. What it costs is that machine's network (docs/guide/scale.md).
"""

from __future__ import annotations

import logging
import pickle
import socket
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from data_cards.bulk.batching import batches
from data_cards.dataset.repo import Dataset
from data_cards.dataset.tables import read_image_group
from data_cards.errors import ClusterUnreachable
from data_cards.progress import say, track
from data_cards.settings import default_cache
from data_cards.wording import counted
from train.inference.embeddings import FeatureCache, Watch, embedder_for
from train.models.backbone import Backbone

KEEP_EVERY = 512  # photos: what a crash can cost
GROUPS_A_TASK = 8  # row groups that one reading hands on
ANSWERS = 5.0  # seconds
CODE = ("data_cards", "train", "curation")


@dataclass(frozen=True)
class Shard:
    """Wanted photos of one row group of a parquet file: `rows` (place in the group, image_id)."""

    path: str
    group: int
    rows: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Looked:
    """One photo as a node saw it: features (d,) float32, and what the watch's `work` made of it."""

    image_id: str
    x: np.ndarray
    made: Any
    node: str


class Cluster:
    """A Ray cluster in the place of `train.inference.embeddings.embed_dataset`. `nodes`: photos
    by node of the last call."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.nodes: dict[str, int] = {}

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
        cluster. Raises ClusterUnreachable."""
        wanted = list(dict.fromkeys(ids))
        features = FeatureCache.of(cache, backbone)
        missing = features.missing(wanted)
        if missing:
            with _connected(self.address):
                self._fill(features, look(dataset, missing, backbone, watch), len(missing), watch)
        return features.load(wanted)

    def _fill(
        self, features: FeatureCache, looked: Iterator[Looked], count: int, watch: Watch | None
    ) -> None:
        nodes: dict[str, int] = defaultdict(int)
        for some in batches(track(looked, "Looking at photos", count), KEEP_EVERY):
            for one in some:
                nodes[one.node] += 1
                if watch and watch.keep:
                    watch.keep(one.image_id, one.made)
            features.add([one.image_id for one in some], np.stack([one.x for one in some]))
        self.nodes = dict(nodes)
        seen = ", ".join(f"{photos} on {node}" for node, photos in sorted(nodes.items()))
        say(f"Looked at {counted(sum(nodes.values()), 'photo')}: {seen or 'none could be read'}.")


def look(
    dataset: Dataset, ids: Sequence[str], backbone: Backbone, watch: Watch | None
) -> Iterator[Looked]:
    """Every readable photo of `ids`, in the order in which the nodes are done with them."""
    import ray

    _hush(ray)
    here = {"ray.io/node-id": ray.get_runtime_context().get_node_id()}
    shards = [{"shard": pickle.dumps(one)} for one in shards_of(dataset, ids)]
    eyes = max(1, int(ray.cluster_resources().get("CPU", 1)))
    blocks = min(
        len(shards), max(4 * eyes, len(shards) // GROUPS_A_TASK)
    )  # something to do for everybody
    rows = ray.data.from_items(shards, override_num_blocks=blocks).flat_map(
        read_rows, num_cpus=0, label_selector=here
    )
    network = ray.put(
        {path.name: path.read_bytes() for path in backbone.path.iterdir() if path.is_file()}
    )
    # One block at a time for each, or the machine where the blocks are would take two before
    # another gets any.
    pool = ray.data.ActorPoolStrategy(size=eyes, max_tasks_in_flight_per_actor=1)
    answers = rows.map_batches(
        Eye,
        batch_size=16,
        compute=pool,
        num_cpus=1,
        fn_constructor_args=(
            [network],
            backbone,
            len(ids),
            watch and watch.longer,
            watch and watch.work,
        ),
    )
    for row in answers.iter_rows():
        if row["answer"]:
            yield pickle.loads(row["answer"])


def shards_of(dataset: Dataset, ids: Iterable[str]) -> list[Shard]:
    """Where the bytes of these photos lie on this machine."""
    found: dict[tuple[str, int], list[tuple[int, str]]] = defaultdict(list)
    for path, group, row, image_id in dataset.places(ids):
        found[str(path), group].append((row, image_id))
    return [Shard(path, group, tuple(rows)) for (path, group), rows in found.items()]


def read_rows(packed: dict[str, Any]) -> list[dict[str, Any]]:
    """A task on the machine that scans: the bytes of a row group's photos."""
    shard: Shard = pickle.loads(packed["shard"])
    images = read_image_group(Path(shard.path), shard.group)
    return [{"image_id": image_id, "data": images[row]} for row, image_id in shard.rows]


class Eye:
    """An actor on some node that holds the network; one for each processor core."""

    def __init__(
        self,
        network: list[Any],
        backbone: Backbone,
        photos: int,
        longer: int | None,
        work: Callable[..., Any] | None,
    ) -> None:
        import ray

        self._longer = longer or 0
        self._work = work
        self._node = ray.get_runtime_context().get_node_id()[:8]
        with tempfile.TemporaryDirectory(prefix="vitrine-node-") as folder:
            for name, data in ray.get(network[0]).items():
                (Path(folder) / name).write_bytes(data)
            # The node's own cache: each keeps the faster engine that it has prepared and found to
            # agree.
            self._embedder = embedder_for(
                replace(backbone, path=Path(folder)), default_cache({}), threads=1, photos=photos
            )

    def __call__(self, rows: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        made: dict[str, Any] = {}
        watch = Watch(
            self._longer, lambda name, data, photo: made.setdefault(name, self._made(data, photo))
        )
        outputs, _ = self._embedder.look(
            list(zip(rows["image_id"], rows["data"], strict=True)), watch
        )
        answers = [
            pickle.dumps(Looked(name, x, made[name], self._node))
            for name, x in zip(outputs.ids, outputs.arrays[-1] if outputs.ids else (), strict=True)
        ]
        answers += [b""] * (len(rows["image_id"]) - len(answers))  # photos that cannot be read
        return {"answer": np.array(answers, dtype=object)}

    def _made(self, data: bytes, photo: Any) -> Any:
        return self._work(data, photo) if self._work else None


def _hush(ray: Any) -> None:
    """Ray Data speaks of its plans and its own future; we say how far the work is."""
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="ray")


@contextmanager
def _connected(address: str) -> Iterator[None]:
    try:
        import ray
    except ImportError as error:
        raise ClusterUnreachable(
            "Ray is not installed here: pip install -r requirements-ray.txt"
        ) from error
    _knock(address)
    root = Path(__file__).parents[2]
    try:
        # The nodes get our code with the work; what it imports they have to have.
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"py_modules": [str(root / name) for name in CODE]},
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ClusterUnreachable(
            f"The Ray cluster at {address} does not accept this machine. Is it one of the nodes? "
            f"If not: ray start --address {address}",
            cause=str(error),
        ) from error
    from ray import exceptions as lost

    try:
        yield
    except (
        lost.RayActorError,
        lost.NodeDiedError,
        lost.LocalRayletDiedError,
        lost.WorkerCrashedError,
        lost.ObjectLostError,
        lost.RaySystemError,
        lost.RpcError,
    ) as error:
        raise ClusterUnreachable(
            f"The Ray cluster at {address} was lost during the scan. Scan again when it is back: "
            "finished work is kept.",
            cause=str(error),
        ) from error
    finally:
        ray.shutdown()


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
