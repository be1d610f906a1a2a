"""The fold: the same labels from the same decisions, in whatever order they arrive."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_cards.annotations.decision import Decision, line_of, read_moment
from data_cards.annotations.ledger import (
    apart,
    fold,
    given_labels,
    in_order,
    kept_labels,
    read_ledger,
    standing,
)
from data_cards.dataset.schema import Label, Photo, Source

PHOTOS = "abcd"
CLASSES = ("agra", "amber", "bidar")
GIVEN = {name: Label(name, "agra", "labelled") for name in PHOTOS}


def moment(second):
    return read_moment(f"2026-11-21T10:00:{second:02d}Z")


def number(n):
    return f"{n:026d}"


def made(n, action, image_id="a", at=None, **more):
    return Decision(number(n), moment(n if at is None else at), "asha", image_id, action, **more)


@st.composite
def ledgers(draw):
    found = []
    for n in range(draw(st.integers(0, 12))):
        action = draw(
            st.sampled_from(
                [
                    "keep",
                    "relabel",
                    "none_of_these",
                    "junk",
                    "duplicate_of",
                    "not_duplicate",
                    "unsure",
                    "undo",
                    "undo",
                    "merge_class",
                    "add_class",
                    "accept_visitor",
                ]
            )
        )
        label = draw(st.sampled_from(CLASSES))
        before = draw(st.sampled_from(CLASSES))
        found.append(
            made(
                n,
                action,
                draw(st.sampled_from(PHOTOS)),
                at=draw(st.integers(0, 6)),
                label=label,
                label_before=before,
                other=draw(st.sampled_from(PHOTOS)),
                undoes=number(draw(st.integers(0, 12))),
            )
        )
    return found


@given(ledgers(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(decisions, random):
    shuffled = list(decisions)
    random.shuffle(shuffled)
    assert fold(GIVEN, shuffled) == fold(GIVEN, decisions)


@given(ledgers())
def test_a_decision_given_twice_counts_once(decisions):
    assert fold(GIVEN, decisions + decisions[::-1]) == fold(GIVEN, decisions)


@given(ledgers())
def test_undoing_everything_gives_the_labels_back(decisions):
    plain = [one for one in decisions if one.action != "undo"]
    undos = [made(50 + n, "undo", at=30, undoes=one.id) for n, one in enumerate(plain)]
    assert fold(GIVEN, plain + undos) == GIVEN


@given(ledgers(), st.integers(0, 7))
def test_labels_of_a_moment_are_the_fold_up_to_it(decisions, second):
    early = [one for one in decisions if one.at <= moment(second)]
    assert fold(GIVEN, decisions, until=moment(second)) == fold(GIVEN, early)


@given(ledgers())
def test_every_photo_keeps_a_row_and_labels_fit_their_status(decisions):
    labels = fold(GIVEN, decisions)
    assert set(labels) == set(GIVEN)
    assert all(
        row.label is None for row in labels.values() if row.status in ("junk", "none_of_these")
    )
    assert all(row.label for row in labels.values() if row.status == "labelled")


@given(ledgers())
def test_duplicates_never_all_point_at_each_other(decisions):
    only = [one for one in decisions if one.action in ("duplicate_of", "not_duplicate", "undo")]
    assert any(row.status == "labelled" for row in fold(GIVEN, only).values())


@given(ledgers())
def test_lines_written_and_read_again_fold_the_same(decisions):
    complete = [one for one in decisions if one.other != one.image_id]
    ledger = read_ledger(line_of(one) for one in complete)
    assert fold(GIVEN, ledger.decisions) == fold(GIVEN, complete)


def test_an_undone_undo_brings_the_decision_back():
    relabel = made(1, "relabel", label="amber")
    undo = made(2, "undo", undoes=number(1))
    redo = made(3, "undo", undoes=number(2))
    assert fold(GIVEN, [undo])["a"].label == "agra"
    assert fold(GIVEN, [undo, relabel])["a"].label == "agra"
    assert fold(GIVEN, [redo, undo, relabel])["a"].label == "amber"


def test_an_undo_from_a_slow_clock_still_counts():
    assert (
        fold(GIVEN, [made(5, "relabel", label="amber"), made(1, "undo", undoes=number(5))])[
            "a"
        ].label
        == "agra"
    )


def test_the_later_of_two_people_is_right_and_equal_moments_go_by_id():
    first = made(1, "relabel", at=3, label="amber")
    second = made(2, "relabel", at=3, label="bidar")
    assert fold(GIVEN, [second, first])["a"].label == "bidar"
    assert fold(GIVEN, [replace(second, at=moment(1)), first])["a"].label == "amber"


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("keep", Label("a", "agra", "labelled")),
        ("unsure", Label("a", "agra", "labelled")),
        ("refuse_visitor", Label("a", "agra", "labelled")),
        ("junk", Label("a", None, "junk")),
        ("none_of_these", Label("a", None, "none_of_these")),
    ],
)
def test_what_each_key_does(action, expected):
    assert fold(GIVEN, [made(1, action)])["a"] == expected


def test_the_last_word_on_which_copy_stays_counts():
    there = made(1, "duplicate_of", "a", other="b")
    back = made(2, "duplicate_of", "b", other="a")
    labels = fold(GIVEN, [there, back])
    assert (labels["a"].status, labels["b"].status) == ("labelled", "duplicate")


def test_a_copy_of_a_photo_that_is_gone_stays():
    assert fold(GIVEN, [made(1, "duplicate_of", other="erased")]) == GIVEN


def test_not_a_duplicate_takes_the_mark_away_and_is_remembered():
    decisions = [made(1, "duplicate_of", other="b"), made(2, "not_duplicate", "b", other="a")]
    assert fold(GIVEN, decisions) == GIVEN
    assert apart(decisions) == {frozenset("ab")}


def test_the_last_word_about_a_pair_counts_whoever_is_named_first():
    apart_then_together = [
        made(1, "not_duplicate", "a", other="b"),
        made(2, "duplicate_of", "b", other="a"),
    ]
    assert apart(apart_then_together) == set()
    assert apart([*apart_then_together, made(3, "undo", undoes=number(2))]) == {frozenset("ab")}


def test_a_merged_class_takes_later_decisions_along_and_can_be_taken_back():
    merge = made(1, "merge_class", "", label_before="agra", label="amber")
    late = made(2, "relabel", label="agra")
    assert {row.label for row in fold(GIVEN, [merge, late]).values()} == {"amber"}
    assert fold(GIVEN, [merge, late, made(3, "undo", "", undoes=number(1))]) == GIVEN


def test_an_accepted_visitor_is_right_and_a_question_alone_changes_nothing():
    ledger = read_ledger(
        [{"kind": "visitor", "id": number(1), "at": moment(1), "image_id": "a", "label": "amber"}]
    )
    assert len(ledger.questions) == 1 and fold(GIVEN, ledger.decisions) == GIVEN
    assert fold(GIVEN, [made(2, "accept_visitor", label="amber")])["a"].label == "amber"
    assert fold(GIVEN, [made(2, "accept_visitor", label="none")])["a"].status == "none_of_these"


def test_a_line_that_cannot_be_read_is_counted_and_the_rest_counts():
    ledger = read_ledger([{"action": "fly"}, line_of(made(1, "junk"))])
    assert (len(ledger.decisions), ledger.unreadable) == (1, 1)


def test_two_lines_with_one_id_are_one_decision_for_everybody():
    one = made(1, "relabel", label="amber")
    other = made(1, "relabel", label="bidar")
    assert in_order([one, other]) == in_order([other, one]) and len(in_order([one, other])) == 1


def test_undone_decisions_do_not_stand():
    assert standing([made(1, "junk"), made(2, "undo", undoes=number(1)), made(3, "keep")]) == [
        made(3, "keep")
    ]


def test_a_photo_given_under_two_labels_has_what_most_sources_say():
    photo = Photo(
        "a", 9, 9, tuple(Source(given_label=label) for label in ("amber", "agra", "agra", None))
    )
    assert given_labels(
        {
            "a": photo,
            "b": Photo("b", 9, 9, (Source(),)),
            "c": Photo("c", 9, 9, (Source(given_label="none"),)),
        }
    ) == {
        "a": Label("a", "agra", "labelled"),
        "b": Label("b", None, "unlabelled"),
        "c": Label("c", None, "none_of_these"),
    }


def test_a_photo_called_a_copy_of_itself_stays_what_it_is():
    itself = [made(1, "duplicate_of", "a", other="a"), made(2, "duplicate_of", "b", other="a")]
    labels = fold(GIVEN, itself)
    assert (labels["a"], labels["b"].status) == (GIVEN["a"], "duplicate")


def test_a_keep_that_names_no_label_kept_the_one_of_that_moment():
    keep = made(2, "keep")
    assert kept_labels(GIVEN, [keep, made(3, "relabel", label="amber")]) == {keep.id: "agra"}
    assert kept_labels(GIVEN, [keep, made(1, "relabel", label="amber")]) == {keep.id: "amber"}
    assert kept_labels(GIVEN, [keep, made(1, "none_of_these")]) == {keep.id: "none"}
    assert kept_labels(GIVEN, [keep, made(1, "junk")]) == {}
    assert kept_labels(GIVEN, [keep, made(4, "undo", undoes=keep.id)]) == {}


@given(ledgers(), st.randoms())
def test_what_was_kept_does_not_depend_on_the_order_of_arrival_and_changes_no_label(decisions, rng):
    bare = [replace(one, label=None) if one.action == "keep" else one for one in decisions]
    kept = kept_labels(GIVEN, bare)
    labels = fold(GIVEN, bare)
    rng.shuffle(bare)
    assert kept_labels(GIVEN, bare) == kept and fold(GIVEN, bare) == labels
