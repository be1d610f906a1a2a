"""The page of a dataset: pictures first, and nothing of strangers becomes markup."""

from data_cards.__main__ import main
from data_cards.annotations.decision import decide, line_of
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.repo import create_dataset, open_dataset
from data_cards.dataset.tables import ledger_file
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


def test_a_dataset_without_photos_has_a_page(tmp_path):
    page = dataset_report(create_dataset(str(tmp_path / "d"), Collection("t", "T")))
    assert "<b>0</b>photos" in page


def test_the_command_writes_the_page_and_says_where(tmp_path, capsys):
    made(tmp_path / "d")
    assert main(["report", str(tmp_path / "d"), "--to", str(tmp_path / "r.html")]) == 0
    assert (tmp_path / "r.html").read_text().startswith("<!doctype html>")
    assert f"Look at {tmp_path / 'r.html'}" in capsys.readouterr().out
