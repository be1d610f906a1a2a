"""A photo that is erased is gone: from every table, and from what the folder keeps of the past."""

import os
import shutil
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.decisions.erase import erase
from curation.light_table.session.table import LightTable
from curation.measures.cache import Memory
from curation.measures.fingerprint import Match, fingerprint
from curation.measures.fingerprint_store import FingerprintStore
from curation.measures.neighbours import nearest_remembered
from data_cards.annotations.decision import decide, line_of
from data_cards.annotations.journal import Journal
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.repo import create_dataset, open_dataset
from data_cards.dataset.schema import Finding, Label, Opinion, Photo, Source, Split
from data_cards.dataset.tables import (
    findings_file,
    images_file,
    labels_file,
    ledger_file,
    opinions_file,
    splits_file,
)
from data_cards.errors import MissingFile
from data_cards.photos.image import encode_jpeg
from tests.fixtures.scenes import scene
from train.images.image_cache import fill_image_cache
from train.inference.embeddings import FeatureCache

THINGS = Collection(name="fort", title="Forts", classes=(ClassInfo("agra", "Agra Fort"),))
BYTES = {"a": b"a face" * 400_000, "b": b"a wall", "c": b"a door"}


@pytest.fixture
def dataset(tmp_path):
    def row(name):
        return Photo(name, 9, 9, (Source(f"{name}.jpg", "agra"),)), BYTES[name]

    files = [
        images_file([row("a"), row("b")]),
        images_file([row("c")]),
        labels_file(Label(name, "agra", "labelled") for name in BYTES),
        splits_file(Split(name, name, "train") for name in BYTES),
        findings_file(
            "s1",
            [
                Finding("a", "label", 0.9, "x"),
                Finding("b", "near_duplicate", 0.9, "x", related=("a",)),
            ],
            ["All dark."],
        ),
        opinions_file(
            "s1",
            [Opinion("a", ("agra",), (1.0,), ("b",)), Opinion("b", ("agra",), (1.0,), ("a", "c"))],
        ),
        ledger_file([line_of(decide("asha", "a", "keep"))]),
    ]
    return create_dataset(str(tmp_path / "d"), THINGS).commit(dict(files), "Photos")


def everything_on_disk(dataset):
    return b"".join(path.read_bytes() for path in dataset.repo.path.rglob("*") if path.is_file())


def test_the_bytes_are_nowhere_in_the_folder(dataset):
    assert b"a face" in everything_on_disk(dataset)
    erase(dataset, ["a"])
    left = everything_on_disk(dataset)
    assert b"a face" not in left and b"a wall" in left and b"a door" in left


def test_no_table_speaks_of_it(dataset):
    after = erase(dataset, ["a"]).dataset
    assert set(after.photos()) == set(after.labels()) == set(after.splits()) == {"b", "c"}
    assert [(one.image_id, one.related) for one in after.findings()] == [("b", ())]
    assert after.remarks() == ["All dark."], "what is said of the whole stays"
    assert [(one.image_id, one.near) for one in after.opinions()] == [("b", ("c",))]


def test_the_others_and_their_shards_stay(dataset):
    untouched = dataset.shard_of("c")
    after = erase(dataset, ["a"]).dataset
    assert after.read_photo("b") == BYTES["b"] and after.read_photo("c") == BYTES["c"]
    assert after.shard_of("c") == untouched and len(after.ledger()) == 1


def test_a_shard_with_nothing_left_goes_away(dataset):
    after = erase(dataset, ["c"]).dataset
    assert len(after.shards) == 1 and open_dataset(after.address).read_photo("a") == BYTES["a"]


def test_an_unknown_photo_erases_nothing(dataset):
    with pytest.raises(MissingFile, match="Nothing was erased"):
        erase(dataset, ["a", "z"])
    assert set(dataset.newest().photos()) == set(BYTES)


def test_the_small_picture_that_a_scan_kept_is_gone_too(dataset, tmp_path):
    one = fingerprint(scene(1))
    other = fingerprint(scene(2))
    with FingerprintStore(tmp_path / "cache" / "scan") as store:
        store.put("a", one)
        store.put("b", other)
    erase(dataset, ["a"], tmp_path / "cache")
    with FingerprintStore(tmp_path / "cache" / "scan") as store:
        assert store.missing("ab") == {"a"}
    kept = b"".join(path.read_bytes() for path in (tmp_path / "cache" / "scan").iterdir())
    assert one.small.tobytes()[:1000] not in kept and other.small.tobytes()[:1000] in kept


# What a process does to the disk, as Python tells it: each is a moment at which it may be killed.
STEPS = frozenset(("open", "os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir"))


def copied_at_each_step(folder, copies, work):
    """Do `work` on `folder` in a process of its own, and copy the folder before each step: what a
    kill at that moment leaves on the disk. The copies, first to last."""
    child = os.fork()
    if child == 0:
        made = 0
        copying = False

        def watch(event, given):
            nonlocal made, copying
            if copying or event not in STEPS:
                return
            if event == "open" and not set(str(given[1])) & set("wax+"):
                return
            copying = True
            shutil.copytree(folder, copies / str(made))
            made += 1
            copying = False

        sys.addaudithook(watch)
        try:
            work()
            os._exit(0)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return sorted(copies.iterdir(), key=lambda path: int(path.name))


def test_erase_is_finished_or_not_begun_wherever_it_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr("data_cards.storage.local_folder.LARGE", 1_000)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # a killed process needs no disk
    bytes_of = BYTES | {"a": b"a face" * 500}
    files = [
        images_file(
            (Photo(name, 9, 9, (Source(f"{name}.jpg", "agra"),)), bytes_of[name]) for name in "ab"
        ),
        labels_file(Label(name, "agra", "labelled") for name in "ab"),
        findings_file("s1", [Finding("a", "label", 0.9, "x")], []),
    ]
    made = create_dataset(str(tmp_path / "made"), THINGS).commit(dict(files), "Photos")
    (made.repo.path / ".vitrine" / f".x.{'0' * 12}.part").write_bytes(bytes_of["a"])  # of a crash
    place = made.repo.path
    (tmp_path / "copies").mkdir()
    left = copied_at_each_step(place, tmp_path / "copies", lambda: erase(made, ["a"]))
    assert len(left) > 30
    for folder in (*left, place):
        opened = open_dataset(str(folder))  # any later command
        if "a" in opened.photos():
            assert folder != place and opened.read_photo("a") == bytes_of["a"]
        else:
            assert b"a face" not in everything_on_disk(opened), folder.name
        again = erase(open_dataset(str(folder)), ["a"])
        assert b"a face" not in everything_on_disk(again.dataset), folder.name
        assert again.dataset.read_photo("b") == BYTES["b"]


def test_what_was_erased_can_be_erased_again_and_something_else_cannot(dataset):
    erase(dataset, ["a"])
    assert erase(open_dataset(dataset.address), ["a"]).count == 1
    with pytest.raises(MissingFile, match="Nothing was erased"):
        erase(open_dataset(dataset.address), ["z"])


def test_nothing_that_was_made_of_it_is_left_in_the_cache(dataset, tmp_path):
    cache = tmp_path / "cache"
    features = FeatureCache(cache / "features" / "x")
    features.add(["a", "b"], np.ones((2, 4)))
    run = cache / "runs" / "r1"
    photos = [("a", encode_jpeg(scene(1))), ("b", encode_jpeg(scene(2)))]
    fill_image_cache(run, photos, 64)
    memory = Memory(cache / "scan")
    memory.keep_measures({"a": None, "b": None})
    memory.keep_matches({("a", "b"): Match(0.5, "same_shot"), ("b", "c"): Match(0.5, "same_shot")})
    nearest_remembered(["a", "b", "c"], np.eye(3), cache / "scan" / "near-1.npz", 1)
    erase(dataset, ["a"], cache)
    assert FeatureCache(cache / "features" / "x").load(["a", "b"])[0] == ["b"]
    assert list(run.iterdir()) == []
    assert memory.measures("ab")[1] == {"b"}
    assert list(memory.matches("abc")) == [("b", "c")]
    assert not list((cache / "scan").glob("*.npz"))
    assert FeatureCache(cache / "features" / "x").load(["b"])[1].tolist() == [[1] * 4]


def test_models_that_still_show_it_are_named(dataset, tmp_path):
    for folder in ("model", "cache/models/other-1"):
        (tmp_path / folder / "vitrine" / "index").mkdir(parents=True)
    shown = {"model": "a", "cache/models/other-1": "b"}
    for folder, name in shown.items():
        table = pa.table({"image_id": [name], "thumbnail": [b"x"]})
        pq.write_table(table, tmp_path / folder / "vitrine" / "index" / "photos.parquet")
    done = erase(dataset, ["a"], tmp_path / "cache")
    assert done.models == (str(tmp_path / "model"),)
    assert f"{tmp_path / 'model'} still shows thumbnails" in done.sentence


def test_a_copy_that_a_visitor_left_beside_it_goes_too(dataset):
    inbox = dataset.repo.path / ".vitrine" / "space" / "inbox" / "set-aside"
    inbox.mkdir(parents=True)
    (inbox / "a.photo").write_bytes(b"a face")
    erase(dataset, ["a"])
    assert b"a face" not in everything_on_disk(dataset)


def test_the_prints_of_a_running_light_table_go_when_it_looks_for_news(tmp_path):
    from tests.fixtures.visitors import small_gallery

    served = small_gallery(tmp_path / "served")
    table = LightTable(served, Journal(tmp_path / "journal"))
    name, other = list(served.photos())[:2]
    for one in (name, other):
        table.prints.get(f"photo/{one}", 160)
    erase(served, [name])
    assert table.notice()
    assert [one for one, _ in table.prints._kept] == [f"photo/{other}"]
    with pytest.raises(MissingFile):
        table.prints.get(f"photo/{name}", 160)
