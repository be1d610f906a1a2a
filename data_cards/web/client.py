"""A polite client for other people's servers: one request at a time, a pause between two to one
host, robots.txt kept, and a longer pause where a server asks for it.

    web = WebClient(contact="you@example.org")
    web.json("https://commons.wikimedia.org/w/api.php", {"action": "query"})
    web.get("https://upload.wikimedia.org/a.jpg", asks_robots=True).data

Whatever a server does, an answer is bounded in bytes, in seconds and in redirects, and what goes
wrong is NotFetched with a sentence.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.robotparser import RobotFileParser

import httpx2

from data_cards.errors import NotFetched
from data_cards.web.addresses import (
    IsAllowed,
    Resolve,
    addresses_of,
    checked,
    is_public,
    public_address,
)
from data_cards.web.answers import refusal
from data_cards.web.time_limit import TimeLimit

NAME = "Vitrine"
WAITS = (429, 503)
AGAIN = (500, 502, 504)
TEXT_BYTES = 8_000_000  # a page of an API's answer; 500 photos of Commons with their texts take 2


@dataclass(frozen=True)
class WebLimits:
    """`bytes`: of one answer; `seconds`: for one answer in all, and `read`: for its next piece;
    `pause`: between two requests to one host; `tries`: of one request; a host is left
    alone after `failures` in a row, or if it asks for more than the `longest_wait`."""

    bytes: int = 60_000_000
    seconds: float = 60.0
    read: float = 15.0
    redirects: int = 5
    pause: float = 1.0  # Wikimedia and Openverse ask for one request at a time, without a figure
    tries: int = 3
    longest_wait: float = 120.0
    failures: int = 5
    robots_bytes: int = 500_000  # RFC 9309 lets a crawler stop there


@dataclass(frozen=True)
class WebAnswer:
    """What came: the address after redirects, the type that the server says, the bytes.
    `is_whole`: whether the server said where they end, so that nothing can be missing."""

    url: str
    kind: str
    data: bytes
    is_whole: bool = True


class WebClient:
    """Asks one host after the other. `is_allowed`: which IP addresses may be asked, the public
    ones by default; `transport`, `resolve`, `clock` and `sleep` are what tests exchange."""

    def __init__(
        self,
        limits: WebLimits | None = None,
        contact: str = "",
        *,
        transport: httpx2.BaseTransport | None = None,
        resolve: Resolve = addresses_of,
        is_allowed: IsAllowed = is_public,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        deadline: float | None = None,
    ) -> None:
        self.limits = limits or WebLimits()
        self.agent = f"{NAME}/0.1 ({contact or 'collects photos for a recognizer'})"
        self.deadline = deadline
        self._late = False  # also where the next wait would end after the deadline
        self._resolve = resolve
        self._is_allowed = is_allowed
        self._clock = clock
        self._sleep = sleep
        self._next: dict[str, float] = {}
        self._failures: Counter[str] = Counter()
        self._robots: dict[str, RobotFileParser] = {}
        # A proxy of the environment would resolve names itself, past the check.
        self._client = httpx2.Client(
            transport=transport,
            trust_env=False,
            follow_redirects=False,
            headers={"User-Agent": self.agent, "Accept-Encoding": "identity"},
            timeout=httpx2.Timeout(self.limits.read),
            # A kept connection is known by its address, and would be used for another name of a
            # server that answers for many, with the first name's certificate.
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    def close(self) -> None:
        """Let connections go."""
        self._client.close()

    @property
    def is_late(self) -> bool:
        """Whether the time that was given is over."""
        is_over = self.deadline is not None and self._clock() >= self.deadline
        return self._late or is_over

    def json(self, url: str, params: Mapping[str, str] | None = None) -> Any:
        """The JSON of an interface that is made for programs. Raises NotFetched."""
        answer = self.get(url, params, most=TEXT_BYTES)
        host = httpx2.URL(url).host
        try:
            found = json.loads(answer.data)
        except (ValueError, RecursionError) as error:
            raise NotFetched(f"{host} answered with something other than JSON.", url=url) from error
        if said := refusal(found):
            raise NotFetched(f"{host} refuses this: {said.rstrip('.')}.", url=url)
        return found

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        most: int = 0,
        asks_robots: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> WebAnswer:
        """One answer, at most `most` bytes of it. Raises NotFetched."""
        place = checked(url, params)
        seen: set[str] = set()
        for _ in range(self.limits.redirects + 1):
            if str(place) in seen:
                raise NotFetched(f"{place.host} redirects in a circle.", url=url)
            seen.add(str(place))
            public_address(place.raw_host.decode("ascii"), self._resolve, self._is_allowed)
            if asks_robots and not self._robots_allow(place):
                raise NotFetched(f"{place.host} asks programs not to fetch this.", url=url)
            found = self._answer(place, most or self.limits.bytes, headers or {})
            if isinstance(found, WebAnswer):
                return found
            place = checked(found, near=place)
            headers = None  # a key for one host goes to no other
        raise NotFetched(
            f"{place.host} redirects more than {self.limits.redirects} times.", url=url
        )

    def _answer(self, place: httpx2.URL, most: int, headers: Mapping[str, str]) -> WebAnswer | str:
        """The answer, or where the server says that it is. Tried again where that may help."""
        host = place.netloc.decode()
        if self._failures[host] >= self.limits.failures:
            raise NotFetched(f"{place.host} failed too often in a row, so it is skipped.")
        refusal = NotFetched(f"{place.host} does not answer.")
        for turn in range(self.limits.tries):
            self._wait_turn(host)
            try:
                found = self._once(place, most, headers)
            except _Again as again:
                refusal = again.refusal
                if again.wait is not None and again.wait > self.limits.longest_wait:
                    self._failures[host] = self.limits.failures
                    raise refusal from again
                self._pause(host, 2.0**turn if again.wait is None else again.wait)
                continue
            except NotFetched as error:
                is_host = error.evidence.get("answered")
                self._failures[host] = 0 if is_host else self._failures[host] + 1
                raise
            self._failures[host] = 0
            return found
        self._failures[host] += 1
        raise refusal

    def _wait_turn(self, host: str) -> None:
        wait = self._next.get(host, 0.0) - self._clock()
        if self.deadline is not None and self._clock() + max(0.0, wait) >= self.deadline:
            self._late = True
            raise NotFetched("The time for this search is over.", is_late=True)
        if wait > 0:
            self._sleep(wait)
        self._next[host] = self._clock() + self.limits.pause

    def _pause(self, host: str, seconds: float) -> None:
        wait = min(max(seconds, self.limits.pause), self.limits.longest_wait)
        self._next[host] = self._clock() + wait

    def _once(self, place: httpx2.URL, most: int, headers: Mapping[str, str]) -> WebAnswer | str:
        name = place.raw_host.decode("ascii")  # as DNS and TLS know names in other letters
        address = public_address(name, self._resolve, self._is_allowed)
        request = self._client.build_request("GET", place, headers=dict(headers))
        # The name stays in the Host header and in TLS; the connection goes where the check went.
        request.url = place.copy_with(host=address)
        request.extensions["sni_hostname"] = name
        with TimeLimit(self.limits.seconds) as limit:
            request.extensions["trace"] = limit.follow
            try:
                return self._read(place, request, most)
            except httpx2.TransportError as error:
                if limit.is_over:
                    raise self._too_slow(place) from error
                raise _Again(_unreachable(place, error)) from error
            except httpx2.DecodingError as error:
                told = f"The answer of {place.host} is damaged."
                raise NotFetched(told, answered=True) from error

    def _read(self, place: httpx2.URL, request: httpx2.Request, most: int) -> WebAnswer | str:
        started = self._clock()
        answer = self._client.send(request, stream=True)
        try:
            return self._body(place, answer, most, started)
        finally:
            answer.close()

    def _body(
        self, place: httpx2.URL, answer: httpx2.Response, most: int, started: float
    ) -> WebAnswer | str:
        status = answer.status_code
        if status in WAITS:
            told = NotFetched(f"{place.host} asks us to wait ({status}).", status=status)
            raise _Again(told, retry_after(answer.headers.get("Retry-After")))
        if status in AGAIN:
            raise _Again(NotFetched(f"{place.host} is in trouble ({status}).", status=status))
        if status in (301, 302, 303, 307, 308) and "Location" in answer.headers:
            return str(answer.headers["Location"])
        if status != 200:
            words = {401: "wants a key", 403: "refuses this", 404: "has no such file", 410: "gone"}
            said = words.get(status, "answers without it")
            raise NotFetched(f"{place.host} {said} ({status}).", status=status, answered=True)
        length = answer.headers.get("Content-Length", "")
        if length.isdigit() and (len(length) > 18 or int(length) > most):
            raise _too_large(place, most)
        data = bytearray()
        for piece in answer.iter_bytes():
            data += piece
            if len(data) > most:
                raise _too_large(place, most)
            if self._clock() - started > self.limits.seconds:
                raise self._too_slow(place)
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().casefold()
        is_whole = bool({"Content-Length", "Transfer-Encoding"} & {*map(str.title, answer.headers)})
        return WebAnswer(str(place), kind, bytes(data), is_whole)

    def _too_slow(self, place: httpx2.URL) -> NotFetched:
        return NotFetched(f"{place.host} took longer than {self.limits.seconds:.0f} seconds.")

    def _robots_allow(self, place: httpx2.URL) -> bool:
        """Whether a host's robots.txt lets us fetch this. As RFC 9309 has it: no file allows all,
        a server in trouble forbids all."""
        host = f"{place.scheme}://{place.netloc.decode()}"
        if host not in self._robots:
            rules = RobotFileParser()
            try:
                answer = self.get(f"{host}/robots.txt", most=self.limits.robots_bytes)
                rules.parse(answer.data.decode("utf-8", "replace").splitlines())
            except ValueError:  # rules that cannot be read may forbid it
                rules.parse(["User-agent: *", "Disallow: /"])
            except NotFetched as error:
                status = int(str(error.evidence.get("status", 0)))
                is_missing = 400 <= status < 500 and status != 429
                rules.parse(["User-agent: *", "Disallow:" if is_missing else "Disallow: /"])
            self._robots[host] = rules
        rules = self._robots[host]
        rules.modified()  # without a time stamp it would allow nothing
        return rules.can_fetch(NAME, str(place))


class _Again(Exception):
    """Another try may help; `wait`: the seconds that the server asks for."""

    def __init__(self, refusal: NotFetched, wait: float | None = None) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal
        self.wait = wait


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds of a Retry-After header: a number or a date; None where it says neither.

    >>> retry_after("7"), retry_after("soon")
    (7.0, None)
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - (now or datetime.now(UTC))).total_seconds())


def _unreachable(place: httpx2.URL, error: httpx2.TransportError) -> NotFetched:
    if isinstance(error, httpx2.TimeoutException):
        return NotFetched(f"{place.host} does not answer in time.")
    if isinstance(error, httpx2.RemoteProtocolError):
        return NotFetched(f"The answer of {place.host} is cut off.")
    return NotFetched(f"{place.host} cannot be reached.")


def _too_large(place: httpx2.URL, most: int) -> NotFetched:
    return NotFetched(
        f"The file of {place.host} is larger than {most / 1e6:.0f} MB.", answered=True
    )
