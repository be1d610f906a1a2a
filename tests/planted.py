"""Trouble planted into photos: what a lens, a hurried hand, a web page and a careless download do to them.

    PLANTED["motion blur"](photo, random.Random(0)) -> photo
"""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont

Plant = Callable[[Image.Image, random.Random], Image.Image]
Colour = tuple[int, int, int]
SCREENS = ((1080, 1920), (1080, 2340), (1170, 2532), (720, 1600), (750, 1334))
WINDOWS = ((1920, 1080), (1366, 768), (1440, 900))


def dark(photo: Image.Image, rng: random.Random) -> Image.Image:
    """Taken in a cellar."""
    return ImageEnhance.Brightness(photo).enhance(rng.uniform(0.04, 0.1))


def bright(photo: Image.Image, rng: random.Random) -> Image.Image:
    """Taken against the sun."""
    return Image.fromarray(255 - ((255 - np.asarray(photo)) * rng.uniform(0.05, 0.12)).astype(np.uint8))


def out_of_focus(photo: Image.Image, rng: random.Random) -> Image.Image:
    """The lens looked at something else."""
    return photo.filter(ImageFilter.GaussianBlur(max(photo.size) / rng.uniform(60, 100)))


def shaken(photo: Image.Image, rng: random.Random) -> Image.Image:
    """Smeared along a line of any direction, an eighteenth of the photo long."""
    angle, length = rng.uniform(0, 180), max(9, max(photo.size) // 18)
    # A photo inside out by reflection, so that turning it back and forth leaves no corners.
    x, y = photo.width // 2, photo.height // 2
    grown = Image.fromarray(np.pad(np.asarray(photo), ((y, y), (x, x), (0, 0)), "reflect"))
    turned = np.asarray(grown.rotate(angle, Image.Resampling.BICUBIC)).astype(np.float32)
    sums = np.cumsum(np.pad(turned, ((0, 0), (length, 0), (0, 0)), "edge"), axis=1)
    smeared = Image.fromarray(((sums[:, length:] - sums[:, :-length]) / length).astype(np.uint8))
    back = smeared.rotate(-angle, Image.Resampling.BICUBIC)
    return back.crop((x, y, x + photo.width, y + photo.height))


def tiny(photo: Image.Image, rng: random.Random) -> Image.Image:
    """An icon of it."""
    return photo.resize((rng.randint(24, 60), rng.randint(24, 60)))


def strip(photo: Image.Image, rng: random.Random) -> Image.Image:
    """A banner cut out of it."""
    return photo.crop((0, 0, photo.width, max(8, int(photo.width / rng.uniform(4, 7)))))


def blank(photo: Image.Image, rng: random.Random) -> Image.Image:
    """A wall: one colour and the noise of a sensor."""
    noise = np.random.default_rng(rng.randint(0, 9999)).normal(0, 1.5, (480, 640, 1))
    return Image.fromarray((noise + [rng.randint(40, 255) for _ in range(3)]).clip(0, 255).astype(np.uint8))


def placeholder(photo: Image.Image, rng: random.Random) -> Image.Image:
    """What a web page shows instead of a picture that is gone."""
    width, height = rng.choice([(300, 300), (640, 480), (800, 600), (500, 375), (150, 150)])
    paper = rng.choice([(238, 238, 238), (255, 255, 255), (204, 204, 204), (40, 60, 90), (230, 240, 250)])
    ink: Colour = (120, 120, 120) if sum(paper) > 300 else (230, 230, 230)
    made = Image.new("RGB", (width, height), paper)
    draw, unit, (x, y) = ImageDraw.Draw(made), min(width, height), (width / 2, height / 2)
    kind = rng.randrange(3)
    if kind == 0:
        words = rng.choice(["No image available", "image not found", "404"])
        draw.text((x, y), words, ink, ImageFont.load_default(unit // 12), anchor="mm")
    elif kind == 1:
        pen = max(2, unit // 60)
        body = (x - unit / 5, y - unit / 4, x + unit / 5, y + unit / 10)
        draw.rounded_rectangle(body, unit // 30, outline=ink, width=pen)
        draw.ellipse((x - unit / 12, y - unit / 6, x + unit / 12, y), outline=ink, width=pen)
        draw.text((x, y + unit / 5), "No photo", ink, ImageFont.load_default(unit // 12), anchor="mm")
    else:
        draw.ellipse((x - unit / 4, y - unit / 4, x + unit / 4, y + unit / 4), fill=ink)
        draw.text((x, y), "LOGO", paper, ImageFont.load_default(unit // 9), anchor="mm")
    return made


def phone_page(photo: Image.Image, rng: random.Random) -> Image.Image:
    """A page with the photo on it, on a phone: clock and battery above, lines of text below, buttons at the foot."""
    (width, height), is_dark = rng.choice(SCREENS), rng.random() < 0.4
    paper, ink, line = ((18,) * 3, (235,) * 3, (50,) * 3) if is_dark else ((255,) * 3, (20,) * 3, (225,) * 3)
    made = Image.new("RGB", (width, height), paper)
    draw, unit = ImageDraw.Draw(made), width // 40
    _status_bar(draw, width, unit, ink)
    draw.text((3 * unit, 4 * unit), rng.choice(["Photos", "Messages", "Search"]), ink, ImageFont.load_default(3 * unit))
    draw.line((0, 9 * unit, width, 9 * unit), line, 3)
    shown = photo.copy()
    shown.thumbnail((width if rng.random() < 0.5 else width - 4 * unit, height // 2))
    made.paste(shown, ((width - shown.width) // 2, 11 * unit))
    _lines(draw, rng, (3 * unit, 13 * unit + shown.height), height - 8 * unit, (int(1.7 * unit), 3 * unit), ink)
    draw.line((0, height - 6 * unit, width, height - 6 * unit), line, 3)
    _buttons(draw, width, height, unit, ink)
    return made


def phone_photo(photo: Image.Image, rng: random.Random) -> Image.Image:
    """The photo in a phone's gallery: black above and below it."""
    width, height = rng.choice(SCREENS)
    made = Image.new("RGB", (width, height), "black")
    draw, unit = ImageDraw.Draw(made), width // 40
    _status_bar(draw, width, unit, (240,) * 3)
    shown = photo.resize((width, int(width * photo.height / photo.width)))
    shown = shown.crop((0, 0, width, min(shown.height, height - 24 * unit)))
    made.paste(shown, (0, (height - shown.height) // 2))
    _buttons(draw, width, height, unit, (230,) * 3)
    return made


def window(photo: Image.Image, rng: random.Random) -> Image.Image:
    """A browser on a desktop with the photo and some text in it."""
    width, height = rng.choice(WINDOWS)
    made = Image.new("RGB", (width, height), (243, 243, 245))
    draw = ImageDraw.Draw(made)
    draw.rectangle((0, 0, width, 36), fill=(222, 225, 230))
    draw.text((14, 8), "Search results - Browser", (40,) * 3, ImageFont.load_default(16))
    for place, colour in enumerate(((255, 95, 86), (255, 189, 46), (39, 201, 63))):
        draw.ellipse((width - 90 + place * 26, 10, width - 74 + place * 26, 26), fill=colour)
    draw.rectangle((0, 36, width, 80), fill="white")
    draw.rounded_rectangle((120, 44, width - 200, 72), 14, fill=(240,) * 3)
    draw.text((140, 48), "https://example.org/photos?q=fort", (60,) * 3, ImageFont.load_default(15))
    shown = photo.copy()
    shown.thumbnail((int(width * 0.6), int(height * 0.75)))
    made.paste(shown, (60, 120))
    _lines(draw, rng, (width - int(width * 0.3), 120), height - 60, (16, 26), (40,) * 3)
    return made


def _status_bar(draw: ImageDraw.ImageDraw, width: int, unit: int, ink: Colour) -> None:
    face = ImageFont.load_default(int(unit * 1.4))
    draw.text((unit, unit // 2), "12:41", ink, face)
    draw.text((width - 9 * unit, unit // 2), "4G", ink, face)
    draw.rectangle((width - 4 * unit, unit // 2, width - 2 * unit, unit * 1.6), outline=ink, width=3)


def _lines(draw: ImageDraw.ImageDraw, rng: random.Random, at: tuple[int, int], end: int, sizes: tuple[int, int],
           ink: Colour) -> None:
    (x, y), (letters, pitch) = at, sizes
    while y < end:
        words = "".join(rng.choice("abcdefghij klmno pqrst") for _ in range(rng.randint(12, 30)))
        draw.text((x, y), words, ink, ImageFont.load_default(letters))
        y += rng.choice([pitch, pitch * 4 // 3])


def _buttons(draw: ImageDraw.ImageDraw, width: int, height: int, unit: int, ink: Colour) -> None:
    for place in range(4):
        x = width * (place + 0.5) / 4
        draw.ellipse((x - 1.5 * unit, height - 4.5 * unit, x + 1.5 * unit, height - 1.5 * unit), outline=ink, width=4)


PLANTED: dict[str, Plant] = {
    "dark": dark, "bright": bright, "out of focus": out_of_focus, "motion blur": shaken, "tiny": tiny,
    "odd aspect": strip, "blank": blank, "placeholder": placeholder, "phone page": phone_page,
    "phone photo": phone_photo, "window": window}
