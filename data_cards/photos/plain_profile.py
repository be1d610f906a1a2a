"""A colour profile without what people may have written into it.

    plain_profile(profile)       the same colours; as it came where it holds nothing else

A profile is a table of tags: curves, matrices and texts, some of them private. We keep curves and
matrices, and only those texts that name a well-known colour space.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterable

HEADER = 128
MOST_TAGS = 100
MOST_BYTES = 4_000_000  # as data_cards.photos.colour: what is larger is no profile of a photo
# Places in the header that hold four letters of somebody's choice.
NAMES = (slice(4, 8), slice(48, 52), slice(52, 56), slice(80, 84))
_NAMES = "none lcms appl APPL ADBE Adob sRGB GOOG goog Lino MSFT KCMS SONY NKON CANO argl"
KNOWN_NAMES = frozenset((bytes(4), b"HP  ", b"IEC ", *_NAMES.encode().split()))
CREATED = slice(24, 36)
PROFILE_ID = slice(84, 100)
RESERVED = slice(100, 128)
TEXTS = frozenset((b"desc", b"cprt"))
_COLOURS = (
    "wtpt bkpt rXYZ gXYZ bXYZ rTRC gTRC bTRC kTRC chad A2B0 A2B1 A2B2 B2A0 B2A1 B2A2 gamt cicp "
    "chrm lumi"
)
COLOURS = frozenset(_COLOURS.encode().split())
TABLES = frozenset((b"mft1", b"mft2", b"mAB ", b"mBA "))
PARAMETERS = (1, 3, 4, 5, 7)  # of a curve by formula
# Words of which descriptions of well-known profiles are made.
_WORDS = (
    "srgb rgb adobe display p3 dci image colour color colours space profile default built builtin "
    "gray grey gamma no copyright use freely free public domain apple computer inc google adobe "
    "systems incorporated hewlett packard company iec61966 iec http www all rights reserved "
    "facebook tiny kodak prophoto romm rec bt2020 bt709 wide gamut dot gain generic cmyk fogra39 "
    "icc photoshop coated uncoated swop ltd sony nikon canon microsoft corporation copyrighted the "
    "vitrine none"
)
WORDS = frozenset(_WORDS.split())
YEAR = re.compile(r"(19|20)\d\d")
NEUTRAL = "colours"


def plain_profile(profile: bytes) -> bytes:
    """The profile with what colours need and nothing else; empty where it is none."""
    if len(profile) < HEADER + 4 or len(profile) > MOST_BYTES or profile[36:40] != b"acsp":
        return b""
    tags = _tags(profile)
    if tags is None:
        return b""
    kept = [(name, body) for name, body in ((n, _plain(n, b, profile[8])) for n, b in tags) if body]
    header = _plain_header(profile)
    if kept == tags and header == profile[:HEADER] and not _has_gaps(profile, len(tags)):
        return profile
    return joined(header, kept)


def _tags(profile: bytes) -> list[tuple[bytes, bytes]] | None:
    count = int.from_bytes(profile[HEADER : HEADER + 4], "big")
    if count > MOST_TAGS or HEADER + 4 + 12 * count > len(profile):
        return None
    rows = [struct.unpack_from(">4sII", profile, HEADER + 4 + 12 * row) for row in range(count)]
    if any(at + size > len(profile) for _, at, size in rows):
        return None
    return [(name, profile[at : at + size]) for name, at, size in rows]


def _plain(name: bytes, body: bytes, version: int) -> bytes:
    if name in TEXTS:
        return body if _is_known(body) else _text(name, version)
    if name not in COLOURS or len(body) < 12:
        return b""
    kind = body[:4]
    if kind in TABLES:
        return body
    lengths = {
        b"XYZ ": 20,
        b"curv": 12 + 2 * int.from_bytes(body[8:12], "big"),
        b"para": 12 + 4 * PARAMETERS[min(body[9], len(PARAMETERS) - 1)],
        b"sf32": 44,
        b"cicp": 12,
        b"chrm": 12 + 8 * int.from_bytes(body[8:10], "big"),
    }
    length = lengths.get(kind, 0)
    return body[:length] if length <= len(body) else b""


def _is_known(body: bytes) -> bool:
    return says_known(body[28 if body[:4] == b"mluc" else 8 :])


def says_known(text: bytes) -> bool:
    """Whether a text is only the name of a well-known profile."""
    said = text.replace(b"\0", b"").decode("latin-1")
    words = re.findall(r"[A-Za-z]+[0-9]*|[0-9]+", said)
    # What is not made of words and plain signs are lengths and codes of languages.
    known = (word.casefold() in WORDS or YEAR.fullmatch(word) or len(word) < 3 for word in words)
    return len(said) < 200 and all(known)


def _text(name: bytes, version: int) -> bytes:
    """An empty text, in the format of this version."""
    if version >= 4:
        text = NEUTRAL.encode("utf-16-be")
        return struct.pack(">4sIII2s2sII", b"mluc", 0, 1, 12, b"en", b"US", len(text), 28) + text
    text = NEUTRAL.encode() + b"\0"
    if name == b"cprt":
        return b"text\0\0\0\0" + text
    return struct.pack(">4sII", b"desc", 0, len(text)) + text + bytes(78)


def _plain_header(profile: bytes) -> bytes:
    header = bytearray(profile[:HEADER])
    for place in NAMES:
        if bytes(header[place]) not in KNOWN_NAMES:
            header[place] = bytes(4)
    if any(header[PROFILE_ID]) and bytes(header[PROFILE_ID]) != _id_of(profile):
        header[PROFILE_ID] = bytes(16)
    created = struct.unpack(">6H", header[CREATED])
    if created[0] > 2100 or created[1] > 12 or created[2] > 31 or max(created[3:]) > 60:
        header[CREATED] = bytes(12)
    header[RESERVED] = bytes(28)
    return bytes(header)


def _id_of(profile: bytes) -> bytes:
    """MD5 of the profile without its flags, intent and this very number (ICC.1:2022, 7.2.18)."""
    plain = bytearray(profile)
    for place in (slice(44, 48), slice(64, 68), PROFILE_ID):
        plain[place] = bytes(place.stop - place.start)
    return hashlib.md5(plain, usedforsecurity=False).digest()


def _has_gaps(profile: bytes, count: int) -> bool:
    """Whether bytes lie between the tags or behind them."""
    covered = bytearray(len(profile))
    covered[: HEADER + 4 + 12 * count] = b"\1" * (HEADER + 4 + 12 * count)
    for row in range(count):
        at, size = struct.unpack_from(">II", profile, HEADER + 8 + 12 * row)
        covered[at : at + size] = b"\1" * size
    free = bytes(byte for byte, taken in zip(profile, covered, strict=True) if not taken)
    return any(free) or len(free) > 4 * count + 4


def joined(header: bytes, tags: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A profile of its first 128 bytes and its tags, each content once, its length filled in."""
    tags = list(tags)
    at = HEADER + 4 + 12 * len(tags)
    places: dict[bytes, int] = {}
    index = body = b""
    for name, content in tags:
        if content not in places:
            places[content] = at + len(body)
            body += content + bytes(-len(content) % 4)
        index += struct.pack(">4sII", name, places[content], len(content))
    made = bytearray(header + struct.pack(">I", len(tags)) + index + body)
    made[:4] = len(made).to_bytes(4, "big")
    made[PROFILE_ID] = bytes(16)
    return bytes(made)
