"""Photos by words: questions to providers, one after the other, and each photo looked at before
it comes in.

    gathered = from_search("search:ganesha", SourceOptions(search=run))

What is too small, blank, no photo at all, here already, or a near-copy of a photo of the sealed
test stays out, each with a reason; a provider that fails ends only its own queries. Everything that
was fetched lies on disk until it is in the dataset, so that a search can be stopped and go on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial

import numpy as np

from curation.ingest.incoming import Ending, Gathered, Incoming, LeftAlone, SourceOptions
from curation.ingest.search.query import SEARCH, Asking, Hit, Query, queries_for
from curation.ingest.search.registry import Provider, providers_for
from curation.ingest.search.run import SearchRun
from curation.ingest.search.yields import Yield, Yields
from curation.measures.pixels import SIDE, is_empty, measure, ratio
from data_cards.dataset.class_names import name_key
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.errors import BadPhoto, BadSource, NotFetched
from data_cards.photos.image import LIMITS, inspect_photo, open_photo
from data_cards.photos.photo_check import own_check
from data_cards.progress import spoken
from data_cards.web.answers import NOT_KNOWN, ODD
from data_cards.wording import counted

ORIGIN = "search"
# Panoramas of phones come to 5; rulers, banners and film strips are beyond.
MOST_RATIO = 5.0
FOR_GOOD = (401, 403, 404, 410)


def from_search(source: str, options: SourceOptions) -> Gathered:
    """What a search brings. Raises BadSource."""
    run = options.search
    if run is None:
        raise BadSource("A search by words goes through `vitrine collect`.")
    words = source.removeprefix(SEARCH).strip()
    wanted = queries_for(run.settings, run.things, words, options.label or "")
    search = PhotoSearch(run, providers_for(run.settings, run.keys))
    return Gathered(
        words or (run.things.name if run.things else "search"),
        search.photos(wanted),
        None,
        tuple(info for info, _ in wanted if info),
        remarks=tuple(_about_people(run.things)),
        ending=search.ending,
    )


def _about_people(things: Collection | None) -> Iterator[str]:
    if things and things.is_about_people:
        yield (
            "These are photos of people who did not ask to be here. They train and serve on this "
            "machine only; publishing needs intended_use, consent and legal_basis in card.md."
        )


class PhotoSearch:
    """One run of a search: what was asked, what came, and why the rest did not."""

    def __init__(self, run: SearchRun, providers: Iterable[Provider]) -> None:
        self._run = run
        self._providers = list(providers)
        self._yields = Yields()
        self._left: list[LeftAlone] = []
        found = [
            source
            for photo in run.here.values()
            for source in photo.sources
            if source.origin == ORIGIN
        ]
        self._seen = {source.path for source in found}
        self._have = Counter(source.given_label for source in found)
        self._stopped = ""
        run.downloads.let_go(self._seen)

    def photos(self, wanted: Iterable[tuple[ClassInfo | None, list[Query]]]) -> Iterator[Incoming]:
        """Photos of one class after the other, until each has enough or the budget is spent."""
        settings = self._run.settings
        for info, queries in wanted:
            most = settings.per_class if info else settings.negatives
            need = most - self._have[info.id if info else "none"]
            for photo in self._of_class(queries, need) if need > 0 else ():
                yield photo
                if self._yields.taken >= settings.photos:
                    self._stopped = f"The budget of {counted(settings.photos, 'photo')} is spent."
            if self._stopped:
                return

    def ending(self) -> Ending:
        """What each question brought, and what was left alone."""
        stopped = [f"{self._stopped} Run the same command again to go on."] if self._stopped else []
        return Ending((*self._yields.lines(), *stopped), tuple(self._left))

    def _of_class(self, queries: list[Query], need: int) -> Iterator[Incoming]:
        hits = alternating([self._hits(provider, queries) for provider in self._providers])
        for provider, query, hit in hits:
            counts = self._yields.of(query.words, provider.name)
            counts.offered += 1
            photo = self._photo(provider, query, hit, counts)
            if photo is not None:
                counts.taken += 1
                need -= 1
                yield photo
            if self._run.web.is_late:
                time = spoken(60 * self._run.settings.minutes)
                self._stopped = f"The time for this search ({time}) is over."
            if need <= 0 or self._stopped:
                return

    def _hits(
        self, provider: Provider, queries: Iterable[Query]
    ) -> Iterator[tuple[Provider, Query, Hit]]:
        """What a provider offers, question after question; a failure ends its own question."""
        asking = Asking(self._run.web.json, self._run.keys.get(provider.key, ""))
        for query in queries:
            counts = self._yields.of(query.words, provider.name)
            try:
                for hit in provider.search(asking, query):
                    yield provider, query, hit
            except NotFetched as error:
                counts.stopped = error.sentence
                if error.evidence.get("is_late"):
                    return
            except ODD:
                counts.stopped = NOT_KNOWN

    def _photo(self, provider: Provider, query: Query, hit: Hit, counts: Yield) -> Incoming | None:
        """The photo of a hit, or None where it is left alone, with the reason."""
        if not hit.url:
            counts.refuse(NOT_KNOWN)
            return None
        if hit.url in self._seen:
            counts.refuse("met before")
            return None
        self._seen.add(hit.url)
        try:
            data = self._bytes(provider, hit)
            if reason := self._run.why_not(data):
                raise _Refused(reason)
        except _Refused as refusal:
            counts.refuse(refusal.why)
            self._left.append(LeftAlone(hit.page or hit.url, refusal.why))
            return None
        return Incoming(
            hit.url,
            partial(bytes, data),
            query.label,
            query.status,
            origin=ORIGIN,
            named_by=f"{provider.name}: {query.words}",
            author=hit.author,
            licence=hit.licence,
            url=hit.page or hit.url,
        )

    def _bytes(self, provider: Provider, hit: Hit) -> bytes:
        """The bytes of a hit, fetched once. Raises _Refused."""
        kept = self._run.downloads
        least = self._run.settings.smaller_side
        if why := kept.refused(hit.url, least):
            raise _Refused(why)
        if hit.width and hit.height and min(hit.width, hit.height) < least:
            raise _Refused(TOO_SMALL)
        if kept.has(hit.url):
            return kept.read(hit.url)
        try:
            found = self._run.web.get(
                hit.url, most=LIMITS.max_bytes, asks_robots=provider.asks_robots
            )
        except NotFetched as error:
            why = _reason(error)
            if error.evidence.get("status") in FOR_GOOD:
                kept.refuse(hit.url, why)
            raise _Refused(why) from error
        why = junk(found.data, least)
        if why:
            if found.is_whole or why != DAMAGED:
                kept.refuse(hit.url, why, _side(found.data) if why == TOO_SMALL else 0)
            raise _Refused(why)
        kept.save(hit.url, found.data)
        return found.data


TOO_SMALL = "too small"
DAMAGED = "not a photo, or a damaged one"


class _Refused(Exception):
    """A hit that does not come in; `why`: a short phrase."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def junk(data: bytes, least: int) -> str:
    """Why bytes from the web are not a usable photo; empty if they are. `least`: pixels of the
    shorter side."""
    start = data[:200].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<svg", b"{")):
        return "a web page or an SVG drawing instead of a photo"
    try:
        if _side(data) < least:
            return TOO_SMALL
        facts = inspect_photo(data)
        own_check().check(data)
        photo = open_photo(data, at_least=SIDE)
    except BadPhoto:
        return DAMAGED
    photo.thumbnail((SIDE, SIDE))
    found = measure(np.asarray(photo.convert("RGB")), facts.width, facts.height)
    if ratio(found) > MOST_RATIO:
        return "too large for a photo"
    return "blank" if is_empty(found) else ""


def _side(data: bytes) -> int:
    facts = inspect_photo(data)
    return min(facts.width, facts.height)


def _reason(error: NotFetched) -> str:
    """A refusal without its host, so that equal ones are counted together."""
    status = error.evidence.get("status")
    kinds = {404: "gone", 410: "gone", 429: "the server asks us to wait"}
    if status in kinds:
        return kinds[int(str(status))]
    words = error.sentence.rstrip(".")
    host, _, rest = words.partition(" ")
    if name_key(host) and "." in host:
        return rest
    return words[:1].lower() + words[1:]


def alternating(
    several: Iterable[Iterator[tuple[Provider, Query, Hit]]],
) -> Iterator[tuple[Provider, Query, Hit]]:
    """One of each in turn, until all are at their end."""
    waiting = list(several)
    while waiting:
        for one in list(waiting):
            found = next(one, None)
            if found is None:
                waiting.remove(one)
            else:
                yield found
