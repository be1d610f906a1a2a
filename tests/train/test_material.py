import pytest

from data_cards.dataset import create_dataset
from data_cards.errors import CannotTrain, UnknownClass
from data_cards.rows import Label, labels_file
from tests.train.pictures import collection_of, pictures, with_photos
from train.material import gather
from train.sealing import sealed


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
