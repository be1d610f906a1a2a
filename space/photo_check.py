"""A stranger's photo is tried in a process of its own before the app opens it, so that no decoder
keeps everybody waiting, eats the memory, or takes the app down with it.

    PhotoCheck(at_once=2).check(data)        raises BadPhoto

What costs little by its header is not tried: a plain JPEG, or a small PNG. The process is started
with the first photo that needs it, and ended when a photo takes too long.
"""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from pathlib import Path

from data_cards.errors import BadPhoto
from data_cards.photos.image import LIMITS, PhotoFacts, PhotoLimits, inspect_photo

DEADLINE = 10.0  # seconds for one photo; the slowest real one we met took 2
START_DEADLINE = 60.0  # seconds until the process has loaded its decoders, on a busy machine
# Of strangers' photos: HEIC of 48 million pixels, PNG and WEBP of 30; a JPEG may be any size.
MOST_MEMORY = 700_000_000
PLAIN_PIXELS = {"JPEG": 40_000_000, "PNG": 16_000_000, "BMP": 16_000_000}


class PhotoCheck:
    """`at_once`: how many photos are tried side by side. Safe for threads."""

    def __init__(
        self,
        at_once: int = 2,
        limits: PhotoLimits = LIMITS,
        deadline: float = DEADLINE,
        command: tuple[str, ...] = (sys.executable, "-m", "data_cards.photos.trial"),
    ) -> None:
        self._limits = limits
        self._deadline = deadline
        self._command = command
        # None: a place where no process was started yet.
        self._idle: queue.LifoQueue[_Trial | None] = queue.LifoQueue()
        for _ in range(at_once):
            self._idle.put(None)

    def check(self, data: bytes) -> None:
        """Raises BadPhoto for what cannot be opened in time and within memory."""
        facts = inspect_photo(data, self._limits)
        if costs_little(data, facts):
            return
        trial = self._idle.get()
        try:
            if trial is None or not trial.lives:
                trial = _Trial(self._command)
            trouble = trial.trouble_with(data, self._deadline)
        finally:
            self._idle.put(trial if trial is not None and trial.lives else None)
        if trouble:
            raise BadPhoto(trouble, code="bad_photo")

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


# A baseline photo has one scan, and a preview in its header another; the same bytes may stand in a
# maker's notes by chance.
MOST_PLAIN_SCANS = 16


class _Trial:
    """One process that opens photos: it gets their bytes and answers with a sentence."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).resolve().parents[1],
        )
        self._started = False

    @property
    def lives(self) -> bool:
        """Whether it can be asked again."""
        return self._process.poll() is None

    def trouble_with(self, data: bytes, deadline: float) -> str:
        """What is wrong with a photo, empty when nothing is. The process is ended when it takes
        longer than `deadline` seconds."""
        if not self._started:
            if self._answer(b"", START_DEADLINE) is None:
                return BROKE
            self._started = True
        told = self._answer(data, deadline)
        if told is None:
            return TOO_SLOW if self._was_slow else BROKE
        return told

    def _answer(self, data: bytes, deadline: float) -> str | None:
        out, back = self._process.stdin, self._process.stdout
        assert out is not None and back is not None
        self._was_slow = False
        timer = threading.Timer(deadline, self._too_slow)
        timer.daemon = True
        timer.start()
        try:
            out.write(len(data).to_bytes(8, "big"))
            out.write(data)
            out.flush()
            head = back.read(4)
            told = back.read(int.from_bytes(head, "big")) if len(head) == 4 else None
        except OSError:  # it ended, by itself or by the timer
            told = None
        finally:
            timer.cancel()
        if told is None:
            self.end()
            return None
        return told.decode("utf-8", "replace")

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


TOO_SLOW = "This photo takes too long to open. Save it again as a plain JPEG and send that."
BROKE = "This photo cannot be opened safely. Save it again as a plain JPEG and send that."
