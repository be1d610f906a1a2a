"""A dataset repo: pinned reading, atomic writing, refused when it is newer than we are."""

import io

import pytest
from PIL import Image

from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.repo import Changes, create_dataset, open_dataset
from data_cards.dataset.schema import Finding, Label, Photo, Source, Split
from data_cards.dataset.tables import (
    certificate_file,
    findings_file,
    images_file,
    labels_file,
    ledger_file,
    splits_file,
)
from data_cards.errors import MissingFile, NewerFormat
from data_cards.photos.image import image_id

THINGS = Collection("things", "Things", (ClassInfo("0", "Zero"), ClassInfo("1", "One")))


def jpeg(shade: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 12), (shade, 0, 0)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def shelf(tmp_path):
    """Twenty photos in two classes."""
    pictures = [jpeg(shade * 10) for shade in range(20)]
    photos = [
        (Photo(image_id(data), 16, 12, (Source(path=f"{n}.jpg", given_label=str(n % 2)),)), data)
        for n, data in enumerate(pictures)
    ]
    labels = [
        Label(photo.image_id, photo.sources[0].given_label, "labelled") for photo, _ in photos
    ]
    dataset = create_dataset(str(tmp_path / "shelf"), THINGS, {"0": jpeg(0)})
    return dataset.commit(dict([images_file(photos), labels_file(labels)]), "Twenty photos")


def test_what_was_written_is_read(shelf):
    again = open_dataset(shelf.address)
    assert again.revision == shelf.revision
    assert again.collection() == THINGS
    assert (again.reference("0"), again.reference("1")) == (jpeg(0), None)
    assert len(again.photos()) == len(again.labels()) == 20
    assert (
        again.splits() == {}
        and again.certificate() is None
        and again.findings() == []
        and again.ledger() == []
    )


def test_photos_are_read_by_id_and_in_storage_order(shelf):
    ids = list(shelf.photos())
    assert shelf.read_photo(ids[17]) == jpeg(170)
    assert [found for found, _ in shelf.read_photos([ids[18], ids[2], "nobody"])] == [
        ids[2],
        ids[18],
    ]
    with pytest.raises(MissingFile, match="no photo nobody"):
        shelf.read_photo("nobody")


def test_where_photos_are_is_found_before_anybody_asks_for_one(shelf, monkeypatch):
    ids = list(shelf.photos())
    assert shelf.locate() == 20
    monkeypatch.setattr("data_cards.dataset.repo.row_locations", None)
    assert shelf.read_photo(ids[17]) == jpeg(170)


def test_splits_findings_and_decisions_come_back(shelf):
    one = next(iter(shelf.photos()))
    files = [
        splits_file([Split(one, "g", "test")]),
        certificate_file({"seed": 3}),
        findings_file("s1", [Finding(one, "label", 0.9, "why")]),
        ledger_file([{"id": "1"}]),
        ledger_file([{"id": "2"}]),
    ]
    newer = shelf.commit(dict(files), "More")
    assert newer.splits()[one].split == "test"
    assert newer.certificate() == {"seed": 3}
    assert newer.findings()[0].reason == "why"
    assert sorted(line["id"] for line in newer.ledger()) == ["1", "2"]


def test_a_damaged_line_of_the_ledger_hides_no_other(shelf):
    torn = b'{"id": "1"}\n{"id": "2", "act\n[]\n\xff\n{"id": "3"}\n'
    rows = shelf.commit({"ledger/torn.jsonl": torn}, "Torn").ledger()
    assert [row.get("id") for row in rows] == ["1", None, None, None, "3"]


def test_a_dataset_is_pinned_to_its_revision(shelf):
    shelf.commit(dict([labels_file([])]), "No labels")
    assert len(shelf.labels()) == 20
    assert shelf.newest().labels() == {}
    assert len(open_dataset(f"{shelf.address}@{shelf.revision}").labels()) == 20


def test_an_update_is_worked_out_again_when_somebody_was_first(shelf):
    one, two = list(shelf.photos())[:2]
    seen = []

    def change(base):
        seen.append(base.revision)
        if len(seen) == 1:  # somebody else saves while we think
            base.commit(dict([labels_file([Label(one, None, "junk")])]), "First")
        return Changes(dict([labels_file([*base.labels().values(), Label(two, "1", "labelled")])]))

    after = shelf.update("Second", change)
    assert len(seen) == 2
    assert after.labels()[two].label == "1"


def test_an_update_that_changes_nothing_makes_no_revision(shelf):
    assert shelf.update("Nothing", lambda base: Changes()).revision == shelf.revision


def test_creating_where_a_dataset_is_opens_it(shelf):
    assert create_dataset(shelf.address, Collection("other", "Other")).collection() == THINGS


def test_no_dataset_says_how_to_begin(tmp_path):
    with pytest.raises(MissingFile, match="vitrine collect PHOTOS"):
        open_dataset(str(tmp_path))
    assert not (tmp_path / ".vitrine").exists()


def test_a_dataset_from_a_newer_version_is_refused_and_untouched(shelf):
    from pathlib import Path

    readme = Path(shelf.address) / "README.md"
    newer = readme.read_text().replace("format: 1", "format: 2")
    readme.write_text(newer)
    with pytest.raises(NewerFormat, match="newer Vitrine"):
        open_dataset(shelf.address)
    assert readme.read_text() == newer


def test_a_folder_with_a_readme_of_its_own_is_no_dataset(tmp_path):
    (tmp_path / "README.md").write_text("# My holiday")
    with pytest.raises(MissingFile):
        open_dataset(str(tmp_path))


@pytest.mark.parametrize(("config", "rows"), [("images", 20), ("labels", 20)])
def test_load_dataset_opens_the_folder(shelf, tmp_path, config, rows):
    from datasets import load_dataset

    loaded = load_dataset(shelf.address, config, split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.num_rows == rows
