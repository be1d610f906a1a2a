"""What a file is, by its first bytes: names and endings promise, bytes tell."""

from __future__ import annotations

# How many bytes `format_of` wants to see: a HEIF file lists its brands in the first of them.
START = 64
JPEG_START = b"\xff\xd8\xff"
PNG_START = b"\x89PNG\r\n\x1a\n"
# What may stand before a photo: a byte order mark, blanks and line ends; an HTTP head is shorter.
LEAD = b"\xef\xbb\xbf \t\r\n"
HTTP_HEAD = 8192
# Classic TIFF in both byte orders, and BigTIFF.
TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# Sizes of the header that follows "BM" and twelve bytes more, for every version of BMP.
BMP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)
AVIF_BRANDS = frozenset((b"avif", b"avis"))
HEIF_BRANDS = frozenset(
    (
        b"heic",
        b"heix",
        b"heim",
        b"heis",
        b"hevc",
        b"hevx",
        b"hevm",
        b"hevs",
        b"mif1",
        b"mif2",
        b"msf1",
    )
)
# What people hand in besides photos, by how it begins.
OTHERS = (
    (b"%PDF", "a PDF"),
    (b"<svg", "an SVG drawing"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"8BPS", "a Photoshop file"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL file"),
    (b"\xff\x0a", "a JPEG XL file"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 file"),
    (b"FUJIFILMCCD-RAW", "a raw camera file"),
    (b"IIU\0", "a raw camera file"),
    (b"IIRO", "a raw camera file"),
    (b"IIRS", "a raw camera file"),
    (b"MMOR", "a raw camera file"),
    (b"\x1aE\xdf\xa3", "a video clip"),
    (b"version https://git-lfs", "a Git LFS pointer, and the photo itself was not fetched"),
)


def format_of(start: bytes) -> str:
    """Pillow's name of a photo format by a file's first bytes (see START); empty for anything
    else."""
    if start.startswith(JPEG_START):
        return "JPEG"
    if start.startswith(PNG_START):
        return "PNG"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WEBP"
    if start[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    if start.startswith(TIFF_STARTS):
        return "" if start[8:10] == b"CR" else "TIFF"  # Canon's raw files say CR
    if start[:2] == b"BM" and int.from_bytes(start[14:18], "little") in BMP_HEADERS:
        return "BMP"
    brands = _brands(start)
    if brands & AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brands & HEIF_BRANDS else ""


def without_lead(data: bytes) -> bytes:
    """The same from where the photo begins, where scripts and downloads wrote a byte order mark,
    blank lines or the head of an HTTP answer before it."""
    if not data or format_of(data[:START]):
        return data
    start = 0
    if data.startswith(b"HTTP/"):
        start = data.find(b"\r\n\r\n", 0, HTTP_HEAD) + 4
    while start < min(len(data), HTTP_HEAD) and data[start] in LEAD:
        start += 1
    return data[start:] if start and format_of(data[start : start + START]) else data


def other_kind(start: bytes) -> str:
    """What a file that is no photo seems to be, as words after "This is"; empty when nobody can
    tell."""
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    for beginning, kind in OTHERS:
        if start.startswith(beginning) or text[: len(beginning)].lower() == beginning:
            return kind
    if start[4:12] == b"ftypcrx " or (start.startswith(TIFF_STARTS) and start[8:10] == b"CR"):
        return "a raw camera file"
    if start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide") or start[8:12] == b"AVI ":
        return "a video clip"
    return ""


def _brands(start: bytes) -> set[bytes]:
    """The brands of an ISO media file: the main one, and those it is compatible with."""
    if start[4:8] != b"ftyp":
        return set()
    size = int.from_bytes(start[:4], "big")
    listed = start[16 : size if size else len(start)]
    return {start[8:12], *(listed[at : at + 4] for at in range(0, len(listed) - 3, 4))}
