"""Photos come in once, whole, without their location; what cannot be read is said and not kept."""

import hashlib
import io
import os
import struct
import sys
import zlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curation.decisions.erase import erase
from curation.exchange.export import export_dataset
from curation.exchange.forms import FORMS
from curation.ingest import collect as collecting
from curation.ingest.collect import collect
from curation.ingest.incoming import SourceOptions
from data_cards.annotations.decision import decide, line_of
from data_cards.annotations.journal import known
from data_cards.annotations.ledger import fold, given_labels
from data_cards.dataset.repo import open_dataset
from data_cards.dataset.schema import Source
from data_cards.dataset.tables import labels_file, ledger_file
from data_cards.errors import BadSource, MissingFile
from data_cards.photos.image import inspect_photo, open_photo
from data_cards.photos.photo_check import PhotoCheck
from data_cards.report.page import dataset_report
from tests.fixtures.secret_places import PLACES, SECRET, files_with, planted, readable

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def picture(seed=0, size=(40, 30), mode="RGB"):
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)).convert(
        mode
    )


def photo(seed=0, form="JPEG", mode="RGB", **options):
    out = io.BytesIO()
    picture(seed, mode=mode).save(out, form, **options)
    return out.getvalue()


def lay_out(folder, files):
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


@pytest.fixture
def owl_and_fox(tmp_path):
    return lay_out(
        tmp_path / "animals",
        {
            "owl/a.jpg": photo(1),
            "owl/b.jpg": photo(2),
            "red fox/c.png": photo(3, "PNG"),
            "none_of_these/d.jpg": photo(4),
            "_unlabelled/e.jpg": photo(5),
        },
    )


def collected(source, tmp_path, **options):
    report = collect(source, str(tmp_path / "dataset"), now=NOW, **options)
    return report, open_dataset(str(tmp_path / "dataset"))


def by_path(dataset):
    return {source.path: photo for photo in dataset.photos().values() for source in photo.sources}


def test_a_class_folder_is_a_class(owl_and_fox, tmp_path):
    report, dataset = collected(owl_and_fox, tmp_path)
    labels = {path: dataset.labels()[one.image_id] for path, one in by_path(dataset).items()}
    assert report.added == 5 and report.classes == 2
    assert {path: (label.label, label.status) for path, label in labels.items()} == {
        "owl/a.jpg": ("owl", "labelled"),
        "owl/b.jpg": ("owl", "labelled"),
        "red fox/c.png": ("red-fox", "labelled"),
        "none_of_these/d.jpg": (None, "none_of_these"),
        "_unlabelled/e.jpg": (None, "unlabelled"),
    }
    assert [(info.id, info.title) for info in dataset.collection().classes] == [
        ("owl", "Owl"),
        ("red-fox", "Red fox"),
    ]
    assert dataset.collection().title == "Animals"


def test_a_photo_keeps_its_pixels_and_where_it_came_from(owl_and_fox, tmp_path):
    _, dataset = collected(owl_and_fox, tmp_path)
    stored = by_path(dataset)["owl/a.jpg"]
    assert dataset.read_photo(stored.image_id) == (owl_and_fox / "owl/a.jpg").read_bytes()
    assert stored.sources == (
        Source("owl/a.jpg", "owl", None, added_at="2026-03-04T05:06:07+00:00"),
    )
    assert (stored.width, stored.height) == (40, 30)


def test_a_second_run_adds_only_what_is_new(owl_and_fox, tmp_path):
    _, before = collected(owl_and_fox, tmp_path)
    lay_out(owl_and_fox, {"owl/new.jpg": photo(9), "hare/h.jpg": photo(10)})
    report, after = collected(owl_and_fox, tmp_path)
    assert (report.added, report.already_there) == (2, 5)
    assert set(before.shards) < set(after.shards)
    assert after.collection().ids == ("owl", "red-fox", "hare")
    assert len(after.labels()) == 7


def test_nothing_new_is_no_new_revision(owl_and_fox, tmp_path):
    first, _ = collected(owl_and_fox, tmp_path)
    second, _ = collected(owl_and_fox, tmp_path)
    assert first.revision == second.revision


def test_decided_labels_survive_a_second_run(owl_and_fox, tmp_path):
    from data_cards.dataset.schema import Label
    from data_cards.dataset.tables import labels_file

    _, dataset = collected(owl_and_fox, tmp_path)
    wrong = by_path(dataset)["owl/a.jpg"].image_id
    dataset.commit(
        dict(
            [labels_file({**dataset.labels(), wrong: Label(wrong, "red-fox", "labelled")}.values())]
        ),
        "x",
    )
    lay_out(owl_and_fox, {"owl/new.jpg": photo(9)})
    _, after = collected(owl_and_fox, tmp_path)
    assert after.labels()[wrong].label == "red-fox"


def test_the_same_bytes_twice_are_one_row_with_two_sources(tmp_path):
    source = lay_out(
        tmp_path / "s", {"a/1.jpg": photo(1), "b/1 copy.jpg": photo(1), "b/2.jpg": photo(2)}
    )
    report, dataset = collected(source, tmp_path)
    assert (report.added, report.repeated) == (2, 1)
    row = by_path(dataset)["a/1.jpg"]
    assert [(one.path, one.given_label) for one in row.sources] == [
        ("a/1.jpg", "a"),
        ("b/1 copy.jpg", "b"),
    ]
    assert dataset.labels()[row.image_id].label == "a"


def test_the_same_bytes_under_another_label_later_are_a_finding(tmp_path):
    collected(lay_out(tmp_path / "s", {"a/1.jpg": photo(1), "b/2.jpg": photo(2)}), tmp_path)
    for _ in range(2):
        report, dataset = collected(lay_out(tmp_path / "t", {"b/x.jpg": photo(1)}), tmp_path)
    (finding,) = dataset.findings()
    assert report.already_there == 1
    assert (finding.kind, finding.given_label, finding.suggested_label) == ("label", "a", "b")
    assert "b/x.jpg" in finding.reason


def test_a_file_that_is_no_photo_is_a_finding_and_no_row(tmp_path):
    bad = {
        "a/text.jpg": b"only words",
        "a/half.jpg": photo(1)[:-300],
        "a/bomb.png": bomb(),
        "a/empty.jpg": b"",
    }
    source = lay_out(tmp_path / "s", {"a/good.jpg": photo(1), "b/good.jpg": photo(2), **bad})
    for expected in (2, 0):
        report, dataset = collected(source, tmp_path)
        assert (report.added, report.unreadable) == (expected, 4)
    assert len(dataset.photos()) == 2
    found = {finding.image_id: finding for finding in dataset.findings()}
    assert len(dataset.findings()) == 4 and {finding.kind for finding in found.values()} == {
        "unreadable"
    }
    half = found[hashlib.sha256(bad["a/half.jpg"]).hexdigest()]
    assert half.reason.startswith("a/half.jpg: ") and half.given_label == "a"
    assert "pixels" in next(one.reason for one in found.values() if "bomb" in one.reason)


def bomb():
    """A PNG that says it has 200 megapixels and holds almost nothing."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 20_000, 10_000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def with_exif(orientation=1, located=False):
    exif = Image.Exif()
    exif[0x0112] = orientation
    if located:
        exif.get_ifd(0x8825)[1], exif.get_ifd(0x8825)[2] = "N", (50.0, 3.0, 45.0)
    return photo(1, exif=exif.tobytes())


@pytest.mark.parametrize("keep", [False, True])
def test_the_location_stays_only_when_it_is_asked_for(tmp_path, keep):
    source = lay_out(tmp_path / "s", {"a/1.jpg": with_exif(located=True)})
    _, dataset = collected(source, tmp_path, keep_location=keep)
    (row,) = dataset.photos().values()
    assert (0x8825 in Image.open(io.BytesIO(dataset.read_photo(row.image_id))).getexif()) is keep


def test_a_turned_photo_is_measured_upright(tmp_path):
    _, dataset = collected(lay_out(tmp_path / "s", {"a/1.jpg": with_exif(orientation=6)}), tmp_path)
    (row,) = dataset.photos().values()
    assert (row.width, row.height) == (30, 40)


def odd_formats():
    heif = io.BytesIO()
    from pillow_heif import from_pillow

    from_pillow(picture(1)).save(heif)
    grey = io.BytesIO()
    Image.fromarray(np.arange(1200, dtype=np.uint16).reshape(30, 40) * 50).save(grey, "PNG")
    return {
        "a/phone.heic": heif.getvalue(),
        "a/print.jpg": photo(2, mode="CMYK"),
        "a/16.png": grey.getvalue(),
        "a/moving.gif": photo(3, "GIF", save_all=True, append_images=[picture(4)]),
        "a/moving.webp": photo(5, "WEBP", save_all=True, append_images=[picture(6)], lossless=True),
        "a/scan.tif": photo(7, "TIFF"),
        "a/really a webp.jpg": photo(8, "WEBP"),
    }


def test_odd_formats_come_in_and_open(tmp_path):
    files = odd_formats()
    report, dataset = collected(lay_out(tmp_path / "s", files), tmp_path)
    assert (report.added, report.unreadable) == (len(files), 0)
    for row in dataset.photos().values():
        data = dataset.read_photo(row.image_id)
        assert open_photo(data).size == (40, 30)
        assert inspect_photo(data).format in ("JPEG", "PNG", "WEBP")


def test_strange_names_are_kept_and_harm_nothing(tmp_path):
    files = {
        "<script>alert(1)<script>/ .jpg": photo(1),
        "Ägyptische Krüge/日本 壺.jpg": photo(2),
        "a b/x.jpg": photo(3),
        "a+b/y.jpg": photo(4),
    }
    _, dataset = collected(lay_out(tmp_path / "s", files), tmp_path)
    assert set(by_path(dataset)) == set(files)
    assert set(dataset.collection().ids) == {
        "scriptalert1script",
        "Ägyptische-Krüge",
        "a-b",
        "a-plus-b",
    }
    titles = {info.title for info in dataset.collection().classes}
    assert "<script>alert(1)<script>" in titles


def test_a_name_that_is_no_text_is_kept_as_well_as_it_can_be(tmp_path):
    folder = tmp_path / "s" / "a"
    folder.mkdir(parents=True)
    with open(os.fsencode(folder) + b"/caf\xe9.jpg", "wb") as file:
        file.write(photo(1))
    report, dataset = collected(tmp_path / "s", tmp_path)
    assert report.added == 1 and set(by_path(dataset)) == {"a/caf\N{REPLACEMENT CHARACTER}.jpg"}


def test_one_class_alone_comes_in(tmp_path):
    report, _ = collected(lay_out(tmp_path / "s", {"only/1.jpg": photo(1)}), tmp_path)
    assert report.added == 1 and report.classes == 1


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "no photos in"),
        ({"a/notes.txt": b"x"}, "no photos in"),
        ({"a/1.jpg": b"x", "b/2.jpg": b""}, "None of the 2 files"),
    ],
)
def test_a_source_without_photos_makes_no_dataset(tmp_path, files, sentence):
    (tmp_path / "s").mkdir()
    with pytest.raises(BadSource, match=sentence):
        collect(lay_out(tmp_path / "s", files), str(tmp_path / "dataset"))
    with pytest.raises(MissingFile):
        open_dataset(str(tmp_path / "dataset"))


def test_a_break_in_the_middle_leaves_the_dataset_as_it_was(owl_and_fox, tmp_path, monkeypatch):
    before, _ = collected(owl_and_fox, tmp_path)
    lay_out(owl_and_fox, {f"owl/n{number}.jpg": photo(20 + number) for number in range(4)})
    seen = []

    def failing(check, stored, keep_location=False):
        seen.append(stored)
        if len(seen) == 7:
            raise KeyboardInterrupt
        return stored

    monkeypatch.setattr(PhotoCheck, "stored", failing)
    with pytest.raises(KeyboardInterrupt):
        collected(owl_and_fox, tmp_path, workers=1)
    monkeypatch.undo()
    assert open_dataset(str(tmp_path / "dataset")).revision == before.revision
    report, _ = collected(owl_and_fox, tmp_path)
    assert (report.added, report.already_there) == (4, 5)
    assert not list((tmp_path / "dataset").glob(".collecting-*"))


def test_the_museum_comes_in_with_its_texts_and_reference_pictures(tmp_path):
    report, dataset = collected("museum:40:64", tmp_path)
    things = dataset.collection()
    assert things.name == "museum" and report.classes == 14 and report.unreadable == 1
    assert things.info("harbour-at-low-moon").summary
    assert all(dataset.reference(class_id) for class_id in things.ids)
    assert {source.origin for row in dataset.photos().values() for source in row.sources} == {
        "synthetic"
    }


def test_a_named_collection_gives_its_titles_to_folders(tmp_path):
    files = {"Red Grid/1.jpg": photo(1), "first study/2.jpg": photo(2), "new thing/3.jpg": photo(3)}
    source = lay_out(tmp_path / "s", files)
    _, dataset = collected(source, tmp_path, collection="museum")
    assert set(dataset.collection().ids) == {"harbour-first-study", "new-thing", "red-grid"}
    assert dataset.collection().info("red-grid").summary


@pytest.mark.parametrize(("wanted", "title"), [(None, "0"), ("artifacts", "The ruin")])
def test_a_folder_called_0_is_named_only_by_who_asks_for_it(tmp_path, wanted, title):
    source = lay_out(tmp_path / "artifacts", {"0/1.jpg": photo(1), "1/2.jpg": photo(2)})
    _, dataset = collected(source, tmp_path, collection=wanted)
    assert dataset.collection().title_of("0") == title


def test_a_new_name_names_the_collection(owl_and_fox, tmp_path):
    _, dataset = collected(owl_and_fox, tmp_path, collection="forest life")
    assert (dataset.collection().name, dataset.collection().title) == ("forest-life", "Forest life")


def test_the_report_says_what_happened(tmp_path):
    source = lay_out(tmp_path / "s", {"a/1.jpg": photo(1), "a/2.jpg": photo(1), "b/3.jpg": b"no"})
    report, _ = collected(source, tmp_path)
    assert report.sentence.startswith(
        "1 photo came in, 1 was the same as another one, 1 file could not be read."
    )


def test_a_file_that_is_not_what_its_name_says_comes_in_and_is_told(tmp_path):
    folder = lay_out(
        tmp_path / "web",
        {
            "fort/a.jpg": photo(1, "WEBP"),
            "fort/b.jpg": photo(2),
            "fort/c.png": photo(3),
            "fort/d.jpg": photo(4, "WEBP"),
            "fort/e.bmp": photo(5, "BMP"),
        },
    )
    report, _ = collected(folder, tmp_path)
    assert report.added == 5 and [remark.split(".")[0] for remark in report.remarks] == [
        "1 file is a JPEG file, though its name ends in ",
        "2 files are each a WEBP file, though its name ends in ",
    ]


def labels_by_path(dataset):
    titles = {info.id: info.title for info in dataset.collection().classes}
    return {
        path: titles[dataset.labels()[one.image_id].label] for path, one in by_path(dataset).items()
    }


def test_names_that_differ_in_signs_keep_their_photos_whatever_comes_first(tmp_path):
    names = ["C", "C++", "🐱", "🐶", "S10", "S10+"]
    for number, name in reversed(list(enumerate(names))):
        report, dataset = collected(
            lay_out(tmp_path / f"s{number}", {f"{name}/{number}.jpg": photo(number)}), tmp_path
        )
    assert report.classes == 6
    assert labels_by_path(dataset) == {
        f"{name}/{number}.jpg": name for number, name in enumerate(names)
    }


def test_one_thing_spelled_in_two_ways_is_one_class_and_this_is_said(tmp_path):
    source = lay_out(
        tmp_path / "s",
        {
            "Mug/1.jpg": photo(1),
            "mug/2.jpg": photo(2),
            "vase /3.jpg": photo(3),
            "cafe\u0301/4.jpg": photo(4),
            "caf\u00e9/5.jpg": photo(5),
        },
    )
    report, dataset = collected(source, tmp_path)
    assert {info.title for info in dataset.collection().classes} == {"Mug", "Vase", "Café"}
    assert "“Mug” and “mug” are one class: Mug." in report.remarks


def test_the_report_has_a_row_for_each_class_and_what_was_left_alone(tmp_path):
    source = lay_out(
        tmp_path / "s",
        {
            "train/owl/1.jpg": photo(1),
            "train/fox/2.jpg": photo(2),
            "val/owl/3.jpg": photo(3),
            "val/owl/copy.jpg": photo(3),
            "train/owl/no.jpg": b"no",
            "train/notes.txt": b"x",
            "drafts/4.jpg": photo(4),
            "train/none/5.jpg": photo(5),
        },
    )
    report, _ = collected(source, tmp_path)
    assert [(row.label, row.title, row.photos, row.sides, row.named_by) for row in report.rows] == [
        ("fox", "Fox", 1, {"train": 1}, ("train/fox",)),
        ("owl", "Owl", 2, {"train": 1, "validation": 1}, ("train/owl", "val/owl")),
        ("none", "(none of these)", 1, {"train": 1}, ("train/none",)),
    ]
    assert {one.path: one.why.split(":")[0] for one in report.left_alone} == {
        "train/owl/no.jpg": "could not be read",
        "train/notes.txt": "no photo",
        "drafts/4.jpg": "beside train, val",
    }
    assert report.table.startswith("class") and "drafts/4.jpg" in report.table


def test_a_missing_test_is_told_when_photos_come_in_and_the_validation_can_be_it(tmp_path):
    files = {
        f"{side}/{name}/{n}.jpg": photo(10 * n + len(side) + ord(name))
        for side in ("train", "val")
        for name in "ab"
        for n in range(2)
    }
    source = lay_out(tmp_path / "s", files)
    report, dataset = collected(source, tmp_path)
    assert any(
        "No test came with the photos" in remark and "--val-is-test" in remark
        for remark in report.remarks
    )
    assert {one.given_split for row in dataset.photos().values() for one in row.sources} == {
        "train",
        "validation",
    }
    report = collect(source, str(tmp_path / "other"), options=SourceOptions(val_is_test=True))
    other = open_dataset(str(tmp_path / "other"))
    assert {one.given_split for row in other.photos().values() for one in row.sources} == {
        "train",
        "test",
    }
    lay_out(source, {"test/a/9.jpg": photo(99)})
    report = collect(source, str(tmp_path / "third"), options=SourceOptions(val_is_test=True))
    assert any("changes nothing" in remark for remark in report.remarks)


def test_a_renamed_folder_keeps_its_class_and_asks(owl_and_fox, tmp_path):
    collected(owl_and_fox, tmp_path)
    (owl_and_fox / "owl").rename(owl_and_fox / "eule")
    report, dataset = collected(owl_and_fox, tmp_path)
    assert dataset.collection().ids == ("owl", "red-fox") and dataset.findings() == []
    asked = "2 photos labelled Owl now lie in eule: rename the class?"
    assert any(remark.startswith(asked) for remark in report.remarks)
    assert ("Eule", 2) in [(row.title, row.photos) for row in report.rows]


def test_a_renamed_folder_with_a_new_photo_makes_a_class(owl_and_fox, tmp_path):
    collected(owl_and_fox, tmp_path)
    (owl_and_fox / "owl").rename(owl_and_fox / "eule")
    lay_out(owl_and_fox, {"eule/new.jpg": photo(77)})
    report, dataset = collected(owl_and_fox, tmp_path)
    assert set(dataset.collection().ids) == {"owl", "red-fox", "eule"} and dataset.findings() == []
    assert any("merge the classes?" in remark for remark in report.remarks)


def test_folders_that_changed_their_names_with_each_other_are_told(owl_and_fox, tmp_path):
    collected(owl_and_fox, tmp_path)
    (owl_and_fox / "owl").rename(owl_and_fox / "other")
    (owl_and_fox / "red fox").rename(owl_and_fox / "owl")
    (owl_and_fox / "other").rename(owl_and_fox / "red fox")
    report, _ = collected(owl_and_fox, tmp_path)
    assert any("came again with another label" in remark for remark in report.remarks)


def test_one_photo_in_two_class_folders_is_told(tmp_path):
    data = photo()
    root = lay_out(tmp_path / "s", {"owl/1.jpg": data, "fox/2.jpg": data, "fox/3.jpg": photo(3)})
    report, _ = collected(root, tmp_path)
    (told,) = [remark for remark in report.remarks if "more than one label" in remark]
    assert told.startswith("1 photo came under more than one label: owl/1.jpg.")


def test_a_repaired_file_loses_its_finding_and_another_one_keeps_its_own(owl_and_fox, tmp_path):
    lay_out(owl_and_fox, {"owl/bad.jpg": b"no", "owl/worse.jpg": b""})
    collected(owl_and_fox, tmp_path)
    lay_out(owl_and_fox, {"owl/bad.jpg": photo(50)})
    report, dataset = collected(owl_and_fox, tmp_path)
    assert [one.reason.split(":")[0] for one in dataset.findings()] == ["owl/worse.jpg"]
    assert any(
        "1 file that could not be read is a photo now: owl/bad.jpg." in remark
        for remark in report.remarks
    )
    (owl_and_fox / "owl" / "worse.jpg").unlink()
    assert collected(owl_and_fox, tmp_path)[1].findings() == []


def test_a_file_that_is_gone_is_told_and_its_photo_stays(owl_and_fox, tmp_path):
    collected(owl_and_fox, tmp_path)
    (owl_and_fox / "owl" / "a.jpg").unlink()
    report, dataset = collected(owl_and_fox, tmp_path)
    assert any("no longer in the source: owl/a.jpg" in remark for remark in report.remarks)
    assert len(dataset.photos()) == 5


def test_what_vitrine_made_of_the_photos_is_no_class_beside_them(tmp_path):
    source = lay_out(tmp_path / "s", {"a/1.jpg": photo(1), "b/2.jpg": photo(2)})
    for added in (2, 0):
        report = collect(source, str(source / "out" / "dataset"), now=NOW)
        assert (report.added, report.classes) == (added, 2)
    lay_out(source, {"model/vitrine/release.json": b"{}", "model/chart.png": photo(3, "PNG")})
    assert collect(source, str(source / "out" / "dataset"), now=NOW).added == 0


def test_photos_without_a_label_take_the_one_that_a_later_run_finds(tmp_path):
    names = [f"{name}_{n}.jpg" for name in ("mug", "vase") for n in range(2)]
    source = lay_out(tmp_path / "s", {name: photo(n) for n, name in enumerate(names)})
    _, dataset = collected(source, tmp_path)
    assert {row.status for row in dataset.labels().values()} == {"unlabelled"}
    report, dataset = collected(source, tmp_path, options=SourceOptions(by_name=True))
    found = {path: dataset.labels()[one.image_id].label for path, one in by_path(dataset).items()}
    assert found == {name: name[:-6] for name in names}
    assert any(remark == "4 photos that had no label have one now." for remark in report.remarks)
    assert dataset.findings() == [] and {one["who"] for one in dataset.ledger()} == {"collect"}
    assert fold(given_labels(dataset.photos()), known(dataset).decisions) == dataset.labels()
    again, after = collected(source, tmp_path, options=SourceOptions(by_name=True))
    assert after.revision == dataset.revision and again.added == 0


def test_what_somebody_decided_about_a_photo_without_a_label_is_not_overruled(tmp_path):
    source = lay_out(tmp_path / "s", {"1.jpg": photo(1), "2.jpg": photo(2), "vase/3.jpg": photo(3)})
    _, dataset = collected(source, tmp_path)
    first, second = (by_path(dataset)[name].image_id for name in ("1.jpg", "2.jpg"))
    lines = [decide("ann", first, "relabel", label="vase"), decide("ann", second, "junk")]
    labels = fold(given_labels(dataset.photos()), lines)
    dataset.commit(dict([labels_file(labels.values()), ledger_file(map(line_of, lines))]), "decide")
    lay_out(tmp_path / "t", {"mug/1.jpg": photo(1), "none/2.jpg": photo(2)})
    _, dataset = collected(tmp_path / "t", tmp_path)
    assert (dataset.labels()[first].label, dataset.labels()[second].status) == ("vase", "junk")
    assert {one.image_id for one in dataset.findings()} == {first, second}


@pytest.mark.parametrize(
    "trouble",
    [RuntimeError("decoder"), OSError("encoder error -2"), SystemError("tile"), MemoryError()],
)
def test_whatever_one_file_raises_the_others_come_in(tmp_path, monkeypatch, trouble):
    from data_cards.photos import image

    source = tmp_path / "source"
    lay_out(source, {f"mug/{number}.jpg": photo(number) for number in range(3)})
    bad = (source / "mug" / "1.jpg").read_bytes()
    pixels = image._pixels

    def stumble(data, *given):
        if data[-500:] == bad[-500:]:
            raise trouble
        return pixels(data, *given)

    monkeypatch.setattr(image, "_pixels", stumble)
    report = collect(str(source), str(tmp_path / "d"))
    assert (report.added, report.unreadable) == (2, 1)


def test_a_file_that_the_disk_does_not_give_is_refused_and_the_others_come_in(
    tmp_path, monkeypatch
):
    from pathlib import Path

    source = tmp_path / "source"
    lay_out(source, {f"mug/{number}.jpg": photo(number) for number in range(3)})
    read = Path.read_bytes

    def stumble(path):
        if path.name == "1.jpg":
            raise OSError(5, "Input/output error", str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", stumble)
    report = collect(str(source), str(tmp_path / "d"))
    assert (report.added, report.unreadable) == (2, 1)


SLOW = "import threading; threading.Event().wait()"
BROKEN = "import os; os.abort()"


@pytest.mark.parametrize(
    ("then", "told"), [(SLOW, "takes too long to open"), (BROKEN, "cannot be opened safely")]
)
def test_a_photo_that_is_too_slow_or_breaks_its_decoder_stops_no_other(
    tmp_path, monkeypatch, then, told
):
    script = (
        "import sys; i = sys.stdin.buffer; o = sys.stdout.buffer; i.read(9); "
        f"o.write(b'+' + bytes(8)); o.flush(); i.read(9); {then}"
    )
    check = PhotoCheck(1, deadline=0.2, command=(sys.executable, "-c", script))
    monkeypatch.setattr(collecting, "own_check", lambda: check)
    files = {"mug/0.jpg": photo(0), "mug/1.webp": photo(1, "WEBP"), "mug/2.jpg": photo(2)}
    report = collect(str(lay_out(tmp_path / "source", files)), str(tmp_path / "d"))
    assert (report.added, report.unreadable) == (2, 1)
    [finding] = open_dataset(str(tmp_path / "d")).findings()
    assert finding.kind == "unreadable" and told in finding.reason


@pytest.fixture(scope="module")
def with_secrets(tmp_path_factory):
    """A dataset of photos that had a secret in every place a format allows."""
    folder = tmp_path_factory.mktemp("secrets")
    files = {
        f"{place.split()[0].strip(':')}/{number}.{place.split(':')[0].lower()}": planted(
            place, SECRET
        )
        for number, place in enumerate(PLACES)
    }
    report = collect(str(lay_out(folder / "source", files)), str(folder / "d"))
    assert report.unreadable == 0 and report.added > 20
    return open_dataset(str(folder / "d"))


def test_no_secret_of_any_photo_is_in_a_dataset_or_its_thumbnails(with_secrets):
    from curation.light_table.session.thumbnails import Prints

    prints = Prints(with_secrets.read_photo)
    for name in with_secrets.photos():
        assert SECRET not in readable(with_secrets.read_photo(name))
        assert SECRET not in readable(prints.get(name, 160))
    assert files_with(SECRET, Path(with_secrets.address)) == []


def test_no_secret_is_in_the_report(with_secrets, tmp_path):
    (tmp_path / "report.html").write_text(dataset_report(with_secrets), "utf-8")
    assert "base64," in (tmp_path / "report.html").read_text("utf-8"), "it shows photos"
    assert files_with(SECRET, tmp_path) == []


@pytest.mark.parametrize("to", FORMS)
def test_no_secret_is_in_an_export(with_secrets, tmp_path, to):
    export_dataset(with_secrets, tmp_path / "out", to)
    assert files_with(SECRET, tmp_path) == []


def test_the_search_for_secrets_finds_them_wherever_they_lie(tmp_path):
    import base64

    import pyarrow as pa
    import pyarrow.parquet as pq

    secret = planted("PNG: zTXt", SECRET)
    lay_out(tmp_path, {"a.png": secret, "b.txt": b"x" + SECRET})
    shown = base64.b64encode(secret).decode()
    (tmp_path / "c.html").write_text(f'<img src="data:image/png;base64,{shown}">')
    pq.write_table(pa.table({"image": [{"bytes": secret, "path": None}]}), tmp_path / "d.parquet")
    pq.write_table(pa.table({"said": [SECRET.decode()]}), tmp_path / "e.parquet")
    assert files_with(SECRET, tmp_path) == ["a.png", "b.txt", "c.html", "d.parquet", "e.parquet"]


def test_a_photo_that_was_erased_does_not_come_back_by_collecting_again(tmp_path):
    folder = tmp_path / "in"
    (folder / "vase").mkdir(parents=True)
    for seed in range(2):
        (folder / "vase" / f"{seed}.jpg").write_bytes(photo(seed))
    address = str(tmp_path / "set")
    collect(folder, address)
    gone, kept = sorted(open_dataset(address).photos())
    erase(open_dataset(address), [gone])
    report = collect(folder, address)
    assert set(open_dataset(address).photos()) == {kept}
    assert "1 photo that was erased from this dataset stays out." in report.remarks
    assert report.added == 0
