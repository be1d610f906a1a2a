"""Ctrl-C while a command's modules are still being imported.

    from data_cards.interrupts import quiet_until_run  # the first import of an entry point

Python would print a traceback of whatever it was importing. Until `command_line.run` begins, which
answers with a sentence, an interrupt simply ends the process. A process that ignores interrupts, as
a shell's background jobs do, goes on ignoring them.
"""

from __future__ import annotations

import signal


def quiet_until_run() -> None:
    """Let the operating system end the process on Ctrl-C; nothing was done yet that could be
    lost."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
