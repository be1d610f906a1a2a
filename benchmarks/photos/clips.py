"""Which frames of a clip to learn from, and what a split of frames hides.

    python -m benchmarks.curation clips FOLDER [--photos 280] [--seconds 8]

Two tables. First the clips in FOLDER: how many frames of one a second and of the best, how sharp,
and how many show again what another one shows. Then simulated walks: somebody walks along an arc
before each picture of the built-in museum for some seconds, stopping now and then, and a probe on
frozen features learns from every frame, from one a second, or from the best; it is asked about
phone photos of other visitors. And the leak: the same probe with frames of the same walk on both
sides of the split, with walks on one side each, and with phone photos.

The walks are simulated: the second table says how the choice behaves on them, no more.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curation import museum
from curation.ingest.frame_choice import DIFFERENT, chosen, difference
from curation.ingest.video import _look, _upright
from curation.museum import rooms
from curation.museum.camera import Light, Pose, grain_tile, hang, lit, noisy, shaken
from curation.museum.gallery import HANGING, canvas_side
from curation.museum.scenes import _wall
from data_cards.photos.image import encode_jpeg
from data_cards.settings import default_cache

FPS = 8  # of a walk: frames that are looked at, not those that a phone takes
SIDE = 480
Frame = tuple[float, NDArray[Any]]


def add_flags(command: argparse.ArgumentParser) -> None:
    """The arguments of this bench."""
    command.add_argument("folder", type=Path, help="clips, such as shared/photos/videos")
    command.add_argument("--photos", type=int, default=280, help="of the museum, to be asked about")
    command.add_argument("--seconds", type=int, default=8, help="that a walk lasts")
    command.add_argument("--pictures", type=int, default=len(HANGING), help="of the museum")


def run(flags: argparse.Namespace) -> None:
    """Print both tables."""
    print("clip                    frames: all  1 a second  best   sharpness  shown again")
    for path in sorted(flags.folder.glob("*.mp4")):
        print(_row_of_clip(path))
    _walks(flags.photos, flags.seconds, sorted(HANGING)[: flags.pictures])


def _row_of_clip(path: Path) -> str:
    looks = [_look(second, picture) for second, picture in _upright(path, 1.0, 1 / FPS)]
    regular = looks[::FPS]
    best = list(chosen(looks, 1.0))
    again = [_shown_again(some) for some in (regular, best)]
    sharp = [np.mean([one.sharpness for one in some]) for some in (regular, best)]
    return (
        f"{path.stem:<24} {len(looks):>10} {len(regular):>11} {len(best):>5}   "
        f"{sharp[0]:.2f} {sharp[1]:.2f}    {again[0]:>2} {again[1]:>2}"
    )


def _shown_again(looks: Sequence[Any]) -> int:
    return sum(
        any(difference(one, other) < DIFFERENT for other in looks[:place])
        for place, one in enumerate(looks)
    )


def walk(name: str, seed: int, seconds: int) -> Iterator[Frame]:
    """A walk before one picture: (second, RGB frame). The phone goes along an arc, stops three
    times, and blurs by how fast it moves."""
    rng = np.random.default_rng((77, seed, sorted(HANGING).index(name)))
    hung = HANGING[name]
    width, height = (SIDE * 3 // 4, SIDE) if rng.random() < 0.6 else (SIDE, SIDE * 3 // 4)
    focal = max(width, height) * rng.uniform(0.75, 1.0)
    reach = max(hung.width / width, hung.height / height) * focal
    room = int(rng.integers(len(rooms.ROOMS)))
    warm = rng.normal(0, 0.04)
    light = Light(rng.uniform(0.75, 1.15), (1 + warm, 1.0, 1 - warm), 0.2, (0.0, 0.05))
    start, stop = rng.uniform(-0.75, -0.35), rng.uniform(0.35, 0.75)
    near, far = rng.uniform(1.1, 1.5), rng.uniform(1.6, 2.6)
    before = None
    for number in range(seconds * FPS):
        t = number / (seconds * FPS - 1)
        steps = t - np.sin(2 * np.pi * 3 * t) / (2 * np.pi * 3)  # still at 0, 1/3, 2/3 and 1
        yaw = start + (stop - start) * steps
        away = reach * (near + (far - near) * np.sin(np.pi * steps))
        sway = rng.normal(0, 0.01, 4) * reach
        place = (np.sin(yaw) * away + sway[0], sway[1] - 0.05 * reach, -np.cos(yaw) * away)
        pose = Pose(place, (sway[2], sway[3], 0.0), rng.normal(0, 0.01), focal, width, height)
        picture, wall = _wall(pose, room)
        hang(picture, rooms.framed(name, canvas_side(SIDE)), wall, 0, 0)
        middle = np.array([np.sin(yaw), away / reach])
        speed = 0.0 if before is None else float(np.linalg.norm(middle - before))
        before = middle
        picture = shaken(picture, speed * SIDE * 0.6, 0.0, 0.5 + 6 * speed)
        yield number / FPS, noisy(lit(picture, light), grain_tile(3), rng)


def _walks(photos: int, seconds: int, names: Sequence[str]) -> None:
    from train.inference.embeddings import embedder_for
    from train.models.backbone import find_backbone

    cache = default_cache(os.environ)
    embedder = embedder_for(find_backbone("auto", cache), cache, photos=1000)

    def embed(frames: Sequence[NDArray[Any]]) -> NDArray[Any]:
        return embedder.embed(encode_jpeg(Image.fromarray(frame), 92) for frame in frames)

    walks = {
        (name, take): [(second, frame) for second, frame in walk(name, take, seconds)]
        for name in names
        for take in (1, 2)
    }
    features = {key: embed([frame for _, frame in frames]) for key, frames in walks.items()}
    truth, data = _phone_photos(photos, names)
    asked = embed(data)
    print(f"\n{len(names)} pictures, two walks of {seconds} s each; {len(truth)} phone photos")
    for said, pick in _choices(walks).items():
        x = np.concatenate([features[key][pick[key]] for key in walks])
        y = [key[0] for key in walks for _ in pick[key]]
        share = np.mean(said_by_probe(x, y, asked) == truth)
        print(f"{said:<26} {len(y):>5} frames   {100 * share:.1f} % of phone photos right")
    _leak(walks, features, (asked, truth))


def _choices(walks: dict[Any, list[Frame]]) -> dict[str, dict[Any, list[int]]]:
    looks = {
        key: [_look(second, frame) for second, frame in frames] for key, frames in walks.items()
    }
    return {
        "every frame": {key: list(range(len(frames))) for key, frames in walks.items()},
        "one a second": {key: list(range(0, len(frames), FPS)) for key, frames in walks.items()},
        "one each half second": {
            key: list(range(0, len(frames), FPS // 2)) for key, frames in walks.items()
        },
        "the best of seconds": _places(looks, 1.0, DIFFERENT),
        "the same, more different": _places(looks, 1.0, 2 * DIFFERENT),
        "the same, all kept": _places(looks, 1.0, 0.0),
        "the best of half seconds": _places(looks, 0.5, DIFFERENT),
        "the same, more different ": _places(looks, 0.5, 2 * DIFFERENT),
    }


def _places(looks: dict[Any, list[Any]], every: float, different: float) -> dict[Any, list[int]]:
    """Which frames of each walk are kept."""
    found: dict[Any, list[int]] = {}
    for key, some in looks.items():
        kept = {id(one) for one in chosen(some, every, different)}
        found[key] = [place for place, one in enumerate(some) if id(one) in kept]
    return found


def _leak(walks: dict[Any, Any], features: dict[Any, Any], phones: tuple[Any, Any]) -> None:
    """One recognizer learned from the first walk; asked about frames of that walk, of the other
    walk, and about phone photos."""
    rng = np.random.default_rng(0)
    x, y, held, held_truth = [], [], [], []
    for key in (one for one in walks if one[1] == 1):
        order = rng.permutation(len(features[key]))
        cut = len(order) * 4 // 5
        x.append(features[key][order[:cut]])
        y += [key[0]] * cut
        held.append(features[key][order[cut:]])
        held_truth += [key[0]] * (len(order) - cut)
    learned = np.concatenate(x)
    other = [key for key in walks if key[1] == 2]
    sides = {
        "random frames (leaks)": (np.concatenate(held), held_truth),
        "whole walks apart": (
            np.concatenate([features[key] for key in other]),
            [key[0] for key in other for _ in features[key]],
        ),
        "phone photos": phones,
    }
    print("\nThe same recognizer, learned from one walk a picture, by how it is tested")
    for said, (asked, truth) in sides.items():
        share = np.mean(said_by_probe(learned, y, asked) == np.array(truth))
        print(f"{said:<22} {100 * share:.1f} % right of {len(truth)}")


def _phone_photos(count: int, names: Sequence[str]) -> tuple[NDArray[Any], list[NDArray[Any]]]:
    from data_cards.photos.image import open_photo

    truth: list[str] = []
    data: list[NDArray[Any]] = []
    for one, photo in museum.photos(museum.parse_museum(f"museum:{4 * count}")):
        if one.true_class in names and len(truth) < count:
            truth.append(str(one.true_class))
            data.append(np.asarray(open_photo(photo, at_least=SIDE)))
    return np.array(truth), data


def said_by_probe(learned: NDArray[Any], names: Sequence[str], asked: NDArray[Any]) -> NDArray[Any]:
    """What a probe that learned from these features and names says of others."""
    from train.probes.logistic import fit_probe

    classes = sorted({*names})
    y = np.array([classes.index(name) for name in names])
    said = fit_probe(learned, y, len(classes)).logits(asked)
    return np.array(classes)[said.argmax(axis=1)]
