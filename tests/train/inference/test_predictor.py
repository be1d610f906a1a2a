"""A loaded release: photo bytes in, an answer out."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFilter

from data_cards.errors import BadModel, BadPhoto
from data_cards.photos.image import encode_jpeg
from data_cards.storage.repository import open_repository
from tests.fixtures.tiny_models import picture
from train.inference.predictor import load_predictor
from train.uncertainty.temperature import Calibration

KNOWN = {0: "lion", 1: "rose", 2: "ship"}


def shot(kind, number=98):
    return encode_jpeg(picture(kind, number))


@pytest.fixture(scope="module")
def predictor(tiny_release):
    return load_predictor(tiny_release)


@pytest.mark.parametrize("kind", KNOWN)
def test_a_known_thing_is_named_with_its_card(predictor, kind):
    found = predictor.predict(shot(kind)).to_json()
    assert (found["answer"], found["label"], found["title"]) == (
        "sure",
        KNOWN[kind],
        KNOWN[kind].title(),
    )
    assert found["card"]["summary"] == f"A {KNOWN[kind]}."
    assert found["similar"][0]["label"] == KNOWN[kind]


@pytest.mark.parametrize("kind", [3, 4, 5])
def test_a_thing_nobody_showed_is_none_of_these(predictor, kind):
    found = predictor.predict(shot(kind)).to_json()
    assert (found["answer"], found["label"], found["title"], found["card"]) == (
        "none",
        None,
        None,
        {},
    )
    assert len(found["candidates"]) == 3, "what it is closest to is still said"


def test_the_answer_is_the_contracts_json(predictor):
    found = json.loads(json.dumps(predictor.predict(shot(0), top_k=2).to_json()))
    assert set(found) == {
        "answer",
        "label",
        "title",
        "confidence",
        "candidates",
        "card",
        "similar",
        "model",
        "prediction_id",
    }
    assert [set(one) for one in found["candidates"]] == [{"label", "title", "confidence"}] * 2
    assert (
        set(found["similar"][0]) == {"image_id", "label", "score", "url"}
        and found["similar"][0]["url"] is None
    )
    assert set(found["model"]) == {"repo", "revision", "dataset_revision"}
    assert (
        found["confidence"]
        == found["candidates"][0]["confidence"]
        >= found["candidates"][1]["confidence"]
    )
    assert len(found["prediction_id"]) == 26


def test_every_answer_has_a_name_of_its_own(predictor):
    assert predictor.predict(shot(0)).prediction_id != predictor.predict(shot(0)).prediction_id


def test_an_answer_never_says_where_on_the_disk_the_model_lies(predictor, tiny_release):
    assert str(tiny_release.parent) not in json.dumps(predictor.predict(shot(0)).to_json())
    assert predictor.model["repo"] == tiny_release.name


def test_similar_photos_come_with_their_small_pictures(predictor):
    found = predictor.similar(shot(1), k=4)
    assert [one["label"] for one in found] == ["rose"] * 4
    assert predictor.thumbnail(found[0]["image_id"]).startswith(b"\xff\xd8")
    assert predictor.thumbnail("unknown") is None


def test_a_photo_that_cannot_be_read_is_said(predictor):
    with pytest.raises(BadPhoto):
        predictor.predict(b"no photo")


def test_references_are_those_of_the_collection(predictor):
    assert predictor.reference("lion").startswith(b"\xff\xd8")
    assert predictor.reference("rose") is None
    assert predictor.reference("../card") is None


def test_many_may_ask_at_once(predictor):
    kinds = [0, 1, 2] * 8
    with ThreadPoolExecutor(4) as pool:
        assert [one.label for one in pool.map(lambda k: predictor.predict(shot(k)), kinds)] == [
            KNOWN[k] for k in kinds
        ]


def test_who_asks_at_once_is_answered_as_if_alone_and_a_bad_photo_stops_nobody(exported_release):
    """To the last bit, through the engine that serves."""
    predictor = load_predictor(exported_release)
    photos = [shot(number % 5, number) for number in range(15)]
    alone = [plain(predictor.predict(data)) for data in photos]
    predictor.expect_company()
    assert predictor.engine == "openvino"

    def ask(data):
        try:
            return plain(predictor.predict(data))
        except BadPhoto as refusal:
            return refusal.sentence

    bad = [b"no photo", photos[0][:300]]
    mixed = [*photos[:5], bad[0], *photos[5:], bad[1]]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(ask, mixed))
    refused = [one for one in together if isinstance(one, str)]
    assert len(refused) == 2 and all(one.endswith(".") for one in refused)
    assert [one for one in together if not isinstance(one, str)] == alone


def plain(prediction):
    return {**prediction.to_json(), "prediction_id": ""}


def test_an_older_revision_can_be_served(tiny_release, tmp_path):
    folder = tmp_path / "release"
    shutil.copytree(tiny_release, folder)
    repo = open_repository(str(folder), kind="model")
    first = repo.head()
    repo.commit(
        {"vitrine/release.json": b'{"format": 1, "dataset_revision": "later"}'}, "Another round"
    )
    assert load_predictor(folder, tmp_path).model["dataset_revision"] == "later"
    old = load_predictor(f"{folder}@{first}", tmp_path)
    assert (old.model["dataset_revision"], old.model["revision"]) == ("abc", first)


def test_a_release_on_the_hub_answers_the_same(hub, tiny_release, tmp_path, predictor):
    repo = open_repository("hf://ann/tiny", kind="model", create=True)
    source = open_repository(str(tiny_release), kind="model")
    revision = repo.commit({path: source.fetch(path) for path in source.files()}, "A release")
    served = load_predictor("hf://ann/tiny", tmp_path)
    assert served.model == {"repo": "ann/tiny", "revision": revision, "dataset_revision": "abc"}
    assert served.predict(shot(1)).candidates == predictor.predict(shot(1)).candidates


def test_a_folder_that_is_no_release_is_said(tmp_path):
    with pytest.raises(BadModel, match="no Vitrine model at"):
        load_predictor(tmp_path / "nothing", tmp_path)
    with pytest.raises(BadModel, match="no Vitrine model at"):
        load_predictor(tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("content", "words"), [(b'{"format": 99}', "newer Vitrine"), (b"{", "damaged")]
)
def test_a_release_we_cannot_read_is_said(tiny_release, tmp_path, content, words):
    folder = tmp_path / "release"
    shutil.copytree(tiny_release, folder)
    open_repository(str(folder), kind="model").commit(
        {"vitrine/release.json": content}, "From elsewhere"
    )
    with pytest.raises(BadModel, match=words):
        load_predictor(folder, tmp_path)


def test_serving_never_loads_the_trainer():
    slow = ("torch", "transformers", "datasets", "gradio")
    code = (
        f"import sys, train.inference.predictor; print([name for name in {slow} if name in "
        "sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def blanks():
    """Covered, dazzled, out of focus, and what a sensor makes of the dark."""
    rng = np.random.default_rng(0)
    grain = np.clip(rng.normal(6, 9, (200, 300, 3)), 0, 255).astype(np.uint8)
    slope = np.linspace(118, 122, 300)[None, :, None].repeat(200, axis=0).repeat(3, axis=2)
    return {
        "black": Image.new("RGB", (300, 200)),
        "white": Image.new("RGB", (300, 200), "white"),
        "one colour": Image.new("RGB", (300, 200), "#804020"),
        "noise": Image.fromarray(rng.integers(0, 256, (200, 300, 3), dtype=np.uint8)),
        "lens cap": Image.fromarray(grain),
        "gradient": Image.fromarray(slope.astype(np.uint8)),
        "blurred": picture(0, 98).resize((300, 200)).filter(ImageFilter.GaussianBlur(30)),
    }


@pytest.mark.parametrize("kind", blanks())
def test_what_shows_nothing_has_no_answer(predictor, kind):
    blank = encode_jpeg(blanks()[kind])
    assert predictor.predict(blank).answer == "none"


def test_what_cannot_be_told_apart_is_surely_of_their_kind(tiny_release):
    unsure = load_predictor(tiny_release)
    kinds = {"lion": "Something red", "rose": "Something red", "ship": ""}
    own = unsure.todays.collection
    classes = tuple(replace(info, parent=kinds[info.id]) for info in own.classes)
    unsure.todays = replace(unsure.todays, collection=replace(own, classes=classes))
    rejection = replace(unsure._judgement.rejection, sure_at=1.1, kind_at=0.9)
    unsure._judgement = replace(unsure._judgement, rejection=rejection)
    said = unsure.predict(shot(0)).to_json()
    assert said["answer"] == "one_of"
    assert said["parent"]["title"] == "Something red"
    assert said["parent"]["confidence"] >= 0.9
    assert "parent" not in unsure.predict(shot(2)).to_json()
    older = replace(rejection, kind_at=None)
    unsure._judgement = replace(unsure._judgement, rejection=older)
    assert "parent" not in unsure.predict(shot(0)).to_json()


def test_the_first_of_some_leads_where_it_is_far_ahead(tiny_release):
    wary = load_predictor(tiny_release)
    line = replace(wary._judgement.rejection, sure_at=1.01)
    wary._judgement = replace(wary._judgement, rejection=line)
    said = wary.predict(shot(0))
    assert said.answer == "one_of" and said.to_json()["lead"] is True
    modest = Calibration(1000.0)
    wary._judgement = replace(wary._judgement, calibration=modest)
    assert "lead" not in wary.predict(shot(0)).to_json()
