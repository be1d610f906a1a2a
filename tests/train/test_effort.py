"""What people put in: decisions that stand, minutes, and how many wrong labels are thought to be left."""

import pytest

from data_cards.annotations.ledger import read_ledger
from data_cards.rows import Finding
from train.effort import Effort, effort_of


def effort(lines, findings):
    """From the lines of a ledger."""
    return effort_of(read_ledger(lines).decisions, findings)


def name(number):
    return f"{number:026d}"


def decision(number, action="relabel", **more):
    row = {"id": name(number), "at": f"2026-11-21T10:{number // 60:02}:{number % 60:02}Z", "who": "ann",
           "image_id": f"photo-{number}", "action": action, "finding": "01SCAN/label", "label_before": "rose"}
    return row | {"label": "lion" if action == "relabel" else "rose"} | more


def doubt(number, **more):
    return Finding(**{"image_id": f"photo-{number}", "kind": "label", "score": 0.9, "reason": "?"} | more)


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


@pytest.mark.parametrize("row", [{"kind": "visitor", "id": "01Q", "at": "2026", "image_id": "p"}, {"unreadable": "{"},
                                 decision(1, "unsure"), decision(1, "rename_class", title="Lion")])
def test_what_is_no_decision_about_a_photo_does_not_count(row):
    assert effort([row], []).decisions == 0


def test_minutes_are_those_spent_at_it_and_a_break_is_none():
    rows = [decision(6 * n) for n in range(8)] + [decision(42 * 60 + 6 * n) for n in range(8)]
    assert effort(rows, []).minutes == pytest.approx(0.1)


def test_each_person_has_a_clock_of_their_own():
    rows = [decision(20 * n, who=who) | {"id": name(n + start)}
            for n in range(6) for who, start in (("ann", 0), ("ben", 50))]
    assert effort(rows, []).minutes == pytest.approx(20 / 60)


def test_a_few_decisions_say_nothing_about_the_pace():
    assert effort([decision(n) for n in range(3)], []).minutes is None


def test_a_time_that_nobody_can_read_is_passed_over():
    rows = [decision(6 * n) for n in range(8)] + [decision(60, at="yesterday")]
    assert effort(rows, []).minutes == pytest.approx(0.1)


def test_a_doubt_is_open_until_somebody_decides_about_the_photo():
    findings = [doubt(1), doubt(2), doubt(3), doubt(4, kind="near_duplicate"), doubt(5, scan_id="round-01")]
    assert effort([decision(1), decision(2, "not_duplicate", other="photo-3")], findings).doubts == 2


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
