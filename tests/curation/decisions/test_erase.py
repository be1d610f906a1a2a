"""A photo that is erased is gone: from every table, and from what the folder keeps of the past."""

import pytest

from curation.decisions.erase import erase
from curation.measures.fingerprint import fingerprint
from curation.measures.fingerprint_store import FingerprintStore
from data_cards.annotations.decision import decide, line_of
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
from tests.fixtures.scenes import scene

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
