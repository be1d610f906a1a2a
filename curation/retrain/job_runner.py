"""One long job at a time, in a process of its own: the app stays quick, and nothing that goes
wrong there ends it.

    bench = JobRunner(Path("state/jobs"))
    bench.start("Training", ["-m", "curation", "retrain", ...], "olga")
    bench.report()["state"]                none | running | done | failed | stopped | interrupted

All of it is on disk: a page that is loaded again, or an app that is started again, finds the
same job. The child says in `told.json` which step it is at (`JobProgress`), and its bars in the log
say how far that is.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from ulid import ULID

from data_cards.errors import TooBusy
from data_cards.progress import say
from data_cards.storage.atomic_files import write_durably

TOLD = "told.json"
LOG = "log.txt"
JOB = "job.json"
LASTED = "lasted.json"
TAIL = 4_000  # bytes of the log that are read for the newest bar
BAR = re.compile(r"(\d+)%\|[^|]*\|[^\[]*\[[^<\]]*<([\d:]+)")
STEP = re.compile(r"step (\d+) of (\d+), about(?: (\d+) (s|min) left)?")
UNITS = {"s": 1.0, "min": 60.0}  # as `progress.spoken` writes them
PATIENCE = 10.0  # seconds between asking a job to end and ending it
KIND = 10  # niceness: whoever asks the app goes first
ENDED = "It ended without a message: this machine may have run out of memory, or was switched "
"off. Start it again; it continues where it stopped."


class JobProgress:
    """The child's side: it records the current step and how the job ended. Without a path it
    records nothing."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._row: dict[str, Any] = {}
        self._made = 0
        self._began: list[float] = []  # the moment of each step so far

    def step(self, number: int, steps: int, words: str, after: float | None = None) -> None:
        """Begin a step. `after`: seconds that everything behind its last bar will take, where
        somebody knows."""
        say(f"{number} of {steps}  {words}")
        self._began.append(time.time())
        self._tell(
            {"state": "running", "step": number, "steps": steps, "words": words, "after": after}
        )

    def made(self) -> None:
        """Announce something new to the watching process: findings of a scan, or a release."""
        self._made += 1
        self._tell(self._row)

    def done(self, sentence: str) -> None:
        """It worked."""
        self._tell({"state": "done", "sentence": sentence})

    def failed(self, sentence: str) -> None:
        """It did not, and why."""
        self._tell({"state": "failed", "sentence": sentence})

    def _tell(self, row: dict[str, Any]) -> None:
        self._row = row
        if self._path:
            write_durably(
                self._path,
                json.dumps(
                    {**row, "made": self._made, "began": self._began}, ensure_ascii=False
                ).encode(),
            )


class JobRunner:
    """Where jobs are done, one at a time. In a thread of its own `ended` is called when one is
    over, and `news` whenever it made something new (`JobProgress.made`)."""

    def __init__(
        self,
        folder: Path,
        ended: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
        news: Callable[[], None] = lambda: None,
    ) -> None:
        self._folder = folder.absolute()
        self._ended = ended
        self._clock = clock
        self._news = news
        self._shares: dict[str, float] = {}  # of each job the largest share that was told
        self._expected = ("", 0.0)  # of which step the end is known, and the moment
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: threading.Thread | None = None
        if self.report()["state"] == "running":  # an app before this one started it
            self._begin_watching()

    def start(self, title: str, command: Sequence[str], who: str, **environment: str) -> None:
        """Run `python *command --status FILE`. Raises TooBusy while another job runs."""
        with self._lock:
            if self.report()["state"] == "running":
                raise TooBusy("A job is running already. Wait for it, or stop it first.")
            name = str(ULID())
            place = self._folder / name
            place.mkdir(parents=True)
            told = place / TOLD
            started = self._clock()
            with (place / LOG).open("wb") as log:
                self._process = subprocess.Popen(
                    [sys.executable, *command, "--status", str(told)],
                    stdout=log,
                    stderr=log,
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                    env={
                        **os.environ,
                        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                        **environment,
                    },
                )
            with suppress(OSError, AttributeError):
                os.setpriority(os.PRIO_PROCESS, self._process.pid, KIND)
            self._write(
                {
                    "id": name,
                    "title": title,
                    "who": who,
                    "started": started,
                    "pid": self._process.pid,
                }
            )
        self._begin_watching()

    def stop(self) -> None:
        """Ask the job to end; it is ended when it does not. What it finished stays."""
        job = self._read(self._folder / JOB)
        if self.report()["state"] != "running":
            return
        self._write(job | {"stopped": self._clock()})
        _signal(int(job["pid"]), signal.SIGTERM)
        end = time.monotonic() + PATIENCE
        while self._is_alive(job) and time.monotonic() < end:
            time.sleep(0.05)
        if self._is_alive(job):
            _signal(int(job["pid"]), getattr(signal, "SIGKILL", signal.SIGTERM))
        if self._watch:
            self._watch.join(PATIENCE)

    def report(self) -> dict[str, Any]:
        """The newest job: `state`, and while it runs `share` (0..1, or None) and `left` in
        seconds (or None)."""
        job = self._read(self._folder / JOB)
        if not job:
            return {"state": "none"}
        place = self._folder / job["id"]
        told = self._read(place / TOLD)
        base = {
            "id": job["id"],
            "title": job["title"],
            "who": job["who"],
            "started": job["started"],
        }
        if told.get("state") in ("done", "failed"):
            return base | told
        if job.get("stopped") and not self._is_alive(job):
            return base | {
                "state": "stopped",
                "sentence": "It was stopped. If you start it again, it continues where it stopped.",
            }
        if not self._is_alive(job):
            return base | {"state": "interrupted", "sentence": ENDED}
        seconds = max(0.0, self._clock() - float(job["started"]))
        share, left = self._far(place, told, seconds)
        # A bar that goes back would say that work was lost.
        if share is not None or job["id"] in self._shares:
            share = self._shares[job["id"]] = max(share or 0.0, self._shares.get(job["id"], 0.0))
        return base | {
            "state": "running",
            "words": "",
            **told,
            "seconds": seconds,
            "share": share,
            "left": left,
        }

    def _far(
        self, place: Path, told: dict[str, Any], seconds: float
    ) -> tuple[float | None, float | None]:
        """Share done and seconds left: from the job's own estimate over all its steps; otherwise
        from how long each step took last time; otherwise from the steps and the newest bar."""
        before = self._read(self._folder / LASTED)
        log = _tail(place / LOG)
        inside, left = newest_bar(log)
        known = self._left_by_pace(f"{place.name}/{told.get('step')}", told, log)
        if known is not None:
            return (told["step"] - 1 + (inside or 0.0)) / told["steps"], known
        if told.get("began") and len(before.get("steps", ())) == told["steps"]:
            into = self._clock() - float(told["began"][-1])
            rest = left_by_steps(before["steps"], int(told["step"]), into, left)
            return (None if rest is None else seconds / max(1e-9, seconds + rest)), rest
        lasted = before.get("seconds")
        if lasted and seconds < lasted:
            return min(0.98, seconds / lasted), lasted - seconds
        if not told.get("steps"):
            return inside, left
        return (told["step"] - 1 + (inside or 0.0)) / told["steps"], left if told["step"] == told[
            "steps"
        ] else None

    def _left_by_pace(self, step: str, told: dict[str, Any], log: str) -> float | None:
        """Seconds left where the job knows its own pace: what its newest line says, and all that
        comes after."""
        now = self._clock()
        said = seconds_said(log)
        if told.get("after") is None:
            return None
        if said is not None:
            self._expected = (step, now + said + float(told["after"]))
        return max(0.0, self._expected[1] - now) if self._expected[0] == step else None

    def _begin_watching(self) -> None:
        self._watch = threading.Thread(target=self._watching, name="job", daemon=True)
        self._watch.start()

    def _watching(self) -> None:
        job = self._read(self._folder / JOB)
        seen = 0
        while self._is_alive(job):
            seen = self._heard(job, seen)
            time.sleep(0.1)
        self._heard(job, seen)
        report = self.report()
        if report["state"] == "done":
            ended = self._clock()
            began = self._read(self._folder / str(job["id"]) / TOLD).get("began", [])
            lasted = {
                "seconds": round(ended - float(job["started"]), 1),
                "steps": durations(began, ended),
            }
            write_durably(self._folder / LASTED, json.dumps(lasted).encode())
        say(f"{report.get('title', 'A job')}: {report.get('sentence', report['state'])}")
        self._ended()

    def _heard(self, job: dict[str, Any], seen: int) -> int:
        """Pass on that the job made something since then; how often it did so far."""
        made = int(self._read(self._folder / str(job["id"]) / TOLD).get("made", 0))
        if made > seen:
            self._news()
        return made

    def _is_alive(self, job: dict[str, Any]) -> bool:
        pid = int(job["pid"])
        if self._process is not None and self._process.pid == pid:
            return self._process.poll() is None
        try:  # a process of that number that is not ours has another command line
            process = psutil.Process(pid)
            return process.status() != psutil.STATUS_ZOMBIE and str(job["id"]) in " ".join(
                process.cmdline()
            )
        except psutil.Error:
            return False

    def _write(self, job: dict[str, Any]) -> None:
        write_durably(self._folder / JOB, json.dumps(job).encode())

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            row = json.loads(path.read_bytes())
        except (OSError, ValueError):
            return {}
        return row if isinstance(row, dict) else {}


def durations(began: Sequence[float], ended: float) -> list[float]:
    """How long each step took, in seconds, from the moments they began.

    >>> durations([10.0, 12.0, 40.0], 45.0)
    [2.0, 28.0, 5.0]
    """
    ends = [*began[1:], ended]
    return [round(max(0.0, end - one), 1) for one, end in zip(began, ends, strict=False)]


def left_by_steps(
    lasted: Sequence[float], step: int, into: float, bar: float | None = None
) -> float | None:
    """Seconds left in step number `step` (from 1), `into` seconds after it began, and in all
    behind it. `lasted`: what each took the last time; `bar`: what the newest bar says of this one.

    A step that takes longer than it did is as long as its bar says; without a bar nobody knows.

    >>> left_by_steps([10.0, 60.0, 5.0], 2, 20.0), left_by_steps([10.0, 60.0, 5.0], 2, 70.0, 8.0)
    (45.0, 13.0)
    >>> left_by_steps([10.0, 60.0, 5.0], 2, 70.0) is None
    True
    """
    here = lasted[step - 1] - into
    if here < 0:
        if bar is None:
            return None
        here = bar
    return here + sum(lasted[step:])


def newest_bar(text: str) -> tuple[float | None, float | None]:
    """How far the last bar or line of a log says that a step is, 0..1, and the seconds it says
    are left.

    >>> newest_bar("Looking:  25%|##   | 10/40 [00:05<00:15,  2.0photo/s]")
    (0.25, 15.0)
    """
    for line in reversed(re.split(r"[\r\n]+", text)):
        bar = BAR.search(line)
        step = STEP.search(line)
        if bar:
            return int(bar[1]) / 100, _seconds(bar[2])
        if step:
            return int(step[1]) / int(step[2]), None
        if re.match(r"\d+ of \d+  ", line):  # a step has begun and shows no bar yet
            return None, None
    return None, None


def seconds_said(log: str) -> float | None:
    """What the newest line of a log says is left, while that is a line about steps.

    >>> seconds_said("Fine-tuning: epoch 1 of 7, step 5 of 126, about 4 min left.")
    240.0
    """
    last = log.rstrip().replace("\r", "\n").rpartition("\n")[2]
    said = STEP.search(last)
    return int(said[3]) * UNITS[said[4]] if said and said[3] else None


def _seconds(clock: str) -> float:
    return float(
        sum(int(part) * 60**place for place, part in enumerate(reversed(clock.split(":"))) if part)
    )


def _tail(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
