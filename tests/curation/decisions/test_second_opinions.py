"""Visitors' answers, weighed by CROWDLAB: whoever guesses weighs little."""

import numpy as np

from curation.decisions.second_opinions import Weighed, doubt_with, is_worth_asking, weighed
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


def test_visitors_of_known_accuracy_bring_the_wrong_labels_to_the_front():
    rng = np.random.default_rng(0)
    classes = ("mug", "cup", "jug")
    photos = [f"open{n}" for n in range(60)]
    truth = {photo: classes[n % 3] for n, photo in enumerate(photos)}
    given = {p: truth[p] if n % 2 else OTHER[truth[p]] for n, p in enumerate(photos)}
    scan = dict(zip(photos, rng.uniform(0.3, 0.9, 60), strict=True))  # knows nothing
    accuracy = {"a": 0.95, "b": 0.9, "c": 0.8, "x": 1 / 3, "y": 1 / 3}
    opinions = []
    for who, right in accuracy.items():
        for photo, label in {**KNOWN, **truth}.items():
            others = [one for one in classes if one != label]
            told = label if rng.random() < right else others[rng.integers(2)]
            opinions.append(said(who, photo, told))
    found = weighed(opinions, KNOWN, model)
    after = {photo: doubt_with(scan[photo], found[photo], given[photo]) for photo in photos}

    def wrong_in_the_first_30(score):
        first = sorted(photos, key=lambda photo: -score[photo])[:30]
        return sum(given[photo] != truth[photo] for photo in first)

    assert wrong_in_the_first_30(scan) < 20 and wrong_in_the_first_30(after) >= 26


def test_a_few_visitors_move_less_than_many_and_none_moves_nothing():
    def told(visitors, chance=0.9):
        return Weighed((("mug", visitors),), "mug", chance, {"mug": chance, "cup": 1 - chance})

    moved = [doubt_with(0.8, told(n), "mug") for n in (1, 2, 5, 11)]
    assert moved == sorted(moved, reverse=True) and 0.1 < moved[-1] < moved[0] < 0.8
    assert doubt_with(0.8, Weighed((("mug", 1),), "mug", None), "mug") == 0.8
    assert doubt_with(0.1, told(5), "jug") > 0.7
    assert is_worth_asking(told(3), "jug") and not is_worth_asking(told(3), "mug")
    assert not is_worth_asking(told(2), "jug")
