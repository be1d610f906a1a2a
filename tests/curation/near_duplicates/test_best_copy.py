"""Which copy to keep, and why."""

import pytest

from curation.near_duplicates.best_copy import Candidate, agreed_label, best_of


def copy(name, size=100, sharpness=0.5, label="harbour", sealed=False):
    return Candidate(name, size, size, sharpness, label, sealed)


@pytest.mark.parametrize(
    "group, kept, reason",
    [
        ([copy("a"), copy("b", 200)], "b", "Larger."),
        ([copy("a"), copy("b", sharpness=0.8)], "b", "Sharper."),
        ([copy("a"), copy("b", 200, 0.8)], "b", "Sharper and larger."),
        ([copy("a"), copy("b")], "a", "None is larger or sharper."),
        ([copy("a", 100, 0.9), copy("b", 200, 0.2)], "a", "Sharper."),
        (
            [copy("a"), copy("b", 200, label="grid"), copy("c")],
            "a",
            "Its label agrees with the others.",
        ),
        (
            [copy("a", 300, 0.9), copy("b", label="grid")],
            "a",
            "Sharper and larger; the labels disagree.",
        ),
        ([copy("a"), copy("b", 200, sealed=True)], "b", "In the sealed test, so it stays; larger."),
        ([copy("a", 400), copy("b", sealed=True)], "b", "In the sealed test, so it stays."),
    ],
)
def test_what_is_kept_and_why(group, kept, reason):
    best = best_of(group)
    assert (best.order[0], best.reason) == (kept, reason)
    assert sorted(best.order) == sorted(one.image_id for one in group)


def test_the_order_of_the_copies_does_not_matter():
    group = [
        copy("a", 120, 0.4),
        copy("b", 90, 0.7),
        copy("c", 150, 0.2, "grid"),
        copy("d", 120, 0.4, None),
    ]
    assert best_of(group) == best_of(group[::-1])


def test_a_copy_that_was_only_made_larger_does_not_win():
    assert best_of([copy("original", 400, 0.6), copy("blown up", 800, 0.25)]).order[0] == "original"


def test_sharpness_that_nobody_measured_decides_nothing():
    assert best_of([copy("a", 100, 0.0), copy("b", 200, 0.0)]).reason == "Larger."


def test_two_labels_on_a_tie_agree_on_nothing():
    assert agreed_label([copy("a"), copy("b", label="grid")]) is None
    assert (
        agreed_label([copy("a"), copy("b", label="grid"), copy("c"), copy("d", label=None)])
        == "harbour"
    )
