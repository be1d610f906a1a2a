"""What stands beside a photo, and what must not."""

from dataclasses import replace

import pytest

from curation.light_table.session.placard import (
    AGREE,
    MOST_DIGITS,
    SEALED,
    NoOpinions,
    Records,
    placard,
)
from curation.light_table.session.queue import questions
from curation.light_table.session.table import asked_by_visitor
from curation.near_duplicates.groups import DISAGREE
from data_cards.annotations.decision import IT_IS_NONE, ask
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.schema import Finding, Label, Photo, Source, Split

MANY = Collection("many", "Many", tuple(ClassInfo(f"c{n}", f"Class {n}") for n in range(12)))


class Sure(NoOpinions):
    """Certain of c7, and that `near` and `odd` look most alike."""

    def best(self, image_id):
        return [("c7", 0.9), ("none", 0.06), ("c2", 0.04)]

    def nearest(self, image_id, class_id, count):
        return ["odd", "near"]


def records(split="train", label="c1", collection=MANY, doubted=()):
    photos = {
        name: Photo(name, 4, 3, (Source(given_label="c1"),)) for name in ("p", "near", "odd", "q")
    }
    labels = {name: Label(name, label, "labelled") for name in photos}
    splits = {"p": Split("p", "p", split)}
    return Records(
        collection,
        photos,
        splits,
        labels,
        Sure(),
        lambda name: ["typical"],
        doubted,
        lambda name: False,
    )


def shown(kind="label", related=(), **more):
    (item,) = questions(
        [Finding("p", kind, 0.9, "The model says *Class 7*.", "c1", "c7", related, "s", "m")]
    )
    return placard(item, records(**more))


def test_the_three_best_come_first_and_the_label_of_now_is_marked():
    choices = [(choice["id"], choice["chance"], choice["now"]) for choice in shown()["choices"]]
    assert choices == [("c7", 0.9, False), ("c2", 0.04, False), ("c1", None, True)]


def test_the_shelves_show_the_likeliest_class_and_the_given_one_without_photos_in_doubt():
    shelves = shown(doubted={"odd"})["shelves"]
    assert [(shelf["id"], shelf["photos"]) for shelf in shelves] == [
        ("c7", ["near", "typical"]),
        ("c1", ["near", "typical"]),
    ]


@pytest.mark.parametrize("kind", ["label", "unlabelled", "visitor"])
def test_a_sealed_photo_tells_nothing_that_the_model_thinks(kind):
    seen = shown(kind, split="test")
    assert seen["why"] == [SEALED]
    assert [choice["id"] for choice in seen["choices"]] == ["c1"]
    assert [(shelf["id"], shelf["photos"]) for shelf in seen["shelves"]] == [("c1", ["typical"])]


@pytest.mark.parametrize("kind", ["quality", "leak", "near_duplicate"])
def test_a_sealed_photo_still_tells_what_pixels_tell(kind):
    assert shown(kind, ("q",), split="test")["why"][0] == "The model says *Class 7*."


def test_a_pair_is_the_photo_and_its_representative():
    assert shown("near_duplicate", ("p", "q"))["pair"]["image_id"] == "q"
    assert shown("label", ("q",))["pair"] is None


def test_what_a_visitor_said_is_a_key_away_none_of_these_too():
    said = [
        asked_by_visitor(ask("p", label, note=note), "")
        for label, note in (
            ("c2", "it is Class 2."),
            (None, IT_IS_NONE),
            (None, "they do not know what it is."),
        )
    ]
    words = [placard(item, records())["visitor"] for one in said for item in questions([one])]
    assert words == [
        {"id": "c2", "title": "Class 2"},
        {"id": "none", "title": "None of these"},
        None,
    ]


def test_copies_that_disagreed_when_they_were_scanned_and_agree_by_now_are_said_to():
    (item,) = questions(
        [Finding("p", "near_duplicate", 1, f"Here and there; {DISAGREE}", "c1", "c7", ("q",))]
    )
    known = records()
    assert placard(item, known)["why"][1:] == [AGREE]
    known.labels["q"] = Label("q", "c7", "labelled")
    assert placard(item, known)["why"][1:] == []


def test_a_class_that_is_gone_keeps_its_id_as_its_name_and_is_not_offered():
    seen = shown(label="gone")
    assert seen["labelled"] == {"id": "gone", "title": "gone"}
    assert "gone" not in [choice["id"] for choice in seen["choices"]]


def test_there_are_no_more_choices_than_digits():
    few = Collection("few", "Few", MANY.classes[:MOST_DIGITS])
    assert len(shown(split="test", collection=few)["choices"]) == MOST_DIGITS
    assert len(shown(split="test")["choices"]) == 1


def test_without_a_model_and_a_label_the_digits_give_the_classes_of_a_small_collection():
    small = Collection("few", "Few", MANY.classes[:3])
    nobody = replace(records(label=None, collection=small), opinions=NoOpinions())
    nobody.photos["p"] = Photo("p", 4, 3, (Source(),))
    (item,) = questions([Finding("p", "unlabelled", 0.9, "Nobody has labelled this yet.")])
    seen = placard(item, nobody)
    assert [choice["id"] for choice in seen["choices"]] == ["c0", "c1", "c2"] and not seen[
        "choices"
    ][0]["now"]
    assert [shelf["id"] for shelf in seen["shelves"]] == ["c0", "c1"]
    (item,) = questions([asked_by_visitor(ask("p", "c2", note="it is Class 2."), "")])
    assert [choice["id"] for choice in placard(item, nobody)["choices"]] == ["c2", "c0", "c1"]
