"""Whose photos a dataset holds: who made them, under which licence, and where they came from.

    card = with_credits(things, photos)       what README.md shows, in the front matter of card.md
    credits_file(photos)                      CREDITS.md, a line for each photo

Licences such as CC BY ask for a name beside every photo, so nothing here is shortened but the
list in README.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from data_cards.dataset.collection import Collection
from data_cards.dataset.markdown import escape
from data_cards.dataset.schema import Photo, Source
from data_cards.wording import counted

FILE = "CREDITS.md"
KEY = "credits"
NO_LICENCE = "licence not known"
NO_AUTHOR = "author not named"
MOST_AUTHORS = 20  # that README.md names for each licence; CREDITS.md has all


@dataclass(frozen=True)
class Credit:
    """Photos under one licence, with their authors, most photos first."""

    licence: str
    photos: int
    authors: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """34 photos by Ann, Bo and 3 others."""
        shown = ", ".join(self.authors[:MOST_AUTHORS])
        more = len(self.authors) - MOST_AUTHORS
        others = f" and {counted(more, 'other')}" if more > 0 else ""
        by = f" by {shown}{others}" if shown else ""
        return f"{counted(self.photos, 'photo')}{by}"


def credited(photos: Mapping[str, Photo]) -> Iterator[tuple[str, Source]]:
    """(image_id, the source that names somebody or some place) of photos that came from others."""
    for image_id, photo in photos.items():
        told = [one for one in photo.sources if one.author or one.licence or one.url]
        if told:
            yield image_id, max(told, key=lambda one: (bool(one.licence), bool(one.author)))


def credits_of(sources: Iterable[Source]) -> tuple[Credit, ...]:
    """By licence, that of most photos first."""
    by_licence: dict[str, Counter[str]] = {}
    for source in sources:
        authors = by_licence.setdefault(source.licence or NO_LICENCE, Counter())
        authors[source.author] += 1
    found = [
        Credit(
            licence,
            sum(authors.values()),
            tuple(name for name, _ in authors.most_common() if name),
        )
        for licence, authors in by_licence.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.photos, one.licence)))


def with_credits(things: Collection, sources: Iterable[Source]) -> Collection:
    """The collection, with the authors on its card; unchanged if there is nobody to name."""
    found = [
        {"licence": one.licence, "photos": one.photos, "authors": list(one.authors)}
        for one in credits_of(sources)
    ]
    extra: dict[str, Any] = {key: value for key, value in things.extra.items() if key != KEY}
    extra |= {KEY: found} if found else {}
    return things if extra == things.extra else replace(things, extra=extra)


def credits_in(things: Collection) -> tuple[Credit, ...]:
    """What a card names; what somebody wrote there in another form is passed over."""
    rows = things.extra.get(KEY)
    found: list[Credit] = []
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and isinstance(row.get("photos"), int):
            authors = row.get("authors")
            names = tuple(map(str, authors)) if isinstance(authors, list) else ()
            found.append(Credit(str(row.get("licence", NO_LICENCE)), row["photos"], names))
    return tuple(found)


def credits_file(photos: Mapping[str, Photo]) -> bytes:
    """CREDITS.md: one line for each photo that came from somebody, sorted by image_id."""
    lines = ["# Whose photos these are", ""]
    lines.append("One line for each photo: its `image_id`, who made it, its licence, its page.")
    lines.append("")
    for image_id, source in sorted(credited(photos)):
        author = escape(source.author) or NO_AUTHOR
        licence = escape(source.licence) or NO_LICENCE
        place = source.url or source.path
        page = f", <{place}>" if _is_address(place) else ""
        lines.append(f"- `{image_id[:16]}` {author}, {licence}{page}")
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _is_address(text: str) -> bool:
    return text.startswith(("http://", "https://")) and not any(sign in text for sign in "<> \n")
