"""Things that fill a fifth of the frame, and two in one frame, beside the same photos whole; and how
many photos of nothing known are surely named.

    python -m benchmarks.serving.small_things --model M --dataset D [--most 30] [--others FOLDER]

Each frame is asked about in five ways: whole; with its parts as well, as `Predictor.looks_closer` does;
its least foreign part, where that is less foreign than every part of every photo of none of these in
train; and whole, but where that is not sure, by two crops around what differs most from the rest of the
photo, if one of them is sure, or known. What differs is told by the patches of one pass over the photo.

Frames are made here: a test photo is laid small on a photo of something else, or two of them side by
side. `--others`: a folder of more photos of nothing known, to lay on and as strangers. Photos of none
of these in train, which may have drawn lines, are neither.
"""

from __future__ import annotations

import argparse
import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from data_cards.dataset.repo import Dataset, open_dataset
from data_cards.photos.image import encode_jpeg, open_photo
from train.images.preprocessing import Preprocessing
from train.inference.crops import Box, cut, overlap
from train.inference.predictor import Candidate, Prediction, Predictor, load_predictor
from train.models.classifiers import open_classifier
from train.uncertainty.rejection import ONE_OF, REFUSED, SURE

FRAME = (1280, 960)
SHARE = 0.2  # of the frame's area

# Of 12, of a DINOv2-small: its patches find a thing laid on 100 frames better than the last block's.
BLOCK = 9

Photo = tuple[Image.Image, str]
Way = Callable[[bytes], Prediction]


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


def photos_of(
    dataset: Dataset, most: int, others: Sequence[Path]
) -> tuple[list[Photo], list[Image.Image], list[bytes]]:
    """Test photos with their labels, photos of nothing known, and those of none of these in train."""
    labels = dataset.labels()
    splits = dataset.splits()
    tested = [one for one, row in splits.items() if row.split == "test" and labels[one].label]
    none = [one for one, row in labels.items() if row.status == "none_of_these"]
    lines = [one for one in none if one in splits and splits[one].split == "train"]
    known = tested[:: max(1, len(tested) // most)][:most]
    foreign = [one for one in none if one not in lines]
    read = dict(dataset.read_photos([*known, *foreign, *lines]))
    more = others[:: max(1, len(others) // (2 * most))][: 2 * most]
    return (
        [(open_photo(read[one]), str(labels[one].label)) for one in known],
        [
            open_photo(data)
            for data in (*(read[one] for one in foreign), *map(Path.read_bytes, more))
        ],
        [read[one] for one in lines[:most]],
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--most", type=int, default=30, help="photos of each kind")
    parser.add_argument("--others", type=Path)
    flags = parser.parse_args()
    others = sorted(flags.others.rglob("*.jpg")) if flags.others else []
    known, foreign, lines = photos_of(open_dataset(flags.dataset), flags.most, others)
    rng = np.random.default_rng(0)
    foreign = [foreign[number] for number in rng.permutation(len(foreign))]
    ground = foreign[: len(foreign) // 2]
    strangers = foreign[len(foreign) // 2 :][: flags.most]
    whole = [(encode_jpeg(photo, 90), {label}) for photo, label in known]
    fifth = [
        (small(photo, ground[place % len(ground)], rng), {label})
        for place, (photo, label) in enumerate(known)
    ]
    two = [
        (both(one[0], other[0], ground[place % len(ground)]), {one[1], other[1]})
        for place, one in enumerate(known)
        for other in [known[(place + 7) % len(known)]]
        if one[1] != other[1]
    ]
    away = [(encode_jpeg(photo, 90), set[str]()) for photo in strangers]
    print(
        f"{len(whole)} test photos, {len(two)} pairs, {len(away)} strangers, {len(lines)} for a line"
    )
    predictor = load_predictor(str(flags.model), flags.model)
    for name, way in ways(predictor, flags.model, lines).items():
        told = [[(way(data), truth) for data, truth in some] for some in (whole, fifth, two, away)]
        print(name, *map(_counted, told), sep=" | ", flush=True)


def ways(predictor: Predictor, model: Path, lines: Sequence[bytes]) -> dict[str, Way]:
    """How a frame may be asked about, by name."""
    network = predictor._network
    network.ask_parts = cache(network.ask_parts)  # type: ignore[method-assign]  # asked twice
    closer = copy.copy(predictor)
    closer.looks_closer = True
    by_name: dict[str, Way] = {"whole": predictor.predict, "and its parts": closer.predict}
    if lines:
        line = min(_least_foreign(predictor, data)[1] for data in lines)
        by_name["least foreign part"] = partial(_by_own_line, predictor, line)
    looked = Looked(model, predictor._network.preprocess)

    @cache
    def crops(data: bytes) -> list[Prediction]:
        photo = open_photo(data)
        cuts = [cut(photo, box) for box in looked.boxes(photo)]
        return [predictor.predict(encode_jpeg(one, 90)) for one in cuts]

    for name, kinds in (("and sure crops", (SURE,)), ("and known crops", (SURE, ONE_OF))):
        by_name[name] = partial(_by_crops, predictor, crops, kinds)
    return by_name


def _by_own_line(predictor: Predictor, line: float, data: bytes) -> Prediction:
    """What the least foreign part shows first, where that is less foreign than the `line`."""
    label, score = _least_foreign(predictor, data)
    said = predictor.predict(data)
    candidates = (Candidate(label, label, 1.0),)
    return replace(said, answer=ONE_OF if score < line else REFUSED, candidates=candidates)


def _by_crops(
    predictor: Predictor,
    crops: Callable[[bytes], list[Prediction]],
    kinds: Sequence[str],
    data: bytes,
) -> Prediction:
    """The whole frame's answer, or where that is not sure, those of its crops that are of these
    `kinds`."""
    whole = predictor.predict(data)
    found = [one for one in crops(data) if one.answer in kinds] if whole.answer != SURE else []
    if len(found) < 2:
        return found[0] if found else whole
    found.sort(key=lambda one: -one.confidence)
    return replace(found[0], candidates=tuple(one.candidates[0] for one in found))


class Looked:
    """Where a photo differs most from itself, by the patches of a network seen whole."""

    def __init__(self, model: Path, preprocess: Preprocessing) -> None:
        self._trunk = open_classifier(model).base_model
        self._preprocess = preprocess

    def boxes(self, photo: Image.Image, most: int = 2) -> list[Box]:
        """The windows whose patches differ most from all others, which overlap nowhere."""
        side = self._preprocess.size
        tensor = self._preprocess.tensor(photo.resize((side, side)))
        with torch.inference_mode():
            said = self._trunk(torch.from_numpy(tensor[None]), output_hidden_states=True)
        tokens = said.hidden_states[BLOCK][0].numpy()
        grid = math.isqrt(len(tokens) - 1)
        return standing_out(tokens[-grid * grid :].reshape(grid, grid, -1), most)


def standing_out(patches: np.ndarray, most: int) -> list[Box]:
    """(g, g, d) patches -> the windows with the most variance between them and the rest, shares of
    the photo; later ones overlap no earlier one."""
    grid = len(patches)
    spread = patches.std(axis=(0, 1)) + 1e-6
    centred = (patches - patches.mean(axis=(0, 1))) / spread
    summed = np.zeros((grid + 1, grid + 1, patches.shape[2]))
    summed[1:, 1:] = centred.cumsum(0).cumsum(1)
    sides = range(grid // 4, 10 * grid // 16 + 1)
    windows = np.array(
        [
            (x, y, x + wide, y + high)
            for wide in sides
            for high in sides
            for x in range(grid - wide + 1)
            for y in range(grid - high + 1)
            if max(wide, high) <= 2 * min(wide, high)
        ]
    )
    left, top, right, low = windows.T
    area = (right - left) * (low - top)
    within = summed[low, right] - summed[top, right] - summed[low, left] + summed[top, left]
    # Between the two groups: the sum of all is 0, so the rest has the same sum turned round.
    between = (within**2).sum(axis=1) * (1 / area + 1 / (grid * grid - area))
    found: list[Box] = []
    for number in np.argsort(-between):
        x, y, right_edge, low_edge = (float(edge) / grid for edge in windows[number])
        box = (x, y, right_edge, low_edge)
        if not any(overlap(box, other) for other in found):
            found.append(box)
        if len(found) == most:
            break
    return found


def _least_foreign(predictor: Predictor, data: bytes) -> tuple[str, float]:
    """The class that the least foreign part of a photo shows first, and how foreign it looks."""
    said = predictor._network.ask_parts(data)
    scores = predictor._judgement.foreign(*said)
    part = int(np.argmin(scores))
    return predictor.classes[int(said[0][part].argmax())], float(scores[part])


def _counted(told: Sequence[tuple[Prediction, set[str]]]) -> str:
    """Of frames and what is in them: first candidates, named, sure, and all of them named."""
    first = [said.candidates[0].label in truth for said, truth in told]
    named = [said.answer != REFUSED for said, _ in told]
    sure = [said.answer == SURE for said, _ in told]
    right = [one and name for one, name in zip(first, named, strict=True)]
    surely = [one and certain for one, certain in zip(first, sure, strict=True)]
    every = [
        name and truth <= {one.label for one in said.candidates}
        for (said, truth), name in zip(told, named, strict=True)
    ]
    return (
        f"of {len(told)}: first {sum(first)}, named {sum(right)} right {sum(named) - sum(right)} wrong, "
        f"sure {sum(surely)} right {sum(sure) - sum(surely)} wrong, all {sum(every)}"
    )


if __name__ == "__main__":
    main()
