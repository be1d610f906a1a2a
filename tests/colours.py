"""A recognizer small enough for tests: it tells paintings by their mean colour. Real bytes in, real answers out."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from ulid import ULID

from data_cards.collection import ClassInfo, Collection
from data_cards.photo import image_id, open_photo, thumbnail

SIDE = 240
COLOURS = {"low-moon": ((32, 57, 79), (154, 75, 50)), "first-study": ((44, 66, 92), (96, 134, 158)),
           "red-grid": ((180, 67, 42), (233, 220, 192)), "green-field": ((47, 107, 79), (200, 210, 120)),
           "ochre": ((217, 164, 65), (120, 80, 30)), "white-room": ((226, 222, 214), (190, 184, 172))}
TITLES = {"low-moon": "Harbour at Low Moon", "first-study": "Harbour, First Study", "red-grid": "Red Grid",
          "green-field": "Field after Rain", "ochre": "Ochre Noon", "white-room": "The White Room"}


def painting(name: str, wide: int = SIDE, high: int = SIDE) -> Image.Image:
    """A painting on a wall."""
    above, below = COLOURS[name]
    image = Image.new("RGB", (wide, high), (205, 187, 156))
    draw = ImageDraw.Draw(image)
    box = (wide * 0.12, high * 0.1, wide * 0.88, high * 0.9)
    draw.rectangle(box, fill=(74, 56, 38))
    inner = (box[0] + wide * 0.04, box[1] + high * 0.04, box[2] - wide * 0.04, box[3] - high * 0.04)
    draw.rectangle(inner, fill=above)
    draw.rectangle((inner[0], high * 0.62, inner[2], inner[3]), fill=below)
    draw.ellipse((wide * 0.56, high * 0.24, wide * 0.72, high * 0.24 + wide * 0.16), fill=(232, 199, 112))
    return image


def jpeg(image: Image.Image, quality: int = 92) -> bytes:
    """A photo's bytes."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def photo_of(name: str, wide: int = SIDE, high: int = SIDE) -> bytes:
    """A photo of one painting."""
    return jpeg(painting(name, wide, high))


def photo_in_pieces(name: str) -> bytes:
    """The colours of one painting, and no copy of any photo of it: its tiles lie in another order."""
    pixels = np.asarray(painting(name))
    tiles = [tile for row in np.split(pixels, 8) for tile in np.split(row, 8, axis=1)]
    order = np.random.default_rng(0).permutation(len(tiles)).reshape(8, 8)
    return jpeg(Image.fromarray(np.vstack([np.hstack([tiles[n] for n in row]) for row in order])))


def photo_between(one: str, other: str, share: float = 0.5) -> bytes:
    """A photo that could be either."""
    return jpeg(Image.blend(painting(one), painting(other), share))


def photo_of_nothing() -> bytes:
    """A photo of something that is not in the collection."""
    return jpeg(Image.new("RGB", (SIDE, SIDE), (10, 250, 10)))


def gallery(subject: str = "things") -> Collection:
    """The collection that `Colours` knows."""
    def info(name: str) -> ClassInfo:
        return ClassInfo(name, TITLES[name], summary="The second of four night harbours; the red quay is what remained "
                         "after she painted over the boats.", source="Museum catalogue", licence="CC BY 4.0",
                         facts=(("Look for", "the moon's double edge"), ("Style", "late northern colourism")))

    return Collection("room-12", "Room 12", tuple(info(name) for name in COLOURS), subject=subject,
                      description="Six paintings from the north.",
                      intended_use="To learn about dress; never to say who somebody is." * (subject == "people"),
                      consent="Everybody in these photos agreed." * (subject == "people"))


@dataclass(frozen=True)
class Said:
    """One prediction."""

    row: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The contract's answer."""
        return self.row


class Colours:
    """Nearest mean colour, with a softmax over distances."""

    def __init__(self, subject: str = "things") -> None:
        self.collection = gallery(subject)
        self.model = {"repo": "tests/colours", "revision": "r1", "dataset_revision": "d1"}
        self._photos = {image_id(data): (name, data) for name, data in ((name, photo_of(name)) for name in COLOURS)}
        self._means = np.stack([_mean(photo_of(name)) for name in self.collection.ids])

    def predict(self, data: bytes, top_k: int = 3) -> Said:
        """sure, one_of or none, by distance in colour."""
        distances = np.linalg.norm(self._means - _mean(data), axis=1)
        shares = np.exp(-distances / 4)
        shares = shares / shares.sum() if shares.sum() > 0 else np.full(len(shares), 1 / len(shares))
        best = np.argsort(-shares)
        answer = "none" if distances.min() > 25 else "sure" if shares[best[0]] > 0.8 else "one_of"
        first = self.collection.ids[best[0]]
        known = answer == "sure"
        return Said({
            "answer": answer, "label": None if answer == "none" else first,
            "title": None if answer == "none" else TITLES[first], "confidence": float(shares[best[0]]),
            "candidates": [{"label": self.collection.ids[i], "title": TITLES[self.collection.ids[i]],
                            "confidence": float(shares[i])} for i in best[:top_k]],
            "card": self.collection.info(first).to_json() if known else None, "similar": self.similar(data, 3),
            "model": self.model, "prediction_id": str(ULID())})

    def similar(self, data: bytes, k: int = 8) -> list[dict[str, Any]]:
        """Labelled photos by distance in colour."""
        distances = np.linalg.norm(self._means - _mean(data), axis=1)
        ids = list(self._photos)
        return [{"image_id": ids[i], "label": self._photos[ids[i]][0], "score": float(1 / (1 + distances[i] / 40)),
                 "url": None} for i in np.argsort(distances)[:k]]

    def typical(self, class_id: str) -> str | None:
        """The only photo of a class."""
        return next((name for name, (label, _) in self._photos.items() if label == class_id), None)

    def thumbnail(self, image_id: str) -> bytes | None:
        """A small JPEG."""
        return thumbnail(self._photos[image_id][1], 160) if image_id in self._photos else None

    def reference(self, class_id: str) -> bytes | None:
        """The reference picture."""
        return photo_of(class_id) if class_id in COLOURS and class_id != "white-room" else None


def _mean(data: bytes) -> np.ndarray:
    return np.asarray(open_photo(data).resize((32, 32)), np.float32).reshape(-1, 3).mean(axis=0)
