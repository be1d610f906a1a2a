"""Keywords, titles and places in photos and beside them, through the library pyexiv2.

    read_tags(photo, sidecar)
    with_tags(sidecar, tags, note)        the bytes of a sidecar that says so

RAW files get the sidecar that Adobe's programs read (IMG_1.xmp), others the one that digiKam and
darktable read (IMG_1.jpg.xmp); one that is there already is used, whichever it is.
"""

from __future__ import annotations

import math
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from curation.ingest.photo_files import OTHER_PICTURES, PHOTO_ENDINGS, RAW_ENDINGS
from data_cards.errors import BadPhoto, BadSource
from data_cards.photos.file_format import START, format_of
from data_cards.storage.atomic_files import full_disk_named
from space.album.tags import Place, Tags, joined

# What digiKam 8 and Lightroom list beside the files that begin as a TIFF does.
RAW = RAW_ENDINGS | {".cr3", ".crw", ".raf", ".orf", ".rw2"}
# What pyexiv2 can write into; HEIC, AVIF and RAW files get a sidecar.
WRITABLE = frozenset(("JPEG", "PNG", "WEBP", "TIFF"))
PICTURES = PHOTO_ENDINGS | RAW | OTHER_PICTURES
NAMESPACE = "http://ns.vitrine.invalid/tags/1.0/"
EMPTY = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF></x:xmpmeta>\n'
    '<?xpacket end="w"?>'
)
# XMP has these as bags, without an order; pyexiv2 writes every list as a sequence, which digiKam
# passes over.
BAGS = ("dc:subject", "lr:hierarchicalSubject")
SIDECAR = "application/rdf+xml"
DEFAULT = 'lang="x-default"'
IPTC_TITLE = "Iptc.Application2.ObjectName"
UNREAD: Place = (math.inf, math.inf)  # somebody wrote a place in a way that we cannot read
# The prefixes that exiv2 0.28 knows, which every file means the same by.
PREFIXES = (
    "GPano Iptc4xmpCore Iptc4xmpExt MP MPRI MPReg MicrosoftPhoto acdsee aux crs crss dc dcterms "
    "digiKam dwc exif exifEX expressionmedia iptc iptcExt kipi lr mediapro mwg-kw mwg-rs pdf "
    "photoshop plus stArea stDim stEvt stFnt stJob stRef stVer tiff vitrine xmp xmpBJ xmpDM xmpG "
    "xmpGImg xmpMM xmpRights xmpTPg xmpidq"
)


def is_writable(photo: Path) -> bool:
    """Whether keywords can be written into a photo, whatever its name promises."""
    with open(photo, "rb") as file:
        kind = format_of(file.read(START))
    return kind in WRITABLE and photo.suffix.lower() not in RAW and os.access(photo, os.W_OK)


def sidecar_of(photo: Path) -> Path:
    """Where the sidecar of a photo is, or belongs."""
    there = sidecars_of(photo)
    if there:
        return there[0]
    is_raw = photo.suffix.lower() in RAW and _owns_the_name(photo)
    return photo.with_suffix(".xmp") if is_raw else photo.with_name(f"{photo.name}.xmp")


def sidecars_of(photo: Path) -> list[Path]:
    """The sidecars that a photo has, as of two programs; the first is the one that is written."""
    found = [_spelt(photo.with_name(f"{photo.name}.xmp"))]
    replaced = _spelt(photo.with_suffix(".xmp"))
    if replaced and replaced not in found and _owns_the_name(photo):
        found.append(replaced)
    return [one for one in found if one]


def _spelt(sidecar: Path) -> Path | None:
    """The file as it is there, whose ending may be in capitals."""
    both = (sidecar, sidecar.with_suffix(".XMP"))
    return next((one for one in both if os.path.lexists(one)), None)


def _owns_the_name(photo: Path) -> bool:
    """Whether IMG_1.xmp is the sidecar of this one of the photos that are called IMG_1: that of
    the only RAW file, or of the only photo. A DNG file is passed over for the RAW file that it was
    made from, because Adobe's programs write into DNG files. Otherwise it may be anybody's."""
    twins = [
        one
        for one in photo.parent.iterdir()
        if one.stem == photo.stem and (one.suffix.lower() in PICTURES or one == photo)
    ]
    raw = [one for one in twins if one.suffix.lower() in RAW]
    taken = [one for one in raw if one.suffix.lower() != ".dng"]
    return next(some for some in (taken, raw, twins) if some) == [photo]


def read_tags(photo: Path, sidecar: Path) -> Tags:
    """What a photo says of itself, in it and beside it. Raises BadPhoto."""
    return joined(tags_of(sidecar), tags_of(photo))


def tags_of(file: Path) -> Tags:
    """What one file says; nothing where there is none. Raises BadPhoto."""
    if not file.exists():
        return Tags()
    with _opened(file) as image:
        return _tags(image)


def with_tags(file: Path, tags: Tags, note: Mapping[str, str], now: Tags | None = None) -> bytes:
    """The bytes of a photo or a sidecar that says this; of a new sidecar, where there is no file.
    Only the difference to `now` is written: what the photo says, in this file or another.
    `note`: what is kept in our own namespace. Raises BadPhoto where it cannot be written."""
    before = file.read_bytes() if file.exists() else EMPTY.encode()
    with full_disk_named(f"a copy of {file.name}"), tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"copy{file.suffix.lower()}"
        copy.write_bytes(before)
        with _opened(copy, file.name) as image:
            xmp = image.read_xmp()
            if image.get_mime_type() == SIDECAR:  # or exiv2 writes people's places and dates anew
                image.clear_exif()
                image.clear_iptc()
            image.modify_xmp(
                _difference(xmp, now or _tags(image), tags)
                | {f"Xmp.vitrine.{name}": value or None for name, value in note.items()}
            )
            image.modify_raw_xmp(_with_bags(image.read_raw_xmp()))
        return copy.read_bytes()


def _difference(xmp: Mapping[str, Any], now: Tags, tags: Tags) -> dict[str, Any]:
    """The properties that change, with their new values; None takes one away."""
    lists = {
        "Xmp.dc.subject": (now.keywords, tags.keywords),
        "Xmp.lr.hierarchicalSubject": (now.tree, tags.tree),
        "Xmp.digiKam.TagsList": (_with_slashes(now.tree), _with_slashes(tags.tree)),
    }
    found: dict[str, Any] = {
        name: _edited(_list(xmp.get(name)), *words) or None
        for name, words in lists.items()
        if words[0] != words[1]
    }
    if tags.title != now.title:
        titles = _titles(xmp) | {DEFAULT: tags.title}
        found["Xmp.dc.title"] = {name: text for name, text in titles.items() if text} or None
    if tags.location != now.location:
        is_known = tags.location is not None and tags.location != UNREAD
        latitude, longitude = (is_known and tags.location) or (None, None)
        found["Xmp.exif.GPSLatitude"] = _angle(latitude, "NS")
        found["Xmp.exif.GPSLongitude"] = _angle(longitude, "EW")
    return found


def _edited(own: Sequence[str], now: Sequence[str], after: Sequence[str]) -> list[str]:
    """A list of a file with what is new and without what goes. A file that had none gets all that
    the photo says elsewhere, because programs that read this list do not read the others."""
    gone = {word.casefold() for word in now} - {word.casefold() for word in after}
    kept = [word for word in own or now if word.casefold() not in gone]
    there = {word.casefold() for word in (*kept, *now)}
    return [*kept, *(word for word in after if word.casefold() not in there)]


def _with_slashes(tree: Iterable[str]) -> tuple[str, ...]:
    """Lightroom's tags as digiKam writes them: it has no tag with a slash."""
    return tuple(one.replace("/", "\\").replace("|", "/") for one in tree)


def _with_bags(text: str) -> str:
    for name in BAGS:
        inside = re.compile(rf"(<{name}>\s*<rdf:)Seq>(.*?)(</rdf:)Seq>(\s*</{name}>)", re.DOTALL)
        text = inside.sub(r"\1Bag>\2\3Bag>\4", text)
    return text


def _angle(value: float | None, signs: str) -> str | None:
    """Degrees as XMP writes them: 48,51.497760N."""
    if value is None:
        return None
    degrees = int(abs(value))
    minutes = (abs(value) - degrees) * 60
    return f"{degrees},{minutes:.6f}{signs[0] if value >= 0 else signs[1]}"


@contextmanager
def _opened(file: Path, name: str = "") -> Iterator[Any]:
    """The file in pyexiv2. Raises BadPhoto where it cannot be read or written, or is not read
    as it is: what it says would be written over."""
    library = _library()
    _namespaces()
    name = name or file.name
    try:
        if file.suffix.lower() == ".xmp":
            _check_encoding(file.read_bytes())
        with library.Image(str(file)) as image:
            _check_namespaces(image.read_raw_xmp())
            _check_read(image.read_raw_xmp(), image.read_xmp())
            yield image
    except (RuntimeError, ValueError) as error:
        why = str(error).removeprefix(f"{file}: ").rstrip(".")
        raise BadPhoto(f"The metadata of {name} cannot be used: {why}.") from error


def _check_encoding(sidecar: bytes) -> None:
    """exiv2 takes every sidecar for UTF-8. Raises ValueError for another encoding."""
    try:
        sidecar.decode()
    except UnicodeDecodeError as error:
        raise ValueError("it is not in UTF-8") from error
    said = re.search(rb"""<\?xml[^>]*encoding\s*=\s*["']([\w-]+)""", sidecar[:200])
    if said and said[1].lower() not in (b"utf-8", b"us-ascii", b"ascii"):
        raise ValueError(f"it is in {said[1].decode()} and not in UTF-8")


def _check_namespaces(packet: str) -> None:
    """exiv2 keeps what a file means by "dc" for all files that follow. Raises ValueError where it
    is something else than everybody means by it."""
    for prefix, address in re.findall(r"""xmlns:([\w.-]+)\s*=\s*["']([^"']*)""", packet):
        known = _namespaces().get(prefix, address)
        if known.rstrip("/#") != address.rstrip("/#"):
            _library().registerNs(known, prefix)
            raise ValueError(f"it uses the prefix {prefix} for {address}")


def _check_read(packet: str, read: Mapping[str, Any]) -> None:
    """exiv2 reads XMP that is damaged as if it were empty. Raises ValueError."""
    if not read and re.search(r"[<\s](?!x:|rdf:|xml:|xmlns:)[\w.-]+:[\w.-]+", packet):
        raise ValueError("it holds XMP that is damaged")


def _tags(image: Any) -> Tags:
    xmp = image.read_xmp()
    is_sidecar = image.get_mime_type() == SIDECAR
    # Names and places in old files are in any encoding, and one of them must not hide all.
    exif = {} if is_sidecar else image.read_exif("latin-1")
    iptc = {} if is_sidecar else image.read_iptc("latin-1")
    keywords = [*_list(xmp.get("Xmp.dc.subject"))]
    keywords += map(_decoded, _list(iptc.get("Iptc.Application2.Keywords")))
    tree = [*_list(xmp.get("Xmp.lr.hierarchicalSubject"))]
    tree += [one.replace("/", "|") for one in _list(xmp.get("Xmp.digiKam.TagsList"))]
    titles = [*_titles(xmp).values(), *map(_decoded, _list(iptc.get(IPTC_TITLE)))]
    return Tags(
        tuple(dict.fromkeys(keywords)),
        tuple(dict.fromkeys(tree)),
        next(filter(None, titles), ""),
        _place(xmp, exif),
    )


def _titles(xmp: Mapping[str, Any]) -> dict[str, str]:
    """The title in each language, the default first."""
    found = xmp.get("Xmp.dc.title")
    if not isinstance(found, Mapping):
        found = {DEFAULT: "; ".join(_list(found))}
    return {DEFAULT: "", **found}


def _list(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _decoded(text: str) -> str:
    """Bytes that were read as Latin-1: UTF-8, or what programs wrote before it."""
    data = text.encode("latin-1")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _place(xmp: Mapping[str, Any], exif: Mapping[str, str]) -> Place | None:
    texts = [str(xmp.get(f"Xmp.exif.GPS{name}", "")) for name in ("Latitude", "Longitude")]
    if any(texts):
        latitude, longitude = map(_degrees, texts)
        return UNREAD if latitude is None or longitude is None else (latitude, longitude)
    latitude, longitude = (
        _rational(
            exif.get(f"Exif.GPSInfo.GPS{name}", ""), exif.get(f"Exif.GPSInfo.GPS{name}Ref", "")
        )
        for name in ("Latitude", "Longitude")
    )
    return (latitude, longitude) if latitude is not None and longitude is not None else None


def _degrees(text: str) -> float | None:
    """An angle of XMP: 48,51.4977N or 48,51,30N.

    >>> _degrees("48,30.0S"), _degrees("north")
    (-48.5, None)
    """
    found = re.fullmatch(r"(\d+),(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?([NSEW])", text.strip())
    if not found:
        return None
    value = int(found[1]) + float(found[2]) / 60 + float(found[3] or 0) / 3600
    return round(-value if found[4] in "SW" else value, 7)


def _rational(text: str, sign: str) -> float | None:
    """An angle of Exif: 48/1 51/1 2987/100."""
    parts = [part.partition("/") for part in text.split()]
    try:
        numbers = [float(over) / float(under or 1) for over, _, under in parts]
    except (ValueError, ZeroDivisionError):
        return None
    if not numbers:
        return None
    value = sum(number / 60**place for place, number in enumerate(numbers))
    return round(-value if sign in ("S", "W") else value, 7)


@cache
def _library() -> Any:
    try:
        import pyexiv2
    except ImportError as error:
        raise BadSource(
            "Tagging needs the package pyexiv2: pip install -r requirements-album.txt"
        ) from error
    pyexiv2.registerNs(NAMESPACE, "vitrine")
    pyexiv2.set_log_level(4)  # its complaints come as errors, and not on our standard error
    return pyexiv2


@cache
def _namespaces() -> Mapping[str, str]:
    """What exiv2 means by each prefix, asked before it reads the first file."""
    with _library().ImageData(EMPTY.encode()) as image:
        for prefix in PREFIXES.split():
            with suppress(RuntimeError):  # another version of exiv2 does not know it
                image.modify_xmp({f"Xmp.{prefix}.Vitrine": "1"})
        return dict(re.findall(r'xmlns:([\w-]+)="([^"]+)"', image.read_raw_xmp()))
