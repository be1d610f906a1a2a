"""Embeddings are computed once, kept, and never stopped by one bad photo."""

import threading
from contextlib import suppress

import numpy as np
import pytest

from data_cards.errors import BadPhoto, DiskFull
from tests.train.images.test_preprocessing import photo
from train.images.preprocessing import Preprocessing
from train.inference import embeddings as features
from train.inference.embeddings import Embedder, FeatureCache, Watch, embed_dataset, embedder_for
from train.models.backbone import Backbone


class Album:
    """Photos by id that remembers what was read."""

    def __init__(self, photos):
        self.photos = photos
        self.read = []

    def read_photos(self, ids):
        for name in ids:
            self.read.append(name)
            yield name, self.photos[name]


class Mean:
    """A network whose embedding is the mean colour."""

    name = "torch"
    streams = 1

    def run(self, pixel_values):
        return (pixel_values.mean(axis=(2, 3)),)


@pytest.fixture
def backbone(tiny_vit):
    return Backbone(tiny_vit, "tiny", "rev1", "folder")


@pytest.fixture
def album():
    return Album({f"p{i}": photo(80, 70, seed=i) for i in range(5)})


def test_only_new_photos_are_computed(album, backbone, tmp_path):
    ids, first = embed_dataset(album, ["p0", "p1"], backbone, tmp_path)
    assert ids == ["p0", "p1"] and first.shape == (2, 64) and first.dtype == np.float16
    ids, more = embed_dataset(album, ["p2", "p0", "p1"], backbone, tmp_path)
    assert album.read == ["p0", "p1", "p2"]
    assert ids == ["p2", "p0", "p1"]
    np.testing.assert_array_equal(more[1:], first)


def test_different_photos_have_different_features(album, backbone, tmp_path):
    _, x = embed_dataset(album, album.photos, backbone, tmp_path)
    assert np.linalg.norm(x[0] - x[1]) > 0.1


def test_another_revision_or_size_never_reads_these_features(album, backbone, tmp_path):
    embed_dataset(album, ["p0"], backbone, tmp_path)
    other = Backbone(backbone.path, "tiny", "rev2", "folder")
    assert len(FeatureCache.of(tmp_path, backbone)) == 1
    assert (
        len(FeatureCache.of(tmp_path, other))
        == len(FeatureCache.of(tmp_path, backbone, size=28))
        == 0
    )


def test_one_damaged_photo_does_not_stop_the_run(album, backbone, tmp_path):
    album.photos["p1"] = album.photos["p1"][:900]
    ids, x = embed_dataset(album, album.photos, backbone, tmp_path)
    assert ids == ["p0", "p2", "p3", "p4"] and len(x) == 4


def test_nothing_to_do_is_an_empty_array(album, backbone, tmp_path):
    ids, x = embed_dataset(album, [], backbone, tmp_path)
    assert ids == [] and len(x) == 0


def test_a_shard_cut_short_by_a_crash_is_computed_again(album, backbone, tmp_path):
    embed_dataset(album, ["p0"], backbone, tmp_path)
    (shard,) = FeatureCache.of(tmp_path, backbone).folder.glob("*.npz")
    shard.write_bytes(shard.read_bytes()[:40])
    ids, _ = embed_dataset(album, ["p0"], backbone, tmp_path)
    assert ids == ["p0"] and album.read == ["p0", "p0"]


def test_a_crash_while_writing_leaves_what_was_there(tmp_path, monkeypatch):
    cache = FeatureCache(tmp_path)
    cache.add(["a"], np.ones((1, 3)))

    def full(*args, **more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(features.np, "savez", full)
    with pytest.raises(DiskFull):
        cache.add(["b"], np.ones((1, 3)))
    assert FeatureCache(tmp_path).missing(["a", "b"]) == ["b"]


def test_features_come_back_in_the_order_asked_from_several_shards(tmp_path):
    cache = FeatureCache(tmp_path)
    cache.add(["a", "b"], np.array([[1.0, 0], [2, 0]]))
    cache.add(["c"], np.array([[3.0, 0]]))
    ids, x = FeatureCache(tmp_path).load(["c", "unknown", "a"])
    assert ids == ["c", "a"] and x[:, 0].tolist() == [3, 1]


def test_a_stream_gives_every_output_and_names_what_is_unreadable():
    bad = []
    embedder = Embedder(Mean(), Preprocessing(size=28, short=32), batch=2)
    photos = [("a", photo(40, 40)), ("b", b"no photo"), ("c", photo(40, 40)), ("d", photo(40, 40))]
    parts = list(embedder.stream(photos, lambda name, error: bad.append((name, error.sentence))))
    assert [name for part in parts for name in part.ids] == ["a", "c", "d"]
    assert [name for name, _ in bad] == ["b"]
    with pytest.raises(BadPhoto):
        embedder.embed([b"no photo"])


def test_who_watches_sees_each_new_photo_once_and_as_large_as_wanted(album, backbone, tmp_path):
    seen = {}
    watch = Watch(
        60, lambda name, data, picture: seen.setdefault(name, []).append((data, max(picture.size)))
    )
    album.photos = {
        "large": photo(900, 700, seed=1),
        "bad": b"no photo",
        "small": photo(50, 40, seed=2),
    }
    embed_dataset(album, ["large", "bad"], backbone, tmp_path, watch=watch)
    embed_dataset(album, ["large", "small"], backbone, tmp_path, watch=watch)
    assert {name: [data for data, _ in looks] for name, looks in seen.items()} == {
        "large": [album.photos["large"]],
        "small": [album.photos["small"]],
    }
    assert 60 <= seen["large"][0][1] < 900 and seen["small"][0][1] == 50


def test_a_network_that_takes_one_call_at_a_time_gets_one(album):
    meeting = threading.Barrier(2)
    met = []

    class Careful(Mean):
        def run(self, pixel_values):
            with suppress(threading.BrokenBarrierError):
                meeting.wait(0.1)
                met.append("two calls at once")
            meeting.reset()
            return super().run(pixel_values)

    embedder = Embedder(Careful(), Preprocessing(size=28, short=32), batch=1)
    assert len(list(embedder.stream(album.photos.items()))) == 5 and not met
    Careful.streams = 2
    assert (
        len(
            list(
                Embedder(Careful(), Preprocessing(size=28, short=32), batch=1).stream(
                    album.photos.items()
                )
            )
        )
        == 5
        and met
    )


@pytest.mark.slow
def test_the_fast_engine_gives_the_same_features_as_torch(album, backbone, tmp_path):
    exact = embedder_for(backbone, tmp_path, engine="torch")
    fast = embedder_for(backbone, tmp_path, engine="onnxruntime")
    assert (exact.engine.name, fast.engine.name) == ("torch", "onnxruntime")
    photos = list(album.photos.values())
    np.testing.assert_allclose(fast.embed(photos), exact.embed(photos), atol=1e-3)


def test_for_a_few_photos_no_engine_is_prepared(backbone, tmp_path):
    assert embedder_for(backbone, tmp_path, photos=3).engine.name == "torch"
    assert not (tmp_path / "engines").exists()
