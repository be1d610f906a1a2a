"""A model folder's network: the fastest engine that gives the same answers, else the original."""

import json
import shutil

import numpy as np
import pytest

from data_cards.errors import BadModel
from train.engine import TorchEngine
from train.network import CHECK, golden, open_network, same_answers
from train.preprocessing import Preprocessing
from train.vit import load_answering


@pytest.fixture
def exported(exported_release, tmp_path):
    folder = tmp_path / "release"
    shutil.copytree(exported_release, folder, ignore=shutil.ignore_patterns(".vitrine"))
    return folder


def test_a_checked_export_is_used_and_gives_the_same(exported):
    fast, exact = open_network(exported), open_network(exported, engine="torch")
    assert (fast.engine.name, exact.engine.name) == ("onnxruntime", "torch")
    photos, _ = golden(exported, fast.preprocess)
    for a, b in zip(fast.engine.run(photos), exact.engine.run(photos), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


def test_an_export_of_other_weights_never_answers_in_their_name(exported):
    with (exported / "config.json").open("a") as file:
        file.write("\n")
    assert open_network(exported).engine.name == "onnxruntime", "only the weights count"
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
    assert not same_answers(a, a + 0.5)
    assert not same_answers(a, a[:, ::-1])
    assert not same_answers(a, np.zeros((2, 2)))


def test_a_folder_without_a_model_is_said(tmp_path):
    with pytest.raises(BadModel, match="no model"):
        open_network(tmp_path)
