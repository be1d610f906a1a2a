"""What shows nothing has no answer; what shows little has one."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from train.images.blank import shows_nothing


def photo(pixels, grain=0.0, size=(240, 320)):
    rng = np.random.default_rng(0)
    rows = np.broadcast_to(np.asarray(pixels, float), (*size, 3)) + rng.normal(0, grain, (*size, 3))
    return Image.fromarray(np.clip(rows, 0, 255).astype(np.uint8))


FALLOFF = np.linspace(30, 220, 320)[None, :, None]


@pytest.mark.parametrize("grain", [0.0, 3.0, 10.0])
@pytest.mark.parametrize("colour", [0, 128, 255, (120, 20, 10), FALLOFF])
def test_one_colour_shows_nothing_with_grain_and_uneven_light(colour, grain):
    assert shows_nothing(photo(colour, grain))


def dark_thing():
    rows = np.full((240, 320, 3), 4.0)
    rows[60:180, 80:240] = 14.0
    return rows


def line():
    rows = np.full((240, 320, 3), 240.0)
    rows[118:122] = 60.0
    return rows


@pytest.mark.parametrize("shown", [dark_thing(), line()])
def test_a_dark_thing_and_a_line_on_paper_are_something(shown):
    assert not shows_nothing(photo(shown, 2.0))


def scene(size=(320, 240)):
    """A table before a wall, and on it a few things."""
    picture = Image.new("RGB", size, (150, 140, 120))
    pen = ImageDraw.Draw(picture)
    wide, high = size
    pen.rectangle((0, 0.6 * high, wide, high), fill=(90, 60, 40))
    for number, colour in enumerate([(200, 30, 30), (30, 90, 200), (230, 200, 60)]):
        left = wide * (0.15 + 0.25 * number)
        pen.ellipse((left, 0.35 * high, left + 0.2 * wide, 0.75 * high), fill=colour)
    return picture


def sent(picture, quality=80):
    """As a phone sends it."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return Image.open(out).convert("RGB")


@pytest.mark.parametrize("share", [0.1, 0.15, 0.2])
def test_what_is_so_blurred_that_no_edge_is_left_shows_nothing(share):
    blurred = scene().filter(ImageFilter.GaussianBlur(share * 240))
    assert shows_nothing(blurred) and shows_nothing(sent(blurred))
    faint = Image.blend(blurred, Image.new("RGB", blurred.size, (128, 128, 128)), 0.8)
    assert shows_nothing(faint), "what rounding leaves is no edge"
    larger = scene((640, 480)).filter(ImageFilter.GaussianBlur(share * 480))
    assert shows_nothing(larger), "whatever its size"


@pytest.mark.parametrize("share", [0, 0.01, 0.02])
def test_a_photo_a_little_out_of_focus_shows_something(share):
    assert not shows_nothing(sent(scene().filter(ImageFilter.GaussianBlur(share * 240))))


def noises():
    rng = np.random.default_rng(3)
    return {
        "uniform": rng.integers(0, 256, (240, 320, 3)),
        "grey": np.repeat(rng.normal(128, 50, (240, 320, 1)), 3, axis=2),
        "of a lens cap": rng.normal(6, 25, (240, 320, 3)),
        "single points": np.where(rng.random((240, 320, 1)) < 0.05, 255.0, 0.0).repeat(3, axis=2),
        "large": rng.normal(90, 60, (900, 1200, 3)),
        "small": rng.integers(0, 256, (64, 48, 3)),
    }


@pytest.mark.parametrize("kind", noises())
def test_noise_shows_nothing(kind):
    noise = Image.fromarray(np.clip(noises()[kind], 0, 255).astype(np.uint8))
    assert shows_nothing(noise)
    assert kind == "small" or shows_nothing(sent(noise))


@pytest.mark.parametrize("grain", [10, 30, 60])
def test_a_grainy_photo_shows_something(grain):
    grainy = np.asarray(scene(), float) + np.random.default_rng(1).normal(0, grain, (240, 320, 3))
    assert not shows_nothing(Image.fromarray(np.clip(grainy, 0, 255).astype(np.uint8)))


def weave(step=6):
    """Cloth: fine threads that repeat, and fill the frame."""
    down, across = np.mgrid[:240, :320]
    rows = 120 + 60 * np.sin(down * 2 * np.pi / step) * np.sin(across * 2 * np.pi / step)
    fold = 25 * np.sin(across / 40) ** 3
    return np.repeat((rows + fold)[..., None], 3, axis=2)


def gravel():
    """Stones of a few pixels."""
    rng = np.random.default_rng(2)
    coarse = Image.fromarray(rng.integers(40, 220, (60, 80), dtype=np.uint8))
    return np.repeat(np.asarray(coarse.resize((320, 240)), float)[..., None], 3, axis=2)


@pytest.mark.parametrize("texture", [weave(), weave(8), gravel()])
def test_cloth_and_gravel_are_no_noise(texture):
    assert not shows_nothing(Image.fromarray(texture.astype(np.uint8)))
