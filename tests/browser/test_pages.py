"""GitHub Pages: the static page in `docs/`, on another origin than the app it calls, under its
own policy."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.colours import photo_of
from tests.fixtures.visitors import built, serving, settings_in, small_gallery

DOCS = Path(__file__).parents[2] / "docs"
CONFIG = re.compile(r'^export const SPACE = "https://[^"]+";$', re.MULTILINE)


class Quiet(SimpleHTTPRequestHandler):
    """A file server that says nothing."""

    def log_message(self, *args: Any) -> None:
        """Nothing."""


class Site:
    """A copy of `docs/` on a port of its own, as GitHub Pages would serve it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "docs"
        shutil.copytree(DOCS, self.folder)
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), partial(Quiet, directory=str(self.folder))
        )
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def point_to(self, address: str) -> None:
        """Change the one line."""
        config = self.folder / "config.js"
        text, count = CONFIG.subn(
            f'export const SPACE = "{address}";', (DOCS / "config.js").read_text()
        )
        assert count == 1
        config.write_text(text)

    def close(self) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The page's home."""
    made = Site(tmp_path)
    yield made
    made.close()


@pytest.fixture
def visit(chromium: Any) -> Iterator[Any]:
    """`visit(site)`: (page, what it complained about, the hosts it asked)."""
    contexts = []

    def begin(site: Site) -> tuple[Any, list[str], set[str]]:
        context = chromium.new_context(viewport={"width": 390, "height": 844})
        contexts.append(context)
        page = context.new_page()
        complaints = []
        hosts = set()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: line.type == "error" and complaints.append(line.text))
        page.on("request", lambda request: hosts.add("/".join(request.url.split("/")[:3])))
        page.goto(site.origin + "/")
        return page, complaints, hosts

    yield begin
    for context in contexts:
        context.close()


def choose(page: Any, data: bytes) -> None:
    """Choose a file."""
    page.locator("vitrine-ask input[type=file]").first.set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": data}
    )


@pytest.fixture
def app_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`app_for(origin)`: an app that lets this origin call it."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    small_gallery(tmp_path / "dataset")

    def make(*origins: str) -> Any:
        settings = settings_in(tmp_path, dataset=str(tmp_path / "dataset"), origins=origins)
        return serving(built(settings))

    return make


def test_the_page_asks_the_app_across_origins_and_shows_its_pictures(
    site: Site, visit: Any, app_for: Any
) -> None:
    with app_for(site.origin) as app:
        site.point_to(app)
        page, complaints, hosts = visit(site)
        page.get_by_role("button", name="What I know").wait_for()
        choose(page, photo_of("ochre"))
        page.locator("vitrine-ask h2", has_text="Ochre Noon").wait_for()
        page.wait_for_function("""() => [...document.querySelector("vitrine-ask").shadowRoot
            .querySelectorAll(".closest img")].filter((image) => image.naturalWidth > 0).length === 3""")
        page.get_by_role("button", name="That's wrong").click()
        page.locator("dialog button", has_text="None of these").click()
        page.locator("dialog code").wait_for()
        assert complaints == []
        assert hosts <= {
            site.origin,
            app,
            "blob:" + site.origin,
            f"blob:{site.origin.split('/')[0]}",
        } | {host for host in hosts if host.startswith(("blob:", "data:"))}


def test_a_page_that_was_not_named_gets_no_answer_but_a_sentence(
    site: Site, visit: Any, app_for: Any
) -> None:
    with app_for("https://ann.github.io") as app:
        site.point_to(app)
        page, _, _ = visit(site)
        page.get_by_text("We can't connect").first.wait_for()
        assert page.get_by_role("button", name="Try again").is_visible()


def test_an_app_that_is_not_there_is_said_in_a_sentence(site: Site, visit: Any) -> None:
    site.point_to("http://127.0.0.1:9")
    page, _, _ = visit(site)
    page.get_by_text("We can't connect").first.wait_for()


def test_the_policy_lets_no_script_of_another_place_run(site: Site, visit: Any) -> None:
    site.point_to("http://127.0.0.1:9")
    page, complaints, _ = visit(site)
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.hit = 1";
        document.body.append(script);
    }""")
    assert page.evaluate("window.hit") is None
    assert any("Content Security Policy" in line for line in complaints)


def test_the_page_needs_no_build_and_names_nobody_else() -> None:
    page = (DOCS / "index.html").read_text()
    # WebAssembly may run, for the release in the browser; nothing that a stranger wrote may.
    assert "unsafe" not in page.replace("'wasm-unsafe-eval'", "")
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    assert (DOCS / "assets" / "vendor" / "gradio-client.LICENSE.md").is_file()
