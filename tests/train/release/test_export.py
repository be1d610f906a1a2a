"""The model in another form, only when it gives the same answers."""

import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from data_cards.annotations.decision import decide, line_of
from data_cards.dataset.repo import Changes
from data_cards.dataset.tables import ledger_file
from data_cards.errors import BadModel, ExportDisagrees
from data_cards.photos.image import encode_jpeg
from data_cards.storage.repository import open_repository
from tests.fixtures.light_table import small_dataset
from tests.fixtures.tiny_models import HIDDEN, SIZE, picture
from train.inference.network import CHECK, ONNX, is_checked
from train.release import export as room
from train.release.export import Form, compare, export, photos_of


def copy_of(release, folder):
    shutil.copytree(release, folder)
    return folder


def test_an_onnx_export_is_checked_on_photos_and_kept_beside_the_model(exported_release):
    assert (exported_release / "vitrine/exports/model.onnx").is_file()
    report = json.loads((exported_release / CHECK).read_text())
    assert (report["photos"], report["top1_agreement"], report["agrees"]) == (3, 1.0, True)
    assert report["max_difference"] < 1e-3 and report["outputs"] == ["logits", "embedding", "early"]
    assert is_checked(exported_release)
    assert ONNX in open_repository(str(exported_release), kind="model").files(), (
        "it is in the newest revision"
    )


@pytest.mark.filterwarnings("ignore:`torch.jit.load` is deprecated")
@pytest.mark.parametrize("form", ["torchscript", "torch-export"])
def test_the_other_forms_run_with_torch_alone(tiny_release, tmp_path, form):
    import torch

    path = export(str(copy_of(tiny_release, tmp_path / "release")), form, cache=tmp_path)
    opened = torch.jit.load(path) if form == "torchscript" else torch.export.load(path).module()
    logits, embedding, early = opened(torch.zeros(5, 3, SIZE, SIZE))
    assert (
        logits.shape == (5, 3) and embedding.shape == (5, 2 * HIDDEN) and early.shape == (5, HIDDEN)
    )


def test_an_export_that_answers_differently_is_not_kept(tiny_release, tmp_path, monkeypatch):
    folder = copy_of(tiny_release, tmp_path / "release")
    before = open_repository(str(folder), kind="model").head()
    stubborn = Fixed([9.0, 0.0, 0.0], 2 * HIDDEN)
    form = Form(
        "model.onnx", lambda module, size, path: path.write_bytes(b"x"), lambda path: stubborn
    )
    monkeypatch.setattr(room, "FORMATS", {"onnx": form})
    with pytest.raises(ExportDisagrees, match="not kept") as caught:
        export(str(folder), cache=tmp_path)
    assert caught.value.evidence["top1_agreement"] < 1
    assert open_repository(str(folder), kind="model").head() == before


@pytest.mark.parametrize(("answer", "is_kept"), [("x", True), ("none", False)])
def test_an_export_that_refuses_other_photos_than_the_release_is_not_kept(
    tiny_release, tmp_path, answer, is_kept
):
    folder = copy_of(tiny_release, tmp_path / "release")
    rows = json.loads((folder / "vitrine/golden.json").read_text())
    (folder / "vitrine/golden.json").write_text(
        json.dumps([row | {"answer": answer} for row in rows])
    )
    card = json.loads((folder / "vitrine/rejection.json").read_text())
    (folder / "vitrine/rejection.json").write_text(json.dumps(card | {"threshold": 1e6}))
    if not is_kept:
        with pytest.raises(ExportDisagrees):
            export(str(folder), cache=tmp_path)
        return
    report = json.loads(
        export(str(folder), cache=tmp_path).with_name("model.onnx.json").read_text()
    )
    assert report["decisions_agreement"] == 1.0 and report["refused"] == 0
    assert report["seconds"] > 0


def test_a_model_without_photos_to_check_on_is_not_exported(tiny_release, tmp_path):
    folder = copy_of(tiny_release, tmp_path / "release")
    open_repository(str(folder), kind="model").commit({}, "Without", delete=["vitrine/golden.json"])
    with pytest.raises(BadModel, match="no photos to check"):
        export(str(folder), cache=tmp_path)


def test_eight_bits_are_smaller_and_say_how_well_they_agree(exported_release, tmp_path):
    folder = copy_of(exported_release, tmp_path / "release")
    path = export(str(folder), "onnx-int8", cache=tmp_path)
    report = json.loads(path.with_name("model-int8.onnx.json").read_text())
    assert report["agrees"] and report["top1_agreement"] == 1.0 and report["least_cosine"] > 0.98
    assert report["max_difference"] > 1e-5, "it was quantized"
    assert report["bytes"] == path.stat().st_size < (folder / ONNX).stat().st_size
    assert is_checked(folder), "the exact export is what serves"


def test_the_browsers_library_finds_the_model_by_the_name_of_its_repository(tiny_release, tmp_path):
    folder = copy_of(tiny_release, tmp_path / "release")
    assert export(str(folder), "transformers.js", cache=tmp_path) == folder / "onnx/model.onnx"
    files = open_repository(str(folder), kind="model").files()
    for name in ("model.onnx", "model_quantized.onnx"):
        assert f"onnx/{name}" in files
        assert json.loads((folder / f"onnx/{name}.json").read_text())["agrees"]
    whole, small = (folder / f"onnx/{name}.onnx" for name in ("model", "model_quantized"))
    assert small.stat().st_size < whole.stat().st_size
    assert "config.json" in files and "preprocessor_config.json" in files


def test_more_photos_are_checked_on_when_there_are_some(tiny_release, tmp_path):
    folder = copy_of(tiny_release, tmp_path / "release")
    path = export(
        str(folder), "onnx", [encode_jpeg(picture(kind)) for kind in range(3)] * 7, cache=tmp_path
    )
    assert json.loads(path.with_name("model.onnx.json").read_text())["photos"] == 2 + 21


def test_an_unknown_form_and_an_unknown_model_are_said(tmp_path):
    with pytest.raises(BadModel, match="onnx-int8, torchscript, torch-export, transformers"):
        export(str(tmp_path), "parchment", cache=tmp_path)
    with pytest.raises(BadModel, match="There is no model at"):
        export(str(tmp_path / "nothing"), cache=tmp_path)


@pytest.mark.parametrize(("wrong", "agrees"), [(1, True), (2, False)])
def test_in_eight_bits_one_photo_of_fifty_may_get_another_answer(wrong, agrees):
    class Drifting(Fixed):
        def run(self, pixel_values):
            logits, embeddings = super().run(pixel_values)
            logits[pixel_values[:, 0, 0, 0] < wrong] = [2.0, 1.0]
            return logits, embeddings + 1

    class Steady(Fixed):
        def run(self, pixel_values):
            logits, embeddings = super().run(pixel_values)
            return logits, embeddings + 1

    numbered = np.arange(50, dtype=np.float32)[:, None, None, None] * np.ones(
        (1, 3, 4, 4), np.float32
    )
    assert (
        compare(Steady([1.0, 2.0]), Drifting([1.0, 2.0]), numbered, exact=False)["agrees"] is agrees
    )
    assert not compare(Steady([1.0, 2.0]), Drifting([1.0, 2.0]), numbered)["agrees"]


class Fixed:
    """An engine with an answer of its own."""

    name = "fixed"

    def __init__(self, logits, width=2):
        self.logits = logits
        self.width = width

    def run(self, pixel_values):
        n = len(pixel_values)
        return np.tile(self.logits, (n, 1)).astype(np.float32), np.zeros(
            (n, self.width), np.float32
        )


@pytest.mark.parametrize(
    ("logits", "agrees"), [([1.0, 2.0], True), ([1.0, 2.001], True), ([2.0, 1.0], False)]
)
def test_the_verdict_is_about_class_and_number(logits, agrees):
    report = compare(Fixed([1.0, 2.0]), Fixed(logits), np.zeros((2, 3, 4, 4)))
    assert report["agrees"] is agrees


def test_another_embedding_is_another_model():
    assert not compare(Fixed([1.0, 2.0]), Fixed([1.0, 2.0], width=3), np.zeros((2, 3, 4, 4)))[
        "agrees"
    ]


def test_a_batch_size_that_was_frozen_in_is_noticed():
    class Frozen(Fixed):
        def run(self, pixel_values):
            return (
                super().run(pixel_values)
                if len(pixel_values) == 2
                else super().run(np.zeros((2, 1)))
            )

    assert not compare(Fixed([1.0, 2.0]), Frozen([1.0, 2.0]), np.zeros((2, 3, 4, 4)))["agrees"]


def test_photos_to_check_on_come_from_all_over_a_dataset_and_are_the_same_each_time(tmp_path):
    dataset = small_dataset(tmp_path / "set", 9)
    few = photos_of(dataset.address, most=3)
    assert len(few) == 3 and few == photos_of(dataset.address, most=3)
    assert len(photos_of(dataset.address)) == 9


@pytest.mark.parametrize(("form", "instead"), [("coreml", "onnxruntime"), ("litert", "onnx-int8")])
def test_a_form_that_cannot_be_checked_says_why_and_what_to_take(form, instead, tmp_path):
    with pytest.raises(BadModel, match=instead):
        export(str(tmp_path), form)


def test_an_export_is_checked_on_photos_as_people_framed_them(tmp_path):
    data = small_dataset(tmp_path / "set", 4)
    first = min(data.photos())
    before = photos_of(str(tmp_path / "set"))
    line = line_of(decide("ann", first, "frame", frame="0,0,0.5,0.5,90"))
    data.update("Frame", lambda _: Changes(add=dict([ledger_file([line])])))
    after = photos_of(str(tmp_path / "set"))
    with Image.open(io.BytesIO(next(one for one in after if one not in before))) as image:
        assert image.size == (45, 60)
    assert len(set(before) & set(after)) == len(before) - 1 == 3
