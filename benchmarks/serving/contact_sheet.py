"""The contact sheet over very many photos, in Chromium: how soon it is there, how smoothly it moves.

    python -m benchmarks.curation sheet --photos 100000

Rows are made up: tiny drawn pictures, a hundred classes, labels of which some are doubted. Measured
is from the key `b` to the first screen of photos, how long a filter takes, and the time between two
frames while the sheet is scrolled, beside the same browser scrolling nothing but coloured boxes.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from curation.light_table.pages.sheet import Sheet
from curation.light_table.routes import light_table_router
from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.repo import Changes, Dataset, create_dataset
from data_cards.dataset.schema import Finding, Label, Photo, Source
from data_cards.dataset.tables import findings_file, images_file, labels_file
from data_cards.photos.image import image_id

CLASSES = 100
PER_SHARD = 20_000
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,">
<body style="margin: 0"><vitrine-light-table></vitrine-light-table><script type="module">
import { mount } from "./light-table/static/light_table.js";
mount(document.querySelector("vitrine-light-table"));</script></body></html>"""
FIRST = """() => { const root = document.querySelector("vitrine-light-table").shadowRoot;
const seen = [...root.querySelectorAll(".long-sheet .cell img[src]")];
return seen.length > 11 && seen.slice(0, 12).every((one) => one.complete && one.naturalWidth); }"""
SCROLL = """async ([step, frames]) => {
const body = document.querySelector("vitrine-light-table").shadowRoot.querySelector(".body");
const times = []; let before = performance.now();
for (let n = 0; n < frames; n++) { body.scrollTop += step; await new Promise(requestAnimationFrame);
const now = performance.now(); times.push(now - before); before = now; } return times; }"""
BOXES = """async (frames) => { const box = document.createElement("div");
box.style.cssText = "height:1e6px;background:repeating-linear-gradient(red,blue 99px)";
document.body.replaceChildren(box); const times = []; let before = performance.now();
for (let n = 0; n < frames; n++) { scrollBy(0, 60); await new Promise(requestAnimationFrame);
const now = performance.now(); times.push(now - before); before = now; } return times; }"""


def made_up(folder: Path, count: int) -> Dataset:
    """A dataset of so many tiny pictures, each unlike the others."""
    classes = tuple(ClassInfo(f"class-{n:03}", f"Class {n:03}") for n in range(CLASSES))
    files: dict[str, Any] = {}
    labels: list[Label] = []
    for start in range(0, count, PER_SHARD):
        rows = list(_rows(start, min(count, start + PER_SHARD)))
        files |= dict([images_file(rows)])
        labels += [
            Label(photo.image_id, photo.sources[0].given_label, "labelled") for photo, _ in rows
        ]
    doubts = [
        Finding(one.image_id, "label", 0.99 - n / count, "It looks like another.", scan_id="01SCAN")
        for n, one in enumerate(labels[::20])
    ]
    files |= dict([labels_file(labels), findings_file("01SCAN", doubts)])
    data = create_dataset(str(folder), Collection("made-up", "Made up", classes))
    return data.update("Begin", lambda _: Changes(add=files))


def _rows(start: int, end: int) -> Iterator[tuple[Photo, bytes]]:
    from PIL import Image

    for number in range(start, end):
        out = io.BytesIO()
        colour = (number % 251, number // 251 % 251, number // 63001 % 251)
        Image.new("RGB", (4, 3), colour).save(out, "PNG")
        data = out.getvalue()
        label = f"class-{number * 7919 % CLASSES:03}"
        source = Source(
            f"IMG_{number:06}.png", label, added_at=f"2026-{number % 12 + 1:02}-01T00:00:00Z"
        )
        yield Photo(image_id(data), 4, 3, (source,)), data


def served(table: LightTable) -> str:
    """Its address."""
    import uvicorn
    from fastapi import FastAPI
    from fastapi.responses import HTMLResponse

    app = FastAPI()
    app.include_router(light_table_router(table, lambda request: "ann"))
    app.add_api_route("/", lambda: HTMLResponse(PAGE))
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", 0, log_level="error"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.02)
    return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"


def add_flags(command: argparse.ArgumentParser) -> None:
    """Its flags."""
    command.add_argument("--photos", type=int, default=100_000)
    command.add_argument("--frames", type=int, default=240)


def run(flags: argparse.Namespace) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        data = made_up(Path(folder) / "set", flags.photos)
        begin = time.monotonic()
        table = LightTable(data, Journal(Path(folder) / "journal"))
        print(f"{flags.photos} photos laid on the table in {time.monotonic() - begin:.1f} s")
        sheet = Sheet(table, lambda name: True)
        queries = [{}, {}, {"class": "class-007"}, {"sort": "doubt"}, {"q": "img 0777"}]
        for asked in queries:
            begin = time.monotonic()
            found = sheet.show("ann", asked)["total"]
            print(
                f"  asked {asked or 'for all'}: {found} in {1000 * (time.monotonic() - begin):.0f} ms"
            )
        _in_browser(served(table), flags.frames)


def _in_browser(url: str, frames: int) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        page.goto(url)
        page.wait_for_selector("vitrine-light-table .mat img")
        for _ in range(2):
            begin = time.monotonic()
            page.keyboard.press("b")
            page.wait_for_function(FIRST, polling=10)
            print(f"key b to twelve photos: {1000 * (time.monotonic() - begin):.0f} ms")
            page.keyboard.press("b")
            page.wait_for_selector("vitrine-light-table .mat img")
        page.keyboard.press("b")
        page.wait_for_function(FIRST, polling=10)
        for words, step in (("slowly", 12), ("fast", 240), ("very fast", 5000)):
            _tell(f"scrolled {words}", page.evaluate(SCROLL, [step, frames]))
        tiles = page.locator("vitrine-light-table .long-sheet .cell").count()
        print(f"{tiles} tiles exist")
        _tell("the browser alone, coloured boxes", page.evaluate(BOXES, frames))
        chromium.close()


def _tell(words: str, times: list[float]) -> None:
    median, late = np.percentile(times, [50, 95])
    print(
        f"{words}: {1000 / median:.0f} frames a second, median {median:.1f} ms, p95 {late:.1f} ms"
    )


__all__ = ["add_flags", "run"]
