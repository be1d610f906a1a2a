from dataclasses import replace

import pytest

from data_cards.dataset.repo import create_dataset, open_dataset
from data_cards.dataset.schema import Finding
from data_cards.dataset.tables import findings_file, labels_file
from tests.fixtures.pictures import collection_of, pictures, stored, with_photos
from train.settings import SplitSettings
from train.splits.seal import seal, sealed, usable


@pytest.fixture
def dataset(tmp_path):
    made = create_dataset(str(tmp_path / "data"), collection_of("a", "b"))
    return with_photos(made, {"a": pictures(8, 1), "b": pictures(8, 2)})


def sides(source):
    return {image_id: row.split for image_id, row in source.splits.items()}


def test_a_split_is_made_once_and_then_stays(dataset):
    first = sealed(dataset)
    assert first.dataset.revision != dataset.revision and set(sides(first).values()) == {
        "train",
        "validation",
        "test",
    }
    again = sealed(open_dataset(dataset.address), SplitSettings(seed=7))
    assert again.dataset.revision == first.dataset.revision and sides(again) == sides(first)


def test_photos_that_came_later_find_a_place_and_the_test_keeps_its_photos(dataset):
    before = sides(sealed(dataset))
    more = with_photos(dataset.newest(), {"a": pictures(5, 3), "b": pictures(5, 4)})
    after = sides(sealed(more))
    assert len(after) == 26
    assert {i: after[i] for i in before} == before


def test_an_older_revision_is_split_in_memory_and_not_changed(dataset):
    old = open_dataset(f"{dataset.address}@{dataset.revision}")
    source = sealed(old)
    assert source.dataset.revision == dataset.revision and "test" in sides(source).values()
    assert dataset.newest().revision == dataset.revision


def test_junk_and_copies_are_not_used_and_none_of_these_is():
    rows = stored({"a": pictures(3, 1)})[1]
    one, two, three = rows
    labels = {
        row.image_id: row
        for row in (
            replace(one, label=None, status="none_of_these"),
            replace(two, label=None, status="junk"),
            three,
        )
    }
    assert usable(labels) == {one.image_id: None, three.image_id: "a"}


def test_relabelling_does_not_open_the_seal(dataset):
    before = sealed(dataset)
    rows = [replace(row, label="b") for row in before.dataset.labels().values()][:3]
    rest = list(before.dataset.labels().values())[3:]
    changed = before.dataset.commit(dict([labels_file([*rows, *rest])]), "relabel")
    assert sides(sealed(changed)) == sides(before)


def test_a_second_split_still_says_what_the_first_one_did(dataset):
    assert seal(dataset).certificate.leaks == seal(dataset.newest()).certificate.leaks


def test_a_copy_that_a_later_scan_finds_across_the_line_leaves_the_training_side(dataset):
    before = sealed(dataset)
    tested = next(i for i, side in sides(before).items() if side == "test")
    learned = next(i for i, side in sides(before).items() if side == "train")
    found = Finding(learned, "leak", 1.0, "the same shot", related=(tested,))
    scanned = before.dataset.commit(dict([findings_file("later", [found])]), "scan")
    after = sealed(scanned)
    assert learned not in sides(after) and sides(after)[tested] == "test"
    assert after.certificate.leaks_removed == 1
    assert sealed(after.dataset).dataset.revision == after.dataset.revision
