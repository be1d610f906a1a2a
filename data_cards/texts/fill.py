"""Drafts for the classes that lack a text.

    filled = fill(place, Wikimedia(web.json).draft_of)

What somebody wrote is never replaced, and a draft is shown to visitors only once a person has
accepted it (the page *Classes* of the light table).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from data_cards.dataset.class_names import name_key
from data_cards.dataset.collection import ClassInfo
from data_cards.dataset.collection import Collection as Things
from data_cards.errors import NotFetched, UnknownClass
from data_cards.progress import say, track
from data_cards.texts.place import CollectionPlace
from data_cards.texts.wikidata import Draft
from data_cards.wording import counted


@dataclass(frozen=True)
class Filled:
    """Ids of the classes that got a draft, and why others did not."""

    drafted: tuple[str, ...]
    left: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        """What was done, and what to do now."""
        number = len(self.drafted)
        if not number:
            return "No class got a draft." if self.left else "Every class has a text already."
        it = "it" if number == 1 else "them"
        return (
            f"{counted(number, 'class has a draft', 'classes have drafts')} now. Accept {it} on "
            "the page Classes of the light table, or remove `draft: true`; visitors don't see "
            "drafts."
        )


def fill(
    place: CollectionPlace,
    draft_of: Callable[[ClassInfo], Draft],
    only: Collection[str] = (),
) -> Filled:
    """Draft what is missing, class by class, and keep it. Raises BadCollection, UnknownClass; a
    source that does not answer ends it with what there is so far."""
    things = place.collection()
    for name in only:
        if name not in things:
            raise UnknownClass(f"There is no class '{name}' in {things.title}.", label=name)
    made: dict[str, ClassInfo] = {}
    left: list[tuple[str, str]] = []
    wanted = [info for info in things.classes if info.id in only or (not only and _lacks(info))]
    try:
        for info in track(wanted, "Drafting", len(wanted), "class"):
            try:
                draft = draft_of(info)
            except NotFetched as error:
                left.append((info.id, error.sentence))
                if len(left) > 2 and all(why == error.sentence for _, why in left[-3:]):
                    say("The source does not answer; the rest is left for later.")
                    break
                continue
            if draft.why_not:
                left.append((info.id, draft.why_not))
            elif draft.info != info:
                made[info.id] = _named_alone(draft.info, info, things, made.values())
    finally:  # also when somebody stops it
        if made:
            place.write(partial(_with_drafts, made, things), "Draft texts of classes")
    return Filled(tuple(name for name, info in made.items() if info.draft), tuple(left))


def _named_alone(
    draft: ClassInfo, before: ClassInfo, things: Things, others: Iterable[ClassInfo]
) -> ClassInfo:
    """A draft without new aliases that are names of other classes: a name means one class."""
    taken = {name_key(alias) for other in others for alias in other.aliases}
    aliases = tuple(
        name
        for name in draft.aliases
        if name in before.aliases
        or (things.find(name) in (None, draft.id) and name_key(name) not in taken)
    )
    return replace(draft, aliases=aliases)


def _with_drafts(made: Mapping[str, ClassInfo], read: Things, now: Things) -> Things:
    """The classes as they are now, with drafts; what somebody changed meanwhile stays."""
    return now.with_classes(
        made[info.id] if info.id in made and info == read.info(info.id) else info
        for info in now.classes
    )


def _lacks(info: ClassInfo) -> bool:
    return not (info.summary and info.facts)
