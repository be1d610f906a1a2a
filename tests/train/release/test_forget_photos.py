"""A photo that was taken back leaves a release as well."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from data_cards.storage.repository import open_repository
from tests.fixtures.colours import photo_of
from train.inference.photo_index import Index, write_index
from train.release.forget_photos import forget_photos

MINE = photo_of("ochre", 60, 60)
OTHER = photo_of("red-grid", 60, 60)
REPORT = "<p>12 wrong</p><img alt='' src='data:image/jpeg;base64,QUJD'><p>end</p>"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """What of a release holds photos."""
    home = tmp_path / "model"
    ours = home / "vitrine"
    write_index(
        ours / "index",
        ["mine", "other"],
        ["ochre", "red-grid"],
        np.eye(2, dtype=np.float32),
        [MINE, OTHER],
    )
    (ours / "golden").mkdir()
    (ours / "golden" / "mine.png").write_bytes(MINE)
    rows = [{"image_id": name, "photo": f"vitrine/golden/{name}.png"} for name in ("mine", "x")]
    (ours / "golden.json").write_text(json.dumps(rows))
    (ours / "report.html").write_text(REPORT)
    (ours / "release.json").write_text('{"made_at": "2026-05-01T00:00:00+00:00"}')
    open_repository(str(home), kind="model").head()
    return home


def test_index_kept_answers_and_report_show_it_no_more(model: Path, tmp_path: Path) -> None:
    assert forget_photos(str(model), ["mine"], tmp_path / "cache", "2026-04-01T00:00:00Z")
    index = Index.load(model / "vitrine" / "index")
    assert index.ids == ["other"] and index.thumbnail("mine") is None
    assert index.thumbnail("other") == OTHER
    assert not [path for path in model.rglob("*") if path.is_file() and MINE in path.read_bytes()]
    assert [row["image_id"] for row in json.loads((model / "vitrine/golden.json").read_text())] == [
        "x"
    ]
    assert (model / "vitrine/report.html").read_text() == "<p>12 wrong</p><p>end</p>"


def test_the_twin_leaves_as_well_and_is_exported_again(model: Path, tmp_path: Path) -> None:
    twin = model / "vitrine/twin"
    (twin / "golden").mkdir(parents=True)
    for name in ("twin.json", "alike.bin", "golden/0.png"):
        (twin / name).write_bytes(MINE)
    assert forget_photos(str(model), ["mine"], tmp_path / "cache")
    assert not [path for path in twin.rglob("*") if path.is_file()]
    assert not [path for path in model.rglob("*") if path.is_file() and MINE in path.read_bytes()]


def test_a_report_from_before_the_photo_keeps_its_pictures(model: Path, tmp_path: Path) -> None:
    assert forget_photos(str(model), ["mine"], tmp_path / "cache", "2026-06-01T00:00:00Z")
    assert (model / "vitrine/report.html").read_text() == REPORT


def test_a_release_that_never_had_it_stays_as_it_is(model: Path, tmp_path: Path) -> None:
    before = open_repository(str(model), kind="model").head()
    assert not forget_photos(str(model), ["nobody"], tmp_path / "cache", "2026-06-01T00:00:00Z")
    assert open_repository(str(model), kind="model").head() == before
    assert not forget_photos(str(tmp_path / "none"), ["mine"], tmp_path / "cache")
