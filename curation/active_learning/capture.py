"""How each photo of a collection was taken, as far as files and a scan know: what a go-and-shoot
list is made from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

import numpy as np

from curation.active_learning.acquisition import ALIKE, whitening
from curation.active_learning.shot_list import Shot
from curation.measures.pixels import Measures
from data_cards.dataset.schema import Label, Opinion, Photo, Source
from train.splits.groups import FRAME, bursts

MOST_VIEWED = 500  # photos of a class; a larger one has views enough
BLOCK = 4096
SQUARE = 1.1  # longer side by shorter, below which a photo is neither upright nor wide


def with_views(
    rows: Collection[Opinion],
    labels: Mapping[str, Label],
    x: np.ndarray,
    measures: Mapping[str, Measures],
) -> Iterator[Opinion]:
    """The scan's opinions, once, with what it saw of each photo: whose view it repeats, and how
    light it is.

    `x` (n, d): embeddings in the order of the rows.
    """
    ids = [row.image_id for row in rows]
    places = defaultdict[str, list[int]](list)
    for place, image_id in enumerate(ids):
        label = labels.get(image_id)
        if label and label.label and label.status == "labelled":
            places[label.label].append(place)
    small = [some for some in places.values() if len(some) <= MOST_VIEWED]
    lies = _turned(x, [place for some in small for place in some])
    view: dict[str, str] = {}
    for some in small:
        names = [ids[place] for place in some]
        view |= {
            name: names[leader]
            for name, leader in zip(names, views(lies[: len(some)]), strict=True)
        }
        lies = lies[len(some) :]
    return (
        replace(row, view=view.get(row.image_id, ""), light=_light(measures.get(row.image_id)))
        for row in rows
    )


def views(x: np.ndarray) -> list[int]:
    """(n, d) directions -> the first row that each row looks like: the number of different ones
    is that of views."""
    alike = x @ x.T
    leaders: list[int] = []
    found = []
    for row in range(len(x)):
        nearest = max(leaders, key=lambda leader: alike[row, leader], default=row)
        if nearest == row or alike[row, nearest] < ALIKE:
            leaders.append(row)
            nearest = row
        found.append(nearest)
    return found


def _turned(x: np.ndarray, places: list[int]) -> np.ndarray:
    """The directions (n, k) of these rows, a block at a time."""
    if not places:
        return np.zeros((0, 1))
    turned = whitening(x)
    return np.concatenate(
        [turned(x[places[start : start + BLOCK]]) for start in range(0, len(places), BLOCK)]
    )


def shots_of(
    photos: Mapping[str, Photo],
    labels: Mapping[str, Label],
    opinions: Mapping[str, Opinion],
    silent: Collection[str] = (),
) -> list[Shot]:
    """Every photo that has a class. `silent`: photos about which the model's opinion does not count
    (sealed, doubted)."""
    named = {
        image_id: label.label
        for image_id, label in labels.items()
        if label.label and label.status == "labelled" and image_id in photos
    }
    sources = {
        image_id: photos[image_id].sources[0] if photos[image_id].sources else Source()
        for image_id in named
    }
    taken = bursts(
        list(named),
        {name: source.taken_at for name, source in sources.items()},
        {name: source.path for name, source in sources.items()},
    )
    unknown = Opinion("")
    return [
        _shot(
            photos[name],
            label,
            sources[name],
            taken[name],
            opinions.get(name, unknown),
            name in silent,
        )
        for name, label in named.items()
    ]


def _shot(
    photo: Photo, label: str, source: Source, burst: str, opinion: Opinion, is_silent: bool
) -> Shot:
    taken_for = "" if is_silent or not opinion.labels else opinion.labels[0]
    # A photo without a time is a burst on its own: no other photo shares it or follows it.
    return Shot(
        photo.image_id,
        label,
        burst,
        source.taken_at[:10],
        source.author,
        _clip(source),
        opinion.view,
        opinion.light,
        shape_of(photo),
        taken_for,
        urlsplit(source.url).hostname or "",
        max(photo.width, photo.height),
    )


def shape_of(photo: Photo) -> str:
    """upright, wide or square."""
    longer = max(photo.width, photo.height)
    shorter = max(1, min(photo.width, photo.height))
    return (
        "square"
        if longer < SQUARE * shorter
        else "wide"
        if photo.width > photo.height
        else "upright"
    )


def _clip(source: Source) -> str:
    return source.path.rpartition(FRAME)[0] if source.origin == "video" else ""


def _light(measures: Measures | None) -> float | None:
    return None if measures is None else round(measures.level / 255, 3)
