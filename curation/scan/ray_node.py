"""What a node of a Ray cluster does for a scan: read a shard, look at its photos, compare pairs.

    ray.remote(look_at).remote([ray.put(job)], shard, False)

A node reads the shard itself: from the same path, if it sees the same file there; else from the
Hub, with the token that came with the job. Where it can do neither, the machine that scans sends
the photos.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from curation.measures.fingerprint import Match
from curation.measures.fingerprint_store import unpacked
from curation.near_duplicates.groups import PairOfIds
from curation.near_duplicates.pool import matches_of
from data_cards.annotations.frame import Frame, framed_bytes
from data_cards.dataset.tables import read_image_group
from data_cards.errors import BadPhoto, VitrineError
from data_cards.settings import default_cache
from data_cards.storage.atomic_files import damage_named
from train.inference.embeddings import Embedder, Watch, embedder_for
from train.models.backbone import Backbone

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class Shard:
    """Wanted photos of one row group of a parquet file: its path and bytes on the machine that
    scans, its place in the repository, and `rows` (place in the group, name, frame)."""

    path: str
    size: int
    file: str
    group: int
    rows: tuple[tuple[int, str, Frame | None], ...]


@dataclass(frozen=True)
class Job:
    """What all nodes need to look at photos. `home`: the node of the machine that scans; `place`:
    where the dataset is, `hub` its name there, empty for a folder. It holds a token, so it is
    handed on as an object of the cluster, which no log of Ray's shows."""

    home: str
    place: str
    network: Mapping[str, bytes]
    backbone: Backbone
    photos: int
    longer: int
    work: Callable[[bytes, Image], Any] | None
    hub: str = ""
    revision: str = ""
    endpoint: str = ""
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Seen:
    """What a node made of a shard: of each readable photo its name, features (d,) float32 and what
    the job's `work` made of it. `why` it could not read the shard itself, and the bytes of its
    photos that were `sent`; whether the task asked for a GPU."""

    node: str
    looked: tuple[tuple[str, np.ndarray, Any], ...]
    why: str
    sent: int
    asked_gpu: bool


def look_at(job: Sequence[Any], shard: Shard, asked_gpu: bool) -> Seen:
    """A task: look at the photos of a shard. `job`: an ObjectRef of the Job, in a list, so that it
    is read once and not with every shard."""
    import ray

    what, embedder = _ready(job[0], asked_gpu)
    stored, why = _read(what, shard)
    made: dict[str, Any] = {}

    def see(name: str, data: bytes, photo: Image) -> None:
        made[name] = what.work(data, photo) if what.work else None

    photos = list(_framed(shard, stored))
    outputs, _ = embedder.look(photos, Watch(what.longer, see))
    features = outputs.arrays[-1] if outputs.ids else ()
    return Seen(
        ray.get_runtime_context().get_node_id()[:8],
        tuple((name, x, made[name]) for name, x in zip(outputs.ids, features, strict=True)),
        why,
        sum(map(len, stored)) if why else 0,
        asked_gpu,
    )


def stored_rows(shard: Shard) -> list[bytes]:
    """The stored bytes of a shard's photos, read from its path. Raises DamagedFile."""
    with damage_named(shard.file, "Put it back from a copy, or use an earlier revision."):
        images = read_image_group(Path(shard.path), shard.group)
    return [images[row] for row, _, _ in shard.rows]


def path_here(job: Job, shard: Shard) -> tuple[Path | None, str]:
    """Where this machine can read a shard, else a reason why it cannot."""
    path = Path(shard.path)
    if _is_same_file(path, shard.size):
        return path, ""
    if not job.hub:
        return None, f"can't see {job.place}"
    try:
        return _repository(job.hub, job.endpoint, job.token).fetch(shard.file, job.revision), ""
    except VitrineError as error:
        return None, f"can't read {job.place} ({error.sentence.rstrip('.')})"


def compare_elsewhere(
    names: Sequence[str], prints: Sequence[Any], pairs: Sequence[PairOfIds]
) -> list[Match]:
    """A task: the matches of pairs of these photos. `prints`: an ObjectRef of the packed
    fingerprint of each, None for a photo that cannot be read."""
    import cv2
    import ray
    from threadpoolctl import threadpool_limits

    cv2.setNumThreads(1)
    known = {
        name: unpacked(packed) if packed else None
        for name, packed in zip(names, ray.get(list(prints)), strict=True)
    }
    with threadpool_limits(1, "blas"):
        return list(matches_of(known, pairs))


@lru_cache(maxsize=1)
def _ready(job: Any, with_gpu: bool) -> tuple[Job, Embedder]:
    """A process of a node keeps the network for all the shards that it gets."""
    import ray

    what: Job = ray.get(job)
    with tempfile.TemporaryDirectory(prefix="vitrine-node-") as folder:
        for name, data in what.network.items():
            (Path(folder) / name).write_bytes(data)
        return what, _embedder(what, replace(what.backbone, path=Path(folder)), with_gpu)


def _embedder(job: Job, backbone: Backbone, with_gpu: bool) -> Embedder:
    if with_gpu:
        import torch

        if torch.cuda.is_available():
            from train.inference.engine import TorchEngine
            from train.models.heads import load_pooled

            module = load_pooled(backbone.path).to("cuda")
            return Embedder(TorchEngine(module, "cuda"), backbone.framing())
    # The node's own cache: each keeps the faster engine that it has prepared and found to agree.
    return embedder_for(backbone, default_cache({}), threads=1, photos=job.photos)


def _read(job: Job, shard: Shard) -> tuple[list[bytes], str]:
    import ray

    path, why = _first_refusal(job, shard)
    if path:
        return stored_rows(replace(shard, path=str(path))), ""
    at_home = {"ray.io/node-id": job.home}
    far = ray.remote(stored_rows).options(num_cpus=0, label_selector=at_home)
    return ray.get(far.remote(shard)), why


_REFUSED: dict[str, str] = {}  # by dataset: the Hub that did not answer is not asked for each shard


def _first_refusal(job: Job, shard: Shard) -> tuple[Path | None, str]:
    if job.hub in _REFUSED:
        return None, _REFUSED[job.hub]
    path, why = path_here(job, shard)
    if why and job.hub:
        _REFUSED[job.hub] = why
    return path, why


def _framed(shard: Shard, stored: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    for (_, name, frame), data in zip(shard.rows, stored, strict=True):
        try:
            yield name, framed_bytes(data, frame) if frame else data
        except BadPhoto:
            yield name, data  # it cannot be read, which is for the embedder to find


def _is_same_file(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size and os.access(path, os.R_OK)
    except OSError:  # not there, or in a folder that is closed to us
        return False


@lru_cache(maxsize=1)
def _repository(name: str, endpoint: str, token: str) -> Any:
    from data_cards.storage.hub import HubRepository

    return HubRepository(name, endpoint=endpoint, token=token or None)
