"""A dataset and a model of ours, opened by everybody else's tools: a line for each, and what the
dataset's default config costs.

    make loop OUT=out && python -m benchmarks.opened_elsewhere out/dataset out/model
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from data_cards.dataset.repo import Dataset, open_dataset

BLOCK = 64  # bytes that are looked for anywhere in the older file


def main(arguments: list[str] | None = None) -> int:
    """Try each; how many failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", help="a folder that a loop made")
    parser.add_argument("model", type=Path, help="the model beside it")
    asked = parser.parse_args(arguments)
    dataset = open_dataset(asked.dataset)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        place = SimpleNamespace(dataset=dataset, model=asked.model, out=Path(folder))
        for name, tried in TRIES.items():
            begun = time.monotonic()
            try:
                said = tried(place)
            except Exception as error:  # noqa: BLE001 - the next tool is tried all the same
                failed += 1
                said = f"FAILED: {type(error).__name__}: {str(error)[:200]}"
            print(f"{name:<26} {time.monotonic() - begun:6.1f} s  {said}", flush=True)
    return failed


def by_datasets(place: Any) -> str:
    """load_dataset on the folder."""
    from datasets import load_dataset

    table = load_dataset(place.dataset.address, cache_dir=str(place.out / "cache"))
    first = table["train"][0]
    title = table["train"].features["label"].int2str(first["label"])
    sizes = ", ".join(f"{len(rows)} {side}" for side, rows in table.items())
    return f"{sizes}; the first is {first['image'].size}, “{title}”"


def by_pipeline(place: Any) -> str:
    """transformers.pipeline, and how far its confidence is from ours on photos of the test."""
    from transformers import pipeline

    from train.inference.predictor import load_predictor

    classify = pipeline("image-classification", str(place.model), top_k=1)
    ours = load_predictor(place.model, place.out / "engines", engine="torch")
    far = []
    same = 0
    for data, picture in _photos(place.dataset, 20):
        (said,) = classify(picture)
        best = ours.predict(data).candidates[0]
        same += said["label"] == best.title
        far.append(abs(said["score"] - best.confidence))
    return f"{same} of {len(far)} the same, confidence at most {max(far):.3f} apart"


def by_onnxruntime(place: Any) -> str:
    """The export, through onnxruntime alone."""
    import numpy as np
    import onnxruntime

    from train.images.preprocessing import Preprocessing

    path = place.model / "vitrine" / "exports" / "model.onnx"
    session = onnxruntime.InferenceSession(str(path))
    preprocess = Preprocessing.from_folder(place.model)
    data, _ = next(iter(_photos(place.dataset, 1)))
    logits = session.run(None, {session.get_inputs()[0].name: preprocess(data)[None]})[0]
    titles = json.loads((place.model / "config.json").read_text())["id2label"]
    return f"{path.stat().st_size / 1e6:.0f} MB; says “{titles[str(int(np.argmax(logits)))]}”"


def by_transformers_js(place: Any) -> str:
    """transformers.js in Chromium, in float32 and in eight bits, beside transformers.pipeline."""
    from transformers import pipeline

    from benchmarks.transformers_js import PACKAGE, answers_in_browser, installed
    from train.release.export import export

    if not shutil.which("npm"):
        return "not tried: there is no npm here"
    model = place.out / "for-browsers"
    shutil.copytree(place.model, model)
    export(str(model), "transformers.js", cache=place.out / "engines")
    library = installed(place.out / "npm")
    photos = list(_photos(place.dataset, 20))
    classify = pipeline("image-classification", str(place.model), top_k=1)
    wanted = [classify(picture)[0]["label"] for _, picture in photos]
    told = []
    for dtype in ("fp32", "q8"):
        answers = answers_in_browser(model, library, [data for data, _ in photos], dtype)
        same = sum(one["label"] == label for one, label in zip(answers, wanted, strict=True))
        told.append(f"{same} of {len(photos)} as transformers.pipeline in {dtype}")
    return f"{PACKAGE}: {', '.join(told)}"


def by_fiftyone(place: Any) -> str:
    """FiftyOne's own importer where it is installed, else its documented format."""
    from curation.exchange.export import export_dataset

    export_dataset(place.dataset, place.out / "fiftyone", "fiftyone")
    folder = sorted((place.out / "fiftyone").glob("*/labels.json"))[0].parent
    if find_spec("fiftyone"):
        import fiftyone

        kind = fiftyone.types.FiftyOneImageClassificationDataset
        return f"{len(fiftyone.Dataset.from_dir(str(folder), kind))} samples by its importer"
    said = json.loads((folder / "labels.json").read_text())
    files = {path.stem for path in (folder / "data").iterdir()}
    assert set(said["labels"]) == files
    return f"{len(files)} samples in its documented format (fiftyone is not installed here)"


def by_label_studio(place: Any) -> str:
    """Label Studio's task format, there and back."""
    from curation.exchange.export import export_dataset
    from curation.exchange.import_labels import read_labels

    export_dataset(place.dataset, place.out / "studio", "label-studio")
    tasks = json.loads((place.out / "studio" / "tasks.json").read_text())
    for task in tasks:
        task["annotations"] = task.pop("predictions")
    back = list(read_labels("tasks.json", json.dumps(tasks)))
    assert len(back) == len(tasks)
    return f"{len(tasks)} tasks, each with its label, read back as {len(back)} annotations"


def by_mcp(place: Any) -> str:
    """The real MCP client against a served app."""
    from mcp import Client

    from space.app import create_app
    from space.server import launch, stop
    from space.settings import SpaceSettings

    settings = SpaceSettings(str(place.model), state=place.out / "state", mcp=True, port=0)
    environ = {"GRADIO_TEMP_DIR": str(place.out / "uploads")}
    (place.out / "uploads").mkdir(mode=0o700)
    import os

    os.environ |= environ
    app = create_app(settings)
    port = _free_port()
    running = launch(app, os.environ, port)
    data, _ = next(iter(_photos(place.dataset, 1)))

    async def ask() -> dict[str, Any]:
        async with Client(f"http://127.0.0.1:{port}/mcp/") as client:
            for _ in range(120):
                told = {"photo": base64.b64encode(data).decode()}
                content: Any = (await client.call_tool("name_photo", told)).content[0]
                said = json.loads(content.text)
                if said.get("code") != "not_ready":
                    break
                await asyncio.sleep(0.5)
            return dict(said)

    try:
        said = asyncio.run(ask())
    finally:
        stop(running)
    return f"answered “{said['answer']}”, {said['title']}"


def by_hub_cards(place: Any) -> str:
    """huggingface_hub's card classes on both cards."""
    from huggingface_hub import DatasetCard, ModelCard

    from train.release.model_card import model_folder_card

    model: Any = ModelCard(model_folder_card(place.model, "user/name")).data
    dataset: Any = DatasetCard.load(Path(place.dataset.address) / "README.md").data
    results = len(model.eval_results or ())
    return (
        f"model: {model.license}, {results} result in model-index; dataset: "
        f"{', '.join(one['config_name'] for one in dataset['configs'])}"
    )


def cost_on_disk(place: Any) -> str:
    """How much the default config adds to a folder."""
    sizes = {"images/": 0, "data/": 0}
    for path in place.dataset.paths:
        for start in sizes:
            if path.startswith(start):
                file = place.dataset.repo.fetch(path, place.dataset.revision)
                sizes[start] += file.stat().st_size
    images, data = sizes.values()
    return f"images {images / 1e6:.1f} MB, default config {data / 1e6:.1f} MB beside them"


def cost_of_one_label(place: Any) -> str:
    """What of the largest file changes with one label."""
    from data_cards.annotations.outside_edits import decisions_about
    from data_cards.dataset.default_config import planned_tables, write_table
    from data_cards.dataset.schema import Label

    dataset: Dataset = place.dataset
    shards: dict[str, list[str]] = {}
    for image_id in dataset.photos():
        shards.setdefault(dataset.shard_of(image_id), []).append(image_id)
    labels = dataset.labels()
    things = dataset.collection()
    table = max(planned_tables(shards, labels, dataset.splits()), key=lambda one: len(one.rows))
    row = table.rows[len(table.rows) // 2]
    other = next(name for name in things.ids if name != row.label)
    changed = tuple(
        Label(one.image_id, other, "labelled") if one is row else one for one in table.rows
    )
    shard = dataset.repo.fetch(table.shard, dataset.revision)
    before, after = place.out / "before.parquet", place.out / "after.parquet"
    decided = decisions_about(dataset)
    write_table(before, shard, table, things, decided)
    decided[row.image_id] += 1
    write_table(after, shard, type(table)(table.path, table.shard, changed), things, decided)
    fresh = _fresh_bytes(before.read_bytes(), after.read_bytes())
    size = after.stat().st_size
    return (
        f"{fresh / 1e3:.1f} kB of {size / 1e6:.1f} MB are new with one label (blocks of {BLOCK} "
        "bytes); plain LFS, as the test hub speaks it, sends the whole file"
    )


def _fresh_bytes(before: bytes, after: bytes) -> int:
    """Bytes of `after` in blocks that `before` has nowhere."""
    wanted = {after[start : start + BLOCK] for start in range(0, len(after), BLOCK)}
    found = {
        before[start : start + BLOCK]
        for start in range(len(before))
        if before[start : start + BLOCK] in wanted
    }
    return sum(
        len(after[start : start + BLOCK])
        for start in range(0, len(after), BLOCK)
        if after[start : start + BLOCK] not in found
    )


def _photos(dataset: Dataset, most: int) -> Any:
    import io

    from PIL import Image

    sides = dataset.splits()
    names = [name for name, row in sides.items() if row.split == "test"][:most]
    for _, data in dataset.read_photos(names):
        yield data, Image.open(io.BytesIO(data)).convert("RGB")


def _free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


TRIES: dict[str, Callable[[Any], str]] = {
    "datasets": by_datasets,
    "transformers.pipeline": by_pipeline,
    "onnxruntime": by_onnxruntime,
    "transformers.js": by_transformers_js,
    "FiftyOne": by_fiftyone,
    "Label Studio": by_label_studio,
    "MCP client": by_mcp,
    "huggingface_hub cards": by_hub_cards,
    "disk": cost_on_disk,
    "one changed label": cost_of_one_label,
}


if __name__ == "__main__":
    sys.exit(main())
