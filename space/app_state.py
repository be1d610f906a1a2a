"""What is loaded behind the app: the release that answers, the visitors' inbox, and the light
table when there is one.

The release loads in a thread of its own while the pages are already served; until then they say so.
A newer one is loaded behind the one that answers, and takes its place when it is ready.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

from curation.decisions.visitors_photos import take_back_photo
from curation.light_table.first_model import Serving, measured_in_words
from curation.light_table.session.sending import Sending, tried
from curation.light_table.session.table import LightTable, open_table
from data_cards.annotations.journal import Journal, known
from data_cards.annotations.ledger import Ledger, read_ledger
from data_cards.dataset.repo import Dataset, open_dataset
from data_cards.errors import BadModel, NoModelYet, TooBusy, VitrineError
from data_cards.progress import say
from data_cards.storage.repository import parse_address
from space.api import Answer, Recognizer
from space.feedback import Inbox, is_their_own, nothing_here, question_of
from space.recent_answers import Recent
from space.settings import SpaceSettings
from train.inference.current_classes import known_at
from train.inference.predictor import Predictor
from train.release.forget_photos import forget_photos

NO_MODEL = (
    "There is no model yet. The photos are being looked at and labelled first; come back in a "
    "while."
)

Load = Callable[[str], Recognizer]
# Called once: with None when questions can be answered or a dataset waits for its first model, or
# with what went wrong.
Settled = Callable[[VitrineError | None], None]


class Archive:
    """Where decisions and questions go. This one has no dataset: what visitors say is kept on
    this machine."""

    table: LightTable | None = None

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    def open(self, inbox: Inbox) -> None:
        """Begin to send what waits."""

    def look_around(self) -> None:
        """Look at photos that no scan saw."""

    def known(self) -> Ledger:
        """Everything decided and asked."""
        return read_ledger(self.journal.rows())

    def tell_today(self, recognizer: Recognizer) -> None:
        """Let a recognizer name classes as they are called today; here nobody calls them
        anything else."""

    def photos(self) -> Mapping[str, Any]:
        """Photos that a person can look at."""
        return {}

    def take_back(self, image_id: str) -> None:
        """Let a visitor's photo leave; here none was ever sent."""

    def read(self, image_id: str) -> bytes:
        """The bytes of one of them. Raises MissingFile."""
        return nothing_here(image_id)

    def is_erased(self, image_id: str) -> bool:
        """Whether a photo was erased here, so that a thumbnail in a model is not shown either."""
        return self.shows_erased({image_id})

    def shows_erased(self, image_ids: Set[str]) -> bool:
        """Whether any of these photos was erased here."""
        return False

    def close(self) -> None:
        """Send what is unsent, and end."""


class DatasetArchive(Archive):
    """With a dataset: the light table shows it, and what waits here is sent to it."""

    def __init__(
        self, journal: Journal, dataset: Dataset, disk_is_kept: bool, cache: Path | None = None
    ) -> None:
        """`cache`: where scans on this machine remember what they saw."""
        from curation.issues.out_of_fold import ScanOpinions
        from curation.scan.remembered import ScanCache

        super().__init__(journal)
        self._dataset = dataset
        remembered = ScanCache(cache) if cache is not None else None
        self.table = self._table = open_table(
            dataset, journal, ScanOpinions, disk_is_kept, remembered
        )
        self._cache = cache
        self._delivering = threading.Lock()  # what is taken back must not come in behind it
        self._photos: Sending | None = None
        self._told: tuple[object, ...] = ()

    def tell_today(self, recognizer: Recognizer) -> None:
        """Let a recognizer name classes as the light table has them at this moment."""
        today = self._table.records.collection
        decisions = self._table.book.of_classes()
        told = self._told
        if told and told[0] is recognizer and told[1] is today and told[2] == len(decisions):
            return
        if not isinstance(recognizer, Predictor):
            return
        revision = str(recognizer.model.get("dataset_revision") or "")
        recognizer.read_as(today, decisions, known_at(self._dataset, revision, recognizer.made_at))
        self._told = (recognizer, today, len(decisions))

    def open(self, inbox: Inbox) -> None:
        """Begin to send visitors' photos."""
        self._photos = Sending(inbox.waiting, lambda: self._deliver(inbox))
        self._table.photo_trouble = self._photo_trouble
        self._photos.start()
        threading.Thread(
            target=self._learn_what_is_here, args=(inbox,), name="doorstep", daemon=True
        ).start()

    def _learn_what_is_here(self, inbox: Inbox) -> None:
        trouble = tried(lambda: inbox.duplicates.learn(self._dataset))
        if trouble:
            say(f"Photos that come in twice may not be noticed. {trouble}")

    def look_around(self) -> None:
        """Look at photos that no scan saw, where some wait for a label: what people name is then
        proposed for others like it."""
        waiting = self._table.queue.progress("", "unlabelled").left
        if waiting:
            threading.Thread(target=self._looking, name="looking", daemon=True).start()

    def _looking(self) -> None:
        try:
            self._table.look_around()
        except VitrineError as error:
            say(f"Nothing is proposed while photos are named: {error.sentence}")

    def known(self) -> Ledger:
        """Everything decided and asked, here and in the dataset."""
        return known(self._dataset, self.journal)

    def photos(self) -> Mapping[str, Any]:
        """Photos of the dataset, and those in its inbox."""
        return {**self._dataset.photos(), **self._dataset.inbox()}

    def take_back(self, image_id: str) -> None:
        """Let a visitor's photo leave the dataset, and what this machine made of it."""
        with self._delivering:
            self._dataset = take_back_photo(self._dataset, image_id, self._cache)
        self._table.refresh()

    def read(self, image_id: str) -> bytes:
        """One photo of the dataset."""
        return self._dataset.read_photo(image_id)

    def shows_erased(self, image_ids: Set[str]) -> bool:
        """Whether any of them was erased from the dataset."""
        return not self._dataset.repo.forgotten().isdisjoint(image_ids)

    def close(self) -> None:
        """Photos first: a question whose photo is not there cannot be looked at."""
        if self._photos:
            self._photos.stop()
        self._table.close()

    def _photo_trouble(self) -> str:
        trouble = self._photos.trouble if self._photos else ""
        return f"Visitors' photos wait: {trouble}" if trouble else ""

    def _deliver(self, inbox: Inbox) -> None:
        with self._delivering:
            self._dataset = inbox.deliver(self._dataset)
        self._table.refresh()


class AppState:
    """One app's state. `open` begins to load, `close` sends what is unsent."""

    def __init__(
        self, settings: SpaceSettings, load: Load, settled: Settled = lambda trouble: None
    ) -> None:
        self._settings = settings
        self._load = load
        self._settled = settled
        self._recognizer: Recognizer | None = None
        self._inbox: Inbox | None = None
        self._trouble: VitrineError | None = None
        self._thread: threading.Thread | None = None
        self._reloading: threading.Thread | None = None
        self._one_at_a_time = threading.Lock()
        self._once_more = False
        self._not_reloaded = self._until_restart = ""
        self.archive = _archive(settings)

    def open(self) -> None:
        """Load the release in the background."""
        self._thread = threading.Thread(target=self._loading, name="loading", daemon=True)
        self._thread.start()
        if not self._settings.behind:  # else the job that runs behind scans
            self.archive.look_around()

    def close(self) -> None:
        """Wait for the loading to end, and send what is unsent."""
        for thread in (self._thread, self._reloading):
            if thread:
                thread.join()
        self.archive.close()

    def reload(self) -> None:
        """Load the newest release of the same model; the one that answers now does so until that
        is ready."""
        with self._one_at_a_time:
            if self._reloading and self._reloading.is_alive():
                self._once_more = True
                return
            self._reloading = threading.Thread(
                target=self._loading_newest, name="reloading", daemon=True
            )
            self._reloading.start()

    def serving(self) -> Serving:
        """Which release answers, and what became of a newer one."""
        loading = any(
            thread is not None and thread.is_alive() for thread in (self._thread, self._reloading)
        )
        model = self._recognizer.model if self._recognizer else {}
        return Serving(
            str(model.get("revision") or ""),
            loading,
            self._not_reloaded,
            self._until_restart,
            isinstance(self._trouble, NoModelYet),
            measured_in_words(model.get("provisional")),
        )

    @property
    def ready(self) -> bool:
        """Whether questions can be answered."""
        return self._inbox is not None

    def recognizer(self) -> Recognizer:
        """The loaded release. Raises TooBusy while it loads, and what went wrong when it could
        not be."""
        if self._trouble is not None:
            raise self._trouble
        if self._recognizer is None or self._inbox is None:
            raise TooBusy("The model is being loaded. Ask again in a moment.", code="not_ready")
        self.archive.tell_today(self._recognizer)
        return self._recognizer

    def inbox(self) -> Inbox:
        """Where visitors' questions go."""
        recognizer = self.recognizer()
        assert self._inbox is not None
        self._inbox.collection = recognizer.collection
        self._inbox.class_now = recognizer.todays.of if isinstance(recognizer, Predictor) else str
        return self._inbox

    def fate(self, receipt: str) -> Answer:
        """What became of a visitor's question."""
        known_now = self.archive.known()
        told: Answer = dict(self.inbox().fate(receipt, known_now, self.archive.photos()))
        if told["fate"] == "accepted" and isinstance(self._recognizer, Predictor):
            number = self._recognizer.helped(question_of(receipt, known_now).image_id)
            if number is not None:
                told["round"] = number
                told["sentence"] += f" It helped the model of round {number}."
        return told

    def take_back(self, receipt: str, recent: Recent) -> Answer:
        """A visitor's question and photo leave; a release that shows the photo is written anew
        without it."""
        inbox = self.inbox()
        question = inbox.take_back(receipt, self.archive.known(), recent)
        if is_their_own(question):
            self.archive.take_back(question.image_id)
            names = [question.image_id]
            if forget_photos(self._settings.model, names, self._settings.cache, question.at):
                self.reload()
        return self.fate(receipt)

    def _loading_newest(self) -> None:
        if self._thread:
            self._thread.join()
        while True:
            trouble = tried(self._take_newest)
            if trouble:
                others = (
                    "so the previous one stays"
                    if self._recognizer
                    else "and there is none before it"
                )
                self._not_reloaded = f"The newest release cannot be served, {others}. {trouble}"
                say(self._not_reloaded)
            with self._one_at_a_time:
                if not self._once_more:
                    return
                self._once_more = False

    def _take_newest(self) -> None:
        try:
            self._take(self._load(newest_of(self._settings.model)))
        except NoModelYet:  # the new commit was something else, such as the findings of a scan
            return
        self._not_reloaded = ""
        self._until_restart = self._pinned()

    def _pinned(self) -> str:
        """A place that was started with one revision starts with it again."""
        at = parse_address(self._settings.model)
        if not at.revision:
            return ""
        return (
            f"This app was deployed with revision {at.revision[:12]} and starts with it again: "
            "deploy again to keep the current release after a restart."
        )

    def _loading(self) -> None:
        trouble = tried(self._load_first)
        if trouble:  # callers that wait for the page would otherwise wait forever
            self._trouble = BadModel(trouble)
            self._settled(self._trouble)

    def _load_first(self) -> None:
        try:
            self._take(self._load(self._settings.model))
        except NoModelYet as error:
            waits = self.archive.table is not None
            self._trouble = NoModelYet(NO_MODEL) if waits else error
            self._settled(None if waits else error)
        except VitrineError as error:
            self._trouble = error
            self._settled(error)
        else:
            self._settled(None)

    def _take(self, recognizer: Recognizer) -> None:
        """From now on this one answers."""
        self._recognizer = recognizer
        if self._inbox is None:
            inbox = Inbox(
                self.archive.journal,
                self._settings.state / "inbox",
                recognizer.collection,
                self.archive.read,
            )
            self.archive.open(inbox)
            self._inbox = inbox
        self._inbox.collection = recognizer.collection
        self._trouble = None


def newest_of(model: str) -> str:
    """The address without its revision."""
    return str(replace(parse_address(model), revision=None))


def _archive(settings: SpaceSettings) -> Archive:
    # The dataset first: where there is none, no folder is made at its address.
    dataset = open_dataset(settings.dataset) if settings.dataset else None
    journal = Journal(settings.state / "journal")
    if dataset is None:
        return Archive(journal)
    return DatasetArchive(journal, dataset, settings.disk_is_kept, settings.cache)
