"""What the visitor's page asks beside the endpoints of the API: JSON in, JSON out, with the HTTP
status that fits.

    POST /suggestion {prediction_id, label, consent, words} -> {receipt}
    POST /hunt/found {prediction_id} -> {found}     GET /hunt/counts -> {finds: {class id: number}}
    POST /why {prediction_id, label} -> {grid: 4 rows of 4 chances}
    POST /outline {prediction_id, label} -> {corners: four [x, y] or null}
    POST /quiz/round {after} -> {round, questions: [{choices: [{label, title}]}]}
    POST /quiz/answer {round, number, label} -> {known: {label, title} or null, right}
    GET /quiz/photo/<round>/<number> -> a JPEG
    POST /take-back {receipt} -> {receipt, fate, sentence}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from data_cards.errors import NotAllowed, VitrineError
from space.api import Answer, Endpoints, refusal
from space.hunt.finds import Finds
from space.questions import Refused, read_question
from space.quiz.quiz import Quiz
from space.rate_limit import client_of
from space.settings import SpaceSettings

# HTTP statuses by the code of a refusal; every other bad request is 422.
STATUS = {
    "too_many": 429,
    "inbox_full": 503,
    "not_ready": 503,
    "no_model_yet": 503,
    "unknown_prediction": 404,
    "unknown_receipt": 404,
    "no_why": 404,
    "no_quiz": 404,
    "no_quiz_now": 404,
    "unknown_round": 404,
    "not_your_receipt": 403,
}


Asked = Callable[[Answer, str], Answer]  # the question and who asks -> the answer
# Shown on pages of other origins too (GitHub Pages), and kept by no browser: it may be erased.
PHOTO_HEADERS = {"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "cross-origin"}


def visitor_routes(
    endpoints: Endpoints, finds: Finds, quiz: Quiz, settings: SpaceSettings
) -> APIRouter:
    """The routes, which answer as `endpoints` does."""
    router = APIRouter(include_in_schema=False)

    def add(path: str, asked: Asked) -> None:
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

    def found(body: Answer, client: str) -> Answer:
        return dict(endpoints.found(body.get("prediction_id"), client=client))

    def counts() -> Response:
        return JSONResponse({"finds": finds.counts()}, headers={"Cache-Control": "no-store"})

    add("/take-back", take_back)

    def why(body: Answer, client: str) -> Answer:
        asked = (body.get("prediction_id"), body.get("label"))
        return dict(endpoints.why(*asked, client=client))

    _quiz_routes(router, add, quiz)

    def outline(body: Answer, client: str) -> Answer:
        asked = (body.get("prediction_id"), body.get("label"))
        return dict(endpoints.outline(*asked, client=client))

    add("/outline", outline)
    add("/hunt/found", found)
    add("/why", why)
    router.add_api_route("/hunt/counts", counts)
    return router


def _quiz_routes(router: APIRouter, add: Callable[[str, Asked], None], quiz: Quiz) -> None:
    def begin(body: Answer, client: str) -> Answer:
        return dict(quiz.begin(body.get("after"), client=client))

    def answer(body: Answer, client: str) -> Answer:
        return dict(quiz.answer(*(body.get(name) for name in ("round", "number", "label"))))

    def photo(name: str, number: int) -> Response:
        try:
            shown = quiz.picture(name, number)
        except VitrineError as error:
            return JSONResponse(refusal(error), 404, {"Cache-Control": "no-store"})
        return Response(shown, media_type="image/jpeg", headers=PHOTO_HEADERS)

    add("/quiz/round", begin)
    add("/quiz/answer", answer)
    router.add_api_route("/quiz/photo/{name}/{number}", photo)


async def _object(request: Request) -> dict[str, Any] | None:
    try:
        return read_question(await request.body())
    except Refused:
        return None


def _client(request: Request, settings: SpaceSettings) -> str:
    host = request.client.host if request.client else ""
    return client_of(request.headers, host, settings.behind_proxy)
