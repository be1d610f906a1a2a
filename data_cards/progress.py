"""Long work says how far it is: a bar with an estimate on standard error, sentences through
logging.

Entry points call `speak_up()` once; as a library the package stays silent.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
OURS = "vitrine"
LOGGER = logging.getLogger(OURS)


def speak_up(level: int = logging.INFO) -> None:
    """Show sentences and bars on standard error; called by entry points only."""
    ours = [handler for handler in LOGGER.handlers if handler.name == OURS]
    for handler in ours:
        handler.stream = sys.stderr  # type: ignore[attr-defined]  # `setStream` would flush one that is closed
    if not ours:
        handler = logging.StreamHandler(sys.stderr)
        handler.name = OURS
        handler.setFormatter(logging.Formatter("%(message)s"))
        LOGGER.addHandler(handler)
    LOGGER.setLevel(level)
    LOGGER.disabled = (
        False  # a library that configures logging again silences the loggers it does not know
    )
    LOGGER.propagate = False
    logging.raiseExceptions = False  # a closed terminal is not worth a traceback


def say(sentence: str) -> None:
    """One sentence about what is happening."""
    LOGGER.info(sentence)


def spoken(seconds: float) -> str:
    """A time as people say it.

    >>> spoken(75), spoken(400)
    ('75 s', '7 min')
    """
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def track(
    items: Iterable[Item], what: str, total: int | None = None, unit: str = "photo"
) -> Iterator[Item]:
    """Pass `items` on, with a bar and an estimate where somebody listens."""
    from tqdm import tqdm

    quiet = not LOGGER.isEnabledFor(logging.INFO)
    # A terminal is redrawn often; a log file gets a line now and then, not thousands.
    pause = 0.2 if sys.stderr.isatty() else 5.0
    # What is done within a second needs no bar.
    return iter(
        tqdm(
            items,
            desc=what,
            total=total,
            unit=unit,
            disable=quiet,
            mininterval=pause,
            delay=1.0,
            file=sys.stderr,
        )
    )
