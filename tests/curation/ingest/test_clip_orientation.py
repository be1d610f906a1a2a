"""A clip is upright however its camera was held, mirrored ones too."""

import io
import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from curation.ingest.clip_orientation import DisplayMatrix, display_matrix, turned
from curation.ingest.video import frames

RED = (255, 0, 0)
LIME = (0, 255, 0)
BLUE = (0, 0, 255)
WHITE = (255, 255, 255)
CORNERS = {"R": RED, "G": LIME, "B": BLUE, "W": WHITE}
# What a player shows of a frame with red and green above, blue and white below, by the clip's
# matrix.
SHOWN = {
    (1, 0, 0, 1): "RGBW",
    (-1, 0, 0, -1): "WBGR",
    (0, 1, -1, 0): "BRWG",
    (0, -1, 1, 0): "GWRB",
    (-1, 0, 0, 1): "GRWB",
    (1, 0, 0, -1): "BWRG",
    (0, 1, 1, 0): "RBGW",
    (0, -1, -1, 0): "WGBR",
}


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("clips") / "corners.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10, (64, 48))
    frame = np.zeros((48, 64, 3), np.uint8)
    for (top, left), colour in zip(
        ((0, 0), (0, 32), (24, 0), (24, 32)), CORNERS.values(), strict=True
    ):
        frame[top : top + 24, left : left + 32] = colour[::-1]
    for _ in range(5):
        writer.write(frame)
    writer.release()
    return path.read_bytes()


def held(clip: bytes, matrix: tuple[int, int, int, int]) -> bytes:
    """The clip with another display matrix in its track's header."""
    at = clip.index(b"tkhd") + 4 + 40
    a, b, c, d = (value << 16 for value in matrix)
    return clip[:at] + struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30) + clip[at + 36 :]


def corners(picture: Image.Image) -> str:
    places = [(x, y) for y in (10, picture.height - 10) for x in (10, picture.width - 10)]
    return "".join(
        min(
            CORNERS,
            key=lambda name: sum(
                abs(one - other)
                for one, other in zip(CORNERS[name], picture.getpixel(place), strict=True)
            ),
        )
        for place in places
    )


@pytest.mark.parametrize("matrix", SHOWN)
def test_frames_are_turned_and_mirrored_as_players_do(clip, tmp_path, matrix):
    path = tmp_path / "clip.mp4"
    path.write_bytes(held(clip, matrix))
    _, data = next(frames(path))
    picture = Image.open(io.BytesIO(data))
    assert picture.size == ((64, 48) if matrix[0] else (48, 64))
    assert corners(picture) == SHOWN[matrix]


def test_a_clip_of_another_kind_is_left_to_its_decoder(tmp_path):
    path = tmp_path / "walk.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    writer.write(np.full((48, 64, 3), 90, np.uint8))
    writer.release()
    assert display_matrix(path) is None
    assert Image.open(io.BytesIO(next(frames(path))[1])).size == (64, 48)


def test_a_frame_without_a_matrix_stays(clip):
    frame = np.arange(24).reshape(2, 4, 3)
    assert turned(frame, None) is frame
    assert np.array_equal(turned(frame, DisplayMatrix()), frame)


@pytest.mark.parametrize(
    "data",
    [b"", b"\0\0\0\x01moov", b"\0\0\0\x08moov" * 3000, b"\0\0\0\0moov\0\0\0\0trak", b"\xff" * 64],
)
def test_odd_files_have_no_matrix(tmp_path, data):
    (tmp_path / "x.mp4").write_bytes(data)
    assert display_matrix(tmp_path / "x.mp4") is None


@given(place=st.integers(0, 4000), value=st.integers(0, 255), kept=st.floats(0, 1))
def test_damaged_clips_have_a_matrix_or_none(clip, tmp_path_factory, place, value, kept):
    data = bytearray(clip[: round(kept * len(clip))] or b"\0")
    data[place % len(data)] = value
    path = tmp_path_factory.getbasetemp() / "damaged.mp4"
    path.write_bytes(data)
    assert display_matrix(path) is None or isinstance(display_matrix(path), DisplayMatrix)


def box(kind: bytes, *inside: bytes) -> bytes:
    data = b"".join(inside)
    return struct.pack(">I4s", 8 + len(data), kind) + data


@pytest.mark.parametrize("header", [b"", b"\0", b"\1", bytes(41), bytes(75)])
def test_a_track_with_a_header_that_is_too_short_is_held_in_no_way(header, tmp_path):
    media = box(b"mdia", box(b"hdlr", bytes(8), b"vide"))
    path = tmp_path / "clip.mp4"
    path.write_bytes(box(b"moov", box(b"trak", box(b"tkhd", header), media)))
    assert display_matrix(path) in (None, DisplayMatrix(0, 0, 0, 0))
