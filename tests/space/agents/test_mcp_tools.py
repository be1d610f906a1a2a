"""Language models ask through MCP, with the real client over HTTP, and hear what visitors hear."""

from __future__ import annotations

import asyncio
import base64
import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from mcp import Client

from data_cards.photos.image import encode_jpeg
from space.agents.api_pages import agents_text, openapi
from tests.fixtures.tiny_models import picture
from tests.fixtures.visitors import built, serving, settings_in


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mcp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "uploads"))
        app = built(settings_in(folder, mcp=True, embedders=("https://museum.example",)))
        with serving(app) as url:
            yield url


def asked(place, tool, **given):
    async def ask():
        async with Client(f"{place.rstrip('/')}/mcp/") as client:
            answer = await client.call_tool(tool, given)
            return json.loads(answer.content[0].text)

    return in_a_thread(ask)


def tools(place):
    async def ask():
        async with Client(f"{place.rstrip('/')}/mcp/") as client:
            return {one.name: one for one in (await client.list_tools()).tools}

    return in_a_thread(ask)


def in_a_thread(ask):
    """What an asynchronous function gives; in a thread, since a browser's loop may run in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(ask())).result()


def photo(kind=0):
    return base64.b64encode(encode_jpeg(picture(kind, 3))).decode()


def test_three_tools_are_offered_with_what_they_do(place):
    offered = tools(place)
    assert set(offered) == {"name_photo", "similar", "classes"}
    assert "sure, one_of or none" in offered["name_photo"].description
    assert offered["name_photo"].input_schema["required"] == ["photo"]


def test_an_answer_keeps_its_kind_and_its_card(place):
    said = asked(place, "name_photo", photo=photo(), top_k=2)
    assert said["answer"] in ("sure", "one_of", "none") and len(said["candidates"]) == 2
    assert said["answer"] == "none" or said["card"]["id"] == said["label"]


def test_photos_alike_and_classes_are_told(place):
    assert {"image_id", "label", "score"} <= set(
        asked(place, "similar", photo=photo(), k=2)["photos"][0]
    )
    assert (
        asked(place, "classes")["classes"][0]["title"] and asked(place, "classes")["more"] is None
    )


@pytest.mark.parametrize("wrong", ["", "%%%", base64.b64encode(b"no photo").decode()])
def test_what_is_no_photo_is_answered_with_a_sentence(place, wrong):
    said = asked(place, "name_photo", photo=wrong)
    assert set(said) == {"error", "code"} and said["error"].endswith(".")


def test_the_api_is_described_where_the_page_says(place):
    with urllib.request.urlopen(place) as page:
        assert 'rel="service-desc"' in page.headers["Link"]
        assert page.headers["Content-Security-Policy"].endswith("https://museum.example")
    with urllib.request.urlopen(f"{place.rstrip('/')}/openapi.json") as answer:
        said = json.load(answer)
    assert "/gradio_api/call/predict" in said["paths"]
    with urllib.request.urlopen(f"{place.rstrip('/')}/agents.md") as answer:
        assert "`/mcp/`" in answer.read().decode()


def test_every_endpoint_is_described_and_each_name_is_used_once():
    said = openapi("Vitrine", "1")
    names = [one["operationId"] for path in said["paths"].values() for one in path.values()]
    assert len(names) == len(set(names)) and said["openapi"].startswith("3.")
    data = said["paths"]["/gradio_api/call/predict"]["post"]["requestBody"]["content"]
    (example,) = data["application/json"]["schema"]["properties"]["data"]["examples"]
    assert example[0]["meta"] == {"_type": "gradio.FileData"} and example[1] == 3
    assert "MCP" not in agents_text("Forts", with_mcp=False)
