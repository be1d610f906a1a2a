"""Every family of backbones through all that a release goes through, its ONNX file included: a line
for each, with what works and what falls back.

    python -m benchmarks.backbone_families [NAME ...]

Networks are tiny and random (tests/fixtures/tiny_families.py): it says what runs, not how good it is.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from data_cards.errors import VitrineError
from tests.fixtures.tiny_families import TINY, write_tiny_family
from tests.fixtures.tiny_models import picture, release_of
from train.finetune.recipe import TrainedModel, with_head
from train.finetune.schedule import plan_for
from train.inference.engine import TorchEngine
from train.models.backbone import find_backbone
from train.models.fused import lean
from train.models.heads import load_answering, load_pooled
from train.probes.logistic import fit_probe
from train.release.contents import write_weights
from train.release.export import export

CLASSES = ("lion", "rose")
SHOTS = 6


def line_of(name: str, folder: Path) -> str:
    """What works of one family."""
    backbone = find_backbone(str(write_tiny_family(name, folder / "backbone")), folder)
    framing = backbone.framing()
    photos = [picture(kind, shot) for kind in (0, 1) for shot in range(SHOTS)]
    x = TorchEngine(load_pooled(backbone.path)).run(
        np.stack([framing.tensor(framing.framed(photo)) for photo in photos])
    )[0]
    probe = fit_probe(x, np.repeat([0, 1], SHOTS), len(CLASSES))
    model = with_head(backbone, dict(enumerate(CLASSES)), probe)
    plan = plan_for(len(photos), backbone.family.model_type, framing.size, 0)
    trained = TrainedModel(model, framing, backbone, "probe", 0, (), None, plan, "validation")
    write_weights(trained, folder / "draft")
    release = release_of(folder / "draft", folder / "release", CLASSES, SHOTS)
    module = load_answering(release)
    fused = "fused" if lean(module, framing.size) is not module else "as it is"
    begun = time.process_time()
    exported = "ONNX agrees"
    try:
        export(str(release), "onnx", cache=folder / "cache")
    except VitrineError as error:
        exported = error.sentence
    spent = time.process_time() - begun
    return f"{name:24} {x.shape[1]:4} features  {fused:9} {exported} ({spent:.1f} s of processor)"


def main(names: list[str]) -> None:
    """Print a line for each of the families."""
    for name in names or TINY:
        with tempfile.TemporaryDirectory(prefix="vitrine-family-") as folder:
            print(line_of(name, Path(folder)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
