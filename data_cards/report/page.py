"""The report of a dataset: one HTML file that carries its pictures in itself.

    Path("report.html").write_text(dataset_report(open_dataset("festival/dataset")), "utf-8")

Pictures first, then counts. No script, nothing from another address; what strangers wrote is
escaped.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_cards.annotations.framed_photos import framed
from data_cards.annotations.ledger import read_ledger, standing
from data_cards.dataset.repo import Dataset
from data_cards.errors import BadPhoto
from data_cards.photos.image import inspect_photo, thumbnail
from data_cards.report.facts import Changed, DatasetFacts, Rows, facts_of
from data_cards.wording import counted

TEMPLATES = Path(__file__).parent / "templates"
SIDE = 150  # pixels of a picture on the page
A_CLASS = 12  # pictures of a class
MOST_PICTURES = 900  # of all classes; of 5 kB each that is a page of 6 MB
MOST_CHANGED = 36
MOST_OTHERS = 24
LOOKED_AT = 1500  # photos whose camera is read; reading bytes is what takes time
NO_CAMERA = "not said"


@dataclass(frozen=True)
class Marker:
    """A place on the map: where it is (percent of the map's box) and what it is called."""

    x: float
    y: float
    name: str


def dataset_report(dataset: Dataset) -> str:
    """The page of a dataset."""
    things = dataset.collection()
    decisions = standing(read_ledger(dataset.ledger()).decisions)
    rows = Rows(
        things,
        dataset.photos(),
        dataset.labels(),
        dataset.splits(),
        dataset.findings(),
        {one.image_id: one.who for one in decisions if one.image_id},
    )
    facts = facts_of(rows)
    shown = _shown(facts)
    pictures, cameras = _looked_at(dataset, shown, facts)
    shelves = [(one, shown[one.id]) for one in facts.classes]
    return _page(
        things=things,
        facts=facts,
        shelves=shelves,
        others={status: ids[:MOST_OTHERS] for status, ids in facts.others.items()},
        changed=facts.changed[:MOST_CHANGED],
        kinds=_kinds(facts.changed),
        who=Counter(one.who for one in decisions if one.who).most_common(),
        pictures=pictures,
        cameras=cameras,
        markers=markers(facts.places),
        revision=dataset.revision[:12],
        address=dataset.address,
        remarks=dataset.remarks(),
    )


def _shown(facts: DatasetFacts) -> dict[str, tuple[str, ...]]:
    """The photos that stand for each class, evenly from its first to its last."""
    classes = [one for one in facts.classes if one.photos]
    each = max(1, min(A_CLASS, MOST_PICTURES // max(1, len(classes))))
    pictured = {one.id for one in classes[:MOST_PICTURES]}
    return {
        one.id: _evenly(one.photos, each) if one.id in pictured else () for one in facts.classes
    }


def _evenly(items: Sequence[str], count: int) -> tuple[str, ...]:
    if len(items) <= count:
        return tuple(items)
    return tuple(items[place * len(items) // count] for place in range(count))


def _looked_at(
    dataset: Dataset, shown: Mapping[str, Iterable[str]], facts: DatasetFacts
) -> tuple[dict[str, str], list[tuple[str, int]]]:
    """(small pictures as base64 by image_id, cameras with how many photos each took)."""
    wanted = {image_id for ids in shown.values() for image_id in ids}
    wanted |= {one.image_id for one in facts.changed[:MOST_CHANGED]}
    wanted |= {image_id for ids in facts.others.values() for image_id in ids[:MOST_OTHERS]}
    asked = {*_evenly([*dataset.photos()], LOOKED_AT)}
    pictures: dict[str, str] = {}
    cameras: Counter[str] = Counter()
    for _, data in dataset.read_photos(asked):
        try:
            cameras[inspect_photo(data).camera or NO_CAMERA] += 1
        except BadPhoto:  # told by the scan; it has no camera here
            continue
    for image_id, data in framed(dataset).read_photos(wanted):
        try:
            pictures[image_id] = b64encode(thumbnail(data, SIDE)).decode()
        except BadPhoto:  # a photo that cannot be shown is a gap; the rest is still shown
            continue
    return pictures, cameras.most_common(12)


def _kinds(changed: Sequence[Changed]) -> list[tuple[str, int]]:
    """What became of labels, most often first: "Durga is Lakshmi now"."""
    return Counter(f"{one.before} → {one.after}" for one in changed).most_common(12)


def markers(places: Sequence[tuple[str, float, float]]) -> list[Marker]:
    """Places on a map of their own surroundings: north is up, and a tenth of air is around."""
    if not places:
        return []
    south, north = _stretch([place[1] for place in places])
    west, east = _stretch([place[2] for place in places])
    return [
        Marker(
            round(100 * (longitude - west) / (east - west), 2),
            round(100 * (north - latitude) / (north - south), 2),
            name,
        )
        for name, latitude, longitude in places
    ]


def _stretch(values: Sequence[float]) -> tuple[float, float]:
    low = min(values)
    high = max(values)
    air = max(0.1 * (high - low), 0.5)
    return low - air, high + air


def _page(**words: Any) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.globals["counted"] = counted
    return made.get_template("report.html").render(**words)
