"""Every photo as a point: embeddings in two dimensions for the map, similar photos close together.

    points = projection(ids, x, kept)              (n, 2), in -1..1, remembered in the file `kept`

t-SNE by openTSNE (Poličar et al. 2024), initialised with the first two principal axes, so that
large distances mean something too. Placed photos stay where they are, and new ones are placed among
them; everything is placed again only when half of the photos are new.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from curation.measures.neighbours import best_of, largest
from data_cards.storage.atomic_files import full_disk_named
from train.statistics.vectors import unit

# Photos that the map is learned from, so that it takes minutes at most; the others are placed
# among them.
LEARNED = 20_000
MUCH_NEW = 0.5
DIRECTIONS = 50  # principal axes that likeness on the map is measured along, as is usual for t-SNE
FEWEST = 12  # with fewer photos neighbours mean little: the first two axes do
# Of few photos two threads wait for each other longer than they work: 60 took 0.2 s of processor
# time by one and 6.5 s by two, to the same places.
BY_ONE = 2_000
AT_ONCE = 2_000  # rows that are widened or compared together: 12 MB of 768 numbers each
AMONG = 5  # photos most like a new one
PERPLEXITY = 30.0
FEW_NEAR = 3.0  # photos per neighbour that perplexity asks for


def projection(ids: Sequence[str], x: np.ndarray, kept: Path | None = None) -> np.ndarray:
    """(n, 2) float32 within -1..1 for embeddings x (n, d); places that `kept` knows stay."""
    before = _read(kept)
    known = np.array([name in before for name in ids], bool)
    if len(ids) and known.mean() >= 1 - MUCH_NEW:
        placed = np.zeros((len(ids), 2), np.float32)
        placed[known] = [before[name] for name, is_here in zip(ids, known, strict=True) if is_here]
        if not known.all():
            placed[~known] = placed_among(x[known], placed[known], x[~known])
    else:
        placed = scaled(laid_out(x))
    if kept is not None and not known.all():
        _write(kept, ids, placed)
    return placed


def placed_before(ids: Sequence[str], kept: Path | None) -> np.ndarray | None:
    """Places (n, 2) that `kept` knows, without looking at embeddings; None where one is missing."""
    before = _read(kept)
    if not ids or any(name not in before for name in ids):
        return None
    return np.array([before[name] for name in ids], np.float32)


def laid_out(x: np.ndarray) -> np.ndarray:
    """Places (n, 2) of embeddings (n, d), from the beginning."""
    axes = principal(x)
    if len(x) < FEWEST:
        return axes[:, :2]
    from openTSNE import TSNE

    rows = np.arange(len(x))
    learned = np.sort(np.random.default_rng(0).permutation(rows)[:LEARNED])
    made = TSNE(
        perplexity=min(PERPLEXITY, (len(learned) - 1) / FEW_NEAR),
        initialization=_begin(axes[learned]),
        random_state=0,
        n_jobs=2 if len(learned) > BY_ONE else 1,
    ).fit(axes[learned])
    placed = np.empty((len(x), 2), np.float32)
    placed[learned] = np.asarray(made, np.float32)
    others = np.setdiff1d(rows, learned)
    placed[others] = placed_among(axes[learned], placed[learned], axes[others])
    return placed


def _begin(axes: np.ndarray) -> np.ndarray:
    """The first two axes, small: what t-SNE begins from."""
    first = axes[:, :2]
    return np.ascontiguousarray(first / max(float(first[:, 0].std()), 1e-9) * 1e-4, np.float64)


def placed_among(x: np.ndarray, places: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Places (m, 2) of new rows: the middle (by median) of where the photos most like each are.

    Nothing that is placed moves, and a photo between two heaps is put into one of them.
    """
    if not len(x):
        return np.zeros((len(new), 2), np.float32)
    found = np.empty((len(new), 2), np.float32)
    for start in range(0, len(new), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        found[part] = np.median(places[_most_alike(unit(new[part]), x)], axis=1)
    return found


def _most_alike(rows: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Places (m, at most AMONG) in x (n, d) of what is most like each of the unit rows (m, d)."""
    places = np.zeros((len(rows), 0), np.int64)
    cosines = np.zeros((len(rows), 0), np.float32)
    for first in range(0, len(x), AT_ONCE):
        alike = rows @ unit(x[first : first + AT_ONCE]).T
        columns, values = largest(alike, min(AMONG, alike.shape[1]))
        places, cosines = best_of((places, cosines), (columns + first, values), AMONG)
    return places


def principal(x: np.ndarray) -> np.ndarray:
    """Rows along their first principal axes (n, k), k at most DIRECTIONS and at least 2."""
    if not len(x):
        return np.zeros((0, 2), np.float32)
    middle = sum(part.sum(axis=0, dtype=np.float64) for part in _parts(x)) / len(x)
    about = (part - middle for part in _parts(x))
    spread = sum(some.T @ some for some in about)
    _, axes = np.linalg.eigh(spread)
    kept = axes[:, ::-1][:, :DIRECTIONS]
    along = np.concatenate([(part - middle) @ kept for part in _parts(x)]).astype(np.float32)
    return along if along.shape[1] > 1 else np.pad(along, ((0, 0), (0, 1)))


def _parts(x: np.ndarray) -> Iterator[np.ndarray]:
    """Some rows at a time, in float64: all of 100,000 photos would be 600 MB."""
    for start in range(0, len(x), AT_ONCE):
        yield np.asarray(x[start : start + AT_ONCE], np.float64)


def scaled(places: np.ndarray) -> np.ndarray:
    """The same within -1..1, both axes by one measure."""
    if not len(places):
        return np.zeros((0, 2), np.float32)
    middle = (places.max(axis=0) + places.min(axis=0)) / 2
    reach = float(np.abs(places - middle).max())
    return np.asarray((places - middle) / max(reach, 1e-9), np.float32)


def _read(kept: Path | None) -> dict[str, np.ndarray]:
    if kept is None or not kept.is_file():
        return {}
    try:
        with np.load(kept) as opened:
            return dict(zip(opened["ids"].tolist(), opened["places"], strict=True))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):  # damaged: it is worked out again
        return {}


def _write(kept: Path, ids: Sequence[str], places: np.ndarray) -> None:
    with full_disk_named("where photos are on the map"):
        kept.parent.mkdir(parents=True, exist_ok=True)
        making = kept.with_suffix(".making")
        with making.open("wb") as file:
            np.savez(file, ids=np.array(ids), places=np.asarray(places, np.float32))
        making.replace(kept)
