"""Colours as a screen shows them, whatever profile a photo brings."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from data_cards.errors import BadPhoto
from data_cards.photos.colour import adobe_rgb, changes_colours, to_srgb
from data_cards.photos.image import open_photo, thumbnail
from data_cards.photos.metadata import stored_form

# Columns of the matrix from linear light to XYZ at D50, as the profiles of Apple, Adobe and Kodak
# have them.
DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
ADOBE_RGB = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))
PROPHOTO = ((0.7977, 0.2880, 0.0000), (0.1352, 0.7119, 0.0000), (0.0313, 0.0001, 0.8249))
SRGB = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
ROTATED = (SRGB[1], SRGB[2], SRGB[0])


STRAIGHT = struct.pack(">4s4xI", b"curv", 0)


def icc(columns=None, curve=STRAIGHT, space=b"RGB ", kind=b"mntr") -> bytes:
    """The smallest ICC profile: a matrix and a curve, or a curve alone for greys."""

    def xyz(values):
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))

    tags = [(b"wtpt", xyz((0.9642, 1.0, 0.8249)))]
    if columns:
        tags += [
            (name, xyz(column))
            for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)
        ]
        tags += [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")]
    else:
        tags.append((b"kTRC", curve))
    index = b""
    body = b""
    at = 132 + 12 * len(tags)
    for name, content in tags:
        index += struct.pack(">4sII", name, at + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(
        ">I4xI4s4s4s12x4s28x3i",
        at + len(body),
        0x02400000,
        kind,
        space,
        b"XYZ ",
        b"acsp",
        63190,
        65536,
        54061,
    )
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + index + body


def srgb_curve() -> bytes:
    signal = np.linspace(0, 1, 1024)
    light = np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)
    return struct.pack(">4s4xI", b"curv", 1024) + np.round(light * 65535).astype(">u2").tobytes()


def gamma(value: float) -> bytes:
    return struct.pack(">4s4xIH", b"curv", 1, round(value * 256))


def flat(colour, mode="RGB", size=(16, 16)) -> Image.Image:
    return Image.new(mode, size, colour)


def encoded(image, format, **options) -> bytes:
    import pillow_heif

    pillow_heif.register_heif_opener()
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def middle(data: bytes):
    image = open_photo(data)
    return image.getpixel((image.width // 2, image.height // 2))


def near(colour, wanted, by=3) -> bool:
    return all(abs(one - other) <= by for one, other in zip(colour, wanted, strict=True))


# What sRGB's red, green, blue and a brown are in other spaces: published conversions, not made with
# our own code.
PATCHES = [
    ("display-p3", DISPLAY_P3, srgb_curve(), (234, 51, 35), (255, 0, 0)),
    ("display-p3", DISPLAY_P3, srgb_curve(), (117, 251, 76), (0, 255, 0)),
    ("display-p3", DISPLAY_P3, srgb_curve(), (0, 0, 245), (0, 0, 255)),
    ("adobe-rgb", ADOBE_RGB, gamma(563 / 256), (219, 0, 0), (255, 0, 0)),
    ("adobe-rgb", ADOBE_RGB, gamma(563 / 256), (128, 128, 128), (127, 127, 127)),
    ("prophoto", PROPHOTO, gamma(1.8), (179, 70, 26), (255, 0, 0)),
    ("linear", SRGB, gamma(1.0), (55, 55, 55), (128, 128, 128)),
    ("a channel for another", ROTATED, srgb_curve(), (0, 0, 255), (255, 0, 0)),
]


@pytest.mark.parametrize(("name", "columns", "curve", "written", "seen"), PATCHES)
@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("JPEG", {"quality": 100, "subsampling": 0}),
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("TIFF", {}),
    ],
)
def test_a_patch_has_the_colour_that_its_profile_means(
    name, columns, curve, written, seen, format, options
):
    data = encoded(flat(written), format, icc_profile=icc(columns, curve), **options)
    by = 4 if seen == (0, 255, 0) else 3  # 117 is a rounded number, where the curve is steep
    assert near(middle(data), seen, by)


@pytest.mark.parametrize(
    ("format", "options"), [("HEIF", {"quality": -1}), ("AVIF", {"quality": 100}), ("TIFF", {})]
)
def test_a_profile_is_not_lost_when_a_file_is_re_encoded(format, options):
    data = encoded(
        flat((234, 51, 35), size=(64, 64)),
        format,
        icc_profile=icc(DISPLAY_P3, srgb_curve()),
        **options,
    )
    kept = stored_form(data)
    assert near(middle(data), (255, 0, 0), 5)
    assert near(middle(kept), (255, 0, 0), 5)
    plain = Image.open(io.BytesIO(kept)).getpixel((30, 30))
    assert near(plain, (255, 0, 0), 5), "even for readers that ignore profiles"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_profile_travels_with_pixels_that_are_kept(format):
    profile = icc(DISPLAY_P3, srgb_curve())
    kept = stored_form(encoded(flat((234, 51, 35)), format, icc_profile=profile))
    assert Image.open(io.BytesIO(kept)).info["icc_profile"] == profile


def test_thumbnails_are_plain_srgb():
    small = Image.open(
        io.BytesIO(
            thumbnail(
                encoded(
                    flat((234, 51, 35), size=(200, 200)),
                    "JPEG",
                    quality=100,
                    icc_profile=icc(DISPLAY_P3, srgb_curve()),
                ),
                50,
            )
        )
    )
    assert near(small.getpixel((20, 20)), (255, 0, 0), 5) and "icc_profile" not in small.info


def test_transparent_pictures_and_palettes_have_their_colours_converted_too():
    profile = icc(DISPLAY_P3, srgb_curve())
    half = encoded(
        Image.merge("RGBA", [*flat((234, 51, 35)).split(), flat(128, "L")]),
        "PNG",
        icc_profile=profile,
    )
    assert near(middle(half), (255, 127, 127))
    assert near(
        middle(encoded(flat((234, 51, 35)).quantize(4), "PNG", icc_profile=profile)), (255, 0, 0)
    )


def test_a_grey_profile_is_applied_to_greys():
    profile = icc(curve=gamma(1.0), space=b"GRAY")
    assert near(middle(encoded(flat(55, "L"), "PNG", icc_profile=profile)), (128,) * 3)
    assert near(middle(encoded(flat((55, 255), "LA"), "PNG", icc_profile=profile)), (128,) * 3)
    deep = Image.fromarray(np.array([[0, 55 * 257, 65535]], np.uint16))
    assert near(open_photo(encoded(deep, "PNG", icc_profile=profile)).getpixel((1, 0)), (128,) * 3)


def test_a_grey_photo_with_the_profile_of_colours_follows_its_curve():
    assert near(
        middle(encoded(flat(55, "L"), "JPEG", quality=100, icc_profile=icc(SRGB, gamma(1.0)))),
        (128,) * 3,
    )


@pytest.mark.parametrize("curve", [srgb_curve(), gamma(2.2)])
def test_srgb_under_any_name_costs_nothing(curve):
    differs = changes_colours(icc(SRGB, curve), "RGB")
    assert differs is (curve == gamma(2.2))
    built_in = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert not changes_colours(built_in, "RGB")


def test_cmyk_means_the_same_with_adobes_inverted_numbers_and_in_a_tiff():
    ink = flat((0, 255, 255, 0), "CMYK")
    for data in (encoded(ink, "JPEG", quality=100), encoded(ink, "TIFF")):
        assert near(middle(data), (255, 0, 0), 4)


def test_lab_is_shown_in_colour():
    red = Image.merge("LAB", [flat(value, "L") for value in (136, 209, 198)])  # L 53, a 81, b 70
    assert near(middle(encoded(red, "TIFF")), (255, 0, 0), 12)
    grey = Image.merge("LAB", [flat(value, "L") for value in (137, 128, 128)])
    assert near(middle(encoded(grey, "TIFF")), (128, 128, 128), 3)


def test_a_camera_that_says_adobe_rgb_in_its_exif_alone_is_believed_and_remembered():
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    data = encoded(flat((219, 0, 0)), "JPEG", quality=100, subsampling=0, exif=exif)
    assert near(middle(data), (255, 0, 0))
    kept = stored_form(data)
    assert near(middle(kept), (255, 0, 0))
    assert Image.open(io.BytesIO(kept)).info["icc_profile"] == adobe_rgb()
    assert stored_form(kept) == kept


@pytest.mark.parametrize(
    ("coded", "written", "seen"),
    [
        ((12, 13), (234, 51, 35), (255, 0, 0)),
        ((1, 13), (234, 51, 35), (234, 51, 35)),
        ((1, 8), (55, 55, 55), (128, 128, 128)),
        ((2, 2), (234, 51, 35), (234, 51, 35)),
    ],
)
def test_colours_that_are_told_by_number_are_converted(coded, written, seen):
    from PIL import PngImagePlugin

    info = PngImagePlugin.PngInfo()
    info.add(b"cICP", bytes([*coded, 0, 1]))
    assert near(middle(encoded(flat(written), "PNG", pnginfo=info)), seen)
    avif = encoded(flat(written, size=(64, 64)), "AVIF", quality=100)
    at = avif.index(b"colrnclx") + 8
    assert near(middle(avif[:at] + struct.pack(">HH", *coded) + avif[at + 4 :]), seen, 5)


def test_a_png_that_tells_its_gamma_is_shown_as_light_as_it_is():
    from PIL import PngImagePlugin

    info = PngImagePlugin.PngInfo()
    info.add(b"gAMA", struct.pack(">I", 100_000))
    assert near(middle(encoded(flat((55, 55, 55)), "PNG", pnginfo=info)), (128, 128, 128))
    usual = PngImagePlugin.PngInfo()
    usual.add(b"gAMA", struct.pack(">I", 45_455))
    assert near(middle(encoded(flat((55, 155, 255)), "PNG", pnginfo=usual)), (55, 155, 255), 6)


WHOLE = icc(DISPLAY_P3, srgb_curve())
HOSTILE = {
    "noise": bytes(range(256)) * 8,
    "nothing": b"\0" * 600,
    "cut": WHOLE[:300],
    "short": WHOLE[:100],
    "huge": WHOLE + bytes(5_000_000),
    "all black": icc(DISPLAY_P3, struct.pack(">4s4xI", b"curv", 2) + bytes(4)),
    "no light": icc(((0, 0, 0),) * 3),
    "inverted": icc(SRGB, struct.pack(">4s4xI2H", b"curv", 2, 65535, 0)),
    "a printer's for colours": icc(SRGB, space=b"CMYK"),
    "of greys for colours": icc(space=b"GRAY"),
    "a link": icc(SRGB, gamma(1.0), kind=b"link"),
    "an abstract one": icc(SRGB, gamma(1.0), kind=b"abst"),
    "many tags": WHOLE[:128] + struct.pack(">I", 2**31) + WHOLE[132:],
    "endless": (WHOLE[:132] + b"D2B0" + WHOLE[136:]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_profile_loses_nothing_and_the_photo_counts_as_srgb(name):
    data = encoded(flat((200, 100, 50)), "PNG", icc_profile=HOSTILE[name])
    assert middle(data) == (200, 100, 50)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_damaged_profile_never_refuses_a_photo(data):
    profile = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 8))):
        profile[data.draw(st.integers(0, 400))] = data.draw(st.integers(0, 255))
    shown = to_srgb(flat((200, 100, 50)), bytes(profile))
    assert (shown.mode, shown.size) == ("RGB", (16, 16))


@given(st.binary(max_size=300))
def test_bytes_that_are_no_profile_are_passed_over(data):
    try:
        assert middle(encoded(flat((200, 100, 50)), "PNG", icc_profile=data)) == (200, 100, 50)
    except BadPhoto:
        pytest.fail("a photo was refused for its profile")


def test_everybody_sees_the_same_red(tmp_path):
    """The network, the small copies of a training, the light table and a catalogue's pictures."""
    from curation.decisions.reference_pictures import SIDE
    from curation.ingest.collect import collect
    from data_cards.dataset.repo import open_dataset
    from train.images.image_cache import fill_image_cache
    from train.images.preprocessing import Preprocessing

    wide = encoded(flat((234, 51, 35), size=(320, 240)), "JPEG", quality=100, icc_profile=WHOLE)
    for folder in ("photos/mug", "photos/references"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "photos/mug/a.jpg").write_bytes(wide)
    (tmp_path / "photos/classes.csv").write_text("class,image\nmug,references/mug.jpg\n")
    (tmp_path / "photos/references/mug.jpg").write_bytes(wide)
    collect(tmp_path / "photos", str(tmp_path / "dataset"))
    dataset = open_dataset(str(tmp_path / "dataset"))
    (stored,) = (dataset.read_photo(image_id) for image_id in dataset.photos())
    reference = dataset.reference("mug")
    assert reference is not None
    seen = [
        Preprocessing().image(stored),
        fill_image_cache(tmp_path / "shelf", [("a", stored)], 128).photo("a"),
        Image.open(io.BytesIO(thumbnail(stored, SIDE))),
        Image.open(io.BytesIO(reference)),
    ]
    assert all(near(image.getpixel((60, 60)), (255, 0, 0), 5) for image in seen)
