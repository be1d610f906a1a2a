"""The annotator's tab: its files, and the routes that they talk to. No logic here.

`space` passes in who is signed in; every route checks again, and nobody else gets any data or
photo.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from starlette.concurrency import run_in_threadpool

from curation.light_table.pages.page import Page
from curation.light_table.pages.registry import pages_of
from curation.light_table.pages.rounds import Rounds
from curation.light_table.session.moves import NOT_UNDERSTOOD
from curation.light_table.session.table import LightTable
from curation.light_table.uploads import PIECE
from data_cards.errors import (
    BadPhoto,
    DiskFull,
    MissingFile,
    NotAllowed,
    UnknownClass,
    VitrineError,
)
from data_cards.storage.json_lines import read_object
from data_cards.wording import in_every_text, shown

PREFIX = "/light-table"
STATIC = Path(__file__).parent / "static"
MARK = ("x-vitrine", "light-table")
MOST_BYTES = 1_000_000
MOST_GROUPS = 500
MOST_MOVES = 2_000
SHA256 = re.compile(r"[0-9a-f]{64}")
STATUS: dict[type[VitrineError], int] = {
    MissingFile: 404,
    UnknownClass: 404,
    BadPhoto: 422,
    NotAllowed: 403,
    DiskFull: 507,
}
# A print never changes; a day is short enough for an erased photo to leave the annotators' caches
# too.
PRINT_HEADERS = {
    "Cache-Control": "private, max-age=86400, immutable",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}

Who = Callable[[Request], str | None]
Answer = Callable[[str], Response | dict[str, Any] | list[Any]]
Answering = Callable[[Request, Answer], Awaitable[Response]]


def light_table_router(
    table: LightTable,
    who: Who,
    is_owner: Callable[[str], bool] = lambda name: True,
    rounds: Rounds | None = None,
) -> APIRouter:
    """Routes of the tab. `who(request)`: the name of a signed-in annotator who is allowed in,
    else None. `is_owner(name)`: whether an annotator may also see and use the owner's pages.
    `rounds`: the trainings of this table, where it is served with a model."""
    router = APIRouter(prefix=PREFIX, include_in_schema=False)

    async def answer(request: Request, make: Answer) -> Response:
        return await run_in_threadpool(_answer, request, who, make)

    _add_queue(router, table, answer)
    _add_pages(router, pages_of(table, is_owner, rounds), is_owner, answer)
    _add_photos(router, table, answer)
    router.get("/static/{name:path}")(_static)
    return router


def _add_queue(router: APIRouter, table: LightTable, answer: Answering) -> None:
    """What is asked, and what people decide."""

    @router.get("/look")
    async def look(request: Request, pile: str | None = None, count: int = 8) -> Response:
        return await answer(request, lambda name: table.look(name, pile, count))

    @router.post("/moves")
    async def moves(request: Request) -> Response:
        body = await _body(request)
        return await answer(request, lambda name: _act(table, name, body))

    @router.post("/refuse")
    async def refuse(request: Request) -> Response:
        body = await _body(request)
        return await answer(request, lambda name: _refuse(table, name, body))

    @router.get("/grid")
    async def grid(request: Request, label: str, suggested: str | None = None) -> Response:
        return await answer(request, lambda name: table.grid(name, label, suggested))

    @router.get("/item/{image_id}")
    async def item(request: Request, image_id: str) -> Response:
        return await answer(request, lambda name: table.item(name, image_id))

    @router.get("/classes")
    async def classes(request: Request) -> Response:
        return await answer(request, lambda name: table.classes())

    @router.post("/send")
    async def send(request: Request) -> Response:
        return await answer(request, lambda name: table.sending.now())


def _add_pages(
    router: APIRouter,
    pages: Mapping[str, Page],
    is_owner: Callable[[str], bool],
    answer: Answering,
) -> None:
    """The pages beside the queue; some are for the owner only."""

    @router.get("/pages")
    async def names(request: Request) -> Response:
        return await answer(
            request,
            lambda name: [
                {"name": page.name, "title": page.title}
                for page in pages.values()
                if is_owner(name) or not page.of_owner
            ],
        )

    @router.get("/page/{page}")
    async def show(request: Request, page: str) -> Response:
        asked = dict(request.query_params)
        return await answer(request, lambda name: _page(page, name).show(name, asked))

    @router.post("/page/{page}")
    async def use(request: Request, page: str) -> Response:
        body = await _body(request)
        return await answer(
            request,
            lambda name: _page(page, name).act(name, body if isinstance(body, dict) else {}),
        )

    @router.post("/upload")
    async def upload(request: Request, file: str, offset: int = 0) -> Response:
        data = await _bytes(request, PIECE)
        return await answer(request, lambda name: _upload(name, file, offset, data))

    def _upload(name: str, file: str, offset: int, data: bytes | None) -> dict[str, Any]:
        put = _page("add", name).put  # who may add photos, may send some
        if data is None or put is None:
            raise VitrineError("This piece of a file is too large. Load the page again.")
        return {"have": put(name, file, offset, data)}

    def _page(page: str, name: str) -> Page:
        if page not in pages:
            raise MissingFile("The light table has no such page.")
        if pages[page].of_owner and not is_owner(name):
            raise NotAllowed("This page is for the owner of the collection.")
        return pages[page]


def _add_photos(router: APIRouter, table: LightTable, answer: Answering) -> None:
    """Photos, and pictures of classes, as JPEG."""

    @router.get("/photo/{image_id}")
    async def photo(
        request: Request, image_id: str, side: int = 1280, whole: bool = False
    ) -> Response:
        return await answer(request, lambda name: _photo(table, image_id, side, whole))

    @router.get("/reference/{class_id}")
    async def reference(request: Request, class_id: str, side: int = 320) -> Response:
        return await answer(request, lambda name: _reference(table, class_id, side))


async def _static(name: str) -> Response:
    # Only what is listed here: a name that leads elsewhere is in no list.
    files = (path for path in STATIC.rglob("*") if path.suffix in (".js", ".css"))
    known = {path.relative_to(STATIC).as_posix(): path for path in files}
    if name not in known:
        return _refusal(404, "There is no such file.", "missing")
    return FileResponse(known[name], headers={"Cache-Control": "no-cache"})


def _answer(request: Request, who: Who, make: Answer) -> Response:
    """Check who asks, do it, and turn what comes back, or goes wrong, into a response."""
    if request.method != "GET" and request.headers.get(MARK[0]) != MARK[1]:
        return _refusal(403, "This page is out of date. Load it again.", "not_from_the_page")
    name = who(request)
    if not name:
        return _refusal(401, "Sign in to use the light table.", "sign_in")
    try:
        made = make(name)
    except VitrineError as error:
        return _refusal(STATUS.get(type(error), 400), error.sentence, error.code)
    return (
        made
        if isinstance(made, Response)
        else JSONResponse(in_every_text(made, shown), headers={"Cache-Control": "no-store"})
    )


def _act(table: LightTable, name: str, body: Any) -> dict[str, Any]:
    if not isinstance(body, dict) or not _are_groups(body.get("groups")):
        raise VitrineError(NOT_UNDERSTOOD)
    pile = body.get("pile")
    return table.act(name, body["groups"], pile if isinstance(pile, str) else None)


def _refuse(table: LightTable, name: str, body: Any) -> dict[str, Any]:
    photos = body.get("photos") if isinstance(body, dict) else None
    if not isinstance(photos, list) or len(photos) > MOST_MOVES:
        raise VitrineError(NOT_UNDERSTOOD)
    return table.refuse(name, str(body.get("label")), [str(photo) for photo in photos])


def _are_groups(groups: Any) -> bool:
    if not isinstance(groups, list) or len(groups) > MOST_GROUPS:
        return False
    fit = all(isinstance(group, list) and 0 < len(group) <= MOST_MOVES for group in groups)
    return fit and all(isinstance(move, dict) for group in groups for move in group)


def _photo(table: LightTable, name: str, side: int, whole: bool = False) -> Response:
    """As people framed it, or the `whole` photo as it is stored."""
    if not SHA256.fullmatch(name):
        raise MissingFile("There is no such photo.")
    wanted = f"whole/{name}" if whole else table.print_of(name)
    return Response(table.prints.get(wanted, side), media_type="image/jpeg", headers=PRINT_HEADERS)


def _reference(table: LightTable, class_id: str, side: int) -> Response:
    # People may choose another picture at any moment.
    headers = PRINT_HEADERS | {"Cache-Control": "private, max-age=60"}
    return Response(
        table.prints.get(table.picture_of(class_id), side), media_type="image/jpeg", headers=headers
    )


async def _bytes(request: Request, most: int) -> bytes | None:
    """What a request brings; None when it is too long."""
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > most:
            return None
    return bytes(read)


async def _body(request: Request) -> Any:
    """The JSON object of a request; None when it is none, or too long."""
    read = await _bytes(request, MOST_BYTES)
    try:
        return None if read is None else read_object(read)
    except ValueError:
        return None


def _refusal(status: int, sentence: str, code: str) -> JSONResponse:
    return JSONResponse(
        {"error": sentence, "code": code}, status, headers={"Cache-Control": "no-store"}
    )
