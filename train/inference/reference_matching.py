"""Recognition from one picture: a thing is what the points of a photo agree with, seen flat from
some angle.

Every point of a photo votes for the picture that has the point most like it; the pictures with
most votes are laid over the photo, and the points that agree are counted. What that says is
added to the logits that the network gave.

    References.load(Path("model/vitrine")).evidence(photo)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from data_cards.errors import BadPhoto
from data_cards.storage.atomic_files import model_file
from train.images.keypoints import SIDE, Box, Laid, Points, apart, find_points, lay_over
from train.inference.embeddings import Embedder, Outputs, Watch
from train.inference.one_core import ONE_CORE
from train.inference.point_index import PointIndex

FILE = "references.npz"
# points of a picture, and of a photo that is asked about
KEPT = 500
ASKED = 700
# Points of a picture that are voted for, and of all of them, so that memory is bounded: 5,000
# pictures have 120 each in 77 MB.
EACH = 300
VOTING = 600_000
VOTERS = 300  # points of a photo that vote
CLEARLY = 0.9  # a vote counts when no other thing has a point nearly as near
LAID_OVER = 12  # pictures with most votes
CHANCE = 4  # points that agree with a picture of something else as easily
WEIGHT = 4.0  # logits for each time that the points that agree beyond chance are e times as many
# Points that agree with what else is in the photo. Other things agree in 5 at most, 29 of 30
# pictures that are there in 27 and more (docs/decisions/one-picture-a-thing.md).
ALSO_THERE = 12
APART = 0.5  # of the smaller one; with less overlap the two are side by side


@dataclass(frozen=True)
class References:
    """The points of pictures, and the class number of each; `classes`: how many there are.
    `cells`: the centres (k, 128) of the cells in which points lie, and the cell of each (n,)."""

    points: tuple[Points, ...]
    owners: tuple[int, ...]
    classes: int
    cells: tuple[np.ndarray, np.ndarray] | None = None

    @cached_property
    def index(self) -> PointIndex:
        """The strongest points of each picture, in cells."""
        descriptors, pictures = self._voting()
        # Older releases have no cells, and neither have those with other voting points.
        if self.cells is None or len(self.cells[1]) != len(descriptors):
            return PointIndex.of(descriptors, pictures)
        return PointIndex.around(*self.cells, descriptors, pictures)

    def _voting(self) -> tuple[np.ndarray, np.ndarray]:
        """Descriptors (n, 128) uint8 that are voted for, and the picture of each, (n,)."""
        most = max(1, min(EACH, VOTING // max(1, len(self.points))))
        some = [points.strongest(most).descriptors for points in self.points]
        counts = [len(one) for one in some]
        none = np.zeros((0, 128), np.uint8)
        return np.concatenate([none, *some]), np.repeat(np.arange(len(some)), counts)

    def recognise(self, photo: Points, without: int | None = None) -> np.ndarray:
        """How many points of a photo agree with a picture of each class, (classes,). `without`:
        a class left out."""
        return self.counted(self.laid(photo, without))

    def counted(self, laid: Sequence[tuple[int, Laid]]) -> np.ndarray:
        """(classes,) int: the most points that agree with a picture of each class."""
        found = np.zeros(self.classes, int)
        for owner, one in laid:
            found[owner] = max(found[owner], one.agreeing)
        return found

    def laid(self, photo: Points, without: int | None = None) -> list[tuple[int, Laid]]:
        """The pictures with most votes that can be laid over a photo, and the class of each."""
        with ONE_CORE:
            votes = self.votes(photo, without)
            likely = [row for row in np.argsort(-votes, kind="stable")[:LAID_OVER] if votes[row]]
            fits = ((self.owners[row], lay_over(photo, self.points[row])) for row in likely)
            return [(owner, laid) for owner, laid in fits if laid]

    def votes(self, photo: Points, without: int | None = None) -> np.ndarray:
        """(pictures,) int: for how many points of the photo a picture has the nearest, clearly
        nearer than any other thing has one."""
        if not len(photo) or not self.points:
            return np.zeros(len(self.points), int)
        pictures, near = self.index.nearest(photo.strongest(VOTERS).descriptors)
        owners = np.array([*self.owners, -1])[
            pictures
        ]  # picture -1 means none; it belongs to no class
        if without is not None:
            near = np.where(owners == without, 0, near)
        rows = np.arange(len(near))
        best = near.argmax(axis=1)
        far = np.where(owners == owners[rows, best][:, None], 0, near).max(axis=1)
        clear = apart(near[rows, best]) < CLEARLY * apart(far)
        return np.bincount(pictures[rows, best][clear], minlength=len(self.points))

    def evidence(self, photo: Image.Image) -> np.ndarray:
        """(classes,) float32, to be added to the logits of an upright photo."""
        return as_logits(self.recognise(find_points(photo, ASKED)))

    def save(self, folder: Path) -> None:
        """references.npz; about 65 kB a picture."""
        folder.mkdir(parents=True, exist_ok=True)
        counts = np.array([len(points) for points in self.points], np.int32)
        np.savez_compressed(
            folder / FILE,
            counts=counts,
            owners=np.array(self.owners, np.int32),
            classes=self.classes,
            places=np.concatenate(
                [np.zeros((0, 2)), *(points.places for points in self.points)]
            ).astype(np.float16),
            descriptors=np.concatenate(
                [np.zeros((0, 128), np.uint8), *(p.descriptors for p in self.points)]
            ),
            centres=self.index.centres,
            cells=self.index.cells,
        )

    @classmethod
    def load(cls, folder: Path) -> References | None:
        """What `save` kept; None in the folder of a trained classifier."""
        if not (folder / FILE).is_file():
            return None
        with model_file(FILE), np.load(folder / FILE) as kept:
            ends = np.cumsum(kept["counts"])[:-1]
            places = np.split(kept["places"].astype(np.float32), ends)
            points = tuple(map(Points, places, np.split(kept["descriptors"], ends)))
            owners = tuple(int(owner) for owner in kept["owners"])
            cells = (kept["centres"], kept["cells"]) if "cells" in kept else None
            return cls(points, owners, int(kept["classes"]), cells)


def beside(laid: Sequence[tuple[int, Laid]]) -> list[int]:
    """The classes whose pictures are in a photo, each in a place of its own, most points first."""
    kept: list[tuple[int, Laid]] = []
    for owner, one in sorted(laid, key=lambda pair: -pair[1].agreeing):
        alone = all(_shared(one.box, other.box) < APART for _, other in kept)
        if one.agreeing >= ALSO_THERE and alone and owner not in [known for known, _ in kept]:
            kept.append((owner, one))
    return [owner for owner, _ in kept]


def _shared(one: Box, other: Box) -> float:
    """How much of the smaller box lies inside the other, as a share."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return max(0.0, wide) * max(0.0, high) / max(smaller, 1e-9)


def at_side(shape: tuple[int, int]) -> tuple[float, float]:
    """Width and height once the longer side has SIDE pixels."""
    scale = SIDE / max(shape)
    return shape[0] * scale, shape[1] * scale


def as_logits(agreeing_points: np.ndarray) -> np.ndarray:
    """What agreeing points add to logits: nothing for as many as chance gives, then less with each
    further point."""
    return np.asarray(WEIGHT * np.log1p(np.maximum(agreeing_points - CHANCE, 0)), np.float32)


class ReferenceMatcher(Embedder):
    """`network`, whose outputs are logits (b, c) and embedding (b, d), and what the pictures say
    of the same photos."""

    def __init__(self, network: Embedder, references: References) -> None:
        super().__init__(network.engine, network.preprocess, network.batch)
        self.references = references

    def ask(self, data: bytes, watch: Watch | None = None) -> tuple[np.ndarray, ...]:
        """Logits (c,) and embedding (d,) of one photo. Raises BadPhoto."""
        found: dict[str, np.ndarray] = {}
        logits, *rest = super().ask(data, self._noting(found, watch))
        return (logits + found["photo"], *rest)

    def ask_parts(self, data: bytes) -> tuple[np.ndarray, ...]:
        """Points find a picture wherever it is in the frame: no part needs a look of its own."""
        return ()

    def outline(self, data: bytes, number: int, shape: tuple[int, int]) -> np.ndarray | None:
        """Where the first picture of a class, of this width and height, lies in a photo: its
        corners (4, 2) as shares of the photo, top left first; None where it does not. Raises
        BadPhoto."""
        if number not in self.references.owners:
            return None
        photo = self.preprocess.opened(data, SIDE)
        picture = self.references.points[self.references.owners.index(number)]
        laid = lay_over(find_points(photo, ASKED), picture)
        if laid is None or laid.agreeing < ALSO_THERE:
            return None
        return np.asarray(laid.corners(at_side(shape)) / at_side(photo.size), np.float32)

    def look(
        self, photos: Sequence[tuple[str, bytes]], watch: Watch | None
    ) -> tuple[Outputs, list[tuple[str, BadPhoto]]]:
        """One batch; the photo is decoded once, for the network and for its points."""
        found: dict[str, np.ndarray] = {}
        outputs, bad = super().look(photos, self._noting(found, watch))
        if not outputs.ids:
            return outputs, bad
        logits, *rest = outputs.arrays
        return Outputs(
            outputs.ids, (logits + np.stack([found[name] for name in outputs.ids]), *rest)
        ), bad

    def _noting(self, found: dict[str, np.ndarray], watch: Watch | None) -> Watch:
        """`found` gets what the points of each photo say, by its name."""

        def see(name: str, data: bytes, photo: Image.Image) -> None:
            laid = self.references.laid(find_points(photo, ASKED))
            found[name] = as_logits(self.references.counted(laid))
            if watch:
                watch.see(name, data, photo)
            if watch and watch.find:
                watch.find(name, beside(laid))

        return Watch(max(SIDE, watch.longer if watch else 0), see)
