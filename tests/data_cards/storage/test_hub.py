"""A repository on the Hub keeps the promises of a local one, whatever the Hub does."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_cards.dataset.collection import Collection
from data_cards.dataset.repo import create_dataset
from data_cards.errors import BadCollection, Conflict, HubUnreachable, MissingFile
from data_cards.storage.atomic_files import place
from data_cards.storage.hub import MANY, TRIES, HubRepository, pause
from data_cards.storage.repository import open_repository

NOWHERE = "http://127.0.0.1:9"  # nobody listens on the discard port


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def repo(hub, pauses):
    return HubRepository("ann/things", create=True, sleep=pauses.append)


def test_a_new_repository_is_private_unless_asked(hub):
    open_repository("hf://ann/mine", create=True)
    open_repository("hf://ann/ours", create=True, private=False)
    assert hub.repo("ann/mine").private
    assert not hub.repo("ann/ours").private


def test_opening_an_existing_repository_to_create_it_changes_nothing(hub, repo):
    head = repo.commit({"a.txt": b"1"}, "one")
    assert HubRepository("ann/things", create=True, private=False).head() == head
    assert hub.repo("ann/things").private


def test_what_was_committed_is_read_back(repo, tmp_path):
    (tmp_path / "big").write_bytes(b"shard")
    revision = repo.commit(
        {"README.md": b"---\nformat: 1\n---\n", "images/a.parquet": tmp_path / "big"}, "two files"
    )
    assert repo.head() == revision
    assert repo.files() == ["README.md", "images/a.parquet"]
    assert repo.files("images/") == ["images/a.parquet"]
    assert repo.read("images/a.parquet") == b"shard"
    assert repo.fetch("images/a.parquet", revision).read_bytes() == b"shard"


def test_an_older_revision_stays_as_it_was(repo):
    old = repo.commit({"a.txt": b"1", "b.txt": b"1"}, "one")
    repo.commit({"a.txt": b"2"}, "two", delete=["b.txt", "never-there.txt"])
    assert (repo.read("a.txt", old), repo.files(revision=old)) == (b"1", ["a.txt", "b.txt"])
    assert (repo.read("a.txt"), repo.files()) == (b"2", ["a.txt"])


def test_an_address_with_a_revision_reads_that_revision(repo):
    old = repo.commit({"a.txt": b"1"}, "one")
    repo.commit({"a.txt": b"2"}, "two")
    pinned = open_repository(f"hf://ann/things@{old[:8]}")
    assert pinned.pinned == old
    assert pinned.read("a.txt") == b"1"
    assert pinned.address == "hf://ann/things"


def test_a_missing_file_or_revision_is_named(repo):
    revision = repo.commit({"a.txt": b"1"}, "one")
    with pytest.raises(MissingFile, match=r"has no b\.txt"):
        repo.read("b.txt")
    with pytest.raises(MissingFile, match=r"has no b\.txt"):
        repo.read("b.txt", revision)
    with pytest.raises(MissingFile, match="has no revision 1234567"):
        repo.files(revision="1234567")


def test_a_file_of_a_known_revision_is_asked_for_once(hub, repo):
    revision = repo.commit({"a.txt": b"1"}, "one")
    repo.fetch("a.txt", revision)
    hub.requests.clear()
    assert repo.read("a.txt", revision) == b"1"
    assert repo.fetch("a.txt", revision).read_bytes() == b"1"
    assert hub.requests == []


def test_a_new_revision_costs_only_what_is_new_in_it(hub, repo):
    for name in "abc":
        repo.commit({f"ledger/{name}.jsonl": name.encode(), "images/a.parquet": b"shard"}, name)
        [repo.read(path) for path in repo.files()]
    hub.requests.clear()
    revision = repo.commit({"ledger/d.jsonl": b"d"}, "d")
    assert [repo.read(path, revision) for path in repo.files(revision=revision)] == [
        b"shard",
        b"a",
        b"b",
        b"c",
        b"d",
    ]
    assert {line.split("/")[-1] for line in hub.requests if "/resolve/" in line} == {"d.jsonl"}


def test_a_folder_of_many_small_files_is_fetched_together(hub, repo):
    small = {f"ledger/{n}[x].jsonl": b"decision %d" % n for n in range(MANY)}
    revision = repo.commit({**small, "images/a.parquet": b"a"}, "many")
    assert repo.read("ledger/0[x].jsonl", revision) == b"decision 0"
    assert not [line for line in hub.requests if "/resolve/" in line and "images/" in line]
    hub.requests.clear()
    assert {path: repo.read(path, revision) for path in small} == small
    assert hub.requests == []


def test_a_pinned_file_in_the_cache_needs_no_hub(hub, repo):
    revision = repo.commit({"a.txt": b"1"}, "one")
    repo.fetch("a.txt", revision)
    alone = HubRepository("ann/things", endpoint=NOWHERE)
    assert alone.fetch("a.txt", revision).read_bytes() == b"1"
    assert alone.read("a.txt", revision) == b"1"


@pytest.mark.parametrize("faults", [[409], [412], [503], [429, 409, 412, 500]])
def test_a_busy_hub_is_asked_again(hub, repo, pauses, faults):
    hub.faults = list(faults)
    revision = repo.commit({"a.txt": b"1"}, "one")
    assert repo.head() == revision
    assert len(pauses) == len(faults)


def test_a_hub_that_stays_busy_is_left_alone_after_a_while(hub, repo, pauses):
    hub.faults = [409] * 50
    before = repo.head()
    with pytest.raises(HubUnreachable, match="too busy"):
        repo.commit({"a.txt": b"1"}, "one")
    hub.faults = []
    assert len(pauses) == TRIES
    assert repo.head() == before


def test_pauses_grow_and_two_writers_seldom_share_one(pauses):
    assert [pause(attempt, 1.0) for attempt in range(4)] == [0.5, 1.0, 2.0, 4.0]
    assert pause(2, 0.1) != pause(2, 0.9)


@given(st.integers(0, 60), st.floats(0, 1))
def test_a_pause_is_never_long_and_never_nothing(attempt, chance):
    assert 0.25 <= pause(attempt, chance) <= 30.0


def test_a_commit_on_a_passed_parent_is_a_conflict(hub, repo):
    old = repo.commit({"a.txt": b"1"}, "one")
    new = repo.commit({"a.txt": b"2"}, "two", parent=old)
    uploads = len(hub.requests)
    with pytest.raises(Conflict) as caught:
        repo.commit({"a.txt": b"3"}, "three", parent=old)
    assert caught.value.evidence == {"head": new, "parent": old}
    assert len(hub.requests) == uploads + 1  # asked for the head, uploaded nothing


def test_a_running_commit_is_waited_for_when_the_parent_still_stands(hub, repo, pauses):
    parent = repo.commit({"a.txt": b"1"}, "one")
    hub.faults = [409]
    repo.commit({"a.txt": b"2"}, "two", parent=parent)
    assert len(pauses) == 1


def test_a_parent_passed_in_the_last_moment_is_a_conflict(hub, repo, pauses):
    parent = repo.commit({"a.txt": b"1"}, "one")
    slow = HubRepository(
        "ann/things", sleep=lambda _: repo.commit({"b.txt": b"2"}, "meanwhile") and None
    )
    hub.faults = [409]
    with pytest.raises(Conflict):
        slow.commit({"a.txt": b"3"}, "three", parent=parent)
    assert repo.read("a.txt") == b"1"


def test_the_same_bytes_from_two_people_are_a_conflict_for_the_second(hub, repo, monkeypatch):
    """The Hub's own client would tell both that they were first: an all-equal commit never
    reaches the parent check."""
    parent = repo.commit({"count": b"5"}, "five")
    first = repo._api.create_commit

    def after_somebody_else(*arguments, **options):
        hub.repo("ann/things").advance(
            hub.repo("ann/things").commits[-1].files | _blob("count", b"6"), "six", "ben"
        )
        return first(*arguments, **options)

    monkeypatch.setattr(repo._api, "create_commit", after_somebody_else)
    with pytest.raises(Conflict):
        repo.commit({"count": b"6"}, "six", parent=parent)


def test_a_commit_that_changes_nothing_makes_no_revision(hub, repo):
    head = repo.commit({"a.txt": b"1", "b.parquet": b"2"}, "one")
    assert repo.commit({"a.txt": b"1", "b.parquet": b"2"}, "again") == head
    assert repo.commit({"a.txt": b"1"}, "again", parent=head) == head
    assert hub.repo("ann/things").commits[-1].oid == head


def test_many_writers_lose_nothing(hub):
    HubRepository("ann/things", create=True).commit({"count": b"0"}, "begin")

    def increment(name):
        repo = HubRepository("ann/things", sleep=lambda _: time.sleep(0.001))
        while True:
            head = repo.head()
            count = int(repo.read("count", head)) + 1
            try:
                return repo.commit(
                    {"count": b"%d" % count, f"by/{name}": b"x"}, f"{name} counts", parent=head
                )
            except Conflict:
                continue

    threads = [threading.Thread(target=increment, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert hub.files("ann/things")["count"] == b"8"


def test_what_was_fetched_can_be_linked_elsewhere(repo, tmp_path):
    revision = repo.commit({"model.safetensors": b"weights"}, "one")
    for name in ("downloaded", "from the cache"):
        place(repo.fetch("model.safetensors", revision), tmp_path / name, link=True)
        assert (tmp_path / name).read_bytes() == b"weights"


def test_what_is_forgotten_is_gone_from_history_and_from_this_machine(hub, repo):
    old = repo.commit({"images/a.parquet": b"a person", "images/b.parquet": b"a jar"}, "two shards")
    held = repo.fetch("images/a.parquet", old)
    new = repo.commit({"labels.txt": b""}, "erase", delete=["images/a.parquet"])
    repo.forget("images/a.parquet")
    assert not held.exists()
    assert b"a person" not in hub.objects.values()
    with pytest.raises(MissingFile):
        HubRepository("ann/things").fetch("images/a.parquet", old)
    assert repo.head() == new
    assert HubRepository("ann/things").read("images/b.parquet", old) == b"a jar"


def test_what_another_file_still_needs_is_not_forgotten(hub, repo):
    repo.commit({"images/a.parquet": b"a jar", "images/b.parquet": b"a jar"}, "twice")
    repo.commit({}, "once", delete=["images/a.parquet"])
    repo.forget("images/a.parquet")
    assert repo.read("images/b.parquet") == b"a jar"


def test_only_the_revisions_that_are_wanted_keep_their_large_files(hub, repo):
    first, second, third = [
        repo.commit({"images/a.parquet": text}, "round") for text in (b"one", b"two", b"three")
    ]
    repo.keep_only([second])
    assert set(hub.objects.values()) == {b"two", b"three"} and repo.head() == third
    with pytest.raises(MissingFile):
        HubRepository("ann/things").fetch("images/a.parquet", first)
    repo.keep_only([second])
    assert HubRepository("ann/things").read("images/a.parquet", second) == b"two"


def test_photos_of_people_stay_here_until_their_policy_is_stated(hub, tmp_path):
    people = Collection("dances", "Dances", subject="people")
    with pytest.raises(BadCollection, match="intended_use, consent, legal_basis"):
        create_dataset("hf://ann/dances", people)
    assert not hub.repos
    assert create_dataset(str(tmp_path), people).collection().is_about_people


def test_models_and_spaces_are_repositories_too(hub):
    for kind, path in (("model", "vitrine/index/photos.parquet"), ("space", "app.py")):
        repo = open_repository(f"hf://ann/{kind}", kind=kind, create=True)
        repo.commit({path: b"1"}, "one")
        assert repo.read(path) == b"1"
        assert path in hub.files(f"ann/{kind}", kind)


def _blob(path, data):
    from tests.fixtures.fake_hub_repo import Blob

    return {path: Blob(data, lfs=False)}
