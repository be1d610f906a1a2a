"""Photos without a label are asked for in an order, and each says why."""

import numpy as np

from curation.active_learning.acquisition import Asked
from curation.active_learning.to_label import LOWEST, NAMELESS, ask_for, reason_for
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.schema import Label

THINGS = Collection("fort", "Forts", (ClassInfo("agra", "Agra Fort"), ClassInfo("amber", "Amber")))


def title(number):
    return ("*Agra Fort*", "*Amber*", "none of these")[number]


def test_a_disputed_photo_names_both_classes():
    one = Asked(0, 3, ((0, 0.6), (2, 0.4)))
    assert (
        reason_for(one, title)
        == "Half-informed models disagree about it: *Agra Fort* or none of these."
    )


def test_a_typical_photo_says_how_many_look_like_it():
    assert reason_for(Asked(0, 12), title).endswith("without a label: 12 others look like it.")
    assert reason_for(Asked(0, 1), title).endswith("without a label: one other looks like it.")
    assert reason_for(Asked(0, 0), title) == NAMELESS


def test_only_photos_without_a_label_are_asked_for_and_the_scores_are_the_order():
    x = np.random.default_rng(0).normal(size=(8, 6)).astype(np.float32)
    ids = list("abcdefgh")
    labels = {name: Label(name, None, "unlabelled") for name in "abc"}
    labels |= {
        "d": Label("d", "agra", "labelled"),
        "e": Label("e", "amber", "labelled"),
        "f": Label("f", None, "junk"),
        "g": Label("g", "gone", "labelled"),
        "h": Label("h", None, "none_of_these"),
    }
    asks = ask_for(THINGS, labels, ids, x)
    assert set(asks) == set("abc")
    scores = sorted((ask.score for ask in asks.values()), reverse=True)
    assert scores[0] == 1 and len(set(scores)) == 3 and scores[-1] > LOWEST


def test_nothing_is_asked_where_everything_has_a_label():
    assert ask_for(THINGS, {"a": Label("a", "agra", "labelled")}, ["a"], np.ones((1, 4))) == {}
