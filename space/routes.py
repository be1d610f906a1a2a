"""Routes of our own beside Gradio's: health, what the room is about, pictures, and the files of
the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from markupsafe import escape
from starlette.staticfiles import StaticFiles

from curation.light_table.session.thumbnails import Prints
from data_cards.errors import BadPhoto, MissingFile, NoModelYet, TooBusy, VitrineError
from data_cards.installed_files import page_assets, page_file
from data_cards.wording import in_every_text, shown
from space.agents.api_pages import LINK
from space.api import Recognizer, picture_of, refusal
from space.app_state import AppState
from space.request_guard import POLICY
from space.settings import SpaceSettings
from train.release.twin import SMALL_TWIN, TWIN

ASSETS = page_assets()
# Pixels of a reference picture on the page: in a list, and alone.
PRINT_SIDES = (320, 640)
MOST_PRINTS = 16_000_000  # bytes of them kept in memory: some hundred things
OPEN_GRAPH = re.compile(r'<meta property="og:[^>]*>\n')
DESCRIPTION = re.compile(r'<meta name="description" content="([^"]*)">')
# Files of the page's own, and the page itself ("./"): not a place inside it, nor another site.
OWN_FILES = re.compile(r'\b(href|src)="(?:\./)?((?![#/]|\w+:)[^"]*)')
MOST_WORDS = 200  # letters: what a shared link shows
SHA256 = re.compile(r"[0-9a-f]{64}")
# `/assets` is taken by Gradio.
ASSETS_AT = "vitrine"
FRESH = {"Cache-Control": "no-cache"}
# A page that is isolated from others may share memory, so that several threads compute.
ISOLATED = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
# A worker has a policy of its own, which comes with its file: onnxruntime is WebAssembly.
OF_ASSETS = FRESH | {
    "Content-Security-Policy": POLICY.replace(
        "script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'"
    ),
    "Cross-Origin-Embedder-Policy": "require-corp",
}
_CONFIG = 'export const SPACE = new URL(".", import.meta.url).href;\n'
BLUR_FACES = "export const BLUR_FACES = true;\n"
_TWINS = (("TWIN", TWIN), ("SMALL_TWIN", SMALL_TWIN))
_WITH_LIGHT_TABLE = 'export const LIGHT_TABLE = "light-table/static/light_table.js";\n'
# The pictures are public and shown on pages of other origins (GitHub Pages).
PICTURE_HEADERS = {
    "Cache-Control": "public, max-age=86400",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def pages(
    app_state: AppState,
    notice: Callable[[], str] = lambda: "",
    has_quiz: Callable[[], bool] = lambda: False,
) -> APIRouter:
    """/healthz, /room, /similar-photo/<image_id>, /reference/<class_id>.

    `notice`: what visitors are told while the model is missing or provisional; empty otherwise;
    `has_quiz`: whether they are offered one.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    def health() -> JSONResponse:
        try:
            model = app_state.recognizer().model
        except VitrineError as error:
            return _not_ready(error, {"ready": False})
        return JSONResponse({"ready": True, "model": model}, headers={"Cache-Control": "no-store"})

    @router.get("/room")
    def about() -> JSONResponse:
        try:
            recognizer = app_state.recognizer()
        except NoModelYet as error:
            return _not_ready(error, {"error": notice() or error.sentence})
        except VitrineError as error:
            return _not_ready(error, {})
        told = room_of(recognizer, notice(), app_state.archive.table is not None)
        told["quiz"] = has_quiz()
        return JSONResponse(in_every_text(told, shown), headers={"Cache-Control": "no-cache"})

    @router.get("/similar-photo/{image_id}")
    def similar_photo(image_id: str) -> Response:
        return _picture(
            app_state.recognizer().thumbnail(image_id)
            if SHA256.fullmatch(image_id)
            and app_state.ready
            and not app_state.archive.is_erased(image_id)
            else None
        )

    router.add_api_route("/reference/{class_id}", _references(app_state))
    return router


def _references(app_state: AppState) -> Callable[..., Response]:
    """Reference pictures as small prints, the latest kept in memory."""

    def stored(name: str) -> bytes:
        data = app_state.recognizer().reference(name.rpartition("/")[2])
        if data is None:
            raise MissingFile("There is no reference picture of this class.")
        return data

    prints = Prints(stored, MOST_PRINTS)

    def reference(class_id: str, side: int = PRINT_SIDES[0]) -> Response:
        if not app_state.ready or class_id not in app_state.recognizer().collection:
            return _picture(None)
        revision = app_state.recognizer().model.get("revision")
        shown = next((one for one in PRINT_SIDES if one >= side), PRINT_SIDES[-1])
        try:
            return _picture(prints.get(f"{revision}/{class_id}", shown))
        except (MissingFile, BadPhoto):
            return _picture(None)

    return reference


def room_of(recognizer: Recognizer, notice: str = "", takes_photos: bool = False) -> dict[str, Any]:
    """What the page is told of the collection. `takes_photos`: there is a dataset to keep them."""
    things = recognizer.collection
    return {
        "name": things.name,
        "title": things.title,
        "description": things.description,
        "subject": things.subject,
        "language": things.language,
        "intended_use": things.intended_use,
        "consent": things.consent,
        "legal_basis": things.legal_basis,
        **things.words,
        "classes": len(things.ids),
        "notice": notice,
        "revision": recognizer.model.get("revision"),
        "keeps_photos": takes_photos and not things.is_about_people,
    }


def serve_page(
    app: FastAPI,
    config: Callable[[Collection[str]], str],
    recognizer: Callable[[], Recognizer],
    twins: Callable[[], Collection[str]] = tuple,
) -> None:
    """The page at `/`, the one that GitHub Pages shows as well, and its files.

    Only its `config.js` differs: the app is this one, where there is a dataset there is a light
    table, and where the release has `twins` the page offers them. `config(twins)`: its text.
    """
    page = own_page()

    def headers() -> dict[str, str]:
        return FRESH | ISOLATED if twins() else FRESH

    def show(request: Request) -> Response:
        return HTMLResponse(front_page(request, recognizer), headers=headers() | {"Link": LINK})

    def thing_below(root: str) -> Callable[..., Response]:
        below = below_root(page, root)

        def thing(request: Request, class_id: str) -> Response:
            try:
                known = recognizer()
            except VitrineError:
                return HTMLResponse(below, headers=FRESH)
            base = base_of(request.headers, request.app.state.settings)
            if class_id in known.collection:
                picture = large_picture_of(known, class_id, base)
                told = thing_shared_as(below, known, class_id, picture)
                return HTMLResponse(told, headers=headers())
            return HTMLResponse(shared_as(below, known, f"{base}/"), 404, headers=headers())

        return thing

    def configured() -> Response:
        return Response(config(twins()), media_type="text/javascript", headers=FRESH)

    reading = ["GET", "HEAD"]
    app.add_api_route("/", show, methods=reading, include_in_schema=False)
    for path, root in (("/thing/{class_id}", "../"), ("/thing/{class_id}/", "../../")):
        app.add_api_route(path, thing_below(root), methods=reading, include_in_schema=False)
    app.add_api_route("/config.js", configured, methods=reading, include_in_schema=False)
    app.mount(f"/{ASSETS_AT}", _Fresh(directory=ASSETS), name=ASSETS_AT)


def own_page() -> str:
    """The page as the app serves it, about no collection yet."""
    return page_file().read_text("utf-8").replace('"assets/', f'"{ASSETS_AT}/')


def front_page(request: Request, recognizer: Callable[[], Recognizer]) -> str:
    """The page at `/` as it is now: it opens before there is a model."""
    try:
        known = recognizer()
    except VitrineError:
        return own_page()
    base = base_of(request.headers, request.app.state.settings)
    return shared_as(own_page(), known, f"{base}/")


def config_of_app(with_light_table: bool, blurs_faces: bool, twins: Collection[str]) -> str:
    """config.js of an app's own page."""
    parts = (_WITH_LIGHT_TABLE * with_light_table, BLUR_FACES * blurs_faces)
    return _CONFIG + "".join(parts) + twins_config(twins) * bool(twins)


def twins_config(twins: Collection[str]) -> str:
    """In config.js, where the twins lie, the whole one first; empty for one that isn't there."""
    places = {name: f"{folder}/" if folder in twins else "" for name, folder in _TWINS}
    return "".join(f'export const {name} = "{at}";\n' for name, at in places.items())


def shared_as(page: str, recognizer: Recognizer, base: str) -> str:
    """The page with the collection's own title, words and picture, for whoever is sent its
    address. `base`: the app's address, with a slash at its end."""
    things = recognizer.collection
    pictured = next((one.id for one in things.classes if recognizer.reference(one.id)), None)
    picture = f"{base}reference/{pictured}" if pictured else ""
    return _with_preview(page, things.title, things.description, picture)


def thing_shared_as(page: str, recognizer: Recognizer, class_id: str, picture: str | None) -> str:
    """The page for somebody who was sent the address of one thing. `picture`: the address of its
    picture, where it has one."""
    things = recognizer.collection
    about = things.info(class_id)
    words = about.to_json()["summary"] or things.description  # a draft is not told
    return _with_preview(page, f"{about.title} · {things.title}", words, picture or "")


def large_picture_of(recognizer: Recognizer, class_id: str, base: str) -> str | None:
    """The address of a thing's picture, as large as there is one. `base`: the app's address."""
    picture = picture_of(recognizer, class_id, base)
    return f"{picture}?side={PRINT_SIDES[-1]}" if picture and "/reference/" in picture else picture


def base_of(headers: Mapping[str, str], settings: SpaceSettings) -> str:
    """The app's address without a slash at its end: the host that was asked."""
    scheme = (
        headers.get("x-forwarded-proto", "http").split(",")[0] if settings.behind_proxy else "http"
    )
    return f"{scheme}://{headers.get('host', '')}"


def below_root(page: str, root: str) -> str:
    """The page as served below the folder it is in; `root` leads there."""
    return OWN_FILES.sub(lambda found: f'{found[1]}="{root}{found[2]}', page)


def _with_preview(page: str, title: str, words: str, picture: str) -> str:
    """The page with this title, and what is shown where its address is sent to somebody. All of it
    was written by somebody, and becomes text."""
    words = " ".join(words.split())[:MOST_WORDS] or DESCRIPTION.search(page)[1]  # type: ignore[index]
    told = {"og:title": title, "og:description": words, "og:type": "website"}
    if picture:
        told |= {"og:image": picture, "twitter:card": "summary_large_image"}
    rest = OPEN_GRAPH.sub("", page)
    rest = DESCRIPTION.sub(lambda _: f'<meta name="description" content="{escape(words)}">', rest)
    rest = rest.replace("<title>Vitrine</title>", f"<title>{escape(title)}</title>")
    tags = "".join(
        f'<meta property="{name}" content="{escape(value)}">\n' for name, value in told.items()
    )
    return rest.replace("</head>", f"{tags}</head>", 1)


class _Fresh(StaticFiles):
    """A browser asks each time whether a file changed: after an update, new modules must not
    meet old ones."""

    def file_response(self, *args: Any, **more: Any) -> Response:
        """The file, or that it is still the same."""
        made = super().file_response(*args, **more)
        made.headers.update(OF_ASSETS)
        return made


def _picture(data: bytes | None) -> Response:
    if data is None:
        return JSONResponse({"error": "There is no such picture.", "code": "missing"}, 404)
    return Response(data, media_type="image/jpeg", headers=PICTURE_HEADERS)


def _not_ready(error: VitrineError, more: dict[str, Any]) -> JSONResponse:
    # 503 either way: a health check must not send visitors to a model that could not be loaded.
    wait = "2" if isinstance(error, TooBusy) else "10" if isinstance(error, NoModelYet) else ""
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": wait} if wait else {})
    told = (
        refusal(error)
        if error.code in ("not_ready", "no_model_yet")
        else {
            "error": "The model could not be loaded. Whoever runs this finds the reason in its "
            "log.",
            "code": "no_model",
        }
    )
    return JSONResponse(told | more, 503, headers)
