"""What a museum's label leaves out: the life, style and technique of who painted a picture.

    with_painter(ClassInfo("wheatfield", "Wheatfield", facts=(("Painter", "van Gogh"),)))

The facts are those of the shipped collection `painters`, whose texts are ours and free.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from data_cards.dataset.class_names import name_key
from data_cards.dataset.collection import ClassInfo, Collection, shipped_collection

PAINTINGS = "paintings"
WHO = ("painter", "artist", "made by", "painted by")
BORROWED = ("Life", "Style", "Technique")


def with_painter(info: ClassInfo) -> ClassInfo:
    """The class with what is known about its painter, whom a fact or its parent names. The class
    stays as it is if nobody is named, or if it has these facts already."""
    painter = _painter_of(info)
    if painter is None:
        return info
    told = {name_key(name) for name, _ in info.facts}
    more = [
        (name, value)
        for name, value in painter.facts
        if name in BORROWED and name_key(name) not in told
    ]
    if not more:
        return info
    return replace(
        info,
        facts=(*info.facts, *more),
        source=info.source or painter.source,
        licence=info.licence or painter.licence,
    )


def with_painters(things: Collection, known: Collection) -> Collection:
    """A collection of paintings whose new classes (those that `known` lacks) say who painted
    them, and what that person's way was."""
    if things.name != PAINTINGS:
        return things
    return things.with_classes(
        info if info.id in known else with_painter(info) for info in things.classes
    )


def _painter_of(info: ClassInfo) -> ClassInfo | None:
    named = [value for name, value in info.facts if name_key(name) in WHO]
    for name in (*named, info.parent):
        found = _by_name().get(name_key(name)) if name else None
        if found is not None:
            return found
    return None


@cache
def _by_name() -> dict[str, ClassInfo]:
    """Painters by their titles and aliases, a family name among those."""
    return {
        name_key(name): painter
        for painter in shipped_collection("painters").classes
        for name in (painter.title, *painter.aliases)
    }
