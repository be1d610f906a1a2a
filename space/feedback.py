"""A visitor says "that's wrong": a question for the people who decide, never a label.

The choice goes into the journal at once (and with it to the dataset's ledger); the photo only
with consent, never where a collection is about people, without its location, and first into a
folder of this machine. A photo that is already in the dataset, in the inbox or in the sealed test
is not kept again: the question is then about the stored one. `deliver` puts waiting photos into the
dataset's inbox, where the light table finds them; they are in no table until somebody labels them
(curation/decisions/visitors_photos.py).

A receipt is the question's id. On the page it ends in a few more characters, of which the ledger
holds only a hash: the ledger may be public, and only somebody with the whole receipt may take the
question back.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from curation.near_duplicates.incoming import AGAIN, Arrived, Read, UploadDuplicates, arrived
from data_cards.annotations.decision import (
    IT_IS_NONE,
    NONE_OF_THESE,
    Decision,
    Question,
    ask,
    decide,
    now,
)
from data_cards.annotations.disagreement import JUNK, answer_of
from data_cards.annotations.journal import Journal
from data_cards.annotations.ledger import VISITOR, Ledger, standing
from data_cards.annotations.settled import settles_visitor
from data_cards.dataset.class_names import RESERVED
from data_cards.dataset.collection import Collection
from data_cards.dataset.repo import Changes, Dataset
from data_cards.dataset.schema import Finding, Photo, Source
from data_cards.dataset.tables import findings_file, inbox_file
from data_cards.errors import BadPhoto, MissingFile, NotAllowed, TooBusy, UnknownClass, sentence_of
from data_cards.photos.image import image_id, inspect_photo
from data_cards.progress import say
from data_cards.storage.atomic_files import write_durably
from data_cards.wording import counted
from space.recent_answers import Recent, Remembered

UNKNOWN = "unknown"
MOST_WAITING = 2_000
ASIDE = "set-aside"  # the folder of photos that could not be delivered, and the file of why
LONGEST_TITLE = (
    200  # letters of a class's title in a question; a line of the ledger holds texts of 500
)
LONGEST_WORDS = 120  # letters that a visitor may type; the page's field takes as many
FATES = {
    "waiting for a person": "Nobody has looked at it yet. Someone will.",
    "accepted": "Someone reviewed it and agrees with you. The labels say so now.",
    "refused": "Someone reviewed it and decided otherwise.",
    "counted": "Your answer counts. The photo was not kept, so nobody can review it.",
}
TAKEN_BACK = "taken back"
IT_IS_BACK = "It is taken back. Neither your photo nor your suggestion is kept."
SECRET = 10  # signs of 5 bits each at the end of a receipt
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # as of a ULID: no sign is taken for another
# What scrypt costs to try one secret: 16 MB and some 40 ms, so that 50 bits are out of reach.
SCRYPT = {"n": 2**14, "r": 8, "p": 1, "dklen": 16}


def nothing_here(image_id: str) -> bytes:
    """No dataset, no photos."""
    raise MissingFile("There is no such photo here.", image_id=image_id)


class Inbox:
    """Visitors' questions. `journal` is the one that the light table writes to as well.

    `read`: bytes of the dataset's photos, MissingFile for others.
    """

    def __init__(
        self, journal: Journal, folder: Path, collection: Collection, read: Read = nothing_here
    ) -> None:
        self._journal = journal
        self._folder = folder
        self.collection = collection
        self._read = read
        self.class_now: Callable[[str], str] = str
        self._lock = threading.Lock()
        self.duplicates = UploadDuplicates()
        for name, path in self._waiting().items():
            try:
                self.duplicates.note(name, path.read_bytes())
            except OSError:  # told when it is delivered
                continue

    def ask(
        self, answer: Remembered, label: str, consent: bool, recent: Recent, words: str = ""
    ) -> str:
        """Keep the question (on disk when this returns) and give its receipt, the same one when
        it is asked twice.

        `label`: a class id, "none" or "unknown"; `words`: what it is, of a thing that is not
        here. Raises UnknownClass, TooBusy, DiskFull.
        """
        return self.ask_sealed(answer, label, consent, recent, words).partition("-")[0]

    def ask_sealed(
        self, answer: Remembered, label: str, consent: bool, recent: Recent, words: str = ""
    ) -> str:
        """The same, with the whole receipt, by which the question can be taken back."""
        words = readable(words)
        if label not in self.collection:
            label = self.class_now(label)  # a page that was opened before classes were merged
        if label not in RESERVED and label not in self.collection:
            raise UnknownClass(
                f"“{label}” is not one of the "
                f"{counted(len(self.collection.ids), 'class', 'classes')} here; "
                f"“{NONE_OF_THESE}” and “{UNKNOWN}” are allowed too.",
                label=label,
            )
        said = f"{label} {consent} {words}"
        with self._lock:
            given = dict(recent.find(answer.prediction_id).receipts).get(said)
            if given:
                return given
            photo = self._shown(answer) if consent else None
            twin = self._twin(photo) if photo else None
            name = twin or (self._keep_photo(photo) if photo else _nameless(answer.prediction_id))
            question = ask(
                name,
                None if label in RESERVED else label,
                answered=answer.answered,
                note=self._note(label, words) + (f" {AGAIN}" if twin else ""),
                model_revision=answer.model_revision,
            )
            secret = "".join(secrets.choice(ALPHABET) for _ in range(SECRET))
            self._journal.append([replace(question, seal=sealed(question.id, secret))])
            receipt = f"{question.id}-{secret}"
            recent.add_receipt(answer.prediction_id, said, receipt)
            return receipt

    def fate(self, receipt: object, ledger: Ledger, photos: Mapping[str, Any]) -> dict[str, str]:
        """What became of a question. Raises MissingFile for a receipt that was never given."""
        question = question_of(receipt, ledger)
        if question in ledger.taken_back:
            return {"receipt": question.id, "fate": TAKEN_BACK, "sentence": IT_IS_BACK}
        is_here = question.image_id in photos or self._path(question.image_id).exists()
        fate = _fate(question, ledger, is_here)
        return {"receipt": question.id, "fate": fate, "sentence": FATES[fate]}

    def take_back(self, receipt: object, ledger: Ledger, recent: Recent) -> Question:
        """The question is no longer asked, and what this machine keeps of its photo is gone. Raises
        MissingFile for a receipt that was never given, NotAllowed without its last signs."""
        question = question_of(receipt, ledger)
        secret = plain_receipt(receipt).partition("-")[2]
        if not question.seal or not secrets.compare_digest(
            question.seal, sealed(question.id, secret)
        ):
            raise NotAllowed(
                "To take it back you need the whole receipt, with the characters at its end.",
                code="not_your_receipt",
            )
        if question not in ledger.taken_back:
            self._journal.append([decide(VISITOR, question.image_id, "undo", undoes=question.id)])
        recent.forget_photo(question.id)
        if is_their_own(question):
            self._path(question.image_id).unlink(missing_ok=True)
            (self._folder / ASIDE / f"{question.image_id}.photo").unlink(missing_ok=True)
            self.duplicates.forget(question.image_id)
        return question

    def waiting(self) -> int:
        """Photos that are not in the dataset yet."""
        return len(self._waiting())

    def deliver(self, dataset: Dataset) -> Dataset:
        """Put the waiting photos into the dataset's inbox in one commit. Raises what a commit
        raises.

        One that cannot come in stops no other: it is set aside in a folder of its own, and the
        report on the light table says why.
        """
        waiting = self._waiting()
        if not waiting:
            return dataset
        good: dict[str, tuple[Photo, bytes]] = {}
        bad: dict[str, str] = {}
        for name, path in waiting.items():
            try:
                good[name] = _row(name, path.read_bytes())
            except BadPhoto as error:
                bad[name] = error.sentence
            except OSError as error:
                bad[name] = sentence_of(error)
        count = "a visitor's photo" if len(good) == 1 else f"{len(good)} visitors' photos"
        message = f"Add {count} to look at" if good else "Say which visitors' photos cannot come in"
        after = dataset.update(message, lambda base: _with_photos(base, good, bad))
        for name, path in waiting.items():
            if name in good:
                path.unlink(missing_ok=True)
            else:
                self._set_aside(path, bad[name])
        return after

    def _set_aside(self, path: Path, reason: str) -> None:
        say(f"A visitor's photo was set aside in {self._folder / ASIDE}: {reason}")
        aside = self._folder / ASIDE
        aside.mkdir(mode=0o700, exist_ok=True)
        path.replace(aside / path.name)

    def _shown(self, answer: Remembered) -> Arrived | None:
        """The photo that was answered, where it may be kept and can be."""
        if answer.photo is None or self.collection.is_about_people:
            return None
        try:
            return arrived(answer.photo, answer.alike)
        except BadPhoto:  # a model named it all the same; then the choice alone is kept
            return None

    def _twin(self, photo: Arrived) -> str | None:
        """The photo here, waiting or in the dataset, that shows the same shot."""
        if self._path(photo.image_id).exists():
            return photo.image_id
        return self.duplicates.twin_of(photo, self._bytes_of)

    def _bytes_of(self, name: str) -> bytes:
        path = self._path(name)
        return path.read_bytes() if path.exists() else self._read(name)

    def _keep_photo(self, photo: Arrived) -> str:
        if self.waiting() >= MOST_WAITING:
            raise TooBusy(
                "So many photos are waiting for review that we can't keep more today. Your "
                "answer still counts without the photo.",
                code="inbox_full",
            )
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_durably(self._path(photo.image_id), photo.stored, mode=0o600)
        self.duplicates.keep(photo)
        return photo.image_id

    def _note(self, label: str, words: str) -> str:
        if label == NONE_OF_THESE:
            return f"{IT_IS_NONE} In their words: “{words}”." if words else IT_IS_NONE
        if label == UNKNOWN:
            return "they do not know what it is."
        return f"it is {self.collection.title_of(label)[:LONGEST_TITLE]}."

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.photo"

    def _waiting(self) -> dict[str, Path]:
        return {path.stem: path for path in sorted(self._folder.glob("*.photo"))}


def readable(words: str) -> str:
    """What a visitor typed, as one line of signs that can be seen, cut to LONGEST_WORDS letters.

    >>> readable("  a blue\nvase\x00 ")
    'a blue vase'
    """
    seen = "".join(sign if sign.isprintable() else " " for sign in words[: 4 * LONGEST_WORDS])
    return " ".join(seen.split())[:LONGEST_WORDS]


def sealed(question_id: str, secret: str) -> str:
    """What the end of a receipt comes to, as the ledger holds it."""
    return hashlib.scrypt(secret.encode(), salt=question_id.encode(), **SCRYPT).hex()


def question_of(receipt: object, ledger: Ledger) -> Question:
    """The question of a receipt, with or without its end. Raises MissingFile."""
    name = plain_receipt(receipt).partition("-")[0]
    for one in (*ledger.questions, *ledger.taken_back):
        if one.id == name:
            return one
    raise MissingFile(
        "We don't know this receipt. A receipt has at least 26 letters and digits.",
        code="unknown_receipt",
    )


def is_their_own(question: Question) -> bool:
    """Whether the photo asked about came with the question; else it was here before, or is none."""
    return not question.note.endswith(AGAIN)


def plain_receipt(receipt: object) -> str:
    """A receipt in its original form, however somebody typed it."""
    return "".join(str(receipt).split()).upper()


def _nameless(prediction_id: str) -> str:
    """What a question without a photo is about."""
    return hashlib.sha256(prediction_id.encode()).hexdigest()


def _fate(question: Question, ledger: Ledger, can_be_seen: bool) -> str:
    for decision in reversed(standing(ledger.decisions)):
        if settles_visitor(decision, question.id, question.image_id):
            return "accepted" if _agrees(decision, question) else "refused"
    return "waiting for a person" if can_be_seen else "counted"


def _agrees(decision: Decision, question: Question) -> bool:
    """A decision agrees with the visitor if it keeps or gives the class that they named. A visitor
    who did not know is agreed with by any decision that names the thing."""
    label = answer_of(decision)
    if question.label:
        kept = decision.label_before if decision.action == "refuse_visitor" else label
        return kept == question.label
    if label is None or label == JUNK:
        return False
    return label == NONE_OF_THESE or not question.note.startswith(IT_IS_NONE)


def _with_photos(
    base: Dataset, good: Mapping[str, tuple[Photo, bytes]], bad: Mapping[str, str]
) -> Changes:
    known = base.photos().keys() | base.inbox().keys()
    add: dict[str, bytes | Path] = dict(
        inbox_file(*row) for name, row in good.items() if name not in known
    )
    if bad:
        told = base.findings_by_file().get(f"findings/{ASIDE}.parquet", [])
        mine = [
            Finding(name, "unreadable", 1.0, f"A visitor's photo: {reason}")
            for name, reason in bad.items()
        ]
        others = [one for one in told if one.image_id not in bad]
        add |= dict([findings_file(ASIDE, [*others, *mine])])
    return Changes(add)


def _row(name: str, data: bytes) -> tuple[Photo, bytes]:
    """Raises BadPhoto for a photo that could not be reviewed later."""
    if image_id(data) != name:
        raise BadPhoto("The file changed after it was kept.")
    facts = inspect_photo(data)
    source = Source(
        path=f"visitor/{name[:12]}", origin="visitor", added_at=now(), taken_at=facts.taken_at or ""
    )
    return Photo(name, facts.width, facts.height, (source,)), data
