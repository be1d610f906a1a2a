"""Who changed a file last: what both kinds of repository answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Saved:
    """Who changed a file last, and when (RFC 3339). `who` is empty where nobody is named."""

    at: str
    who: str
