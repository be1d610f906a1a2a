"""What strangers may ask, as plain functions that return plain values: no Gradio, no HTTP.

    /predict(image, top_k=3)   /predict_batch(images)   /similar(image, k=8)   /classes()
    /feedback(prediction_id, label | "none" | "unknown", consent=False) -> {"receipt"}
    /receipt(receipt)

Whatever goes wrong comes back as {"error": sentence, "code": word}.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, Protocol

from data_cards.dataset.collection import Collection
from data_cards.errors import BadPhoto, MissingFile, NotAllowed, TooBusy, VitrineError
from data_cards.photos.image import LIMITS, PhotoLimits
from data_cards.progress import say
from data_cards.wording import counted, in_every_text, shown
from space.feedback import Inbox, plain_receipt
from space.rate_limit import Allowance
from space.recent_answers import Recent
from space.uploads import is_upload

Answer = dict[str, Any]
GONE = (
    "The photo did not arrive. Upload it to /gradio_api/upload first, then ask with the path that "
    "comes back."
)
FOUND = "found"  # how an answer counts on a treasure hunt
OURS = ("self", "base", "client")  # parameters that a caller does not send


class Prediction(Protocol):
    """What a recognizer says about one photo."""

    def to_json(self) -> Answer:
        """The contract's answer, with null urls."""


class Names(Protocol):
    """What answers about photos."""

    @property
    def collection(self) -> Collection:
        """What it can name."""

    def predict(self, data: bytes, top_k: int = 3) -> Prediction:
        """Name the thing in a photo. Raises BadPhoto."""


class Recognizer(Protocol):
    """A loaded release (see `train/inference/predictor.py`). Safe for a few threads at once."""

    @property
    def collection(self) -> Collection:
        """What it can name."""

    @property
    def model(self) -> dict[str, Any]:
        """repo, revision, dataset_revision; `provisional` with its measured share where a better
        one is to come."""

    def predict(self, data: bytes, top_k: int = 3) -> Prediction:
        """Name the thing in a photo. Raises BadPhoto."""

    def similar(self, data: bytes, k: int = 8) -> list[Answer]:
        """The labelled photos that look most like it, best first."""

    def typical(self, class_id: str) -> str | None:
        """The image_id of the labelled photo that shows a class best."""

    def thumbnail(self, image_id: str) -> bytes | None:
        """A small JPEG of a labelled photo."""

    def reference(self, class_id: str) -> bytes | None:
        """The reference picture of a class."""


def refusal(error: VitrineError) -> Answer:
    """What every caller gets instead of an answer."""
    return {"error": error.sentence, "code": error.code}


FAULT = {
    "error": "Something went wrong here, and it is not your photo. Try again in a while.",
    "code": "fault",
}
# Lines of the log a minute for each kind of fault: strangers cannot fill it.
FAULTS_A_MINUTE = 2
_faults = Allowance(FAULTS_A_MINUTE, burst=1)


def answered(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn named errors into the answer that reports them. Anything else is our fault: the log has
    the details, and the visitor gets a short sentence."""

    @wraps(function)
    def asked(*given: Any, **named: Any) -> Any:
        try:
            return in_every_text(function(*given, **named), shown)
        except VitrineError as error:
            return refusal(error)
        except Exception as error:  # noqa: BLE001 - without it Gradio answers {"error": null}
            kind = f"{function.__name__}: {type(error).__name__}"
            if not _faults.take(kind):
                say(f"Not answered, {kind}: {str(error)[:200]!r} at {_place(error)}")
            return dict(FAULT)

    return asked


def _place(error: Exception) -> str:
    """Where it was raised: the last line of ours on the way."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [one for one in frames if "site-packages" not in one.filename]
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "nowhere"


def _nothing_given(receipt: str, recent: Recent) -> Answer:
    raise MissingFile("No receipts were ever given here.", code="unknown_receipt")


Together = Callable[["Recognizer", list[bytes]], "Names"]


def _one_by_one(recognizer: Recognizer, photos: list[bytes]) -> Names:
    """A batch is looked at photo by photo."""
    return recognizer


class Endpoints:
    """What visitors may ask. Collaborators are arguments; `recognizer()` raises TooBusy while the
    model is loading."""

    def __init__(
        self,
        recognizer: Callable[[], Recognizer],
        inbox: Callable[[], Inbox],
        fate: Callable[[str], Answer],
        uploads: Callable[[], Path],
        feedback_a_minute: float = 12,
        most_photos: int = 16,
        most_photo_bytes: int = LIMITS.max_bytes,
        check: Callable[[bytes], None] = lambda photo: None,
    ) -> None:
        """`check`: raises BadPhoto for a photo that must not be opened here."""
        self._together: Together = _one_by_one
        self._recognizer = recognizer
        self._inbox = inbox
        self._fate = fate
        # Set by whoever knows where visitors' photos went (space/app_state.py).
        self.withdraw: Callable[[str, Recent], Answer] = _nothing_given
        # Set by whoever keeps the counts of a hunt (space/hunt/finds.py).
        self.count_find: Callable[[str], None] = lambda label: None
        self._uploads = uploads
        self._recent = Recent()
        self._feedback = Allowance(feedback_a_minute)
        self._most_photos = most_photos
        self._limits = PhotoLimits(max_bytes=most_photo_bytes)
        self._check = check

    @answered
    def predict(self, image: Any, top_k: Any = 3, base: str = "") -> Answer:
        """Name the thing in an uploaded photo. `base`: what urls begin with."""
        recognizer = self._recognizer()
        count = _whole(top_k, 1, len(recognizer.collection.ids), "top_k")
        return self._predicted(recognizer, self._photo(image), count, base)

    @answered
    def predict_batch(self, images: Any, base: str = "") -> list[Answer] | Answer:
        """One answer a photo, in order; a photo that cannot be read gets an error of its own and
        does not stop the others."""
        recognizer = self._recognizer()
        if not isinstance(images, list) or not 1 <= len(images) <= self._most_photos:
            raise NotAllowed(
                f"A batch must be a list of 1 to {self._most_photos} photos.", code="bad_batch"
            )
        by = self._together(recognizer, [*self._readable(images)])
        one = answered(lambda image: self._predicted(by, self._photo(image), 3, base))
        return [one(image) for image in images]

    def _readable(self, images: list[Any]) -> Iterator[bytes]:
        """The photos of a batch that came whole, where they are looked at together."""
        for image in images if self._together is not _one_by_one else ():
            try:
                yield self._photo(image)
            except BadPhoto:  # who asked is told when it is this photo's turn
                continue

    @answered
    def similar(self, image: Any, k: Any = 8, base: str = "") -> list[Answer] | Answer:
        """The labelled photos that look most like an uploaded one."""
        recognizer = self._recognizer()
        found = recognizer.similar(self._photo(image), _whole(k, 1, 50, "k"))
        return with_urls(found, base)

    @answered
    def classes(self, base: str = "") -> list[Answer] | Answer:
        """Everything that can be named: the cards, with `label` and the address of a `picture`
        where there is one."""
        recognizer = self._recognizer()
        return [
            {"label": info.id, **info.to_json(), "picture": picture_of(recognizer, info.id, base)}
            for info in recognizer.collection.classes
        ]

    @answered
    def feedback(
        self, prediction_id: Any, label: Any, consent: Any = False, client: str = ""
    ) -> Answer:
        """Say what an answer should have been: a class id, "none" or "unknown". The receipt
        tells its fate later."""
        receipt = self._kept(prediction_id, label, consent, "", client)
        return {"receipt": receipt.partition("-")[0]}

    @answered
    def suggest(
        self,
        prediction_id: Any,
        label: Any,
        consent: Any = False,
        words: Any = "",
        client: str = "",
    ) -> Answer:
        """The page's `feedback`: with `words` for a thing that is not here, and a receipt by which
        it can be taken back."""
        said = words if isinstance(words, str) else ""
        receipt = self._kept(prediction_id, label, consent, said, client)
        return {"receipt": receipt}

    def _kept(self, prediction_id: Any, label: Any, consent: Any, words: str, client: str) -> str:
        self._recognizer()
        self._take_turn(client)
        answer = self._recent.find(prediction_id)
        inbox = self._inbox()
        return inbox.ask_sealed(answer, str(label), consent is True, self._recent, words)

    @answered
    def take_back(self, receipt: Any, client: str = "") -> Answer:
        """Remove a visitor's suggestion, and their photo wherever it is by now."""
        self._recognizer()
        self._take_turn(client)
        photo = self._recent.photo_of(plain_receipt(receipt).partition("-")[0])
        told = self.withdraw(str(receipt), self._recent)
        if photo is not None:
            self._forget_upload(photo)
        return told

    @answered
    def why(self, prediction_id: Any, label: Any, client: str = "") -> Answer:
        """Which parts of a photo show a class, seen alone: {"grid": 4 rows of 4 chances}. The photo
        is the one that was answered, while it is remembered; never one of people."""
        recognizer = self._recognizer()
        self._take_turn(client)
        answer = self._recent.find(prediction_id)
        where = getattr(recognizer, "where", None)
        grid = where(answer.photo, str(label)) if where and answer.photo else None
        if grid is None:
            raise MissingFile("We can't show where the model looked in this photo.", code="no_why")
        return {"grid": grid}

    @answered
    def outline(self, prediction_id: Any, label: Any, client: str = "") -> Answer:
        """Where the reference picture of a class lies in a photo that was answered: {"corners"} as
        shares of width and height, top left first, clockwise; null where that can't be said."""
        recognizer = self._recognizer()
        self._take_turn(client)
        answer = self._recent.find(prediction_id)
        outline = getattr(recognizer, "outline", None)
        found = outline(answer.photo, str(label)) if outline and answer.photo else None
        return {"corners": found}

    @answered
    def found(self, prediction_id: Any, client: str = "") -> Answer:
        """Count a find of a treasure hunt, once per answer; nothing about the person is kept."""
        self._recognizer()
        self._take_turn(client)
        answer = self._recent.find(prediction_id)
        if not dict(answer.receipts).get(FOUND) and answer.answered != "none":
            self._recent.add_receipt(answer.prediction_id, FOUND, FOUND)
            self.count_find(answer.answered)
        return {"found": answer.answered}

    def _forget_upload(self, photo: bytes) -> None:
        """What was uploaded lies here for minutes; this goes now."""
        for path in self._uploads().rglob("*"):
            try:
                if path.stat().st_size == len(photo) and path.read_bytes() == photo:
                    path.unlink(missing_ok=True)
            except OSError:  # deleted in the meantime, or a folder: nothing to forget
                continue

    def _take_turn(self, client: str) -> None:
        if wait := self._feedback.take(client):
            raise TooBusy(
                f"Thank you; that was a lot at once. Tell us more in "
                f"{counted(round(wait), 'second')}.",
                code="too_many",
            )

    @answered
    def receipt(self, receipt: Any) -> Answer:
        """What became of a visitor's suggestion."""
        self._recognizer()
        return self._fate(str(receipt))

    def look_together(self, together: Together) -> None:
        """From now on `together` looks at the photos of a batch, before each is answered."""
        self._together = together

    def _predicted(self, recognizer: Names, photo: bytes, top_k: int, base: str) -> Answer:
        made = recognizer.predict(photo, top_k=top_k).to_json()
        kept = None if recognizer.collection.is_about_people else photo
        alike = tuple(str(one["image_id"]) for one in made["similar"])
        self._recent.keep(
            made["prediction_id"],
            kept,
            made["label"] or "none",
            made["model"]["revision"] or "",
            alike,
        )
        return made | {"similar": with_urls(made["similar"], base)}

    def _photo(self, image: Any) -> bytes:
        path = image.get("path") if isinstance(image, Mapping) else image
        uploads = self._uploads()
        if not is_upload(path, uploads) or not Path(str(path)).is_file():
            raise BadPhoto(GONE, code="not_uploaded")
        file = Path(str(path))
        size = os.path.getsize(file) if file.exists() else 0
        if size > self._limits.max_bytes:
            raise BadPhoto(
                f"This photo is {size / 1e6:.0f} MB; up to "
                f"{self._limits.max_bytes / 1e6:.0f} MB can be sent.",
                code="too_large",
            )
        try:
            photo = file.read_bytes()
        except OSError as error:  # deleted in this very moment
            raise BadPhoto(GONE, code="not_uploaded") from error
        self._check(photo)
        return photo

    @answered
    def name(self, photo: bytes, top_k: Any = 3, base: str = "") -> Answer:
        """Name the thing in a photo that came as bytes."""
        recognizer = self._recognizer()
        count = _whole(top_k, 1, len(recognizer.collection.ids), "top_k")
        self._check(photo)
        return self._predicted(recognizer, photo, count, base)

    @answered
    def like(self, photo: bytes, k: Any = 8, base: str = "") -> list[Answer] | Answer:
        """The labelled photos that look most like one that came as bytes."""
        recognizer = self._recognizer()
        self._check(photo)
        return with_urls(recognizer.similar(photo, _whole(k, 1, 50, "k")), base)


def sent_to(endpoint: str) -> list[Parameter]:
    """What a caller sends to an endpoint, in order."""
    parameters = signature(getattr(Endpoints, endpoint)).parameters.values()
    return [one for one in parameters if one.name not in OURS]


def parameters_of(endpoint: str) -> tuple[Any, ...]:
    """The same as values: of what may be left out its own, None for what is needed."""
    sent = sent_to(endpoint)
    return tuple(None if one.default is one.empty else one.default for one in sent)


def with_urls(similar: Iterable[Mapping[str, Any]], base: str) -> list[Answer]:
    """The same list with the address of each thumbnail."""
    return [{**one, "url": f"{base}/similar-photo/{one['image_id']}"} for one in similar]


def picture_of(recognizer: Recognizer, class_id: str, base: str) -> str | None:
    """The address of the reference picture, else of the most typical photo; never somebody's photo
    as the emblem of a people."""
    if recognizer.reference(class_id) is not None:
        return f"{base}/reference/{class_id}"
    typical = None if recognizer.collection.is_about_people else recognizer.typical(class_id)
    return f"{base}/similar-photo/{typical}" if typical else None


def _whole(value: Any, least: int, most: int, name: str) -> int:
    """A whole number in range; a larger one is cut to what there is."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or value != value
        or value < least
    ):
        raise NotAllowed(f"`{name}` must be a whole number, at least {least}.", code="bad_number")
    return int(min(value, most))
