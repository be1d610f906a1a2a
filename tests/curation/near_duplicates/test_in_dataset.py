"""Copies in a dataset: verdicts are remembered, and whatever hangs together is one group for the
split."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from curation.measures.cache import Memory
from curation.measures.fingerprint import Match
from curation.measures.fingerprint_store import FingerprintStore
from curation.measures.neighbours import nearest
from curation.near_duplicates.camera_runs import camera_runs
from curation.near_duplicates.in_dataset import Judging, Sight, _introduce, find_copies
from curation.near_duplicates.pool import Comparers
from data_cards.annotations.decision import decide
from data_cards.annotations.ledger import Ledger
from tests.fixtures.scenes import burst_frame, jpeg, scene
from tests.fixtures.things import shirt

PHOTOS = {
    "a": jpeg(scene(1)),
    "b": jpeg(scene(1).crop((20, 15, 390, 290))),
    "c": jpeg(scene(2)),
    "d": b"no photo",
}
X = np.array([[1, 0, 0.1], [1, 0.1, 0], [0, 1, 0], [0.1, 1, 0.0]])


class PretendDataset:
    """What copies need of a dataset; counts what is read."""

    address = "pretend"
    read = 0

    def read_photos(self, ids):
        for image_id in sorted(ids):
            self.read += 1
            yield image_id, PHOTOS[image_id]


@pytest.fixture
def look(tmp_path):
    memory = Memory(tmp_path)
    dataset = PretendDataset()

    def run(*decisions, threshold=0.9):
        dataset.read = 0
        with FingerprintStore(tmp_path) as store:
            sight = Sight(dataset, list("abcd"), nearest(X), memory, store)
            return find_copies(sight, Ledger(decisions), {}, threshold, False), dataset.read

    return run


def test_a_copy_is_found_and_an_unreadable_photo_is_nobodys_copy(look):
    copies, _ = look()
    assert list(copies.pairs) == [("a", "b")] and sorted(copies.stars[0]) == ["a", "b"]
    assert copies.groups["a"] == copies.groups["b"] and len(set(copies.groups.values())) == 3


def test_the_second_look_reads_no_photo(look):
    first, read = look()
    again, read_again = look()
    assert read > 0 and read_again == 0 and (again.new, again.stars) == (0, first.stars)


def test_an_old_photo_that_gets_a_new_neighbour_is_not_read_again(tmp_path):
    dataset = PretendDataset()

    def look(ids):
        dataset.read = 0
        with FingerprintStore(tmp_path) as store:
            sight = Sight(dataset, list(ids), nearest(X[: len(ids)]), Memory(tmp_path), store)
            return list(find_copies(sight, Ledger(), {}, 0.9, False).pairs), dataset.read

    assert look("ac") == ([], 2)
    assert look("acb") == ([("a", "b")], 1)


def test_the_dial_may_be_turned_without_comparing_again(look):
    look()
    strict, read = look(threshold=1.01)
    assert read == 0 and strict.pairs == {} and strict.stars == ()


def test_what_a_person_judged_apart_stays_apart(look):
    copies, _ = look(decide("asha", "b", "not_duplicate", other="a"))
    assert copies.pairs == {} and copies.groups["a"] != copies.groups["b"]


def test_only_the_nearest_few_are_proposed_and_each_pair_once(tmp_path):
    x = np.array([[1, 0, 0.1], [1, 0.1, 0], [1, 0.3, 0.3], [-3, -0.5, 0.0]])
    with FingerprintStore(tmp_path) as store:
        sight = Sight(PretendDataset(), list("abcd"), nearest(x), Memory(tmp_path), store)
        assert sight.named(sight.near_pairs(np.arange(4), 1)) == [("a", "b"), ("a", "c")]
        sight.memory.keep_matches({("a", "b"): Match(0.1, "same-scene")})
        assert sight.named(sight.near_pairs(np.array([0, 1]), 2)) == [("a", "c"), ("b", "c")]


@pytest.fixture
def turned(monkeypatch, tmp_path):
    """A photo and its turned copy among strangers, with embeddings that see nothing in common."""
    photos = {f"s{n}": jpeg(scene(n + 20)) for n in range(8)}
    photos |= {"a": jpeg(scene(1)), "b": jpeg(scene(1).rotate(180))}
    monkeypatch.setattr("tests.curation.near_duplicates.test_in_dataset.PHOTOS", photos)

    def run(with_words=True):
        if not with_words:
            monkeypatch.setattr(
                "curation.near_duplicates.in_dataset.pairs_by_words",
                lambda *_: np.zeros((0, 2), np.int32),
            )
        with FingerprintStore(tmp_path) as store:
            sight = Sight(
                PretendDataset(),
                sorted(photos),
                nearest(np.eye(len(photos))),
                Memory(tmp_path),
                store,
            )
            return list(find_copies(sight, Ledger(), {}, 0.9, False).pairs)

    return run


def test_a_turned_copy_that_embeddings_do_not_propose_is_found_by_its_points(turned):
    assert turned() == [("a", "b")]


def test_without_the_points_it_would_be_missed(turned):
    assert turned(with_words=False) == []


def test_fastdup_is_asked_only_about_photos_that_points_say_little_of(monkeypatch, tmp_path):
    photos = {"a": jpeg(scene(1)), "b": jpeg(scene(2))}
    photos |= {name: jpeg(Image.new("RGB", (300, 200), name)) for name in ("grey", "white")}
    monkeypatch.setattr("tests.curation.near_duplicates.test_in_dataset.PHOTOS", photos)
    monkeypatch.setattr("curation.near_duplicates.in_dataset.installed", lambda: True)
    asked = []
    monkeypatch.setattr(
        "curation.near_duplicates.in_dataset.propose",
        lambda some: set(asked.extend(name for name, _ in some) or ()),
    )
    with FingerprintStore(tmp_path) as store:
        sight = Sight(PretendDataset(), sorted(photos), nearest(np.eye(4)), Memory(tmp_path), store)
        find_copies(sight, Ledger(), {}, 0.9, False)
        assert asked == []
    with FingerprintStore(tmp_path) as store:
        find_copies(
            replace(sight, store=store, memory=Memory(tmp_path / "new")), Ledger(), {}, 0.9, True
        )
    assert asked == ["grey", "white"]


def test_two_who_agree_with_a_third_are_introduced_to_each_other(tmp_path):
    with FingerprintStore(tmp_path) as store:
        sight = Sight(PretendDataset(), list("abcd"), nearest(X), Memory(tmp_path), store)
        sight.memory.keep_matches(
            {("a", "b"): Match(0.95, "edited"), ("b", "c"): Match(0.95, "edited")}
        )
        judging = Judging(sight, Comparers(store))
        _introduce(sight, judging, 0.9)
        assert judging.new == 1 and sight.memory.match("a", "c") is not None


@pytest.fixture
def shirts(monkeypatch, tmp_path):
    photos = {
        "a": jpeg(shirt(words="SUMMER")),
        "b": jpeg(shirt(words="WINTER", shot=1)),
        "c": jpeg(scene(2)),
    }
    monkeypatch.setattr("tests.curation.near_duplicates.test_in_dataset.PHOTOS", photos)

    def run(*decisions, threshold=0.9):
        with FingerprintStore(tmp_path) as store:
            sight = Sight(PretendDataset(), list("abc"), nearest(X[:3]), Memory(tmp_path), store)
            return find_copies(sight, Ledger(decisions), {}, threshold, False)

    return run


@pytest.mark.parametrize("threshold", [0.3, 0.9, 0.99])
def test_what_only_looks_alike_is_no_copy_but_stays_together(shirts, threshold):
    copies = shirts(threshold=threshold)
    assert copies.pairs == {} and copies.stars == () and list(copies.alike) == [("a", "b")]
    assert copies.groups["a"] == copies.groups["b"] != copies.groups["c"]


def test_what_a_person_judged_apart_does_not_look_alike_any_more(shirts):
    copies = shirts(decide("asha", "b", "not_duplicate", other="a"))
    assert not copies.alike and copies.groups["a"] != copies.groups["b"]


@pytest.mark.parametrize(("second", "verified"), [(1.0, True), (9.0, False)])
def test_frames_near_in_one_clip_are_verified_and_others_only_look_alike(
    monkeypatch, tmp_path, second, verified
):
    photos = {name: jpeg(burst_frame(1, n)) for n, name in enumerate("ab")}
    monkeypatch.setattr("tests.curation.near_duplicates.test_in_dataset.PHOTOS", photos)
    runs = camera_runs({}, {}, {"a": "vase.mp4#0.0", "b": f"vase.mp4#{second}"})
    with FingerprintStore(tmp_path) as store:
        sight = Sight(PretendDataset(), list("ab"), nearest(X[:2]), Memory(tmp_path), store)
        copies = find_copies(sight, Ledger(), {}, 0.9, False, runs)
    assert (("a", "b") in copies.pairs) is verified is not (("a", "b") in copies.alike)
    assert copies.groups["a"] == copies.groups["b"]
