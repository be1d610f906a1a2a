"""Turn any error that a decoder or encoder raises into a sentence about that photo."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from data_cards.errors import BadPhoto, VitrineError

Given = ParamSpec("Given")
Made = TypeVar("Made")
DAMAGED = "This photo is damaged and cannot be read."
TOO_LARGE = "This photo takes more memory than there is. Save it smaller."


def of_one_photo(function: Callable[Given, Made]) -> Callable[Given, Made]:
    """Raise BadPhoto for every error but our own: libraries for a dozen formats raise what they
    like, and one photo must not stop the others."""

    @wraps(function)
    def told(*given: Given.args, **named: Given.kwargs) -> Made:
        try:
            return function(*given, **named)
        except VitrineError:
            raise
        except MemoryError as error:
            raise BadPhoto(TOO_LARGE, cause=repr(error)) from error
        except Exception as error:
            raise BadPhoto(DAMAGED, cause=repr(error)) from error

    return told
