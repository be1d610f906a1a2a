"""The pages beside the photos: what an annotator or the owner does that is not a decision about
one photo.

Each page is a room that gives plain values; its screen is `static/pages/<name>.js`. A page is
added here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from curation.light_table.pages.classes import ClassList
from curation.light_table.pages.copies import Groups
from curation.light_table.pages.missing import Missing
from curation.light_table.pages.people import People
from curation.light_table.pages.report import Report
from curation.light_table.session.table import LightTable

Values = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """One page: `show(who, asked)` is what it lays out, `act(who, wanted)` what a button on it
    does, then the same.

    Both run outside the table's lock and take it themselves; what cannot be done is a
    VitrineError. `of_owner`: only for the collection's owner.
    """

    name: str
    title: str
    show: Callable[[str, Mapping[str, str]], Values]
    act: Callable[[str, Mapping[str, Any]], Values]
    of_owner: bool = False


def pages_of(
    table: LightTable, is_owner: Callable[[str], bool] = lambda name: True
) -> dict[str, Page]:
    """Every page of a table, by name, in the order of the menu. `is_owner`: who sees more on a
    page for everybody."""
    groups = Groups(table)
    wanted = Missing(table)
    people = People(table, is_owner)
    report = Report(table)
    classes = ClassList(table)
    pages: list[Page] = [
        Page("report", "What the scan found", report.show, report.show),
        Page("copies", "Copies", groups.show, groups.show),
        Page("missing", "What is missing", wanted.show, wanted.act),
        Page("classes", "Classes", classes.show, classes.act),
        Page("people", "People", people.show, people.act),
    ]
    return {page.name: page for page in pages}
