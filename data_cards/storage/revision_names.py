"""What a revision may be called by people: v1.2, exhibition-2026."""

from __future__ import annotations

import re
from collections.abc import Mapping

from data_cards.errors import BadAddress

TAG = re.compile(r"[A-Za-z][\w.-]{0,59}\Z")
HEX = re.compile(r"[0-9a-f]{6,40}\Z")  # what is read as the start of a revision


def check_tag(name: str, taken: Mapping[str, str]) -> None:
    """Raises BadAddress where a revision cannot be called so."""
    if not TAG.match(name) or HEX.match(name) or name in ("main", "HEAD"):
        raise BadAddress(
            f"“{name}” cannot name a revision. Begin with a letter, then letters, digits, “.”, “-” "
            "and “_”: v1.2",
            name=name,
        )
    if name in taken:
        raise BadAddress(
            f"“{name}” is the name of revision {taken[name][:12]} already. Choose another name.",
            name=name,
        )
