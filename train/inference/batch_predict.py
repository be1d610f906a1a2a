"""What a model says about many photos of a dataset: logits, embeddings and what it saw early,
row by row.

ask(Path("out/model"), dataset, image_ids).logits
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_cards.progress import track
from train.inference.embeddings import Embedder, Photos, embed_dataset
from train.inference.network import open_network
from train.models.backbone import Backbone

# From a model folder, a dataset, photos of it and a word for the progress bar to what the model
# says.
Asking = Callable[[Path, Photos, Sequence[str], str], "Answers"]
Head = Callable[[], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Answers:
    """`logits` (n, c) and `embeddings` (n, d) of the photos `ids`; those that cannot be read are
    left out.

    `early` (n, e): the class token before the last block, None from a network that was exported
    without it.
    """

    ids: tuple[str, ...]
    logits: np.ndarray
    embeddings: np.ndarray
    early: np.ndarray | None = None

    def of(self, ids: Iterable[str]) -> Answers:
        """The answers about these photos, in this order."""
        row = {image_id: number for number, image_id in enumerate(self.ids)}
        kept = [image_id for image_id in ids if image_id in row]
        rows = [row[image_id] for image_id in kept]
        return Answers(
            tuple(kept),
            self.logits[rows],
            self.embeddings[rows],
            None if self.early is None else self.early[rows],
        )


def ask(folder: Path, dataset: Photos, ids: Sequence[str], what: str) -> Answers:
    """Run the model in `folder` on photos of a dataset, as it will be served. `what`: a word for
    the progress bar."""
    return answers_of(open_network(folder, photos=len(set(ids))), dataset, ids, what)


def answers_of(network: Embedder, dataset: Photos, ids: Sequence[str], what: str) -> Answers:
    """The same of a network that is open already."""
    parts = list(network.stream(track(dataset.read_photos(ids), what, len(set(ids)))))
    if not parts:
        return Answers((), np.zeros((0, 0), np.float32), np.zeros((0, 0), np.float32))
    arrays = [np.concatenate(rows) for rows in zip(*(part.arrays for part in parts), strict=True)]
    return Answers(tuple(image_id for part in parts for image_id in part.ids), *arrays)


def seconds_a_photo(folder: Path, dataset: Photos, ids: Sequence[str]) -> float:
    """How long the model in `folder` takes for one of these photos, asked about all of them in
    one go."""
    network = open_network(folder)
    answers_of(network, dataset, ids, "")  # the first time fills caches
    begun = time.monotonic()
    answers_of(network, dataset, ids, "")
    return (time.monotonic() - begun) / max(1, len(ids))


def by_features(
    backbone: Backbone, head: Head, cache: Path, size: int | None, batch: int, threads: int
) -> Asking:
    """The same for a linear head on an unchanged backbone, from features that a scan has cached: no
    photo is looked at twice. `head()`: weight (c, d) and bias (c,), read at each call."""

    def asked(folder: Path, dataset: Photos, ids: Sequence[str], what: str) -> Answers:
        found, x = embed_dataset(
            dataset, ids, backbone, cache, size=size, batch=batch, threads=threads
        )
        if not found:
            return Answers((), np.zeros((0, 0), np.float32), np.zeros((0, 0), np.float32))
        wide = np.asarray(x, np.float32)
        weight, bias = head()
        return Answers(tuple(found), wide @ np.asarray(weight, np.float32).T + bias, wide)

    return asked
