"""The owner's page "Was it worth it?": train again, compare, release, and go back, while the app
goes on serving."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from curation.light_table import first_model
from curation.light_table.first_model import Serving
from curation.light_table.pages.page import Values
from curation.light_table.session.table import LightTable
from curation.retrain.job_runner import JobRunner
from data_cards.errors import NotAllowed, TooBusy, VitrineError
from data_cards.progress import say
from data_cards.settings import as_flags
from data_cards.wording import counted
from train.evaluation.compare_models import COMPARISON
from train.evaluation.label_value import ROUND, Effort, another_hour, effort_of
from train.evaluation.rounds import Round, Story, chart_of, read_story
from train.inference.model_folder import OURS, read_json
from train.release.lifecycle import (
    candidate_round,
    discard,
    release,
    roll_back,
    settled_before,
    standing,
    waiting,
)
from train.settings import remembered
from train.splits.readiness import missing_labels

JOB = "Training"
NEEDED = (
    "torch",
    "transformers",
    "accelerate",
    "scipy",
)  # a Space that only serves has none of these
MEGABYTE = 1e6


@dataclass(frozen=True)
class RetrainSetup:
    """What the page needs beside the table: the model's address (without a revision), where it
    may work, what answers visitors, and how to have the newest release loaded."""

    model: str
    cache: Path
    jobs: Path
    serving: Callable[[], Serving]
    reload: Callable[[], None]
    command: Sequence[str] = ("-m", "curation", "retrain")


class Rounds:
    """The rounds of one model, on one table. Safe to call from many threads."""

    def __init__(
        self, table: LightTable, setup: RetrainSetup, lacking: Callable[[], list[str]] | None = None
    ) -> None:
        self.table = self._table = table
        self._setup = setup
        self._lacking = lacking or (lambda: [name for name in NEEDED if find_spec(name) is None])
        self._changing = threading.Lock()
        self._told: dict[str, Any] = {}
        self._runner = JobRunner(setup.jobs, self._ended, news=self._new_there)
        table.about_model = self.for_annotators
        table.lacks_model = lambda: setup.serving().missing

    def for_visitors(self) -> str:
        """What a visitor is told about a model that is missing or provisional; else empty."""
        serving = self._setup.serving()
        if not serving.missing and not serving.provisional:
            return ""
        return first_model.for_visitors(serving, self._runner.report())

    def for_annotators(self) -> Values | None:
        """What somebody at the table is told about a model that is missing or provisional; else
        None."""
        serving = self._setup.serving()
        if not serving.missing and not serving.provisional:
            return None
        labelled, lacking = self._labels()
        photos = len(self._table.records.photos)
        return first_model.for_annotators(serving, self._runner.report(), labelled, photos, lacking)

    def begin(self, command: Sequence[str], who: str) -> None:
        """Run a command that trains, unless a job is running."""
        if self._runner.report()["state"] != "running":
            self._runner.start(JOB, command, who, VITRINE_CACHE=str(self._setup.cache))

    def stop(self) -> None:
        """End the job that is running."""
        self._runner.stop()

    def show(self, who: str, asked: Mapping[str, str]) -> Values:
        """Everything the page lays out; `asked["only"] == "job"`: how far the job is, and
        nothing that costs."""
        job = self._runner.report()
        if asked.get("only") == "job" and job["state"] == "running":
            return {"job": job}
        serving = self._setup.serving()
        return {
            "job": job,
            "serving": asdict(serving),
            "lacking": self._why_not(),
            **self._figures(who, serving, job),
        }

    def act(self, who: str, wanted: Mapping[str, Any]) -> Values:
        """retrain, stop, release, discard, rollback (`round`), or reload. Raises a VitrineError
        that says why not."""
        does: dict[str, Callable[[], object]] = {
            "retrain": lambda: self._retrain(who),
            "stop": self._runner.stop,
            "release": self._release,
            "discard": lambda: discard(self._setup.model, self._setup.cache),
            "rollback": lambda: self._roll_back(wanted.get("round")),
            "reload": self._setup.reload,
        }
        if str(wanted.get("do")) not in does:
            raise VitrineError(
                "The light table did not understand that. Load the page again; nothing was changed."
            )
        if not self._changing.acquire(blocking=False):
            raise TooBusy("Another change is in progress. Wait a moment.")
        try:
            does[str(wanted["do"])]()
        finally:
            self._changing.release()
            self._told = {}
        return self.show(who, {})

    def _retrain(self, who: str) -> None:
        why = self._why_not()
        if why:
            raise NotAllowed(why)
        sent = self._table.sending.now()
        if sent["unsent"]:
            raise TooBusy(
                f"{sent['problem'] or 'Not everything is sent yet.'} Training waits until all is "
                "sent."
            )
        model = self._setup.model
        cache = self._setup.cache
        now = standing(model, cache)
        chosen = read_json(now[0] / OURS / "release.json").get("settings", {}) if now else {}
        first = [] if settled_before(model, cache) else ["--release-first"]
        lacking = self._labels()[1] if now is None else ""
        if lacking:
            raise NotAllowed(f"{lacking} Label some more photos first.")
        command = [
            *self._setup.command,
            self._table.dataset.address,
            model,
            *first,
            *flags_of(chosen),
        ]
        self._runner.start(JOB, command, who, VITRINE_CACHE=str(self._setup.cache))

    def _release(self) -> None:
        self._idle()
        release(self._setup.model, self._setup.cache)
        self._setup.reload()

    def _roll_back(self, number: object) -> None:
        self._idle()
        if not isinstance(number, int):
            raise VitrineError("Which round? Load the page again; nothing was changed.")
        roll_back(self._setup.model, self._setup.cache, number)
        self._setup.reload()

    def _idle(self) -> None:
        if self._runner.report()["state"] == "running":
            raise TooBusy(
                "A training is running, and it will be compared with the current model. Wait for "
                "it, or stop it first."
            )

    def _why_not(self) -> str:
        missing = self._lacking()
        if not missing:
            return ""
        return (
            f"This machine only serves: {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not installed. "
            f"Train on another one: vitrine retrain {self._table.dataset.address} "
            f"{self._setup.model}, then vitrine release {self._setup.model}."
        )

    def _ended(self) -> None:
        """A job changed the dataset: lay the newest revision on the table."""
        self._told = {}
        try:
            self._table.refresh()
        except VitrineError as error:
            say(f"The table still shows the revision before the training: {error.sentence}")

    def _new_there(self) -> None:
        """A job that goes on made something: a scan's findings, or a release that answers from
        now on."""
        self._ended()
        self._setup.reload()

    def _labels(self) -> tuple[int, str]:
        """How many photos have a class now, and what the labels lack for a training."""
        pictured = self._table.dataset.references()
        with self._table.lock:
            rows = list(self._table.records.labels.values())
            things = self._table.records.collection
        return sum(row.status == "labelled" for row in rows), missing_labels(rows, things, pictured)

    def _figures(self, who: str, serving: Serving, job: Values) -> Values:
        """What is known of the rounds; read again only when something may have changed it."""
        effort, waits_for = self._effort(who)
        key = (self._table.dataset.revision, serving, job.get("id"), job["state"])
        if self._told.get("key") != key:
            model = self._setup.model
            cache = self._setup.cache
            now = standing(model, cache)
            self._told = {
                "key": key,
                "newest": now[1] if now else "",
                "megabytes": _weight(now[0]) if now else 0,
                "story": read_story(now[0]) if now else Story(),
                "waits": candidate_round(model, cache),
            }
        story: Story = self._told["story"]
        waits: Round | None = self._told["waits"]
        spoken = waits or story.current
        since = effort.decisions - (spoken.effort.decisions if spoken else 0)
        return {
            "model": self._setup.model,
            "newest": self._told["newest"],
            "megabytes": self._told["megabytes"],
            "since": max(0, since),
            "doubts": effort.doubts,
            "doubts_wait_for": waits_for,
            "minutes": effort.minutes,
            "bought": spoken.bought if spoken else "",
            "changes": spoken.test_changes if spoken else "",
            "next_hour": another_hour(spoken.found, spoken.decisions, effort, spoken.photos)
            if spoken
            else "",
            "rounds": [_row(one, story.served) for one in story.rounds],
            "waiting": self._waiting(waits, story) if waits else None,
            "chart": _chart(story, waits),
        }

    def _effort(self, who: str) -> tuple[Effort, str]:
        """What people put in so far, what is not sent yet as well; and who the labels in doubt wait
        for, where that is not this person alone. Both count what the table counts."""
        with self._table.lock:
            decisions = self._table.book.standing()
            queue = self._table.queue
            items = [item for item in queue.items.values() if item.pile == "labels"]
            waiting = [item for item in items if not queue.is_settled(item.key)]
            mine = sum(queue.is_open(item.key, who) for item in waiting)
        findings = (finding for item in items for finding in item.findings)
        again = sum(item.first.scan_id.startswith(ROUND) for item in waiting)
        effort = replace(effort_of(decisions, findings), doubts=len(waiting) - again)
        return effort, waits_for(len(waiting), mine, again)

    def _waiting(self, one: Round, story: Story) -> Values:
        folder = waiting(self._setup.model, self._setup.cache)
        rows = read_json(folder / OURS / COMPARISON).get("changed", []) if folder else []
        with self._table.lock:
            named = self._table.records.named
            changed = [
                row
                | {
                    name: (named(row[name]) or {}).get("title", row[name])
                    for name in ("truth", "before", "after")
                }
                for row in rows
            ]
        return _row(one, 0) | {"number": _next(story), "changed": changed}


def _next(story: Story) -> int:
    return max((row.number for row in story.rounds), default=0) + 1


def _chart(story: Story, waits: Round | None) -> str:
    number = _next(story) if waits else 0
    rounds = [*story.rounds, *([replace(waits, number=number)] if waits else [])]
    return chart_of(rounds, story.served, waits=number, style="")


def waits_for(waiting: int, mine: int, again: int) -> str:
    """For whom the open questions about labels wait, if one number does not tell. `waiting`: all of
    them; `mine`: of these for whoever asks; `again`: of these about test photos whose answer
    changed, which are no doubts of a scan.

    >>> waits_for(11, 9, 0)
    'Of 11 labels to look at, 9 wait for you and 2 for somebody else.'
    >>> waits_for(12, 12, 1)
    'Of 12 labels to look at, 12 wait for you. 1 is a test photo that is asked about again.'
    """
    if mine == waiting and not again:
        return ""
    others = waiting - mine
    for_whom = [f"{mine} {'waits' if mine == 1 else 'wait'} for you"] if mine else []
    if others:
        verb = "" if mine else " waits" if others == 1 else " wait"
        for_whom.append(f"{others}{verb} for somebody else")
    told = f"Of {counted(waiting, 'label')} to look at, {' and '.join(for_whom)}."
    if not again:
        return told
    asked = "is a test photo that is" if again == 1 else "are test photos that are"
    return f"{told} {again} {asked} asked about again."


def flags_of(chosen: Mapping[str, Any]) -> list[str]:
    """The settings that a release remembers, as flags: the next round is trained as the last one
    was."""
    return as_flags(replace(remembered(chosen), public=False))


def _row(one: Round, served: int) -> Values:
    found = one.found.to_json() if one.found else None
    return {
        "number": one.number,
        "on": one.at[:10],
        "decisions": one.decisions,
        "so_far": one.effort.decisions,
        "top1": one.top1.value,
        "low": one.top1.low,
        "high": one.top1.high,
        "n": one.top1.n,
        "served": one.number == served,
        "back": bool(one.revision),
        "found": found,
        "bought": one.bought,
        "against": one.against,
        "errors_left": one.effort.errors_left,
        "photos": one.photos,
    }


def _weight(folder: Path) -> int:
    """Megabytes that one round keeps on the disk."""
    large = [path.stat().st_size for path in folder.glob("*.safetensors")]
    large += [path.stat().st_size for path in (folder / OURS / "exports").glob("*.onnx")]
    return round(sum(large) / MEGABYTE)
