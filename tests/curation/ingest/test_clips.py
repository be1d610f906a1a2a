"""Clips among photos: their frames come in as photos of the class whose folder or row they are
in."""

import shutil
import zipfile

import cv2
import numpy as np
import pytest

from curation.ingest.collect import collect
from curation.ingest.incoming import SourceOptions
from curation.ingest.sources import open_source
from data_cards.dataset.repo import open_dataset


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Two seconds at five frames a second; each second has its own grey."""
    path = tmp_path_factory.mktemp("clips") / "walk.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 5, (64, 48))
    for number in range(10):
        writer.write(np.full((48, 64, 3), 40 + 60 * (number // 5), np.uint8))
    writer.release()
    return path


def lay_out(root, clip, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(clip, root / name)
    return root


def frames_of(gathered):
    names = {info.id: info.title for info in gathered.classes}
    return sorted(
        (photo.path, names.get(photo.label, photo.status), photo.split, photo.origin)
        for photo in gathered.photos
    )


@pytest.mark.parametrize("ending", ["mp4", "MOV", "3gp", "mpg", "mts", "m2ts", "webm", "wmv"])
def test_a_folder_of_clips_by_class_is_a_folder_of_photos_by_class(tmp_path, clip, ending):
    root = lay_out(tmp_path, clip, f"train/mug/a.{ending}", f"test/cup/b.{ending}")
    assert (
        frames_of(open_source(str(root)))
        == [(f"test/cup/b.{ending}", "Cup", "test", "video")] * 2
        + [(f"train/mug/a.{ending}", "Mug", "train", "video")] * 2
    )


def test_clips_and_photos_lie_together(tmp_path, clip):
    root = lay_out(tmp_path / "s", clip, "mug/a.mp4")
    cv2.imwrite(str(root / "mug" / "b.png"), np.full((20, 20, 3), 200, np.uint8))
    report = collect(root, str(tmp_path / "dataset"), options=SourceOptions(every=0.5))
    sources = [
        photo.sources[0] for photo in open_dataset(str(tmp_path / "dataset")).photos().values()
    ]
    assert report.unreadable == 0 and {one.given_label for one in sources} == {"mug"}
    assert {one.origin for one in sources} == {"video", "file"}


def test_clips_in_an_archive_come_in_frame_by_frame(tmp_path, clip):
    with zipfile.ZipFile(tmp_path / "clips.zip", "w") as archive:
        for name in ("mug/a.mp4", "cup/b.mp4"):
            archive.write(clip, name)
    report = collect(tmp_path / "clips.zip", str(tmp_path / "dataset"))
    paths = {
        source.path
        for photo in open_dataset(str(tmp_path / "dataset")).photos().values()
        for source in photo.sources
    }
    assert (report.added, report.repeated) == (2, 2) and paths == {"mug/a.mp4", "cup/b.mp4"}
    assert not list(tmp_path.glob(".unpacking-*"))


def test_a_list_may_name_clips(tmp_path, clip):
    lay_out(tmp_path, clip, "a.mp4")
    (tmp_path / "list.csv").write_text("file,label\na.mp4,mug\n")
    assert (
        frames_of(open_source(str(tmp_path / "list.csv"))) == [("a.mp4", "Mug", None, "video")] * 2
    )


def test_a_clip_that_cannot_be_read_is_one_file_that_cannot(tmp_path, clip, capfd):
    root = lay_out(tmp_path / "s", clip, "mug/a.mp4")
    (root / "mug" / "broken.mp4").write_bytes(b"no clip")
    report = collect(root, str(tmp_path / "dataset"))
    (finding,) = open_dataset(str(tmp_path / "dataset")).findings()
    assert (report.added, report.unreadable) == (
        2,
        1,
    ) and "broken.mp4: This clip cannot be read." in finding.reason
    assert finding.given_label == "mug"
