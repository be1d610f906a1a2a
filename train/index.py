"""Photos that look alike: the labelled photos' features and small pictures, inside a release.

    python -c "from train.index import Index; from pathlib import Path; print(len(Index.load(Path('.'))))"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_cards.errors import BadModel
from train.rejection import unit

FEATURES, PHOTOS = "features.npy", "photos.parquet"
SIDE = 160  # pixels of a small picture's longer side


@dataclass(frozen=True)
class Neighbour:
    """A photo of the index and its cosine to the one that was asked about."""

    image_id: str
    label: str
    score: float


class Index:
    """Features (n, d) of length 1, and what they belong to. Safe to ask from several threads."""

    def __init__(self, ids: Sequence[str], labels: Sequence[str], features: np.ndarray,
                 thumbnails: Sequence[bytes]) -> None:
        self.ids, self.labels, self.features = list(ids), list(labels), np.asarray(features, dtype=np.float32)
        self._classes = np.array(self.labels, dtype=object)
        self._thumbnails = dict(zip(ids, thumbnails, strict=True))

    def __len__(self) -> int:
        return len(self.ids)

    def nearest(self, embedding: np.ndarray, k: int) -> list[Neighbour]:
        """The k photos nearest to an embedding (d,), nearest first; a photo's own copy is among them."""
        if not self.ids or k < 1:
            return []
        scores = self.features @ unit(embedding[None])[0]
        best = np.argsort(-scores, kind="stable")[:k]
        return [Neighbour(self.ids[i], self.labels[i], float(min(max(scores[i], 0.0), 1.0))) for i in best]

    def typical(self, label: str) -> str | None:
        """The photo of a class that is nearest to the middle of all its photos; None where there is none."""
        rows = np.flatnonzero(self._classes == label)
        if not len(rows):
            return None
        middle = self.features[rows].mean(axis=0)
        return self.ids[rows[int(np.argmax(self.features[rows] @ middle))]]

    def thumbnail(self, image_id: str) -> bytes | None:
        """The small JPEG of a photo of the index."""
        return self._thumbnails.get(image_id)

    @classmethod
    def load(cls, folder: Path) -> Index:
        """Read what `write_index` wrote; a release without it knows no photos that look alike. Raises BadModel."""
        if not (folder / FEATURES).is_file():
            return cls([], [], np.zeros((0, 0)), [])
        import pyarrow.parquet as pq

        features, table = np.load(folder / FEATURES), pq.read_table(folder / PHOTOS)
        if len(features) != table.num_rows:
            raise BadModel("This model's index of photos is damaged; train again, or fetch the model again.",
                           features=len(features), photos=table.num_rows)
        columns = table.to_pydict()
        return cls(columns["image_id"], columns["label"], features, columns["thumbnail"])


def write_index(folder: Path, ids: Sequence[str], labels: Sequence[str], embeddings: np.ndarray,
                thumbnails: Sequence[bytes]) -> None:
    """Keep embeddings (n, d) as float16 of length 1, beside image_id, class id and small JPEG of each photo."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / FEATURES, unit(embeddings).astype(np.float16) if len(ids) else np.zeros((0, 0), np.float16))
    columns = {"image_id": pa.array(ids, pa.string()), "label": pa.array(labels, pa.string()),
               "thumbnail": pa.array(thumbnails, pa.binary())}
    pq.write_table(pa.table(columns), folder / PHOTOS)
