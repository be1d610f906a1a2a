"""The sheet of a treasure hunt, to print.

    python -m space hunt DATASET [OUT] --url https://you-paintings.hf.space

The sheet has a card for each thing and a QR code that opens the page as a checklist. What somebody
found is ticked off on their own phone; the app counts finds, and knows nobody.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.repo import Dataset
from data_cards.errors import BadAddress, BadCollection
from data_cards.photos.image import thumbnail
from data_cards.wording import counted

TEMPLATE = Path(__file__).parents[1] / "templates" / "hunt.html"
SHEET = "hunt.html"
PICTURE_SIDE = 320  # pixels; a card is about 8 cm wide on paper
CLUES = ("clue", "hinweis", "look for", "achte auf")  # facts that tell where or how to look
WORDS = {
    "en": {
        "title": "Treasure hunt",
        "how": "Scan the code with your phone, find each of these, and take a photo of it. "
        "Your phone ticks off what you found.",
        "organiser": "For the organiser: how often each was found",
        "count": ("thing", "things"),
    },
    "de": {
        "title": "Schatzsuche",
        "how": "Öffne die Seite mit dem Code, finde alles, was hier steht, und mach ein Foto "
        "davon. Dein Telefon hakt ab, was du gefunden hast.",
        "organiser": "Für die Leitung: wie oft jedes gefunden wurde",
        "count": ("Ding", "Dinge"),
    },
}


@dataclass(frozen=True)
class HuntSettings:
    """`url`: where the page is; `language`: of the sheet; `pictures`: whether cards show what is to
    be found, or only tell of it."""

    url: str
    language: str = "en"
    pictures: bool = True


@dataclass(frozen=True)
class HuntCard:
    """One thing on the sheet. `picture`: a JPEG in base64, empty for none."""

    number: int
    title: str
    clue: str = ""
    picture: str = ""


def write_hunt(dataset: Dataset, out: Path, settings: HuntSettings) -> Path:
    """The sheet as a page to print. Raises BadCollection where nothing can be hunted, BadAddress
    for a url that no phone opens."""
    things = dataset.collection()
    if things.is_about_people:
        raise BadCollection("There is no treasure hunt for photos of people.")
    if not things.ids:
        raise BadCollection(f"There are no classes in {dataset.address} yet. Collect photos first.")
    out.mkdir(parents=True, exist_ok=True)
    path = out / SHEET
    path.write_text(hunt_page(things, cards_of(dataset, things, settings), settings), "utf-8")
    return path


def cards_of(dataset: Dataset, things: Collection, settings: HuntSettings) -> list[HuntCard]:
    """A card for each class, in the collection's order."""
    return [
        HuntCard(
            number,
            in_language(info, settings.language).title,
            clue_of(in_language(info, settings.language)),
            _picture(dataset.reference(info.id)) if settings.pictures else "",
        )
        for number, info in enumerate(things.classes, start=1)
    ]


def in_language(info: ClassInfo, language: str) -> ClassInfo:
    """The card in a language, as far as it is translated."""
    for one in info.translations:
        if one.language == language:
            told: dict[str, Any] = {"title": one.title, "summary": one.summary, "facts": one.facts}
            return replace(info, **{name: value for name, value in told.items() if value})
    return info


def clue_of(info: ClassInfo) -> str:
    """The clue that the sheet prints for a thing: a fact that is a clue, otherwise the summary."""
    facts = {name.casefold(): value for name, value in info.facts}
    return next((facts[name] for name in CLUES if facts.get(name)), info.summary)


def hunt_page(things: Collection, cards: list[HuntCard], settings: HuntSettings) -> str:
    """The page's text, with everything in it. Raises BadAddress."""
    from jinja2 import Environment

    base = settings.url.rstrip("/")
    if not base.startswith(("http://", "https://")):
        raise BadAddress(
            "The address must begin with http:// or https://, so that a phone can open it.",
            url=base,
        )
    words: Mapping[str, Any] = WORDS.get(settings.language, WORDS["en"])
    page = Environment(autoescape=True).from_string(TEMPLATE.read_text("utf-8"))
    return page.render(
        words=words,
        language=settings.language if settings.language in WORDS else "en",
        title=things.title,
        count=counted(len(cards), *words["count"]),
        cards=cards,
        hunt=f"{base}/#/hunt",
        organiser=f"{base}/#/hunt/counts",
        code=qr_svg(f"{base}/#/hunt"),
    )


def qr_svg(text: str) -> str:
    """A QR code as SVG of whatever size it is given; up to 15 % of it may be dirty (level M)."""
    import segno

    code = segno.make(text, error="m", micro=False)
    return str(code.svg_inline(omitsize=True, border=4, title=text))


def _picture(reference: bytes | None) -> str:
    return b64encode(thumbnail(reference, PICTURE_SIDE)).decode() if reference else ""
