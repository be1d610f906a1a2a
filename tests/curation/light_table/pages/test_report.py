"""The page of the scan counts in sentences, names files, and says what to do next."""

import pytest

from curation.light_table.pages.report import WORDS, Report
from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from data_cards.dataset.repo import Changes
from data_cards.dataset.schema import Finding
from data_cards.dataset.tables import findings_file
from tests.fixtures.light_table import small_dataset

SCAN = "01M7YX912DAX9JEBMXSFKJN6R5"


@pytest.fixture
def report(tmp_path):
    def made(*findings, name=SCAN, remarks=()):
        dataset = small_dataset(tmp_path / "set", 6)
        photos = sorted(dataset.photos())
        rows = [one(photos) for one in findings]
        dataset = dataset.update(
            "Scan",
            lambda base: Changes(
                dict([findings_file(name, rows, remarks)]),
                tuple(path for path in base.paths if path.startswith("findings/")),
            ),
        )
        return Report(LightTable(dataset, Journal(tmp_path / "journal"))).show("ann")

    return made


def test_every_pile_is_a_sentence_and_the_first_open_one_is_next(report):
    shown = report(
        lambda photos: Finding(photos[0], "label", 0.9, "Why."),
        lambda photos: Finding(photos[1], "quality", 0.9, "Dark."),
    )
    assert [(pile["pile"], pile["left"], pile["sentence"]) for pile in shown["piles"]] == [
        ("labels", 1, "1 label looks doubtful."),
        ("quality", 1, f"1 {WORDS['quality'][0]}."),
    ]
    assert shown["next"]["pile"] == "labels" and shown["photos"] == 6


def test_files_that_cannot_be_read_are_named_though_they_are_no_photos(report):
    shown = report(
        lambda photos: Finding("f" * 64, "unreadable", 1.0, "fort/a.jpg: This photo is damaged.")
    )
    assert shown["unreadable"] == {"total": 1, "first": ["fort/a.jpg: This photo is damaged."]}
    assert shown["piles"] == []


def test_a_remark_is_told_here_and_asked_nowhere(report):
    shown = report(lambda photos: Finding(photos[0], "quality", 0.02, "a.jpg is a WEBP file."))
    assert shown["misnamed"]["first"] == ["a.jpg is a WEBP file."] and shown["piles"] == []


def test_what_the_scan_says_of_the_whole_collection_is_told_and_asked_nowhere(report):
    shown = report(remarks=["Most photos of *Harbour* are dark."])
    assert shown["remarks"] == ["Most photos of *Harbour* are dark."] and shown["piles"] == []
    assert report()["remarks"] == []


def test_a_shortcut_shows_photos_that_are_still_here(report):
    shown = report(
        lambda photos: Finding(
            photos[0], "shortcut", 0.97, "All 6 photos.", "harbour", related=("gone", *photos)
        )
    )
    [one] = shown["shortcuts"]
    assert (
        one["title"] == "Harbour at Low Moon"
        and len(one["photos"]) == 6
        and "gone" not in one["photos"]
    )
    assert "differently" in shown["next"]["sentence"]


@pytest.mark.parametrize(
    ("name", "at", "said"), [(SCAN, "2026-11-", "Train again"), ("collect-1", None, "scan DATASET")]
)
def test_the_time_is_that_of_the_scan_and_not_of_collecting(report, name, at, said):
    shown = report(name=name)
    assert (shown["scanned_at"] or "").startswith(at or "") and (shown["scanned_at"] is None) == (
        at is None
    )
    assert said in shown["next"]["sentence"]
