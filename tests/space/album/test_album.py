"""An album is tagged, looked at first, tagged again by a new model, and put back to the last
byte."""

import errno
import json
import os
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from data_cards.errors import BadSource, DiskFull, NotAllowed, TooBusy
from data_cards.photos.image import open_photo
from space.album.album import Album, AlbumOptions
from space.album.journal import FOLDER, AlbumJournal, sha_of
from space.album.metadata import read_tags, sidecar_of, with_tags
from space.album.tags import Tags

pytest.importorskip("pyexiv2", reason="pip install -r requirements-album.txt")


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch):
    """No power cut happens in a test, and a busy disk takes 30 ms for each file."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


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


def test_undo_keeps_what_somebody_changed_between_two_runs(tmp_path):
    folder = album(tmp_path / "album")
    tag(folder)
    sidecar = sidecar_of(folder / "a.jpg")
    mine = sidecar.read_text().replace("Colours", "My colours")
    sidecar.write_text(mine)
    tag(folder, Model("r2", {"red": "blue"}))
    assert "Blue thing" in sidecar.read_text()
    tag(folder, Model("r3", {"red": "green"}))
    done, left = Album(folder, AlbumOptions()).undo()
    assert (done, [name for name, _ in left]) == (6, ["a.jpg.xmp"])
    assert sidecar.read_text() == mine
    assert Album(folder, AlbumOptions()).undo() == (0, [])


def test_undo_keeps_a_photo_that_somebody_cropped_between_two_runs(tmp_path):
    folder = album(tmp_path / "album")
    tag(folder, in_file=True)
    photo = folder / "a.jpg"
    Image.open(photo).crop((0, 0, 200, 200)).save(photo)
    mine = photo.read_bytes()
    tag(folder, Model("r2", {"red": "blue"}), in_file=True)
    assert photo.read_bytes() != mine
    Album(folder, AlbumOptions()).undo()
    assert photo.read_bytes() == mine


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError(errno.EIO, "broken")])
@pytest.mark.parametrize("runs", [0, 1])
def test_what_was_noted_and_not_written_is_written_by_the_next_run(
    tmp_path, monkeypatch, stop, runs
):
    folder = album(tmp_path / "album")
    before = state(folder)
    for _ in range(runs):
        tag(folder)

    def fails(path, data):
        raise stop

    monkeypatch.setattr("space.album.album.write_durably", fails)
    with suppress(KeyboardInterrupt):
        tag(folder, Model("r2", {"red": "blue"}))
    monkeypatch.undo()
    tag(folder, Model("r2", {"red": "blue"}))
    found = read_tags(folder / "a.jpg", sidecar_of(folder / "a.jpg"))
    assert found.keywords[:: -1 if runs == 0 else 1] == ("Colours", "Blue thing")
    assert Album(folder, AlbumOptions()).undo() == (6, [])
    assert state(folder) == before


@pytest.mark.parametrize("stop", [KeyboardInterrupt, DiskFull("full")])
def test_what_was_written_and_not_noted_is_undone(tmp_path, monkeypatch, stop):
    folder = album(tmp_path / "album")
    before = state(folder)

    def fails(journal, name):
        raise stop

    monkeypatch.setattr(AlbumJournal, "done", fails)
    with pytest.raises(type(stop) if isinstance(stop, DiskFull) else stop):
        tag(folder)
    monkeypatch.undo()
    assert state(folder) != before
    assert Album(folder, AlbumOptions()).undo() == (1, [])
    assert state(folder) == before


@pytest.mark.parametrize("name", ["written.jsonl", "answers.jsonl"])
def test_a_line_that_was_broken_off_spoils_no_other(tmp_path, name):
    folder = album(tmp_path / "album")
    before = state(folder)
    with pytest.raises(KeyboardInterrupt):
        tag(folder, Model(stops_after=3))
    with open(folder / FOLDER / name, "ab") as file:
        file.write(b'{"file": "tri')
    tag(folder)
    again = Model()
    tag(folder, again)
    assert again.asked == 1  # the broken photo
    Album(folder, AlbumOptions()).undo()
    assert state(folder) == before


def test_two_runs_at_once_are_one(tmp_path):
    folder = album(tmp_path / "album")
    before = state(folder)
    model = Model()

    def ask(data):
        with pytest.raises(TooBusy, match="Another run is at work"):
            tag(folder)
        with pytest.raises(TooBusy):
            Album(folder, AlbumOptions()).undo()
        return model(data)

    Album(folder, AlbumOptions()).tag(ask, model.name)
    Album(folder, AlbumOptions()).undo()
    assert state(folder) == before


@pytest.mark.parametrize("first", [True, False])
def test_words_move_between_sidecar_and_file_and_are_in_one_of_them(tmp_path, first):
    folder = album(tmp_path / "album")
    sidecar_of(folder / "b.png").write_bytes(with_tags(Path("new.xmp"), Tags(("mine",)), {}))
    before = state(folder)
    tag(folder, in_file=first)
    tag(folder, in_file=not first)
    now = state(folder)
    assert ("a.jpg.xmp" in now) == first
    assert (now["a.jpg"] == before["a.jpg"]) == first
    assert (now["b.png.xmp"] == before["b.png.xmp"]) != first
    tag(folder, Model("r2", {"red": "blue"}), in_file=not first)
    found = read_tags(folder / "a.jpg", sidecar_of(folder / "a.jpg"))
    assert found.keywords == ("Colours", "Blue thing")
    Album(folder, AlbumOptions()).undo()
    assert state(folder) == before


def test_words_stay_in_a_sidecar_that_somebody_changed(tmp_path):
    folder = album(tmp_path / "album")
    tag(folder)
    sidecar = sidecar_of(folder / "a.jpg")
    sidecar.write_text(sidecar.read_text().replace("<rdf:li>Colours</rdf:li>", ""))
    before = (folder / "a.jpg").read_bytes()
    tag(folder, Model("r2", {"red": "blue"}), in_file=True)
    assert (folder / "a.jpg").read_bytes() == before
    assert read_tags(folder / "a.jpg", sidecar).keywords == ("Blue thing",)


@pytest.mark.parametrize("in_file", [True, False])
def test_photos_that_were_moved_within_the_album_are_still_ours(tmp_path, in_file):
    folder = album(tmp_path / "album")
    before = state(folder)
    tag(folder, in_file=in_file)
    (folder / "trip").rename(folder / "Paris")
    tag(folder, Model("r2", {"green": "blue"}), in_file=in_file)
    found = read_tags(folder / "Paris/green.jpg", sidecar_of(folder / "Paris/green.jpg"))
    assert found.keywords == ("Colours", "Blue thing")
    assert Album(folder, AlbumOptions()).undo() == (6, [])
    assert {name.replace("Paris", "trip"): row for name, row in state(folder).items()} == before


def test_another_photo_in_the_place_of_one_that_was_moved_spoils_neither(tmp_path):
    folder = album(tmp_path / "album")
    was = (folder / "a.jpg").read_bytes()
    tag(folder, in_file=True)
    (folder / "a.jpg").rename(folder / "trip/a.jpg")
    tag(folder, in_file=True)
    Image.new("RGB", (300, 300), (0, 0, 200)).save(folder / "a.jpg")
    new = (folder / "a.jpg").read_bytes()
    tag(folder, in_file=True)
    Album(folder, AlbumOptions()).undo()
    assert (folder / "trip/a.jpg").read_bytes() == was
    assert (folder / "a.jpg").read_bytes() == new


def test_undo_brings_back_no_file_that_somebody_deleted_and_says_where_its_copy_is(tmp_path):
    folder = album(tmp_path / "album")
    was = (folder / "a.jpg").read_bytes()
    tag(folder, in_file=True)
    (folder / "a.jpg").unlink()
    for done in (5, 0):
        assert Album(folder, AlbumOptions()).undo()[0] == done
    ((name, why),) = Album(folder, AlbumOptions()).undo()[1]
    assert (name, (folder / "a.jpg").exists()) == ("a.jpg", False)
    assert Path(why.rpartition(" is ")[2]).read_bytes() == was


def test_undo_goes_on_where_one_file_cannot_be_put_back(tmp_path, monkeypatch):
    folder = album(tmp_path / "album")
    tag(folder)
    real = Path.unlink

    def unlink(path, missing_ok=False):
        if path.name == "a.jpg.xmp":
            raise PermissionError(errno.EACCES, "Permission denied")
        real(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    done, left = Album(folder, AlbumOptions()).undo()
    assert (done, left) == (5, [("a.jpg.xmp", "it cannot be put back: Permission denied")])
    monkeypatch.undo()
    assert Album(folder, AlbumOptions()).undo() == (1, [])


def test_undo_leaves_a_file_whose_copy_is_lost(tmp_path):
    folder = album(tmp_path / "album")
    tag(folder, in_file=True)
    now = state(folder)
    for copy in (folder / FOLDER / "before").iterdir():
        copy.unlink()
    done, left = Album(folder, AlbumOptions()).undo()
    assert (done, len(left)) == (1, 5)  # the sidecar of the RAW file had no copy
    assert state(folder) == {name: row for name, row in now.items() if name != "raw.xmp"}


def test_a_journal_from_somebody_else_reaches_nothing_outside_the_album(tmp_path):
    folder = album(tmp_path / "album")
    tag(folder, in_file=True)
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    journal = folder / FOLDER / "written.jsonl"
    for name in ("../mine.txt", str(mine), "trip/../../mine.txt"):
        row = {"file": name, "photo": name, "before": "", "ours": {}}
        row |= {"after": sha_of(mine.read_bytes())}
        journal.write_text(journal.read_text() + json.dumps(row) + "\n")
    Album(folder, AlbumOptions()).undo()
    assert mine.read_text() == "mine"


def test_a_photo_that_goes_away_meanwhile_does_not_stop_the_others(tmp_path):
    folder = album(tmp_path / "album")
    model = Model()

    def ask(data):
        (folder / "b.png").unlink(missing_ok=True)
        return model(data)

    report = Album(folder, AlbumOptions()).tag(ask, model.name)
    assert "b.png" in dict(report.left)
    assert sidecar_of(folder / "trip/green.jpg").exists()


def test_names_as_people_have_them_are_tagged_or_said(tmp_path):
    folder = tmp_path / "album"
    folder.mkdir()
    fine = ["line\nbreak.jpg", "\U0001f5fc tower.jpg", "a'b\"c<d>.jpg", "[1]*?.jpg", "no ending"]
    long = f"{'x' * 251}.jpg"  # with the ending of a sidecar it is too long for the disk
    for name in (*fine, long):
        Image.new("RGB", (300, 300), "red").save(folder / name, "JPEG")
    before = state(folder)
    report = tag(folder)
    assert [name for name, _ in report.left] == [long]
    assert {change.photo for change in report.changes} == {*fine}
    assert all(sidecar_of(folder / name).exists() for name in fine)
    assert "<d>" not in report.sheet.read_text()
    assert Album(folder, AlbumOptions()).undo() == (5, [])
    assert state(folder) == before


def test_a_link_is_no_sidecar(tmp_path):
    folder = album(tmp_path / "album")
    elsewhere = tmp_path / "elsewhere.xmp"
    elsewhere.write_bytes(with_tags(Path("new.xmp"), Tags(("mine",)), {}))
    before = elsewhere.read_bytes()
    (folder / "a.jpg.xmp").symlink_to(elsewhere)
    (folder / "b.png.xmp").symlink_to(tmp_path / "nowhere.xmp")
    report = tag(folder)
    assert {"a.jpg", "b.png"} <= {*dict(report.left)}
    assert (folder / "a.jpg.xmp").is_symlink()
    assert (folder / "b.png.xmp").is_symlink()
    assert elsewhere.read_bytes() == before


def test_raw_files_that_are_excluded_or_none_are_not_tagged(tmp_path):
    folder = album(tmp_path / "album")
    (folder / "IMG.NEF").mkdir()
    (folder / "._raw.NEF").write_bytes(b"\0\5\x16\7")
    report = tag(folder, exclude=("raw.*",))
    assert [name for name, _ in report.left] == ["broken.jpg"]
    assert not (folder / "raw.xmp").exists()


def test_two_raw_files_of_one_name_do_not_take_turns_in_one_sidecar(tmp_path):
    folder = album(tmp_path / "album")
    green = (folder / "trip/green.jpg").read_bytes()
    (folder / "raw.DNG").write_bytes(b"II*\0" + b"\0" * 200 + green + b"\0" * 50)
    tag(folder)
    assert tag(folder).sentence.startswith("0 photos of 9")
    assert read_tags(folder / "raw.NEF", sidecar_of(folder / "raw.NEF")).title == "Red thing"
    assert read_tags(folder / "raw.DNG", sidecar_of(folder / "raw.DNG")).title == "Green thing"


def test_words_in_the_sidecar_of_another_program_win_too(tmp_path):
    folder = album(tmp_path / "album")
    (folder / "a.xmp").write_bytes(with_tags(Path("new.xmp"), Tags(title="My trip"), {}))
    (folder / "b.png").unlink()  # b.png.xmp and so on would not be a's
    (folder / "a.jpg.xmp").write_bytes(with_tags(Path("new.xmp"), Tags(("mine",)), {}))
    before = (folder / "a.xmp").read_bytes()
    tag(folder)
    assert (folder / "a.xmp").read_bytes() == before
    assert b"dc:title" not in (folder / "a.jpg.xmp").read_bytes()
    assert b"Red thing" in (folder / "a.jpg.xmp").read_bytes()


def test_a_title_and_a_place_that_somebody_gives_the_photo_later_replace_ours_beside_it(tmp_path):
    folder = album(tmp_path / "album")
    tag(folder)
    photo = folder / "a.jpg"
    photo.write_bytes(with_tags(photo, Tags(title="My trip", location=(1.5, 2.5)), {}))
    tag(folder)
    found = read_tags(photo, sidecar_of(photo))
    assert (found.title, found.location) == ("My trip", (1.5, 2.5))
    assert found.keywords == ("Red thing", "Colours")


def test_a_place_with_many_digits_is_taken_back_by_a_model_that_knows_none(tmp_path):
    folder = album(tmp_path / "album")

    def ask(place):
        def answer(data):
            said = Model()(data)
            return said | {"card": {"location": place}}

        return answer

    for model, place in (("m@1", [40.689166666667, -74.0444444444]), ("m@2", None)):
        Album(folder, AlbumOptions()).tag(ask(place), model)
    assert read_tags(folder / "a.jpg", sidecar_of(folder / "a.jpg")).location is None


def test_what_a_photo_says_in_itself_is_not_copied_beside_it_but_for_lists(tmp_path):
    folder = album(tmp_path / "album")
    photo = folder / "a.jpg"
    photo.write_bytes(with_tags(photo, Tags(("mine",), title="My trip", location=(1.5, 2.5)), {}))
    tag(folder)
    text = sidecar_of(photo).read_text()
    assert ("My trip" in text, "GPSLatitude" in text) == (False, False)
    assert "<rdf:li>mine</rdf:li>" in text  # programs that read this list do not read the photo's


def test_a_sheet_of_very_many_classes_shows_one_photo_of_each(tmp_path, monkeypatch):
    folder = album(tmp_path / "album")
    monkeypatch.setattr("space.album.contact_sheet.MOST_PICTURES", 2)
    page = tag(folder, dry_run=True).sheet.read_text()
    assert page.count("data:image/jpeg") == 3
    assert "and 4 more" in page


def test_a_sheet_says_what_would_change_even_where_no_keyword_does(tmp_path):
    folder = album(tmp_path / "album")
    tag(folder)
    options = AlbumOptions(collection="Other things", dry_run=True)
    page = Album(folder, options).tag(Model("r2"), "model@r2").sheet.read_text()
    assert "elsewhere in the tree of keywords" in page


def test_attributes_of_a_file_stay(tmp_path):
    folder = album(tmp_path / "album")
    try:
        os.setxattr(folder / "a.jpg", "user.xdg.tags", b"mine")
    except (AttributeError, OSError):
        pytest.skip("this disk keeps no attributes")
    tag(folder, in_file=True)
    assert b"Red thing" in (folder / "a.jpg").read_bytes()
    assert os.getxattr(folder / "a.jpg", "user.xdg.tags") == b"mine"
    Album(folder, AlbumOptions()).undo()
    assert os.getxattr(folder / "a.jpg", "user.xdg.tags") == b"mine"


def test_a_photo_that_is_named_as_another_kind_gets_what_its_bytes_allow(tmp_path):
    import pillow_heif

    pillow_heif.register_heif_opener()
    folder = tmp_path / "album"
    folder.mkdir()
    Image.new("RGB", (300, 300), "red").save(folder / "phone.jpg", "HEIF")
    Image.new("RGB", (300, 300), "red").save(folder / "web.heic", "JPEG")
    tag(folder, in_file=True)
    names = {path.name for path in folder.iterdir() if path.is_file()}
    assert names == {"phone.jpg", "phone.jpg.xmp", "web.heic"}
    assert b"Red thing" in (folder / "web.heic").read_bytes()


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
