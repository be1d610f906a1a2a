"""What a scan said is read in the classes of today, after some of them were merged."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.active_learning.next_steps import what_next
from curation.issues.out_of_fold import ScanOpinions
from curation.issues.scanned_classes import (
    findings_today,
    opinions_today,
    scanned_classes,
)
from data_cards.annotations.class_edits import changed_collection
from data_cards.annotations.decision import Decision, line_of, parse_decision
from data_cards.annotations.ledger import fold, given_labels, read_ledger
from data_cards.dataset.repo import Dataset, collection_files, create_dataset
from data_cards.dataset.schema import Finding, Opinion
from data_cards.dataset.tables import findings_file, labels_file, ledger_file, opinions_file
from tests.fixtures.pictures import collection_of, pictures, with_photos
from train.inference.current_classes import TodaysClasses

SCAN = "01KAZZZZZZZZZZZZZZZZZZZZZZ"  # late in November 2025
BEFORE = "2025-01-01T10:00:00Z"
AFTER = "2026-06-01T10:00:00Z"
MERGED = TodaysClasses(("a", "b", "c"), ("b", "b", "c"), collection_of("b", "c"))
SAME = TodaysClasses(("a", "b"), ("a", "b"), collection_of("a", "b"))


def test_chances_of_merged_classes_add_up_and_stay_best_first() -> None:
    [said] = opinions_today([Opinion("p", ("c", "a", "b"), (0.4, 0.35, 0.25), ("q",))], MERGED)
    assert said == Opinion("p", ("b", "c"), (0.6, 0.4), ("q",))


@pytest.mark.parametrize(
    ("given", "suggested", "kept"),
    [("a", "c", ("b", "c")), ("a", "b", None), ("b", "a", None), ("c", "a", ("c", "b"))],
)
def test_a_doubt_between_two_classes_that_are_one_today_is_settled(
    given: str, suggested: str, kept: tuple[str, str] | None
) -> None:
    found = findings_today([Finding("p", "label", 0.9, "why", given, suggested)], MERGED)
    assert [(one.given_label, one.suggested_label) for one in found] == ([kept] if kept else [])


def test_findings_that_name_no_class_stay() -> None:
    found = [Finding("p", "quality", 0.9, "dark"), Finding("p", "visitor", 0.5, "?", None, "none")]
    assert findings_today(found, MERGED) == found


def test_where_nothing_was_merged_nothing_is_changed() -> None:
    said = [Opinion("p", ("a",), (1.0,))]
    found = [Finding("p", "label", 0.9, "why", "a", "a")]
    assert opinions_today(said, SAME) == said and findings_today(found, SAME) == found


def scanned(tmp_path: Path) -> Dataset:
    """Three classes; the scan named all of them."""
    made = create_dataset(str(tmp_path / "set"), collection_of("a", "b", "c"))
    made = with_photos(made, {name: pictures(2, n) for n, name in enumerate("abc")})
    first = next(iter(made.photos()))
    said = Opinion(first, ("a", "b", "c"), (0.5, 0.3, 0.2))
    found = Finding(first, "label", 0.9, "why", "c", "a", scan_id=SCAN)
    tables = dict([findings_file(SCAN, [found]), opinions_file(SCAN, [said])])
    return made.commit(tables, "Scan")


def after(made: Dataset, *decisions: Decision) -> Dataset:
    """The dataset with these decisions in its ledger, folded."""
    lines = [ledger_file([line_of(one)]) for one in decisions]
    everything = [*read_ledger(made.ledger()).decisions, *decisions]
    things = changed_collection(made.collection(), everything)
    labels = labels_file(fold(given_labels(made.photos()), everything).values())
    return made.commit(dict([*lines, labels]) | collection_files(things), "Fold")


def edit(number: int, action: str, at: str, **more: str) -> Decision:
    """An edit of a class."""
    row = {"id": f"{number:026d}", "at": at, "who": "asha", "action": action, **more}
    return parse_decision({"image_id": "", **row})


def test_a_class_that_was_merged_after_the_scan_is_read_as_the_one_it_went_into(
    tmp_path: Path,
) -> None:
    made = scanned(tmp_path)
    first = next(iter(made.photos()))
    assert ScanOpinions(made).best(first)[0] == ("a", 0.5)
    merged = after(made, edit(1, "merge_class", AFTER, label_before="a", label="b"))
    assert "a" not in merged.collection()
    assert ScanOpinions(merged).best(first) == [("b", 0.8), ("c", 0.2)]
    [found] = findings_today(merged.findings(), scanned_classes(merged))
    assert (found.given_label, found.suggested_label) == ("c", "b")
    assert what_next(merged).is_scanned


def test_a_new_class_with_the_name_of_a_merged_one_is_not_what_the_scan_meant(
    tmp_path: Path,
) -> None:
    made = scanned(tmp_path)
    merge = edit(1, "merge_class", AFTER, label_before="a", label="b")
    again = edit(2, "add_class", "2026-06-02T10:00:00Z", label="a", title="A")
    assert scanned_classes(after(made, merge, again)).of("a") == "b"


def test_what_was_merged_before_the_scan_is_nothing_to_it(tmp_path: Path) -> None:
    made = scanned(tmp_path)
    merge = edit(1, "merge_class", BEFORE, label_before="a", label="b")
    again = edit(2, "add_class", "2025-01-02T10:00:00Z", label="a", title="A")
    assert scanned_classes(after(made, merge, again)).of("a") == "a"
