"""The light table without a screen: what it shows, and what a key does, as plain values.

    table = open_table(open_dataset("museum"), Journal(Path("museum-decisions")))
    table.look("ann")                                        what lies before ann
    table.act("ann", [[{"id": "01J...", "do": "keep", "key": "labels/9f2c..."}]])

Nothing of the tab's state lives in the browser: the queue is rebuilt from findings and ledger.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from curation.active_learning.to_label import NAMELESS
from curation.decisions.visitors_photos import settle_inbox
from curation.issues.scanned_classes import findings_today, scanned_classes
from curation.light_table.session.blind import second_looks
from curation.light_table.session.book import Book
from curation.light_table.session.first_labels import FirstLabels, proposal_for
from curation.light_table.session.grid import look_alikes
from curation.light_table.session.history import decision_lines, history
from curation.light_table.session.moves import Move, Moves
from curation.light_table.session.placard import NoOpinions, Opinions, Records, placard
from curation.light_table.session.questions import Item, unasked
from curation.light_table.session.queue import PILES, Queue, pile_of, questions
from curation.light_table.session.second_opinions import SecondOpinions, asked_by_answers
from curation.light_table.session.sending import Sending
from curation.light_table.session.thumbnails import Prints
from curation.scan.remembered import NothingRemembered, Remembered
from data_cards.annotations.actions import LABEL_ANSWERS
from data_cards.annotations.class_edits import references_of
from data_cards.annotations.decision import NONE_OF_THESE, Decision, Question, now
from data_cards.annotations.frame import framed_bytes, read_frame
from data_cards.annotations.framed_photos import framed_name, frames_of
from data_cards.annotations.journal import Journal, flush, known
from data_cards.annotations.ledger import given_labels, merged_classes, read_ledger
from data_cards.annotations.overlap import ONE_EACH, Asking, asking_from
from data_cards.annotations.remarks import Remarks, remarks_of
from data_cards.dataset.collection import Collection as Things
from data_cards.dataset.repo import Dataset
from data_cards.dataset.schema import Finding, Label
from data_cards.errors import DiskFull, MissingFile, VitrineError
from data_cards.progress import say

AHEAD = 8
PLAN = "plan"  # the questions chosen for somebody who has a few minutes, instead of a pile
EMPTY_SECONDS = 10.0
HEED_SECONDS = 5.0  # between two orders by visitors' answers: each costs a pass over the pile


class LightTable:
    """One dataset on the table, any number of people around it. Safe to call from many threads."""

    dataset: Dataset
    book: Book
    queue: Queue
    records: Records
    moves: Moves
    asking: Asking

    def __init__(
        self,
        dataset: Dataset,
        journal: Journal,
        opinions_of: Callable[[Dataset], Opinions] = NoOpinions,
        disk_is_kept: bool = True,
        clock: Callable[[], float] = time.monotonic,
        asking: Asking = ONE_EACH,
        remembered: Remembered | None = None,
    ) -> None:
        """`opinions_of`: reads what the scan remembers of the model; `disk_is_kept`: False on a
        machine whose disk a restart empties, where only what was sent is safe; `asking`: how
        many people are asked about a photo, unless the dataset says so; `remembered`: what scans
        on this machine saw."""
        self.lock = threading.RLock()
        self._laying = threading.Lock()
        self._journal = journal
        self._clock = clock
        self._disk_is_kept = disk_is_kept
        self._opinions_of = opinions_of
        self._asking = asking
        self._pile: dict[str, str] = {}
        self._looked = -math.inf
        self._is_laid = False
        self._left_out = ""
        # Set by whoever knows what is served (curation/light_table/pages/rounds.py).
        self.about_model: Callable[[], dict[str, str] | None] = lambda: None
        self.lacks_model: Callable[[], bool] = lambda: False
        # Set by whoever sends visitors' photos: what keeps them from coming in, as a sentence.
        self.photo_trouble: Callable[[], str] = lambda: ""
        # Set by whoever knows how long somebody has (curation/light_table/pages/ten.py).
        self.time_left: Callable[[str], float | None] = lambda who: None
        self._plans: dict[str, list[str]] = {}
        self.second_opinions = SecondOpinions()
        self.remembered: Remembered = remembered or NothingRemembered()
        self.first_labels = FirstLabels(lambda ids: self.remembered.embeddings(ids))
        self.prints = Prints(self._stored)
        self.sending = Sending(lambda: journal.unsent, self._send, then=self.notice)
        journal.learn_sent(dataset)
        self._lay(dataset)

    def _lay(self, dataset: Dataset) -> None:
        """Show a new revision of the dataset. It is read while people continue, and everybody keeps
        their place."""
        # The table also shows photos from visitors, which do not belong to the collection yet.
        photos = {**dataset.photos(), **dataset.inbox()}
        dataset.locate()
        past = known(dataset, self._journal)
        if past.left_out != self._left_out:
            self._left_out = past.left_out
            say(past.left_out or "Every line of the ledger can be read now.")
        asking = asking_from(dataset.asking(), self._asking)
        book = Book(given_labels(photos), past.decisions, self._journal.append)
        now = scanned_classes(dataset)
        found = findings_today(dataset.findings(), now)
        leaks = {one.image_id: one.reason for one in found if one.kind == "leak"}
        asked = [
            asked_by_visitor(question, leaks.get(question.image_id, ""), dataset.collection())
            for question in past.questions
        ]
        findings = [one for one in [*found, *findings_today(asked, now)] if one.image_id in photos]
        findings += before_a_scan(given_labels(photos), findings)
        items = questions([*findings, *second_looks(book, findings, asking)])
        doubted = {
            one.image_id for one in findings if pile_of(one) in ("labels", "quality", "visitors")
        }
        records = Records(
            collection=dataset.collection(),
            photos=photos,
            splits=dataset.splits(),
            labels=book.labels,
            opinions=self._opinions_of(dataset),
            examples=examples_of(book.labels, doubted),
            doubted=doubted,
            has_reference=lambda class_id: (
                self.picture_of(class_id).startswith("photo/") or is_there(class_id)
            ),
        )
        is_there = cache(lambda class_id: dataset.reference(class_id) is not None)
        if any(row.status == "unlabelled" for row in book.labels.values()):
            self.first_labels.learn(photos)
        with self.lock:
            late = read_ledger(row for row in self._journal.rows() if book.find(row["id"]) is None)
            book.learn(late.decisions)  # what was decided in the meantime
            self.second_opinions.learn((*past.opinions, *late.opinions), again=True)
            queue = self._queue_of(items, book, records)
            moves = Moves(book, queue, records, self._clock, asking)
            if self._is_laid:
                queue.take_over(self.queue)
                moves.take_over(self.moves)
            self.dataset = dataset
            self.asking = asking
            self._laid = dataset
            self._is_laid = True
            self.book = book
            self.queue = queue
            self.records = records
            self.moves = moves
        self.prints.keep_only(lambda name: name.removeprefix("photo/") in photos)

    def learn_opinions(self, opinions: Sequence[Decision]) -> None:
        """What visitors answered, once it is on the disk. What is asked next follows when somebody
        looks."""
        self.second_opinions.learn(opinions)

    def _queue_of(self, items: Sequence[Item], book: Book, records: Records) -> Queue:
        queue = Queue(items)
        self._asked = {item.key: item for item in items}
        self._heed_visitors(queue, book, records)
        return queue

    def _heed_visitors(self, queue: Queue, book: Book, records: Records) -> None:
        """Put questions about labels into the order that visitors' answers give reason for, and
        ask about labels that only they doubt; they decide nothing."""
        self._heeded = (self.second_opinions.version, self._clock())
        if not self._heeded[0]:
            return
        class_now = merged_classes(book.of_classes())
        found = self.second_opinions.weighed(records, class_now)
        decided = {one.image_id for one in book.standing() if one.action in LABEL_ANSWERS}
        queue.weigh_anew(asked_by_answers(found, self._asked, records, decided))

    def look(self, who: str, pile: str | None = None, count: int = AHEAD) -> dict[str, Any]:
        """What lies before a person: the next questions, how far they are, what is kept and
        sent."""
        seen = self._seen(who, pile, count)
        if not seen["items"] and self._clock() - self._looked >= EMPTY_SECONDS and self._has_news():
            seen = self._seen(who, pile, count)
        return seen

    def _has_news(self) -> bool:
        try:
            return self.notice()
        except VitrineError:  # the repository does not answer; what lies here is still right
            return False

    def _seen(self, who: str, pile: str | None, count: int) -> dict[str, Any]:
        with self.lock:
            now = self._clock()
            version, heeded_at = self._heeded
            if version != self.second_opinions.version and now - heeded_at >= HEED_SECONDS:
                self._heed_visitors(self.queue, self.book, self.records)
            chosen = self._choose(who, pile)
            proposal = self._proposal(who, chosen, now)
            wanted = max(1, min(count, 50))
            plan = self._plans.get(who, [])
            items = (
                self.queue.take_these(who, plan, wanted, now)
                if chosen == PLAN
                else self.queue.take(who, chosen, wanted, now)
            )
            records = self.records_for(who)
            return {
                "who": who,
                "title": self.records.collection.title,
                "place": sha256(self.dataset.address.encode()).hexdigest()[:12],
                "pile": chosen,
                "piles": [
                    *(self._progress(who, name) for name in PILES),
                    *([self._progress_of_plan(who, plan)] if plan else []),
                ],
                "left": self.time_left(who),
                "items": [self._shown(who, item, records) for item in items],
                "proposal": proposal,
                "undo": self.moves.depth(who),
                "model": self.about_model(),
                "sending": self._sending() | {"disk_is_kept": self._disk_is_kept},
            }

    def _sending(self) -> dict[str, Any]:
        told = self.sending.report()
        return told | {"problem": told["problem"] or self.photo_trouble() or None}

    def plan(self, who: str, keys: Sequence[str]) -> None:
        """These questions come one after the other for this person, whatever their piles; none:
        back to the piles."""
        with self.lock:
            self._plans[who] = list(keys)
            if keys:
                self._pile[who] = PLAN
            elif self._pile.get(who) == PLAN:
                del self._pile[who]

    def _progress_of_plan(self, who: str, plan: Sequence[str]) -> dict[str, Any]:
        done = sum(self.queue.is_settled(key, who) for key in plan)
        return {"pile": PLAN, "done": done, "total": len(plan), "left": len(plan) - done}

    def _proposal(self, who: str, pile: str, now: float) -> dict[str, Any] | None:
        """Photos that may get one class at once, while photos without a label are asked about."""
        if pile != "unlabelled":
            return None
        records = self.records_for(who)
        version = (self.queue, self.book.changes, who)
        found = self.first_labels.proposed(version, records, self.queue)
        return proposal_for(who, found, records, self.queue, now)

    def refuse(self, who: str, class_id: str, photos: Sequence[str]) -> dict[str, Any]:
        """These photos are not what was proposed; nothing is decided by that. Then `look`."""
        with self.lock:
            self.first_labels.refuse(photos, class_id)
        return self.look(who)

    def look_around(self) -> None:
        """Work out what proposals need, where no scan did; takes as long as the photos take."""
        dataset = self.dataset
        self.remembered.look_at(dataset)
        self.first_labels.learn(dataset.photos())

    def _choose(self, who: str, pile: str | None) -> str:
        """The pile asked for, else the one they were at, else the first that is not empty."""
        if pile == PLAN and self._plans.get(who):
            self._pile[who] = PLAN
        if self._pile.get(who) == PLAN and pile in (None, PLAN):
            return PLAN
        if pile in PILES:
            if self._pile.get(who) != pile:
                self.queue.let_go(who)
            self._pile[who] = pile
        # While there is no model, naming photos comes first: nothing can be learned without labels.
        order = ("unlabelled", *PILES) if self.lacks_model() else PILES
        first = next((name for name in order if self.queue.progress(who, name).left), PILES[0])
        if not self.queue.progress(who, self._pile.setdefault(who, first)).total:
            self._pile[who] = first
        return self._pile[who]

    def _progress(self, who: str, pile: str) -> dict[str, Any]:
        progress = self.queue.progress(who, pile)
        return {"pile": pile, "done": progress.done, "total": progress.total, "left": progress.left}

    def records_for(self, who: str) -> Records:
        """The records as this person may see them."""
        return replace(self.records, labels=self.moves.blind.labels(who))

    def _shown(self, who: str, item: Item, records: Records) -> dict[str, Any]:
        photo = records.photos[item.image_id]
        decisions = self.moves.blind.decisions(who, item)
        shown = placard(item, records)
        if item.pile != "conflicts":  # a third person judges by the photo alone
            class_now = merged_classes(self.book.of_classes())
            shown["why"] += self.second_opinions.about(item.image_id, records, class_now)
        return shown | {
            "poor": self._is_poor(item.image_id),
            "history": history(photo, item.findings, self.title),
            "said": decision_lines(decisions, self.book.stands, self.title),
            **self._remarks(item.image_id),
        }

    def _is_poor(self, image_id: str) -> bool:
        """Whether it is asked if the photo is any use at all."""
        asked = self.queue.of_photo(image_id)
        return any(one.pile == "quality" and not self.queue.is_settled(one.key) for one in asked)

    def item(self, who: str, image_id: str) -> dict[str, Any]:
        """Any photo, ready for the screen: as the question that is open about it, else as it is.
        Raises MissingFile."""
        with self.lock:
            if image_id not in self.records.photos:
                raise MissingFile("This photo is no longer in the collection.")
            asked = self.queue.of_photo(image_id)
            waits = (one for one in asked if not self.queue.is_settled(one.key, who))
            item = next(waits, None) or unasked(image_id)
            return self._shown(who, item, self.records_for(who))

    def _remarks(self, image_id: str) -> dict[str, Any]:
        about = self.book.standing_about(image_id)
        told = remarks_of(about).get(image_id, Remarks())
        notes = [{"who": who, "text": text} for who, _, text, _ in told.notes]
        frame = frames_of(about).get(image_id)
        return {"notes": notes, "flagged": told.flagged, "frame": frame.text if frame else ""}

    def print_of(self, image_id: str) -> str:
        """A photo as people framed it, as the prints know it."""
        with self.lock:
            about = self.book.standing_about(image_id)
        frame = frames_of(about).get(image_id)
        return f"photo/{image_id}/{frame.text}" if frame else f"photo/{image_id}"

    def embeddings(self, ids: Sequence[str]) -> tuple[list[str], np.ndarray]:
        """Those of these photos that are known, in order, and their rows (n, d): of a photo that
        people framed the part that counts, once a scan has looked at it."""
        with self.lock:
            frames = frames_of(self.book.standing())
        named = {i: framed_name(i, frames[i]) for i in ids if i in frames}
        here, x = self.remembered.embeddings([*ids, *named.values()])
        if not named:
            return here, x
        row_of = {name: row for row, name in enumerate(here)}
        rows = {i: row_of.get(named.get(i, i), row_of.get(i)) for i in ids}
        known = [i for i in ids if rows[i] is not None]
        return known, x[[row for i in known if (row := rows[i]) is not None]]

    def title(self, class_id: str) -> str:
        """The name people read."""
        named = self.records.named(class_id)
        return named["title"] if named else class_id

    def act(
        self,
        who: str,
        groups: Sequence[Sequence[Move]],
        pile: str | None = None,
        count: int = AHEAD,
    ) -> dict[str, Any]:
        """Do what keys asked for, in order; then `look`. A group is one step: taken back as one.

        `outcomes` has one entry a group: `{"ok": True, "back": [questions open again]}` once it
        is on the disk, or `{"ok": False, "error": sentence, "again": whether the same may be
        sent once more}`. After a failure that may pass, the groups behind it are not tried:
        order counts.
        """
        outcomes: list[dict[str, Any]] = []
        with self.lock:
            for group in groups:
                outcomes.append(self._outcome(who, group))
                if outcomes[-1].get("again"):
                    break
        return {"outcomes": outcomes, **self.look(who, pile, count)}

    def _outcome(self, who: str, group: Sequence[Move]) -> dict[str, Any]:
        try:
            back = self.moves.step(who, group)
        except VitrineError as error:
            return {"ok": False, "error": error.sentence, "again": isinstance(error, DiskFull)}
        if back and self._pile.get(who) != PLAN:
            self._pile[who] = back[0].split("/")[0]
        return {"ok": True, "back": back}

    def grid(self, who: str, class_id: str, suggested: str | None = None) -> dict[str, Any]:
        """Photos labelled with one class, most doubtful first, to be decided on together; of
        those all, or only what is suspected to be one other class."""
        with self.lock:
            return look_alikes(class_id, self.records_for(who), self.queue, who, suggested)

    def classes(self) -> list[dict[str, Any]]:
        """Every class, for the search behind `/` and the card behind `i`."""
        return [
            {
                "id": info.id,
                "title": info.title,
                "summary": info.summary,
                "aliases": list(info.aliases),
                "facts": [list(fact) for fact in info.facts],
                "source": " · ".join(text for text in (info.source, info.licence) if text),
                "reference": self.records.has_reference(info.id),
            }
            for info in self.records.collection.classes
        ]

    def picture_of(self, class_id: str) -> str:
        """The reference picture of a class as the prints know it: a photo that people chose,
        else what came with it."""
        photo = references_of(self.records.collection).get(class_id)
        known = photo is not None and photo in self.records.photos
        return self.print_of(str(photo)) if known else f"reference/{class_id}"

    def _stored(self, name: str) -> bytes:
        kind, _, what = name.partition("/")
        if kind in ("photo", "whole"):
            image_id, _, frame = what.partition("/")
            stored = self.dataset.read_photo(image_id)
            return framed_bytes(stored, read_frame(frame)) if frame else stored
        data = self.dataset.reference(what)
        if data is None:
            raise MissingFile("There is no reference picture of this class.", class_id=what)
        return data

    def _send(self) -> None:
        before = self.dataset.newest()
        after = flush(self._journal, before).dataset
        if after.inbox():
            after = settle_inbox(after, known(after, self._journal).decisions, now())
        after.locate()
        with self.lock:
            self.dataset = after
            # Our own decisions are on the table already; anything else that came is not.
            if before.revision == self._laid.revision and content_of(after) == content_of(before):
                self._laid = after

    def notice(self) -> bool:
        """Lay the newest revision if somebody else wrote one: a scan, a split, a visitor's
        photo. Whether it was so."""
        self._looked = self._clock()
        newest = self.dataset.newest()
        if newest.revision == self._laid.revision:
            return False
        self.refresh()
        return True

    def refresh(self) -> None:
        """Lay the newest revision on the table."""
        with self._laying:
            self._lay(self.dataset.newest())

    @property
    def journal_folder(self) -> Path:
        """Where decisions are kept on this machine until they are sent."""
        return self._journal.folder

    def close(self) -> None:
        """Send what is unsent and end."""
        self.sending.stop()


def open_table(
    dataset: Dataset,
    journal: Journal,
    opinions_of: Callable[[Dataset], Opinions] = NoOpinions,
    disk_is_kept: bool = True,
    remembered: Remembered | None = None,
) -> LightTable:
    """A light table whose decisions are sent on a timer until `close`."""
    table = LightTable(dataset, journal, opinions_of, disk_is_kept, remembered=remembered)
    table.sending.start()
    return table


EXAMPLES = 6


def asked_by_visitor(question: Question, leak: str, things: Things | None = None) -> Finding:
    """A visitor's question as something to look at. `leak`: why the photo must not be learned
    from, if it must not."""
    said = (
        f"A visitor says: {question.note}"
        if question.note
        else "A visitor says that the answer was wrong."
    )
    answered = answered_in_words(question.answered, things)
    return Finding(
        question.image_id,
        "visitor",
        0.5,
        " ".join(filter(None, (answered, said, leak))),
        suggested_label=question.label,
        scan_id=question.id,
        model_revision=question.model_revision,
    )


def answered_in_words(answered: str, things: Things | None) -> str:
    """The answer that the visitor had got; empty if it was not recorded."""
    if not answered:
        return ""
    if answered == NONE_OF_THESE:
        return "We had not known it."
    named = things.title_of(answered) if things is not None and answered in things else answered
    return f"We had answered *{named}*."


def before_a_scan(given: Mapping[str, Label], found: Sequence[Finding]) -> list[Finding]:
    """A question about each photo without a label that no scan has put into order yet, in the
    order they came in.

    `found`: everything else that is asked; a visitor's photo has a question already.
    """
    if any(one.kind == "unlabelled" for one in found):
        return []
    asked = {one.image_id for one in found if one.kind == "visitor"}
    return [
        Finding(image_id, "unlabelled", 0.0, NAMELESS)
        for image_id, label in given.items()
        if label.status == "unlabelled" and image_id not in asked
    ]


def examples_of(
    labels: Mapping[str, Label], doubted: Collection[str]
) -> Callable[[str], Sequence[str]]:
    """Class id -> a few of its photos without open doubts."""
    chosen: dict[str, list[str]] = {}
    for image_id, label in labels.items():
        if label.label and label.status == "labelled" and image_id not in doubted:
            of_class = chosen.setdefault(label.label, [])
            if len(of_class) < EXAMPLES:
                of_class.append(image_id)
    return lambda class_id: chosen.get(class_id, ())


def content_of(dataset: Dataset) -> list[str]:
    """A revision's files but for decisions."""
    return sorted(path for path in dataset.paths if not path.startswith("ledger/"))
