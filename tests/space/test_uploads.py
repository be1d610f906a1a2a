"""Uploads leave the disk again, whoever left them there, and nobody fills it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from data_cards.errors import BadAddress, NotAllowed
from space.uploads import (
    Sweeper,
    UploadQuota,
    check_own,
    delete,
    forget_deleted,
    sweep,
    upload_folder,
)
from tests.fixtures.visitors import built, serving, settings_in

HOUR = 3600.0


def _left(path: Path, age: float = HOUR) -> Path:
    """A file that was left there a while ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"a photo")
    then = path.stat().st_mtime - age
    for one in (path, path.parent):
        os.utime(one, (then, then))
    return path


def test_old_uploads_go_with_their_folders_and_new_ones_stay(tmp_path: Path) -> None:
    old = _left(tmp_path / "abc" / "old.jpg")
    unfinished = _left(tmp_path / "tmpk3j4h5")
    new = _left(tmp_path / "def" / "new.jpg", age=1)
    assert sweep(tmp_path) == 2
    assert not old.parent.exists() and not unfinished.exists() and new.exists()


def test_folders_that_were_emptied_long_ago_go_too(tmp_path: Path) -> None:
    _left(tmp_path / "abc" / "x").unlink()
    os.utime(tmp_path / "abc", (0, 0))
    sweep(tmp_path)
    assert not (tmp_path / "abc").exists() and tmp_path.exists()


def test_a_link_goes_and_what_it_names_stays(tmp_path: Path) -> None:
    outside = _left(tmp_path / "outside" / "kept.jpg")
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    (uploads / "link").symlink_to(outside.parent)
    os.utime(uploads / "link", (0, 0), follow_symlinks=False)
    sweep(uploads)
    assert outside.exists() and not os.path.lexists(uploads / "link")


@pytest.mark.parametrize("name", ["a\nb.jpg", "..jpg", " ", "-rf", "\udcff.jpg", "a" * 200])
def test_no_name_ends_the_sweep(tmp_path: Path, name: str) -> None:
    odd = _left(tmp_path / "abc" / name)
    other = _left(tmp_path / "zzz" / "plain.jpg")
    assert sweep(tmp_path) == 2
    assert not odd.exists() and not other.exists()


def test_what_cannot_be_deleted_stops_nothing(tmp_path: Path, monkeypatch) -> None:
    stuck = _left(tmp_path / "abc" / "stuck.jpg")
    other = _left(tmp_path / "def" / "other.jpg")
    unlink = Path.unlink

    def refuse(path: Path) -> None:
        if path == stuck:
            raise PermissionError(13, "Permission denied")
        unlink(path)

    monkeypatch.setattr(Path, "unlink", refuse)
    assert sweep(tmp_path) == 1
    assert stuck.exists() and not other.exists()


def test_a_folder_that_is_not_there_is_swept_already(tmp_path: Path) -> None:
    assert sweep(tmp_path / "gone") == 0


def test_at_the_end_plain_files_go_and_nothing_outside(tmp_path: Path) -> None:
    uploads = tmp_path / "uploads"
    mine = _left(uploads / "abc" / "mine.jpg", age=0)
    others = _left(uploads / "def" / "others.jpg", age=0)
    outside = _left(tmp_path / "outside.jpg")
    delete([str(mine), str(uploads / "def"), str(outside), "\0", str(uploads / "gone")], uploads)
    assert not mine.parent.exists() and others.exists() and outside.exists()


def test_names_of_deleted_files_are_forgotten(tmp_path: Path) -> None:
    here = _left(tmp_path / "here.jpg")
    names = {str(here), str(tmp_path / "gone.jpg")}
    forget_deleted([names])
    assert names == {str(here)}


def test_the_thread_goes_on_after_a_bad_day(tmp_path: Path, monkeypatch) -> None:
    looks: list[int] = []
    sweeper = Sweeper(tmp_path, every=0.0)

    def look(folder: Path) -> int:
        looks.append(1)
        if len(looks) == 4:
            sweeper._stop.set()
        if len(looks) > 1:
            raise OSError(5, "Input/output error")
        return 0

    monkeypatch.setattr("space.uploads.sweep", look)
    sweeper.start()
    sweeper._thread.join(10)
    assert len(looks) == 4


def test_room_comes_back_when_uploads_are_deleted() -> None:
    clock = [0.0]
    quota = UploadQuota(10_000, 100_000, seconds_kept=60, clock=lambda: clock[0])
    assert quota.take("ann", 9_000) == 0
    clock[0] = 20.0
    assert quota.take("ann", 5_000) == 40
    assert quota.take("bob", 5_000) == 0
    clock[0] = 60.0
    assert quota.take("ann", 5_000) == 0


def test_the_smallest_uploads_count_as_what_they_take_on_disk() -> None:
    quota = UploadQuota(10_000, 100_000)
    assert [bool(quota.take("ann", 1)) for _ in range(3)] == [False, False, True]


def test_the_folder_is_the_same_after_a_restart_and_closed_to_others(tmp_path: Path) -> None:
    folder = upload_folder(tmp_path)
    assert folder == upload_folder(tmp_path)
    assert folder.stat().st_mode & 0o077 == 0


def test_a_folder_that_somebody_else_laid_there_is_not_used(tmp_path: Path) -> None:
    folder = upload_folder(tmp_path)
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises((NotAllowed, FileExistsError)):
        upload_folder(tmp_path)


@pytest.mark.parametrize("shared", [tempfile.gettempdir(), str(Path.home()), "/", "."])
def test_a_folder_that_others_use_is_refused(shared: str) -> None:
    with pytest.raises(BadAddress, match="GRADIO_TEMP_DIR"):
        check_own(Path(shared))


def test_a_killed_server_s_uploads_go_at_the_next_start_whatever_strangers_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import httpx

    uploads = tmp_path / "uploads"
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(uploads))
    left = _left(uploads / "abc" / "left.jpg")
    with serving(built(settings_in(tmp_path))) as url:
        assert not left.parent.exists()
        [sent] = httpx.post(url + "/gradio_api/upload", files={"files": ("a.jpg", b"x")}).json()
        folder = {"path": str(Path(sent).parent), "meta": {"_type": "gradio.FileData"}}
        asked = httpx.post(url + "/gradio_api/call/predict", json={"data": [folder, 3]})
        assert (asked.status_code, asked.json()["code"]) == (422, "not_uploaded")
    assert not Path(sent).parent.exists()
