"""The page as Gradio is told to build it; how it looks and works is in tests/browser/."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from space.api import ENDPOINTS, Endpoints, parameters_of
from space.gradio_page import build_page, page_options
from space.settings import SpaceSettings
from tests.fixtures.colours import Colours
from tests.fixtures.visitors import in_a_loop

SETTINGS = SpaceSettings("colours", at_once=3, waiting_room=7, most_photo_bytes=1000)


def page(light_table: Any = None) -> Any:
    """The page of a desk that knows six paintings."""
    recognizer = Colours()
    endpoints = Endpoints(lambda: recognizer, lambda: None, lambda receipt: {}, lambda: Path())  # type: ignore[arg-type, return-value]
    return in_a_loop(lambda: build_page(endpoints, SETTINGS, light_table))


def labels(built: Any) -> list[str]:
    """The tabs' names."""
    return [block.label for block in built.blocks.values() if type(block).__name__ == "Tab"]


def test_there_is_a_light_table_only_where_there_is_a_dataset() -> None:
    asked = []
    assert labels(page()) == ["Ask"]
    assert labels(page(lambda: asked.append(True))) == ["Ask", "Light table"]
    assert asked == [True]


def test_every_endpoint_is_public_and_its_defaults_are_those_that_call_fills_in() -> None:
    made = {fn.api_name: fn for fn in page().fns.values()}
    assert set(made) == set(ENDPOINTS)
    for name, fn in made.items():
        assert tuple(block.value for block in fn.inputs) == parameters_of(name)
        assert fn.api_visibility == "public"


def test_the_queue_is_closed_to_shortcuts_bounded_and_keeps_no_statistics() -> None:
    built = page()
    assert built.api_open is False
    assert (built._queue.max_size, built._queue.default_concurrency_limit) == (7, 3)
    often = built._queue.ANAYLTICS_CACHE_FREQUENCY
    assert often == sys.maxsize


def test_uploads_are_deleted_again() -> None:
    frequency, age = page().delete_cache
    assert frequency <= 60 and age <= 600


@pytest.mark.parametrize("option", ["show_error", "run_history", "mcp_server", "enable_monitoring"])
def test_what_tells_strangers_too_much_is_off(option: str) -> None:
    assert page_options(SETTINGS)[option] is False
