"""Keywords, titles and places in photos and beside them, through the library pyexiv2.

    read_tags(photo, sidecar)
    with_tags(sidecar, tags, note)        the bytes of a sidecar that says so

RAW files get the sidecar that Adobe's programs read (IMG_1.xmp), others the one that digiKam and
darktable read (IMG_1.jpg.xmp); one that is there already is used, whichever it is.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from curation.ingest.photo_files import RAW_ENDINGS
from data_cards.errors import BadPhoto, BadSource
from space.album.tags import Place, Tags

# What digiKam 8 and Lightroom list beside the files that begin as a TIFF does.
RAW = RAW_ENDINGS | {".cr3", ".crw", ".raf", ".orf", ".rw2"}
# What pyexiv2 can write into; HEIC, AVIF and RAW files get a sidecar.
WRITABLE = frozenset((".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"))
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


def sidecar_of(photo: Path) -> Path:
    """Where the sidecar of a photo is, or belongs."""
    added = photo.with_name(f"{photo.name}.xmp")
    replaced = photo.with_suffix(".xmp")
    is_raw = photo.suffix.lower() in RAW
    # Of IMG_1.CR2 and IMG_1.JPG, IMG_1.xmp is that of the RAW file; of other photos that share a
    # name it may be anybody's.
    belongs = is_raw or not _shares_its_name(photo)
    known = [added, *([replaced] if belongs else [])]
    for one in known:
        for there in (one, one.with_suffix(".XMP")):
            if there.exists():
                return there
    return replaced if is_raw else added


def _shares_its_name(photo: Path) -> bool:
    others = photo.parent.glob(f"{_plain(photo.stem)}.*")
    return any(other.suffix.lower() != ".xmp" and other != photo for other in others)


def _plain(text: str) -> str:
    return re.sub(r"([\[\]*?])", r"[\1]", text)


def read_tags(photo: Path, sidecar: Path) -> Tags:
    """What a photo says of itself, in it and beside it. Raises BadPhoto."""
    inside = _read(photo)
    beside = _read(sidecar) if sidecar.exists() else Tags()
    return Tags(
        tuple(dict.fromkeys((*beside.keywords, *inside.keywords))),
        tuple(dict.fromkeys((*beside.tree, *inside.tree))),
        beside.title or inside.title,
        beside.location or inside.location,
    )


def with_tags(file: Path, tags: Tags, note: Mapping[str, str]) -> bytes:
    """The bytes of a photo or a sidecar that says this; of a new sidecar, where there is no file.
    `note`: what is kept in our own namespace. Raises BadPhoto where it cannot be written."""
    library = _library()
    before = file.read_bytes() if file.exists() else EMPTY.encode()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"copy{file.suffix.lower()}"
        copy.write_bytes(before)
        try:
            with library.Image(str(copy)) as image:
                image.modify_xmp(_xmp(tags, note))
                image.modify_raw_xmp(_with_bags(image.read_raw_xmp()))
        except (RuntimeError, UnicodeDecodeError) as error:
            raise BadPhoto(f"{file.name} cannot be written to: {error}.") from error
        return copy.read_bytes()


def _xmp(tags: Tags, note: Mapping[str, str]) -> dict[str, Any]:
    """None takes a property away."""
    found: dict[str, Any] = {
        "Xmp.dc.subject": list(tags.keywords) or None,
        "Xmp.lr.hierarchicalSubject": list(tags.tree) or None,
        "Xmp.digiKam.TagsList": [one.replace("|", "/") for one in tags.tree] or None,
        "Xmp.dc.title": {'lang="x-default"': tags.title} if tags.title else None,
        "Xmp.exif.GPSLatitude": _angle(tags.location[0], "NS") if tags.location else None,
        "Xmp.exif.GPSLongitude": _angle(tags.location[1], "EW") if tags.location else None,
    }
    return found | {f"Xmp.vitrine.{name}": value or None for name, value in note.items()}


def _with_bags(text: str) -> str:
    for name in BAGS:
        inside = re.compile(rf"(<{name}>\s*<rdf:)Seq>(.*?)(</rdf:)Seq>(\s*</{name}>)", re.DOTALL)
        text = inside.sub(r"\1Bag>\2\3Bag>\4", text)
    return text


def _angle(value: float, signs: str) -> str:
    """Degrees as XMP writes them: 48,51.49776N."""
    degrees = int(abs(value))
    minutes = (abs(value) - degrees) * 60
    return f"{degrees},{minutes:.5f}{signs[0] if value >= 0 else signs[1]}"


def _read(file: Path) -> Tags:
    library = _library()
    try:
        with library.Image(str(file)) as image:
            xmp = image.read_xmp()
            is_sidecar = file.suffix.lower() == ".xmp"
            exif = {} if is_sidecar else image.read_exif()
            iptc = {} if is_sidecar else image.read_iptc()
    except (RuntimeError, UnicodeDecodeError) as error:
        raise BadPhoto(f"The metadata of {file.name} cannot be read: {error}.") from error
    keywords = [*_list(xmp.get("Xmp.dc.subject")), *_list(iptc.get("Iptc.Application2.Keywords"))]
    tree = [*_list(xmp.get("Xmp.lr.hierarchicalSubject"))]
    tree += [one.replace("/", "|") for one in _list(xmp.get("Xmp.digiKam.TagsList"))]
    title = next(iter((xmp.get("Xmp.dc.title") or {}).values()), "") or iptc.get(
        "Iptc.Application2.ObjectName", ""
    )
    return Tags(
        tuple(dict.fromkeys(keywords)),
        tuple(dict.fromkeys(tree)),
        str(title),
        _place(xmp, exif),
    )


def _list(value: Any) -> Iterable[str]:
    if value is None:
        return ()
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _place(xmp: Mapping[str, Any], exif: Mapping[str, str]) -> Place | None:
    found = [
        _degrees(str(xmp.get(f"Xmp.exif.GPS{name}", ""))) for name in ("Latitude", "Longitude")
    ]
    if None in found:
        found = [
            _rational(
                exif.get(f"Exif.GPSInfo.GPS{name}", ""), exif.get(f"Exif.GPSInfo.GPS{name}Ref", "")
            )
            for name in ("Latitude", "Longitude")
        ]
    latitude, longitude = found
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
