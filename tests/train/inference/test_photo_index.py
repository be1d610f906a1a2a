"""Photos that look alike."""

import numpy as np
import pytest

from data_cards.errors import BadModel
from tests.train.uncertainty.test_ood import WithoutBlas
from train.inference import photo_index as room
from train.inference.photo_index import Index, Neighbour, write_index


@pytest.fixture
def folder(tmp_path):
    embeddings = np.array([[3.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    write_index(
        tmp_path / "index", ["a", "b", "c"], ["x", "y", "x"], embeddings, [b"A", b"B", b"C"]
    )
    return tmp_path / "index"


def test_the_nearest_come_first_with_their_cosine(folder):
    found = Index.load(folder).nearest(np.array([10.0, 0.0]), 2)
    assert [(one.image_id, one.label) for one in found] == [("a", "x"), ("c", "x")]
    assert found[0] == Neighbour("a", "x", 1.0)
    assert found[1].score == pytest.approx(0.7071, abs=1e-3)


def test_looking_wakes_no_threads(folder):
    index = Index.load(folder)
    index.features = index.features.view(WithoutBlas)
    assert index.nearest(np.array([0.0, 1.0]), 1)[0].image_id == "b"


def test_asking_for_more_than_there_are_gives_all(folder):
    assert len(Index.load(folder).nearest(np.array([1.0, 0.0]), 99)) == 3
    assert Index.load(folder).nearest(np.array([1.0, 0.0]), 0) == []


def test_photos_of_the_first_label_come_before_nearer_ones_of_the_second(folder):
    found = Index.load(folder).nearest_of(["y", "unknown", "x"], np.array([1.0, 0.1]), 2)
    assert [(one.image_id, one.label) for one in found] == [("b", "y"), ("a", "x")]
    assert Index.load(folder).nearest_of(["y", "x"], np.array([1.0, 0.1]), 0) == []


def test_it_keeps_small_pictures(folder):
    index = Index.load(folder)
    assert index.thumbnail("b") == b"B" and index.thumbnail("unknown") is None


def test_features_are_kept_short_and_of_length_one(folder):
    kept = np.load(folder / "features.npy")
    assert kept.dtype == np.float16
    np.testing.assert_allclose(np.linalg.norm(kept.astype(float), axis=1), 1, atol=1e-3)


def test_a_release_without_an_index_knows_nothing_alike(tmp_path):
    assert Index.load(tmp_path).nearest(np.ones(3), 4) == []
    write_index(tmp_path, [], [], np.zeros((0, 0)), [])
    assert len(Index.load(tmp_path)) == 0


def test_an_index_that_does_not_fit_is_refused(folder):
    np.save(folder / "features.npy", np.zeros((2, 2), np.float16))
    with pytest.raises(BadModel, match="damaged"):
        Index.load(folder)


def test_the_typical_photo_of_a_class_is_the_one_in_its_middle() -> None:
    features = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [0.6, 0.8]], np.float32)
    index = Index(["a", "b", "c", "d"], ["x", "x", "x", "y"], features, lambda row: b"")
    assert (index.typical("x"), index.typical("y"), index.typical("z")) == ("b", "d", None)


@pytest.fixture
def many(tmp_path, monkeypatch):
    """An index with a graph: 300 photos where there are usually thousands."""
    monkeypatch.setattr(room, "GRAPH_FROM", 200)
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(300, 16))
    names = [f"photo-{n}" for n in range(300)]
    write_index(tmp_path, names, ["x"] * 300, embeddings, [name.encode() for name in names])
    return tmp_path, embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)


def test_among_many_the_graph_finds_what_looking_at_all_finds(many):
    folder, embeddings = many
    with_graph = Index.load(folder)
    (folder / "graph.usearch").unlink()
    without = Index.load(folder)
    missed = 0
    for embedding in embeddings[:50]:
        missed += len(set(with_graph.nearest(embedding, 8)) - set(without.nearest(embedding, 8)))
    assert missed <= 2


def test_the_same_photos_give_the_same_graph(many):
    folder, embeddings = many
    first = (folder / "graph.usearch").read_bytes()
    names = [f"photo-{n}" for n in range(300)]
    write_index(folder, names, ["x"] * 300, embeddings, [name.encode() for name in names])
    assert (folder / "graph.usearch").read_bytes() == first


def test_each_of_many_small_pictures_is_its_own(many):
    index = Index.load(many[0])
    assert all(index.thumbnail(f"photo-{n}") == f"photo-{n}".encode() for n in (0, 63, 64, 65, 299))


def test_a_graph_of_other_photos_is_not_asked(many, tmp_path):
    folder, embeddings = many
    kept = (folder / "graph.usearch").read_bytes()
    write_index(folder, ["a"], ["x"], embeddings[:1], [b"A"])
    assert not (folder / "graph.usearch").exists()
    (folder / "graph.usearch").write_bytes(kept)
    assert [one.image_id for one in Index.load(folder).nearest(embeddings[5], 3)] == ["a"]
