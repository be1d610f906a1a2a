"""What people put in: decisions that stand, minutes, and how many wrong labels are thought to be
left."""

from __future__ import annotations

import pytest

from data_cards.annotations.ledger import read_ledger
from data_cards.dataset.schema import Finding
from data_cards.wording import percent, points
from train.evaluation.label_value import (
    Effort,
    another_hour,
    effort_of,
    how_sure,
    verdict,
    what_changed,
    what_it_bought,
)
from train.statistics.paired import paired


def effort(lines, findings):
    """From the lines of a ledger."""
    return effort_of(read_ledger(lines).decisions, findings)


def name(number):
    return f"{number:026d}"


def decision(number, action="relabel", **more):
    row = {
        "id": name(number),
        "at": f"2026-11-21T10:{number // 60:02}:{number % 60:02}Z",
        "who": "ann",
        "image_id": f"photo-{number}",
        "action": action,
        "finding": "01SCAN/label",
        "label_before": "rose",
    }
    return row | {"label": "lion" if action == "relabel" else "rose"} | more


def doubt(number, **more):
    return Finding(
        **{"image_id": f"photo-{number}", "kind": "label", "score": 0.9, "reason": "?"} | more
    )


def test_nothing_done_is_nothing_known():
    assert effort([], []) == Effort() and Effort().errors_left == 0


def test_only_decisions_that_stand_count():
    rows = [decision(1), decision(2), decision(3, "undo", undoes=name(2))]
    assert effort(rows, []).decisions == 1


def test_an_undo_that_was_undone_counts_for_nothing():
    rows = [decision(1), decision(2, "undo", undoes=name(1)), decision(3, "undo", undoes=name(2))]
    assert effort(rows, []).decisions == 1


def test_the_same_line_twice_is_one_decision():
    assert effort([decision(1), decision(1)], []).decisions == 1


@pytest.mark.parametrize(
    "row",
    [
        {"kind": "visitor", "id": "01Q", "at": "2026", "image_id": "p"},
        {"unreadable": "{"},
        decision(1, "unsure"),
        decision(1, "rename_class", title="Lion"),
    ],
)
def test_what_is_no_decision_about_a_photo_does_not_count(row):
    assert effort([row], []).decisions == 0


def test_minutes_are_those_spent_at_it_and_a_break_is_none():
    rows = [decision(6 * n) for n in range(8)] + [decision(42 * 60 + 6 * n) for n in range(8)]
    assert effort(rows, []).minutes == pytest.approx(0.1)


def test_each_person_has_a_clock_of_their_own():
    rows = [
        decision(20 * n, who=who) | {"id": name(n + start)}
        for n in range(6)
        for who, start in (("ann", 0), ("ben", 50))
    ]
    assert effort(rows, []).minutes == pytest.approx(20 / 60)


def test_a_few_decisions_say_nothing_about_the_pace():
    assert effort([decision(n) for n in range(3)], []).minutes is None


def test_a_time_that_nobody_can_read_is_passed_over():
    rows = [decision(6 * n) for n in range(8)] + [decision(60, at="yesterday")]
    assert effort(rows, []).minutes == pytest.approx(0.1)


def test_a_doubt_is_open_until_somebody_decides_about_the_photo():
    findings = [
        doubt(1),
        doubt(2),
        doubt(3),
        doubt(4, kind="near_duplicate"),
        doubt(5, scan_id="round-01"),
    ]
    assert (
        effort([decision(1), decision(2, "not_duplicate", other="photo-3")], findings).doubts == 2
    )


def test_the_same_photo_is_doubted_once():
    assert effort([], [doubt(1), doubt(1, kind="exact_duplicate")]).doubts == 1


def test_until_enough_doubts_were_answered_all_of_them_may_be_errors():
    found = effort([decision(n) for n in range(3)], [doubt(n) for n in range(10, 40)])
    assert found.wrong_share is None and found.errors_left == 30


def test_what_the_latest_answers_were_tells_how_many_of_the_rest_are_errors():
    rows = [decision(n) for n in range(30)] + [decision(n, "keep") for n in range(30, 40)]
    found = effort(rows, [doubt(n) for n in range(100, 122)])
    assert found.wrong_share == pytest.approx(11 / 22) and found.errors_left == 11


def test_a_label_that_stays_was_no_error_whatever_the_key():
    rows = [decision(n, label="rose") for n in range(10)]
    assert effort(rows, []).wrong_share == pytest.approx(1 / 12)


def test_answers_about_the_test_say_nothing_about_a_scans_doubts():
    rows = [decision(n, finding="round-01/label") for n in range(20)]
    assert effort(rows, []).wrong_share is None


CLEAR = paired([1] * 160 + [0] * 40, [1] * 190 + [0] * 10)
UNCLEAR = paired([1] * 20 + [0] * 5, [1] * 21 + [0] * 4)
WORSE = paired([1] * 190 + [0] * 10, [1] * 150 + [0] * 50)
SAME = paired([1] * 180 + [0] * 20, [1] * 180 + [0] * 20)
WORK = Effort(decisions=100, minutes=0.2, doubts=40, wrong_share=0.5)


def test_the_figures_stand_in_one_sentence():
    assert what_it_bought(CLEAR, 48) == (
        "The last 48 decisions moved top-1 from 80 % to 95 % (between "
        f"{points(CLEAR.low)} and {points(CLEAR.high)} points)."
    )


def test_one_decision_is_one():
    assert what_it_bought(CLEAR, 1).startswith("The last decision moved")


def test_a_round_without_decisions_does_not_thank_them():
    assert what_it_bought(CLEAR, 0).startswith("Training again, without new decisions, moved")


def test_when_no_answer_changed_it_says_so():
    assert "changed no answer on the 200 test photos: top-1 stays at 90 %" in what_it_bought(
        SAME, 5
    )


def test_as_many_better_as_worse_leave_the_figure_where_it_was():
    even = paired([1, 0] * 20, [0, 1] * 20)
    assert "left top-1 at 50 %" in what_it_bought(even, 9)


def test_a_first_round_has_nothing_to_be_compared_with():
    assert "first round" in what_it_bought(None, 9) and "first round" in what_it_bought(
        paired([], []), 9
    )


def test_a_small_test_admits_what_it_cannot_show():
    said = how_sure(UNCLEAR)
    assert said.startswith("The test has only 25 photos: a difference below ")
    assert f"{round(100 * UNCLEAR.visible)} points" in said


def test_a_clear_difference_needs_no_excuse():
    assert how_sure(CLEAR) == "" and how_sure(WORSE) == ""


def test_no_photo_that_both_answered_is_said():
    assert "so we can't compare them" in how_sure(paired([], []))


def test_an_hour_that_paid_and_work_that_is_left_is_likely_to_pay():
    said = another_hour(CLEAR, 48, WORK, 1000)
    assert said.startswith(
        "About 20 of the 40 labels still in doubt are wrong, about 8 minutes of work; another hour "
        "is likely to pay"
    )
    assert "points at the rate so far" in said


def test_the_rate_promises_no_more_than_there_is_to_gain():
    nearly = paired([1] * 150 + [0] * 50, [1] * 199 + [0])
    assert "(about +0.5 points" in another_hour(nearly, 2, Effort(50, 0.01, 400, 0.9), 1000)


def test_when_hardly_an_error_is_left_an_hour_does_not_pay_however_well_it_went():
    said = another_hour(CLEAR, 48, Effort(100, 0.2, 2, 0.5), 1000)
    assert "not likely to pay" in said and "weakest classes" in said


@pytest.mark.parametrize(
    ("doubts", "share", "words"),
    [
        (3, 0.05, "Probably none of the 3 labels still in doubt is wrong"),
        (0, 0.5, "No label is in doubt any more"),
        (1, 0.9, "One label is still in doubt"),
    ],
)
def test_little_that_is_left_is_said_in_words_with_what_is_not_counted(doubts, share, words):
    said = another_hour(CLEAR, 5, Effort(50, 0.2, doubts, share), 1000)
    assert said.startswith(f"{words} (wrong labels that no scan doubts are not counted);")


def test_decisions_that_bought_nothing_are_not_asked_for_again():
    assert "gained almost nothing; another hour is unlikely to help" in another_hour(
        WORSE, 48, WORK, 1000
    )


@pytest.mark.parametrize(
    ("photos", "words"),
    [
        (200, "may well pay, though this test cannot show it yet"),
        (5000, "this test can't say"),
    ],
)
def test_where_the_test_is_silent_the_errors_that_are_left_speak(photos, words):
    assert words in another_hour(UNCLEAR, 48, WORK, photos)


@pytest.mark.parametrize(("photos", "words"), [(200, "is likely to pay"), (5000, "may pay")])
def test_before_the_first_comparison_only_the_errors_speak(photos, words):
    said = another_hour(None, 0, WORK, photos)
    assert words in said and "We don't yet know how much" in said


def test_doubts_that_nobody_answered_are_not_called_errors():
    said = another_hour(UNCLEAR, 3, Effort(3, None, 40, None), 1000)
    assert said.startswith("40 doubtful labels are left that nobody has checked")


def test_one_label_is_one():
    assert another_hour(CLEAR, 3, Effort(30, None, 1, None), 10).startswith(
        "One label is still in doubt"
    )


def test_long_work_is_told_in_hours():
    assert "about 3 hours of work" in another_hour(CLEAR, 48, Effort(100, 0.5, 400, 0.5), 1000)


def test_what_changed_counts_both_ways():
    assert what_changed(paired([1, 0], [0, 1])) == (
        "1 test photo is named rightly that was not before; 1 the other way round."
    )


def test_all_of_it_is_one_paragraph_without_gaps():
    said = verdict(UNCLEAR, 48, WORK, 1000)
    assert (
        "  " not in said
        and said.count("only 25 photos") == 1
        and said.startswith("The last 48 decisions")
    )


def test_numbers_are_written_as_on_every_screen():
    assert [percent(value) for value in (0.5, 0.849, 1)] == ["50 %", "84.9 %", "100 %"]
    assert [points(value) for value in (0.0049, -0.0049, 0.0001)] == ["+0.5", "−0.5", "0"]
