"""Visitors' photos on their way from the inbox into the collection, or out.

A photo that a visitor left stays in `inbox/`, which no table names, until somebody says what it
shows: then it becomes a photo of the collection like any other. One that somebody decided against
is deleted a day later, so that a slip can still be undone; one that was taken back, at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from curation.decisions.erase import erase
from data_cards.annotations.actions import Topic
from data_cards.annotations.decision import Decision, moment_text
from data_cards.annotations.default_config import refresh_default_config
from data_cards.annotations.ledger import fold, given_labels, standing
from data_cards.annotations.outside_edits import saved_labels
from data_cards.annotations.settled import settled_topics
from data_cards.dataset.repo import Changes, Dataset
from data_cards.dataset.schema import Label, Photo
from data_cards.dataset.tables import images_file

TIME_TO_UNDO = timedelta(days=1)


@dataclass(frozen=True)
class SettledInbox:
    """What leaves the inbox: photos that were `accepted`, with their labels, and the image_ids of
    all that are `gone` from it."""

    accepted: tuple[tuple[Photo, bytes], ...] = ()
    labels: Mapping[str, Label] = field(default_factory=dict)
    gone: tuple[str, ...] = ()

    @property
    def changes(self) -> Changes:
        """Files of the photos and of what they leave behind; the labels are not among them."""
        add = dict([images_file(self.accepted)]) if self.accepted else {}
        left = tuple(f"inbox/{image_id}.parquet" for image_id in self.gone)
        # The inbox's history would still hold what the collection is later asked to erase.
        return Changes(add, left, left)


def settled_inbox(base: Dataset, decisions: Sequence[Decision], at: str) -> SettledInbox:
    """What leaves the inbox by these decisions at this moment (as the ledger writes it)."""
    waiting = base.inbox()
    if not waiting:
        return SettledInbox()
    labels = fold(given_labels(waiting), decisions)
    known = base.photos()
    accepted = [
        image_id
        for image_id, label in labels.items()
        if label.status in ("labelled", "none_of_these") and image_id not in known
    ]
    before = moment_text(datetime.fromisoformat(at).astimezone(UTC) - TIME_TO_UNDO)
    refused = _refused(waiting, decisions, before) - set(accepted)
    here = known.keys() & waiting.keys()
    rows = [(waiting[image_id], data) for image_id, data in base.read_photos(accepted)]
    return SettledInbox(
        tuple(rows),
        {photo.image_id: labels[photo.image_id] for photo, _ in rows},
        tuple(sorted({*accepted, *refused, *here})),
    )


def settle_inbox(dataset: Dataset, decisions: Iterable[Decision], at: str) -> Dataset:
    """Move the photos that were decided on out of the inbox, in one commit; no new revision if
    there are none."""
    everything = list(decisions)

    def change(base: Dataset) -> Changes:
        settled = settled_inbox(base, everything, at)
        changes = settled.changes
        if not settled.accepted:
            return changes
        labels = saved_labels(base, {**base.labels(), **settled.labels}.values())
        return Changes({**changes.add, **labels}, changes.delete, changes.forget)

    before = dataset.newest()
    after = before.update("Let visitors' photos in that were decided on", change)
    return after if after.revision == before.revision else refresh_default_config(after)


def take_back_photo(dataset: Dataset, image_id: str, cache: Path | None = None) -> Dataset:
    """A visitor's photo leaves, wherever it is: out of the inbox, or erased from the collection,
    unless somebody else brought the same photo. Raises what a commit raises."""

    def change(base: Dataset) -> Changes:
        path = f"inbox/{image_id}.parquet"
        if path not in base.paths:
            return Changes()
        about = () if image_id in base.photos() else (image_id,)
        return Changes({}, (path,), (path,), about)

    after = dataset.update("Take a visitor's photo out", change)
    photo = after.photos().get(image_id)
    if photo is None or any(source.origin != "visitor" for source in photo.sources):
        return after
    return erase(after, [image_id], cache).dataset


def _refused(waiting: Mapping[str, Photo], decisions: Sequence[Decision], before: str) -> set[str]:
    """Photos whose question somebody settled before this moment without giving a label."""
    return {
        one.image_id
        for one in standing(decisions)
        if one.image_id in waiting
        and one.at < before
        and (one.action == "refuse_visitor" or Topic.VISITOR in settled_topics(one, one.image_id))
    }
