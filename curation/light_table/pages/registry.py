"""The pages beside the photos: what an annotator or the owner does that is not a decision about
one photo.

Each page is a module here that gives plain values; its screen is `static/pages/<name>.js`. To add
a page, write the two and add a line to `pages_of`: routes, menu and screen follow from it.
"""

from __future__ import annotations

from collections.abc import Callable

from curation.light_table.pages.add import AddPhotos
from curation.light_table.pages.classes import ClassList
from curation.light_table.pages.copies import Groups
from curation.light_table.pages.history import History
from curation.light_table.pages.map import Map
from curation.light_table.pages.missing import Missing
from curation.light_table.pages.names import Names
from curation.light_table.pages.page import Page
from curation.light_table.pages.people import People
from curation.light_table.pages.report import Report
from curation.light_table.pages.rounds import Rounds
from curation.light_table.pages.sheet import Sheet
from curation.light_table.pages.ten import TenMinutes
from curation.light_table.session.table import LightTable


def pages_of(
    table: LightTable,
    is_owner: Callable[[str], bool] = lambda name: True,
    rounds: Rounds | None = None,
) -> dict[str, Page]:
    """Every page of a table, by name, in the order of the menu. `is_owner`: who sees more on a
    page for everybody. `rounds`: the trainings of this table, where it is served with a model."""
    groups = Groups(table)
    wanted = Missing(table)
    people = People(table, is_owner)
    report = Report(table)
    classes = ClassList(table)
    sheet = Sheet(table, is_owner)
    points = Map(table, sheet)
    minutes = TenMinutes(table)
    names = Names(table)
    adding = AddPhotos(table)
    past = History(table, is_owner)
    pages = [
        Page("sheet", "All photos", sheet.show, sheet.act),
        Page("map", "Map", points.show, points.act),
        Page("ten", "Ten minutes", minutes.show, minutes.act),
        Page("report", "What the scan found", report.show, report.show),
        Page("copies", "Copies", groups.show, groups.show),
        Page("missing", "What is missing", wanted.show, wanted.act),
        Page("classes", "Classes", classes.show, classes.act),
        Page("names", "Names", names.show, names.act),
        Page("history", "History", past.show, past.act),
        Page("add", "Add photos", adding.show, adding.act, of_owner=True, put=adding.put),
        Page("people", "People", people.show, people.act),
    ]
    if rounds is not None:
        pages.append(Page("rounds", "Was it worth it?", rounds.show, rounds.act, of_owner=True))
    return {page.name: page for page in pages}
