"""Photos from the browser: pieces, names that lead elsewhere, and what would come in."""

import io
import zipfile

import pytest

from curation.light_table.pages.add import AddPhotos
from curation.light_table.session.table import LightTable
from curation.light_table.uploads import Uploads
from data_cards.annotations.journal import Journal
from data_cards.errors import VitrineError
from tests.fixtures.light_table import drawn, small_dataset


@pytest.fixture
def uploads(tmp_path):
    return Uploads(tmp_path / "ann")


def test_a_file_comes_in_pieces_and_a_piece_sent_twice_counts_once(uploads):
    data = drawn("#23415c", 1)
    assert uploads.put("mug/1.png", 0, data[:50]) == 50
    assert uploads.put("mug/1.png", 0, data[:50]) == 50
    assert uploads.put("mug/1.png", 900, data[50:]) == 50, "a piece before it is missing"
    assert uploads.put("mug/1.png", 50, data[50:]) == len(data)
    assert uploads.have("mug/1.png") == len(data)


@pytest.mark.parametrize("name", ["", "/etc/x", "../x", "a/../../x", "..\\x", "a" * 300, "a\0b"])
def test_a_name_that_leads_elsewhere_is_refused(uploads, name):
    with pytest.raises(VitrineError):
        uploads.put(name, 0, b"x")


def fill(uploads):
    for number in range(3):
        uploads.put(f"mug/{number}.png", 0, drawn("#23415c", number + 50))
        uploads.put(f"bowl/{number}.png", 0, drawn("#b4432a", number + 50))
    uploads.put("loose.png", 0, drawn("#40647a", 59))


def test_what_would_come_in_is_asked_first(uploads):
    assert uploads.seen()["empty"]
    fill(uploads)
    seen = uploads.seen()
    assert seen["question"] == "I see 2 names with 6 photos, and 1 loose photo. Is that right?"
    assert {one["title"]: one["photos"] for one in seen["names"]} == {"Mug": 3, "Bowl": 3}


def test_a_zip_stands_for_what_is_in_it(uploads):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(2):
            archive.writestr(f"mug/{number}.png", drawn("#23415c", number + 50))
            archive.writestr(f"bowl/{number}.png", drawn("#b4432a", number + 50))
    uploads.put("photos.zip", 0, out.getvalue())
    assert uploads.seen()["total"] == 4


def test_no_photo_at_all_is_a_sentence(uploads):
    uploads.put("notes.txt", 0, b"nothing")
    with pytest.raises(VitrineError):
        uploads.seen()


def test_taken_in_they_lie_on_the_table_and_the_folder_is_empty(tmp_path):
    table = LightTable(small_dataset(tmp_path / "set", 6), Journal(tmp_path / "state" / "journal"))
    page = AddPhotos(table)
    fill(page.of("olga"))
    shown = page.act("olga", {"do": "take_in"})
    assert shown["empty"] and shown["said"]
    assert len(table.records.photos) == 13
    assert table.look("olga", "unlabelled")["items"][0]["image_id"] in table.records.photos


def test_what_is_forgotten_is_gone(tmp_path):
    table = LightTable(small_dataset(tmp_path / "set", 6), Journal(tmp_path / "state" / "journal"))
    page = AddPhotos(table)
    fill(page.of("olga"))
    assert page.act("olga", {"do": "clear"})["empty"]
    assert page.show("olga", {"have": "mug/1.png"}) == {"have": 0}
