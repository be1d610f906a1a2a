"""Other tools on a folder of class folders, each in a process of its own: `python -m
benchmarks.peers NAME FOLDER ...`

Prints one JSON line: seconds and processor seconds of the work itself, imports and loading left
out, and peak memory.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

BATCH = 16
ENDINGS = (".jpg", ".jpeg", ".png")
Work = Callable[[], object]


def photos_below(folder: Path) -> list[Path]:
    """The photos, in a fixed order."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)


def labels_of(paths: list[Path]) -> np.ndarray:
    """What each photo's folder calls it, as numbers."""
    return np.unique([path.parent.name for path in paths], return_inverse=True)[1]


def cleanvision(folder: Path, _: Path, __: Path) -> Work:
    """Quality issues, with its own defaults."""
    from cleanvision import Imagelab

    return lambda: Imagelab(data_path=str(folder)).find_issues(verbose=False)


def fastdup(folder: Path, scratch: Path, _: Path) -> Work:
    """Near-duplicates, with its own defaults."""
    import fastdup as tool

    return lambda: tool.run(str(folder), work_dir=str(scratch / "fastdup"))


def embeddings(folder: Path, scratch: Path, backbone: Path) -> Work:
    """Features by transformers in fp32, as its documentation shows; what the network's head
    would see."""
    import torch
    from transformers import AutoImageProcessor, AutoModel

    processor = AutoImageProcessor.from_pretrained(backbone, backend="pil")
    model = AutoModel.from_pretrained(backbone, dtype=torch.float32).eval()
    paths = photos_below(folder)

    def work() -> None:
        from PIL import Image

        parts = []
        for start in range(0, len(paths), BATCH):
            images = [Image.open(path).convert("RGB") for path in paths[start : start + BATCH]]
            with torch.inference_mode():
                tokens = model(**processor(images, return_tensors="pt")).last_hidden_state
            parts.append(torch.cat([tokens[:, 0], tokens[:, 1:].mean(dim=1)], dim=1).numpy())
        np.save(scratch / "x.npy", np.concatenate(parts))

    return work


def probe(folder: Path, scratch: Path, _: Path) -> Work:
    """Out-of-fold probabilities by scikit-learn."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x = np.load(scratch / "x.npy")
    y = labels_of(photos_below(folder))
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200))
    return lambda: np.save(
        scratch / "p.npy", cross_val_predict(model, x, y, cv=5, method="predict_proba")
    )


def datalab(folder: Path, scratch: Path, _: Path) -> Work:
    """Label issues, outliers and near-duplicates by cleanlab."""
    from cleanlab import Datalab

    x = np.load(scratch / "x.npy")
    p = np.load(scratch / "p.npy")
    y = labels_of(photos_below(folder))
    lab = Datalab(data={"label": y.tolist()}, label_name="label", verbosity=0)
    return lambda: lab.find_issues(features=x, pred_probs=p)


PEERS = {one.__name__: one for one in (cleanvision, fastdup, embeddings, probe, datalab)}


def spent() -> float:
    """Processor seconds of this process and of those that it waited for."""
    return sum(
        sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )


def peak() -> int:
    """Megabytes that this process, or the largest that it waited for, held at most."""
    return (
        max(
            resource.getrusage(who).ru_maxrss
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        // 1024
    )


def main() -> None:
    """Run one."""
    os.environ.setdefault("SENTRY_OPT_OUT", "1")
    name, *places = sys.argv[1:]
    work = PEERS[name](*map(Path, places))
    began = time.monotonic()
    before = spent()
    with open(os.devnull, "w") as nowhere:
        out = sys.stdout
        sys.stdout = nowhere
        work()
        sys.stdout = out
    print(
        json.dumps({"seconds": time.monotonic() - began, "cpu": spent() - before, "peak": peak()})
    )


if __name__ == "__main__":
    main()
