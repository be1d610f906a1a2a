"""Photos that may cost much are opened in a process of its own, so that no decoder keeps everybody
waiting, eats the memory, or takes the app or a collect down with it.

    check = PhotoCheck(at_once=2)
    check.check(data)                raises BadPhoto
    check.stored(data)               the bytes that enter a dataset; raises BadPhoto

What costs little by its header is opened here: a plain JPEG, or a small PNG. A process is started
with the first photo that needs it, and ended when a photo takes too long.
"""

from __future__ import annotations

import atexit
import queue
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path

from data_cards.errors import BadPhoto
from data_cards.photos.image import LIMITS, PhotoFacts, PhotoLimits, inspect_photo, open_photo
from data_cards.photos.metadata import stored_form
from data_cards.photos.trial import OPEN, STORE, STORE_WITH_PLACE

DEADLINE = 10.0  # seconds for one photo; the slowest real one we met took 2
OWN_DEADLINE = 60.0  # of the owner's own, which may be as large as memory allows
START_DEADLINE = 60.0  # seconds until the process has loaded its decoders, on a busy machine
# Of strangers' photos: HEIC of 48 million pixels, PNG and WEBP of 30; a JPEG may be any size.
MOST_MEMORY = 700_000_000
PLAIN_PIXELS = {"JPEG": 40_000_000, "PNG": 16_000_000, "BMP": 16_000_000}
# A baseline photo has one scan, and a preview in its header another; the same bytes may occur in a
# maker's notes by chance.
MOST_PLAIN_SCANS = 16
COMMAND = (sys.executable, "-m", "data_cards.photos.trial")
TOO_SLOW = "This photo takes too long to open. Save it again as a plain JPEG."
BROKE = "This photo cannot be opened safely. Save it again as a plain JPEG."


class PhotoCheck:
    """`at_once`: how many photos are opened side by side elsewhere. Safe for threads."""

    def __init__(
        self,
        at_once: int = 2,
        limits: PhotoLimits = LIMITS,
        deadline: float = DEADLINE,
        command: tuple[str, ...] = COMMAND,
    ) -> None:
        self._limits = limits
        self._deadline = deadline
        self._command = command
        # None: a place where no process was started yet.
        self._idle: queue.LifoQueue[Trial | None] = queue.LifoQueue()
        for _ in range(at_once):
            self._idle.put(None)

    def check(self, data: bytes) -> None:
        """Raises BadPhoto for what cannot be opened in time and within memory."""
        if not costs_little(data, inspect_photo(data, self._limits)):
            self._elsewhere(OPEN, data)

    def stored(self, data: bytes, keep_location: bool = False) -> bytes:
        """`stored_form` of a photo, decoded to its end: damage shows only then. Raises BadPhoto,
        also for what takes too long or breaks a decoder."""
        if not costs_little(data, inspect_photo(data, self._limits)):
            return self._elsewhere(STORE_WITH_PLACE if keep_location else STORE, data)
        kept = stored_form(data, keep_location)
        open_photo(kept, at_least=1)  # an eighth of the size will do
        return kept

    def _elsewhere(self, task: bytes, data: bytes) -> bytes:
        trial = self._idle.get()
        try:
            if trial is None or not trial.lives:
                trial = Trial(self._command)
            return trial.asked(task, data, self._deadline)
        finally:
            self._idle.put(trial if trial is not None and trial.lives else None)

    def close(self) -> None:
        """End the processes."""
        for _ in range(self._idle.qsize()):
            trial = self._idle.get()
            if trial is not None:
                trial.end()
            self._idle.put(None)


def costs_little(data: bytes, facts: PhotoFacts) -> bool:
    """Whether a photo's header promises little work: its format has no way to ask for more."""
    if facts.width * facts.height > PLAIN_PIXELS.get(facts.format, 0):
        return False
    return facts.format != "JPEG" or data.count(b"\xff\xda") <= MOST_PLAIN_SCANS


@cache
def own_check() -> PhotoCheck:
    """For the owner's own photos, one for all collects of a program."""
    check = PhotoCheck(deadline=OWN_DEADLINE)
    atexit.register(check.close)
    return check


class Trial:
    """One process that opens photos, as `data_cards.photos.trial` describes it."""

    def __init__(self, command: tuple[str, ...] = COMMAND) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).resolve().parents[2],
        )
        self._started = False

    @property
    def lives(self) -> bool:
        """Whether it can be asked again."""
        return self._process.poll() is None

    def start(self) -> bool:
        """Wait until it has loaded its decoders; False where it ended instead."""
        if not self._started:
            self._started = self._answer(OPEN, b"", START_DEADLINE) is not None
        return self._started

    def asked(self, task: bytes, data: bytes, deadline: float) -> bytes:
        """What came of a photo. Raises BadPhoto; the process is ended when it takes longer than
        `deadline` seconds."""
        told = self._answer(task, data, deadline) if self.start() else None
        if told is None:
            raise BadPhoto(TOO_SLOW if self._was_slow else BROKE, code="bad_photo")
        is_good, content = told
        if not is_good:
            raise BadPhoto(content.decode("utf-8", "replace"), code="bad_photo")
        return content

    def _answer(self, task: bytes, data: bytes, deadline: float) -> tuple[bool, bytes] | None:
        out, back = self._process.stdin, self._process.stdout
        assert out is not None and back is not None
        self._was_slow = False
        timer = threading.Timer(deadline, self._too_slow)
        timer.daemon = True
        timer.start()
        try:
            out.write(task + len(data).to_bytes(8, "big"))
            out.write(data)
            out.flush()
            head = back.read(9)
            size = int.from_bytes(head[1:], "big")
            content = back.read(size) if len(head) == 9 else b""
            told = (head[:1] == b"+", content) if len(head) == 9 and len(content) == size else None
        except OSError:  # the process ended, on its own or by the timer
            told = None
        finally:
            timer.cancel()
        if told is None:
            self.end()
        return told

    def _too_slow(self) -> None:
        self._was_slow = True
        self._process.kill()

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what was not written yet has no reader any more
                    continue
