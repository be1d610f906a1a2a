"""A folder with revisions: the old state or the new one, whatever happens in between."""

import contextlib
import errno
import os
import threading

import pytest

import data_cards.storage.atomic_files
from data_cards.errors import BadAddress, Conflict, DiskFull, MissingFile
from data_cards.storage.local_folder import LARGE, FolderRepository


@pytest.fixture
def repo(tmp_path):
    return FolderRepository(tmp_path / "repo", create=True)


def test_a_new_folder_has_no_revision(repo):
    assert repo.head() is None
    assert repo.files() == []


def test_files_of_a_commit_are_ordinary_files(repo):
    repo.commit({"a/b.txt": b"hello"}, "one")
    assert (repo.path / "a/b.txt").read_bytes() == b"hello"
    assert repo.files("a/") == ["a/b.txt"]


def test_older_revisions_stay_readable(repo):
    first = repo.commit({"a.txt": b"1", "b.txt": b"1"}, "one")
    second = repo.commit({"a.txt": b"2"}, "two", delete=["b.txt"])
    assert (repo.read("a.txt", first), repo.read("a.txt", second)) == (b"1", b"2")
    assert (repo.files(revision=first), repo.files()) == (["a.txt", "b.txt"], ["a.txt"])
    assert not (repo.path / "b.txt").exists()


def test_a_commit_that_changes_nothing_makes_no_revision(repo):
    first = repo.commit({"a.txt": b"1"}, "one")
    assert repo.commit({"a.txt": b"1"}, "again") == first


def test_a_stale_parent_is_a_conflict_and_changes_nothing(repo):
    first = repo.commit({"a.txt": b"1"}, "one")
    second = repo.commit({"a.txt": b"2"}, "two", parent=first)
    with pytest.raises(Conflict):
        repo.commit({"a.txt": b"3"}, "late", parent=first)
    assert repo.head() == second


def test_an_edit_by_hand_becomes_a_revision_and_the_old_text_stays(repo):
    first = repo.commit({"a.txt": b"1"}, "one")
    (repo.path / "a.txt").write_bytes(b"by hand")
    (repo.path / "new.txt").write_bytes(b"new")
    edited = repo.head()
    assert edited != first
    assert (repo.read("a.txt", edited), repo.read("a.txt", first)) == (b"by hand", b"1")
    assert repo.files() == ["a.txt", "new.txt"]
    assert repo.head() == edited


def test_a_large_file_shares_its_bytes_with_history(repo):
    repo.commit({"big.bin": b"x" * (LARGE + 1), "small.bin": b"y"}, "one")
    assert (repo.path / "big.bin").stat().st_nlink == 2
    assert (repo.path / "small.bin").stat().st_nlink == 1


def test_replacing_a_large_file_by_hand_leaves_history_alone(repo):
    first = repo.commit({"big.bin": b"x" * (LARGE + 1)}, "one")
    (repo.path / "big.bin").unlink()
    (repo.path / "big.bin").write_bytes(b"z")
    assert repo.read("big.bin") == b"z"
    assert repo.read("big.bin", first) == b"x" * (LARGE + 1)


@pytest.mark.parametrize("step", range(1, 12))
def test_a_crash_at_any_step_leaves_the_old_state_or_the_new_one(tmp_path, monkeypatch, step):
    old = {"a.txt": b"1", "b.txt": b"1"}
    new = {"a.txt": b"2", "c.txt": b"2"}
    repo = FolderRepository(tmp_path, create=True)
    repo.commit(old, "one")
    done = 0

    def replace_until_the_power_goes(source, target, real=os.replace):
        nonlocal done
        done += 1
        if done >= step:
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(data_cards.storage.atomic_files.os, "replace", replace_until_the_power_goes)
    with contextlib.suppress(KeyboardInterrupt):
        repo.commit(new, "two", delete=["b.txt"])
    monkeypatch.undo()
    after = FolderRepository(tmp_path)
    found = {path: after.read(path) for path in after.files()}
    on_disk = {path.name: path.read_bytes() for path in tmp_path.glob("*.txt")}
    assert found == on_disk
    assert found in (old, new)


def test_a_file_somebody_added_during_a_crash_is_not_lost(tmp_path):
    repo = FolderRepository(tmp_path, create=True)
    first = repo.commit({"a.txt": b"1"}, "one")
    repo.commit({"a.txt": b"2"}, "two")
    (tmp_path / ".vitrine/APPLIED").write_text(first)
    (tmp_path / "mine.txt").write_text("mine")
    again = FolderRepository(tmp_path)
    again.head()
    assert again.files() == ["a.txt", "mine.txt"]


def test_a_full_disk_is_a_sentence_and_the_old_state(repo, monkeypatch):
    first = repo.commit({"a.txt": b"1"}, "one")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(data_cards.storage.atomic_files.os, "fsync", full)
    with pytest.raises(DiskFull, match="untouched"):
        repo.commit({"a.txt": b"2"}, "two")
    monkeypatch.undo()
    assert (repo.head(), repo.read("a.txt")) == (first, b"1")
    assert not list(repo.path.rglob("*.part"))


def test_two_people_at_once_lose_nothing(tmp_path):
    FolderRepository(tmp_path, create=True)

    def write(name):
        mine = FolderRepository(tmp_path)
        for number in range(5):
            mine.commit({f"ledger/{name}-{number}.txt": name.encode()}, name)

    people = [threading.Thread(target=write, args=(name,)) for name in ("ann", "ben", "cleo")]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert len(FolderRepository(tmp_path).files("ledger/")) == 15


def test_an_erased_file_is_gone_from_history_too(repo):
    first = repo.commit({"images/a.bin": b"face", "images/b.bin": b"wall"}, "one")
    repo.commit({}, "erase", delete=["images/a.bin"])
    repo.forget("images/a.bin")
    with pytest.raises(MissingFile, match="was erased"):
        repo.read("images/a.bin", first)
    assert repo.read("images/b.bin", first) == b"wall"


def test_only_the_revisions_that_are_wanted_keep_their_large_files(repo):
    large = [bytes([n]) * 1_100_000 for n in range(3)]
    first, second, third = [
        repo.commit({"w.bin": data, "note.txt": data[:3]}, "round") for data in large
    ]
    repo.keep_only([second])
    assert repo.read("w.bin") == large[2] and repo.read("w.bin", second) == large[1]
    with pytest.raises(MissingFile, match="was erased"):
        repo.read("w.bin", first)
    assert repo.read("note.txt", first) == b"\0\0\0" and repo.head() == third


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", ".vitrine/HEAD", "a/../../x", "", "a\\b"])
def test_a_path_that_leaves_the_folder_is_refused(repo, path):
    with pytest.raises(BadAddress):
        repo.commit({path: b"x"}, "bad")


def test_a_revision_nobody_made_is_named(repo):
    repo.commit({"a.txt": b"1"}, "one")
    with pytest.raises(MissingFile, match="no revision abcdef12"):
        repo.files(revision="abcdef12")


def test_a_folder_that_came_from_elsewhere_gets_its_first_revision(tmp_path):
    (tmp_path / "README.md").write_text("hello")
    repo = FolderRepository(tmp_path)
    assert repo.head()
    assert repo.read("README.md") == b"hello"
