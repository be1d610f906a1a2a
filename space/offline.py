"""The twin on the app's own page: where the release has one, a visitor can fetch it while the app
answers, and it goes on answering when the app sleeps or there is no signal.

    python -m train export MODEL --to twin      then the app offers it, at its next start

With `--small SMALL` a small twin is offered beside it.

The app serves the twins' files from the release, and what keeps the page itself in the browser: a
manifest and a service worker, as `python -m space pages` writes them beside a static page.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, JSONResponse

from data_cards.errors import VitrineError
from data_cards.installed_files import page_assets
from data_cards.progress import say
from data_cards.wording import in_every_text, shown
from space.api import Recognizer
from space.app_state import AppState
from space.pages import CONFIG, MANIFEST, WORKER, kept_assets, manifest_text, worker_keeping
from space.routes import ASSETS_AT, FRESH, front_page, room_of
from train.inference.model_folder import read_json
from train.inference.predictor import Predictor
from train.release.twin import TWIN, TWINS, kept_twin, photos_in

# The app has no twin any more: what a browser kept of an earlier one leaves, and so does the
# worker.
RETIRED = """self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) {
    if (name.startsWith(`vitrine-page ${self.registration.scope} `)
      || name.startsWith(`vitrine-twin ${self.registration.scope}`)) await caches.delete(name);
  }
  await self.registration.unregister();
})()));
"""


@dataclass(frozen=True)
class ReleasedTwin:
    """A twin in a release: its `folder`, what twin.json says (`told`), the `files` that may be
    fetched, and the `photos` (image_id) that it shows."""

    folder: Path
    told: dict[str, Any]
    files: frozenset[str]
    photos: frozenset[str]


ReleasedTwins = Mapping[str, ReleasedTwin]  # by name


def released_twins(release: Path) -> ReleasedTwins:
    """The twins of the release in a folder; none unless the whole one is there."""
    kept = {name: kept_twin(release, name) for name in TWINS}
    if kept[TWIN] is None:
        return {}
    return {name: _released(folder, release) for name, folder in kept.items() if folder}


def _released(folder: Path, release: Path) -> ReleasedTwin:
    told = read_json(folder / "twin.json")
    files = {str(one["name"]) for one in told["files"]}
    checked = {f"golden/{path.name}" for path in (folder / "golden").glob("*")}
    return ReleasedTwin(
        folder, told, frozenset(files | checked | {"golden.json"}), photos_in(folder, release)
    )


def _readable(release: Path) -> ReleasedTwins:
    try:
        return released_twins(release)
    except (VitrineError, OSError, EOFError, ValueError, KeyError) as error:
        say(f"The twin in this release can't be read, so none is offered ({error}).")
        return {}


class OfferedTwins:
    """The twins that visitors are offered now: those of the release which answers, unless one
    shows a photo that was erased since."""

    def __init__(self, app_state: AppState) -> None:
        self._app_state = app_state
        self._known: tuple[object, ReleasedTwins] = (None, {})

    def now(self) -> ReleasedTwins:
        """What is offered; none while no model is loaded as well."""
        try:
            recognizer = self._app_state.recognizer()
        except VitrineError:
            return {}
        if not isinstance(recognizer, Predictor):
            return {}
        of, found = self._known
        if of is not recognizer:
            found = _readable(recognizer.folder)
            self._known = (recognizer, found)
        shown = frozenset[str]().union(*(one.photos for one in found.values()))
        return {} if self._app_state.archive.shows_erased(shown) else found


class OfflinePage:
    """What a browser fetches to go on without the app. A file is read as it is sent, a piece at a
    time, and a browser that has it already is told so."""

    def __init__(
        self,
        twins: Callable[[], ReleasedTwins],
        recognizer: Callable[[], Recognizer],
        config: Callable[[Collection[str]], str],
    ) -> None:
        self._twins = twins
        self._recognizer = recognizer
        self._config = config

    def routes(self) -> APIRouter:
        """/twin/..., /twin-small/..., /manifest.webmanifest and /sw.js."""
        router = APIRouter(include_in_schema=False)
        places: dict[str, Callable[..., Response]] = {
            **{f"/{name}/{{name:path}}": partial(self.file, name) for name in TWINS},
            f"/{MANIFEST}": self.manifest,
            f"/{WORKER}": self.worker,
        }
        for path, answer in places.items():
            router.add_api_route(path, answer, methods=["GET", "HEAD"], response_model=None)
        return router

    def file(self, twin: str, name: str) -> Response:
        """One of a twin's files, and nothing else of the release."""
        offered = self._twins().get(twin)
        if offered is not None and name == "twin.json":
            room = in_every_text(room_of(self._recognizer()), shown)
            return JSONResponse(offered.told | {"room": room}, headers=FRESH)
        if offered is None or name not in offered.files or not (offered.folder / name).is_file():
            return _missing()  # gone, too, while a release without a photo is being loaded
        # A file that is packed stays packed: the page unpacks it.
        kind = "application/gzip" if name.endswith(".gz") else None
        return FileResponse(offered.folder / name, headers=FRESH, media_type=kind)

    def manifest(self) -> Response:
        """What is put on a home screen."""
        if not self._twins():
            return _missing()
        told = self._manifest_text()
        return Response(told, media_type="application/manifest+json", headers=FRESH)

    def worker(self, request: Request) -> Response:
        """The service worker; while no model is there, the one that a browser has stays."""
        try:
            self._recognizer()
        except VitrineError:
            return JSONResponse({"error": "Not ready yet.", "code": "not_ready"}, 503)
        twins = self._twins()
        if not twins:
            return _script(RETIRED)
        texts = {
            "./": front_page(request, self._recognizer),
            CONFIG: self._config(twins),
            MANIFEST: self._manifest_text(),
        }
        files = {name: text.encode() for name, text in texts.items()}
        for name in kept_assets():
            files[f"{ASSETS_AT}/{name}"] = (page_assets() / name).read_bytes()
        return _script(worker_keeping(files, twins))

    def _manifest_text(self) -> str:
        things = self._recognizer().collection
        return manifest_text(things.title, things.language, ASSETS_AT)


def _script(text: str) -> Response:
    return Response(text, media_type="text/javascript", headers=FRESH)


def _missing() -> Response:
    return JSONResponse({"error": "There is nothing here.", "code": "no_such_door"}, 404)
