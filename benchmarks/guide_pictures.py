"""The pictures of the guide's pages about the five collections, drawn from what ships and measured.

    python -m benchmarks.guide_pictures docs/images [--figures OUT]

`views.jpg` and `burst.jpg` are of the built-in museum, `deities.svg` and `landmarks.svg` of the cards
that ship, `collections.svg` of what benchmarks.collections left in OUT. No photo of anybody else is
among them.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape
from pathlib import Path

from PIL import Image

from benchmarks.collections import ORIGINALS, Row, runs_of
from curation.museum.gallery import HANGING, paint, reference
from curation.museum.visitors import Shot, snap, snap_reference
from data_cards.dataset.collection import shipped_collection
from data_cards.photos.image import encode_jpeg, open_photo
from data_cards.wording import percent
from train.statistics.metrics import wilson

SIDE = 300  # pixels of a picture's height in a strip
GAP = 12
QUALITY = 82
INK, SOFT, ACCENT, BAND = "#23211c", "#8a857a", "#a8432b", "#e3b9aa"
WIDE = 720
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" '
    'role="img" aria-label="{what}" font-family="system-ui, sans-serif" font-size="14">'
    '<rect width="{wide}" height="{high}" fill="#fbfaf7"/>'
)


def strip(photos: Sequence[bytes]) -> bytes:
    """Photos side by side, as one JPEG."""
    shown = [open_photo(data) for data in photos]
    small = [one.resize((round(SIDE * one.width / one.height), SIDE)) for one in shown]
    wide = sum(one.width for one in small) + GAP * (len(small) - 1)
    sheet = Image.new("RGB", (wide, SIDE), "#fbfaf7")
    left = 0
    for one in small:
        sheet.paste(one, (left, 0))
        left += one.width + GAP
    return encode_jpeg(sheet, QUALITY)


def views(name: str) -> bytes:
    """A reference picture, then as four visitors might photograph it."""
    seen = [snap_reference(paint(name, 900), seed, 640) for seed in range(4)]
    return strip([reference(name), *seen])


def burst(name: str) -> bytes:
    """Three frames of one visitor, and two of others."""
    begun = datetime(2026, 5, 2, 11, 0)
    frames = [Shot(name, 3, frame, 5, begun + timedelta(seconds=frame)) for frame in range(3)]
    others = [
        Shot(name, 11 + one, 0, 9 + one, begun + timedelta(hours=one + 1)) for one in range(2)
    ]
    return strip([snap(shot, 640) for shot in (*frames, *others)])


def bars(what: str, counts: Sequence[tuple[str, int]]) -> str:
    """Names with a bar for each count."""
    high = 24 * len(counts) + 24
    most = max(count for _, count in counts)
    parts = [HEAD.format(wide=WIDE, high=high, what=escape(what, quote=True))]
    for place, (name, count) in enumerate(counts):
        y = 24 * place + 16
        parts.append(
            f'<text x="130" y="{y + 12}" text-anchor="end" fill="{INK}">{escape(name)}</text>'
            f'<rect x="142" y="{y}" width="{540 * count / most:.0f}" height="16" rx="3" '
            f'fill="{ACCENT}"/>'
            f'<text x="{150 + 540 * count / most:.0f}" y="{y + 13}" fill="{INK}">{count}</text>'
        )
    return "".join(parts) + "</svg>\n"


def places(what: str, at: Sequence[tuple[str, float, float]]) -> str:
    """Dots by longitude and latitude, on a net of 30 degrees."""
    parts = [HEAD.format(wide=WIDE, high=360, what=escape(what, quote=True))]
    for degrees in range(-180, 181, 30):
        parts.append(f'<path d="M{2 * (degrees + 180)} 0V360" stroke="#e6e2d8"/>')
    for degrees in range(-90, 91, 30):
        parts.append(f'<path d="M0 {2 * (90 - degrees)}H{WIDE}" stroke="#e6e2d8"/>')
    parts += [
        f'<circle cx="{2 * (east + 180):.0f}" cy="{2 * (90 - north):.0f}" r="4" fill="{ACCENT}" '
        f'fill-opacity=".75"><title>{escape(name)}</title></circle>'
        for name, north, east in at
    ]
    return "".join(parts) + "</svg>\n"


def figures(rows: Sequence[Row]) -> str:
    """Of each set the share that is right first, with its interval, and what the original said."""
    high = 46 * len(rows) + 40
    what = "First answer right, with 95 % interval, and the original's headline"
    parts = [HEAD.format(wide=WIDE, high=high, what=escape(what, quote=True))]
    for share in (0, 25, 50, 75, 100):
        x = 130 + 4 * share
        parts.append(
            f'<path d="M{x} 10V{high - 26}" stroke="#e6e2d8"/><text x="{x}" y="{high - 8}" '
            f'text-anchor="middle" fill="{SOFT}">{share} %</text>'
        )
    for place, row in enumerate(rows):
        n = row.total("n")
        found = wilson(row.total("first"), n)
        value = row.total("first") / n
        y = 46 * place + 26
        parts.append(
            f'<text x="120" y="{y + 5}" text-anchor="end" fill="{INK}">{row.original.name}</text>'
            f'<rect x="{130 + 400 * found.low:.0f}" y="{y - 5}" rx="5" height="10" '
            f'width="{400 * (found.high - found.low):.0f}" fill="{BAND}"/>'
            f'<circle cx="{130 + 400 * value:.0f}" cy="{y}" r="6" fill="{ACCENT}"/>'
            f'<text x="545" y="{y + 5}" fill="{INK}">{percent(value)} of {n}</text>'
        )
        for said in row.original.headline:
            mark = 130 + 4 * said
            parts.append(
                f'<path d="M{mark:.0f} {y - 12}V{y + 12}" stroke="{SOFT}" stroke-width="3"/>'
            )
    return "".join(parts) + "</svg>\n"


def main() -> None:
    """Draw all of them."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.guide_pictures", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("to", type=Path, help="the folder for pictures")
    parser.add_argument("--figures", type=Path, help="what benchmarks.collections left")
    flags = parser.parse_args()
    name = next(iter(HANGING))
    (flags.to / "views.jpg").write_bytes(views(name))
    (flags.to / "burst.jpg").write_bytes(burst(name))
    deities = Counter(info.parent for info in shipped_collection("deities").classes)
    chart = bars("Deities by tradition", deities.most_common())
    (flags.to / "deities.svg").write_text(chart, encoding="utf-8")
    known = shipped_collection("landmarks").classes
    at = [(info.title, *info.location) for info in known if info.location]
    (flags.to / "landmarks.svg").write_text(places("Fifty landmarks", at), encoding="utf-8")
    if flags.figures:
        rows = [Row(one, runs_of(one, flags.figures, None)) for one in ORIGINALS]
        found = [row for row in rows if row.runs]
        (flags.to / "collections.svg").write_text(figures(found), encoding="utf-8")


if __name__ == "__main__":
    main()
