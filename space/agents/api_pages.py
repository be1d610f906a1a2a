"""What programs read of the app: an OpenAPI description, and the same in words for agents.

GET /openapi.json        GET /agents.md        both named in the page's Link header
"""

from __future__ import annotations

from collections.abc import Mapping
from inspect import getdoc
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse

from space.api import Endpoints, sent_to
from space.questions import ENDPOINTS

LINK = '<openapi.json>; rel="service-desc", <agents.md>; rel="service-doc"'
GETS = {
    "/healthz": "Whether questions can be answered, and by which model revision.",
    "/room": "What the collection is about: title, description, how many classes.",
    "/similar-photo/{image_id}": "A small JPEG of a labelled photo that an answer named.",
    "/reference/{class_id}": "The reference picture of a class (JPEG).",
}
CALL = "/gradio_api/call/{name}"
PHOTO = {"path": "what POST /gradio_api/upload gave", "meta": {"_type": "gradio.FileData"}}


def api_pages(title: str, version: str, with_mcp: bool) -> APIRouter:
    """The two routes."""
    router = APIRouter(include_in_schema=False)

    @router.get("/openapi.json")
    def described() -> JSONResponse:
        return JSONResponse(openapi(title, version))

    @router.get("/agents.md")
    def told() -> PlainTextResponse:
        return PlainTextResponse(agents_text(title, with_mcp), media_type="text/markdown")

    return router


def openapi(title: str, version: str) -> dict[str, Any]:
    """OpenAPI 3.1 of our routes and of the named endpoints, which are asked in two steps."""
    paths: dict[str, Any] = {
        "/gradio_api/upload": {
            "post": {
                "summary": "Upload photos (multipart field `files`); a list of paths comes back.",
                "operationId": "upload",
                "requestBody": {
                    "content": {
                        "multipart/form-data": {
                            "schema": {
                                "type": "object",
                                "properties": {
                                    "files": {
                                        "type": "array",
                                        "items": {"type": "string", "format": "binary"},
                                    }
                                },
                            }
                        }
                    }
                },
                "responses": _answers({"type": "array", "items": {"type": "string"}}),
            }
        }
    }
    for name in ENDPOINTS:
        paths[CALL.format(name=name)] = {"post": _asked(name)}
        paths[f"{CALL.format(name=name)}/{{event_id}}"] = {"get": _heard(name)}
    for path, words in GETS.items():
        paths[path] = {"get": _get(path, words)}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": words_of_answers()},
        "paths": paths,
    }


def agents_text(title: str, with_mcp: bool) -> str:
    """The same for a language model: what to ask, and how to read the answer."""
    endpoints = "\n".join(f"- `/{name}`: {_summary(name)}" for name in ENDPOINTS)
    routes = "\n".join(f"- `GET {path}`: {words}" for path, words in GETS.items())
    mcp = "\nAs MCP tools (`name_photo`, `similar`, `classes`): `/mcp/`.\n" if with_mcp else ""
    return (
        f"# {title}\n\n{words_of_answers()}\n{mcp}\n## Endpoints\n\nThrough `gradio_client`: "
        '`Client(URL).predict(handle_file(photo), api_name="/predict")`. Over HTTP: POST the '
        'photo to `/gradio_api/upload`, POST `{"data": [...]}` to `/gradio_api/call/NAME`, GET '
        "`/gradio_api/call/NAME/EVENT_ID` and read the last `data:` line. `/openapi.json` has the "
        f"details.\n\n{endpoints}\n\n{routes}\n"
    )


def words_of_answers() -> str:
    """How an answer is read."""
    return (
        "An answer is `sure`, `one_of` (several are possible: show the candidates) or `none` "
        "(nothing of this collection is in the photo: say so, and name nothing). Confidences are "
        "calibrated. What cannot be answered comes as {error, code} with a sentence to act on."
    )


def _asked(name: str) -> dict[str, Any]:
    parameters = sent_to(name)
    example = [
        PHOTO if one.name == "image" else [PHOTO] if one.name == "images" else _default(one.default)
        for one in parameters
    ]
    schema = {
        "type": "object",
        "required": ["data"],
        "properties": {
            "data": {
                "type": "array",
                "description": ", ".join(one.name for one in parameters),
                "examples": [example],
            }
        },
    }
    return {
        "summary": _summary(name),
        "operationId": f"ask_{name}",
        "requestBody": {"content": {"application/json": {"schema": schema}}},
        "responses": _answers({"type": "object", "properties": {"event_id": {"type": "string"}}}),
    }


def _default(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool) else "..."


def _heard(name: str) -> dict[str, Any]:
    return {
        "summary": f"The answer of {name}, as an event stream; its last line holds JSON.",
        "operationId": f"hear_{name}",
        "parameters": [_in_path("event_id")],
        "responses": {"200": {"description": "answer", "content": {"text/event-stream": {}}}},
    }


def _get(path: str, words: str) -> dict[str, Any]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    kind = "image/jpeg" if names else "application/json"
    return {
        "summary": words,
        "operationId": path.strip("/").partition("/")[0].replace("-", "_"),
        "parameters": [_in_path(name) for name in names],
        "responses": {"200": {"description": "there", "content": {kind: {}}}},
    }


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _answers(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "200": {"description": "taken", "content": {"application/json": {"schema": dict(schema)}}},
        "422": {"description": "{error, code}"},
        "429": {"description": "too many questions; Retry-After says when to ask again"},
    }


def _summary(name: str) -> str:
    return (getdoc(getattr(Endpoints, name)) or "").partition("\n\n")[0].replace("\n", " ")
