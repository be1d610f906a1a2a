"""Each provider's answers, as its documentation gives them (tests/fixtures/recorded), become
hits with author, licence and page."""

import json
import sys
from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest

from curation.ingest.search import commons, europeana, flickr, inaturalist, openverse, web_images
from curation.ingest.search.query import Asking, Hit, Query, SearchSettings
from curation.ingest.search.registry import PROVIDERS, providers_for
from data_cards.dataset.collection import ClassInfo
from data_cards.errors import BadSource, NotFetched

RECORDED = json.loads((Path(__file__).parents[3] / "fixtures/recorded/searches.json").read_text())


GANESHA = Query("ganesha", "ganesha")


def asked_of(module, name, query=GANESHA, most=10):
    asked = []

    def ask(url, params):
        asked.append(dict(params))
        return RECORDED[name]

    return list(islice(module.search(Asking(ask, "my-key"), query), most)), asked


def test_commons_gives_a_ready_size_and_says_whose_it_is():
    hits, _ = asked_of(commons, "commons", most=2)
    assert hits == [
        Hit(
            "https://upload.wikimedia.org/thumb/1280px-a.jpg",
            "https://commons.wikimedia.org/wiki/File:Ganesha_Basohli.jpg",
            "Ganesha Basohli.jpg",
            "Ann & Bo",
            "CC BY-SA 4.0",
            3746,
            2400,
        ),
        Hit(
            "https://upload.wikimedia.org/small.png",
            "https://commons.wikimedia.org/wiki/File:Small_one.png",
            "Small one.png",
            "",
            "CC0",
            800,
            600,
        ),
    ]


def test_commons_does_not_ask_for_photos_of_an_item_that_is_another_thing():
    info = ClassInfo("ganesha", "Ganesha", wikidata="Q7914")

    def first_words(label):
        asked = []

        def ask(url, params):
            asked.append(dict(params))
            named = {"Q7914": {"labels": {"en": {"value": label}}}}
            return {"entities": named} if "ids" in params else RECORDED["commons"]

        query = Query("ganesha", "ganesha", "Q7914", info)
        next(commons.search(Asking(ask), query))
        return next(one["gsrsearch"] for one in asked if "gsrsearch" in one)

    assert "P180=Q7914" in first_words("Ganesha")
    assert first_words("Hanuman") == "ganesha filetype:bitmap"


def test_commons_asks_for_what_a_photo_depicts_first_and_goes_on_where_it_ended():
    hits, asked = asked_of(commons, "commons", Query("ganesha", "ganesha", "Q7914"), most=5)
    assert len(hits) == 5
    assert asked[0]["gsrsearch"] == "haswbstatement:P180=Q7914 filetype:bitmap"
    assert "gsroffset" not in asked[0]
    assert asked[1]["gsroffset"] == "50"


def test_openverse_leaves_out_what_is_not_for_everybody():
    hits, asked = asked_of(openverse, "openverse")
    assert [hit.url for hit in hits] == [
        "https://live.staticflickr.com/1.jpg",
        "https://live.staticflickr.com/2.jpg",
    ]
    assert (hits[0].author, hits[0].licence) == ("ann", "CC BY-SA 2.0")
    assert (hits[1].author, hits[1].licence, hits[1].page) == ("", "Public Domain Mark", "")
    assert len(asked) == 1


def test_inaturalist_gives_one_open_photo_of_an_observation():
    hits, _ = asked_of(inaturalist, "inaturalist")
    assert [hit.url for hit in hits] == [
        "https://inaturalist-open-data.s3.amazonaws.com/photos/5/large.jpg"
    ]
    assert (hits[0].author, hits[0].licence) == ("Ann A.", "CC BY-NC")


def test_europeana_is_asked_with_its_key():
    hits, asked = asked_of(europeana, "europeana")
    assert [hit.url for hit in hits] == ["https://museum.example/a.jpg"]
    assert asked[0]["wskey"] == "my-key"
    assert len(asked) == 1


def test_flickr_names_the_licence():
    hits, asked = asked_of(flickr, "flickr")
    assert [(hit.url, hit.licence, hit.page) for hit in hits] == [
        (
            "https://live.staticflickr.com/11_b.jpg",
            "CC BY 2.0",
            "https://www.flickr.com/photos/1@N01/11",
        )
    ]
    assert "0" not in asked[0]["license"].split(",")


ROWS = {
    "commons": (commons, ("query", "pages")),
    "openverse": (openverse, ("results",)),
    "inaturalist": (inaturalist, ("results",)),
    "europeana": (europeana, ("items",)),
    "flickr": (flickr, ("photos", "photo")),
}
ODD_ROWS = (
    None,
    "x",
    7,
    ["x"],
    {"imageinfo": [{"mime": "image/png"}], "photos": [{"license_code": 1}]},
)


@pytest.mark.parametrize("name", ROWS)
def test_a_row_of_another_form_is_counted_and_the_others_come(name):
    module, path = ROWS[name]
    good, _ = asked_of(module, name)
    answer = json.loads(json.dumps(RECORDED[name]))
    *above, last = path
    place = answer
    for key in above:
        place = place[key]
    place[last] = [one for row in place[last] for one in (*ODD_ROWS, row)]

    def ask(url, params):
        return answer

    hits = list(islice(module.search(Asking(ask, "my-key"), GANESHA), 60))
    named = [hit for hit in hits if hit.url]
    assert named[: len(dict.fromkeys(good))] == list(dict.fromkeys(good))
    assert len(hits) - len(named) >= 4


def changed(value):
    """The same answer with null for every text that is no address."""
    if isinstance(value, dict):
        kept = ("url", "thumburl", "mime", "edmIsShownBy", "url_l", "license_code", "owner", "id")
        return {key: one if key in kept else changed(one) for key, one in value.items()}
    if isinstance(value, list):
        return [changed(one) for one in value]
    return None if isinstance(value, str) else value


@pytest.mark.parametrize("name", ROWS)
def test_what_is_not_told_is_empty_and_not_the_word_none(name):
    module, _ = ROWS[name]

    def ask(url, params):
        return changed(RECORDED[name])

    hits = [hit for hit in islice(module.search(Asking(ask, "k"), GANESHA), 5) if hit.url]
    assert hits
    for hit in hits:
        assert "None" not in (hit.page, hit.title, hit.author, hit.licence)


def test_commons_leaves_styles_out_of_names():
    page = {
        "imageinfo": [
            {
                "mime": "image/png",
                "url": "https://upload.wikimedia.org/a.png",
                "extmetadata": {"Artist": {"value": "<STYLE>.a{b}</style ><b\n>Ann</b>&lt;Bo"}},
            }
        ]
    }
    (hit,) = commons.search(Asking(lambda url, params: {"query": {"pages": [page]}}), GANESHA)
    assert hit.author == "Ann <Bo"


def test_photos_without_a_table_of_licences_come_without_one():
    page = {"imageinfo": [{"mime": "image/png", "url": "https://a.example/", "extmetadata": []}]}
    (hit,) = commons.search(Asking(lambda url, params: {"query": {"pages": [page]}}), GANESHA)
    assert (hit.author, hit.licence) == ("", "")


@pytest.mark.parametrize(
    ("code", "version", "name"),
    [
        ("by-nc-nd", "4.0", "CC BY-NC-ND 4.0"),
        ("sampling+", "1.0", "CC SAMPLING+ 1.0"),
        ("ogl", "3.0", "ogl 3.0"),
        ("publicdomain", "", "publicdomain"),
        ("", "2.0", ""),
    ],
)
def test_a_licence_that_is_not_known_is_called_as_its_provider_calls_it(code, version, name):
    assert openverse.licence_name(code, version) == name


def ddgs_of(images):
    package = ModuleType("ddgs")
    errors = ModuleType("ddgs.exceptions")
    errors.DDGSException = type("DDGSException", (Exception,), {})

    class DDGS:
        def images(self, words, **settings):
            if images is None:
                raise errors.DDGSException("no results")
            return images

    package.DDGS = DDGS
    return {"ddgs": package, "ddgs.exceptions": errors}


def test_web_search_knows_no_licence(monkeypatch):
    for name, module in ddgs_of(
        [
            {
                "image": "https://a.example/1.jpg",
                "url": "https://a.example/",
                "title": "A",
                "width": 640,
                "height": 480,
            },
            {"title": "nothing"},
        ]
    ).items():
        monkeypatch.setitem(sys.modules, name, module)
    (hit,) = web_images.search(Asking(dict), Query("ganesha"))
    assert (hit.url, hit.licence) == ("https://a.example/1.jpg", "not known")


def test_web_search_that_fails_or_lacks_is_a_sentence(monkeypatch):
    for name, module in ddgs_of(None).items():
        monkeypatch.setitem(sys.modules, name, module)
    with pytest.raises(NotFetched, match="gave nothing"):
        list(web_images.search(Asking(dict), Query("ganesha")))
    monkeypatch.setitem(sys.modules, "ddgs", None)
    with pytest.raises(BadSource, match=r"requirements-web-search\.txt"):
        list(web_images.search(Asking(dict), Query("ganesha")))


def test_providers_are_asked_in_the_order_in_which_they_were_named():
    wanted = SearchSettings(providers="openverse, Commons,openverse", web=True)
    assert [one.name for one in providers_for(wanted, {})] == ["openverse", "commons", "web"]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ("comons", "Did you mean commons?"),
        ("", "No provider is left"),
        (" , ", "No provider is left"),
        ("flickr", "set FLICKR_KEY in the environment"),
        ("europeana", "set EUROPEANA_KEY"),
    ],
)
def test_who_cannot_be_asked_is_said(names, sentence):
    with pytest.raises(BadSource, match=sentence):
        providers_for(SearchSettings(providers=names), {})


def test_every_provider_has_a_name_of_its_own():
    assert len({one.name for one in PROVIDERS}) == len(PROVIDERS)
