"""What the shipped collections promise: how many, of how many traditions, with which facts."""

from collections import Counter

import pytest

from data_cards.dataset.collection import SHIPPED, shipped_collection
from data_cards.texts.check import check_texts

TOLD = ("deities", "heritage", "landmarks", "painters", "museum", "artifacts")


@pytest.mark.parametrize("name", TOLD)
def test_every_text_has_a_source_and_a_licence(name):
    texts = [(SHIPPED / name / file).read_text("utf-8") for file in ("card.md", "classes.yaml")]
    advice = [str(one) for one in check_texts(*texts)]
    assert [one for one in advice if "Photos of people" not in one] == []


def test_deities_of_nine_traditions_are_told_by_signs_festivals_and_look_alikes():
    things = shipped_collection("deities")
    counts = Counter(info.parent for info in things.classes)
    assert set(counts) == {
        "Hindu",
        "Buddhist",
        "Greek",
        "Roman",
        "Egyptian",
        "Norse",
        "Yoruba",
        "Shinto",
        "Chinese",
    }
    assert min(counts.values()) >= 5
    for info in things.classes:
        told = dict(info.facts)
        assert {"Tradition", "Look for", "Often with", "Festivals", "Look-alikes"} == set(told)


def test_fifty_landmarks_have_a_country_and_coordinates():
    things = shipped_collection("landmarks")
    assert len(things.classes) == 50
    assert all(info.location and info.parent for info in things.classes)
    assert len({info.location for info in things.classes}) == 50


def test_dress_is_told_under_the_policy_for_photos_of_people():
    things = shipped_collection("heritage")
    assert len(things.classes) == 12
    assert things.is_about_people
    assert not (things.intended_use or things.consent or things.legal_basis)
    for info in things.classes:
        assert {"Where", "Dress", "Ornament", "Look-alikes"} == {name for name, _ in info.facts}


def test_painters_have_a_life_a_style_and_a_technique():
    things = shipped_collection("painters")
    assert len(things.classes) == 30
    for info in things.classes:
        assert {"Life", "Style", "Technique"} <= {name for name, _ in info.facts}
