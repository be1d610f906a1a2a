"""What happened to a photo so far, a short line each: where it came from, who called it what, when."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from ulid import ULID

from curation.decision import Decision
from data_cards.rows import Finding, Photo, Source

_ORIGINS = {
    "video": "cut from a video",
    "search": "found on the web",
    "visitor": "sent in by a visitor",
    "synthetic": "made by a program",
}
_DID = {
    "keep": "kept the label",
    "none_of_these": "none of these",
    "junk": "junk",
    "duplicate_of": "a duplicate",
    "not_duplicate": "not a duplicate",
    "unsure": "was not sure",
    "refuse_visitor": "did not follow the visitor",
}

Title = Callable[[str], str]


def history(
    photo: Photo,
    findings: Iterable[Finding],
    decisions: Iterable[Decision],
    stands: Callable[[Decision], bool],
    title: Title,
) -> list[str]:
    """Lines in the order in which things happened. `title`: class id -> the name people read."""
    came = [_came(source, title) for source in photo.sources]
    flagged = [_flagged(finding) for finding in findings]
    decided = [_decided(one, stands(one), title) for one in decisions if one.action != "undo"]
    return list(dict.fromkeys([*came, *flagged, *decided]))


def _came(source: Source, title: Title) -> str:
    label = "none of these" if source.given_label == "none" else title(source.given_label or "")
    how = _ORIGINS.get(source.origin) or (f"imported as {label}" if label else "imported without a label")
    author = f" by {source.author}" if source.author else ""
    given = f" ({source.given_split} split)" if source.given_split else ""
    return f"{how}{author}{given}{_on(source.added_at)}"


def _flagged(finding: Finding) -> str:
    if finding.kind == "visitor":
        return f"asked about by a visitor{_born(finding.scan_id)}"
    return f"flagged by the scan{_born(finding.scan_id)}"


def _born(name: str) -> str:
    """The day that a ULID tells; nothing for another name."""
    try:
        return _on(ULID.from_str(name).datetime.isoformat())
    except ValueError:
        return ""


def _decided(one: Decision, stands: bool, title: Title) -> str:
    said = _DID.get(one.action) or f"said {title(one.label or '')}"
    return f"{one.who}: {said}{_on(one.at)}{'' if stands else ', taken back'}"


def _on(moment: str) -> str:
    """ISO 8601 -> ", 3 March 2026"; nothing where it cannot be read."""
    try:
        day = datetime.fromisoformat(moment)
    except ValueError:
        return ""
    return f", {day.day} {day:%B %Y}"
