"""What a dataset holds, counted from rows."""

from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.schema import Finding, Label, Photo, Source, Split
from data_cards.report.facts import Rows, facts_of
from data_cards.report.page import markers

THINGS = Collection(
    "t", "Things", (ClassInfo("a", "Apple", location=(48.0, 2.0)), ClassInfo("b", "Bear"))
)


def photo(name, label, side=640, origin="file", **source):
    return Photo(name, side, side // 2, (Source(f"{name}.jpg", label, origin=origin, **source),))


PHOTOS = {
    one.image_id: one
    for one in (
        photo("p1", "a", 200),
        photo("p2", "a", 640, licence="CC0", author="Ann"),
        photo("p3", "a", 4000, origin="search"),
        photo("p4", "b", 1200, origin="video"),
        photo("p5", None),
    )
}
LABELS = {
    "p1": Label("p1", "a", "labelled"),
    "p2": Label("p2", "a", "labelled"),
    "p3": Label("p3", "b", "labelled"),
    "p4": Label("p4", None, "junk"),
    "p5": Label("p5", None, "unlabelled"),
}


def found():
    return facts_of(
        Rows(
            THINGS,
            PHOTOS,
            LABELS,
            {"p1": Split("p1", "p1", "train"), "p2": Split("p2", "p2", "test")},
            [Finding("p1", "label", 0.9, "x"), Finding("p2", "label", 0.8, "x")],
            {"p3": "ann"},
        )
    )


def test_classes_are_counted_with_their_sides_the_largest_first():
    facts = found()
    assert [(one.title, len(one.photos), dict(one.sides)) for one in facts.classes] == [
        ("Apple", 2, {"train": 1, "test": 1}),
        ("Bear", 1, {}),
    ]
    assert facts.balance == 2
    assert facts.others == {"junk": ("p4",), "unlabelled": ("p5",)}


def test_sizes_sources_licences_and_findings_are_counted():
    facts = found()
    assert facts.sizes == {"under 224 px": 1, "to 640": 2, "to 1280": 1, "larger": 1}
    assert facts.origins == {"from files": 3, "found by a search": 1, "cut from clips": 1}
    assert [(one.licence, one.photos) for one in facts.licences] == [("CC0", 1)]
    assert facts.findings == {"doubtful labels": 2}


def test_what_people_changed_is_said_with_their_name():
    assert [(one.before, one.after, one.who) for one in found().changed] == [
        ("Apple", "Bear", "ann"),
        ("Bear", "junk", ""),
    ]


def test_an_empty_dataset_has_no_balance():
    facts = facts_of(Rows(THINGS, {}, {}))
    assert (facts.photos, facts.balance, facts.changed) == (0, 0.0, ())


def test_places_lie_on_a_map_with_north_up():
    north, south = markers([("Oslo", 59.9, 10.7), ("Rome", 41.9, 12.5)])
    assert north.y < south.y
    assert north.x < south.x
    assert markers([]) == []
    (alone,) = markers([("Here", 1.0, 2.0)])
    assert (alone.x, alone.y) == (50.0, 50.0)
