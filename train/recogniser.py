"""A network that also looks for the pictures it knows: agreeing points are part of the logits.

    Recogniser(network, References.load(folder)).ask(data)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from data_cards.errors import BadPhoto
from train.features import Embedder, Outputs, Watch
from train.points import SIDE
from train.references import References

if TYPE_CHECKING:
    from PIL.Image import Image


class Recogniser(Embedder):
    """`network`, whose outputs are logits (b, c) and embedding (b, d), and what the pictures say of the same photos."""

    def __init__(self, network: Embedder, references: References) -> None:
        super().__init__(network.engine, network.preprocess, network.batch)
        self.references = references

    def ask(self, data: bytes) -> tuple[np.ndarray, ...]:
        """Logits (c,) and embedding (d,) of one photo. Raises BadPhoto."""
        outputs, bad = self.look([("photo", data)], None)
        for _, error in bad:
            raise error
        return tuple(rows[0] for rows in outputs.arrays)

    def look(self, photos: Sequence[tuple[str, bytes]],
             watch: Watch | None) -> tuple[Outputs, list[tuple[str, BadPhoto]]]:
        """One batch; the photo is decoded once, for the network and for its points."""
        found: dict[str, np.ndarray] = {}

        def see(name: str, data: bytes, photo: Image) -> None:
            found[name] = self.references.evidence(photo)
            if watch:
                watch.see(name, data, photo)

        outputs, bad = super().look(photos, Watch(max(SIDE, watch.longer if watch else 0), see))
        if not outputs.ids:
            return outputs, bad
        logits, *rest = outputs.arrays
        return Outputs(outputs.ids, (logits + np.stack([found[name] for name in outputs.ids]), *rest)), bad
