"""How photos were taken, from their files and from what a scan saw."""

import numpy as np

from curation.active_learning.capture import shape_of, shots_of, views, with_views
from curation.measures.pixels import measure
from data_cards.dataset.schema import Label, Opinion, Photo, Source


def photo(name, path="a.jpg", width=400, height=300, **more):
    return Photo(name, width, height, (Source(path, "agra", **more),))


def labelled(*names):
    return {name: Label(name, "agra", "labelled") for name in names}


def test_rows_that_look_alike_share_a_view():
    x = np.array([[1, 0], [0, 1], [0.9, 0.1], [0.1, 0.9]])
    assert views(x / np.linalg.norm(x, axis=1, keepdims=True)) == [0, 1, 0, 1]


def test_the_scan_tells_views_within_a_class_and_how_light_it_is():
    rng = np.random.default_rng(0)
    corners = 4 * rng.normal(size=(2, 40))
    x = np.repeat(corners, 5, axis=0) + rng.normal(size=(10, 40))
    rows = [Opinion(f"p{n}") for n in range(10)]
    measures = {"p0": measure(np.full((9, 9), 51, np.uint8), 9, 9)}
    seen = list(with_views(rows, labelled(*(f"p{n}" for n in range(9))), x, measures))
    assert len({row.view for row in seen[:5]}) < 5 and {row.view for row in seen[5:9]}.isdisjoint(
        row.view for row in seen[:5]
    )
    assert seen[9].view == "", "a photo without a label has no class to share a view in"
    assert seen[0].light == 0.2 and seen[1].light is None


def test_a_shot_knows_its_burst_its_day_who_took_it_and_its_clip():
    photos = {
        "a": photo("a", "IMG_0001.jpg", author="ann", taken_at="2026-03-03T10:00:00"),
        "b": photo("b", "IMG_0002.jpg", author="ann", taken_at="2026-03-03T10:00:20"),
        "c": photo("c", "walk.mp4#3", origin="video", height=500),
    }
    a, b, c = shots_of(photos, labelled("a", "b", "c"), {})
    assert (a.burst, a.day, a.author, a.clip, a.shape) == (b.burst, "2026-03-03", "ann", "", "wide")
    assert (c.clip, c.day, c.shape, c.side) == ("walk.mp4", "", "upright", 500)


def test_a_shot_from_the_web_knows_its_website():
    (a,) = shots_of({"a": photo("a", url="https://a.example/1.jpg")}, labelled("a"), {})
    assert a.site == "a.example"


def test_what_the_model_says_of_sealed_and_doubted_photos_does_not_count():
    opinions = {"a": Opinion("a", ("amber",), (0.9,)), "b": Opinion("b", ("amber",), (0.9,))}
    a, b = shots_of({"a": photo("a"), "b": photo("b")}, labelled("a", "b"), opinions, silent={"b"})
    assert (a.taken_for, b.taken_for) == ("amber", "")


def test_only_photos_that_have_a_class_count():
    labels = {
        "a": Label("a", None, "unlabelled"),
        "b": Label("b", "agra", "duplicate"),
        "gone": Label("gone", "agra", "labelled"),
    }
    assert shots_of({"a": photo("a"), "b": photo("b")}, labels, {}) == []


def test_a_square_photo_is_neither_upright_nor_wide():
    assert shape_of(photo("a", width=300, height=310)) == "square"
