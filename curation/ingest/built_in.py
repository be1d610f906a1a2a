"""The built-in museum as a source."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from curation.ingest.incoming import Gathered, Incoming


def from_museum(source: str) -> Gathered:
    """The built-in sample, with its shipped classes and reference pictures."""
    from curation import museum
    from data_cards.dataset.collection import shipped_collection

    wanted = museum.parse_museum(source)
    classes = shipped_collection("museum").classes

    def incoming() -> Iterator[Incoming]:
        for truth, data in museum.photos(wanted):
            status = "labelled" if truth.given_label else "none_of_these"
            yield Incoming(
                truth.path, partial(bytes, data), truth.given_label, status, origin="synthetic"
            )

    return Gathered(
        "museum",
        incoming(),
        wanted.photos,
        classes,
        {
            info.id: partial(museum.reference, info.id, museum.canvas_side(wanted.side))
            for info in classes
        },
    )
