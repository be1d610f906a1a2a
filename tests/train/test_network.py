"""A model folder's network: the fastest engine that gives the same answers, else the original."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from data_cards.errors import BadModel
from data_cards.photo import encode_jpeg
from tests.tiny import picture
from train import network
from train.engine import LEAST_COSINE, TorchEngine, cosines
from train.index import write_index
from train.network import CHECK, LARGEST_IN_SHORT, golden, open_network, same_answers
from train.preprocessing import Preprocessing
from train.vit import load_answering


@pytest.fixture
def exported(exported_release, tmp_path):
    folder = tmp_path / "release"
    shutil.copytree(exported_release, folder, ignore=shutil.ignore_patterns(".vitrine"))
    return folder


def test_a_checked_export_is_used_and_gives_the_same(exported):
    fast, exact = open_network(exported), open_network(exported, engine="torch")
    assert (fast.engine.name, exact.engine.name) == ("openvino", "torch")
    photos, _ = golden(exported, fast.preprocess)
    (logits, *features), (expected, *originals) = fast.engine.run(photos), exact.engine.run(photos)
    assert same_answers(logits, expected, LARGEST_IN_SHORT)
    assert all(cosines(*pair).min() > LEAST_COSINE for pair in zip(features, originals, strict=True))


@pytest.mark.parametrize("name", ["openvino-int8", "openvino", "onnxruntime", "torch"])
def test_any_engine_can_be_asked_for(exported, name):
    assert open_network(exported, engine=name).engine.name == name


def test_the_next_engine_serves_where_the_fastest_disagrees_or_is_not_there(exported, monkeypatch):
    said = []
    monkeypatch.setattr(network, "say", said.append)

    class Wrong:
        name, streams = "openvino", 1

        def run(self, photos):
            return (np.eye(3, dtype=np.float32)[np.zeros(len(photos), int)],)

    opened = network.open_onnx
    with monkeypatch.context() as patched:
        patched.setattr(network, "open_onnx", lambda path, name, *more, **named: (
            Wrong() if name.startswith("openvino") else opened(path, name, *more, **named)))
        assert open_network(exported).engine.name == "onnxruntime"
        assert open_network(exported, engine="openvino-int8").engine.name == "onnxruntime"
        assert any("8 bits needs OpenVINO" in line for line in said)
    monkeypatch.setattr(network, "installed", lambda: ("onnxruntime", "torch"))
    assert open_network(exported).engine.name == "onnxruntime"


def test_8_bits_are_fitted_to_pictures_of_the_index_and_tested_on_the_kept_photos(exported, monkeypatch):
    fitted, asked, opened = [], [], network.open_onnx

    def watched(path, name, threads, exact, shown):
        fitted.append(shown)
        return opened(path, name, threads, exact, shown=shown)

    monkeypatch.setattr(network, "open_onnx", watched)
    monkeypatch.setattr(network, "_remembers", lambda engine, folder, preprocess: not asked.append(engine.name))
    framing, pictures = Preprocessing.from_folder(exported), [encode_jpeg(picture(n, 50)) for n in range(30)]
    write_index(exported / "vitrine/index", [str(n) for n in range(30)], ["x"] * 30, np.eye(30), pictures)
    open_network(exported, engine="openvino-int8")
    assert asked == ["openvino-int8"] and len(fitted[0]) == 24
    np.testing.assert_array_equal(fitted[0][[0, -1]], [framing(pictures[0]), framing(pictures[29])])
    shutil.rmtree(exported / "vitrine/index")
    open_network(exported, engine="openvino-int8")
    np.testing.assert_array_equal(fitted[1], golden(exported, framing)[0])


@pytest.fixture
def indexed(exported):
    """With an index of more photos than 8 bits are fitted to."""
    pictures = [encode_jpeg(picture(n, 50)) for n in range(60)]
    write_index(exported / "vitrine/index", [str(n) for n in range(60)], ["x"] * 60, np.eye(60), pictures)
    return exported


def seconds_of(monkeypatch, **seconds):
    timed = network._timed
    monkeypatch.setattr(network, "_timed", lambda engine, photos: (
        timed(engine, photos)[0], seconds[engine.name.replace("-", "_")]))


@pytest.mark.parametrize(("in_short", "chosen"), [(0.5, "openvino-int8"), (0.95, "openvino")])
def test_the_fastest_is_in_8_bits_only_where_that_saves_time(indexed, monkeypatch, in_short, chosen):
    seconds_of(monkeypatch, openvino=1.0, openvino_int8=in_short)
    monkeypatch.setattr(network, "NAMED_ALIKE", 0.0)
    assert open_network(indexed, engine="fastest").engine.name == chosen


def test_the_fastest_is_not_in_8_bits_where_other_photos_are_named_differently(indexed, monkeypatch):
    asked = []

    def timed(engine, photos):
        asked.append(len(photos))
        return np.eye(3)[np.arange(len(photos)) % 3 if engine.name == "openvino" else np.zeros(len(photos), int)], 1.0

    monkeypatch.setattr(network, "_timed", timed)
    monkeypatch.setattr(network, "WORTH", 2.0)
    assert open_network(indexed, engine="fastest").engine.name == "openvino" and asked == [24, 24]


def test_where_8_bits_fail_it_is_said_and_served_without(indexed, monkeypatch):
    said, opened = [], network.open_onnx

    def failing(path, name, *more, **named):
        if name == "openvino-int8":
            raise RuntimeError("no such step")
        return opened(path, name, *more, **named)

    monkeypatch.setattr(network, "say", said.append)
    monkeypatch.setattr(network, "open_onnx", failing)
    assert open_network(indexed, engine="fastest").engine.name == "openvino"
    assert any("no such step" in line for line in said)


def test_without_photos_to_try_8_bits_on_the_fastest_is_as_always(exported):
    assert open_network(exported, engine="fastest").engine.name == "openvino"


def test_photos_that_8_bits_are_tried_on_are_others_than_they_were_fitted_to(indexed):
    framing = Preprocessing.from_folder(indexed)
    fitted, tried = network._shown(indexed, framing), network._others(indexed, framing)
    assert len(fitted) == len(tried) == 24
    assert not {one.tobytes() for one in fitted} & {one.tobytes() for one in tried}


def test_for_many_photos_a_faster_engine_is_prepared_that_gives_the_same(exported, monkeypatch):
    (exported / CHECK).unlink()
    monkeypatch.setattr(network, "MANY", 50)
    few, many = open_network(exported, photos=49), open_network(exported, photos=50)
    assert (few.engine.name, many.engine.name) == ("torch", "openvino")
    assert open_network(exported, engine="torch", photos=50).engine.name == "torch"
    data = next(exported.glob("vitrine/golden/*")).read_bytes()
    pairs = zip(few.ask(data), many.ask(data), strict=True)
    assert all(cosines(a[None], b[None]).min() > LEAST_COSINE for a, b in pairs)


def test_several_at_once_each_get_their_own(exported):
    asked, (_, logits) = open_network(exported), golden(exported, Preprocessing.from_folder(exported))
    rows = json.loads((exported / "vitrine/golden.json").read_text())
    files = [(exported / row["photo"]).read_bytes() for row in rows]
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(asked.ask, files * 6))
    for number, said in enumerate(found):
        assert said[0].argmax() == logits[number % len(files)].argmax()


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
