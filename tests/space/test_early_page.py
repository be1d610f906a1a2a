"""The demo: photos are in before the page opens, and the rest of the loop runs behind it."""

from __future__ import annotations

import pytest

from data_cards.dataset.repo import open_dataset
from data_cards.errors import BadSource, VitrineError
from space.__main__ import _parser
from space.early_page import early_page
from space.loop import LoopSettings
from tests.fixtures.pictures import pictures


@pytest.fixture
def photos(tmp_path):
    for seed, name in enumerate(("mug", "vase")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for place, data in enumerate(pictures(3, seed)):
            (tmp_path / "photos" / name / f"{place}.jpg").write_bytes(data)
    return str(tmp_path / "photos")


def test_the_photos_are_in_when_the_page_opens(photos, tmp_path):
    page = early_page(photos, tmp_path / "out", LoopSettings(fastdup=False), tmp_path / "cache")
    assert len(open_dataset(page.dataset).photos()) == 6
    assert page.model == str(tmp_path / "out" / "model")


def test_the_loop_behind_it_releases_a_quick_model_first_and_keeps_what_was_asked(photos, tmp_path):
    loop = LoopSettings(fastdup=False, epochs=2, seed=7)
    page = early_page(photos, tmp_path / "out", loop, tmp_path / "cache")
    assert page.behind[:3] == ("-m", "space", "loop")
    asked = _parser().parse_args(page.behind[2:])
    assert (asked.photos, asked.out) == (page.dataset, tmp_path / "out")
    assert (asked.probe_first, asked.fastdup, asked.epochs, asked.seed) == (True, False, 2, 7)


def test_a_budget_that_cannot_be_meant_is_refused_before_photos_come_in(photos, tmp_path):
    with pytest.raises(VitrineError):
        early_page(photos, tmp_path / "out", LoopSettings(budget="soon"), tmp_path / "cache")
    assert not (tmp_path / "out").exists()


def test_without_photos_there_is_no_page(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadSource):
        early_page(str(tmp_path / "empty"), tmp_path / "out", LoopSettings(), tmp_path / "cache")
