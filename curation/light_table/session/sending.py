"""Kept here, then sent: what waits in the journal goes to the repository in batches.

One commit for many decisions, every minute or on demand; a repository that does not answer is
tried again with growing pauses, and the screen says so in a sentence.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from data_cards.errors import VitrineError, sentence_of
from data_cards.progress import say
from data_cards.wording import counted

EVERY_SECONDS = 60.0
LONGEST_PAUSE = 15 * 60.0


class Sending:
    """A quiet thread that sends. `unsent` counts what waits, `send` sends it all or raises
    VitrineError."""

    def __init__(
        self,
        unsent: Callable[[], int],
        send: Callable[[], None],
        every: float = EVERY_SECONDS,
        clock: Callable[[], float] = time.time,
        then: Callable[[], object] = lambda: None,
    ) -> None:
        """`then`: what else there is to do each time, whether or not anything waits; it may
        raise VitrineError."""
        self._unsent = unsent
        self._send = send
        self._every = every
        self._clock = clock
        self._then = then
        self._one_at_a_time = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._sent_at: float | None = None
        self._problem: str | None = None
        self._failures = 0
        self._next_try = 0.0

    def start(self) -> None:
        """Begin sending on the timer."""
        self._thread = threading.Thread(target=self._run, name="sending", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(self._pause()):
            self.now()
            trouble = tried(self._then)
            if trouble:
                say(f"Could not look for new decisions: {trouble}")

    def _pause(self) -> float:
        pause = min(self._every * 2 ** max(0, self._failures - 1), LONGEST_PAUSE)
        self._next_try = self._clock() + pause
        return pause

    def now(self) -> dict[str, Any]:
        """Send what waits, at once; returns `report`. A failure is remembered, nothing is lost."""
        with self._one_at_a_time:
            trouble = tried(self._send_what_waits)
            if trouble:
                self._failures += 1
                self._problem = trouble
                say(f"Not sent: {trouble}")
        return self.report()

    def _send_what_waits(self) -> None:
        if self._unsent():
            self._send()
            self._failures = 0
            self._problem = None
            self._sent_at = self._clock()

    def report(self) -> dict[str, Any]:
        """`unsent`, `sent_ago` in seconds (None: nothing sent since the start), `problem` as a
        sentence."""
        unsent = self._unsent()
        ago = None if self._sent_at is None else max(0.0, self._clock() - self._sent_at)
        return {
            "unsent": unsent,
            "sent_ago": ago,
            "problem": self._told(unsent) if self._problem else None,
        }

    @property
    def trouble(self) -> str:
        """Why the last try failed, as a sentence; empty when it did not."""
        return self._problem or ""

    def _told(self, unsent: int) -> str:
        decisions = "decision is" if unsent == 1 else f"{unsent} decisions are"
        minutes = max(1, round((self._next_try - self._clock()) / 60))
        when = "a minute" if minutes == 1 else counted(minutes, "minute")
        return f"{self._problem} Your {decisions} kept on this machine; next try in {when}."

    def stop(self) -> None:
        """Send what waits a last time, then end."""
        self._stop.set()
        if self._thread:
            self._thread.join(timeout=5)
        self.now()


def tried(action: Callable[[], object]) -> str:
    """Do something in a thread that has to go on whatever happens; what stopped it as a sentence,
    empty when nothing did."""
    try:
        action()
    except VitrineError as error:
        return error.sentence
    except OSError as error:
        return sentence_of(error)
    except Exception as error:  # noqa: BLE001 - a thread that ended here would never be missed
        return f"It failed unexpectedly ({type(error).__name__}: {error})."
    return ""
