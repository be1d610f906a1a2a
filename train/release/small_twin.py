"""A small twin: what a release answers, from a network with fewer weights, for slow connections.

    python -m train export out/model --to twin --small out/small

`out/small` is an ordinary release of the same classes. Its twin is kept beside the whole one (in
`vitrine/twin-small/`) only where a visitor is told the same on nearly all photos of the sealed
test, and where the download is small.
"""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from data_cards.annotations.framed_photos import framed
from data_cards.dataset.repo import Dataset, open_dataset
from data_cards.errors import BadModel, BadPhoto, ExportDisagrees
from data_cards.progress import say
from data_cards.storage.repository import open_repository
from data_cards.wording import counted, whole_percent
from train.evaluation.compare_models import learned
from train.inference.model_folder import OURS, classes_of, model_folder, read_json, write_json
from train.inference.network import weights_mark
from train.inference.predictor import Prediction, Predictor, load_predictor
from train.release.compact_weights import Layout, unpack
from train.release.twin import (
    SMALL_TWIN,
    check_browser_can,
    export_twin,
    keep_twin,
    release_in,
    rounded,
    write_twin,
)
from train.splits.seal import sealed, usable
from train.splits.split import TEST
from train.uncertainty.rejection import REFUSED

# As issue 19 asks.
LEAST_SAME = 0.98
MOST_BYTES = 12_000_000


@dataclass(frozen=True)
class Agreement:
    """On how many of the `photos` of the sealed test a visitor is told the `same` thing."""

    same: int
    photos: int

    @property
    def is_enough(self) -> bool:
        """Whether the small release may answer for the whole one."""
        return self.photos > 0 and self.same >= LEAST_SAME * self.photos


def export_twins(model: str, small: str, dataset: str, cache: Path) -> Iterator[Path]:
    """Write the release at the address `model` for browsers, and where `small` is given a small
    twin as well; their folders. Raises as `export_twin` and `export_small_twin` do, before the
    first is written where the classes differ."""
    if small:
        check_same_classes(model, small, cache)
    yield export_twin(model, cache)
    if small:
        yield export_small_twin(model, small, dataset, cache)


def check_same_classes(model: str, small: str, cache: Path) -> None:
    """Raises BadModel unless the releases at two addresses know the same classes and a browser can
    run the small one."""
    whole, other = (model_folder(address, cache)[0] for address in (model, small))
    check_browser_can(other)
    apart = sorted(set(classes_of(whole)) ^ set(classes_of(other)))
    if apart:
        raise BadModel(
            f"{small} knows other classes than {model}, so it can't answer for it: "
            f"{', '.join(apart[:3])}{' …' if len(apart) > 3 else ''}. Train both on one dataset.",
            apart=apart,
        )


def export_small_twin(model: str, small: str, dataset: str, cache: Path) -> Path:
    """Write the release at the address `small` for browsers and commit it to `model`, which it
    stands for; its folder. The sealed test is of `dataset`, or else of the dataset that `model`
    was trained on. Raises ExportDisagrees where it answers differently or is too large, BadModel,
    MissingFile."""
    folder, _ = model_folder(model, cache)
    tested = dataset or str(read_json(folder / OURS / "release.json").get("dataset") or "")
    if not tested:
        raise BadModel("Name the dataset whose sealed test both releases answer: --dataset DATASET")
    whole = load_predictor(model, cache, "onnxruntime")
    other = load_predictor(small, cache, "onnxruntime")
    with tempfile.TemporaryDirectory(prefix="vitrine-twin-") as scratch:
        made = Path(scratch) / SMALL_TWIN
        twin = write_twin(other.folder, other, made, {}, again=True, most_bytes=MOST_BYTES)
        if twin.bytes > MOST_BYTES:
            raise ExportDisagrees(
                f"{small} takes {twin.bytes / 1e6:.1f} MB in a browser, and a small twin takes "
                f"at most {MOST_BYTES / 1e6:.0f}, so none was written."
            )
        found = agreement(open_dataset(tested), whole, in_browser(made, other))
        told = f"of {counted(found.photos, 'test photo')} {found.same} get the same name"
        if not found.is_enough:
            raise ExportDisagrees(
                f"{small} answers differently than {model}: {told}, and a small twin needs "
                f"{whole_percent(LEAST_SAME)}, so none was written.",
                **asdict(found),
            )
        about = {"weights": weights_mark(folder)}
        stands_for = asdict(found) | {"weights": weights_mark(other.folder)}
        told_of = read_json(made / "twin.json") | about | {"small": stands_for}
        write_json(made / "twin.json", told_of)
        keep_twin(open_repository(model, kind="model"), made)
    say(f"The small twin is kept: {told}.")
    return folder / OURS / SMALL_TWIN


def in_browser(twin: Path, predictor: Predictor) -> Predictor:
    """The release as the twin in a folder answers."""
    graph, packed = (
        gzip.decompress((twin / name).read_bytes()) for name in ("graph.onnx.gz", "weights.gz")
    )
    layout = release_in(twin)["weights"]
    weights = unpack(packed, Layout(layout["steps"], tuple(layout["counts"]), layout["block"]))
    return rounded(predictor.folder, predictor, graph, weights)


def agreement(dataset: Dataset, whole: Predictor, small: Predictor) -> Agreement:
    """How two releases agree on the sealed test: on every photo, known or none of these, that
    neither learned from and that can be read."""
    source = sealed(dataset)
    source = replace(source, dataset=framed(source.dataset))
    labels = usable(source.dataset.labels())
    test = {name for name, row in source.splits.items() if row.split == TEST and name in labels}
    asked = test - learned(whole.folder) - learned(small.folder)
    same = []
    say(f"Both releases answer {counted(len(asked), 'test photo')} ...")
    for _, data in source.dataset.read_photos(asked):
        try:
            same.append(told_the_same(whole.predict(data), small.predict(data)))
        except BadPhoto:
            continue  # nobody is told anything about it
    return Agreement(sum(same), len(same))


def told_the_same(first: Prediction, second: Prediction) -> bool:
    """Whether a visitor hears the same name for a photo, or from both that it is none of these.
    How sure the answer is may differ, since each release keeps its own promise; so may the photos
    that look alike."""
    return (first.answer == REFUSED, first.label) == (second.answer == REFUSED, second.label)
