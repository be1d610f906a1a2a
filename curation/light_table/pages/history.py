"""The page "History": every decision, the latest first; one of them can be taken back long after
without undoing what came later. The owner sees everybody's, and two people side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from curation.light_table.session.history import shown_of, words_of
from curation.light_table.session.table import LightTable
from data_cards.annotations.actions import CLASS_ACTIONS
from data_cards.annotations.decision import NONE_OF_THESE, Decision
from data_cards.annotations.disagreement import JUNK, answer_of
from data_cards.errors import BadDecision, NotAllowed, VitrineError

WINDOW = 60
MOST = 600
MOST_BESIDE = 200
NOT_UNDERSTOOD = (
    "The light table did not understand that. Load the page again; nothing was changed."
)


class History:
    """What was decided at one table. `is_owner`: who sees everybody's decisions."""

    def __init__(self, table: LightTable, is_owner: Callable[[str], bool]) -> None:
        self._table = table
        self._is_owner = is_owner

    def show(self, who: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """`decisions` (at most `count`), of `total` that fit `asked`: by, day, photo; `people` and
        `days` with counts; `beside`: two people's answers, where `compare` names them."""
        with self._table.lock:
            known = self._known(who)
            fits = [one for one in known if _fits(one, asked)]
            count = _number(asked.get("count"))
            pair = [name for name in asked.get("compare", "").split("|") if name]
            return {
                "me": who,
                "total": len(fits),
                "decisions": [self._row(who, one) for one in fits[:count]],
                "people": _counted(one.who for one in known if _fits(one, asked, "by")),
                "days": _counted(one.at[:10] for one in known if _fits(one, asked, "day")),
                "by": asked.get("by", ""),
                "day": asked.get("day", ""),
                "beside": self._beside(known, pair) if len(pair) == 2 else None,
                "may_compare": self._is_owner(who),
            }

    def act(self, who: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """`take_back` or `put_back` the one `decision`; `asked` is what the page shows. Raises
        BadDecision and NotAllowed."""
        moves = {
            "take_back": self._table.moves.take_back_one,
            "put_back": self._table.moves.put_back,
        }
        move = moves.get(str(wanted.get("do")))
        asked = wanted.get("asked")
        if move is None or not isinstance(asked, dict):
            raise VitrineError(NOT_UNDERSTOOD)
        with self._table.lock:
            one = self._table.book.find(str(wanted.get("decision")))
            if one is None:
                raise BadDecision("This decision no longer exists.")
            if one.who != who and not self._is_owner(who):
                raise NotAllowed("Only the owner can take back what others decided.")
            move(who, one.id)
        return self.show(who, {str(name): str(value) for name, value in asked.items()})

    def _known(self, who: str) -> list[Decision]:
        """What this person may know, the latest first."""
        blind = self._table.moves.blind
        every = self._table.book.decisions()
        if not self._is_owner(who):
            return [one for one in every if one.who == who]
        return [one for one in every if blind.may_know(who, one)]

    def _row(self, who: str, one: Decision) -> dict[str, Any]:
        table = self._table
        stands = table.book.stands(one)
        about = table.book.standing_about(one.image_id) if one.image_id else []
        return {
            "id": one.id,
            "at": one.at,
            "who": one.who,
            "image_id": one.image_id if one.image_id in table.records.photos else None,
            "words": words_of(one, table.title),
            "shown": "" if one.action in CLASS_ACTIONS else shown_of(one, table.title),
            "stands": stands,
            "later": sum(other.order > one.order for other in about) if stands else 0,
            "may": one.who == who or self._is_owner(who),
        }

    def _beside(self, known: Sequence[Decision], pair: Sequence[str]) -> dict[str, Any]:
        """Photos that both answered, those they differ about first."""
        standing = [one for one in known if self._table.book.stands(one)]
        said = last_answers(standing)
        photos = [i for i in said if all(name in said[i] for name in pair)]
        rows = [
            {
                "image_id": photo,
                "answers": [self._named(said[photo][name]) for name in pair],
                "same": said[photo][pair[0]] == said[photo][pair[1]],
            }
            for photo in photos
            if photo in self._table.records.photos
        ]
        rows.sort(key=lambda row: bool(row["same"]))
        return {
            "people": list(pair),
            "both": len(rows),
            "same": sum(bool(row["same"]) for row in rows),
            "rows": rows[:MOST_BESIDE],
        }

    def _named(self, answer: str) -> str:
        return {NONE_OF_THESE: "none of these", JUNK: "junk"}.get(answer) or self._table.title(
            answer
        )


def last_answers(decisions: Sequence[Decision]) -> dict[str, dict[str, str]]:
    """Photo -> person -> what they last said that it shows; `decisions`: the latest first."""
    said: dict[str, dict[str, str]] = {}
    for one in decisions:
        answer = answer_of(one)
        if answer and one.image_id:
            said.setdefault(one.image_id, {}).setdefault(one.who, answer)
    return said


def _fits(one: Decision, asked: Mapping[str, str], but: str = "") -> bool:
    has = {"by": one.who, "day": one.at[:10], "photo": one.image_id}
    return all(
        asked[name] == value for name, value in has.items() if asked.get(name) and name != but
    )


def _counted(names: Any) -> list[dict[str, Any]]:
    counts = Counter(names)
    return [{"id": name, "count": counts[name]} for name in sorted(counts, reverse=True)]


def _number(text: str | None) -> int:
    try:
        return max(1, min(int(text or WINDOW), MOST))
    except ValueError:
        return WINDOW
