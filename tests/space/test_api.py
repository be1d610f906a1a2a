"""The endpoints as plain functions: no Gradio, no HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from data_cards.annotations.journal import Journal
from data_cards.errors import TooBusy
from space.api import Endpoints, parameters_of, refusal
from space.feedback import Inbox
from space.questions import ENDPOINTS
from tests.fixtures.colours import COLOURS, Colours, photo_between, photo_of, photo_of_nothing


class Setting:
    """Endpoints, their journal and its uploads."""

    def __init__(self, folder: Path, subject: str = "things", **limits: Any) -> None:
        self.recognizer = Colours(subject)
        self.journal = Journal(folder / "journal")
        self.uploads = folder / "uploads"
        self.uploads.mkdir()
        inbox = Inbox(self.journal, folder / "inbox", self.recognizer.collection)
        self.endpoints = Endpoints(
            lambda: self.recognizer,
            lambda: inbox,
            lambda receipt: {"fate": receipt},
            lambda: self.uploads,
            **limits,
        )

    def sent(self, data: bytes, name: str = "a.jpg") -> dict[str, Any]:
        """A photo as it arrives."""
        path = self.uploads / name
        path.write_bytes(data)
        return {"path": str(path), "meta": {"_type": "gradio.FileData"}}


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    """The usual endpoints."""
    return Setting(tmp_path)


def test_a_photo_gets_its_answer_in_the_contract_s_words(setting: Setting) -> None:
    said = setting.endpoints.predict(setting.sent(photo_of("ochre")), 2, base="http://here")
    assert set(said) >= {
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
    assert (said["answer"], said["label"], said["title"]) == ("sure", "ochre", "Ochre Noon")
    assert len(said["candidates"]) == 2
    assert (
        said["similar"][0]["url"] == f"http://here/similar-photo/{said['similar'][0]['image_id']}"
    )


@pytest.mark.parametrize(
    ("photo", "answer"),
    [(photo_between("low-moon", "first-study"), "one_of"), (photo_of_nothing(), "none")],
)
def test_what_is_not_sure_is_said_so(setting: Setting, photo: bytes, answer: str) -> None:
    said = setting.endpoints.predict(setting.sent(photo))
    assert said["answer"] == answer
    assert (said["label"] is None) == (answer == "none")


@pytest.mark.parametrize(
    "image",
    [
        {"path": "/etc/passwd"},
        {"path": "http://localhost/a.jpg"},
        "a.jpg",
        None,
        7,
        {},
        {"path": "{uploads}/gone.jpg"},
        {"url": "http://x"},
        {"path": "{uploads}"},
    ],
)
def test_only_what_was_uploaded_is_opened(setting: Setting, image: Any) -> None:
    if isinstance(image, dict) and isinstance(image.get("path"), str):
        image = {"path": image["path"].format(uploads=setting.uploads)}
    said = setting.endpoints.predict(image)
    assert said["code"] == "not_uploaded"
    assert str(setting.uploads) not in said["error"]


def test_a_text_named_jpg_gets_a_sentence(setting: Setting) -> None:
    said = setting.endpoints.predict(setting.sent(b"hello"))
    assert said["code"] == "bad_photo"
    assert "can't open this file" in said["error"]


def test_a_photo_that_is_too_large_is_not_even_read(tmp_path: Path) -> None:
    setting = Setting(tmp_path, most_photo_bytes=100)
    assert setting.endpoints.predict(setting.sent(photo_of("ochre")))["code"] == "too_large"


@pytest.mark.parametrize("top_k", [0, -1, "3", None, True, float("nan"), [3]])
def test_a_number_that_is_none_is_refused(setting: Setting, top_k: Any) -> None:
    assert setting.endpoints.predict(setting.sent(photo_of("ochre")), top_k)["code"] == "bad_number"


def test_more_candidates_than_there_are_is_all_there_are(setting: Setting) -> None:
    assert len(setting.endpoints.predict(setting.sent(photo_of("ochre")), 99)["candidates"]) == len(
        COLOURS
    )


def test_one_bad_photo_in_a_batch_stops_nobody(setting: Setting) -> None:
    photos = {"a.jpg": photo_of("ochre"), "b.jpg": b"no", "c.jpg": photo_of("red-grid")}
    sent = [setting.sent(data, name) for name, data in photos.items()]
    said = setting.endpoints.predict_batch(sent)
    assert [one.get("label") or one.get("code") for one in said] == [
        "ochre",
        "bad_photo",
        "red-grid",
    ]


@pytest.mark.parametrize("images", [[], {}, None, "a", [None] * 17])
def test_what_is_no_batch_is_refused(setting: Setting, images: Any) -> None:
    assert setting.endpoints.predict_batch(images)["code"] == "bad_batch"


def test_similar_photos_come_best_first(setting: Setting) -> None:
    said = setting.endpoints.similar(setting.sent(photo_of("ochre")), 2)
    assert said[0]["label"] == "ochre"
    assert said[0]["score"] >= said[1]["score"]


def test_classes_are_cards_with_pictures(setting: Setting) -> None:
    said = {one["label"]: one for one in setting.endpoints.classes("http://here")}
    assert set(said) == set(COLOURS)
    assert said["ochre"]["picture"] == "http://here/reference/ochre"
    assert said["white-room"]["picture"].startswith("http://here/similar-photo/")
    assert said["ochre"]["facts"][0] == {"name": "Look for", "value": "the moon's double edge"}


def test_nobody_s_photo_becomes_the_emblem_of_a_people(tmp_path: Path) -> None:
    said = {one["label"]: one for one in Setting(tmp_path, "people").endpoints.classes()}
    assert said["white-room"]["picture"] is None


def test_that_s_wrong_gives_a_receipt_and_touches_no_label(setting: Setting) -> None:
    said = setting.endpoints.predict(setting.sent(photo_of("ochre")))
    receipt = setting.endpoints.feedback(said["prediction_id"], "red-grid", True)["receipt"]
    [question] = setting.journal.questions()
    assert (question.id, question.label, question.answered) == (receipt, "red-grid", "ochre")
    assert setting.journal.decisions() == []


@pytest.mark.parametrize(
    ("prediction", "label", "code"),
    [("nope", "ochre", "unknown_prediction"), (None, "<script>", "unknown_class")],
)
def test_feedback_about_nothing_is_refused(
    setting: Setting, prediction: str | None, label: str, code: str
) -> None:
    said = setting.endpoints.predict(setting.sent(photo_of("ochre")))
    assert setting.endpoints.feedback(prediction or said["prediction_id"], label)["code"] == code


def test_where_the_reference_lies_in_a_photo_is_said_of_a_remembered_answer(
    setting: Setting, tmp_path: Path
) -> None:
    said = setting.endpoints.predict(setting.sent(photo_of("ochre")))["prediction_id"]
    corners = setting.endpoints.outline(said, "ochre")["corners"]
    assert len(corners) == 4 and corners[0] == [0.1, 0.1]
    for unsaid in ("white-room", "nobody", None):
        assert setting.endpoints.outline(said, unsaid) == {"corners": None}
    assert setting.endpoints.outline("nope", "ochre")["code"] == "unknown_prediction"
    (tmp_path / "people").mkdir()
    people = Setting(tmp_path / "people", "people")
    said = people.endpoints.predict(people.sent(photo_of("ochre")))["prediction_id"]
    assert people.endpoints.outline(said, "ochre") == {"corners": None}, "no photo is kept"


def test_feedback_has_a_rate(tmp_path: Path) -> None:
    setting = Setting(tmp_path, feedback_a_minute=2)
    said = setting.endpoints.predict(setting.sent(photo_of("ochre")))
    codes = [
        setting.endpoints.feedback(said["prediction_id"], "none", client="1.2.3.4").get("code")
        for _ in range(2)
    ]
    assert codes == [None, "too_many"]


def test_while_the_model_loads_everybody_hears_so(tmp_path: Path) -> None:
    def loading() -> Colours:
        raise TooBusy("The model is being loaded.", code="not_ready")

    endpoints = Endpoints(loading, loading, loading, lambda: tmp_path)  # type: ignore[arg-type]
    for said in (
        endpoints.predict({}),
        endpoints.classes(),
        endpoints.feedback("a", "b"),
        endpoints.receipt("a"),
        endpoints.similar({}),
    ):
        assert said == refusal(TooBusy("The model is being loaded.", code="not_ready"))


def test_the_photo_of_a_person_is_not_remembered(tmp_path: Path) -> None:
    setting = Setting(tmp_path, subject="people")
    said = setting.endpoints.predict(setting.sent(photo_of("ochre")))
    assert setting.endpoints._recent.find(said["prediction_id"]).photo is None
    setting.endpoints.feedback(said["prediction_id"], "red-grid", True)
    assert not (tmp_path / "inbox").exists()
    assert len(setting.journal.questions()) == 1


@pytest.mark.parametrize(
    ("endpoint", "sent"),
    [
        ("predict", (None, 3)),
        ("predict_batch", (None,)),
        ("similar", (None, 8)),
        ("classes", ()),
        ("feedback", (None, None, False)),
        ("receipt", (None,)),
    ],
)
def test_the_contract_of_an_endpoint_is_the_signature_of_its_method(endpoint, sent):
    assert parameters_of(endpoint) == sent
    assert endpoint in ENDPOINTS


@pytest.mark.parametrize("trouble", [RuntimeError("odd"), OSError(5, "disk"), MemoryError()])
def test_a_fault_of_ours_is_a_sentence_and_a_line_and_never_null(trouble: Exception) -> None:
    from space.api import FAULT, answered

    @answered
    def broken() -> None:
        raise trouble

    assert broken() == FAULT
