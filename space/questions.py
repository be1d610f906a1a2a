"""What a stranger's question must look like before Gradio sees it: one place that knows the
parameters of each endpoint.

    clean_question("predict", {"data": [photo, 3]}, uploads)    the same, with nothing else in it

Gradio answers what it did not expect with a traceback in the log and an empty error.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.responses import JSONResponse

from data_cards.errors import NotAllowed
from space.uploads import is_upload

# In the order in which `space.endpoints` tells Gradio of them, which is their number.
ENDPOINTS = ("predict", "predict_batch", "similar", "classes", "feedback", "receipt")
LONGEST_TEXT = 1_000
LONGEST_SESSION = 100
FILE = {"_type": "gradio.FileData"}


class Refused(NotAllowed):
    """A request that stops at the door."""

    def __init__(self, status: int, code: str, sentence: str, wait: float = 0.0) -> None:
        super().__init__(sentence, code=code)
        self.status = status
        self.wait = wait

    def response(self) -> JSONResponse:
        """The refusal as an HTTP answer."""
        headers = {"Retry-After": str(max(1, math.ceil(self.wait)))} if self.wait else None
        return JSONResponse({"error": self.sentence, "code": self.code}, self.status, headers)


def read_question(body: bytes) -> dict[str, Any]:
    """The JSON object of a request. Raises Refused for anything else, for numbers that JSON
    does not have, and for text without UTF-8."""
    try:
        asked = json.loads(body, parse_constant=_no_constant)
        json.dumps(asked, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Refused(422, "bad_json", "This is not valid JSON.") from error
    if not isinstance(asked, dict):
        said = "A question is a JSON object with `data`, a list of parameters."
        raise Refused(422, "bad_json", said)
    return asked


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def name_of(asked: Mapping[str, Any], name: str) -> str:
    """The endpoint that is asked: by its name in the address, or by its number in the question.
    Raises Refused where there is none."""
    if not name:
        number = asked.get("fn_index")
        whole = isinstance(number, int) and not isinstance(number, bool)
        if whole and 0 <= int(str(number)) < len(ENDPOINTS):
            return ENDPOINTS[int(str(number))]
    if name in ENDPOINTS:
        return name
    known = ", ".join(f"/{one}" for one in ENDPOINTS)
    raise Refused(404, "no_such_endpoint", f"There is no such endpoint. There are {known}.")


def clean_question(
    name: str, asked: Mapping[str, Any], defaults: Sequence[Any], uploads: Path
) -> dict[str, Any]:
    """The question with every parameter of the kind that it has to be, and nothing that is not
    ours. Raises Refused."""
    given = asked.get("data")
    if not isinstance(given, list):
        raise Refused(422, "bad_parameters", "`data` must be a list of parameters.")
    full = completed(name, given, defaults)
    checks = PARAMETERS[name]
    data = [check(value, uploads) for check, value in zip(checks, full, strict=True)]
    session = asked.get("session_hash")
    if session is not None and not _is_name(session):
        raise Refused(422, "bad_session", "`session_hash` must be a short text.")
    kept = {"session_hash": session} if session is not None else {}
    if "fn_index" in asked:
        kept |= {"fn_index": ENDPOINTS.index(name)}
    return {"data": data, **kept}


def completed(name: str, given: list[Any], defaults: Sequence[Any]) -> list[Any]:
    """The parameters of an endpoint with the ones that were left out. Raises Refused when too
    few or too many."""
    full = [*given, *defaults[len(given) :]]
    if len(full) > len(defaults) or None in full[len(given) :]:
        needed = sum(value is None for value in defaults)
        few = f"{needed} parameter{'s' * (needed != 1)}"
        many = f", at most {len(defaults)}" * (needed < len(defaults))
        said = f"/{name} takes {few}{many}; {len(given)} came."
        raise Refused(422, "bad_parameters", said)
    return full


def _photo(value: Any, uploads: Path) -> dict[str, Any]:
    path = value.get("path") if isinstance(value, dict) else None
    if not is_upload(path, uploads):
        raise Refused(
            422,
            "not_uploaded",
            "Photos are uploaded to /gradio_api/upload first; addresses and other files are not "
            "opened.",
        )
    return {"path": path, "meta": FILE}


def _photos(value: Any, uploads: Path) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise Refused(422, "bad_batch", "A batch must be a list of photos.")
    return [_photo(one, uploads) for one in value]


def _number(value: Any, uploads: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e9:
        raise Refused(422, "bad_number", "The number of results must be a number.")
    return value


def _text(value: Any, uploads: Path) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        said = f"This parameter is a text of at most {LONGEST_TEXT} letters."
        raise Refused(422, "bad_text", said)
    return value


def _choice(value: Any, uploads: Path) -> bool:
    if not isinstance(value, bool):
        raise Refused(422, "bad_choice", "`consent` must be true or false.")
    return value


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_SESSION and value.isprintable()


PARAMETERS: dict[str, tuple[Callable[[Any, Path], Any], ...]] = {
    "predict": (_photo, _number),
    "predict_batch": (_photos,),
    "similar": (_photo, _number),
    "classes": (),
    "feedback": (_text, _text, _choice),
    "receipt": (_text,),
}
NAMES: dict[str, tuple[str, ...]] = {
    "predict": ("image", "top_k"),
    "predict_batch": ("images",),
    "similar": ("image", "k"),
    "classes": (),
    "feedback": ("prediction_id", "label", "consent"),
    "receipt": ("receipt",),
}
