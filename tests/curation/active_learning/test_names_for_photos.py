"""Names for photos: each goes to the name it fits best, the surest first."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curation.active_learning.names_for_photos import names_for, names_in, ranked_names
from data_cards.dataset.class_names import name_key

EAST, NORTH, UP = np.eye(3)


def between(one, other, share):
    row = share * one + (1 - share) * other
    return row / np.linalg.norm(row)


def test_a_photo_goes_to_its_name_and_the_surest_come_first():
    photos = np.stack([between(EAST, NORTH, 0.6), NORTH, EAST, between(EAST, NORTH, 0.7)])
    fits = names_for(photos.astype(np.float16), np.stack([NORTH, EAST]), UP)
    assert [rows.tolist() for rows in fits] == [[1], [2, 3, 0]]
    assert ranked_names(fits) == [1, 0]


def test_a_photo_that_fits_no_name_better_than_something_is_proposed_for_none():
    photos = np.stack([UP, between(UP, EAST, 0.6), EAST])
    fits = names_for(photos, np.stack([EAST, NORTH]), UP)
    assert [rows.tolist() for rows in fits] == [[2], []]


def test_names_are_typed_in_any_usual_way_and_count_once():
    assert names_in(" Mug,jug;\n\n MUG\r\ntea   pot,") == ["Mug", "jug", "tea pot"]
    titles = ["Harbour, First Study", "Harbour, Ebb"]
    assert names_in("\n".join(titles), [name_key(one) for one in titles]) == titles
    assert names_in("") == names_in(" ,;\n") == []


@given(st.text(max_size=500))
def test_no_text_breaks_the_names(text):
    names = names_in(text)
    assert all(name == name.strip() and name for name in names)
    assert names_in("\n".join(names)) == names
