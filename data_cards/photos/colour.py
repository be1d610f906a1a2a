"""Colours as a screen shows them: pixels with a colour profile become sRGB.

    to_srgb(image, profile)      RGB, L, CMYK or LAB -> RGB

A profile equal to sRGB costs nothing: each profile is tried once on a few colours, and the result
is remembered. A profile that is broken, hostile or of another colour space than the pixels is
ignored, as in browsers.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from PIL import Image, ImageCms

from data_cards.photos.plain_profile import HEADER, joined

# Printers' profiles have up to 3 MB; what is larger is no profile of a photo.
MOST_BYTES = 4_000_000
# Levels of 255: a profile that moves no colour further than this is sRGB under another name.
SAME = 2
PLAUSIBLE_CLASSES = ("mntr", "scnr", "prtr", "spac")
SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}
# A profile is believed where paper stays light and ink dark; both are far inside what real profiles
# do.
LEAST_WHITE = 160
MOST_BLACK = 110
PROFILE_COMPLAINTS = (
    ImageCms.PyCMSError,
    OSError,
    ValueError,
    TypeError,
    MemoryError,
    OverflowError,
)
# What may be chained without an end, so that one profile could keep a processor busy for minutes.
ENDLESS_TAGS = (b"D2B0", b"D2B1", b"D2B2", b"D2B3")

Chromaticities = tuple[float, ...]  # x and y of white, red, green and blue
D65 = (0.3127, 0.3290)
ADOBE_RGB = (*D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
ADOBE_GAMMA = 563 / 256
# By the number of ITU-T H.273, which PNG, HEIF and AVIF write.
PRIMARIES: dict[int, Chromaticities] = {
    1: (*D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06),
    9: (*D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
}
SRGB_CURVE = 13
LINEAR = 8
PQ = 16
HLG = 18
# Nits: white paper in a high-dynamic-range picture (ITU-R BT.2408); what is brighter is clipped.
PAPER_WHITE = 203.0


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """An RGB image of one in mode RGB, L, CMYK or LAB; an RGB one is changed. `profile`: an ICC
    profile's bytes, if the photo has one."""
    if image.mode == "LAB":
        return _lab_to_srgb().apply(image)
    if profile:
        space = _space(profile)
        if space == "RGB" and image.mode == "L":
            image = image.convert("RGB")
        found = _conversion(profile, image.mode) if SPACES.get(image.mode) == space else None
        if found and image.mode == "RGB":
            found.apply_in_place(image)  # a large picture is not held twice
        elif found:
            return found.apply(image)
    return image if image.mode == "RGB" else image.convert("RGB")


def changes_colours(profile: bytes | None, mode: str) -> bool:
    """Whether pixels of this mode look different once the profile is applied."""
    return bool(profile) and _conversion(profile or b"", mode) is not None


@lru_cache(maxsize=16)
def _space(profile: bytes) -> str:
    """RGB, GRAY or CMYK; empty for what is no profile we would apply."""
    if len(profile) > MOST_BYTES or profile[36:40] != b"acsp" or _has_endless_tags(profile):
        return ""
    if profile[12:16].decode("latin-1") not in PLAUSIBLE_CLASSES:
        return ""
    return profile[16:20].decode("latin-1").strip()


def _has_endless_tags(profile: bytes) -> bool:
    count = int.from_bytes(profile[128:132], "big")
    tags = profile[132 : 132 + 12 * min(count, 200)]
    return any(tags[at : at + 4] in ENDLESS_TAGS for at in range(0, len(tags), 12))


@lru_cache(maxsize=16)
def _conversion(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The conversion from these pixels to sRGB; None if none is needed, or if the profile cannot be
    trusted."""
    if _space(profile) != SPACES.get(mode):
        return None
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        # Without a memory of the last pixel: in photos it is a fifth slower, and several threads
        # share a transform.
        found = ImageCms.buildTransform(
            opened, _srgb(), mode, "RGB", ImageCms.Intent.PERCEPTUAL, ImageCms.Flags.NOCACHE
        )
        tried = _tried(found, mode)
    except PROFILE_COMPLAINTS:  # a broken profile is no reason to refuse the photo
        return None
    return found if _is_believable(found, mode) and tried > SAME else None


def _tried(found: ImageCms.ImageCmsTransform, mode: str) -> float:
    """How far the colours of a lattice are moved at most, in levels of 255; CMYK always is."""
    if mode == "CMYK":
        return 255.0
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    lattice = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    if mode == "L":
        lattice = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=2)
    before = Image.fromarray(lattice[..., 0] if mode == "L" else lattice)
    after = np.asarray(found.apply(before), np.int16)
    return float(np.abs(after - lattice).max())


def _is_believable(found: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether greys stay in order, from dark ink to light paper."""
    ramp = np.linspace(0, 255, 18).astype(np.uint8)[None]
    if mode == "CMYK":
        ink = 255 - ramp
        greys = Image.merge("CMYK", [Image.fromarray(ink)] * 4)
    else:
        greys = Image.fromarray(ramp).convert(mode)
    light = np.asarray(found.apply(greys).convert("L"), np.int16)[0]
    in_order = bool((np.diff(light) >= -SAME).all())
    return in_order and light[-1] >= LEAST_WHITE and light[0] <= MOST_BLACK


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@cache
def _lab_to_srgb() -> ImageCms.ImageCmsTransform:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    return ImageCms.buildTransform(lab, _srgb(), "LAB", "RGB", ImageCms.Intent.PERCEPTUAL)


@dataclass(frozen=True)
class Coding:
    """Colours as numbers of ITU-T H.273: which primaries, and which curve from signal to light."""

    primaries: int
    transfer: int

    def profile(self) -> bytes | None:
        """An ICC profile that says the same; None for plain sRGB and for numbers that say
        nothing."""
        return _coded(self.primaries, self.transfer)


@cache
def _coded(primaries: int, transfer: int) -> bytes | None:
    known = PRIMARIES.get(primaries)
    if known is None or (primaries == 1 and transfer not in (LINEAR, PQ, HLG)):
        return None
    return matrix_profile(known, CURVES.get(transfer, _srgb_light))


@cache
def adobe_rgb() -> bytes:
    """A profile of the colours that cameras mean by "Adobe RGB"."""
    return matrix_profile(ADOBE_RGB, gamma_light(ADOBE_GAMMA))


@lru_cache(maxsize=16)
def gamma_profile(colours: Chromaticities | None, gamma: float) -> bytes | None:
    """A profile of what a PNG says about its colours: chromaticities (sRGB's by default), and
    the gamma it was encoded with (about 0.45); None where that makes no sense."""
    if not 0.1 < gamma < 2:
        return None
    try:
        return matrix_profile(colours or PRIMARIES[1], gamma_light(1 / gamma))
    except (ValueError, ZeroDivisionError, OverflowError, struct.error):
        return None


def gamma_light(gamma: float) -> Callable[[np.ndarray], np.ndarray]:
    """Signal (0 to 1) -> light, for a power curve."""
    return lambda signal: signal**gamma


def _srgb_light(signal: np.ndarray) -> np.ndarray:
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


def _pq_light(signal: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084, in units of white paper."""
    root = signal ** (1 / 78.84375)
    nits = 10_000 * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (
        1 / 0.1593017578125
    )
    return np.clip(nits / PAPER_WHITE, 0, 1)


def _hlg_light(signal: np.ndarray) -> np.ndarray:
    """ITU-R BT.2100 hybrid log-gamma, in units of white paper, which is a signal of 75 %."""

    def scene(value: np.ndarray) -> np.ndarray:
        a = 0.17883277
        b = 0.28466892
        c = 0.55991073
        return np.where(value <= 0.5, value**2 / 3, (np.exp((value - c) / a) + b) / 12)

    return np.clip((scene(signal) / scene(np.array(0.75))) ** 1.2, 0, 1)


CURVES: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    LINEAR: gamma_light(1.0),
    SRGB_CURVE: _srgb_light,
    4: gamma_light(2.2),
    5: gamma_light(2.8),
    PQ: _pq_light,
    HLG: _hlg_light,
}
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
D50 = np.array([0.9642, 1.0, 0.8249])


def matrix_profile(colours: Chromaticities, light: Callable[[np.ndarray], np.ndarray]) -> bytes:
    """An ICC profile (version 2, matrix and curve). `colours`: x and y of white, red, green and
    blue; `light`: signal 0 to 1 -> light 0 to 1.

    Raises ValueError for chromaticities that span no space.
    """
    xyz = np.array(
        [[x / y, 1.0, (1 - x - y) / y] for x, y in zip(colours[::2], colours[1::2], strict=True)]
    )
    white = xyz[0]
    primaries = xyz[1:].T
    try:
        scaled = primaries * np.linalg.solve(primaries, white)
    except np.linalg.LinAlgError as error:
        raise ValueError("these primaries span no space") from error
    cones = np.diag((BRADFORD @ D50) / (BRADFORD @ white))
    adapted = np.linalg.inv(BRADFORD) @ cones @ BRADFORD @ scaled
    table = np.round(np.clip(light(np.linspace(0, 1, 1024)), 0, 1) * 65535).astype(">u2")
    curve = b"curv\0\0\0\0" + struct.pack(">I", len(table)) + table.tobytes()
    tags = {
        b"desc": _description(b"Vitrine"),
        b"cprt": b"text\0\0\0\0none\0\0\0\0",
        b"wtpt": _xyz(D50),
    }
    tags |= {
        name: _xyz(adapted[:, number]) for number, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))
    }
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return _profile_of(tags)


def _profile_of(tags: dict[bytes, bytes]) -> bytes:
    head = struct.pack(">8xI4s4s4s", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H4s28s", 2026, 1, 1, 0, 0, 0, b"acsp", b"") + _xyz(D50)[8:]
    return joined(head.ljust(HEADER, b"\0"), tags.items())


def _xyz(values: np.ndarray) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(float(value) * 65536) for value in values))


def _description(name: bytes) -> bytes:
    return b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name + b"\0" + bytes(78)
