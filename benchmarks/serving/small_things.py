"""Things that fill a fifth of the frame, and two in one frame, beside the same photos whole; and how
many photos of nothing known are surely named.

    python -m benchmarks.serving.small_things --model out/model --dataset out/dataset --most 40

Frames are made here: a test photo is laid small on a photo of none of these, or two of them side by
side. Counted is the first answer; of two in a frame, whether both are among the candidates.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from data_cards.dataset.repo import Dataset, open_dataset
from data_cards.photos.image import encode_jpeg, open_photo
from train.inference.predictor import Prediction, Predictor, load_predictor

FRAME = (1280, 960)
SHARE = 0.2  # of the frame's area

Photo = tuple[Image.Image, str]


def small(photo: Image.Image, ground: Image.Image, rng: np.random.Generator) -> bytes:
    """A frame a fifth of which the photo fills, anywhere in it."""
    frame = ground.resize(FRAME)
    size = tuple(round(side * SHARE**0.5) for side in FRAME)
    laid = photo.resize((size[0], size[1]))
    place = [int(rng.integers(0, FRAME[axis] - size[axis] + 1)) for axis in (0, 1)]
    frame.paste(laid, (place[0], place[1]))
    return encode_jpeg(frame, 90)


def both(one: Image.Image, other: Image.Image, ground: Image.Image) -> bytes:
    """A frame with two photos side by side."""
    frame = ground.resize(FRAME)
    wide, high = FRAME
    for photo, left in ((one, 0.03), (other, 0.53)):
        frame.paste(
            photo.resize((round(wide * 0.44), round(high * 0.5))),
            (round(wide * left), round(high * 0.25)),
        )
    return encode_jpeg(frame, 90)


def photos_of(dataset: Dataset, most: int) -> tuple[list[Photo], list[Image.Image]]:
    """Test photos with their labels, and photos of none of these."""
    labels = dataset.labels()
    splits = dataset.splits()
    known = [one for one, row in splits.items() if row.split == "test" and labels[one].label]
    none = [one for one, row in labels.items() if row.status == "none_of_these"]
    read = dict(dataset.read_photos([*known[:most], *none[: 2 * most]]))
    opened = {one: open_photo(data) for one, data in read.items()}
    return (
        [(opened[one], str(labels[one].label)) for one in known[:most]],
        [opened[one] for one in none[: 2 * most]],
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--most", type=int, default=40)
    asked = parser.parse_args()
    predictor = load_predictor(asked.model, Path(asked.model))
    known, none = photos_of(open_dataset(asked.dataset), asked.most)
    rng = np.random.default_rng(0)
    ground = none[: len(none) // 2]
    strangers = none[len(none) // 2 :]

    def on(photo: Image.Image, place: int) -> bytes:
        return small(photo, ground[place % len(ground)], rng)

    whole = [encode_jpeg(photo, 90) for photo, _ in known]
    fifth = [on(photo, place) for place, (photo, _) in enumerate(known)]
    truth = [{label} for _, label in known]
    pairs = [
        (known[place], known[(place + 7) % len(known)])
        for place in range(len(known))
        if known[place][1] != known[(place + 7) % len(known)][1]
    ]
    two = [
        both(one[0], other[0], ground[place % len(ground)])
        for place, (one, other) in enumerate(pairs)
    ]
    named = [{one[1], other[1]} for one, other in pairs]
    foreign = [encode_jpeg(photo, 90) for photo in strangers]
    print(f"{len(known)} test photos, {len(two)} pairs, {len(foreign)} of none of these")
    for name, closer in (("whole frame alone", False), ("and its parts", True)):
        predictor.looks_closer = closer
        print(
            f"{name:18s} centred {_share(predictor, whole, truth, _first):5.1f} %   "
            f"a fifth {_share(predictor, fifth, truth, _first):5.1f} %   "
            f"two: one of them first {_share(predictor, two, named, _first):5.1f} %, "
            f"both named {_share(predictor, two, named, _all):5.1f} %   "
            f"strangers surely named {_share(predictor, foreign, [set()] * len(foreign), _sure):5.1f} %"
        )


def _share(
    predictor: Predictor,
    photos: Sequence[bytes],
    truth: Sequence[set[str]],
    counts: Callable[[Prediction, set[str]], bool],
) -> float:
    right = [
        counts(predictor.predict(data, 3), labels)
        for data, labels in zip(photos, truth, strict=True)
    ]
    return 100 * float(np.mean(right)) if right else float("nan")


def _first(said: Prediction, truth: set[str]) -> bool:
    """The first answer is right, and given."""
    return said.answer != "none" and said.candidates[0].label in truth


def _all(said: Prediction, truth: set[str]) -> bool:
    return said.answer != "none" and truth <= {one.label for one in said.candidates}


def _sure(said: Prediction, truth: set[str]) -> bool:
    return said.answer == "sure"


if __name__ == "__main__":
    main()
