"""What others see of the app: a shared link, a page that shows it inside its own, a Space's card."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from huggingface_hub import SpaceCard as HubSpaceCard

from data_cards.dataset.cards import SpaceCard, space_card
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.installed_files import page_file
from data_cards.storage.hub_client import refused
from space.deploy import SPACES, space_requirements, told_of
from space.request_guard import headers_for
from space.routes import below_root, shared_as, thing_shared_as

THINGS = Collection(
    "art",
    'Harbours & "Boats"',
    (ClassInfo("b1", "Two Boats"),),
    description="Eight <i>paintings</i>.",
)


def test_a_shared_link_shows_the_collection():
    known = SimpleNamespace(collection=THINGS, reference=lambda name: b"x")
    page = shared_as(page_file().read_text(), known, "https://ann-show.hf.space/")
    assert '<meta property="og:title" content="Harbours &amp; &#34;Boats&#34;">' in page
    assert '<meta property="og:description" content="Eight &lt;i&gt;paintings&lt;/i&gt;.">' in page
    assert '<meta property="og:image" content="https://ann-show.hf.space/reference/b1">' in page
    assert page.count("og:title") == 1 and "<title>Harbours &amp;" in page


def test_a_shared_thing_shows_itself_and_nothing_that_somebody_wrote_is_markup():
    told = 'Boats, "bright" & <script>alert(1)</script>\n  at noon.'
    kind = ClassInfo("b1", "Two <Boats>", summary=told)
    known = SimpleNamespace(collection=replace(THINGS, classes=(kind,)))
    page = thing_shared_as(page_file().read_text(), known, "b1", 'https://a.b/x?"><script>')
    title = "Two &lt;Boats&gt; · Harbours &amp; &#34;Boats&#34;"
    assert f'<meta property="og:title" content="{title}">' in page and f"<title>{title}<" in page
    told = "Boats, &#34;bright&#34; &amp; &lt;script&gt;alert(1)&lt;/script&gt; at noon."
    assert f'<meta property="og:description" content="{told}">' in page
    assert '"og:image" content="https://a.b/x?&#34;&gt;&lt;script&gt;">' in page
    assert page.count("<script") == 1 and page.count("og:title") == 1


def test_a_draft_is_not_told_and_a_thing_without_a_picture_has_none():
    kind = ClassInfo("b1", "Two Boats", summary="Not sure yet.", draft=True)
    known = SimpleNamespace(collection=replace(THINGS, classes=(kind,)))
    page = thing_shared_as(page_file().read_text(), known, "b1", None)
    assert "Not sure yet" not in page and "Eight &lt;i&gt;" in page and "og:image" not in page


def test_a_page_below_the_root_finds_its_files_and_keeps_its_places():
    page = '<a href="./">x</a><a href="#/receipts"><link href="assets/a.css"><script src="a.js">'
    assert below_root(page, "../") == page.replace('"./', '"../').replace('"a', '"../a')
    for kept in ('<a href="https://x.org/">', '<a href="/x">', '<a href="mailto:a@b.c">'):
        assert below_root(kept, "../") == kept


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://museum.example", True),
        ("http://127.0.0.1:8000", True),
        ("https://*.museum.example", True),
        ("https://a.b; script-src *", False),
        ("javascript:x", False),
        ("*", False),
    ],
)
def test_only_origins_that_the_owner_names_may_show_the_app(origin, allowed):
    policy = headers_for((origin,))["Content-Security-Policy"]
    assert policy.endswith(f"https://*.hf.space {origin}") is allowed
    assert ("; script-src *" in policy) is False


def test_the_front_matter_of_a_space_is_read_by_the_hub():
    card = SpaceCard(
        THINGS, "ann/show", "ann/art-vit", "3f2a", "ann/art", thumbnail="vitrine/x.jpg"
    )
    data = HubSpaceCard(space_card(card)).data
    assert (data.sdk, data.python_version, data.models) == ("gradio", "3.12", ["ann/art-vit"])
    assert data.datasets == ["ann/art"] and "vitrine" in data.tags
    said = data.to_dict()
    assert said["thumbnail"] == "https://huggingface.co/ann/art-vit/resolve/main/vitrine/x.jpg"
    assert len(said["short_description"]) <= 60
    (preloaded,) = said["preload_from_hub"]
    assert preloaded.startswith("ann/art-vit config.json,") and preloaded.endswith(" 3f2a")


def test_zero_gpu_brings_its_package_and_a_torch_that_reaches_the_gpu():
    pinned = "gradio[oauth]==6.31.0\ntorch==2.13.0\ntransformers==5.23.0"
    lines = space_requirements(pinned, exported=False, zero_gpu=True).splitlines()
    assert SPACES in lines and "torch==2.13.0" in lines and "--extra-index-url" not in lines[0]
    assert SPACES not in space_requirements(pinned, exported=True)


@pytest.mark.parametrize(
    ("hardware", "said"),
    [
        ("zero-a10g", "free account"),
        ("cpu-basic", "PRO account"),
        ("", "default"),
        ("t4-small", "money by the hour"),
    ],
)
def test_every_hardware_is_told_before_anything_is_pushed(hardware, said):
    assert said in told_of(hardware)


def test_who_is_asked_to_pay_hears_what_is_free():
    error = SimpleNamespace(response=SimpleNamespace(status_code=402))
    sentence = refused(error, "hf://ann/show", "space").sentence
    assert "--hardware zero-a10g" in sentence and "--static" in sentence
