"""Rows kept as columns are a dict of the same rows."""

from dataclasses import dataclass
from tracemalloc import get_traced_memory, start, stop

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.measures.pixels import Measures
from data_cards.bulk.columns import Columns


@dataclass(frozen=True, slots=True)
class Sight:
    """A row with its key in it, and one of every type."""

    image_id: str
    count: int
    level: float
    named: str = ""
    is_grey: bool = False
    light: float | None = None


NAMES = st.sampled_from(["a", "b", "c", "é", ""])
SIGHTS = st.builds(
    Sight,
    NAMES,
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(max_size=3),
    st.booleans(),
    st.none() | st.floats(0, 1),
)


@given(st.lists(SIGHTS))
def test_it_is_a_dict_of_the_rows_in_their_order(rows):
    plain = {row.image_id: row for row in rows}
    columns = Columns(Sight, ((row.image_id, row) for row in rows))
    assert (
        columns == plain
        and list(columns.items()) == list(plain.items())
        and len(columns) == len(plain)
    )
    assert [(type(one.count), type(one.level), type(one.is_grey)) for one in columns.values()] == [
        (int, float, bool) for _ in plain
    ]


def test_a_photo_without_a_row_has_none():
    columns = Columns(Sight, [("a", Sight("a", 1, 2.0))])
    assert "b" not in columns and columns.get("b") is None
    with pytest.raises(KeyError):
        columns["b"]


@given(st.lists(SIGHTS), st.lists(SIGHTS), st.lists(SIGHTS))
def test_with_another_tables_keys_it_holds_its_own_rows_in_that_tables_order(first, rows, later):
    other = Columns(Sight, ((row.image_id, row) for row in first))
    columns = Columns(Sight, ((row.image_id, row) for row in rows), like=other)
    for row in later:
        other[row.image_id] = row
    plain = {row.image_id: row for row in rows}
    known = [row.image_id for row in first]
    order = sorted(
        plain, key=lambda name: (name not in known, known.index(name) if name in known else 0)
    )
    assert columns == plain and len(columns) == len(plain)
    assert [name for name in columns if name in known] == [name for name in order if name in known]
    assert other == {row.image_id: row for row in [*first, *later]}


def test_keys_are_shared_as_long_as_they_are_the_same():
    def taken(like):
        start()
        held = Columns(Sight, ((name, Sight(name, 1, 2.0)) for name in names), like)
        size = get_traced_memory()[0]
        stop()
        return size if len(held) == len(names) else 0

    names = [f"photo {n}" for n in range(5000)]
    assert (
        0 < taken(Columns(Sight, ((name, Sight(name, 3, 4.0)) for name in names))) < taken({}) * 0.6
    )


def test_a_row_that_does_not_fit_changes_no_other_row():
    columns = Columns(Sight, [("a", Sight("a", 1, 2.0, "one"))])
    with pytest.raises(OverflowError):
        columns["b"] = Sight("b", 2**63, 3.0, "two")
    columns["c"] = Sight("c", 3, 4.0, "three")
    assert columns["a"] == Sight("a", 1, 2.0, "one") and columns["c"] == Sight("c", 3, 4.0, "three")


def test_it_takes_two_thirds_of_what_a_dict_takes_at_most():
    def taken(hold):
        start()
        held = hold(
            (name, Measures(640, 480, *(n / part for part in range(2, 8)), format="JPEG"))
            for n, name in enumerate(names)
        )
        size = get_traced_memory()[0]
        stop()
        return size if len(held) == len(names) else 0

    names = [f"photo {n}" for n in range(5000)]
    assert 0 < taken(lambda rows: Columns(Measures, rows)) < taken(dict) * 2 / 3
