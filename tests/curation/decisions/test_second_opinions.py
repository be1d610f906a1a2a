"""Visitors' answers, weighed by CROWDLAB: whoever guesses weighs little."""

from curation.decisions.second_opinions import weighed
from data_cards.annotations.decision import Decision, decide

KNOWN = {f"k{n}": ("mug", "cup", "jug")[n % 3] for n in range(12)}
OTHER = {"mug": "cup", "cup": "jug", "jug": "mug"}


def said(who: str, photo: str, label: str) -> Decision:
    return decide(who, photo, "second_opinion", label=label)


def good(who: str) -> list[Decision]:
    """Somebody who knows them."""
    return [said(who, photo, label) for photo, label in KNOWN.items()]


def bad(who: str) -> list[Decision]:
    """Somebody who guesses: right once in three, each at other photos."""
    shift = "xyz".index(who)
    return [
        said(who, photo, (label, OTHER[label], OTHER[OTHER[label]])[(n // 3 + shift) % 3])
        for n, (photo, label) in enumerate(KNOWN.items())
    ]


def model(photo: str):
    return [("mug", 0.34), ("cup", 0.33), ("jug", 0.33)]


def test_two_who_know_outweigh_three_who_guess():
    opinions = [*good("a"), *good("b"), *bad("x"), *bad("y"), *bad("z")]
    opinions += [said(who, "open", "jug") for who in "ab"]
    opinions += [said(who, "open", "cup") for who in "xyz"]
    for best in (model, lambda photo: ()):
        found = weighed(opinions, KNOWN, best)["open"]
        assert found.said == (("cup", 3), ("jug", 2)) and found.visitors == 5
        assert found.likeliest == "jug" and 0.4 < (found.chance or 0) <= 1


def test_where_nothing_can_be_weighed_the_counts_are_told_alone():
    found = weighed([said("a", "open", "mug")], {})["open"]
    assert found.said == (("mug", 1),) and found.likeliest == "mug" and found.chance is None


def test_nobody_answered_nothing():
    assert weighed([], KNOWN, model) == {}


def test_one_visitor_counts_once_about_a_photo_the_last_answer():
    found = weighed([said("a", "open", "mug"), said("a", "open", "cup")], {})["open"]
    assert found.said == (("cup", 1),)


def test_a_class_that_went_into_another_counts_as_that_one():
    opinions = [said("a", "open", "beaker"), said("b", "open", "mug")]
    now = {"beaker": "mug"}
    found = weighed(opinions, {}, class_now=lambda label: now.get(label, label))["open"]
    assert found.said == (("mug", 2),)
