"""Ctrl-C while a command is still importing its modules ends it without a traceback."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from data_cards.command_line import run
from data_cards.interrupts import quiet_until_run


@pytest.fixture
def handler() -> Iterator[None]:
    """What hears Ctrl-C in this process is put back."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("floor", ["curation", "train", "space"])
def test_no_traceback_while_modules_are_imported(floor: str) -> None:
    """The interrupt comes with the first import after the standard library's argparse."""
    code = (
        "import os, runpy, signal, sys\n"
        # Whoever runs the tests in the background ignores interrupts, and so would this.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "class Now:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'data_cards.command_line':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Now())\n"
        f"sys.argv = ['{floor}', '--help']\n"
        f"runpy.run_module('{floor}', run_name='__main__', alter_sys=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGINT and "Traceback" not in done.stderr


def test_once_a_command_runs_it_answers_with_a_sentence(
    handler: None, capsys: pytest.CaptureFixture[str]
) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    quiet_until_run()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL

    def interrupted() -> int:
        signal.raise_signal(signal.SIGINT)
        return 0

    assert run(interrupted, "Stopped. Nothing is lost.") == 130
    assert capsys.readouterr().err == "Stopped. Nothing is lost.\n"


def test_a_job_of_the_background_goes_on_ignoring_interrupts(handler: None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    quiet_until_run()
    assert run(lambda: signal.raise_signal(signal.SIGINT)) == 0
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
