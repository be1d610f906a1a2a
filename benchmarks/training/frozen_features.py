"""Photos of a folder as features of a frozen backbone, for benches that fit probes only.

known = sides_of(Path("../shared/photos/groceries"))
features_of([path for path, _ in known["test"]], cache)      (n, d) float32

What a backbone says is kept where scans and trainings keep it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from train.inference.embeddings import embed_dataset
from train.models.backbone import AUTO, find_backbone

Known = list[tuple[Path, str]]


@dataclass(frozen=True)
class Files:
    """Photos on disk, by the hash of their bytes, as datasets name them."""

    by_id: Mapping[str, Path]

    def read_photos(self, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Name and bytes of these photos."""
        yield from ((name, self.by_id[name].read_bytes()) for name in ids)


def sides_of(folder: Path) -> dict[str, Known]:
    """The photos of train/, val/ and test/, or of class folders alone (all under ""), each with
    its class."""
    sides = [name for name in ("train", "val", "test") if (folder / name).is_dir()] or [""]
    return {
        side: [(path, path.parent.name) for path in sorted((folder / side).glob("*/*.*"))]
        for side in sides
    }


def thinned(known: Known, a_class: int, most: int, seed: int = 0) -> Known:
    """At most `a_class` photos of each class and `most` in all, drawn; 0: all of them."""
    mixed = [known[row] for row in np.random.default_rng(seed).permutation(len(known))]
    taken: Counter[str] = Counter()
    kept = []
    for path, name in mixed:
        taken[name] += 1
        if not a_class or taken[name] <= a_class:
            kept.append((path, name))
    return sorted(kept[: most or None])


def numbered(known: Known, classes: Sequence[str]) -> np.ndarray:
    """The number of each photo's class, (n,)."""
    return np.array([classes.index(name) for _, name in known], int)


def features_of(paths: Sequence[Path], cache: Path, backbone: str = AUTO) -> np.ndarray:
    """What a backbone, as --backbone names it, says of these photos, (n, d) float32."""
    ids = [sha256(path.read_bytes()).hexdigest() for path in paths]
    files = Files(dict(zip(ids, paths, strict=True)))
    found, x = embed_dataset(files, ids, find_backbone(backbone, cache), cache)
    row = {name: place for place, name in enumerate(found)}
    return np.asarray(x[[row[name] for name in ids]], np.float32)
