"""How many people are asked about a photo."""

from hashlib import sha256

import pytest

from data_cards.annotations.decision import Decision
from data_cards.annotations.overlap import ONE_EACH, Asking, asking_file, asking_from

PHOTOS = [sha256(str(n).encode()).hexdigest() for n in range(4000)]


def said(who, at="2026-02-01T00:00:00.000000Z"):
    return Decision(who, at, who, PHOTOS[0], "relabel", "moon")


def test_the_share_of_photos_that_two_are_asked_about_is_the_one_that_was_chosen():
    assert sum(Asking(0.1).people_for(photo) == 2 for photo in PHOTOS) == pytest.approx(400, abs=60)
    assert {Asking(1.0).people_for(photo) for photo in PHOTOS} == {2}
    assert {ONE_EACH.people_for(photo) for photo in PHOTOS} == {1}


def test_a_larger_share_picks_the_same_photos_and_more():
    tenth, half = ({p for p in PHOTOS if Asking(share).people_for(p) > 1} for share in (0.1, 0.5))
    assert tenth < half


def test_only_what_a_photo_shows_is_asked_twice():
    assert Asking(1.0).is_shared("labels", PHOTOS[0])
    assert not Asking(1.0).is_shared("duplicates", PHOTOS[0])
    assert not ONE_EACH.is_shared("labels", PHOTOS[0])


def test_two_answers_of_one_person_are_one_persons_word():
    assert not Asking(1.0).is_enough(PHOTOS[0], [])
    assert not Asking(1.0).is_enough(PHOTOS[0], [said("ann"), said("ann")])
    assert Asking(1.0).is_enough(PHOTOS[0], [said("ann"), said("bob")])
    assert ONE_EACH.is_enough(PHOTOS[0], [said("ann")])


def test_what_was_decided_before_the_owner_chose_is_not_asked_again():
    since = Asking(1.0, since="2026-02-01T00:00:00.000001Z")
    assert since.is_enough(PHOTOS[0], [said("ann")])
    assert not since.is_enough(PHOTOS[0], [said("ann", "2026-02-01T00:00:00.000001Z")])


def test_what_is_written_is_read_again_and_nonsense_is_not_believed():
    import json

    chosen = Asking(0.25, 3, "2026-02-01T00:00:00.000000Z")
    assert asking_from(json.loads(asking_file(chosen)[1])) == chosen
    assert asking_from({"share": "many"}, Asking(0.5)) == Asking(0.5)
    assert asking_from({"share": 7, "people": 0, "since": ""}) == Asking(1.0, 1)
