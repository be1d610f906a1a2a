"""A long job in a process of its own: how far it is, how it ended, and what a restart finds."""

import json
import os
import signal
import time

import pytest

from curation.retrain.job_runner import (
    JobProgress,
    JobRunner,
    durations,
    left_by_steps,
    newest_bar,
    seconds_said,
)
from data_cards.errors import TooBusy

SAY = """
import sys, time
from pathlib import Path
from curation.retrain.job_runner import JobProgress
told = JobProgress(Path(sys.argv[-1]))
"""
WAITS = (
    SAY + "told.step(2, 4, 'Waiting')\nprint('Looking:  50%|##  | 5/10 [00:05<00:05, 1photo/s]', "
    "flush=True)\n"
    "time.sleep(60)"
)
WORKS = SAY + "told.step(1, 1, 'Working')\ntold.done('It worked.')"
FAILS = SAY + "told.failed('The disk is full.')\nsys.exit(2)"
DIES = SAY + "told.step(1, 2, 'Dying')\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)"


@pytest.fixture
def runner(tmp_path):
    made = JobRunner(tmp_path / "jobs")
    yield made
    made.stop()


def begin(runner, code, **more):
    runner.start("Training", ["-c", code], "olga", **more)


def until(runner, state, **more):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        report = runner.report()
        if report["state"] == state and all(
            report.get(name) == value for name, value in more.items()
        ):
            return report
        time.sleep(0.02)
    raise AssertionError(runner.report())


def test_before_the_first_job_there_is_none(runner):
    assert runner.report() == {"state": "none"}


def test_a_running_job_tells_its_step_and_how_far_that_is(runner):
    begin(runner, WAITS)
    report = until(runner, "running", step=2, share=0.375)
    assert (report["words"], report["steps"], report["who"]) == ("Waiting", 4, "olga") and report[
        "left"
    ] is None


def test_a_job_that_worked_says_so_in_its_own_words(runner):
    begin(runner, WORKS)
    assert until(runner, "done")["sentence"] == "It worked."


def test_a_job_that_failed_says_why(runner):
    begin(runner, FAILS)
    assert until(runner, "failed")["sentence"] == "The disk is full."


def test_a_job_that_was_killed_is_no_success(runner):
    begin(runner, DIES)
    assert "out of memory" in until(runner, "interrupted")["sentence"]


def test_there_is_one_job_at_a_time(runner):
    begin(runner, WAITS)
    with pytest.raises(TooBusy, match="running already"):
        begin(runner, WORKS)


def test_a_job_can_be_stopped_and_the_next_one_started(runner):
    begin(runner, WAITS)
    until(runner, "running", step=2)
    runner.stop()
    assert runner.report()["state"] == "stopped"
    begin(runner, WORKS)
    until(runner, "done")


def test_stopping_when_nothing_runs_changes_nothing(runner):
    runner.stop()
    begin(runner, WORKS)
    until(runner, "done")
    runner.stop()
    assert runner.report()["state"] == "done"


def test_an_app_that_was_started_again_finds_its_job_and_can_stop_it(runner, tmp_path):
    begin(runner, WAITS)
    until(runner, "running", step=2)
    again = JobRunner(tmp_path / "jobs")
    assert again.report()["state"] == "running"
    again.stop()
    assert again.report()["state"] == runner.report()["state"] == "stopped"


def test_a_job_that_died_with_its_app_is_found_interrupted(runner, tmp_path):
    begin(runner, WAITS)
    until(runner, "running", step=2)
    os.killpg(json.loads((tmp_path / "jobs/job.json").read_text())["pid"], signal.SIGKILL)
    until(runner, "interrupted")
    assert JobRunner(tmp_path / "jobs").report()["state"] == "interrupted"


def test_another_process_of_the_same_number_is_not_ours(tmp_path):
    (tmp_path / "job.json").write_text(
        json.dumps(
            {"id": "01X", "title": "Training", "who": "olga", "started": 0, "pid": os.getpid()}
        )
    )
    runner = JobRunner(tmp_path)
    assert runner.report()["state"] == "interrupted"
    runner.stop()  # and this test lives on


def test_whoever_waits_is_told_when_it_is_over(tmp_path):
    over = []
    runner = JobRunner(tmp_path / "jobs", lambda: over.append(runner.report()["state"]))
    begin(runner, WORKS)
    until(runner, "done")
    runner._watch.join(20)
    assert over == ["done"]


def test_the_next_job_is_expected_to_take_as_long_as_the_last(tmp_path):
    now = [100.0]
    runner = JobRunner(tmp_path / "jobs", clock=lambda: now[0])
    begin(runner, WORKS)
    until(runner, "done")
    runner._watch.join(20)
    (tmp_path / "jobs/lasted.json").write_text('{"seconds": 200}')
    begin(runner, WAITS)
    now[0] += 50
    report = until(runner, "running", step=2)
    assert (report["share"], report["left"]) == (0.25, 150.0)
    now[0] += 500  # longer than last time: the steps count again
    assert runner.report()["left"] is None
    runner.stop()


def test_a_job_gets_what_it_is_given_of_the_environment(runner):
    begin(
        runner,
        SAY + "import os; told.done(os.environ['VITRINE_CACHE'])",
        VITRINE_CACHE="/somewhere",
    )
    assert until(runner, "done")["sentence"] == "/somewhere"


@pytest.mark.parametrize("damage", ["", "{", "[]"])
def test_a_damaged_note_is_no_job(tmp_path, damage):
    (tmp_path / "job.json").write_text(damage)
    assert JobRunner(tmp_path).report() == {"state": "none"}


@pytest.mark.parametrize(
    ("log", "far"),
    [
        ("", (None, None)),
        ("Probe: 59 % right.", (None, None)),
        (
            "A:  25%|#   | 1/4 [00:01<00:03, 1photo/s]\rA:  50%|##  | 2/4 [00:02<01:02, "
            "1photo/s]\r",
            (0.5, 62.0),
        ),
        ("A: 100%|####| 4/4 [00:04<00:00, 1photo/s]\n3 of 5  Training\n", (None, None)),
        ("Fine-tuning: epoch 2 of 4, step 30 of 120, about 3 minutes left.\n", (0.25, None)),
    ],
)
def test_bars_and_steps_are_read_off_the_log(log, far):
    assert newest_bar(log) == far


MAKES = (
    SAY + "told.step(1, 2, 'Scanning')\ntold.made()\ntold.step(2, 2, "
    "'Training')\ntold.made()\ntold.done('Done.')"
)
PACED = (
    SAY + "told.step(1, 2, 'Training', 30.0)\n"
    "print('Fine-tuning: epoch 1 of 7, step 5 of 20, about 2 min left.', "
    "flush=True)\ntime.sleep(60)"
)


def test_whoever_watches_hears_that_something_was_made(tmp_path):
    heard = []
    runner = JobRunner(tmp_path / "jobs", news=lambda: heard.append(runner.report()["state"]))
    begin(runner, MAKES)
    until(runner, "done")
    runner._watch.join(20)
    assert heard and heard[-1] == "done" and runner.report()["made"] == 2


def test_what_is_left_is_what_the_job_says_and_all_that_comes_after(tmp_path):
    moment = [1000.0]
    runner = JobRunner(tmp_path / "jobs", clock=lambda: moment[0])
    begin(runner, PACED)
    try:
        assert until(runner, "running", left=150.0)["share"] == pytest.approx(0.125)
    finally:
        runner.stop()


@pytest.mark.parametrize(
    ("log", "left"),
    [
        ("Fine-tuning: epoch 1 of 7, step 5 of 20, about 4 min left.\n", 240.0),
        ("Fine-tuning: epoch 1 of 7, step 5 of 20, about 35 s left.", 35.0),
        (
            "Fine-tuning: epoch 1 of 7, step 5 of 20, about 35 s left.\nEpoch 1 of 7: 80 % "
            "right.\n",
            None,
        ),
        ("Looking:  50%|##  | 5/10 [00:05<00:05, 1photo/s]", None),
        ("", None),
    ],
)
def test_seconds_are_read_off_the_newest_line_only(log, left):
    assert seconds_said(log) == left


def test_nobody_is_told_without_a_place(capsys):
    JobProgress().step(1, 2, "Working")
    JobProgress().done("It worked.")


@pytest.mark.parametrize(
    ("step", "into", "bar", "left"),
    [
        (1, 0.0, None, 75.0),
        (1, 4.0, 30.0, 71.0),  # a bar of one phase says nothing of the others in its step
        (2, 20.0, None, 45.0),
        (2, 70.0, 8.0, 13.0),  # longer than last time: as its bar says
        (2, 70.0, None, None),  # and without one nobody knows
        (3, 0.0, None, 5.0),
        (3, 5.5, None, None),
    ],
)
def test_one_estimate_is_over_all_steps(step, into, bar, left):
    assert left_by_steps([10.0, 60.0, 5.0], step, into, bar) == left


def test_a_step_that_was_quicker_than_last_time_shortens_the_estimate_at_once():
    assert left_by_steps([220.0, 100.0], 1, 2.0) == 318.0
    assert left_by_steps([220.0, 100.0], 2, 0.0) == 100.0


def test_what_each_step_took_is_remembered_for_the_next_job(tmp_path):
    code = SAY + "told.step(1, 2, 'One')\ntold.step(2, 2, 'Two')\ntold.done('Done.')"
    runner = JobRunner(tmp_path / "jobs")
    begin(runner, code)
    until(runner, "done")
    runner._watch.join(20)
    kept = json.loads((tmp_path / "jobs/lasted.json").read_text())
    assert len(kept["steps"]) == 2 and sum(kept["steps"]) <= kept["seconds"] + 0.3


def test_the_bar_never_goes_back(tmp_path):
    now = [time.time()]
    runner = JobRunner(tmp_path / "jobs", clock=lambda: now[0])
    begin(runner, WAITS)
    until(runner, "running", step=2)
    (tmp_path / "jobs/lasted.json").write_text('{"seconds": 20, "steps": [1, 9, 5, 5]}')
    shares = []
    for passed in (0, 4, 4, 4, 40, 400):
        now[0] += passed
        shares.append(runner.report()["share"])
    assert shares == sorted(shares) and all(0 <= one <= 1 for one in shares)
    runner.stop()


def test_steps_begin_when_the_one_before_ends():
    assert durations([10.0, 12.0, 40.0], 45.0) == [2.0, 28.0, 5.0] and durations([], 3.0) == []
