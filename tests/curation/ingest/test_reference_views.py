"""Views that the museum's camera makes of reference pictures: for training, and never judged by."""

import numpy as np
import pytest

from curation.ingest.reference_views import ViewSettings, add_views, is_synthetic
from curation.museum.visitors import snap_reference
from data_cards.dataset.repo import collection_files, create_dataset
from data_cards.errors import BadSource
from data_cards.photos.image import encode_jpeg, image_id, open_photo
from tests.fixtures.pictures import collection_of, pictures, with_photos
from tests.fixtures.scenes import scene
from train.settings import SplitSettings
from train.splits.seal import split_dataset


def made(folder, real=6):
    """Two classes with reference pictures and one without, each with `real` photos."""
    things = collection_of("a", "b", "c")
    dataset = create_dataset(str(folder), things)
    references = {name: encode_jpeg(scene(number)) for number, name in enumerate("ab")}
    dataset = dataset.commit(collection_files(things, references), "Pictures")
    photos = {
        name: pictures(real, number, (60 * number + 40, 90, 120))
        for number, name in enumerate("abc")
    }
    return with_photos(dataset, photos) if real else dataset


def test_a_view_is_a_photo_of_the_picture_and_the_same_for_the_same_number():
    reference = np.asarray(scene(3, (400, 300)))
    one, again, other = (snap_reference(reference, seed, 320) for seed in (7, 7, 8))
    assert one == again
    assert one != other
    shown = open_photo(one)
    assert max(shown.size) >= 250
    # Some colour that only the picture has is in it: the wall alone is nearly of one tone.
    assert np.asarray(shown).std() > 20


@pytest.mark.parametrize("shape", [(40, 400), (400, 40), (3, 3), (900, 900)])
def test_pictures_of_every_shape_can_be_hung(shape):
    reference = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
    assert open_photo(snap_reference(reference, 1, 160)).size[0] > 0


def test_views_are_marked_as_made_and_given_to_training(tmp_path):
    added = add_views(made(tmp_path / "d"), ViewSettings(per_class=3))
    assert (added.photos, added.classes) == (6, 2)
    views = [photo for photo in added.dataset.photos().values() if is_synthetic(photo)]
    assert {photo.sources[0].given_label for photo in views} == {"a", "b"}
    assert {photo.sources[0].given_split for photo in views} == {"train"}


def test_the_first_view_is_the_picture_itself_unless_it_is_a_photo_already(tmp_path):
    dataset = made(tmp_path / "d")
    added = add_views(dataset, ViewSettings(per_class=2)).dataset.photos()
    assert image_id(dataset.reference("a")) in added
    photo = next(iter(dataset.photos()))
    chosen = dataset.commit(
        collection_files(dataset.collection(), {"a": dataset.read_photo(photo)}), "Choose a photo"
    )
    kept = add_views(chosen, ViewSettings(per_class=2, thinner_than=0)).dataset.photos()[photo]
    assert not is_synthetic(kept), "a real photo stays a real one"


def test_the_same_again_makes_only_what_is_missing(tmp_path):
    first = add_views(made(tmp_path / "d"), ViewSettings(per_class=2))
    assert add_views(first.dataset, ViewSettings(per_class=2)).photos == 0
    more = add_views(first.dataset, ViewSettings(per_class=3))
    assert (more.photos, len(more.dataset.photos())) == (2, 18 + 6)


def test_only_thin_classes_get_views_when_asked(tmp_path):
    assert add_views(made(tmp_path / "d"), ViewSettings(per_class=2, thinner_than=6)).photos == 0
    assert add_views(made(tmp_path / "e"), ViewSettings(per_class=2, thinner_than=7)).photos == 4


def test_no_view_is_in_validation_or_test_and_real_photos_are_split_as_without_them(tmp_path):
    dataset = made(tmp_path / "d", real=20)
    before, _ = split_dataset(dataset, SplitSettings())
    after, _ = split_dataset(
        add_views(dataset, ViewSettings(per_class=10)).dataset, SplitSettings()
    )
    assert {name: row.split for name, row in after.items() if name in before} == {
        name: row.split for name, row in before.items()
    }
    views = [row.split for name, row in after.items() if name not in before]
    assert views == ["train"] * 20


def test_a_dataset_without_reference_pictures_says_how_to_get_some(tmp_path):
    things = collection_of("a")
    with pytest.raises(BadSource, match="page Classes"):
        add_views(create_dataset(str(tmp_path / "d"), things), ViewSettings())
