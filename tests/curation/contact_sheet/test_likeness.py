"""More like this: what looks like some photos and unlike others, by the index that serves."""

import numpy as np
import pytest

from curation.contact_sheet.likeness import index_of, more_like

RNG = np.random.default_rng(0)
MIDDLES = RNG.normal(size=(3, 24)) * 4


def photos(each=10):
    x = np.concatenate([middle + RNG.normal(size=(each, 24)) for middle in MIDDLES])
    return [f"{kind}{n}" for kind in "abc" for n in range(each)], x.astype(np.float32)


def first(found, count):
    return [name[0] for name in sorted(found, key=lambda name: -found[name])[:count]]


def test_photos_of_one_kind_come_first():
    ids, x = photos()
    assert first(more_like(index_of(ids, x), ["a0"]), 10) == ["a"] * 10


def test_several_photos_mean_what_they_have_in_common():
    ids, x = photos()
    found = more_like(index_of(ids, x), ["a0", "b0"])
    assert set(first(found, 20)) == {"a", "b"}


def test_what_it_is_not_falls_back():
    ids, x = photos()
    index = index_of(ids, x)
    without = more_like(index, ["a0", "b0"])
    against = more_like(index, ["a0", "b0"], ["b1", "b2"])
    assert first(without, 16).count("b") > first(against, 12).count("b")
    assert not {"b1", "b2"} & against.keys()


@pytest.mark.parametrize("like", [[], ["nobody"]])
def test_nothing_that_is_known_is_like_nothing(like):
    ids, x = photos()
    assert more_like(index_of(ids, x), like) == {}
    assert more_like(index_of([], np.zeros((0, 4))), like) == {}
