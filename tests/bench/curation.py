"""How well the finders find: figures side by side with other rules, on photos with known trouble.

    python -m tests.bench.curation labels ../shared/photos/groceries/train      wrong labels planted three ways
    python -m tests.bench.curation copies ../shared/photos/landmarks [--count 40]   five edited copies of each photo

Prints one line per setting. Nothing here is tuned to these photos; other sets are tried elsewhere.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import time
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from curation.suspects import label_doubt
from curation.verification import Fingerprint, compare, fingerprint
from data_cards.errors import BadPhoto
from data_cards.photo import open_photo
from data_cards.progress import speak_up
from train.backbone import find_backbone
from train.config import default_cache
from train.features import FeatureCache, embedder_for
from train.probe import out_of_fold

NOISE = (0.05, 0.1, 0.2, 0.4)
Rule = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def self_confidence(y: np.ndarray, p: np.ndarray, _: np.ndarray) -> np.ndarray:
    """Plain loss: one minus the probability of the label."""
    return 1 - p[np.arange(len(y)), y]


def cleanlab_margin(y: np.ndarray, p: np.ndarray, _: np.ndarray) -> np.ndarray:
    """cleanlab's normalized margin, adjusted for class bias as its Datalab does."""
    from cleanlab.rank import get_label_quality_scores

    return 1 - get_label_quality_scores(y, p, method="normalized_margin")


RULES: dict[str, Rule] = {
    "loss": self_confidence,
    "cleanlab": cleanlab_margin,
    "ours, model only": lambda y, p, x: label_doubt(y, p),
    "ours": label_doubt,
}


def uniform(y: np.ndarray, x: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Any other class, at random."""
    wrong = rng.random(len(y)) < share
    return np.where(wrong, (y + rng.integers(1, y.max() + 1, len(y))) % (y.max() + 1), y)


def to_similar(y: np.ndarray, x: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """The class whose mean embedding is nearest."""
    means = np.stack([x[y == label].mean(axis=0) for label in range(y.max() + 1)])
    means -= means.mean(axis=0)
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    alike = means @ means.T - 2 * np.eye(len(means))
    return np.where(rng.random(len(y)) < share, alike.argmax(axis=1)[y], y)


def by_annotators(y: np.ndarray, x: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Five annotators share the photos; each confuses pairs of classes of their own, and only those."""
    who, given = rng.integers(0, 5, len(y)), y.copy()
    for annotator in range(5):
        partner = rng.permutation(y.max() + 1)
        confused = rng.random(y.max() + 1) < min(1.0, share * 2)
        wrong = (who == annotator) & confused[y] & (rng.random(len(y)) < share / min(1.0, share * 2))
        given[wrong] = partner[y[wrong]]
    return given


KINDS = {"uniform": uniform, "similar": to_similar, "annotators": by_annotators}


def average_precision(wrong: np.ndarray, scores: np.ndarray) -> float:
    """Area under precision over recall."""
    hits = wrong[np.argsort(-scores, kind="stable")]
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean()) if hits.any() else float("nan")


def recall_after(wrong: np.ndarray, scores: np.ndarray, share: float) -> float:
    """Share of the wrong labels among the most doubtful `share` of photos."""
    first = np.argsort(-scores, kind="stable")[: round(share * len(scores))]
    return float(wrong[first].sum() / max(1, wrong.sum()))


def labels(folder: Path, seeds: int) -> None:
    """Wrong labels planted into a folder of class folders."""
    truth, x = _features(folder)
    for kind, plant in KINDS.items():
        for share in NOISE:
            rows: dict[str, list[tuple[float, ...]]] = {}
            for seed in range(seeds):
                given = plant(truth, x, share, np.random.default_rng(seed))
                p = out_of_fold(x, given, range(len(given)), int(truth.max()) + 1)
                for name, rule in RULES.items():
                    scores, wrong = rule(given, p, x), given != truth
                    rows.setdefault(name, []).append((average_precision(wrong, scores), *(
                        recall_after(wrong, scores, part) for part in (0.05, 0.1, 0.2))))
            for name, found in rows.items():
                ap, *recalls = np.mean(found, axis=0)
                print(f"{kind:10} {share:4.0%}  {name:16} AP {ap:.3f}  recall after 5/10/20 %: "
                      + " ".join(f"{recall:.2f}" for recall in recalls), flush=True)


def _features(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    cache = default_cache(os.environ)
    backbone = find_backbone("auto", cache)
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    kept = FeatureCache(cache / "bench" / backbone.revision[:12])
    missing = kept.missing([path.as_posix() for path in files])
    if missing:
        embedder = embedder_for(backbone, cache, photos=len(missing))
        for outputs in embedder.stream((name, Path(name).read_bytes()) for name in missing):
            kept.add(outputs.ids, outputs.arrays[-1])
    ids, x = kept.load([path.as_posix() for path in files])
    names = [Path(name).parent.name for name in ids]
    return np.unique(names, return_inverse=True)[1], x


def edits(photo: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    """The photo and five edited copies."""
    width, height = photo.size
    yield "original", photo
    yield "crop", photo.crop((width // 10, height // 10, width - width // 10, height - height // 10))
    yield "mirror", ImageOps.mirror(photo)
    yield "upside down", ImageOps.flip(photo)
    yield "turned", photo.rotate(25)
    yield "square", photo.resize((300, 300))


def copies(folder: Path, count: int) -> None:
    """Every pair of copies should agree, and no two different photos; the score of each, by edit."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    random.Random(0).shuffle(files)
    prints: list[dict[str, Fingerprint]] = []
    for path in files:
        if len(prints) < count and (photo := _opened(path)) is not None:
            prints.append({name: fingerprint(_saved(edited)) for name, edited in edits(photo)})
    began, true, false = time.monotonic(), [], []
    for n, one in enumerate(prints):
        true += [(compare(one[a], one[b]).score, a, b) for a, b in combinations(one, 2)]
        false += [compare(one["original"], other["original"]).score for other in prints[n + 1:]]
    each = (time.monotonic() - began) / (len(true) + len(false)) * 1000
    scores, others = np.array([score for score, _, _ in true]), np.array(false)
    print(f"{len(prints)} photos: {len(true)} true pairs, {len(others)} others, {each:.1f} ms a pair")
    for threshold in (0.8, 0.85, 0.9, 0.95):
        hits, strays = int((scores >= threshold).sum()), int((others >= threshold).sum())
        print(f"threshold {threshold:.2f}: recall {hits / len(true):.4f}  wrong pairs {strays} of {len(others)}")
    print("hardest:", sorted(true)[:5])


def _opened(path: Path) -> Image.Image | None:
    try:
        photo = open_photo(path.read_bytes())
    except BadPhoto:
        return None
    photo.thumbnail((640, 640))
    return photo


def _saved(photo: Image.Image) -> Image.Image:
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=88)
    return Image.open(io.BytesIO(out.getvalue())).convert("RGB")


def main() -> None:
    """Run one bench."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("labels", "copies"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--count", type=int, default=40)
    flags = parser.parse_args()
    speak_up()
    if flags.what == "labels":
        labels(flags.folder, flags.seeds)
    else:
        copies(flags.folder, flags.count)


if __name__ == "__main__":
    main()
