"""What people wrote stays, what they took away does not come back, and only ours ever goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from space.album.tags import Answer, Tags, added, answer_from, merged, tags_from

OURS = Tags(("Ganesha", "Hindu"), ("Gods|Hindu|Ganesha",), "Ganesha", (1.0, 2.0))
SAID = {
    "answer": "sure",
    "label": "ganesha",
    "title": "Ganesha",
    "confidence": 0.93,
    "card": {"parent": "Hindu", "location": [48.0, 2.0]},
    "model": {"repo": "m", "revision": "r1"},
}


def test_a_sure_answer_becomes_keywords_a_tree_a_title_and_a_place():
    answer = answer_from(SAID, "Gods", 0.0)
    assert answer == Answer(
        "m@r1",
        "sure",
        "ganesha",
        0.93,
        Tags(("Ganesha", "Hindu"), ("Gods|Hindu|Ganesha",), "Ganesha", (48.0, 2.0)),
    )


@pytest.mark.parametrize(
    "said",
    [
        SAID | {"answer": "one_of"},
        SAID | {"answer": "none", "label": None},
        SAID | {"confidence": 0.5},
    ],
)
def test_what_the_model_is_not_sure_of_becomes_nothing(said):
    assert answer_from(said, "Gods", 0.6).tags == Tags()


def test_signs_that_divide_a_tree_do_not_divide_a_name():
    said = SAID | {"title": "AC/DC | live", "card": {}}
    assert answer_from(said, "A/B", 0.0).tags.tree == ("A B|AC DC live",)


def test_a_photo_without_words_gets_ours():
    assert merged(Tags(), None, OURS) == OURS
    assert added(Tags(), None, OURS) == OURS


def test_words_of_people_stay_and_come_first():
    mine = Tags(("holiday", "ganesha"), (), "My trip", (9.0, 9.0))
    after = merged(mine, None, OURS)
    assert after.keywords == ("holiday", "ganesha", "Hindu")
    assert (after.title, after.location) == ("My trip", (9.0, 9.0))
    ours = added(mine, None, after)
    assert (ours.keywords, ours.title, ours.location) == (("Hindu",), "", None)


def test_what_people_took_away_is_not_written_again():
    now = Tags(("Hindu",), OURS.tree, "", None)
    after = merged(now, OURS, OURS)
    assert after == now
    assert merged(after, added(now, OURS, after), OURS) == now


def test_another_answer_replaces_ours_and_nothing_else():
    now = Tags(("holiday", *OURS.keywords), OURS.tree, "Ganesha", OURS.location)
    new = Tags(("Hanuman", "Hindu"), ("Gods|Hindu|Hanuman",), "Hanuman", None)
    after = merged(now, OURS, new)
    assert after.keywords == ("holiday", "Hindu", "Hanuman")
    assert (after.tree, after.title, after.location) == (("Gods|Hindu|Hanuman",), "Hanuman", None)


def test_a_model_that_is_not_sure_any_more_takes_ours_away():
    now = Tags(("holiday", *OURS.keywords), OURS.tree, "Ganesha", OURS.location)
    assert merged(now, OURS, Tags()) == Tags(("holiday",))


def test_a_title_that_people_changed_stays():
    now = Tags(OURS.keywords, OURS.tree, "Ganesha in Pune", (5.0, 5.0))
    after = merged(now, OURS, Tags(("Hanuman",), (), "Hanuman", (7.0, 7.0)))
    assert (after.title, after.location) == ("Ganesha in Pune", (5.0, 5.0))


WORDS = st.lists(st.sampled_from(["a", "b", "c", "D", "d"]), max_size=4, unique_by=str.casefold)


@given(WORDS, WORDS, WORDS)
def test_people_lose_no_word_and_a_second_run_changes_nothing(mine, first, second):
    now = Tags(tuple(mine))
    one = merged(now, None, Tags(tuple(first)))
    ours = added(now, None, one)
    two = merged(one, ours, Tags(tuple(second)))
    later = added(one, ours, two)
    assert {*mine} <= {*two.keywords}
    assert merged(two, later, Tags(tuple(second))) == two
    assert {word.casefold() for word in two.keywords} == {
        word.casefold() for word in (*mine, *second)
    }


def test_tags_come_back_from_json():
    assert tags_from(OURS.to_json()) == OURS
    assert tags_from({}) == Tags()
