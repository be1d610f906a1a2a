"""Frames of a clip: as many as asked, upright, and never more decoded than wanted."""

import cv2
import numpy as np
import pytest

from curation.ingest.collect import collect
from curation.ingest.incoming import SourceOptions
from curation.ingest.video import _picked, frames
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


class Recording:
    """A clip as OpenCV opens it: a frame at each of these milliseconds, at this rate."""

    def __init__(self, times, rate=10.0):
        self.times = iter(times)
        self.told = {cv2.CAP_PROP_FPS: rate}

    def grab(self):
        time = next(self.times, None)
        self.told[cv2.CAP_PROP_POS_MSEC] = time
        return time is not None

    def get(self, what):
        return self.told[what]

    def retrieve(self):
        return True, np.zeros((4, 4, 3), np.uint8)


@pytest.mark.parametrize(
    ("times", "rate", "seconds"),
    [
        (range(0, 2000, 100), 10, [0, 0.5, 1, 1.5]),
        (range(0, 2000, 40), 25, [0, 0.52, 1, 1.52]),
        ([0] * 20, 10, [0, 0.5, 1, 1.5]),
        ([0] * 50, 0, [0, 0.52, 1, 1.52]),
        ([*range(0, 1000, 100), *range(0, 1000, 100)], 10, [0, 0.5, 1, 1.5]),
        ([0, 30, 60, 900, 1000, 2500, 2520, 2900, 7000, 7020], 4, [0, 0.9, 1, 2.5, 7]),
        ([4000, 4100, 4500, 5000], 10, [4, 4.5, 5]),
        ([5], 10, [0.005]),
        ([], 10, []),
    ],
)
def test_one_frame_of_each_half_second_whatever_times_a_clip_tells(times, rate, seconds):
    found = [second for second, _ in _picked(Recording(times, rate), 0.5)]
    assert found == pytest.approx(seconds)
