"""A client that other servers need not mind: pauses, waits, robots, bounds. No network, no
sleeping: the clock and the transport are the test's."""

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_cards.errors import NotFetched
from data_cards.web.client import WebClient, WebLimits, retry_after
from tests.fixtures.bad_server import bad_server


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self):
        self.now = 0.0
        self.slept = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(round(seconds, 3))
        self.now += seconds


def web(answer, addresses=("8.8.8.8",), deadline=None, **limits):
    clock = Clock()
    asked = []

    def handle(request):
        asked.append(request)
        return answer(request)

    client = WebClient(
        WebLimits(**limits),
        transport=httpx2.MockTransport(handle),
        resolve=lambda host: list(addresses),
        clock=clock,
        sleep=clock.sleep,
        deadline=deadline,
    )
    return client, clock, asked


def test_the_connection_goes_to_the_address_that_was_checked_and_keeps_the_name():
    client, _, asked = web(lambda request: httpx2.Response(200, content=b"x"))
    client.get("https://photos.example/a.jpg")
    assert asked[0].url.host == "8.8.8.8"
    assert asked[0].headers["Host"] == "photos.example"
    assert asked[0].extensions["sni_hostname"] == "photos.example"


def test_an_address_of_the_newer_kind_is_asked_as_well():
    client, _, asked = web(lambda request: httpx2.Response(200), ["2620:0:862:ed1a::1"])
    client.get("https://photos.example:8443/a.jpg")
    assert str(asked[0].url) == "https://[2620:0:862:ed1a::1]:8443/a.jpg"
    assert asked[0].headers["Host"] == "photos.example:8443"


def test_a_name_in_other_letters_is_asked_as_dns_and_tls_know_it():
    client, _, asked = web(lambda request: httpx2.Response(200))
    client.get("https://müzik.example/a.jpg", asks_robots=False)
    assert asked[0].extensions["sni_hostname"] == "xn--mzik-0ra.example"
    assert asked[0].headers["Host"] == "xn--mzik-0ra.example"


def test_a_private_address_is_never_asked():
    client, _, asked = web(lambda request: httpx2.Response(200), addresses=["10.0.0.1"])
    with pytest.raises(NotFetched, match="not on the public web"):
        client.get("http://intranet.example/")
    assert not asked


def test_a_redirect_to_another_place_is_checked_like_the_first():
    hosts = {"good.example": ["8.8.8.8"], "metadata.example": ["169.254.169.254"]}
    clock = Clock()
    client = WebClient(
        transport=httpx2.MockTransport(
            lambda request: httpx2.Response(302, headers={"Location": "http://metadata.example/"})
        ),
        resolve=hosts.__getitem__,
        clock=clock,
        sleep=clock.sleep,
    )
    with pytest.raises(NotFetched, match="not on the public web"):
        client.get("http://good.example/a.jpg")


STRANGE = [
    "file:///etc/passwd",
    "http://user@good.example/",
    "http://[::1",
    "http://a:port/",
    "http://a.example:99999/",
    "http://a.example/\t",
    "\x00",
    "http://a.example/" + "x" * 70_000,
    "mailto:ann@a.example",
]


@pytest.mark.parametrize("target", STRANGE)
def test_a_redirect_to_what_is_no_web_address_is_refused(target):
    client, _, _ = web(lambda request: httpx2.Response(302, headers={"Location": target}))
    with pytest.raises(NotFetched):
        client.get("http://good.example/a.jpg")


@pytest.mark.parametrize("url", ["http://a.example:99999/", "http://a.example/" + "x" * 70_000])
def test_an_address_that_cannot_be_asked_is_refused_with_a_sentence(url):
    client, _, asked = web(lambda request: httpx2.Response(200))
    with pytest.raises(NotFetched):
        client.get(url)
    with pytest.raises(NotFetched):
        client.get("http://a.example/", {"q": "\udcff"})
    assert not asked


def test_each_request_has_a_connection_of_its_own():
    """Two names may have one address, and the second would be asked by the first's connection."""
    ports = []

    class Keeps(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            ports.append(self.client_address)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *words):
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Keeps) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        client = WebClient(is_allowed=lambda address: True, sleep=lambda seconds: None)
        for name in ("localhost", "127.0.0.1"):
            client.get(f"http://{name}:{server.server_address[1]}/")
        client.close()
        server.shutdown()
    assert len(set(ports)) == 2


def test_headers_that_come_letter_by_letter_end_after_the_seconds_of_an_answer():
    with bad_server({"good.jpg": b""}) as server:
        limits = WebLimits(seconds=0.2, read=5)
        client = WebClient(limits, is_allowed=lambda address: True, sleep=lambda seconds: None)
        with pytest.raises(NotFetched, match="took longer than"):
            client.get(server.url("drip.jpg"))
        assert server.asked["drip.jpg"] <= 1  # not again; a busy machine may not get as far
        client.close()


@pytest.mark.parametrize("wait", ["3600", "1000000000", "9" * 500, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_server_that_asks_for_a_very_long_wait_is_left_alone(wait):
    client, clock, asked = web(
        lambda request: httpx2.Response(429, headers={"Retry-After": wait}), longest_wait=120.0
    )
    for _ in range(2):
        with pytest.raises(NotFetched):
            client.get("https://busy.example/a.jpg")
    assert len(asked) == 1
    assert sum(clock.slept) <= 1
    with pytest.raises(NotFetched, match="asks us to wait"):
        client.get("https://other.example/a.jpg")


def test_two_requests_to_one_host_have_a_pause_between_them():
    client, clock, _ = web(lambda request: httpx2.Response(200), pause=2.0)
    for place in ("one.example/a", "one.example/b", "two.example/a"):
        client.get(f"https://{place}")
    assert clock.slept == [2.0]


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_to_wait_is_waited_for(status):
    answers = iter(
        [
            httpx2.Response(status, headers={"Retry-After": "7"}),
            httpx2.Response(200, content=b"photo"),
        ]
    )
    client, clock, _ = web(lambda request: next(answers))
    assert client.get("https://busy.example/a.jpg").data == b"photo"
    assert clock.slept == [7.0]


def test_a_server_that_never_stops_asking_to_wait_is_left_alone_after_a_few_tries():
    client, _, asked = web(lambda request: httpx2.Response(429), tries=3, failures=2)
    for number in range(4):
        with pytest.raises(NotFetched):
            client.get(f"https://busy.example/{number}.jpg")
    assert len(asked) == 6


def test_a_wait_that_is_longer_than_the_time_left_ends_the_search():
    client, _, _ = web(
        lambda request: httpx2.Response(429, headers={"Retry-After": "100"}), deadline=50.0
    )
    with pytest.raises(NotFetched) as refused:
        client.get("https://busy.example/a.jpg")
    assert refused.value.evidence["is_late"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418])
def test_what_a_server_refuses_is_not_asked_twice(status):
    client, _, asked = web(lambda request: httpx2.Response(status), failures=1)
    with pytest.raises(NotFetched) as refused:
        client.get("https://one.example/a.jpg")
    assert str(status) in refused.value.sentence
    assert len(asked) == 1
    with pytest.raises(NotFetched):
        client.get("https://one.example/b.jpg")
    assert len(asked) == 2, "the host itself is still asked"


def test_a_large_answer_is_refused_by_what_it_says_and_by_what_it_sends():
    def sends_more(request):
        return httpx2.Response(200, content=iter([b"x" * 600] * 5))

    def says_more(request):
        return httpx2.Response(200, headers={"Content-Length": "2000000000"}, content=iter([]))

    for answer in (sends_more, says_more):
        client, _, _ = web(answer, bytes=1000)
        with pytest.raises(NotFetched, match="larger than"):
            client.get("https://one.example/a.jpg")


def test_a_slow_answer_ends_after_the_seconds_that_it_may_take():
    clock = Clock()

    def drip():
        while True:
            clock.now += 10
            yield b"x"

    client = WebClient(
        WebLimits(seconds=60),
        transport=httpx2.MockTransport(lambda request: httpx2.Response(200, content=drip())),
        resolve=lambda host: ["8.8.8.8"],
        clock=clock,
        sleep=clock.sleep,
    )
    with pytest.raises(NotFetched, match="longer than 60 seconds"):
        client.get("https://slow.example/a.jpg")


def test_redirects_in_a_circle_end():
    client, _, asked = web(
        lambda request: httpx2.Response(
            302, headers={"Location": "/b" if "a" in request.url.path else "/a"}
        )
    )
    with pytest.raises(NotFetched, match="circle"):
        client.get("https://one.example/a")
    assert len(asked) == 2


def test_redirects_without_end_end():
    steps = iter(range(100))
    client, _, asked = web(
        lambda request: httpx2.Response(302, headers={"Location": f"/{next(steps)}"}), redirects=3
    )
    with pytest.raises(NotFetched, match="more than 3 times"):
        client.get("https://one.example/a")
    assert len(asked) == 4


def robots(text, status=200):
    def answer(request):
        if request.url.path == "/robots.txt":
            return httpx2.Response(status, text=text)
        return httpx2.Response(200, content=b"photo")

    return answer


@pytest.mark.parametrize(
    ("text", "status", "is_allowed"),
    [
        ("User-agent: *\nDisallow: /private/", 200, True),
        ("User-agent: *\nDisallow: /", 200, False),
        ("User-agent: Vitrine\nDisallow: /photos/", 200, False),
        ("User-agent: other\nDisallow: /", 200, True),
        ("", 200, True),
        ("\x00\xff nonsense", 200, True),
        ("User-agent: *\nCrawl-delay: ²\nDisallow:", 200, False),
        ("User-agent: *\nRequest-rate: ²/5\nDisallow:", 200, False),
        ("User-agent: *\nDisallow: //[::1", 200, False),
        ("", 404, True),
        ("", 403, True),
        ("", 500, False),
    ],
)
def test_robots_are_kept_as_rfc_9309_has_it(text, status, is_allowed):
    client, _, _ = web(robots(text, status))
    if is_allowed:
        assert client.get("https://one.example/photos/a.jpg", asks_robots=True).data == b"photo"
    else:
        with pytest.raises(NotFetched, match="asks programs not to"):
            client.get("https://one.example/photos/a.jpg", asks_robots=True)


def test_robots_are_asked_once_for_each_host():
    client, _, asked = web(robots("User-agent: *\nDisallow:"))
    for number in range(3):
        client.get(f"https://one.example/{number}.jpg", asks_robots=True)
    assert [request.url.path for request in asked].count("/robots.txt") == 1


def test_json_that_is_none_is_a_sentence():
    for text in ("<html>", "", "[" * 100_000, "1" * 5000):
        client, _, _ = web(lambda request, text=text: httpx2.Response(200, text=text))
        with pytest.raises(NotFetched, match="something other than JSON"):
            client.json("https://api.example/")
    client, _, _ = web(lambda request: httpx2.Response(200, text=json.dumps({"a": 1})))
    assert client.json("https://api.example/") == {"a": 1}


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("Mon, 30 Nov 2026 00:01:00 GMT", 60.0),
        ("Mon, 30 Nov 2026 00:00:00 GMT", 0.0),
        ("Sun, 29 Nov 2026 23:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("1e9", None),
        ("1000000000", 1e9),
        ("Mon, 30 Nov 2026 00:00:00 +99999999999999999999", None),
        ("Mon, 30 Nov 99999999999 00:00:00 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_what_a_server_asks_for_is_read_as_a_number_or_a_date(header, seconds):
    assert retry_after(header, datetime(2026, 11, 30, tzinfo=UTC)) == seconds


@given(st.one_of(st.text(max_size=40), st.from_regex(r"[A-Z][a-z]{2}, \d+ Nov \d+ [\d:]+ [+-]\d+")))
def test_whatever_a_server_asks_for_is_seconds_or_nothing(header):
    seconds = retry_after(header)
    assert seconds is None or seconds >= 0


def test_what_an_interface_says_instead_of_an_answer_is_told():
    client, _, _ = web(lambda request: httpx2.Response(200, json={"error": {"info": "Busy."}}))
    with pytest.raises(NotFetched, match=r"^api\.example refuses this: Busy\.$"):
        client.json("https://api.example/")
