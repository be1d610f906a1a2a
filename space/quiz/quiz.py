"""The quiz: visitors say what photos show. Off unless whoever owns the collection turns it on
(`serve --quiz`, or VITRINE_QUIZ=1 on a Space).

Only photos of the training split that the served model shows to visitors anyway are asked about:
none of the sealed test, none that a visitor sent, none that was erased, and none at all where a
collection is about people. An answer is one line of the ledger ("second_opinion") under a name made
up for the visit. It changes no label; the light table shows it, weighed, to whoever decides.
"""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from curation.light_table.session.second_opinions import known_labels
from curation.light_table.session.table import LightTable
from data_cards.annotations.actions import LABEL_ANSWERS, OPINION
from data_cards.annotations.decision import Decision, decide
from data_cards.errors import MissingFile, NotAllowed, TooBusy
from data_cards.wording import counted
from space.api import Answer, Recognizer, answered
from space.quiz.rounds import ENOUGH, Material, Question, Round, draw
from space.rate_limit import Allowance

KEPT_SECONDS = 3600.0
MOST_ROUNDS = 5_000
# Pixels of a photo's longer side: enough for a phone's screen.
SIDE = 640
ROUNDS_A_MINUTE = 6
OFF = "There is no quiz here."
TOO_FEW = "There are too few photos for a quiz right now. Come back another day."
NOTHING_NEW = "You have seen every photo there is. Thank you for your help."
OVER = "This quiz is over. Begin a new one."


class Quiz:
    """Rounds that were begun, in memory; answers go to the journal. Safe for threads."""

    def __init__(
        self,
        is_on: bool,
        table: LightTable | None,
        recognizer: Callable[[], Recognizer],
        keep: Callable[[list[Decision]], None],
        is_erased: Callable[[str], bool] = lambda image_id: False,
        rng: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
        rounds_a_minute: float = ROUNDS_A_MINUTE,
    ) -> None:
        """`keep` returns once answers are safely on the disk; `rng`: what photos are drawn with."""
        self._is_on = is_on
        self._table = table
        self._recognizer = recognizer
        self._keep = keep
        self._is_erased = is_erased
        self._rng = rng or random.Random(secrets.randbits(64))
        self._clock = clock
        self._allowance = Allowance(rounds_a_minute, burst=rounds_a_minute, clock=clock)
        self._rounds: OrderedDict[str, Round] = OrderedDict()
        self._lock = threading.Lock()

    def is_open(self) -> bool:
        """Whether visitors are offered it. Raises what the recognizer raises."""
        is_on = self._is_on and self._table is not None
        return is_on and not self._recognizer().collection.is_about_people

    @answered
    def begin(self, after: Any = None, client: str = "") -> Answer:
        """A new round: {"round", "questions": [{"choices": [{"label", "title"}]}]}. `after`: the
        round that this visitor played before, so that their answers weigh together."""
        table = self._opened()
        if wait := self._allowance.take(client):
            sentence = f"That was quick. The next quiz begins in {counted(round(wait), 'second')}."
            raise TooBusy(sentence, code="too_many")
        recognizer = self._recognizer()
        material = material_of(table)
        with self._lock:
            before = self._found(after)
            player = before.player if before else f"quiz-{secrets.token_hex(6)}"
            seen = before.seen if before else frozenset()

            def may_ask(image_id: str) -> bool:
                return image_id not in seen and self._is_public(table, recognizer, image_id)

            questions = draw(material, may_ask, self._rng)
            if not questions:
                raise MissingFile(NOTHING_NEW if seen else TOO_FEW, code="no_quiz_now")
            seen |= {one.image_id for one in questions}
            name = secrets.token_urlsafe(16)
            self._rounds[name] = Round(player, questions, self._clock(), seen)
            while len(self._rounds) > MOST_ROUNDS:
                self._rounds.popitem(last=False)
        things = table.records.collection
        return {
            "round": name,
            "questions": [
                {
                    "choices": [
                        {"label": label, "title": things.title_of(label)} for label in one.choices
                    ]
                }
                for one in questions
            ],
        }

    @answered
    def answer(self, name: Any, number: Any, label: Any) -> Answer:
        """One answer, kept when this returns: {"known": the right {"label", "title"} or None where
        nobody is sure, "right": whether it was that}. The first one counts."""
        table = self._opened()
        with self._lock:
            asked, question = self._question(name, number)
            if label not in question.choices:
                raise NotAllowed("That is none of the three answers.", code="bad_choice")
            if number not in asked.answers:
                said = decide(asked.player, question.image_id, OPINION, label=label)
                self._keep([said])
                table.learn_opinions([said])
                asked.answers[number] = label
            given = asked.answers[number]
        if question.known is None:
            return {"known": None, "right": None}
        title = table.records.collection.title_of(question.known)
        right = given == question.known
        return {"known": {"label": question.known, "title": title}, "right": right}

    def picture(self, name: str, number: int) -> bytes:
        """A photo of a round that is being played. Raises MissingFile, BadPhoto."""
        table = self._opened()
        with self._lock:
            _, question = self._question(name, number)
        if not self._is_public(table, self._recognizer(), question.image_id):
            raise MissingFile("This photo is not shown any more.", code="missing")
        return table.prints.get(table.print_of(question.image_id), SIDE)

    def _is_public(self, table: LightTable, recognizer: Recognizer, image_id: str) -> bool:
        """Whether visitors may see a photo: the served model shows it already, it is for training,
        and no visitor sent it."""
        records = table.records
        photo = records.photos.get(image_id)
        split = records.splits.get(image_id)
        if photo is None or split is None or split.split != "train":
            return False
        if any(source.origin == "visitor" for source in photo.sources):
            return False
        if self._is_erased(image_id):
            return False
        return recognizer.thumbnail(image_id) is not None

    def _opened(self) -> LightTable:
        if not self.is_open() or self._table is None:
            raise MissingFile(OFF, code="no_quiz")
        return self._table

    def _found(self, name: Any) -> Round | None:
        found = self._rounds.get(name) if isinstance(name, str) else None
        return found if found and self._clock() - found.begun < KEPT_SECONDS else None

    def _question(self, name: Any, number: Any) -> tuple[Round, Question]:
        found = self._found(name)
        if found is None:
            raise MissingFile(OVER, code="unknown_round")
        is_number = isinstance(number, int) and not isinstance(number, bool)
        if not is_number or not 0 <= number < len(found.questions):
            raise NotAllowed("This quiz has no such photo.", code="bad_number")
        return found, found.questions[number]


def material_of(table: LightTable) -> Material:
    """Questions that a light table offers for a quiz: open ones about labels, and labels that
    nobody doubts."""
    with table.lock:
        records = table.records
        opinions = table.second_opinions
        doubted = [
            item
            for item in table.queue.items.values()
            if item.pile == "labels"
            and not table.queue.is_settled(item.key)
            and opinions.count(item.image_id) < ENOUGH
        ]
        said = {item.image_id: [f.suggested_label or "" for f in item.findings] for item in doubted}
        given = {image_id: row.label or "" for image_id, row in records.labels.items()}
        known = {
            image_id: label
            for image_id, label in known_labels(records).items()
            if opinions.count(image_id) < ENOUGH
        }
        decided = frozenset(
            one.image_id for one in table.book.standing() if one.action in LABEL_ANSWERS
        )
        return Material(
            known,
            decided,
            {image_id: [given.get(image_id, ""), *more] for image_id, more in said.items()},
            records.collection.ids,
            lambda image_id: [label for label, _ in records.opinions.best(image_id)],
        )
