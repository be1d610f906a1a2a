"""Things that fill a fifth of the frame, and two in one frame, beside the same photos whole; and how
many photos of nothing known are surely named.

    python -m benchmarks.serving.small_things --model out/model --dataset out/dataset --most 40

    python -m benchmarks.serving.small_things --model M --dataset D --own-line [--others FOLDER]

With `--own-line` nine parts of each frame are asked about, and the one that looks least foreign is
named where it is less foreign than every part of every photo of none of these in train: a line of
their own for parts. Small things lie on photos that drew no line, and the strangers drew none either;
`--others`: a folder of more of them.

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
    parser.add_argument("--own-line", action="store_true")
    parser.add_argument("--others", type=Path)
    asked = parser.parse_args()
    predictor = load_predictor(asked.model, Path(asked.model))
    if asked.own_line:
        others = sorted(asked.others.rglob("*.jpg")) if asked.others else []
        own_line(predictor, open_dataset(asked.dataset), asked.most, others)
        return
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


def own_line(predictor: Predictor, dataset: Dataset, most: int, others: Sequence[Path]) -> None:
    """Print what a line of their own for parts comes to."""
    splits = dataset.splits()
    none = [one for one, row in dataset.labels().items() if row.status == "none_of_these"]
    train = [one for one in none if one in splits and splits[one].split == "train"]
    rest = [one for one in none if one not in train]
    ground = [open_photo(data) for _, data in dataset.read_photos(rest)]
    line = min(_least_foreign(predictor, data)[1] for _, data in dataset.read_photos(train))
    known, _ = photos_of(dataset, most)
    rng = np.random.default_rng(0)
    frames = [
        (small(photo, ground[place % len(ground)], rng), {label})
        for place, (photo, label) in enumerate(known)
    ]
    said = [(predictor.predict(data, 3), truth) for data, truth in frames]
    parts = [(_least_foreign(predictor, data), truth) for data, truth in frames]
    named = [(label, truth) for (label, score), truth in parts if score < line]
    whole = [(one.candidates[0].label, truth) for one, truth in said if one.answer != "none"]
    strangers = [encode_jpeg(photo, 90) for photo in ground]
    strangers += [path.read_bytes() for path in others[:: max(1, len(others) // most)][:most]]
    wrong = [_least_foreign(predictor, data)[1] < line for data in strangers]
    refused = [predictor.predict(data).answer == "none" for data in strangers]
    print(f"{len(train)} photos of none of these drew the line")
    print(f"whole frame: {_rightly(whole, len(frames))}; {refused.count(False)} strangers named")
    print(f"least foreign part: {_rightly(named, len(frames))}; {sum(wrong)} strangers named")
    best = [(label, truth) for (label, _), truth in parts]
    print(f"without any line: {_rightly(best, len(frames))}; of {len(strangers)} strangers")


def _least_foreign(predictor: Predictor, data: bytes) -> tuple[str, float]:
    """The class that the least foreign part of a photo shows first, and how foreign it looks."""
    said = predictor._network.ask_parts(data)
    scores = predictor._judgement.foreign(*said)
    part = int(np.argmin(scores))
    return predictor.classes[int(said[0][part].argmax())], float(scores[part])


def _rightly(named: Sequence[tuple[str, set[str]]], frames: int) -> str:
    right = sum(label in truth for label, truth in named)
    return f"{right} right and {len(named) - right} wrong of {frames} small things"


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
