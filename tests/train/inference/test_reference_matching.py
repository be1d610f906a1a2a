import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest
from PIL import Image

from data_cards.photos.image import encode_jpeg
from tests.fixtures.paintings import painting, visit
from train.images.keypoints import find_points, lay_over
from train.images.preprocessing import Preprocessing
from train.inference import reference_matching as references
from train.inference.embeddings import Embedder
from train.inference.reference_matching import (
    ASKED,
    CHANCE,
    KEPT,
    ReferenceMatcher,
    References,
    as_logits,
    at_side,
    beside,
)


def references_of(pictures, owners, classes):
    """From upright pictures and their class numbers."""
    return References(tuple(find_points(one, KEPT) for one in pictures), tuple(owners), classes)


@pytest.fixture(scope="module")
def known():
    return references_of([painting(kind) for kind in range(5)], range(5), classes=6)


@cache
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
    few = References(known.points, known.owners, known.classes, known.cells)
    assert len(few.index.pictures) == 500 and few.recognise(photo(4)).argmax() == 4


def test_a_release_that_keeps_no_cells_or_others_finds_them_anew(known, tmp_path):
    known.save(tmp_path)
    kept = References.load(tmp_path)
    assert kept is not None and kept.cells is not None
    for cells in (None, (kept.cells[0], kept.cells[1][:10])):
        older = References(known.points, known.owners, known.classes, cells)
        assert older.votes(photo(1)).tolist() == known.votes(photo(1)).tolist()


def frame(*kinds):
    """Paintings side by side on a wall."""
    wall = Image.new("RGB", (1280, 640), (150, 148, 140))
    for place, kind in enumerate(kinds):
        wall.paste(painting(kind), (90 + 600 * place, 180))
    return wall


def found(known, picture):
    return beside(known.laid(find_points(picture, ASKED)))


def test_every_picture_in_the_frame_is_found_and_no_other(known):
    assert set(found(known, frame(1, 3))) == {1, 3}
    assert found(known, frame(2)) == [2] and found(known, frame(2, 9)) == [2]
    assert found(known, frame(8, 9)) == []


def test_two_pictures_of_nearly_the_same_are_one_place():
    twice = references_of([painting(0), painting(0), painting(1)], [0, 1, 2], classes=3)
    laid = [(owner, lay_over(photo(0), twice.points[owner])) for owner in (0, 1)]
    assert len(beside(laid)) == 1


def test_a_picture_s_corners_are_where_it_hangs(known):
    laid = lay_over(find_points(frame(1), ASKED), known.points[1])
    corners = laid.corners(at_side(painting(1).size)) / at_side((1280, 640))
    hangs = np.array([[90, 180], [450, 180], [450, 460], [90, 460]]) / [1280, 640]
    assert abs(corners - hangs).max() < 0.01


def test_points_that_agree_by_chance_say_nothing_and_more_say_more():
    said = as_logits(np.array([0, CHANCE, CHANCE + 1, 50]))
    assert said[0] == said[1] == 0 < said[2] < said[3]


def test_nothing_known_recognises_nothing():
    assert References((), (), 3).recognise(photo(0)).tolist() == [0, 0, 0]


class Meeting:
    """An engine whose run ends when two visitors are in it."""

    name = "meeting"
    streams = 1

    def __init__(self):
        self.both = threading.Barrier(2)

    def run(self, photos):
        self.both.wait(timeout=20)
        return np.zeros((len(photos), 6), np.float32), np.ones((len(photos), 3), np.float32)


def test_two_visitors_ask_the_network_at_once(known):
    matcher = ReferenceMatcher(Embedder(Meeting(), Preprocessing(size=56, short=64)), known)
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(matcher.ask, [encode_jpeg(visit(kind)) for kind in (1, 3)]))
    assert [said[0].argmax() for said in found] == [1, 3]
