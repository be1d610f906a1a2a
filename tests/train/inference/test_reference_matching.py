import numpy as np
import pytest

from tests.fixtures.paintings import painting, visit
from train.images.keypoints import find_points
from train.inference import reference_matching as references
from train.inference.reference_matching import ASKED, CHANCE, References, as_logits, references_of


@pytest.fixture(scope="module")
def known():
    return references_of([painting(kind) for kind in range(5)], range(5), classes=6)


def photo(kind):
    return find_points(visit(kind), ASKED)


def test_a_photo_is_recognised_by_its_one_picture(known):
    for kind in range(5):
        found = known.recognise(photo(kind))
        assert found.argmax() == kind and found[kind] > 30 and found.shape == (6,)


def test_a_stranger_agrees_with_nothing_beyond_chance(known):
    assert known.recognise(photo(9)).max() < 10
    assert known.evidence(visit(9)).max() < known.evidence(visit(1)).max() / 2


def test_a_class_left_out_is_a_stranger(known):
    assert known.recognise(photo(2), without=2)[2] == 0


def test_two_pictures_of_one_thing_do_not_take_each_others_votes():
    twice = references_of([painting(0), painting(0), painting(1)], [0, 0, 1], classes=2)
    assert twice.votes(photo(0))[:2].sum() > 20 and twice.recognise(photo(0)).argmax() == 0


def test_what_a_release_keeps_recognises_the_same(known, tmp_path):
    known.save(tmp_path)
    again = References.load(tmp_path)
    assert again is not None and again.owners == known.owners
    assert abs(again.recognise(photo(3)) - known.recognise(photo(3))).max() <= 3
    assert References.load(tmp_path / "elsewhere") is None


def test_of_very_many_pictures_only_the_strongest_points_vote(known, monkeypatch):
    monkeypatch.setattr(references, "VOTING", 500)
    few = References(known.points, known.owners, known.classes)
    assert few._voting.shape == (5, 100, 128) and few.recognise(photo(4)).argmax() == 4


def test_pictures_are_compared_some_at_a_time_with_the_same_result(known, monkeypatch):
    before = known.votes(photo(1))
    monkeypatch.setattr(references, "AT_ONCE", 2)
    assert known.votes(photo(1)).tolist() == before.tolist()


def test_points_that_agree_by_chance_say_nothing_and_more_say_more():
    said = as_logits(np.array([0, CHANCE, CHANCE + 1, 50]))
    assert said[0] == said[1] == 0 < said[2] < said[3]


def test_nothing_known_recognises_nothing():
    assert References((), (), 3).recognise(photo(0)).tolist() == [0, 0, 0]
