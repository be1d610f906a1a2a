"""Several views of one photo: what the average of their chances gains on the sealed test, and what it costs.

The plain framing, then the same centre wider and narrower; each is followed by its mirror image where the collection's
card says that a mirrored photo still shows the same thing.

    python -m train evaluate MODEL DATASET --views 3       last line: ... "views": {"n": 3, "top1": ..., "gain": ...}
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data_cards.progress import say
from train.answers import answers_of
from train.comparison import Paired, paired
from train.features import Embedder, Photos
from train.judgement import Judgement
from train.network import open_network
from train.preprocessing import Preprocessing
from train.recogniser import Recogniser
from train.verdict import percent, points

if TYPE_CHECKING:
    from PIL import Image

MOST = 6
NARROWER = 7 / 6  # a side is resized to so many times as many pixels, and of it as many seen as before


@dataclass(frozen=True)
class Mirrored(Preprocessing):
    """A framing seen in a mirror."""

    def framed(self, photo: Image.Image) -> Image.Image:
        """Left is right."""
        from PIL import ImageOps

        return ImageOps.mirror(super().framed(photo))


@dataclass(frozen=True)
class Viewed:
    """`n` views a photo. `found`: one view (before) against their average (after); `seconds_ratio`: processor seconds
    of the average against those of one view, the network's opening left out."""

    n: int
    found: Paired
    seconds_ratio: float

    def to_json(self) -> dict[str, Any]:
        """What the last line of `evaluate` says; `low` and `high` are the 95 % interval of the gain."""
        return {"n": self.n, "top1": self.found.after / self.found.n if self.found.n else 0.0,
                "gain": self.found.difference, "low": self.found.low, "high": self.found.high,
                "seconds_ratio": self.seconds_ratio}


def views_of(plain: Preprocessing, flips: bool) -> list[Preprocessing]:
    """The views there are, the plain one first; nothing is wider than what a model that squashes photos sees."""
    side = plain.short or plain.size
    framings = [plain, replace(plain, short=plain.size), replace(plain, short=round(side * NARROWER))]
    several = [framing for number, framing in enumerate(framings) if number != 1 or plain.short > plain.size]
    # The mirror comes first: on groceries it gained where a wider view lost (docs/DECISIONS.md, 2026-11-29).
    return [one for framing in several for one in ([framing, Mirrored(**vars(framing))] if flips else [framing])]


def view(folder: Path, dataset: Photos, truth: Mapping[str, str], classes: Sequence[str], groups: Mapping[str, object],
         n: int, flips: bool = False) -> Viewed:
    """Ask the model in `folder`, which knows `classes`, about photos by image_id whose class ids are `truth`, in up to
    `n` views. `groups`: photos of one group count together in the interval."""
    network, judgement = open_network(folder, photos=n * len(truth)), Judgement.load(folder / "vitrine")
    several = views_of(network.preprocess, flips)[:n]
    if len(several) < n:
        say(f"There are {len(several)} views of a photo here" + ("." if flips else ", and mirrored ones only where the "
            "collection's card says `flips: true`."))
    chances: list[np.ndarray] = []
    seconds: list[float] = []
    ids: tuple[str, ...] = ()
    for number, framing in enumerate(several, 1):
        begun = time.process_time()
        answers = answers_of(_reframed(network, framing), dataset, list(truth), f"View {number} of {len(several)}")
        seconds.append(time.process_time() - begun)
        chances.append(judgement.probabilities(answers.logits) if answers.ids else np.zeros((0, len(classes))))
        ids = answers.ids
    names = np.array([truth[image_id] for image_id in ids], dtype=object)
    one, all_of_them = (_right(some, names, classes) for some in (chances[0], np.mean(chances, axis=0)))
    found = paired(one, all_of_them, [groups.get(image_id, image_id) for image_id in ids])
    return Viewed(len(several), found, sum(seconds) / max(seconds[0], 1e-9))


def told(viewed: Viewed) -> str:
    """For people."""
    found = viewed.found
    if not found.n:
        return "No test photo could be read, so views gain nothing."
    return (f"The average of {viewed.n} views names {percent(found.after / found.n)} rightly instead of "
            f"{percent(found.before / found.n)} ({points(found.difference)} points, between {points(found.low)} and "
            f"{points(found.high)}), for {viewed.seconds_ratio:.1f} times the processor seconds.")


def _right(chances: np.ndarray, names: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """(n,) bool: whose likeliest class is the true one; a class that the model does not know is always missed."""
    return np.asarray(np.array(classes, dtype=object)[chances.argmax(axis=1)] == names, dtype=bool)


def _reframed(network: Embedder, framing: Preprocessing) -> Embedder:
    seen = Embedder(network.engine, framing, network.batch)
    return Recogniser(seen, network.references) if isinstance(network, Recogniser) else seen
