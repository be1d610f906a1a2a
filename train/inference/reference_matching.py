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
from train.images.keypoints import SIDE, Points, agreeing, alike, apart, find_points
from train.inference.embeddings import Embedder, Outputs, Watch

FILE = "references.npz"
# points of a picture, and of a photo that is asked about
KEPT = 500
ASKED = 700
EACH, VOTING = (
    300,
    90_000,
)  # points of a picture that are voted for, and of all of them; so the cost is bounded
AT_ONCE = 64  # pictures compared at a time, so that memory stays flat
VOTERS = 300  # points of a photo that vote
CLEARLY = 0.9  # a vote counts when no other thing has a point nearly as near
LAID_OVER = 12  # pictures with most votes
CHANCE = 4  # points that agree with a picture of something else as easily
WEIGHT = 4.0  # logits for each time that the points that agree beyond chance are e times as many


@dataclass(frozen=True)
class References:
    """The points of pictures, and the class number of each; `classes`: how many there are."""

    points: tuple[Points, ...]
    owners: tuple[int, ...]
    classes: int

    @cached_property
    def _voting(self) -> np.ndarray:
        """(pictures, points, 128) uint8; a picture with fewer points ends in zeros, which are
        like nothing."""
        most = max(1, min(EACH, VOTING // max(1, len(self.points))))
        table = np.zeros((len(self.points), most, 128), np.uint8)
        for row, points in zip(table, self.points, strict=True):
            some = points.strongest(most).descriptors
            row[: len(some)] = some
        return table

    def recognise(self, photo: Points, without: int | None = None) -> np.ndarray:
        """How many points of a photo agree with a picture of each class, (classes,). `without`:
        a class left out."""
        found = np.zeros(self.classes, int)
        votes = self.votes(photo, without)
        for row in np.argsort(-votes, kind="stable")[:LAID_OVER]:
            if votes[row]:
                owner = self.owners[row]
                found[owner] = max(found[owner], agreeing(photo, self.points[row]))
        return found

    def votes(self, photo: Points, without: int | None = None) -> np.ndarray:
        """(pictures,) int: for how many points of the photo a picture has the nearest, clearly
        nearer than any other thing has one."""
        if not len(photo) or not self.points:
            return np.zeros(len(self.points), int)
        nearest = self._nearest(photo.strongest(VOTERS).descriptors)
        owners = np.array(self.owners)
        if without is not None:
            nearest[:, owners == without] = 0
        best = nearest.argmax(axis=1)
        near = nearest[np.arange(len(best)), best]
        far = np.where(owners[None] == owners[best][:, None], 0, nearest).max(axis=1)
        return np.bincount(best[apart(near) < CLEARLY * apart(far)], minlength=len(self.points))

    def _nearest(self, descriptors: np.ndarray) -> np.ndarray:
        """(n, pictures): the cosine of each point and the most alike of each picture."""
        table = self._voting
        parts = [
            alike(descriptors, some.reshape(-1, 128))
            .reshape(len(descriptors), len(some), -1)
            .max(axis=2)
            for some in (table[start : start + AT_ONCE] for start in range(0, len(table), AT_ONCE))
        ]
        return np.concatenate(parts, axis=1)

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
            return cls(points, tuple(int(owner) for owner in kept["owners"]), int(kept["classes"]))


def references_of(
    pictures: Sequence[Image.Image], owners: Sequence[int], classes: int
) -> References:
    """From upright pictures and their class numbers."""
    return References(tuple(find_points(one, KEPT) for one in pictures), tuple(owners), classes)


def as_logits(agreeing_points: np.ndarray) -> np.ndarray:
    """What agreeing points add to logits: nothing up to what chance gives, and less for each
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
        outputs, bad = self.look([("photo", data)], watch)
        for _, error in bad:
            raise error
        return tuple(rows[0] for rows in outputs.arrays)

    def ask_parts(self, data: bytes) -> tuple[np.ndarray, ...]:
        """Points find a picture wherever it is in the frame: no part needs a look of its own."""
        return ()

    def look(
        self, photos: Sequence[tuple[str, bytes]], watch: Watch | None
    ) -> tuple[Outputs, list[tuple[str, BadPhoto]]]:
        """One batch; the photo is decoded once, for the network and for its points."""
        found: dict[str, np.ndarray] = {}

        def see(name: str, data: bytes, photo: Image.Image) -> None:
            found[name] = self.references.evidence(photo)
            if watch:
                watch.see(name, data, photo)

        outputs, bad = super().look(photos, Watch(max(SIDE, watch.longer if watch else 0), see))
        if not outputs.ids:
            return outputs, bad
        logits, *rest = outputs.arrays
        return Outputs(
            outputs.ids, (logits + np.stack([found[name] for name in outputs.ids]), *rest)
        ), bad
