"""What was answered a moment ago, so that "that's wrong" can say which answer. In memory,
bounded, soon forgotten."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from data_cards.errors import MissingFile

KEPT_SECONDS = 3600.0
MOST_BYTES = 200_000_000
MOST_ANSWERS = 5_000


@dataclass(frozen=True)
class Remembered:
    """One answer: the photo (None where photos are not kept), what was said, the labelled photos
    that looked most `alike` (image_id), and the receipts given for it."""

    prediction_id: str
    photo: bytes | None
    answered: str
    model_revision: str
    at: float
    alike: tuple[str, ...] = ()
    receipts: tuple[tuple[str, str], ...] = ()

    @property
    def size(self) -> int:
        """Bytes it holds."""
        return len(self.photo or b"")


class Recent:
    """The latest answers by prediction_id. Safe for threads."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        most_bytes: int = MOST_BYTES,
        most: int = MOST_ANSWERS,
    ) -> None:
        self._clock = clock
        self._most_bytes = most_bytes
        self._most = most
        self._answers: OrderedDict[str, Remembered] = OrderedDict()
        self._lock = threading.Lock()
        self._bytes = 0

    def keep(
        self,
        prediction_id: str,
        photo: bytes | None,
        answered: str,
        model_revision: str,
        alike: tuple[str, ...] = (),
    ) -> None:
        """Remember one answer, and forget the oldest ones when there are too many."""
        with self._lock:
            self._put(
                Remembered(prediction_id, photo, answered, model_revision, self._clock(), alike)
            )
            while self._answers and self._is_over():
                self._bytes -= self._answers.popitem(last=False)[1].size

    def find(self, prediction_id: object) -> Remembered:
        """The answer of that id. Raises MissingFile when it was forgotten, or never given."""
        with self._lock:
            found = self._answers.get(str(prediction_id))
        if found is None or self._clock() - found.at > KEPT_SECONDS:
            raise MissingFile(
                "We no longer have this answer. Send the photo again, then tell us.",
                code="unknown_prediction",
            )
        return found

    def add_receipt(self, prediction_id: str, said: str, receipt: str) -> None:
        """Note which receipt was given for saying this."""
        with self._lock:
            found = self._answers.get(prediction_id)
            if found is not None:
                self._answers[prediction_id] = replace(
                    found, receipts=(*found.receipts, (said, receipt))
                )

    def photo_of(self, receipt: str) -> bytes | None:
        """The photo whose answer this receipt was given for, while it is remembered."""
        with self._lock:
            return next((one.photo for one in self._of(receipt) if one.photo), None)

    def forget_photo(self, receipt: str) -> None:
        """Keep the answer that a receipt was given for, and its photo no longer."""
        with self._lock:
            for answer in self._of(receipt):
                self._bytes -= answer.size
                self._answers[answer.prediction_id] = replace(answer, photo=None)

    def _of(self, receipt: str) -> list[Remembered]:
        return [
            answer
            for answer in self._answers.values()
            if any(given.startswith(receipt) for _, given in answer.receipts)
        ]

    def _put(self, answer: Remembered) -> None:
        replaced = self._answers.pop(answer.prediction_id, None)
        self._bytes += answer.size - (replaced.size if replaced else 0)
        self._answers[answer.prediction_id] = answer

    def _is_over(self) -> bool:
        oldest = next(iter(self._answers.values()))
        return (
            self._bytes > self._most_bytes
            or len(self._answers) > self._most
            or self._clock() - oldest.at > KEPT_SECONDS
        )
