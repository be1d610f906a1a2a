"""What next, from a dataset as it lies there: decisions count, sealed photos keep the model's
opinion to themselves."""

from dataclasses import replace

import pytest

from curation.__main__ import main
from curation.active_learning.next_steps import ENOUGH, Next, what_next
from curation.active_learning.to_label import NAMELESS
from data_cards.annotations.decision import decide, line_of
from data_cards.dataset.repo import Changes
from data_cards.dataset.schema import Finding, Opinion, Split
from data_cards.dataset.tables import findings_file, ledger_file, opinions_file, splits_file
from tests.fixtures.light_table import small_dataset


@pytest.fixture
def dataset(tmp_path):
    return small_dataset(tmp_path / "set", 9)


def asked(dataset, *reasons):
    """The dataset with its first photos asked for in this order."""
    names = list(dataset.photos())[: len(reasons)]
    found = [
        Finding(name, "unlabelled", 1 - place / 10, reason)
        for place, (name, reason) in enumerate(zip(names, reasons, strict=True))
    ]
    files = dict([findings_file("02SCAN", found), opinions_file("02SCAN", [Opinion(names[0])])])
    return dataset.update("Ask", lambda _: Changes(add=files)), names


@pytest.fixture
def unlabelled(dataset, monkeypatch):
    """As `asked`, with sources that give no label."""
    from data_cards.dataset.repo import Dataset

    after, names = asked(dataset, "Typical of *these*.", "Second.")
    photos = {
        name: replace(photo, sources=tuple(replace(s, given_label=None) for s in photo.sources))
        if name in names
        else photo
        for name, photo in after.photos().items()
    }
    monkeypatch.setattr(Dataset, "photos", lambda self: dict(photos))
    return after, names


def test_photos_to_label_come_in_the_order_of_the_scan(unlabelled):
    found = what_next(unlabelled[0])
    assert found.label == (("harbour/0.png", "Typical of these."), ("harbour/1.png", "Second."))
    assert found.unlabelled == 2
    assert found.text.startswith(
        "2 photos have no label. Label these first.\n1. harbour/0.png\n   Typical of these."
    )
    assert len(what_next(unlabelled[0], count=1).label) == 1


def test_a_photo_that_somebody_named_is_not_asked_for_again(unlabelled):
    dataset, (first, _) = unlabelled
    line = line_of(decide("ann", first, "relabel", label="harbour"))
    after = dataset.update("Name", lambda _: Changes(add=dict([ledger_file([line])])))
    assert [reason for _, reason in what_next(after).label] == ["Second."]


def test_a_photo_of_the_sealed_test_comes_without_the_reason(unlabelled):
    dataset, (first, _) = unlabelled
    after = dataset.update(
        "Seal", lambda _: Changes(add=dict([splits_file([Split(first, first, "test")])]))
    )
    assert [reason for _, reason in what_next(after).label] == [NAMELESS, "Second."]


def test_the_command_prints_both_lists(dataset, capsys):
    assert main(["next", dataset.address]) == 0
    said = capsys.readouterr().out
    assert (
        "Go and photograph:\n1. Harbour, First Study: no photo yet." in said
        and "A scan can say more" in said
    )


def test_a_collection_that_lacks_nothing_says_so():
    assert Next((), 0, (), True).text == ENOUGH
