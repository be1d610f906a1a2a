"""More like this: every photo of a collection by how much it looks like some, and unlike others.

index = index_of(ids, x)                       the index that serves, over every photo
scores = more_like(index, ["9f2c..."], [])     image_id -> 0 to 1
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from curation.active_learning.acquisition import whitening
from train.inference.photo_index import Index

# The weight of negative examples beside positive ones, as usual for Rocchio's feedback (1971;
# Manning et al. 2008, 9.1.1: 0.75 and 0.15 to 0.25): negatives are few and chosen at the border.
UNLIKE = 0.35
NEAREST = 2_000  # photos that are put into order: as many as one step may decide


def index_of(ids: Sequence[str], x: np.ndarray) -> Index:
    """Embeddings (n, d) of photos, whatever their labels, half whitened: on groceries the nearest
    photo is then of the same class for 94 % instead of 84 % (acquisition.directions)."""
    looks = whitening(x)(x) if len(ids) else x
    return Index(ids, [""] * len(ids), looks, _no_picture)


def more_like(index: Index, like: Sequence[str], unlike: Sequence[str] = ()) -> dict[str, float]:
    """The photos most like all of `like` together and less like `unlike`, with their likeness; the
    asked ones among them, first. Empty where none of `like` is in the index."""
    wanted = index.rows_of(like)
    if not len(wanted):
        return {}
    meant = index.features[wanted].astype(np.float32).mean(axis=0)
    other = index.rows_of(unlike)
    if len(other):
        meant = meant - UNLIKE * index.features[other].astype(np.float32).mean(axis=0)
    found = {one.image_id: one.score for one in index.nearest(meant, NEAREST + len(other))}
    asked = {index.ids[row]: 1.0 for row in wanted}
    gone = {index.ids[row] for row in other}
    return asked | {name: score for name, score in found.items() if name not in asked.keys() | gone}


def _no_picture(row: int) -> bytes:
    raise KeyError(row)
