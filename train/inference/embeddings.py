"""Photos -> embeddings, each computed once: batched, decoded ahead of the network, kept on disk.

The same engine and the same framing serve, scan and train. Memory stays flat: a few batches are
in flight, whatever the number of photos.
"""

from __future__ import annotations

import os
import threading
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from data_cards.bulk.batching import batches, side_by_side
from data_cards.errors import BadPhoto, NotExportable
from data_cards.photos.image import READING
from data_cards.progress import say, track
from data_cards.storage.atomic_files import full_disk_named
from train.images.preprocessing import Preprocessing
from train.inference import engine as engines
from train.inference.crops import SHARE, boxes, cut
from train.inference.engine import Engine
from train.models.backbone import Backbone

if TYPE_CHECKING:
    from PIL.Image import Image

SHARD = 512
# Writing the ONNX file takes as long as torch needs for about this many photos.
WORTH_EXPORTING = 300


class Photos(Protocol):
    """What we need of a dataset: photos by id, streaming, in storage order."""

    def read_photos(self, ids: Sequence[str]) -> Iterable[tuple[str, bytes]]: ...


@dataclass(frozen=True)
class Outputs:
    """What a network said about photos, row by row: `arrays` holds each of its outputs, (n,
    ...)."""

    ids: tuple[str, ...]
    arrays: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Watch:
    """A watcher that sees photos on their way to the network, so that none is read and decoded
    twice.

    `see` gets name, bytes and the decoded photo, whose longer side has at least `longer` pixels
    where the photo has them; from several threads. The same in two halves, for photos that are
    looked at on other machines: `work` on bytes and photo may be done there, `keep` gets the
    name and what came of it, here. `find` gets the name and the class numbers of the pictures that
    are in a photo side by side, from a network that finds pictures.
    """

    longer: int
    see: Callable[[str, bytes, Image], object]
    work: Callable[[bytes, Image], Any] | None = None
    keep: Callable[[str, Any], object] | None = None
    find: Callable[[str, Sequence[int]], object] | None = None


class Embedder:
    """An engine behind its framing. Safe to use from several threads."""

    def __init__(self, engine: Engine, preprocess: Preprocessing, batch: int = 16) -> None:
        self.engine = engine
        self.preprocess = preprocess
        self.batch = batch
        self._turns = threading.Semaphore(engine.streams)

    def embed(self, photos: Iterable[bytes]) -> np.ndarray:
        """(n, d) float32, raw (not normalised). Raises BadPhoto at the first one that cannot be
        read."""
        tensors = map(self.preprocess, photos)
        parts = [self.engine.run(np.stack(some))[-1] for some in batches(tensors, self.batch)]
        return np.concatenate(parts) if parts else np.zeros((0, 0), dtype=np.float32)

    def ask(self, data: bytes, watch: Watch | None = None) -> tuple[np.ndarray, ...]:
        """What the network says about one photo: a row of each of its outputs. Raises BadPhoto."""
        tensor = self._tensor("photo", data, watch)
        return tuple(rows[0] for rows in self.engine.run(tensor[None]))

    def ask_parts(self, data: bytes) -> tuple[np.ndarray, ...]:
        """What the network says about the parts of a photo (see `crops`): a row of each output for
        each part. Raises BadPhoto."""
        photo = self.preprocess.opened(data, round(self.preprocess.size / SHARE))
        framed = (self.preprocess.framed(cut(photo, box)) for box in boxes())
        return self.engine.run(np.stack([self.preprocess.tensor(one) for one in framed]))

    def outline(self, data: bytes, number: int, shape: tuple[int, int]) -> np.ndarray | None:
        """Where the picture of class `number`, of this width and height, lies in a photo: its
        corners (4, 2) as shares of the photo; None from a network that finds no pictures. Raises
        BadPhoto."""
        return None

    def stream(
        self,
        photos: Iterable[tuple[str, bytes]],
        unreadable: Callable[[str, BadPhoto], None] | None = None,
        watch: Watch | None = None,
    ) -> Iterator[Outputs]:
        """Batch by batch over (id, bytes); a photo that cannot be read is told to `unreadable`
        and left out.

        While one thread waits for the network, another decodes: a phone photo costs as much to
        decode as to look at.
        """
        tell = unreadable or _say_unreadable
        for outputs, bad in side_by_side(
            lambda some: self.look(some, watch),
            batches(photos, self.batch),
            max(2, self.engine.streams),
        ):
            for name, error in bad:
                tell(name, error)
            if outputs.ids:
                yield outputs

    def look(
        self, photos: Sequence[tuple[str, bytes]], watch: Watch | None
    ) -> tuple[Outputs, list[tuple[str, BadPhoto]]]:
        """One batch: what the network says of it, and the photos that cannot be read."""
        tensors, bad = self.tensors(photos, watch)
        if not tensors:
            return Outputs((), ()), bad
        with self._turns:
            return Outputs(tuple(tensors), self.engine.run(np.stack(list(tensors.values())))), bad

    def tensors(
        self, photos: Sequence[tuple[str, bytes]], watch: Watch | None
    ) -> tuple[dict[str, np.ndarray], list[tuple[str, BadPhoto]]]:
        """What the network is shown of each photo, (3, h, w), and the photos that cannot be
        read."""
        tensors: dict[str, np.ndarray] = {}
        bad: list[tuple[str, BadPhoto]] = []
        for name, data in photos:
            try:
                tensors[name] = self._tensor(name, data, watch)
            except BadPhoto as error:  # the one per-photo skip: a damaged photo never stops the run
                bad.append((name, error))
        return tensors, bad

    def _tensor(self, name: str, data: bytes, watch: Watch | None) -> np.ndarray:
        photo = self.preprocess.opened(data, watch.longer if watch else 0)
        if watch:
            watch.see(name, data, photo)
        return self.preprocess.tensor(self.preprocess.framed(photo))


def embedder_for(
    backbone: Backbone,
    cache: Path,
    size: int | None = None,
    batch: int = 16,
    engine: str = "auto",
    threads: int = 0,
    photos: int = WORTH_EXPORTING,
    streams: int = 1,
) -> Embedder:
    """An embedder of a backbone's pooled features, through the fastest engine that agrees with
    torch.

    `size`: side in pixels, the backbone's own by default. `photos`: about how many are to come;
    for a few of them torch is done before anything faster is ready. The ONNX file is kept in
    `cache`. `streams`: see `open_onnx`.
    """
    preprocess = backbone.framing(size)
    kept = cache / "engines" / f"{backbone.revision[:12]}-{preprocess.size}-{engines.FORM}.onnx"
    if engine == "auto" and not kept.is_file() and photos < WORTH_EXPORTING:
        engine = "torch"
    return Embedder(
        _engine(backbone, kept, preprocess.size, engine, threads, streams), preprocess, batch
    )


def embed_dataset(
    dataset: Photos,
    ids: Iterable[str],
    backbone: Backbone,
    cache: Path,
    size: int | None = None,
    batch: int = 16,
    threads: int = 0,
    watch: Watch | None = None,
) -> tuple[list[str], np.ndarray]:
    """The pooled features of these photos, (n, d) float16, in the order of `ids`; unreadable
    ones are left out.

    Only photos that were never seen at this backbone revision and framing are read, shown to
    `watch` and computed.
    """
    # To the network, a photo with a new crop is another photo.
    name_of = getattr(dataset, "name_of", str)
    named = {name_of(image_id): image_id for image_id in dict.fromkeys(ids)}
    features = FeatureCache.of(cache, backbone, size)
    missing = features.missing(named)
    if missing:
        embedder = embedder_for(
            backbone, cache, size, batch, "auto", threads, len(missing), threads or cores()
        )
        read = dataset.read_photos([named[name] for name in missing])
        again = ((name_of(image_id), data) for image_id, data in read)
        photos = track(again, "Looking at photos", len(missing))
        _compute(embedder.stream(photos, watch=watch), max(SHARD // batch, 1), features)
    found, x = features.load(named)
    return [named[name] for name in found], x


@dataclass(frozen=True, slots=True)
class _Place:
    shard: Path
    row: int


class FeatureCache:
    """Features by image_id in append-only shards of a folder; a crash loses at most the shard
    being made.

    Kept and handed out in float16: 3 significant digits. Who computes with features widens them,
    of many a part at a time.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._places = dict[str, _Place]()
        for shard in sorted(folder.glob("*.npz")):
            self._know(shard, _ids(shard))

    @classmethod
    def of(cls, cache: Path, backbone: Backbone, size: int | None = None) -> FeatureCache:
        """The place for a backbone revision and a framing: another one never gets its features
        from here, nor does another way to read photos."""
        seen = backbone.framing(size)
        framing = sha256(f"{seen!r} {READING}".encode()).hexdigest()[:6]
        return cls(cache / "features" / f"{backbone.revision[:12]}-{seen.size}-{framing}")

    def __len__(self) -> int:
        return len(self._places)

    def missing(self, ids: Iterable[str]) -> list[str]:
        """Those of `ids` that were not computed yet, in order."""
        return [name for name in ids if name not in self._places]

    def known(self, ids: Iterable[str]) -> list[str]:
        """Those of `ids` that are here, in order."""
        return [name for name in ids if name in self._places]

    def add(self, ids: Sequence[str], x: np.ndarray) -> None:
        """Keep rows x (n, d) for `ids`; they are there after a crash, or none of them is."""
        if not len(ids):
            return
        shard = self.folder / f"{sha256(''.join(ids).encode()).hexdigest()[:24]}.npz"
        making = shard.with_suffix(f".{threading.get_native_id()}.making")
        with full_disk_named("what was computed"):
            self.folder.mkdir(parents=True, exist_ok=True)
            with making.open("wb") as file:
                np.savez(file, ids=np.array(ids), x=np.asarray(x, dtype=np.float16))
            making.replace(shard)
        self._know(shard, ids)

    def _know(self, shard: Path, ids: Iterable[str]) -> None:
        for row, name in enumerate(ids):
            self._places[name] = _Place(shard, row)

    def forget(self, ids: Collection[str]) -> None:
        """Let go of the features of these photos for good."""
        for shard in {self._places[name].shard for name in ids if name in self._places}:
            names = _ids(shard)
            rows = [row for row, name in enumerate(names) if name not in ids]
            with np.load(shard) as opened:
                x = opened["x"][rows]
            self.add([names[row] for row in rows], x)
            shard.unlink()
        for name in ids:
            self._places.pop(name, None)

    def load(self, ids: Iterable[str]) -> tuple[list[str], np.ndarray]:
        """Those of `ids` that are here, in order, and their rows (n, d) float16."""
        here = self.known(ids)
        by_shard: dict[Path, list[int]] = {}
        for row, name in enumerate(here):
            by_shard.setdefault(self._places[name].shard, []).append(row)
        x: np.ndarray | None = None
        for shard, rows in by_shard.items():
            with np.load(shard) as opened:
                kept = opened["x"]
            x = np.empty((len(here), kept.shape[1]), np.float16) if x is None else x
            x[rows] = kept[[self._places[here[row]].row for row in rows]]
        return here, np.zeros((0, 0), dtype=np.float16) if x is None else x


def forget_features(folder: Path, ids: Collection[str]) -> None:
    """Let go of the features of these photos in every cache below a folder."""
    for one in folder.glob("*/"):
        for left in one.glob("*.making"):  # by a computation that was killed, or will be made again
            left.unlink(missing_ok=True)
        FeatureCache(one).forget(ids)


def _compute(outputs: Iterable[Outputs], at_once: int, features: FeatureCache) -> None:
    for some in batches(outputs, at_once):
        ids = tuple(chain.from_iterable(part.ids for part in some))
        features.add(ids, np.concatenate([part.arrays[-1] for part in some]))


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _engine(
    backbone: Backbone, kept: Path, size: int, name: str, threads: int, streams: int
) -> Engine:
    fast = [
        other for other in (engines.installed() if name == "auto" else (name,)) if other != "torch"
    ]
    if fast and (proven := engines.proven(kept, fast)):
        return engines.open_onnx(kept, proven, threads, exact=False, streams=streams)
    from train.models.heads import load_pooled

    exact = engines.TorchEngine(load_pooled(backbone.path))
    if not fast:
        return exact
    if not kept.is_file():
        say("Preparing a faster engine for this backbone (once) ...")
        try:
            engines.write_onnx(exact.module, size, kept, ["embedding"])
        except NotExportable as error:
            say(error.sentence)
            return exact
    return engines.prove(kept, fast, exact, size, threads, streams)


def _say_unreadable(name: str, error: BadPhoto) -> None:
    say(f"Photo {name[:12]} is left out: {error.sentence}")


def _ids(shard: Path) -> list[str]:
    try:
        with shard.open("rb") as file, np.load(file) as kept:
            return [str(name) for name in kept["ids"]]
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        # A disk that lost power can leave a shard cut short; its photos are simply computed again.
        return []
