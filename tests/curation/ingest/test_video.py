"""Frames of a clip: as many as asked, upright, and never more decoded than wanted."""

import cv2
import numpy as np
import pytest

from curation.ingest.collect import collect
from curation.ingest.incoming import SourceOptions
from curation.ingest.video import frames
from data_cards.dataset.repo import open_dataset
from data_cards.errors import BadSource
from data_cards.photos.image import open_photo


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Three seconds at ten frames a second; each second has its own grey."""
    path = tmp_path_factory.mktemp("clips") / "walk.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10, (64, 48))
    assert writer.isOpened()
    for number in range(30):
        writer.write(np.full((48, 64, 3), 40 + 60 * (number // 10), np.uint8))
    writer.release()
    return path


def test_one_frame_a_second(clip):
    taken = list(frames(clip, 1.0))
    assert [second for second, _ in taken] == pytest.approx([0, 1, 2], abs=0.11)
    greys = [np.asarray(open_photo(data)).mean() for _, data in taken]
    assert greys == pytest.approx([40, 100, 160], abs=12)


def test_more_often_gives_more_frames(clip):
    assert len(list(frames(clip, 0.5))) == 6


@pytest.mark.parametrize("every", [0, -1])
def test_a_pause_of_nothing_gets_a_sentence(clip, every):
    with pytest.raises(BadSource, match="above zero"):
        list(frames(clip, every))


def test_a_file_that_is_no_clip_gets_a_sentence(tmp_path, capfd):
    (tmp_path / "x.mp4").write_bytes(b"not a clip")
    with pytest.raises(BadSource, match=r"x\.mp4"):
        list(frames(tmp_path / "x.mp4"))


def test_frames_come_in_with_their_second_and_the_label_that_was_given(clip, tmp_path):
    report = collect(
        clip, str(tmp_path / "dataset"), options=SourceOptions(label="Blue vase", every=1.0)
    )
    dataset = open_dataset(str(tmp_path / "dataset"))
    sources = [photo.sources[0] for photo in dataset.photos().values()]
    assert report.added == 3
    assert sorted(source.second for source in sources) == pytest.approx([0, 1, 2], abs=0.11)
    assert {(source.path, source.origin, source.given_label) for source in sources} == {
        ("walk.mp4", "video", "Blue-vase")
    }
