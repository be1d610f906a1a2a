"""What happened to a photo so far, a short line each: where it came from, who called it what,
when, and what they were shown: what asked them, and what the model said. Who said what is apart:
it is shown to whoever asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from curation.light_table.session.questions import QUIZ, UNASKED
from data_cards.annotations.actions import REMARKS
from data_cards.annotations.decision import NONE_OF_THESE, Decision, moment_in
from data_cards.annotations.disagreement import KIND, PAIR
from data_cards.dataset.schema import Finding, Photo, Source
from data_cards.wording import day_of
from train.evaluation.label_value import ROUND

_ORIGINS = {
    "video": "cut from a video",
    "search": "found on the web",
    "visitor": "sent in by a visitor",
    "synthetic": "synthetic image",
}
_DID = {
    "keep": "left it as it was",
    "none_of_these": "none of these",
    "junk": "junk",
    "duplicate_of": "a duplicate",
    "not_duplicate": "not a duplicate",
    "unsure": "was not sure",
    "refuse_visitor": "did not follow the visitor",
    "flag": "flagged it",
    "unflag": "took the flag off",
    "frame": "cropped or turned it",
}
_DID_TO_CLASS = {
    "add_class": "added the class {named}",
    "rename_class": "renamed a class to {title}",
    "merge_class": "merged {before} into {named}",
    "edit_card": "wrote on the card of {named}",
}
_ASKED = {
    "quality": "asked about its quality",
    "near_duplicate": "asked about a copy",
    "looks_alike": "asked whether it is a copy",
    "leak": "asked about a copy",
    "conflict": "to settle a disagreement",
    "pair": "to settle a disagreement",
}

Title = Callable[[str], str]


def history(photo: Photo, findings: Iterable[Finding], title: Title) -> list[str]:
    """Where the photo came from, and what asks about it. `title`: class id -> the name people
    read."""
    came = [_came(source, title) for source in photo.sources]
    flagged = (_flagged(finding) for finding in findings if finding.kind != UNASKED)
    return list(dict.fromkeys([*came, *flagged]))


def decision_lines(
    decisions: Iterable[Decision], stands: Callable[[Decision], bool], title: Title
) -> list[str]:
    """Who called it what, when, shown what, in the order in which it happened."""
    return [_decided(one, stands(one), title) for one in decisions if one.action != "undo"]


def _came(source: Source, title: Title) -> str:
    label = "none of these" if source.given_label == "none" else title(source.given_label or "")
    how = _ORIGINS.get(source.origin) or (
        f"imported as {label}" if label else "imported without a label"
    )
    author = f" by {source.author}" if source.author else ""
    given = f" ({source.given_split} split)" if source.given_split else ""
    return f"{how}{author}{given}{_on(source.added_at)}"


def _flagged(finding: Finding) -> str:
    if finding.kind == "visitor":
        answered = (
            f" (model {finding.model_revision[:7]} had answered)" if finding.model_revision else ""
        )
        return f"asked about by a visitor{_born(finding.scan_id)}{answered}"
    if finding.kind in (KIND, PAIR):
        return "two people differ"
    if finding.scan_id.startswith(ROUND):
        return f"asked again after a training{_born(finding.scan_id.removeprefix(ROUND))}"
    if finding.scan_id == QUIZ:
        return "asked about because of visitors' answers"
    return f"flagged by the scan{_born(finding.scan_id)}"


def _born(name: str) -> str:
    """The day encoded in a ULID; empty for any other name."""
    made = moment_in(name)
    return _on(made.isoformat()) if made else ""


def words_of(one: Decision, title: Title) -> str:
    """What somebody did, in a few words."""
    named = "none of these" if one.label == NONE_OF_THESE else title(one.label or "")
    if one.action == "keep" and one.label:
        return f"kept {named}"
    if one.action == "note":
        return f"wrote “{one.note}”"
    if one.action in _DID_TO_CLASS:
        before = title(one.label_before or "")
        return _DID_TO_CLASS[one.action].format(named=named, before=before, title=one.title)
    return _DID.get(one.action) or f"said {named}"


def _decided(one: Decision, stands: bool, title: Title) -> str:
    words = words_of(one, title)
    taken_back = "" if stands else ", taken back"
    return f"{one.who}: {words}{_on(one.at)} ({shown_of(one, title)}){taken_back}"


def shown_of(one: Decision, title: Title) -> str:
    """What a person saw when they decided, as far as it was written down."""
    scan_id, _, kind = one.finding.rpartition("/")
    if not one.finding or one.action in (*REMARKS, "frame"):
        return "unasked"
    if scan_id == "sheet":
        return "on the sheet of all photos"
    if not scan_id:
        return "asked by a visitor"
    if kind in _ASKED:
        return _ASKED[kind]
    if not one.model_revision:
        return "without the model's opinion"
    model = f"model {one.model_revision[:7]}"
    if not one.shown:
        return f"shown {model}"
    return f"{model} said {'none of these' if one.shown == NONE_OF_THESE else title(one.shown)}"


def _on(moment: str) -> str:
    """ISO 8601 -> ", 3 March 2026"; nothing where it cannot be read."""
    day = day_of(moment)
    return f", {day}" if day else ""
