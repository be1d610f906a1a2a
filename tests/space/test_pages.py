"""The page as static files: whom it asks, the release in it, and what it says where that can't be."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from data_cards.errors import BadAddress, BadModel
from data_cards.installed_files import page_assets
from space import pages as room
from space.__main__ import main
from space.pages import app_address, config_text, page_text, worker_text, write_pages
from space.routes import room_of
from train.inference.predictor import load_predictor

SPACE = "https://ann-show.hf.space"


@pytest.fixture(scope="module")
def site(tiny_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the tiny release."""
    out = tmp_path_factory.mktemp("site")
    write_pages(str(tiny_release), SPACE, out, out / "cache")
    return out


def test_the_page_asks_the_app_and_has_the_release_beside_it(site: Path) -> None:
    config = (site / "config.js").read_text()
    assert f'export const SPACE = "{SPACE}";' in config
    assert 'export const TWIN = "twin/";' in config
    assert json.loads((site / "twin/twin.json").read_text())["room"]["title"] == "Tiny things"


def test_every_file_that_the_page_loads_is_there(site: Path) -> None:
    assets = page_assets()
    expected = {path.relative_to(assets) for path in assets.rglob("*") if path.is_file()}
    found = {
        path.relative_to(site / "assets") for path in (site / "assets").rglob("*") if path.is_file()
    }
    assert found == expected - {Path("index.html")}
    assert (site / "index.html").is_file()


def test_the_service_worker_keeps_what_the_page_loads_and_not_the_runtime(site: Path) -> None:
    first, program = (site / "sw.js").read_text().split("\n", 1)
    kept = json.loads(first.removeprefix("self.VITRINE = ").removesuffix(";"))
    assert all((site / name).is_file() for name in kept["files"])
    assert {"index.html", "config.js", "assets/ask.js", "assets/twin/worker.js"} <= set(
        kept["files"]
    )
    assert not [name for name in kept["files"] if name.endswith((".gz", ".md"))]
    assert sum((site / name).stat().st_size for name in kept["files"]) < 600_000
    assert "addEventListener" in program


def test_a_changed_file_makes_another_service_worker(site: Path, tmp_path: Path) -> None:
    copy = tmp_path / "site"
    shutil.copytree(site, copy)
    assert worker_text(copy) == (site / "sw.js").read_text()
    with (copy / "config.js").open("a") as file:
        file.write("// later\n")
    assert worker_text(copy) != (site / "sw.js").read_text()


def test_the_page_can_be_put_on_a_home_screen(site: Path) -> None:
    manifest = json.loads((site / "manifest.webmanifest").read_text())
    assert manifest["name"] == "Tiny things" and manifest["display"] == "standalone"
    assert all((site / icon["src"]).is_file() for icon in manifest["icons"])


def test_the_room_is_what_the_app_tells_of_it(site: Path, tiny_release: Path) -> None:
    told = json.loads((site / "twin/twin.json").read_text())["room"]
    assert told == room_of(load_predictor(tiny_release))
    assert told["keeps_photos"] is False


def test_each_thing_has_a_page_that_shows_it_where_its_address_is_sent(
    site: Path, tiny_release: Path, tmp_path: Path
) -> None:
    things = load_predictor(tiny_release).collection
    assert {path.name for path in (site / "thing").iterdir()} == set(things.ids)
    page = (site / "thing" / things.ids[0] / "index.html").read_text()
    assert f'og:title" content="{things.title_of(things.ids[0])} · Tiny things"' in page
    assert f'"og:image" content="{SPACE}/' in page and 'src="../../assets/page.js"' in page
    alone = tmp_path / "alone"
    home = "https://ann-show.static.hf.space"
    (alone / "thing" / "gone").mkdir(parents=True)
    write_pages(str(tiny_release), "", alone, tmp_path, home)
    page = (alone / "thing" / things.ids[0] / "index.html").read_text()
    picture = re.search(r'"og:image" content="([^"]+)"', page)
    assert picture and picture[1].startswith(f"{home}/twin/pictures/")
    assert (alone / picture[1].removeprefix(f"{home}/")).is_file()
    assert not (alone / "thing" / "gone").exists()


def test_the_command_prints_where_and_how_large(
    tiny_release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--space", "hf://ann/show", "--out", str(tmp_path / "site")]
    assert main(["pages", str(tiny_release), *where]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["space"] == SPACE and told["bytes"] > 0 and told["files"]["weights.gz"] > 0


def test_a_release_that_a_browser_cannot_run_still_gets_its_page(
    tiny_release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "release"
    shutil.copytree(tiny_release, folder)

    def cannot(folder: Path) -> None:
        raise BadModel("A browser can't do that yet.")

    monkeypatch.setattr(room, "check_browser_can", cannot)
    made = write_pages(str(folder), SPACE, tmp_path / "site", tmp_path)
    assert not made.twins and "can't" in made.why
    assert 'TWIN = ""' in (tmp_path / "site/config.js").read_text()
    with pytest.raises(BadModel):
        write_pages(str(folder), "", tmp_path / "other", tmp_path)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("https://ann-show.hf.space/", SPACE),
        ("hf://ann/show", SPACE),
        ("hf://Ann/My_Show.2", "https://ann-my-show-2.hf.space"),
        ("http://127.0.0.1:7860", "http://127.0.0.1:7860"),
        ("https://museum.example/ask/", "https://museum.example/ask"),
    ],
)
def test_an_app_is_named_by_its_address_or_its_space(typed: str, address: str) -> None:
    assert app_address(typed) == address


@pytest.mark.parametrize("typed", ["ann/show", "hf://ann", "ftp://x", "https://", "hf://a/b/c"])
def test_what_is_no_address_is_said_before_anything_is_written(
    tiny_release: Path, tmp_path: Path, typed: str
) -> None:
    with pytest.raises(BadAddress):
        write_pages(str(tiny_release), typed, tmp_path / "site", tmp_path)
    assert not (tmp_path / "site").exists()


def test_an_app_under_another_name_is_let_through_the_policy() -> None:
    assert "connect-src 'self' https://*.hf.space https://museum.example " in page_text(
        "https://museum.example/ask"
    )
    assert page_text(SPACE) == page_text("") == page_text("http://127.0.0.1:7860")


def test_no_address_can_become_script() -> None:
    text = config_text('https://x"; alert(1); "', ("twin",))
    assert '"https://x\\"; alert(1); \\""' in text
