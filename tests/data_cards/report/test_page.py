"""The page of a dataset: pictures first, and nothing of strangers becomes markup."""

import io

from PIL import Image

from data_cards.__main__ import main
from data_cards.annotations.decision import decide, line_of
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.repo import create_dataset, open_dataset
from data_cards.dataset.schema import Label, Photo, Source
from data_cards.dataset.tables import images_file, labels_file, ledger_file
from data_cards.photos.image import image_id
from data_cards.report.page import dataset_report
from tests.fixtures.pictures import pictures, with_photos

EVIL = "<script>alert(1)</script>"


def made(folder):
    things = Collection(
        "t",
        f"Things {EVIL}",
        (ClassInfo("a", f"Apple {EVIL}", location=(48.0, 2.0)), ClassInfo("b", "Bear")),
    )
    dataset = create_dataset(str(folder), things)
    return with_photos(dataset, {"a": pictures(5, 1), "b": pictures(2, 2, (200, 40, 40))})


def test_pictures_come_before_counts_and_strangers_write_no_markup(tmp_path):
    page = dataset_report(made(tmp_path / "d"))
    assert page.count("data:image/jpeg;base64,") == 7
    assert page.index("data:image") < page.index("<h2>Balance</h2>")
    assert EVIL not in page
    assert "https://" not in page
    assert "Where the things are" in page
    assert "What cleaning did" not in page


def test_what_cleaning_did_is_shown_with_its_photos(tmp_path):
    dataset = made(tmp_path / "d")
    image_id = next(row.image_id for row in dataset.labels().values() if row.label == "a")
    decision = decide("ann", image_id, action="relabel", label="b")
    dataset.commit(dict([ledger_file([line_of(decision)])]), "Decide")
    from curation.decisions.apply import fold_dataset

    fold_dataset(open_dataset(str(tmp_path / "d")))
    page = dataset_report(open_dataset(str(tmp_path / "d")))
    assert "What cleaning did" in page
    assert "→ Bear" in page
    assert "ann" in page


def test_very_many_classes_make_no_page_that_is_too_large_to_open(tmp_path, monkeypatch):
    monkeypatch.setattr("data_cards.report.page.MOST_PICTURES", 1)
    page = dataset_report(made(tmp_path / "d"))
    assert page.count("data:image/jpeg;base64,") == 1
    assert "2 photos" in page


BAD_EXIF = (b"II*\0\xff\xff\xff\xff" + b"\xff" * 30, b"garbage", b"")


def test_whatever_photos_and_classes_say_of_themselves_stays_text(tmp_path):
    evil = "\"><img src=http://x.y/z onerror=a()>'{{7*7}}</style></title>"
    places = ((0.0, 0.0), (89.99, 179.9), (-90.0, -180.0))
    classes = (ClassInfo(f"c{n}", f"{evil}{n}", location=place) for n, place in enumerate(places))
    exif = Image.Exif()
    exif[0x010F] = evil
    exif[0x0110] = "\x1b[31m\0X"
    exif[0x0132] = "2999:01:01 00:00:00"
    (first, *others) = pictures(4, 3)
    out = io.BytesIO()
    Image.open(io.BytesIO(first)).save(out, "JPEG", exif=exif)
    broken = [
        one[:2] + b"\xff\xe1" + (len(raw) + 8).to_bytes(2, "big") + b"Exif\0\0" + raw + one[2:]
        for one, raw in zip(others, BAD_EXIF, strict=True)
    ]
    rows = []
    labels = []
    for data in (out.getvalue(), *broken):
        key = image_id(data)
        source = Source(f"{evil}.jpg", "c0", origin=evil, author=evil, licence=evil, url=evil)
        rows.append((Photo(key, 72, 72, (source,)), data))
        labels.append(Label(key, "c0", "labelled"))
    dataset = create_dataset(str(tmp_path / "d"), Collection("t", evil, tuple(classes)))
    dataset = dataset.commit(dict([images_file(rows), labels_file(labels)]), "Add")
    page = dataset_report(dataset)
    assert page.count("data:image/jpeg;base64,") == 4
    assert "{{7*7}}" in page
    assert page.count("<img") == 4
    assert page.count("</style>") == page.count("</title>") - 3 == 1


def test_a_dataset_without_photos_has_a_page(tmp_path):
    page = dataset_report(create_dataset(str(tmp_path / "d"), Collection("t", "T")))
    assert "<b>0</b>photos" in page


def test_the_command_writes_the_page_and_says_where(tmp_path, capsys):
    made(tmp_path / "d")
    assert main(["report", str(tmp_path / "d"), "--to", str(tmp_path / "r.html")]) == 0
    assert (tmp_path / "r.html").read_text().startswith("<!doctype html>")
    assert f"Look at {tmp_path / 'r.html'}" in capsys.readouterr().out
