import errno

import numpy as np
import pytest
from PIL import Image

from data_cards.errors import DiskFull
from data_cards.photos.image import encode_jpeg
from train.images.image_cache import fill_image_cache, find_image_cache


def photo(width: int, height: int, seed: int = 0) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 255, (height, width, 3))
    return encode_jpeg(Image.fromarray(noise.astype(np.uint8)))


def test_photos_come_back_small_and_in_their_own_shape(tmp_path):
    image_cache = fill_image_cache(
        tmp_path, [("a", photo(300, 200)), ("b", photo(50, 60))], short=100
    )
    assert image_cache.photo("a").size == (150, 100)
    assert image_cache.photo("b").size == (50, 60)


def test_a_damaged_photo_is_left_out_and_the_rest_stays(tmp_path):
    image_cache = fill_image_cache(
        tmp_path, [("a", photo(90, 90)), ("bad", b"no photo"), ("b", photo(80, 80))], short=64
    )
    assert (
        "bad" not in image_cache and "a" in image_cache and image_cache.photo("b").size == (64, 64)
    )


def test_the_ends_of_a_panorama_are_cut(tmp_path):
    assert fill_image_cache(tmp_path, [("a", photo(2000, 100))], short=50).photo("a").size == (
        150,
        50,
    )


def test_a_complete_shelf_is_found_again_and_an_unfinished_one_is_not(tmp_path):
    fill_image_cache(tmp_path, [("a", photo(90, 90))], short=64)
    found = find_image_cache(tmp_path, 64)
    assert found is not None and found.photo("a").size == (64, 64)
    assert find_image_cache(tmp_path, 96) is None
    (tmp_path / "photos.json").unlink()
    assert find_image_cache(tmp_path, 64) is None


def test_a_full_disk_is_said_in_a_sentence(tmp_path):
    def photos():
        yield "a", photo(90, 90)
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DiskFull, match="The disk is full"):
        fill_image_cache(tmp_path, photos(), short=64)
