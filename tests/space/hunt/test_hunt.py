"""The treasure hunt: a sheet to print, and finds that are counted without knowing people."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from data_cards.dataset.repo import Dataset, create_dataset
from data_cards.errors import BadAddress, BadCollection
from space.__main__ import main
from space.hunt.finds import Finds
from space.hunt.sheet import HuntSettings, clue_of, hunt_page, qr_svg, write_hunt
from tests.fixtures.colours import COLOURS, TITLES, gallery
from tests.fixtures.visitors import small_gallery

URL = "https://ann-festival.hf.space"


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Six paintings to find."""
    return small_gallery(tmp_path / "set")


def test_the_sheet_has_a_card_for_each_thing_and_the_way_to_the_hunt(
    dataset: Dataset, tmp_path: Path
) -> None:
    page = write_hunt(dataset, tmp_path / "out", HuntSettings(URL)).read_text()
    assert all(title in page for title in TITLES.values())
    assert page.count("<li>") == len(COLOURS) == page.count("data:image/jpeg;base64,")
    assert f"{URL}/#/hunt</small>" in page and f"{URL}/#/hunt/counts" in page
    assert "6 things" in page and "http" not in re.sub(f"{URL}|http://www.w3.org", "", page)


def test_a_phone_reads_the_code(tmp_path: Path) -> None:
    import io

    import segno
    from PIL import Image

    drawn = qr_svg("x")
    assert drawn.startswith("<svg") and "viewBox" in drawn and "width=" not in drawn
    out = io.BytesIO()
    segno.make(f"{URL}/#/hunt", error="m", micro=False).save(out, kind="png", scale=6, border=4)
    pixels = np.asarray(Image.open(out).convert("L"))
    assert cv2.QRCodeDetector().detectAndDecode(pixels)[0] == f"{URL}/#/hunt"


def test_a_sheet_without_pictures_tells_by_clues_in_the_language_asked_for(
    dataset: Dataset, tmp_path: Path
) -> None:
    settings = HuntSettings(URL, language="de", pictures=False)
    page = write_hunt(dataset, tmp_path, settings).read_text()
    assert 'lang="de"' in page and "Ockermittag" in page and "6 Dinge" in page
    assert "data:image" not in page and "the moon&#39;s double edge" in page


def test_what_somebody_wrote_stays_text() -> None:
    things = gallery()
    evil = [replace(info, title="<script>alert(1)</script>") for info in things.classes]
    page = hunt_page(things.with_classes(evil), [], HuntSettings(URL))
    assert "<script>" not in page


@pytest.mark.parametrize("url", ["", "ann.hf.space", "ftp://x", "javascript:alert(1)"])
def test_an_address_that_no_phone_opens_is_refused(
    dataset: Dataset, tmp_path: Path, url: str
) -> None:
    with pytest.raises(BadAddress, match="http"):
        write_hunt(dataset, tmp_path, HuntSettings(url))


def test_people_are_not_hunted_and_nothing_is_no_hunt(tmp_path: Path) -> None:
    with pytest.raises(BadCollection, match="people"):
        write_hunt(small_gallery(tmp_path / "p", "people"), tmp_path, HuntSettings(URL))
    empty = create_dataset(str(tmp_path / "e"), gallery().with_classes(()))
    with pytest.raises(BadCollection, match="no classes"):
        write_hunt(empty, tmp_path, HuntSettings(URL))


def test_the_command_writes_it(dataset: Dataset, tmp_path: Path, capsys) -> None:
    out = tmp_path / "sheets"
    assert main(["hunt", dataset.address, str(out), "--url", URL]) == 0
    assert capsys.readouterr().out.strip() == str(out / "hunt.html")
    assert (out / "hunt.html").is_file()


def test_a_clue_is_told_before_the_summary() -> None:
    info = gallery().classes[0]
    assert clue_of(info) == "the moon's double edge"
    assert clue_of(replace(info, facts=(("Clue", "by the door"), *info.facts))) == "by the door"
    assert clue_of(replace(info, facts=())).startswith("The second of four")


def test_finds_are_numbers_that_outlive_a_restart(tmp_path: Path) -> None:
    finds = Finds(tmp_path / "hunt.json")
    for label in ("ochre", "ochre", "red-grid"):
        finds.add(label)
    assert Finds(tmp_path / "hunt.json").counts() == {"ochre": 2, "red-grid": 1}
    (tmp_path / "hunt.json").write_text("{torn")
    assert Finds(tmp_path / "hunt.json").counts() == {}
