"""A search against a server of this machine that does everything wrong: nothing is lost, nothing
comes twice, and everything that stays out has a reason."""

import io
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from curation.decisions.erase import erase
from curation.ingest.collect import collect
from curation.ingest.incoming import SourceOptions
from curation.ingest.search import photo_search
from curation.ingest.search.downloads import Downloads
from curation.ingest.search.photo_search import junk
from curation.ingest.search.query import Hit, SearchSettings
from curation.ingest.search.registry import Provider
from curation.ingest.search.run import SearchRun
from curation.near_duplicates.known_photos import AGAIN, SEALED, KnownPhotos
from data_cards.dataset.repo import open_dataset
from data_cards.dataset.schema import Split
from data_cards.dataset.tables import splits_file
from data_cards.errors import NotFetched
from data_cards.photos.image import encode_jpeg
from data_cards.photos.photo_check import PhotoCheck
from data_cards.web.client import WebClient, WebLimits
from tests.fixtures.bad_server import bad_server

GOOD = ("good.jpg", "good-2.jpg", "good-3.jpg", "good-4.jpg")
BAD = {
    "nothing.jpg": "gone",
    "always-busy.jpg": "the server asks us to wait",
    "broken.jpg": "localhost is in trouble (500)",
    "html.jpg": "a web page or an SVG drawing instead of a photo",
    "drawing.jpg": "a web page or an SVG drawing instead of a photo",
    "octets.jpg": "not a photo, or a damaged one",
    "circle.jpg": "localhost redirects in a circle",
    "elsewhere.jpg": "“file:/etc/passwd” is not an http or https address",
    "cut.jpg": "the answer of localhost is cut off",
    "huge.jpg": "the file of localhost is larger than 50 MB",
    "endless.jpg": "the file of localhost is larger than 50 MB",
    "slow.jpg": "localhost does not answer in time",
    "forbidden/a.jpg": "localhost asks programs not to fetch this",
    "tiny.jpg": "too small",
    "blank.jpg": "blank",
    "banner.jpg": "too large for a photo",
}


def scene(seed: int, width: int = 320, height: int = 240) -> Image.Image:
    """A picture of broad shapes, which no other seed gives."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 255, (9, 12, 3), dtype=np.uint8))
    fine = rng.integers(-12, 12, (height, width, 3))
    broad = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC)).astype(int)
    return Image.fromarray(np.clip(broad + fine, 0, 255).astype(np.uint8))


PHOTOS = {name: encode_jpeg(scene(seed)) for seed, name in enumerate(GOOD)} | {
    "tiny.jpg": encode_jpeg(scene(50, 60, 40)),
    "blank.jpg": encode_jpeg(Image.new("RGB", (320, 240), "white")),
    "banner.jpg": encode_jpeg(scene(51, 1500, 240)),
    "good-again.jpg": encode_jpeg(scene(0).resize((280, 210)), 80),
}


class Clock:
    """Time that passes only when somebody sleeps, and never by itself."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture(scope="module")
def server():
    with bad_server(PHOTOS) as found:
        yield found


def offering(server, names, monkeypatch, name="commons"):
    """A provider that offers these paths of the server, whatever it is asked for."""

    def search(asking, query):
        for path in names:
            yield Hit(server.url(path), f"https://page.example/{path}", path, "Ann", "CC BY 4.0")

    provider = Provider(name, search, asks_robots=True)
    monkeypatch.setattr(photo_search, "providers_for", lambda settings, keys: [provider])


def options(tmp_path, known=None, clock=None, deadline=None, **settings):
    clock = clock or Clock()
    web = WebClient(
        WebLimits(read=0.4, tries=3, failures=100),
        is_allowed=lambda address: True,  # the one setting that lets a test ask this machine
        clock=clock,
        sleep=clock.sleep,
        deadline=deadline,
    )
    run = SearchRun(
        replace(SearchSettings(smaller_side=100), **settings),
        web,
        Downloads(tmp_path / "cache"),
        why_not=(known or KnownPhotos(None)).why_not,
    )
    return SourceOptions(search=run)


def test_of_a_server_that_does_everything_wrong_the_good_photos_come_in(
    server, tmp_path, monkeypatch
):
    names = [*BAD, *GOOD[:3], "busy.jpg", "typed-wrong", "moved.jpg", "good-4.jpg", "good-4.jpg"]
    offering(server, names, monkeypatch)
    report = collect("search:vase", str(tmp_path / "d"), options=options(tmp_path))
    dataset = open_dataset(str(tmp_path / "d"))
    assert report.added == len(dataset.photos()) == len(GOOD)
    assert {source.origin for photo in dataset.photos().values() for source in photo.sources} == {
        "search"
    }
    why = {one.path.removeprefix("https://page.example/"): one.why for one in report.left_alone}
    assert {name: why[name] for name in BAD} == BAD
    assert not dataset.findings()


def test_each_photo_keeps_whose_it_is_and_the_card_names_them(server, tmp_path, monkeypatch):
    offering(server, GOOD, monkeypatch)
    collect("search:vase", str(tmp_path / "d"), options=options(tmp_path))
    dataset = open_dataset(str(tmp_path / "d"))
    for photo in dataset.photos().values():
        (source,) = photo.sources
        assert (source.author, source.licence) == ("Ann", "CC BY 4.0")
        assert source.url.startswith("https://page.example/")
    readme = (tmp_path / "d/README.md").read_text()
    assert "CC BY 4.0: 4 photos by Ann" in readme
    lines = (tmp_path / "d/CREDITS.md").read_text().splitlines()
    assert sum("Ann, CC BY 4.0, <https://page.example/" in line for line in lines) == 4


def test_a_photo_that_is_erased_is_credited_no_more(server, tmp_path, monkeypatch):
    offering(server, GOOD[:2], monkeypatch)
    collect("search:vase", str(tmp_path / "d"), options=options(tmp_path))
    gone, kept = open_dataset(str(tmp_path / "d")).photos()
    erase(open_dataset(str(tmp_path / "d")), [gone])
    credits = (tmp_path / "d/CREDITS.md").read_text()
    assert gone[:16] not in credits
    assert kept[:16] in credits
    assert "CC BY 4.0: 1 photo by Ann" in (tmp_path / "d/README.md").read_text()


def test_a_search_that_was_stopped_goes_on_without_asking_twice(server, tmp_path, monkeypatch):
    offering(server, GOOD, monkeypatch)
    stopped = options(tmp_path)

    def stops(data):
        if server.asked["good-3.jpg"]:
            raise KeyboardInterrupt
        return ""

    server.asked.clear()
    with pytest.raises(KeyboardInterrupt):
        collect(
            "search:vase",
            str(tmp_path / "d"),
            options=replace(stopped, search=replace(stopped.search, why_not=stops)),
        )
    report = collect("search:vase", str(tmp_path / "d"), options=options(tmp_path))
    assert report.added == 4
    assert all(server.asked[name] == 1 for name in GOOD)


def test_the_same_search_again_brings_and_asks_nothing_more(server, tmp_path, monkeypatch):
    offering(server, [*GOOD, "html.jpg", "nothing.jpg"], monkeypatch)
    collect("search:vase", str(tmp_path / "d"), options=options(tmp_path))
    before = open_dataset(str(tmp_path / "d"))
    server.asked.clear()
    known = KnownPhotos(before)
    report = collect("search:vase", str(tmp_path / "d"), options=options(tmp_path, known))
    assert (report.added, report.already_there) == (0, 0)
    assert open_dataset(str(tmp_path / "d")).revision == before.revision
    assert not server.asked
    assert not list((tmp_path / "cache").glob("??/*"))


def test_what_was_too_small_for_one_search_may_be_large_enough_for_another(
    server, tmp_path, monkeypatch
):
    offering(server, ["good.jpg", "tiny.jpg"], monkeypatch)
    collect("search:vase", str(tmp_path / "a"), options=options(tmp_path))
    server.asked.clear()
    again = collect("search:vase", str(tmp_path / "b"), options=options(tmp_path))
    assert (again.added, server.asked["tiny.jpg"]) == (1, 0)
    then = collect("search:vase", str(tmp_path / "c"), options=options(tmp_path, smaller_side=30))
    assert then.added == 2


def test_a_photo_that_was_cut_off_without_a_length_is_asked_for_again(
    server, tmp_path, monkeypatch
):
    offering(server, ["good.jpg", "half.jpg", "octets.jpg"], monkeypatch)
    collect("search:vase", str(tmp_path / "a"), options=options(tmp_path))
    server.asked.clear()
    collect("search:vase", str(tmp_path / "b"), options=options(tmp_path))
    assert (server.asked["half.jpg"], server.asked["octets.jpg"]) == (1, 0)


def test_a_refusal_after_one_that_was_cut_off_is_remembered(tmp_path):
    Downloads(tmp_path).refuse("https://a.example/1", "gone")
    with open(tmp_path / "refused.jsonl", "a") as file:
        file.write('{"url": "https://a.example/2", "w')  # a full disk, or a kill
    Downloads(tmp_path).refuse("https://a.example/3", "gone")
    kept = Downloads(tmp_path)
    assert [kept.refused(f"https://a.example/{n}") for n in (1, 2, 3)] == ["gone", "", "gone"]


def test_as_many_photos_come_as_are_wanted_and_more_when_more_are(server, tmp_path, monkeypatch):
    offering(server, GOOD, monkeypatch)
    first = collect("search:vase", str(tmp_path / "d"), options=options(tmp_path, per_class=1))
    assert first.added == 1
    then = collect("search:vase", str(tmp_path / "d"), options=options(tmp_path, per_class=3))
    assert then.added == 2
    assert len(open_dataset(str(tmp_path / "d")).photos()) == 3


def test_a_budget_of_photos_and_of_minutes_ends_it_and_keeps_what_came(
    server, tmp_path, monkeypatch
):
    offering(server, GOOD, monkeypatch)
    few = collect("search:vase; mug", str(tmp_path / "a"), options=options(tmp_path, photos=2))
    assert few.added == 2
    assert any("budget of 2 photos is spent" in remark for remark in few.remarks)
    clock = Clock()
    late = options(tmp_path / "later", clock=clock, deadline=2.5, minutes=1)
    short = collect("search:vase", str(tmp_path / "b"), options=late)
    assert 0 < short.added < 4
    assert any("The time for this search (60 s) is over" in remark for remark in short.remarks)


def test_photos_of_none_of_these_are_searched_for_too(server, tmp_path, monkeypatch):
    offering(server, GOOD, monkeypatch)
    collect("search:vase", str(tmp_path / "d"), options=options(tmp_path, per_class=2, negatives=2))
    labels = open_dataset(str(tmp_path / "d")).labels().values()
    assert Counter((row.label, row.status) for row in labels) == {
        ("vase", "labelled"): 2,
        (None, "none_of_these"): 2,
    }


def test_a_near_copy_of_this_search_or_of_the_sealed_test_stays_out(server, tmp_path, monkeypatch):
    offering(server, ["good.jpg", "good-again.jpg"], monkeypatch)
    report = collect("search:vase", str(tmp_path / "d"), options=options(tmp_path))
    assert (report.added, [one.why for one in report.left_alone]) == (1, [AGAIN])
    dataset = open_dataset(str(tmp_path / "d"))
    (image_id,) = dataset.photos()
    sealed = dataset.commit(dict([splits_file([Split(image_id, "g", "test")])]), "Split")
    offering(server, ["good-again.jpg", "good-2.jpg"], monkeypatch)
    more = collect(
        "search:vase", str(tmp_path / "d"), options=options(tmp_path / "x", KnownPhotos(sealed))
    )
    assert (more.added, [one.why for one in more.left_alone]) == (1, [SEALED])


def test_a_collection_is_searched_class_by_class(server, tmp_path, monkeypatch):
    offering(server, GOOD, monkeypatch)
    report = collect(
        "search:ganesha; hanuman",
        str(tmp_path / "d"),
        collection="deities",
        options=options(tmp_path, per_class=2),
    )
    assert {row.label: row.photos for row in report.rows} == {"ganesha": 2, "hanuman": 2}
    told = open_dataset(str(tmp_path / "d")).collection().info("ganesha")
    assert told.summary.startswith("Remover of obstacles")


def test_a_provider_that_fails_ends_its_own_questions_and_is_told(server, tmp_path, monkeypatch):
    def fails(asking, query):
        yield Hit(server.url("good.jpg"), licence="CC0")
        raise NotFetched("api.example does not answer.")

    def changed(asking, query):
        yield Hit(server.url("good-2.jpg"), licence="CC0")
        raise KeyError("results")

    monkeypatch.setattr(
        photo_search,
        "providers_for",
        lambda settings, keys: [Provider("a", fails), Provider("b", changed)],
    )
    report = collect("search:vase", str(tmp_path / "d"), options=options(tmp_path))
    assert report.added == 2
    assert "“Vase” at a: 1 of 1 photo taken (api.example does not answer)." in report.remarks
    assert (
        "“Vase” at b: 1 of 1 photo taken (answered in a form that is not known)." in report.remarks
    )


def test_a_row_without_an_address_is_counted(server, tmp_path, monkeypatch):
    def search(asking, query):
        yield Hit("")
        yield Hit(server.url("good.jpg"))
        yield Hit("")

    monkeypatch.setattr(
        photo_search, "providers_for", lambda settings, keys: [Provider("a", search)]
    )
    report = collect("search:vase", str(tmp_path / "d"), options=options(tmp_path))
    said = "“Vase” at a: 1 of 3 photos taken (2 answered in a form that is not known)."
    assert said in report.remarks


def test_a_search_that_brings_nothing_makes_no_dataset_and_says_why(server, tmp_path, monkeypatch):
    offering(server, ["nothing.jpg", "html.jpg"], monkeypatch)
    with pytest.raises(NotFetched, match=r"brought no photo.*1 gone"):
        collect("search:vase", str(tmp_path / "d"), options=options(tmp_path))
    assert not (tmp_path / "d").exists()


def test_this_machine_is_not_asked_unless_a_test_says_so(server, tmp_path, monkeypatch):
    offering(server, GOOD, monkeypatch)
    asked = options(tmp_path)
    strict = replace(asked.search, web=WebClient(clock=Clock(), sleep=lambda seconds: None))
    server.asked.clear()
    with pytest.raises(NotFetched, match="not on the public web"):
        collect("search:vase", str(tmp_path / "d"), options=replace(asked, search=strict))
    assert not server.asked


@pytest.mark.parametrize(
    "data", [b"", b"<html>", b"  <?xml ?><svg/>", b'{"error": 1}', b"GIF89a", b"\xff\xd8\xff"]
)
def test_what_is_no_photo_is_junk(data):
    assert junk(data, 100)


def test_photos_of_people_are_collected_with_a_word(server, tmp_path, monkeypatch):
    offering(server, GOOD, monkeypatch)
    report = collect(
        "search:bai", str(tmp_path / "d"), collection="heritage", options=options(tmp_path)
    )
    assert any("photos of people" in remark for remark in report.remarks)


def test_a_photo_of_the_web_that_breaks_its_decoder_is_junk_and_breaks_nothing_else(monkeypatch):
    check = PhotoCheck(1, command=(sys.executable, "-c", "import os; os.abort()"))
    monkeypatch.setattr(photo_search, "own_check", lambda: check)
    noise = np.random.default_rng(1).integers(0, 255, (300, 400, 3), np.uint8)
    for image_format, said in (("WEBP", "not a photo, or a damaged one"), ("JPEG", "")):
        out = io.BytesIO()
        Image.fromarray(noise).save(out, image_format)
        assert junk(out.getvalue(), 100) == said
