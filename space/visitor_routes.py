"""What the visitor's page asks beside the endpoints of the API: JSON in, JSON out, with the HTTP
status that fits.

    POST /suggestion {prediction_id, label, consent, words} -> {receipt}
    POST /take-back {receipt} -> {receipt, fate, sentence}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from data_cards.errors import NotAllowed
from space.api import Answer, Endpoints, refusal
from space.questions import Refused, read_question
from space.rate_limit import client_of
from space.settings import SpaceSettings

# By the code of a refusal; whatever else was asked wrongly is 422.
STATUS = {
    "too_many": 429,
    "inbox_full": 503,
    "not_ready": 503,
    "no_model_yet": 503,
    "unknown_prediction": 404,
    "unknown_receipt": 404,
    "not_your_receipt": 403,
}


def visitor_routes(endpoints: Endpoints, settings: SpaceSettings) -> APIRouter:
    """The routes, which answer as `endpoints` does."""
    router = APIRouter(include_in_schema=False)

    def add(path: str, asked: Callable[[Answer, str], Answer]) -> None:
        async def route(request: Request) -> Response:
            body = await _object(request)
            if body is None:
                wrong = NotAllowed("A question is a JSON object.", code="bad_json")
                return JSONResponse(refusal(wrong), 422)
            told = await run_in_threadpool(asked, body, _client(request, settings))
            code = STATUS.get(str(told.get("code")), 422) if "error" in told else 200
            return JSONResponse(told, code, {"Cache-Control": "no-store"})

        router.add_api_route(path, route, methods=["POST"])

    def suggestion(body: Answer, client: str) -> Answer:
        told = (body.get(name) for name in ("prediction_id", "label", "consent", "words"))
        return dict(endpoints.suggest(*told, client=client))

    def take_back(body: Answer, client: str) -> Answer:
        return dict(endpoints.take_back(body.get("receipt"), client=client))

    add("/suggestion", suggestion)
    add("/take-back", take_back)
    return router


async def _object(request: Request) -> dict[str, Any] | None:
    try:
        return read_question(await request.body())
    except Refused:
        return None


def _client(request: Request, settings: SpaceSettings) -> str:
    host = request.client.host if request.client else ""
    return client_of(request.headers, host, settings.behind_proxy)
