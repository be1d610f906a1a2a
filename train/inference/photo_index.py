"""Photos that look alike: the labelled photos' features and small pictures, inside a release."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from data_cards.errors import BadModel
from data_cards.storage.atomic_files import model_file
from train.statistics.vectors import product, unit

FEATURES = "features.npy"
PHOTOS = "photos.parquet"
GRAPH = "graph.usearch"
SIDE = 160  # pixels of a small picture's longer side
ROWS_PER_GROUP = 64
# With fewer photos than this, looking at all of them takes less than two milliseconds, and misses
# none.
GRAPH_FROM = 5_000
# The graph misses one in a few hundred; asked for more than is wanted, it misses hardly any of the
# nearest.
MORE = 2
FEWEST = 32


@dataclass(frozen=True)
class Neighbour:
    """A photo of the index and its cosine to the one that was asked about."""

    image_id: str
    label: str
    score: float


class Index:
    """Features (n, d) of length 1, and what they belong to. Safe to ask from several threads.

    `thumbnail_of`: the small JPEG of a row; `graph`: a usearch index over the same rows, where
    there are many.
    """

    def __init__(
        self,
        ids: Sequence[str],
        labels: Sequence[str],
        features: np.ndarray,
        thumbnail_of: Callable[[int], bytes],
        graph: Any = None,
    ) -> None:
        self.ids = list(ids)
        self.labels = list(labels)
        self.features = features
        self._graph = graph
        self._row = {image_id: row for row, image_id in enumerate(self.ids)}
        self._classes = np.array(self.labels, dtype=object)
        self._thumbnail_of = thumbnail_of

    def __contains__(self, image_id: object) -> bool:
        return image_id in self._row

    def __len__(self) -> int:
        return len(self.ids)

    def nearest(self, embedding: np.ndarray, k: int) -> list[Neighbour]:
        """The k photos nearest to an embedding (d,), nearest first; a photo's own copy is among
        them."""
        if not self.ids or k < 1:
            return []
        return self._best(self._candidates(unit(embedding[None])[0], k), embedding, k)

    def nearest_of(self, labels: Iterable[str], embedding: np.ndarray, k: int) -> list[Neighbour]:
        """k photos, those of the first of `labels` before those of the second and so on, each
        nearest first."""
        found: list[Neighbour] = []
        for label in labels:
            if len(found) >= k:
                break
            found += self._best(np.flatnonzero(self._classes == label), embedding, k)
        return found[: max(k, 0)]

    def _best(self, rows: np.ndarray, embedding: np.ndarray, k: int) -> list[Neighbour]:
        features = self.features if len(rows) == len(self.features) else self.features[rows]
        scores = product(unit(embedding[None]), features.astype(np.float32, copy=False).T)[0]
        order = np.argsort(-scores, kind="stable")[:k]
        return [
            Neighbour(self.ids[row], self.labels[row], float(min(max(score, 0.0), 1.0)))
            for row, score in zip(rows[order], scores[order], strict=True)
        ]

    def _candidates(self, wanted: np.ndarray, k: int) -> np.ndarray:
        """Rows among which the nearest are: all of them, or what the graph proposes."""
        if self._graph is None:
            return np.arange(len(self.ids))
        return np.sort(
            np.asarray(
                self._graph.search(wanted, min(max(MORE * k, FEWEST), len(self.ids))).keys, np.int64
            )
        )

    def rows_of(self, ids: Iterable[str]) -> np.ndarray:
        """The rows of those photos that are in the index."""
        return np.array([self._row[name] for name in ids if name in self._row], np.int64)

    def typical(self, label: str) -> str | None:
        """The photo of a class that is nearest to the middle of all its photos; None where there
        is none."""
        rows = np.flatnonzero(self._classes == label)
        if not len(rows):
            return None
        features = self.features[rows].astype(np.float32)
        return self.ids[rows[int(np.argmax(features @ features.mean(axis=0)))]]

    def thumbnail(self, image_id: str) -> bytes | None:
        """The small JPEG of a photo of the index."""
        row = self._row.get(image_id)
        return None if row is None else self._thumbnail_of(row)

    @classmethod
    def load(cls, folder: Path) -> Index:
        """Read what `write_index` wrote; a release without it knows no photos that look alike.
        Raises BadModel."""
        if not (folder / FEATURES).is_file():
            return cls([], [], np.zeros((0, 0)), _no_thumbnail)
        import pyarrow.parquet as pq

        with model_file(f"index/{FEATURES}"):
            features = np.load(folder / FEATURES)
        with model_file(f"index/{PHOTOS}"):
            table = pq.read_table(folder / PHOTOS, columns=["image_id", "label"])
        if len(features) != table.num_rows:
            raise BadModel(
                "This model's index of photos is damaged; train again, or fetch the model again.",
                features=len(features),
                photos=table.num_rows,
            )
        columns = table.to_pydict()
        graph = _graph_in(folder, len(features))
        kept = features if graph is not None else features.astype(np.float32)
        return cls(
            columns["image_id"],
            columns["label"],
            kept,
            partial(_thumbnail_in, folder / PHOTOS),
            graph,
        )


def write_index(
    folder: Path,
    ids: Sequence[str],
    labels: Sequence[str],
    embeddings: np.ndarray,
    thumbnails: Sequence[bytes],
) -> None:
    """Keep embeddings (n, d) as float16 of length 1, beside image_id, class id and small JPEG of
    each photo.

    From GRAPH_FROM photos on also a graph over them (HNSW, Malkov and Yashunin 2016, by
    usearch), so that the nearest of a hundred thousand are found in a millisecond.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    features = unit(embeddings).astype(np.float16) if len(ids) else np.zeros((0, 0), np.float16)
    np.save(folder / FEATURES, features)
    columns = {
        "image_id": pa.array(ids, pa.string()),
        "label": pa.array(labels, pa.string()),
        "thumbnail": pa.array(thumbnails, pa.binary()),
    }
    pq.write_table(pa.table(columns), folder / PHOTOS, row_group_size=ROWS_PER_GROUP)
    (folder / GRAPH).unlink(missing_ok=True)
    if len(ids) >= GRAPH_FROM:
        graph = _new_graph(features.shape[1])
        # By one thread: the same photos then give the same graph, and two that begin it at once
        # lose some of its links.
        graph.add(np.arange(len(ids)), features, threads=1)
        graph.save(str(folder / GRAPH))


def _new_graph(dimensions: int) -> Any:
    from usearch.index import Index as Graph

    return Graph(
        ndim=dimensions,
        metric="ip",
        dtype="f16",
        connectivity=16,
        expansion_add=64,
        expansion_search=128,
    )


def _graph_in(folder: Path, photos: int) -> Any:
    """The graph beside the features; None where there is none, or one of other photos."""
    if not (folder / GRAPH).is_file():
        return None
    from usearch.index import Index as Graph

    graph = Graph.restore(str(folder / GRAPH), view=True)
    return graph if graph is not None and len(graph) == photos else None


def _no_thumbnail(row: int) -> bytes:
    raise KeyError(row)


def _thumbnail_in(path: Path, row: int) -> bytes:
    """One picture out of the file: a hundred thousand of them would fill the memory."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        group = 0
        start = 0
        while row >= start + file.metadata.row_group(group).num_rows:
            start += file.metadata.row_group(group).num_rows
            group += 1
        return bytes(
            file.read_row_group(group, columns=["thumbnail"])["thumbnail"][row - start].as_py()
        )
