"""A visitor's photo on its way out of the inbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.decisions.apply import decide_from, fold_dataset
from curation.decisions.visitors_photos import settle_inbox, settled_inbox, take_back_photo
from data_cards.annotations.journal import Journal, flush
from data_cards.annotations.ledger import decide
from data_cards.dataset.repo import Dataset
from data_cards.dataset.schema import Photo, Source
from data_cards.dataset.tables import images_file, inbox_file
from data_cards.photos.image import image_id
from tests.fixtures.colours import photo_of
from tests.fixtures.visitors import small_gallery

DATA = photo_of("ochre", 300, 200)
ID = image_id(DATA)
LATER = "2999-01-01T00:00:00.000000Z"


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """A gallery in whose inbox a photo waits."""
    photo = Photo(ID, 300, 200, (Source(path="visitor/x", origin="visitor"),))
    return small_gallery(tmp_path / "set").commit(dict([inbox_file(photo, DATA)]), "Wait")


def bytes_in(folder: Path, wanted: bytes) -> list[str]:
    """Files under a folder that hold these bytes."""
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and wanted in path.read_bytes()
    ]


@pytest.mark.parametrize(
    ("action", "label", "status"),
    [
        ("accept_visitor", "ochre", "labelled"),
        ("relabel", "red-grid", "labelled"),
        ("accept_visitor", "none", "none_of_these"),
        ("none_of_these", None, "none_of_these"),
    ],
)
def test_whoever_says_what_it_shows_lets_it_in(
    dataset: Dataset, tmp_path: Path, action: str, label: str | None, status: str
) -> None:
    after = settle_inbox(dataset, [decide("ann", ID, action, label=label)], LATER)
    assert ID in after.photos() and not after.inbox()
    assert after.labels()[ID].status == status and after.read_photo(ID) == DATA
    assert not any("inbox" in path for path in after.paths)
    assert settle_inbox(after, [decide("ann", ID, action, label=label)], LATER) is not None


@pytest.mark.parametrize(("action", "label"), [("refuse_visitor", None), ("junk", None)])
def test_one_decided_against_can_be_undone_for_a_day_and_then_is_gone(
    dataset: Dataset, tmp_path: Path, action: str, label: str | None
) -> None:
    one = decide("ann", ID, action, label=label, at="2026-05-01T12:00:00Z")
    assert settled_inbox(dataset, [one], "2026-05-02T11:00:00Z").gone == ()
    assert settled_inbox(dataset, [one], "2026-05-02T13:00:00Z").gone == (ID,)
    undo = decide("ann", ID, "undo", undoes=one.id)
    assert settled_inbox(dataset, [one, undo], LATER).gone == ()
    after = settle_inbox(dataset, [one], LATER)
    assert ID not in {**after.photos(), **after.inbox(), **after.labels()}
    assert bytes_in(tmp_path, DATA) == []


def test_who_is_unsure_leaves_it_where_it_is(dataset: Dataset) -> None:
    assert settled_inbox(dataset, [decide("ann", ID, "unsure")], LATER).gone == ()


def test_a_fold_lets_in_what_was_decided(dataset: Dataset, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.append([decide("ann", ID, "relabel", label="ochre")])
    after = fold_dataset(flush(journal, dataset).dataset).dataset
    assert after.labels()[ID].label == "ochre" and ID in after.photos()


def test_decisions_from_a_file_may_name_a_photo_that_waits(
    dataset: Dataset, tmp_path: Path
) -> None:
    lines = tmp_path / "decisions.jsonl"
    lines.write_text(f'{{"image_id": "{ID}", "action": "relabel", "label": "ochre", "who": "ann"}}')
    assert ID in decide_from(dataset, lines).dataset.photos()


def test_taken_back_it_leaves_no_byte_waiting_or_accepted(dataset: Dataset, tmp_path: Path) -> None:
    assert bytes_in(tmp_path, DATA)
    take_back_photo(dataset, ID)
    assert bytes_in(tmp_path, DATA) == []


def test_taken_back_after_it_came_in_it_leaves_no_byte_either(
    dataset: Dataset, tmp_path: Path
) -> None:
    inside = settle_inbox(dataset, [decide("ann", ID, "relabel", label="ochre")], LATER)
    after = take_back_photo(inside, ID)
    assert ID not in {**after.photos(), **after.labels()}
    assert bytes_in(tmp_path, DATA) == []


def test_a_photo_that_somebody_else_brought_stays(dataset: Dataset) -> None:
    photo = Photo(ID, 300, 200, (Source(path="a.jpg", given_label="ochre"),))
    both = dataset.commit(dict([images_file([(photo, DATA)])]), "The owner's own")
    after = take_back_photo(both, ID)
    assert after.read_photo(ID) == DATA and not after.inbox()
