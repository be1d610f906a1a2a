"""A photo: bytes from anybody, opened with care. The only place where bytes become pixels.

Formats are told by their first bytes; size, pixels and memory are bounded before anything is
decoded. What comes out is upright, RGB, in the colours of sRGB, on white where it was
transparent, and the first picture where there are several.
"""

from __future__ import annotations

import hashlib
import io
import math
import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageFile, JpegImagePlugin, UnidentifiedImageError

from data_cards.errors import BadPhoto
from data_cards.photos.bit_depth import (
    BITS_PER_SAMPLE,
    DEEP_GREYS,
    PHOTOMETRIC,
    eight_bits,
    first_of,
)
from data_cards.photos.bounds import MEMORY, check_work
from data_cards.photos.colour import Coding, adobe_rgb, gamma_profile, to_srgb
from data_cards.photos.completeness import PADDING, share_present
from data_cards.photos.deep_colour import deep_picture, is_low, open_deep_tiff
from data_cards.photos.file_format import START, format_of, other_kind, without_lead
from data_cards.photos.refusal import of_one_photo
from data_cards.photos.segments import END_OF_IMAGE, START_OF_SCAN, mended

# A new number for a new way to make pixels of bytes: what was measured on the old ones is measured
# again.
READING = 2
EXIF_IFD = 0x8769
INTEROPERABILITY = 0xA005
ORIENTATION = 0x0112
MODEL = 0x0110
TAKEN = 0x9003
TAKEN_SUBSECOND = 0x9291
TAKEN_OFFSET = 0x9011
# Cameras say "Adobe RGB" by this name of a file format, and add no profile (DCF 2.0).
ADOBE_RGB_MARK = b"R03"
# TIFF tags of raw files, whose only readable picture is a thumbnail: DNG's version, and "a smaller
# version of another".
DNG_VERSION = 50706
SUBFILE_TYPE = 254
RAW_PHOTOMETRICS = (32803, 34892)  # a mosaic of colour filters, and colours of a sensor
PILLOW_COMPLAINTS = (
    UnidentifiedImageError,
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    ArithmeticError,
    MemoryError,
    RuntimeError,
    struct.error,
    Image.DecompressionBombError,
)
# What a decoded pixel takes at most, its copies on the way to an upright one in sRGB included;
# measured on pictures with a profile, an orientation and transparency
# (docs/decisions/reading-photos.md).
BYTES_PER_PIXEL = {"JPEG": 12, "HEIF": 11}
BYTES_PER_OTHER_PIXEL = 20  # WEBP's decoder keeps several canvases
# libjpeg keeps every coefficient of a progressive photo, in two bytes, however small it is read.
BYTES_PER_COEFFICIENT = 2
SUB_FILES, PNG_DEPTH = 330, 24  # a TIFF tag; the place of a PNG's bits per sample
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
PLAIN_MODES = {
    "1": "L",
    "P": "RGB",
    "PA": "RGBA",
    "La": "LA",
    "RGBa": "RGBA",
    "RGBX": "RGB",
    "YCbCr": "RGB",
    "HSV": "RGB",
}
LONGEST_JPEG = 65_500  # pixels: libjpeg writes no longer side
GREYEST = 128  # what libjpeg puts where coded pixels are missing


@dataclass(frozen=True)
class PhotoLimits:
    """What we are willing to open: encoded bytes, pixels (the largest sensors of phones have 200
    million), and bytes of memory while a picture is decoded (as much as the worst kind of 100
    million pixels takes)."""

    max_bytes: int = 50_000_000
    max_pixels: int = 250_000_000
    max_memory: int = 2_000_000_000


@dataclass(frozen=True)
class PhotoFacts:
    """Upright width and height in pixels, Pillow's format name, and when (ISO 8601) and with
    what it was taken, if it says so. `several`: whether more pages or frames follow the first,
    which is the one that is read."""

    width: int
    height: int
    format: str
    taken_at: str | None = None
    camera: str = ""
    several: bool = False


LIMITS = PhotoLimits()


def image_id(data: bytes) -> str:
    """The name of a photo: sha256 of the stored bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


@of_one_photo
def inspect_photo(data: bytes, limits: PhotoLimits = LIMITS) -> PhotoFacts:
    """Read the header only. Raises BadPhoto with a sentence when these bytes are not for us."""
    data = without_lead(data)
    with _opened(data, limits) as image:
        width, height = image.size
        exif = _exif(image)
        if (
            exif.get(ORIENTATION) in (5, 6, 7, 8) and image.format != "TIFF"
        ):  # a TIFF's size is that of the turned one
            width, height = height, width
        several = _holds_several(image)
        image_format = str(image.format)
        _read_small(image, data, 1, 0, limits)
        return PhotoFacts(width, height, image_format, _taken_at(exif), _camera(exif), several)


@of_one_photo
def open_photo(
    data: bytes, at_least: int | None = None, limits: PhotoLimits = LIMITS, longer: int = 0
) -> Image.Image:
    """Decode to upright sRGB, first picture only.

    `at_least`: the short side that is wanted, in pixels; a larger JPEG is then decoded at a
    fraction of its size, and at the largest that memory allows where None is given. `longer`:
    the longer side that is wanted besides. Raises BadPhoto where pixels are missing, with the
    share that is there in `evidence["percent"]`.
    """
    data = without_lead(data)
    try:
        return _pixels(data, at_least, limits, longer)
    except PILLOW_COMPLAINTS as error:
        whole = completed(data, str(error))
    try:
        return _pixels(whole, at_least, limits, longer)
    except PILLOW_COMPLAINTS as error:
        raise BadPhoto(
            "This photo is damaged: only a part of it can be read.", cause=str(error)
        ) from error


def _pixels(data: bytes, at_least: int | None, limits: PhotoLimits, longer: int) -> Image.Image:
    """Decode as it is. Raises BadPhoto, and PILLOW_COMPLAINTS where a decoder stumbles."""
    with _opened(data, limits) as image:
        needed = _read_small(image, data, at_least, longer, limits)
        with MEMORY.taken(needed):
            image.load()
            if image.format == "JPEG" and _may_lack_its_end(image, data):
                _refuse_a_part(data)
            return _upright(_as_srgb(image, data), _exif(image).get(ORIENTATION))


@of_one_photo
def read_exif(data: bytes) -> Image.Exif:
    """The Exif of a photo, empty where it has none or none that can be read. Raises BadPhoto if it
    is not a photo."""
    with _opened(data, LIMITS) as image:
        return _exif(image)


@of_one_photo
def unembedded_profile(data: bytes) -> bytes | None:
    """The profile of a JPEG that names its colours without bringing a profile: some cameras'
    Adobe RGB."""
    with _opened(data, LIMITS) as image:
        return None if image.info.get("icc_profile") else _profile(image, data)


@of_one_photo
def thumbnail(data: bytes, side: int, quality: int = 82) -> bytes:
    """A small JPEG that fits into `side` x `side` pixels, without any metadata."""
    image = open_photo(data, at_least=side)
    # As crisp as Lanczos to the eye and twice as fast: an annotator waits for it.
    image.thumbnail((side, side), Image.Resampling.HAMMING, reducing_gap=2.0)
    return encode_jpeg(image, quality)


@of_one_photo
def encode_jpeg(image: Image.Image, quality: int = 95) -> bytes:
    """JPEG bytes of an RGB image, without metadata; a panorama that is too long for the format
    is made smaller."""
    out = io.BytesIO()
    if max(image.size) > LONGEST_JPEG:
        image = image.copy()
        image.thumbnail((LONGEST_JPEG, LONGEST_JPEG))
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _opened(data: bytes, limits: PhotoLimits) -> Image.Image:
    if not data:
        raise BadPhoto("This file is empty.")
    if len(data) > limits.max_bytes:
        raise BadPhoto(
            f"This file is {len(data) / 1e6:.0f} MB; photos up to {limits.max_bytes / 1e6:.0f} MB "
            "can be "
            "read."
        )
    image_format = format_of(data[:START])
    if not image_format:
        raise BadPhoto(_told_kind(data[:START]))
    check_work(data, image_format)
    try:
        image = _headed(data, image_format)
    except Image.DecompressionBombError as error:
        raise BadPhoto(
            "This picture has too many pixels to be opened safely.", cause=str(error)
        ) from error
    except PILLOW_COMPLAINTS as error:
        image = _mended_and_headed(data, image_format, str(error))
    pixels = image.size[0] * image.size[1]
    if pixels > limits.max_pixels:
        raise BadPhoto(
            f"This picture has {pixels / 1e6:.0f} million pixels; up to "
            f"{limits.max_pixels / 1e6:.0f} million can be opened safely.",
            pixels=pixels,
        )
    if image_format == "TIFF" and _is_raw(
        getattr(image, "tag_v2", None) or getattr(image, "tags", {})
    ):
        raise BadPhoto(
            "This is a raw camera file. Develop it to a JPEG first, or take the JPEG beside it."
        )
    return image


def _told_kind(start: bytes) -> str:
    kind = other_kind(start)
    if kind:
        return (
            f"This is {kind}, not a photo. Photos are JPEG, PNG, WEBP, HEIC, AVIF, TIFF, GIF or "
            "BMP files."
        )
    return "We can't open this file. Try a JPEG, PNG, WebP or HEIC."


def _headed(data: bytes, image_format: str) -> Image.Image:
    """An image of which only the header was read."""
    # Pillow warns about many pixels, for which we have our own limit, and about odd Exif, which is
    # no reason to refuse.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if image_format == "JPEG":
            # Not by way of Image.open: its bound on pixels would refuse phone photos that are read
            # at an eighth of their size. The first picture of an MPO file, Ultra HDR or motion
            # photo is the plain one.
            image: Image.Image = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
        else:
            know_readers()
            image = _by_pillow(data, image_format)
        exif = _exif(image)
        for tags in (exif, getattr(image, "tag_v2", {})):
            for tag in list(tags):
                tags.get(tag)  # read once, it is remembered
        return image


def _by_pillow(data: bytes, image_format: str) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=(image_format,))
    except UnidentifiedImageError:
        if image_format != "TIFF":
            raise
        return open_deep_tiff(data)


def _mended_and_headed(data: bytes, image_format: str, cause: str) -> Image.Image:
    try:
        return _headed(completed(data, cause), image_format)
    except PILLOW_COMPLAINTS as error:
        raise BadPhoto(
            "This photo is damaged: its header cannot be read.", cause=str(error)
        ) from error


def completed(data: bytes, cause: str = "") -> bytes:
    """The same photo with a clean header and an end. Raises BadPhoto where pixels are missing or
    nothing helps."""
    _refuse_a_part(data, cause)
    whole = mended(data, format_of(data[:START]))
    if whole == data:
        raise BadPhoto("This photo is damaged: only a part of it can be read.", cause=cause)
    return whole


def _refuse_a_part(data: bytes, cause: str = "") -> None:
    share = share_present(data, format_of(data[:START]))
    if share is not None and share < 1:
        percent = int(100 * share)
        raise BadPhoto(
            f"This photo is damaged: only {percent} % of it is there. Copy it again from its "
            "source.",
            percent=percent,
            cause=cause,
        )


def _may_lack_its_end(image: Image.Image, data: bytes) -> bool:
    """Whether a JPEG that was decoded looks as if its last pixels were filled in: such a file
    got an end from somebody who repaired or padded it. (The last pixel of one whole photo in
    thousands is that grey, too.)"""
    corner = image.getpixel((image.width - 1, image.height - 1))
    values = corner if isinstance(corner, tuple) else (corner,)
    return all(value in (GREYEST - 1, GREYEST) for value in values) or data.endswith(
        bytes(PADDING) + END_OF_IMAGE
    )


def _read_small(
    image: Image.Image, data: bytes, at_least: int | None, longer: int, limits: PhotoLimits
) -> float:
    """Ask for a fraction of a JPEG's size; how many bytes of memory decoding takes then. Raises
    BadPhoto when even that is more than there may be."""
    short = min(image.size)
    kept = _coefficient_bytes(image, data)
    pixels = image.width * image.height
    if image.format == "JPEG":
        wanted = (
            short
            if at_least is None
            else max(at_least, math.ceil(longer * short / max(image.size)), 1)
        )
        fitting = next(
            (
                part
                for part in (1, 2, 4)
                if _memory(image, pixels / part**2) + kept <= limits.max_memory
            ),
            8,
        )
        if wanted < short or fitting > 1:
            side = max(1, min(wanted, short // fitting))
            image.draft("RGB", (side, side))
    needed = _memory(image, image.width * image.height) + kept
    if needed > limits.max_memory:
        raise BadPhoto(
            f"This picture has {pixels / 1e6:.0f} million pixels, too many for this kind of file "
            "to be "
            "opened safely. Save it smaller.",
            pixels=pixels,
        )
    return needed


def _memory(image: Image.Image, pixels: float) -> float:
    told = getattr(image, "bytes_per_pixel", 0)
    return pixels * max(told, BYTES_PER_PIXEL.get(str(image.format), BYTES_PER_OTHER_PIXEL))


def _coefficient_bytes(image: Image.Image, data: bytes) -> float:
    """What libjpeg keeps of a JPEG besides its pixels: all coefficients, where they come in
    several scans."""
    layers = getattr(image, "layer", ())
    source = getattr(image, "fp", None)
    if image.format != "JPEG" or not layers or source is None:
        return 0.0
    scan = data.rfind(bytes((0xFF, START_OF_SCAN)), 0, source.tell())
    if not image.info.get("progressive") and data[scan + 4 : scan + 5] == bytes([len(layers)]):
        return 0.0
    samples = sum(across * down for _, across, down, _ in layers)
    fullest = max(across for _, across, _, _ in layers) * max(down for _, _, down, _ in layers)
    return BYTES_PER_COEFFICIENT * image.width * image.height * samples / max(fullest, 1)


@cache
def know_readers() -> None:
    """Load Pillow's readers, and teach it HEIC, when the first such photo is opened: nothing
    loads at import."""
    from pillow_heif import register_heif_opener

    Image.init()
    register_heif_opener()


def _holds_several(image: Image.Image) -> bool:
    try:
        return bool(
            getattr(image, "is_animated", False)
        )  # looks for a second one, and counts no further
    except PILLOW_COMPLAINTS:  # what follows the first picture may be damaged
        return False


def _is_raw(tags: Mapping[int, object]) -> bool:
    thumbnail_first = tags.get(SUBFILE_TYPE) == 1 and SUB_FILES in tags
    return DNG_VERSION in tags or thumbnail_first or tags.get(PHOTOMETRIC) in RAW_PHOTOMETRICS


def _upright(image: Image.Image, orientation: object) -> Image.Image:
    turn = TURNS.get(orientation) if isinstance(orientation, int) else None
    if turn is not None:
        image = image.transpose(turn)
    elif isinstance(image, ImageFile.ImageFile):
        image = image.copy()  # a plain one, which keeps no file's bytes
    image.info = {}
    return image


def _as_srgb(image: Image.Image, data: bytes) -> Image.Image:
    """RGB in the colours of sRGB; what is transparent is seen on white paper, as a browser shows
    it, and not on what lies under it."""
    profile = _profile(image, data)
    clear = _clear_colour(image, data)
    if image.mode in DEEP_GREYS:
        holes = _equal_to(image, clear) if clear is not None else None
        return _on_paper(eight_bits(image), holes, profile)
    if _holds_sixteen(image, data) and is_low(image):
        image = deep_picture(data)
        clear = None
    if clear is not None and image.mode in ("1", "L", "P", "RGB"):
        image.info["transparency"] = clear
        image = image.convert("LA" if image.mode in ("1", "L") else "RGBA")
    if image.mode in PLAIN_MODES:
        image = image.convert(PLAIN_MODES[image.mode])
    if image.mode == "LA":
        return _on_paper(image.getchannel("L"), image.getchannel("A"), profile)
    if image.mode == "RGBA":
        return _on_paper(image.convert("RGB"), image.getchannel("A"), profile)
    return _on_paper(image, None, profile)


def _on_paper(
    colours: Image.Image, opacity: Image.Image | None, profile: bytes | None
) -> Image.Image:
    shown = to_srgb(colours, profile)
    if opacity is not None and opacity.getextrema() != (255, 255):
        shown.paste((255, 255, 255), mask=ImageChops.invert(opacity))
    return shown


def _clear_colour(image: Image.Image, data: bytes) -> Any:
    """The colour that a PNG calls transparent, in the values of the pixels that Pillow makes of
    it."""
    clear = image.info.get("transparency")
    if image.format != "PNG" or isinstance(clear, bytes) or clear is None:
        return clear
    depth = data[PNG_DEPTH]
    if image.mode == "RGB" and depth == 16:
        return tuple(value >> 8 for value in clear)
    if image.mode in ("1", "L") and depth < 8:
        return clear * 255 // (2**depth - 1)
    return clear


def _holds_sixteen(image: Image.Image, data: bytes) -> bool:
    """Whether the file has 16 bits of each colour, of which Pillow gives the upper 8."""
    if image.mode not in ("RGB", "RGBA", "LA"):
        return False
    if image.format == "PNG":
        return data[PNG_DEPTH] == 16
    return (
        image.format == "TIFF"
        and first_of(getattr(image, "tag_v2", {}).get(BITS_PER_SAMPLE, 8)) == 16
    )


def _equal_to(image: Image.Image, value: int) -> Image.Image:
    """A mask that is 0 where a deep grey has this value."""
    return Image.fromarray(np.where(np.asarray(image) == value, 0, 255).astype(np.uint8))


def _profile(image: Image.Image, data: bytes) -> bytes | None:
    """The ICC profile of a photo's colours, or one that says what its file says in other words;
    None for sRGB."""
    if image.format == "PNG" and (coding := _png_coding(data)):
        return coding.profile()
    embedded = image.info.get("icc_profile")
    if isinstance(embedded, bytes) and embedded:
        return embedded
    if image.format == "PNG" and "srgb" not in image.info and image.info.get("gamma"):
        return gamma_profile(image.info.get("chromaticity"), image.info["gamma"])
    if image.format in ("HEIF", "AVIF") and (coding := _media_coding(image, data)):
        return coding.profile()
    return adobe_rgb() if _says_adobe_rgb(image) else None


def _png_coding(data: bytes) -> Coding | None:
    at = data.find(b"cICP", 0, max(data.find(b"IDAT"), 0))
    return Coding(data[at + 4], data[at + 5]) if at > 0 else None


def _media_coding(image: Image.Image, data: bytes) -> Coding | None:
    told = image.info.get("nclx_profile")
    if isinstance(told, dict):
        return Coding(told.get("color_primaries", 2), told.get("transfer_characteristics", 2))
    at = data.find(b"colrnclx")
    return Coding(*struct.unpack_from(">HH", data, at + 8)) if 0 < at < len(data) - 12 else None


def _says_adobe_rgb(image: Image.Image) -> bool:
    if ADOBE_RGB_MARK not in (image.info.get("exif") or b""):
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            told = _exif(image).get_ifd(INTEROPERABILITY)
        return str(told.get(1, "")).startswith(ADOBE_RGB_MARK.decode())
    except PILLOW_COMPLAINTS:
        return False


def _exif(image: Image.Image) -> Image.Exif:
    try:
        return image.getexif()
    except PILLOW_COMPLAINTS:  # damaged metadata is no reason to refuse the picture
        return Image.Exif()


def _camera(exif: Image.Exif) -> str:
    return " ".join(str(exif.get(MODEL, "")).replace("\0", " ").split())[:60]


def _taken_at(exif: Image.Exif) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            detail: dict[int, Any] = exif.get_ifd(EXIF_IFD)
    except PILLOW_COMPLAINTS:
        return None
    date, _, time = str(detail.get(TAKEN, "")).strip("\0 ").partition(" ")
    if (
        not (date + time).replace(":", "").isdigit()
        or len(date) != 10
        or len(time) != 8
        or date.startswith("0000")
    ):
        return None  # cameras without a clock write blanks or zeros
    fraction = "".join(c for c in str(detail.get(TAKEN_SUBSECOND, "")) if c.isdigit())
    offset = str(detail.get(TAKEN_OFFSET, "")).strip("\0 ")
    moment = f"{date.replace(':', '-')}T{time}" + (f".{fraction}" if fraction else "")
    return moment + (offset if len(offset) == 6 else "")
