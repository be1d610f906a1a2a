"""Files that ask for too much work are refused before they are decoded; real ones are not."""

from __future__ import annotations

import io
import struct
import threading

import pytest
from PIL import Image

from data_cards.errors import BadPhoto
from data_cards.photos.bounds import MOST_SCANS, ByteBudget, check_work
from data_cards.photos.image import PhotoLimits, inspect_photo, open_photo
from data_cards.photos.segments import png_chunk
from tests.fixtures.scenes import scene


def encoded(image_format: str, size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    out = io.BytesIO()
    scene(1).resize(size).save(out, image_format, **options)
    return out.getvalue()


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def with_scans(count: int, between: bytes = b"") -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    plain = encoded("JPEG", progressive=True)
    last = plain[plain.rindex(b"\xff\xda") : -2]
    return plain[:-2] + (between + last) * count + b"\xff\xd9"


@pytest.mark.parametrize(
    "between",
    [
        b"",
        segment(0xFE, b"a comment"),
        segment(0xFE, b"\xff\xd9"),
        segment(0xE5, b"\xff\xd9 the end, it seems"),
        b"\xff\xff\xff",
        b"stray",
        segment(0xDD, b"\0\0"),
    ],
)
def test_a_jpeg_of_too_many_scans_is_refused_whatever_stands_between_them(between: bytes) -> None:
    for reader in (inspect_photo, open_photo):
        with pytest.raises(BadPhoto, match="passes over its pixels"):
            reader(with_scans(2_000, between))


def test_as_many_scans_as_encoders_write_are_read() -> None:
    assert open_photo(with_scans(20)).size == (64, 48)


def test_few_scans_over_very_many_pixels_are_too_many() -> None:
    data = with_scans(MOST_SCANS // 2)
    frame = data.index(b"\xff\xc2")
    wide = data[: frame + 5] + struct.pack(">HH", 14_000, 14_000) + data[frame + 9 :]
    with pytest.raises(BadPhoto, match="passes over its pixels"):
        check_work(wide, "JPEG")


def test_scans_in_a_preview_are_not_counted() -> None:
    plain = encoded("JPEG")
    preview = segment(0xE1, b"Exif\0\0" + b"\xff\xda" * 200)
    assert inspect_photo(plain[:2] + preview + plain[2:]).format == "JPEG"


def _png_of_parts() -> bytes:
    plain = encoded("PNG")
    return plain[:33] + png_chunk(b"tEXt", b"a\0b") * 70_000 + plain[33:]


def _webp_of_parts() -> bytes:
    body = encoded("WEBP")[12:] + b"ABCD\0\0\0\0" * 70_000
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _gif_of_comments() -> bytes:
    plain = encoded("GIF")
    at = 13 + (3 << ((plain[10] & 7) + 1))
    comment = b"\x21\xfe" + b"\x01x" * 500_000 + b"\0"
    return plain[:at] + comment + plain[at:]


def _tiff(tags: dict[int, tuple[int, int]], tail: bytes = b"") -> bytes:
    """A TIFF's header: tag -> (type, value)."""
    rows = b"".join(
        struct.pack("<HHII", tag, kind, 1, value) for tag, (kind, value) in sorted(tags.items())
    )
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + rows + bytes(4) + tail


def _tiff_of_tiles() -> bytes:
    shape = {256: (4, 15_000), 257: (4, 15_000), 322: (4, 1), 323: (4, 1)}
    return _tiff(shape | {258: (3, 8), 259: (3, 1), 262: (3, 1), 324: (4, 8), 325: (4, 1)})


def _tiff_of_strips() -> bytes:
    return _tiff({256: (4, 1), 257: (4, 200_000_000), 278: (4, 1), 273: (4, 8), 279: (4, 1)})


def _tiff_of_a_table() -> bytes:
    count = 300_000
    rows = struct.pack("<HHII", 256, 4, 1, 9) + struct.pack("<HHII", 257, 4, 1, 9)
    rows += struct.pack("<HHII", 273, 4, count, 50)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", 3) + rows + bytes(4) + bytes(4 * count)


HEAVY = {
    "a JPEG of segments": lambda: b"\xff\xd8" + segment(0xE5, b"") * 5_000 + encoded("JPEG")[2:],
    "a PNG of parts": _png_of_parts,
    "a WEBP of parts": _webp_of_parts,
    "a GIF of comments": _gif_of_comments,
    "a TIFF of tiles": _tiff_of_tiles,
    "a TIFF of strips": _tiff_of_strips,
    "a TIFF of a large table": _tiff_of_a_table,
}


@pytest.mark.parametrize("kind", HEAVY)
def test_a_file_of_very_many_parts_is_refused(kind: str) -> None:
    for reader in (inspect_photo, open_photo):
        with pytest.raises(BadPhoto, match="too much work"):
            reader(HEAVY[kind]())


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"])
@pytest.mark.parametrize("size", [(1, 1), (64, 48), (3_000, 7)])
def test_ordinary_files_are_none_of_these(image_format: str, size: tuple[int, int]) -> None:
    assert open_photo(encoded(image_format, size)).size == size


def test_a_thin_picture_is_bounded_by_the_memory_it_takes() -> None:
    out = io.BytesIO()
    Image.new("1", (1, 9_000_000)).save(out, "PNG")
    with pytest.raises(BadPhoto, match="too many for this kind of file"):
        inspect_photo(out.getvalue(), PhotoLimits(max_memory=100_000_000))


def test_no_more_is_decoded_at_once_than_there_may_be() -> None:
    budget = ByteBudget(100)
    inside: list[int] = []
    most: list[int] = []
    lock = threading.Lock()

    def work(size: int) -> None:
        for _ in range(200):
            with budget.taken(size):
                with lock:
                    inside.append(size)
                    most.append(sum(inside))
                with lock:
                    inside.remove(size)

    threads = [threading.Thread(target=work, args=(size,)) for size in (60, 50, 40, 30, 1_000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert all(total <= 100 or total == 1_000 for total in most)


def test_a_decoder_that_fails_gives_its_memory_back() -> None:
    budget = ByteBudget(100)
    for _ in range(3):
        with pytest.raises(RuntimeError), budget.taken(80):
            raise RuntimeError
    with budget.taken(100):
        pass
