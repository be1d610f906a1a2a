"""A plain folder: every scored candidate with relative paths, then the groups; nothing else on
standard output."""

import json

import pytest
from PIL import Image, ImageOps

from curation import __main__ as entry
from curation.near_duplicates import in_folder as room
from curation.near_duplicates.in_folder import folder_duplicates
from data_cards.errors import BackboneUnavailable, BadSource
from data_cards.photos.image import EXIF_IFD, MODEL, TAKEN
from tests.fixtures.scenes import burst_frame, jpeg, scene


def nowhere(name, cache):
    raise BackboneUnavailable("There is no pretrained model here.")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "find_backbone", nowhere)
    photos = {
        "größe/ein foto.jpg": jpeg(scene(1)),
        "b/copy.jpg": jpeg(scene(1)),
        "b/flipped.JPG": jpeg(ImageOps.mirror(scene(1))),
        "other.png": jpeg(scene(2)),
        "damaged.jpg": b"no photo",
        "notes.txt": b"hello",
    }
    for name, data in photos.items():
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "photos"


def test_copies_are_found_and_named(folder, tmp_path):
    pairs, groups = folder_duplicates(folder, tmp_path, with_fastdup=False)
    kinds = {(pair.a, pair.b): (pair.kind, pair.verdict) for pair in pairs}
    assert kinds["b/copy.jpg", "größe/ein foto.jpg"] == ("exact", True)
    assert kinds["b/copy.jpg", "b/flipped.JPG"] == ("edited", True)
    assert not any(verdict for names, (_, verdict) in kinds.items() if "other.png" in names)
    assert [sorted(group) for group in groups] == [
        ["b/copy.jpg", "b/flipped.JPG", "größe/ein foto.jpg"]
    ]


def test_nothing_of_the_photos_stays_in_the_cache(folder, tmp_path):
    folder_duplicates(folder, tmp_path / "cache", with_fastdup=False)
    assert list((tmp_path / "cache" / "shelves").iterdir()) == []


def test_the_dial_decides(folder, tmp_path):
    pairs, groups = folder_duplicates(folder, tmp_path, threshold=1.0, with_fastdup=False)
    assert {pair.kind for pair in pairs if pair.verdict} == {"exact"}
    assert groups == [["b/copy.jpg", "größe/ein foto.jpg"]]


def test_the_command_prints_json_lines_and_nothing_else(folder, capsys):
    assert entry.main(["duplicates", str(folder), "--without-fastdup"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(set(row) in ({"a", "b", "score", "kind", "verdict"}, {"group"}) for row in rows)
    assert "group" in rows[-1] and rows[0]["score"] >= rows[1]["score"]


def test_an_empty_or_missing_folder_gets_a_sentence(tmp_path, capsys):
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(BadSource):
            folder_duplicates(path, tmp_path)
    assert entry.main(["duplicates", str(tmp_path / "nothing")]) == 2
    assert capsys.readouterr().err == f"There is no folder {tmp_path / 'nothing'}.\n"


@pytest.mark.parametrize(("pause", "kind"), [(1, "same-scene"), (40, "looks-alike")])
def test_frames_of_a_burst_are_one_shot_by_their_exif_time(folder, tmp_path, pause, kind):
    for n in (0, 1):
        exif = Image.Exif()
        exif[MODEL] = "Pixel 8"
        exif.get_ifd(EXIF_IFD)[TAKEN] = f"2026:05:01 12:00:{10 + pause * n}"
        burst_frame(1, n).save(folder / f"burst-{n}.jpg", exif=exif)
    pairs, groups = folder_duplicates(folder, tmp_path, with_fastdup=False)
    found = {(pair.a, pair.b): pair for pair in pairs}["burst-0.jpg", "burst-1.jpg"]
    assert found.kind == kind and found.verdict is (kind == "same-scene")
    assert any("burst-0.jpg" in group for group in groups) is found.verdict
