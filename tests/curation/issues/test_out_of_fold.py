"""What a probe says of photos: doubts between 0 and 1, and photos of other shots as neighbours."""

import numpy as np
import pytest

from curation.issues import out_of_fold as opinions
from curation.issues.label_beliefs import OWN_SHOT
from curation.issues.out_of_fold import _of_others, form_opinions
from curation.measures import neighbours as nearest
from curation.measures.neighbours import Near
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.schema import Label

CLASSES = ("agra", "amber", "kumbh")


@pytest.fixture(scope="module")
def gallery():
    """Three things, 20 photos each, look like themselves; six photos of Agra, one burst, came in
    as Amber."""
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(3), 20)
    x = (rng.normal(size=(3, 12)) * 3)[truth] + rng.normal(size=(60, 12))
    x[:6] = x[0] + 0.01 * rng.normal(size=(6, 12))
    ids = [f"p{n}" for n in range(60)]
    given = [1 if n < 6 else int(truth[n]) for n in range(60)]
    labels = {
        image_id: Label(image_id, CLASSES[place], "labelled")
        for image_id, place in zip(ids, given, strict=True)
    }
    collection = Collection(
        "pile", "Pile", tuple(ClassInfo(name, name.title()) for name in CLASSES)
    )
    return collection, labels, ids, x, dict.fromkeys(ids[:6], "p0")


def test_a_burst_in_the_wrong_folder_is_shown(gallery):
    opinions = form_opinions(*gallery)
    assert opinions.suspects >= {f"p{n}" for n in range(6)} and len(opinions.suspects) < 10
    assert {opinions.doubts[f"p{n}"].likely for n in range(6)} == {"agra"}


def test_doubt_is_a_share_in_the_order_of_the_evidence(gallery):
    doubts = sorted(form_opinions(*gallery).doubts.values(), key=lambda doubt: -doubt.score)
    assert {doubt.image_id for doubt in doubts[:6]} == {f"p{n}" for n in range(6)}
    assert all(0 <= doubt.score < 1 for doubt in doubts) and len(
        {doubt.score for doubt in doubts}
    ) == len(doubts)


def test_the_doubt_in_labels_that_may_contradict_each_other_is_known(gallery):
    collection, labels, ids, x, groups = gallery
    opinions = form_opinions(collection, labels, ids, x, {**groups, "p10": "p10", "p11": "p10"})
    assert {"p10", "p11"} <= set(opinions.doubts) and not {"p10", "p11"} & opinions.suspects
    assert opinions.suspects <= set(opinions.doubts)


def test_neighbours_are_photos_of_other_shots_nearest_first(gallery):
    burst = gallery[2][:6]
    rows = {row.image_id: row for row in form_opinions(*gallery).rows}
    assert not set(rows["p0"].near) & set(burst) and len(rows["p0"].near) == 7
    assert all(int(other[1:]) < 20 for other in rows["p0"].near)


def test_where_each_class_has_one_shot_no_label_is_shown_as_doubtful(gallery):
    collection, labels, ids, x, _ = gallery
    opinions = form_opinions(
        collection,
        labels,
        ids[18:22],
        x[18:22],
        {ids[18]: "one", ids[19]: "one"} | dict.fromkeys(ids[20:22], "two"),
    )
    assert not opinions.suspects and len(opinions.rows) == 4


@pytest.mark.parametrize("lone", [("pot",), ("pot", "pan"), ("pot", "pot")])
@pytest.mark.parametrize("others", ["nothing", "junk", "unlabelled", "duplicate", "frames"])
def test_nothing_is_claimed_of_a_class_with_one_shot(gallery, lone, others):
    """Its other photos, if any, are junk, nameless, copies that a person set aside, or frames of
    the one shot."""
    collection, labels, ids, x, groups = gallery
    classes = (*CLASSES, "pot", "pan")
    collection = Collection(
        "pile", "Pile", tuple(ClassInfo(name, name.title()) for name in classes)
    )
    new = [f"n{n}" for n in range(len(lone))]
    labels = labels | {
        name: Label(name, label, "labelled") for name, label in zip(new, lone, strict=True)
    }
    groups = groups | dict.fromkeys(new, new[0]) if len(set(lone)) < len(lone) else groups
    more = [] if others == "nothing" else [f"{name}-{n}" for name in new for n in range(3)]
    for name in more:
        label = lone[new.index(name.split("-")[0])] if others in ("duplicate", "frames") else None
        labels[name] = Label(name, label, "labelled" if others == "frames" else others)
    if others == "frames":
        groups = groups | {
            name: groups.get(name.split("-")[0], name.split("-")[0]) for name in more
        }
    added = x[10 : 10 + len(new)]
    x = np.concatenate([x, added, added.repeat(3, axis=0)[: len(more)] + 0.1])
    found = form_opinions(collection, labels, [*ids, *new, *more], x, groups)
    assert not found.suspects & {*new, *more} or (
        others == "duplicate" and not found.suspects & set(new)
    )
    rows = {row.image_id: row for row in found.rows}
    assert all(rows[name].labels == () == rows[name].chances and rows[name].near for name in new)
    assert found.suspects >= {f"p{n}" for n in range(6)}, "others are doubted as before"


def test_with_one_class_nothing_is_doubted(gallery):
    collection, _, ids, x, groups = gallery
    opinions = form_opinions(
        collection,
        {image_id: Label(image_id, "agra", "labelled") for image_id in ids},
        ids,
        x,
        groups,
    )
    assert not opinions.doubts and not opinions.rows


def test_photos_without_a_label_change_nothing_about_the_doubt_in_the_others(gallery):
    collection, labels, ids, x, groups = gallery
    known = form_opinions(collection, labels, ids, x, groups)
    more = form_opinions(
        collection, labels, [*ids, "new"], np.concatenate([x, x[:1]]), {**groups, "new": "new"}
    )
    assert more.doubts == known.doubts and more.suspects == known.suspects


def test_the_neighbours_that_vote_are_the_nearest_of_other_shots():
    near = Near(
        np.array([[1, 2, 3], [0, 2, 3], [3, 0, 1], [2, 1, 0]]),
        np.tile(np.float32([0.9, 0.8, 0.7]), (4, 1)),
    )
    places, cosines = _of_others(near, np.array([7, 7, 8, 9]))
    assert places[0].tolist() == [2, 3, 1] and cosines[0].tolist() == [
        *near.cosines[0, 1:].tolist(),
        OWN_SHOT,
    ]
    assert places[2].tolist() == [3, 0, 1] and (cosines[2] > 0).all()


def test_of_very_many_labels_look_alikes_are_remembered_and_the_same_are_doubted(
    gallery, tmp_path, monkeypatch
):
    collection, labels, ids, x, groups = gallery
    fewer = dict(
        list(labels.items())[:-2]
    )  # what nobody has named teaches nothing, and is nobody's neighbour
    plainly = form_opinions(collection, fewer, ids, x, groups)
    monkeypatch.setattr(nearest, "WORTH_REMEMBERING", 20)
    monkeypatch.setattr(opinions, "WORTH_REMEMBERING", 20)
    for _ in range(2):  # the second time they are read
        known = form_opinions(collection, fewer, ids, x, groups, kept=tmp_path / "alike.npz")
        assert known.suspects == plainly.suspects and (tmp_path / "alike.npz").exists()
    np.testing.assert_allclose(
        [known.doubts[name].score for name in sorted(known.doubts)],
        [plainly.doubts[name].score for name in sorted(plainly.doubts)],
        atol=0.02,
    )
