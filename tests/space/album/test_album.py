"""An album is tagged, looked at first, tagged again by a new model, and put back to the last
byte."""

import os

import pytest
from PIL import Image

from data_cards.errors import BadSource, NotAllowed
from data_cards.photos.image import open_photo
from space.album.album import Album, AlbumOptions
from space.album.journal import FOLDER
from space.album.metadata import read_tags, sidecar_of

pytest.importorskip("pyexiv2", reason="pip install -r requirements-album.txt")

COLOURS = {"red": "Red thing", "blue": "Blue thing", "green": "Green thing"}


class Model:
    """Names the colour of a photo; `wrong` renames, as another release might."""

    def __init__(self, revision="r1", wrong=None, stops_after=1000):
        self.name = f"model@{revision}"
        self.asked = 0
        self._wrong = wrong or {}
        self._stops_after = stops_after

    def __call__(self, data):
        self.asked += 1
        if self.asked > self._stops_after:
            raise KeyboardInterrupt
        red, green, blue = open_photo(data).resize((1, 1)).getpixel((0, 0))
        if max(red, green, blue) < 60:
            return {"answer": "none", "label": None, "confidence": 0.2, "model": {}}
        label = max(zip((red, green, blue), ("red", "green", "blue"), strict=True))[1]
        label = self._wrong.get(label, label)
        return {
            "answer": "sure",
            "label": label,
            "title": COLOURS[label],
            "confidence": 0.9,
            "card": {"parent": "Colours", "location": [10.0, 20.0]},
            "model": {"repo": "model", "revision": self.name.partition("@")[2]},
        }


def album(folder):
    """Photos of several kinds and things that are none."""
    (folder / "trip").mkdir(parents=True)
    for name in ("a.jpg", "b.png", "c.webp", "trip/d.JPG"):
        Image.new("RGB", (300, 300), "red").save(folder / name)
    Image.new("RGB", (300, 300), (0, 200, 0)).save(folder / "trip/green.jpg")
    Image.new("RGB", (300, 300), "black").save(folder / "dark.jpg")
    raw = (folder / "a.jpg").read_bytes()
    (folder / "raw.NEF").write_bytes(b"II*\0" + b"\0" * 200 + raw + b"\0" * 50)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
    (folder / "notes.txt").write_text("mine")
    return folder


def state(folder):
    """Every byte, time and mode below a folder, but for our own journal."""
    return {
        str(path.relative_to(folder)): (
            path.read_bytes(),
            path.stat().st_mtime_ns,
            path.stat().st_mode,
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file() and FOLDER not in path.parts
    }


def tag(folder, model=None, **options):
    model = model or Model()
    return Album(folder, AlbumOptions(collection="Things", **options)).tag(model, model.name)


def test_photos_get_keywords_a_tree_a_title_and_a_place_beside_them(tmp_path):
    folder = album(tmp_path / "album")
    report = tag(folder)
    assert report.sentence.startswith("6 photos of 8 were tagged")
    for name in ("a.jpg", "b.png", "c.webp", "trip/d.JPG", "raw.NEF"):
        found = read_tags(folder / name, sidecar_of(folder / name))
        assert found.keywords == ("Red thing", "Colours")
        assert found.tree == ("Things|Colours|Red thing",)
        assert found.title == "Red thing"
        assert found.location == pytest.approx((10.0, 20.0))
    assert (folder / "raw.xmp").is_file()
    assert not sidecar_of(folder / "dark.jpg").exists()
    assert [name for name, _ in report.left] == ["broken.jpg"]


def test_undo_puts_every_byte_back(tmp_path):
    folder = album(tmp_path / "album")
    sidecar_of(folder / "a.jpg").write_text(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
        'syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<dc:subject><rdf:Bag><rdf:li>mine</rdf:li></rdf:Bag></dc:subject></rdf:Description>"
        "</rdf:RDF></x:xmpmeta>"
    )
    before = state(folder)
    tag(folder)
    tag(folder, Model("r2", {"red": "blue"}))
    assert state(folder) != before
    done, left = Album(folder, AlbumOptions()).undo()
    assert (done, left) == (6, [])
    assert state(folder) == before
    assert not (folder / FOLDER).exists()


def test_what_is_written_into_files_is_undone_to_the_byte(tmp_path):
    folder = album(tmp_path / "album")
    before = state(folder)
    tag(folder, in_file=True)
    after = state(folder)
    assert after["a.jpg"][0] != before["a.jpg"][0]
    assert "a.jpg.xmp" not in after
    assert "raw.xmp" in after
    Album(folder, AlbumOptions()).undo()
    assert state(folder) == before


def test_a_dry_run_writes_nothing_but_a_sheet_that_shows_the_photos(tmp_path):
    folder = album(tmp_path / "album")
    before = state(folder)
    report = tag(folder, dry_run=True)
    assert state(folder) == before
    assert report.sentence.startswith("These 6 photos would change")
    page = report.sheet.read_text()
    assert page.count("data:image/jpeg") == 7
    assert "Red thing" in page
    assert "+ Colours" in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_dry_run_goes_where_nothing_may_be_written(tmp_path, monkeypatch):
    folder = album(tmp_path / "album")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    before = state(folder)
    assert tag(folder, dry_run=True).sheet is None
    assert state(folder) == before
    assert not (folder / FOLDER).exists()
    with pytest.raises(NotAllowed, match="--dry-run"):
        tag(folder)


def test_a_new_release_says_which_photos_would_change_and_asks_only_itself(tmp_path):
    folder = album(tmp_path / "album")
    tag(folder)
    same = Model("r1")
    assert tag(folder, same).sentence.startswith("0 photos of 8 were tagged")
    assert same.asked == 1  # the broken one, which has no answer
    report = tag(folder, Model("r2", {"red": "blue"}), dry_run=True)
    assert report.sentence.startswith("These 5 photos would change, 5 of them tagged otherwise")
    tag(folder, Model("r2", {"red": "blue"}))
    found = read_tags(folder / "a.jpg", sidecar_of(folder / "a.jpg"))
    assert (found.keywords, found.title) == (("Colours", "Blue thing"), "Blue thing")
    assert "model@r2" in sidecar_of(folder / "a.jpg").read_text()


def test_what_is_written_into_files_is_not_asked_about_again(tmp_path):
    folder = album(tmp_path / "album")
    tag(folder, in_file=True)
    again = Model()
    tag(folder, again, in_file=True)
    assert again.asked == 1  # the broken one


def test_a_sidecar_that_somebody_locked_stays(tmp_path, monkeypatch):
    folder = album(tmp_path / "album")
    tag(folder)
    before = state(folder)
    real = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: "a.jpg.xmp" not in str(path) and real(path, mode)
    )
    report = tag(folder, Model("r2", {"red": "blue"}))
    assert ("a.jpg", "it may not be read or written") in report.left
    assert state(folder)["a.jpg.xmp"] == before["a.jpg.xmp"]


def test_a_run_that_was_stopped_goes_on_without_asking_again(tmp_path):
    folder = album(tmp_path / "album")
    with pytest.raises(KeyboardInterrupt):
        tag(folder, Model(stops_after=3))
    later = Model()
    tag(folder, later)
    assert later.asked == 6  # the broken one, too, which has no answer
    assert sidecar_of(folder / "trip/green.jpg").exists()


def test_what_people_changed_since_stays_when_all_is_undone(tmp_path):
    folder = album(tmp_path / "album")
    tag(folder)
    sidecar = sidecar_of(folder / "a.jpg")
    mine = sidecar.read_text().replace("Red thing", "My thing")
    sidecar.write_text(mine)
    done, left = Album(folder, AlbumOptions()).undo()
    assert (done, [name for name, _ in left]) == (5, ["a.jpg.xmp"])
    assert sidecar.read_text() == mine


def test_a_stop_between_the_note_and_the_file_is_undone(tmp_path, monkeypatch):
    folder = album(tmp_path / "album")
    before = state(folder)

    def fails(path, data):
        raise KeyboardInterrupt

    monkeypatch.setattr("space.album.album.write_durably", fails)
    with pytest.raises(KeyboardInterrupt):
        tag(folder)
    monkeypatch.undo()
    assert Album(folder, AlbumOptions()).undo() == (0, [])
    assert state(folder) == before


def test_links_are_left_alone_or_followed_each_file_once(tmp_path):
    folder = album(tmp_path / "album")
    (folder / "link.jpg").symlink_to(folder / "trip/green.jpg")
    (folder / "out.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    Image.new("RGB", (300, 300), "red").save(tmp_path / "elsewhere.jpg")
    report = tag(folder)
    assert {name for name, _ in report.left} == {"broken.jpg", "link.jpg", "out.jpg"}
    followed = tag(folder, follow_links=True)
    assert ("out.jpg", "a link to a place outside the folder") in followed.left
    assert not (tmp_path / "elsewhere.jpg.xmp").exists()
    assert not (folder / "link.jpg.xmp").exists()


def test_a_read_only_photo_gets_a_sidecar(tmp_path, monkeypatch):
    folder = album(tmp_path / "album")
    real = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: "a.jpg" not in str(path) and real(path, mode)
    )
    before = (folder / "a.jpg").read_bytes()
    tag(folder, in_file=True)
    assert (folder / "a.jpg").read_bytes() == before
    assert sidecar_of(folder / "a.jpg").exists()


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(BadSource, match="There is no folder"):
        Album(tmp_path / "nothing", AlbumOptions())
