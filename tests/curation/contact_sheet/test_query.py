"""Filters combine, counts tell what one more would leave, and sealed photos keep what is theirs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.contact_sheet.columns import Columns, folded, tags_of
from curation.contact_sheet.query import SORTS, Query, find, read_query

NAN = float("nan")


def sheet(sealed=()):
    """Six photos: two mugs, two bowls, one jug, one without a class."""
    classes = [(0, "mug"), (1, "mug"), (2, "bowl"), (3, "bowl"), (4, "jug")]
    finding = [(0, "labels"), (2, "labels"), (2, "quality"), (5, "quality")]
    numbers = {
        "doubt": np.array([0.2, NAN, 0.9, NAN, NAN, 0.5]),
        "name": np.array([5.0, 4, 3, 2, 1, 0]),
    }
    return Columns(
        tuple("abcdef"),
        {
            "class": tags_of("class", classes, {"mug": "A Mug"}),
            "finding": tags_of("question", finding, opinion=["labels"]),
        },
        numbers,
        [f"img_{n}.jpg\n\n{'kitchen' if n < 2 else 'hall'}" for n in range(6)],
        np.isin(np.arange(6), list(sealed)),
    )


def names(columns, **asked):
    query = read_query(asked, list(columns.facets))
    return "".join(columns.ids[row] for row in find(columns, query).rows)


def test_without_a_filter_every_photo_is_there_as_it_came():
    assert names(sheet()) == "abcdef"


def test_values_of_one_filter_add_up_and_filters_narrow_each_other():
    assert names(sheet(), **{"class": "mug|jug"}) == "abe"
    assert names(sheet(), **{"class": "mug|bowl", "finding": "labels"}) == "ac"


@pytest.mark.parametrize(
    ("text", "found"),
    [("kitchen", "ab"), ("IMG_3", "d"), ("hall img", "cdef"), ("kitchén", "ab"), ("cellar", "")],
)
def test_every_word_is_looked_for_in_names_and_cards(text, found):
    assert names(sheet(), q=text) == found


@pytest.mark.parametrize(
    ("name", "found"), [("img_1", "b"), ("IMG_?.jpg", "abcdef"), ("*2.jpg", "c"), ("kitchen", "")]
)
def test_a_file_name_may_be_a_pattern_and_is_only_a_name(name, found):
    assert names(sheet(), name=name) == found


def test_what_has_no_number_comes_last_and_ties_stay_as_they_came():
    assert names(sheet(), sort="doubt") == "cfabde"
    assert names(sheet(), sort="name") == "fedcba"


def test_a_count_says_what_the_value_would_leave_instead_of_the_others_of_its_filter():
    columns = sheet()
    found = find(columns, Query({"class": ("mug",), "finding": ("labels",)}))
    titles = [title for _, title in columns.facets["class"].values]
    assert dict(zip(titles, found.counts["class"].tolist(), strict=True)) == {
        "A Mug": 1,
        "bowl": 1,
        "jug": 0,
    }
    assert found.counts["finding"].tolist() == [1, 0]


def test_sealed_photos_are_held_back_where_an_order_would_tell():
    found = find(sheet(sealed=[0, 3]), Query(sort="doubt"))
    assert found.rows.tolist() == [2, 5, 1, 4] and found.held_back == 2


def test_how_many_are_held_back_does_not_tell_which_would_have_matched():
    found = find(sheet(sealed=[0, 3]), Query({"finding": ("labels",)}))
    assert found.rows.tolist() == [2] and found.held_back == 2
    assert found.counts["finding"].tolist() == [1, 2]


def test_a_sealed_photo_is_found_by_what_pixels_tell():
    found = find(sheet(sealed=[5]), Query({"finding": ("quality",)}))
    assert found.rows.tolist() == [2, 5] and found.held_back == 0


def test_a_filter_that_the_collection_does_not_have_finds_nothing_and_is_named():
    columns = sheet()
    found = find(columns, read_query({"class": "cup"}, list(columns.facets)))
    assert found.rows.size == 0 and found.unknown == ("cup",)


@given(st.dictionaries(st.sampled_from(["class", "q", "sort", "name", "x"]), st.text(max_size=20)))
def test_whatever_an_address_says_is_answered(asked):
    columns = sheet()
    query = read_query(asked, list(columns.facets))
    assert query.sort in SORTS
    assert set(find(columns, query).rows.tolist()) <= set(range(6))


def test_accents_and_capitals_make_no_difference():
    assert folded("Ménagère À") == "menagere a"


def test_a_hundred_thousand_photos_are_asked_for_in_one_pass_each():
    count = 100_000
    rng = np.random.default_rng(0)
    columns = Columns(
        tuple(map(str, range(count))),
        {"class": tags_of("class", enumerate(rng.integers(0, 300, count).astype(str)))},
        {"doubt": rng.random(count)},
        [f"img_{n}.jpg\n\n" for n in range(count)],
        np.zeros(count, bool),
    )
    found = find(columns, Query({"class": ("7", "8")}, "img", sort="doubt"))
    doubts = columns.numbers["doubt"][found.rows]
    assert found.counts["class"].sum() == count and (np.diff(doubts) <= 0).all()
