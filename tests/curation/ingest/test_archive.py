"""Archives come in like folders; what a stranger may have put into one is left alone, each with
its reason."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from curation.ingest.archive import ArchiveLimits, Unpacked, from_archive, unpack
from curation.ingest.collect import collect
from curation.ingest.folder import from_folder
from curation.ingest.incoming import SourceOptions
from curation.ingest.sources import open_source
from data_cards.dataset.repo import open_dataset
from data_cards.errors import BadSource

LIMITS = ArchiveLimits()


def picture(seed):
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (20, 20, 3), np.uint8)).save(
        out, "JPEG"
    )
    return out.getvalue()


FILES = {
    "mug/1.jpg": picture(1),
    "mug/2.jpg": picture(2),
    "blue vase/3.jpg": picture(3),
    "blue vase/Ä.jpg": picture(4),
}


def zipped(path, files, **options):
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def tarred(path, files, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def labels(gathered):
    names = {info.id: info.title for info in gathered.classes}
    return {photo.path: names.get(photo.label, photo.status) for photo in gathered.photos}


def reasons(gathered):
    return {one.path: one.why for one in gathered.left_alone}


KINDS = {
    "photos.zip": zipped,
    "photos.tar": lambda path, files: tarred(path, files, "w"),
    "photos.tar.gz": tarred,
    "photos.tgz": tarred,
    "photos.tar.bz2": lambda path, files: tarred(path, files, "w:bz2"),
    "photos.tar.xz": lambda path, files: tarred(path, files, "w:xz"),
}


@pytest.mark.parametrize("name", KINDS)
def test_an_archive_of_class_folders_is_a_folder_of_class_folders(tmp_path, name):
    source = KINDS[name](tmp_path / name, FILES)
    report = collect(source, str(tmp_path / "dataset"))
    dataset = open_dataset(str(tmp_path / "dataset"))
    assert (report.added, report.classes, report.unreadable) == (4, 2, 0)
    assert {photo.sources[0].path for photo in dataset.photos().values()} == set(FILES)
    assert dataset.collection().title == "Photos"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".unpacking-")], (
        "nothing is left behind"
    )


def test_a_wrapping_folder_and_sides_in_an_archive_are_read_as_on_disk(tmp_path):
    files = {
        f"top/{side}/{name}": data for side in ("train", "test") for name, data in FILES.items()
    }
    photos = list(open_source(str(zipped(tmp_path / "a.zip", files))).photos)
    assert {(photo.path.split("/")[1], photo.split) for photo in photos} == {
        ("train", "train"),
        ("test", "test"),
    }


@pytest.mark.parametrize("prefix", ["", "set one/"])
def test_a_list_in_an_archive_is_used(tmp_path, prefix):
    files = {
        f"{prefix}images/1.jpg": b"x",
        f"{prefix}images/2.jpg": b"y",
        f"{prefix}list.csv": b"file,label\n1.jpg,mug\n2.jpg,cup\n",
    }
    gathered = open_source(str(zipped(tmp_path / "a.zip", files)))
    assert labels(gathered) == {f"{prefix}images/1.jpg": "Mug", f"{prefix}images/2.jpg": "Cup"}
    assert [photo.read() for photo in gathered.photos] == [b"x", b"y"]


def test_metadata_in_an_archive_is_used(tmp_path):
    files = {"in/1.jpg": b"x", "in/metadata.jsonl": b'{"file_name": "1.jpg", "label": "mug"}'}
    assert labels(open_source(str(tarred(tmp_path / "a.tgz", files)))) == {"in/1.jpg": "Mug"}


@pytest.mark.parametrize(
    "name", ["../x.jpg", "a/../../x.jpg", "/etc/x.jpg", "C:\\x.jpg", "..\\x.jpg", "c:x.jpg"]
)
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_path_that_leads_outside_is_left_alone(tmp_path, name, pack):
    (tmp_path / "in").mkdir()
    path = pack(
        tmp_path / "in" / ("a.zip" if pack is zipped else "a.tgz"), {name: b"evil", **FILES}
    )
    gathered = open_source(str(path), SourceOptions(workplace=tmp_path / "in"))
    assert "outside" in reasons(gathered)[name.replace("\\", "/")] and len(labels(gathered)) == 4
    assert {path.name for path in tmp_path.iterdir()} == {"in"} and not Path("/etc/x.jpg").exists()


def test_links_and_devices_of_a_tar_are_left_alone(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, kind in (
            ("mug/link.jpg", tarfile.SYMTYPE),
            ("mug/hard.jpg", tarfile.LNKTYPE),
            ("mug/p", tarfile.FIFOTYPE),
            ("mug/dev", tarfile.CHRTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type = kind
            info.linkname = "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("mug/link.jpg/1.jpg")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"x"))
    gathered = open_source(str(tmp_path / "a.tar"))
    assert reasons(gathered) == {
        "mug/link.jpg": "a link",
        "mug/hard.jpg": "a link",
        "mug/p": "not a regular file",
        "mug/dev": "not a regular file",
    }
    assert list(labels(gathered)) == ["mug/link.jpg/1.jpg"]


def test_a_link_in_a_zip_is_left_alone(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        info = zipfile.ZipInfo("mug/link.jpg")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
        archive.writestr("mug/1.jpg", b"x")
    assert reasons(open_source(str(tmp_path / "a.zip"))) == {"mug/link.jpg": "a link"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_files_with_one_name_the_first_comes_in(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for data in (b"one", b"two"):
            archive.writestr("mug/1.jpg", data)
        archive.writestr("mug/1.jpg/2.jpg", b"three")
    gathered = open_source(str(tmp_path / "a.zip"))
    assert reasons(gathered) == {
        "mug/1.jpg": "a second file of this name",
        "mug/1.jpg/2.jpg": "a file has the name of its folder",
    }
    assert [photo.read() for photo in gathered.photos] == [b"one"]


def test_an_archive_inside_an_archive_is_not_opened(tmp_path):
    inner = zipped(tmp_path / "b.zip", FILES).read_bytes()
    gathered = open_source(
        str(zipped(tmp_path / "a.zip", {"more/b.zip": inner, "more/c.7z": b"7z", **FILES}))
    )
    assert set(reasons(gathered)) == {"more/b.zip", "more/c.7z"} and len(labels(gathered)) == 4


def test_a_bomb_is_left_alone_and_the_rest_comes_in(tmp_path):
    bomb = {"mug/bomb.jpg": bytes(20_000_000), **FILES}
    gathered = open_source(str(zipped(tmp_path / "a.zip", bomb, compression=zipfile.ZIP_DEFLATED)))
    assert (
        "as only a zip bomb does" in reasons(gathered)["mug/bomb.jpg"]
        and len(labels(gathered)) == 4
    )


@pytest.mark.parametrize("name", ["photos.tar.gz", "photos.tar.xz", "photos.tar.bz2", "photos.zip"])
def test_an_archive_that_unpacks_to_too_much_is_read_up_to_there(tmp_path, name):
    many = {f"mug/{number}.jpg": bytes(9_000_000) for number in range(5)}
    path = (
        zipped(tmp_path / name, many, compression=zipfile.ZIP_DEFLATED)
        if name.endswith("zip")
        else KINDS[name](tmp_path / name, many)
    )
    (tmp_path / "out").mkdir()
    _, told = unpack(path, tmp_path / "out", ArchiveLimits(always=20_000_000))
    assert (
        told
        and sum(file.stat().st_size for file in (tmp_path / "out").rglob("*.jpg")) <= 20_000_000
    )
    assert "unpacks to more than" in told or "damaged" in told


def test_a_header_that_claims_any_length_is_not_read(tmp_path):
    info = tarfile.TarInfo("long")
    info.type = tarfile.XHDTYPE
    info.size = 1_000_000_000
    (tmp_path / "a.tar").write_bytes(info.tobuf() + bytes(10240))
    with pytest.raises(BadSource, match="too long"):
        open_source(str(tmp_path / "a.tar"))


def test_too_many_files_are_read_up_to_the_limit(tmp_path):
    path = zipped(tmp_path / "a.zip", FILES)
    gathered = from_archive(path, SourceOptions(), from_folder, ArchiveLimits(members=3))
    assert len(labels(gathered)) == 3 and "more than 3 files" in gathered.remarks[0]


def test_a_locked_or_damaged_member_is_left_alone(tmp_path):
    data = bytearray(zipped(tmp_path / "a.zip", FILES).read_bytes())
    data[data.find(FILES["mug/1.jpg"]) + 100] ^= 255
    for start in (b"PK\x03\x04", b"PK\x01\x02"):
        place = data.find(b"mug/2.jpg", data.find(start) if start.endswith(b"\x02") else 0)
        place = data.rfind(start, 0, place)
        data[place + (6 if start.endswith(b"\x04") else 8)] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    gathered = open_source(str(tmp_path / "a.zip"))
    assert reasons(gathered) == {"mug/1.jpg": "damaged", "mug/2.jpg": "locked with a password"}
    assert len(labels(gathered)) == 2


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_that_was_cut_off_gives_what_comes_before(tmp_path, compression):
    path = zipped(tmp_path / "a.zip", FILES, compression=compression)
    path.write_bytes(path.read_bytes()[:-700])
    gathered = open_source(str(path))
    assert len(labels(gathered)) >= 2 and "damaged or cut off after" in gathered.remarks[0]
    assert all(photo.read() == FILES[photo.path] for photo in gathered.photos)


def test_a_streamed_zip_that_was_cut_off_gives_what_comes_before(tmp_path):
    class Pipe(io.RawIOBase):
        """Zip files that a browser or a Mac streams put sizes behind each member."""

        data = b""

        def writable(self):
            return True

        def write(self, data):
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
    (tmp_path / "a.zip").write_bytes(pipe.data[:-700])
    gathered = open_source(str(tmp_path / "a.zip"))
    assert len(labels(gathered)) >= 2 and all(
        photo.read() == FILES[photo.path] for photo in gathered.photos
    )


@pytest.mark.parametrize(
    ("name", "opened"),
    [("a.tar.gz", gzip), ("a.tar.bz2", bz2), ("a.tar.xz", lzma), ("a.tar", None)],
)
def test_a_tar_that_was_cut_off_gives_what_comes_before(tmp_path, name, opened):
    many = {f"mug/{number}.jpg": picture(number) for number in range(60)}
    plain = tarred(tmp_path / "whole.tar", many, "w").read_bytes()[:-40_000]
    packed = opened.compress(plain) if opened else plain
    (tmp_path / name).write_bytes(packed if name == "a.tar" else packed[:-20])
    try:
        gathered = open_source(str(tmp_path / name))
    except BadSource as error:
        assert (
            name == "a.tar.bz2" and "damaged or cut off" in error.sentence
        )  # its only block was not finished
        return
    assert len(labels(gathered)) > 10 and "damaged or cut off" in gathered.remarks[0]
    assert all(photo.read() == many[photo.path] for photo in gathered.photos)


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"nothing at all", b"\x1f\x8b\x08", b"PK\x05\x06" + bytes(18)]
)
@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.tar"])
def test_what_is_no_archive_gets_a_sentence(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BadSource, match=r"a\.(zip|tar)"):
        open_source(str(tmp_path / name))


@settings(max_examples=40)
@given(st.binary(max_size=300), st.integers(0, 700))
def test_no_damage_breaks_the_reader(tmp_path_factory, noise, place):
    folder = tmp_path_factory.getbasetemp()
    for name, pack in KINDS.items():
        whole = folder / f"whole-{name}"
        if not whole.exists():
            pack(whole, FILES)
        data = bytearray(whole.read_bytes())
        data[place : place + len(noise)] = noise
        (folder / name).write_bytes(data)
        unpacked = Unpacked(folder)
        try:
            unpack(folder / name, unpacked.folder, LIMITS)
        except BadSource as error:
            assert name in error.sentence


def test_names_that_are_not_utf8_are_read(tmp_path):
    data = zipped(tmp_path / "a.zip", {"caf@@/1.jpg": b"x", "fig/2.jpg": b"y"}).read_bytes()
    (tmp_path / "mac.zip").write_bytes(data.replace(b"caf@@", "café".encode()))
    (tmp_path / "dos.zip").write_bytes(data.replace(b"caf@@", b"caf\x82s"))
    assert set(labels(open_source(str(tmp_path / "mac.zip"))).values()) == {"Café", "Fig"}
    assert set(labels(open_source(str(tmp_path / "dos.zip"))).values()) == {"Cafés", "Fig"}


def test_backslashes_of_windows_are_folders(tmp_path):
    path = zipped(tmp_path / "a.zip", {"mug/1.jpg": b"x", "cup/2.jpg": b"y"})
    path.write_bytes(path.read_bytes().replace(b"mug/1", b"mug\\1"))
    assert labels(open_source(str(path))) == {"mug/1.jpg": "Mug", "cup/2.jpg": "Cup"}


def test_an_archive_without_photos_says_so_and_names_no_hidden_folder(tmp_path):
    with pytest.raises(BadSource, match=r"There are no photos in a\.zip") as refusal:
        open_source(str(zipped(tmp_path / "a.zip", {"notes.txt": b"x", "../y.jpg": b"z"})))
    assert (
        ".unpacking" not in refusal.value.sentence
        and "../y.jpg (its path leads outside" in refusal.value.sentence
    )


@pytest.mark.parametrize("name", ["a.7z", "a.rar", "a.tar.zst"])
def test_other_archives_are_to_be_unpacked_by_hand(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(BadSource, match="Unpack it"):
        open_source(str(tmp_path / name))


def test_what_a_crash_left_behind_is_cleared_a_day_later(tmp_path):
    import os

    for name, age in ((".unpacking-old", 90_000), (".unpacking-new", 10)):
        (tmp_path / name).mkdir()
        now = (tmp_path / name).stat().st_mtime
        os.utime(tmp_path / name, (now - age, now - age))
    kept = Unpacked(tmp_path)
    assert not (tmp_path / ".unpacking-old").exists() and (tmp_path / ".unpacking-new").exists()
    assert kept.folder.is_dir()


def test_a_disk_that_is_full_is_named(tmp_path, monkeypatch):
    import errno

    from curation.ingest import archive
    from data_cards.errors import DiskFull

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archive, "_write", full)
    with pytest.raises(DiskFull, match="files of the archive"):
        open_source(str(zipped(tmp_path / "a.zip", FILES)))


def test_photos_that_the_list_in_an_archive_does_not_name_are_told(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for number in (1, 2, 3):
            archive.writestr(f"data/images/{number}.jpg", picture(number))
        archive.writestr("data/labels.csv", "file,label\nimages/1.jpg,mug\nimages/2.jpg,vase\n")
    gathered = open_source(str(tmp_path / "a.zip"))
    told = [(one.path, one.why) for one in gathered.left_alone]
    assert len(list(gathered.photos)) == 2 and told == [
        ("data/images/3.jpg", "not named by labels.csv")
    ]


def test_a_zip_that_lost_its_ending_is_a_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "download", "w") as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
    gathered = open_source(str(tmp_path / "download"))
    assert gathered.name == "download" and {photo.path for photo in gathered.photos} >= {
        "mug/1.jpg",
        "mug/2.jpg",
    }
