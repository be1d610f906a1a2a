"""A model folder's network: the fastest engine that gives the same answers, else the original."""

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from data_cards.errors import BadModel
from data_cards.photos.image import encode_jpeg
from tests.fixtures.tiny_models import picture
from train.images.preprocessing import Preprocessing
from train.inference import network
from train.inference.engine import LEAST_COSINE, TorchEngine, cosines, installed
from train.inference.network import (
    CHECK,
    LARGEST_IN_SHORT,
    SERVING,
    golden,
    golden_refused,
    open_network,
    same_answers,
)
from train.models.heads import load_answering


@pytest.fixture
def exported(exported_release, tmp_path):
    folder = tmp_path / "release"
    shutil.copytree(exported_release, folder, ignore=shutil.ignore_patterns(".vitrine"))
    return folder


@pytest.mark.slow
def test_a_checked_export_is_used_and_gives_the_same(exported):
    fast = open_network(exported)
    exact = open_network(exported, engine="torch")
    assert (fast.engine.name, exact.engine.name) == ("openvino", "torch")
    photos, _ = golden(exported, fast.preprocess)
    (logits, *features), (expected, *originals) = fast.engine.run(photos), exact.engine.run(photos)
    assert same_answers(logits, expected, LARGEST_IN_SHORT)
    assert all(
        cosines(*pair).min() > LEAST_COSINE for pair in zip(features, originals, strict=True)
    )


@pytest.mark.parametrize("name", ["openvino", "onnxruntime", "torch"])
def test_any_engine_can_be_asked_for(exported, name):
    assert open_network(exported, engine=name).engine.name == name


def test_the_next_engine_serves_where_the_fastest_disagrees_or_is_not_there(exported, monkeypatch):
    class Wrong:
        name = "openvino"
        streams = 1

        def run(self, photos):
            return (np.eye(3, dtype=np.float32)[np.zeros(len(photos), int)],)

    opened = network.open_onnx
    with monkeypatch.context() as patched:
        patched.setattr(
            network,
            "open_onnx",
            lambda path, name, *more, **named: (
                Wrong() if name.startswith("openvino") else opened(path, name, *more, **named)
            ),
        )
        assert open_network(exported).engine.name == "onnxruntime"
    monkeypatch.setattr(network, "installed", lambda: ("onnxruntime", "torch"))
    assert open_network(exported).engine.name == "onnxruntime"


@pytest.mark.slow
def test_for_many_photos_a_faster_engine_is_prepared_that_gives_the_same(exported, monkeypatch):
    (exported / CHECK).unlink()
    monkeypatch.setattr(network, "MANY", 50)
    few = open_network(exported, photos=49)
    many = open_network(exported, photos=50)
    assert (few.engine.name, many.engine.name) == ("torch", "openvino")
    assert open_network(exported, engine="torch", photos=50).engine.name == "torch"
    data = next(exported.glob("vitrine/golden/*")).read_bytes()
    pairs = zip(few.ask(data), many.ask(data), strict=True)
    assert all(cosines(a[None], b[None]).min() > LEAST_COSINE for a, b in pairs)


def test_several_at_once_each_get_their_own(exported):
    asked, (_, logits) = (
        open_network(exported),
        golden(exported, Preprocessing.from_folder(exported)),
    )
    rows = json.loads((exported / "vitrine/golden.json").read_text())
    files = [(exported / row["photo"]).read_bytes() for row in rows]
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(asked.ask, files * 6))
    for number, said in enumerate(found):
        assert said[0].argmax() == logits[number % len(files)].argmax()


@pytest.mark.parametrize("name", ["openvino", "onnxruntime", "torch"])
def test_visitors_who_come_at_once_get_the_same_bits_as_one_after_the_other(exported, name):
    asked = open_network(exported, engine=name)
    photos = [encode_jpeg(picture(number % 5, number)) for number in range(24)]
    alone = [asked.ask(data) for data in photos]
    asked.engine.expect_company(asked.preprocess.size)
    sizes = Counting(asked.engine)
    start = threading.Barrier(8)

    def ask(data):
        start.wait(timeout=20)
        return asked.ask(data)

    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(ask, photos))
    assert sum(sizes.seen) == len(photos) and set(sizes.seen) <= {1, *asked.engine.sizes}
    for one, other in zip(alone, together, strict=True):
        assert all(np.array_equal(*rows) for rows in zip(one, other, strict=True))


class Counting:
    """How many photos each run of a network has."""

    def __init__(self, batcher):
        self.seen = []
        run = batcher._engine.run
        batcher._engine.run = lambda photos: (self.seen.append(len(photos)), run(photos))[1]


def test_an_export_of_other_weights_never_answers_in_their_name(exported):
    with (exported / "config.json").open("a") as file:
        file.write("\n")
    assert open_network(exported).engine.name == "openvino", "only the weights count"
    card = json.loads((exported / CHECK).read_text())
    (exported / CHECK).write_text(json.dumps(card | {"weights": "0" * 64}))
    assert open_network(exported).engine.name == "torch"


def test_an_export_that_does_not_give_the_kept_answers_here_is_not_used(exported):
    rows = json.loads((exported / "vitrine/golden.json").read_text())
    rows[0]["logits"] = rows[0]["logits"][::-1]
    (exported / "vitrine/golden.json").write_text(json.dumps(rows))
    assert open_network(exported).engine.name == "torch"


def test_an_export_in_eight_bits_never_answers_visitors(exported):
    """It may differ in one photo of fifty (see `train/release/export.py`)."""
    exports = exported / "vitrine/exports"
    (exports / "model.onnx").rename(exports / "model-int8.onnx")
    (exports / "model.onnx.json").rename(exports / "model-int8.onnx.json")
    assert open_network(exported).engine.name == "torch"
    for name in ("onnx-int8", "openvino-int8", "int8"):
        assert name not in SERVING and name not in installed()


def with_answers(folder, answers, threshold=None):
    """The release's kept photos answered so, and its line drawn there."""
    rows = json.loads((folder / "vitrine/golden.json").read_text())
    told = [row | {"answer": one} for row, one in zip(rows, answers, strict=True)]
    (folder / "vitrine/golden.json").write_text(json.dumps(told))
    if threshold is not None:
        card = json.loads((folder / "vitrine/rejection.json").read_text())
        (folder / "vitrine/rejection.json").write_text(json.dumps(card | {"threshold": threshold}))


@pytest.mark.parametrize(
    ("answers", "engine"),
    [(("x", "x"), "openvino"), (("none", "none"), "torch"), (("x", "none"), "torch")],
)
def test_an_export_that_refuses_other_photos_than_the_release_is_not_used(
    exported, answers, engine
):
    with_answers(exported, answers, threshold=1e6)
    assert open_network(exported).engine.name == engine


def test_a_release_that_kept_no_decisions_is_checked_by_its_logits_alone(exported):
    assert golden_refused(exported) is None
    assert open_network(exported).engine.name == "openvino"
    with_answers(exported, ("x", "none"))
    assert golden_refused(exported).tolist() == [False, True]


def test_the_kept_answers_are_the_networks_own(tiny_release):
    photos, logits = golden(tiny_release, Preprocessing.from_folder(tiny_release))
    assert len(photos) == 2
    assert same_answers(TorchEngine(load_answering(tiny_release)).run(photos)[0], logits)


def test_same_answers_means_the_same_class_and_nearly_the_same_number():
    a = np.array([[2.0, 1.0]])
    assert same_answers(a, a + 0.001)
    assert not same_answers(a, a + 0.05) and same_answers(a, a + 0.05, LARGEST_IN_SHORT)
    assert not same_answers(a, a + 0.5, LARGEST_IN_SHORT)
    assert not same_answers(a, a[:, ::-1])
    assert not same_answers(a, np.zeros((2, 2)))


def test_a_folder_without_a_model_is_said(tmp_path):
    with pytest.raises(BadModel, match="no model"):
        open_network(tmp_path)
