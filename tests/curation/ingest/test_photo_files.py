"""Which files of a folder are photos: those whose bytes say so, whatever they are called."""

import io

import pytest
from PIL import Image

from curation.ingest.collect import collect
from curation.ingest.listing import list_photos
from curation.ingest.photo_files import looks_like_photo
from curation.near_duplicates.in_folder import folder_duplicates
from data_cards.dataset.repo import open_dataset
from data_cards.photos.image import inspect_photo, open_photo


def photo(format="JPEG", shade=90, **options) -> bytes:
    import pillow_heif

    pillow_heif.register_heif_opener()
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (shade, 120, 200)).save(out, format, **options)
    return out.getvalue()


NAMES = {
    "IMG_1.HIF": "HEIF",
    "burst.heics": "HEIF",
    "stereo.mpo": "MPO",
    "EGx1.jpg_large": "JPEG",
    "a.pjpeg": "JPEG",
    "copy.jpe~": "JPEG",
    "scan": "TIFF",
    "photo.jpg.download": "JPEG",
    "x.bin": "PNG",
    "y.photo": "WEBP",
    "z.avifs": "AVIF",
    "w.dib": "BMP",
    "v.gif_": "GIF",
    "IMG.jpg;1": "JPEG",
    "a.b.c": "JPEG",
    "data.txt": "PNG",
    "clip.mp4": "JPEG",
    "Photo.JPG!d": "JPEG",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_photo_of_any_name_comes_in(tmp_path, name):
    folder = tmp_path / "photos" / "mug"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(photo(NAMES[name]))
    assert collect(tmp_path / "photos", str(tmp_path / "dataset")).added == 1
    (row,) = open_dataset(str(tmp_path / "dataset")).photos().values()
    assert (row.width, row.height) == (64, 48)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("notes.txt", b"BM is how this sentence begins, and it is no bitmap"),
        ("a.pdf", b"%PDF-1.4"),
        ("b", b"#!/bin/sh"),
        ("c.mov", b"\0\0\0\x14ftypqt  \0\0\0\0qt  "),
        ("d.cr3", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom"),
        ("e", b""),
        ("f.dng", None),
        ("g.NEF", None),
    ],
)
def test_other_files_are_left_alone(tmp_path, name, data):
    (tmp_path / name).write_bytes(photo("TIFF") if data is None else data)
    assert not looks_like_photo(tmp_path / name)
    assert not list_photos(tmp_path).photos


def test_duplicates_finds_photos_of_any_name_too(tmp_path):
    (tmp_path / "photos").mkdir()
    for name in ("one.jpg", "two.jpg_large"):
        (tmp_path / "photos" / name).write_bytes(photo())
    pairs, groups = folder_duplicates(tmp_path / "photos", tmp_path / "cache", with_fastdup=False)
    assert groups == [["one.jpg", "two.jpg_large"]] and len(pairs) == 1


def test_pages_and_frames_that_are_left_out_are_told(tmp_path):
    folder = tmp_path / "photos" / "mug"
    folder.mkdir(parents=True)
    pages = [Image.new("RGB", (64, 48), colour) for colour in ("red", "blue")]
    files = {"a.tif": "TIFF", "b.gif": "GIF", "c.webp": "WEBP", "d.jpg": "MPO"}
    for number, (name, format) in enumerate(files.items()):
        pages[0].putpixel((number, 0), (0, 0, 0))
        pages[0].save(folder / name, format, save_all=True, append_images=pages[1:])
    remarks = collect(tmp_path / "photos", str(tmp_path / "dataset")).remarks
    assert [remark for remark in remarks if "pages" in remark] == [
        "3 files are each of several pages or frames; only the first of them was taken."
    ]


def test_collect_and_predict_agree_about_dirty_photos(tmp_path):
    folder = tmp_path / "photos" / "mug"
    folder.mkdir(parents=True)
    whole = photo(shade=10)
    dirty = {
        "no_end.jpg": whole[:-2],
        "strays.jpg": whole[:20] + b"stray" + whole[20:],
        "half.jpg": whole[:-60],
    }
    for name, data in dirty.items():
        (folder / name).write_bytes(data)
    report = collect(tmp_path / "photos", str(tmp_path / "dataset"))
    dataset = open_dataset(str(tmp_path / "dataset"))
    (finding,) = dataset.findings()
    assert (
        report.unreadable == 1
        and "half.jpg" in finding.reason
        and "% of it is there" in finding.reason
    )
    for row in dataset.photos().values():
        assert open_photo(dataset.read_photo(row.image_id)).size == (64, 48)
    assert open_photo(dirty["no_end.jpg"]).size == open_photo(dirty["strays.jpg"]).size == (64, 48)
    assert inspect_photo(dirty["strays.jpg"]).format == "JPEG"
