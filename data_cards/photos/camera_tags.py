"""What is kept of a camera's Exif: orientation, camera and time, each only in the form that cameras
write. Anything else in these fields was written by a person.

    allowed_exif(data)       an Exif block (TIFF bytes)
"""

from __future__ import annotations

import re
import warnings
from datetime import datetime

from PIL import Image

from data_cards.photos.image import (
    EXIF_IFD,
    MODEL,
    ORIENTATION,
    PILLOW_COMPLAINTS,
    TAKEN,
    TAKEN_OFFSET,
    TAKEN_SUBSECOND,
    TURNS,
    read_exif,
)

MAKE = 0x010F
# Makers as they spell themselves, folded; "simulated phone" is the museum's.
MAKERS = frozenset(
    (
        "apple",
        "samsung",
        "samsung techwin",
        "samsung electronics",
        "google",
        "canon",
        "nikon",
        "nikon corporation",
        "sony",
        "sony ericsson",
        "sony interactive entertainment",
        "fujifilm",
        "olympus",
        "olympus corporation",
        "olympus imaging corp.",
        "olympus optical co.,ltd",
        "om digital solutions",
        "panasonic",
        "leica",
        "leica camera ag",
        "xiaomi",
        "redmi",
        "poco",
        "huawei",
        "honor",
        "oneplus",
        "oppo",
        "vivo",
        "realme",
        "motorola",
        "lge",
        "lg electronics",
        "htc",
        "nokia",
        "hmd global",
        "asus",
        "asus_ai2302",
        "zte",
        "lenovo",
        "microsoft",
        "blackberry",
        "fairphone",
        "nothing",
        "tecno",
        "infinix",
        "dji",
        "gopro",
        "insta360",
        "ricoh",
        "ricoh imaging company, ltd.",
        "pentax",
        "pentax corporation",
        "pentax ricoh imaging",
        "hasselblad",
        "phase one",
        "mamiya",
        "sigma",
        "kodak",
        "eastman kodak company",
        "jk imaging, ltd.",
        "casio",
        "casio computer co.,ltd.",
        "konica minolta",
        "minolta co., ltd.",
        "epson",
        "seiko epson corp.",
        "hewlett-packard",
        "hp",
        "polaroid",
        "raspberrypi",
        "raspberry pi",
        "parrot",
        "simulated phone",
    )
)
# Or one plain word, as a new maker's name would be.
PLAIN_WORD = re.compile(r"[A-Z][a-z]{2,11}")
# A camera's model is made of codes ("SM-S918B", "D3500", "ILCE-7M4", "A2111") and of these words.
CODE = re.compile(r"[A-Z]{0,4}|(?=.*[0-9])[A-Z]{0,4}[0-9][A-Z0-9]{0,9}[a-z]{0,2}|i?[0-9]{1,2}")
_MODEL_WORDS = (
    "iphone ipad ipod touch air pixel galaxy note tab fold flip redmi mi poco moto nexus xperia "
    "one power play edge plus pro max mini ultra lite neo fusion edition se xl fe go hero black "
    "white session mavic phantom inspire spark osmo action pocket eos rebel kiss powershot ixus "
    "ixy g digital coolpix nikon canon sony olympus pentax ricoh leica kodak casio fujifilm "
    "panasonic lumix finepix exilim optio easyshare cybershot cyber shot alpha stylus tough pen om "
    "zenfone honor nova mate nord reno find phone lumia simulated camera zoom mark ii iii iv "
    "vi vii viii gr theta visitor huawei oneplus motorola samsung nokia"
)
MODEL_WORDS = frozenset(_MODEL_WORDS.split())
LONGEST_MODEL = 40
WHEN = re.compile(r"\d{4}:\d\d:\d\d \d\d:\d\d:\d\d")
CLOCK = "%Y:%m:%d %H:%M:%S"
FRACTION = re.compile(r"\d{1,6}")
OFFSET = re.compile(r"[+-](0\d|1[0-4]):(00|15|30|45)")


def allowed_exif(data: bytes) -> bytes:
    """An Exif block (TIFF bytes, without the "Exif\\0\\0" lead) with what may be kept; empty when
    nothing is."""
    kept = Image.Exif()
    with_everything = read_exif(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, about tags that are cut off
            detail = dict(with_everything.get_ifd(EXIF_IFD))
            found = {tag: with_everything.get(tag) for tag in (ORIENTATION, MAKE, MODEL)}
        if found[ORIENTATION] in (1, *TURNS):
            kept[ORIENTATION] = found[ORIENTATION]
        for tag, told in ((MAKE, maker(found[MAKE])), (MODEL, model(found[MODEL]))):
            if told:
                kept[tag] = told
        moments = {
            TAKEN: moment(detail.get(TAKEN)),
            TAKEN_SUBSECOND: _matching(FRACTION, detail.get(TAKEN_SUBSECOND)),
            TAKEN_OFFSET: _matching(OFFSET, detail.get(TAKEN_OFFSET)),
        }
        if moments[TAKEN]:  # the others say nothing without it
            kept.get_ifd(EXIF_IFD).update({tag: text for tag, text in moments.items() if text})
        return (
            kept.tobytes().removeprefix(b"Exif\0\0") if len(kept) or kept.get_ifd(EXIF_IFD) else b""
        )
    except PILLOW_COMPLAINTS:  # unreadable metadata is metadata we do not keep
        return b""


def maker(value: object) -> str:
    """The maker of a camera, where it is one.

    >>> maker("Apple"), maker("NIKON CORPORATION\\0"), maker("Ann Smith, 12 Elm Street")
    ('Apple', 'NIKON CORPORATION', '')
    """
    text = _text(value)
    return text if text.casefold() in MAKERS or PLAIN_WORD.fullmatch(text) else ""


def model(value: object) -> str:
    """The model of a camera, where it reads like one.

    >>> model("iPhone 15 Pro Max"), model("SM-S918B"), model("Ann's phone")
    ('iPhone 15 Pro Max', 'SM-S918B', '')
    """
    text = _text(value)
    words = re.split(r"[ ()/_+-]+", text)
    reads = all(word.casefold() in MODEL_WORDS or CODE.fullmatch(word) for word in words)
    return text if reads and len(text) <= LONGEST_MODEL else ""


def moment(value: object) -> str:
    """When a photo was taken, as cameras write it, where that is a time that there was."""
    text = _text(value)
    try:
        return text if WHEN.fullmatch(text) and datetime.strptime(text, CLOCK) else ""
    except ValueError:
        return ""


def _matching(pattern: re.Pattern[str], value: object) -> str:
    text = _text(value)
    return text if pattern.fullmatch(text) else ""


def _text(value: object) -> str:
    """A tag's text without the zeros and blanks that cameras fill up with."""
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return value.strip("\0 ") if isinstance(value, str) and value.isascii() else ""
