from dataclasses import replace

import pytest

from data_cards.dataset.repo import create_dataset
from data_cards.dataset.schema import Label
from data_cards.dataset.tables import labels_file
from data_cards.errors import CannotTrain, UnknownClass
from data_cards.photos.image import image_id
from tests.fixtures.pictures import collection_of, pictures, with_photos
from train.splits.seal import sealed
from train.splits.training_set import gather, have_one_picture


@pytest.fixture
def empty(tmp_path):
    return create_dataset(str(tmp_path / "data"), collection_of("a", "b", "c"))


def test_classes_are_those_with_photos_in_the_collections_order(empty):
    material = gather(sealed(with_photos(empty, {"c": pictures(6, 1), "a": pictures(6, 2)})))
    assert material.classes == ("a", "c") and material.titles == ("Thing a", "Thing c")
    assert sum(material.counts().values()) == 12


def test_photos_of_nothing_known_have_sides_of_their_own(empty):
    photos = {"a": pictures(6, 1), "b": pictures(6, 2), None: pictures(10, 3)}
    material = gather(sealed(with_photos(empty, photos)))
    assert sum(map(len, material.none.values())) == 10 and material.none["test"]
    assert not set(material.none["test"]) & {image_id for image_id, _ in material.test}


def test_most_things_with_one_picture_are_told_from_few_with_many():
    assert have_one_picture({}, {"a", "b"}) and have_one_picture({"a": 1, "b": 1, "c": 2}, set())
    assert not have_one_picture({"a": 1, "b": 3, "c": 2}, set()), "one of three"
    assert not have_one_picture({"a": 30}, {"a", "b", "c", "d"}), (
        "many photos of one are worth a training"
    )
    assert not have_one_picture({"a": 1}, {"a"}), "one thing alone"


def test_with_one_picture_each_references_are_learned_from_and_nothing_steers(tmp_path):
    things = create_dataset(
        str(tmp_path / "data"),
        collection_of("a", "b", "c"),
        {name: pictures(1, n)[0] for n, name in enumerate("ab")},
    )
    source = sealed(
        with_photos(with_photos(things, {"a": pictures(1, 5)}, side="test"), {"c": pictures(1, 6)})
    )
    material = gather(source)
    assert material.classes == ("a", "b", "c") and material.references == (0, 1)
    assert [label for _, label in material.train] == [2] and [
        label for _, label in material.test
    ] == [0]
    assert not material.validation


def test_a_test_photo_that_people_chose_as_reference_is_not_learned_from(tmp_path):
    shown = pictures(1, 5)
    things = replace(collection_of("a", "b", "c"), extra={"references": {"a": image_id(shown[0])}})
    made = create_dataset(
        str(tmp_path / "data"), things, {name: pictures(1, n)[0] for n, name in enumerate("abc")}
    )
    assert gather(sealed(with_photos(made, {"a": shown}, side="test"))).references == (1, 2), (
        "b and c"
    )


def test_one_thing_alone_cannot_be_recognised(empty):
    both = with_photos(empty, {"a": pictures(6, 1)}, side="train")
    source = sealed(with_photos(both, {"b": pictures(3, 2)}, side="test"))
    with pytest.raises(CannotTrain, match=r"Only “Thing a” has photos to learn from"):
        gather(source)


def test_a_label_that_the_collection_does_not_have_is_named(empty):
    source = sealed(with_photos(empty, {"a": pictures(6, 1), "b": pictures(6, 2)}))
    rows = [Label(row.image_id, "zebra", "labelled") for row in source.dataset.labels().values()]
    wrong = sealed(source.dataset.commit(dict([labels_file(rows)]), "wrong"))
    with pytest.raises(UnknownClass, match="zebra"):
        gather(wrong)
