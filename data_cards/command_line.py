"""What all commands share: one way to end, with an exit code that says why and a sentence
instead of a traceback.

    code = run(lambda: collect(...))

`EXIT_CODES` is the table that `--help` prints. An error carries its own code
(data_cards/errors.py).
"""

from __future__ import annotations

import argparse
import errno
import io
import math
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from data_cards.errors import LABELS_WANTED, NOT_DONE, WRONG_USE, VitrineError, sentence_of
from data_cards.storage.atomic_files import at_home
from data_cards.wording import between

DONE = 0
FAULT = 70  # EX_SOFTWARE of sysexits.h
STOPPED = 128 + 2  # as a shell names a program that SIGINT ended
PIPE_CLOSED = 128 + 13  # the same for SIGPIPE
EXIT_CODES = f"""exit codes:
  {DONE:<3}  done
  {NOT_DONE:<3}  not done, or not for every photo: a full disk, no network, a taken port, a photo
       that cannot be read. The same command may work later or elsewhere
  {WRONG_USE:<3}  the input cannot be used: a flag, an address, a folder, a file in
       it. The sentence on standard error says what to change
  {LABELS_WANTED:<3}  nothing can be trained yet: people have to label photos first
  {FAULT:<3}  a fault of Vitrine; the sentence names the file with the details
  {STOPPED:<3}  stopped with Ctrl-C
  {PIPE_CLOSED:<3}  whoever read the output stopped reading (`| head`)
"""
# What the operating system says when the path that was given is the reason, and not the day.
ABOUT_THE_PATH = (
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.EEXIST,
    errno.ENOTEMPTY,
    errno.ENAMETOOLONG,
    errno.ELOOP,
    errno.EINVAL,
)


class Parser(argparse.ArgumentParser):
    """A parser whose help, and that of its commands, ends with the exit codes. Its --help leaves
    the advanced flags (data_cards/settings.py) to --help-all."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        settings.setdefault("epilog", EXIT_CODES)
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **settings)
        self._help_all = self.add_argument(
            "--help-all", action=_HelpAll, nargs=0, help="show the advanced flags, too"
        )
        self._commands: argparse._SubParsersAction[Parser] | None = None

    def command(
        self, name: str, does: Callable[..., object], words: str, /, **arguments: str
    ) -> Parser:
        """A command of this one: what it `does`, its help, and its positional arguments with
        theirs."""
        if self._commands is None:
            self._commands = self.add_subparsers(required=True, metavar="COMMAND")
        made = self._commands.add_parser(name, help=words, description=words)
        made.set_defaults(command=does)
        for argument, about in arguments.items():
            made.add_argument(argument, help=about)
        return made

    def read(self, given: Sequence[str] | None, called: str = "") -> argparse.Namespace:
        """The arguments, parsed. `called` is what the user typed for this parser and its command
        ("vitrine tag-dataset" for `python -m curation tag`); help and errors then say the same."""
        first = next(iter(sys.argv[1:] if given is None else given), "")
        chosen = (self._commands.choices.get(first) if self._commands else None) or self
        chosen.prog = called or chosen.prog
        flags, unknown = self.parse_known_args(given)
        if unknown:
            chosen.error(f"unrecognized arguments: {' '.join(unknown)}")
        return flags

    def format_help(self) -> str:
        """What --help prints."""
        advanced = self._advanced()
        return self._without(advanced or [self._help_all], super().format_help)

    def format_usage(self) -> str:
        """The first lines of it, which also go with an error."""
        return self._without([*self._advanced(), self._help_all], super().format_usage)

    def format_help_all(self) -> str:
        """What --help-all prints."""
        return self._without([self._help_all], super().format_help)

    def _advanced(self) -> list[argparse.Action]:
        return [action for action in self._actions if getattr(action, "advanced", False)]

    def _without(self, left_out: list[argparse.Action], write: Callable[[], str]) -> str:
        words = {action: action.help for action in left_out}
        for action in left_out:
            action.help = argparse.SUPPRESS
        try:
            return write()
        finally:
            for action, help_of_it in words.items():
                action.help = help_of_it


class _HelpAll(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *given: Any, **named: Any) -> None:
        assert isinstance(parser, Parser)
        sys.stdout.write(parser.format_help_all())
        parser.exit()


def number(
    kind: type[int] | type[float], least: float = -math.inf, most: float = math.inf
) -> Callable[[str], Any]:
    """A flag's type: a number from `least` to `most`, for argparse."""

    def read(text: str) -> Any:
        try:
            found = kind(text)
        except ValueError:
            whole = "a whole number" if kind is int else "a number"
            raise argparse.ArgumentTypeError(f"“{text}” is not {whole}") from None
        if not least <= found <= most:  # NaN lies nowhere
            raise argparse.ArgumentTypeError(f"{text} is not {between(least, most)}")
        return found

    return read


def here(text: str) -> Path:
    """A flag's type: a file or folder of this machine, for argparse."""
    if not text.strip() or "://" in text:
        raise argparse.ArgumentTypeError(f"“{text}” is not a file or folder on this machine")
    return at_home(text)


def run(command: Callable[[], int | None], stopped: str = "Stopped.") -> int:
    """Run a command; its exit code. Whatever goes wrong is one sentence on standard error, never
    a traceback.

    `stopped` is what Ctrl-C is answered with.
    """
    _open_standard_streams()
    _hear_interrupts()
    try:
        code = int(command() or DONE)
        if sys.stdout:
            sys.stdout.flush()  # so that a closed pipe is seen here, and not while Python ends
        return code
    except VitrineError as error:
        return _told(error.sentence, error.exit_code)
    except KeyboardInterrupt:
        return _told(stopped, STOPPED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left to print goes nowhere
        return PIPE_CLOSED
    except MemoryError:
        return _told("There is not enough memory on this machine for this.", NOT_DONE)
    except OSError as error:
        return _told(sentence_of(error), WRONG_USE if error.errno in ABOUT_THE_PATH else NOT_DONE)
    except Exception as error:  # noqa: BLE001 - what nobody foresaw is a sentence, too
        return _told(_fault(error), FAULT)


def _hear_interrupts() -> None:
    """From here on Ctrl-C is answered with a sentence; until now `quiet_until_run` may have ended
    the process without one."""
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _told(sentence: str, code: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code


def _fault(error: Exception) -> str:
    """A sentence that names the file where the traceback was written."""
    said = f"Vitrine failed unexpectedly ({type(error).__name__}: {error})."
    try:
        with tempfile.NamedTemporaryFile(
            "w",
            prefix="vitrine-fault-",
            suffix=".txt",
            delete=False,
            encoding="utf-8",
            errors="backslashreplace",
        ) as file:
            traceback.print_exception(error, file=file)
    except OSError:
        return said
    return f"{said} The details are in {file.name}; please report them."


def _open_standard_streams() -> None:
    """A closed standard stream leads nowhere, and a name that is not UTF-8 can be printed."""
    if None in (sys.stdin, sys.stdout, sys.stderr):
        # Else the next file that is opened would get its number, and be written into.
        while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
            continue
        os.close(number)
        nowhere = open(os.devnull, "r+", encoding="utf-8")  # noqa: SIM115 - as long as the process
        sys.stdin = sys.stdin or nowhere
        sys.stdout = sys.stdout or nowhere
        sys.stderr = sys.stderr or nowhere
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A byte that is not UTF-8 is printed as an escape, the same as in our JSON.
        sys.stdout.reconfigure(errors="backslashreplace")
