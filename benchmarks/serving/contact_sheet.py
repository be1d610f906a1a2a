"""The contact sheet and the map of very many photos, in Chromium: how soon, and how smoothly.

    python -m benchmarks.curation sheet --photos 100000

Rows are made up: tiny drawn pictures, a hundred classes, labels of which some are doubted. Measured
is from the key `b` to the first screen of photos, pressed as soon as somebody has signed in and sees
the first photo, how long a filter takes, and the time between two frames while the sheet is
scrolled, or the map is zoomed, moved and lassoed, beside the same browser scrolling nothing but
coloured boxes. The server is the whole app, in a process of its own.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.serving.light_table import Served, sit_down
from curation.light_table.pages.sheet import Sheet
from curation.light_table.session.table import LightTable
from curation.scan.remembered import map_file
from data_cards.annotations.journal import Journal
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.repo import Changes, Dataset, create_dataset
from data_cards.dataset.schema import Finding, Label, Photo, Source
from data_cards.dataset.tables import findings_file, images_file, labels_file
from data_cards.photos.image import image_id
from train.inference.embeddings import FeatureCache

CLASSES = 100
PER_SHARD = 20_000
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


COUNTED = """() => { const root = document.querySelector("vitrine-light-table").shadowRoot;
window.counted = root.querySelector(".sheet-top h1").textContent; }"""
FILTERED = """() => { const root = document.querySelector("vitrine-light-table").shadowRoot;
const seen = [...root.querySelectorAll(".long-sheet .cell:not([hidden]) img[src]")];
return root.querySelector(".sheet-top h1").textContent !== window.counted && seen.length > 11
&& seen.slice(0, 12).every((one) => one.complete && one.naturalWidth); }"""
CANVAS = """const root = document.querySelector("vitrine-light-table").shadowRoot;
const canvas = root.querySelector("canvas.points");
const { left, top, width, height } = canvas.getBoundingClientRect();
const at = (x, y) => ({ clientX: left + x, clientY: top + y, bubbles: true, pointerId: 1 });
canvas.setPointerCapture = () => {}; const times = []; let before = performance.now();
const frame = async () => { await new Promise(requestAnimationFrame);
const now = performance.now(); times.push(now - before); before = now; };"""
DRAWN = """() => { const root = document.querySelector("vitrine-light-table").shadowRoot;
const canvas = root.querySelector("canvas.points"); if (!canvas?.width) return false;
const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
return pixels.some((one) => one); }"""
ZOOM = (
    """async (frames) => {"""
    + CANVAS
    + """
for (let n = 0; n < frames; n++) { canvas.dispatchEvent(new WheelEvent("wheel",
{ ...at(width / 2, height / 2), deltaY: n % 80 < 40 ? -12 : 12, cancelable: true })); await frame(); }
return times; }"""
)
DRAG = (
    """async ([frames, isLasso]) => {"""
    + CANVAS
    + """
const tell = (name, x, y) => canvas.dispatchEvent(new PointerEvent(name, { ...at(x, y), shiftKey: isLasso }));
tell("pointerdown", width / 2, height / 2);
for (let n = 0; n < frames; n++) { const turn = (2 * Math.PI * n) / frames;
tell("pointermove", width / 2 + 0.3 * width * Math.sin(turn), height / 2 + 0.3 * height * Math.cos(turn));
await frame(); }
window.lift = () => tell("pointerup", width / 2, height * 0.8);
if (!isLasso) window.lift(); return times; }"""
)
LASSOED = """async () => { const begin = performance.now(); window.lift();
await new Promise(requestAnimationFrame); await new Promise((done) => setTimeout(done));
const told = document.querySelector("vitrine-light-table").shadowRoot.querySelector(".sheet-top h1");
return [performance.now() - begin, parseInt(told.textContent)]; }"""


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


def add_flags(command: argparse.ArgumentParser) -> None:
    """Its flags."""
    command.add_argument("--photos", type=int, default=100_000)
    command.add_argument("--frames", type=int, default=240)


def run(flags: argparse.Namespace) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        data = made_up(folder / "set", flags.photos)
        place_on_map(folder / "cache", data)
        _as_values(data, Journal(folder / "journal"))
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
        served = Served(folder / "set")
        try:
            _in_browser(served, flags.frames)
        finally:
            served.stop()


def _as_values(data: Dataset, journal: Journal) -> None:
    """What the server alone takes."""
    begin = time.monotonic()
    sheet = Sheet(LightTable(data, journal), lambda name: True)
    print(f"{len(data.photos())} photos laid on the table in {time.monotonic() - begin:.1f} s")
    for asked in ({}, {}, {"class": "class-007"}, {"sort": "doubt"}, {"q": "img 0777"}):
        begin = time.monotonic()
        found = sheet.show("ann", asked)["total"]
        took = 1000 * (time.monotonic() - begin)
        print(f"  asked {asked or 'for all'}: {found} in {took:.0f} ms")


def place_on_map(cache: Path, data: Dataset) -> None:
    """Embeddings and places as a scan leaves them, in heaps of one class each."""
    rng = np.random.default_rng(0)
    ids = list(data.photos())
    heap = np.array([int((one.label or "0")[-3:]) for one in data.labels().values()])
    features = FeatureCache(cache / "features" / "made-up")
    features.add(ids, rng.standard_normal((CLASSES, 384))[heap] + rng.standard_normal((1, 384)))
    middle = rng.uniform(-0.9, 0.9, (CLASSES, 2))
    places = np.clip(middle[heap] + rng.normal(0, 0.03, (len(ids), 2)), -1, 1)
    kept = map_file(cache, data.address, features.folder.name)
    kept.parent.mkdir(parents=True, exist_ok=True)
    np.savez(kept, ids=np.array(ids), places=places.astype(np.float32))


def _in_browser(served: Served, frames: int) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        sit_down(page, served.url)
        for words in ("for the first time", "again"):
            took = _until(page, lambda: page.keyboard.press("b"), FIRST)
            print(f"key b to twelve photos, {words}: {took:.0f} ms", flush=True)
            page.keyboard.press("b")
            page.wait_for_selector("vitrine-light-table .mat img")
        _until(page, lambda: page.keyboard.press("b"), FIRST)
        value = page.locator("vitrine-light-table .facet-value", has_text="Class 007").first
        page.evaluate(COUNTED)
        print(
            f"a filter to its photos: {_until(page, lambda: value.dispatch_event('click'), FILTERED):.0f} ms"
        )
        page.locator("vitrine-light-table .chips .link").click()
        page.wait_for_function(FIRST, polling=10)
        for words, step in (("slowly", 12), ("fast", 240), ("very fast", 5000)):
            _tell(f"scrolled {words}", page.evaluate(SCROLL, [step, frames]))
        tiles = page.locator("vitrine-light-table .long-sheet .cell").count()
        print(f"{tiles} tiles exist; {_memory(page, served)}")
        _map(page, frames)
        print(_memory(page, served))
        _tell("the browser alone, coloured boxes", page.evaluate(BOXES, frames))
        chromium.close()


def _map(page: Any, frames: int) -> None:
    for words in ("for the first time", "again"):
        begin = time.monotonic()
        page.evaluate("() => { location.hash = '#/light-table/map' }")
        page.wait_for_selector("vitrine-light-table canvas.points")
        page.wait_for_function(DRAWN, polling=10)
        print(f"the map to its points, {words}: {1000 * (time.monotonic() - begin):.0f} ms")
        if words != "again":
            page.keyboard.press("Escape")
            page.wait_for_selector("vitrine-light-table .mat img")
    _tell("zoomed", page.evaluate(ZOOM, frames))
    _tell("moved", page.evaluate(DRAG, [frames, False]))
    page.keyboard.press("0")
    _tell("a lasso drawn", page.evaluate(DRAG, [frames, True]))
    took = page.evaluate(LASSOED)
    print(f"and taken: {took[1]} photos in {took[0]:.0f} ms")


def _until(page: Any, does: Callable[[], Any], holds: str) -> float:
    """Milliseconds from doing something until this holds in the page."""
    begin = time.monotonic()
    does()
    page.wait_for_function(holds, polling=10)
    return 1000 * (time.monotonic() - begin)


def _memory(page: Any, served: Served) -> str:
    heap = page.evaluate("() => performance.memory.usedJSHeapSize / 1e6")
    return f"server {served.memory()['VmRSS']:.0f} MB, page {heap:.0f} MB of JavaScript"


def _tell(words: str, times: list[float]) -> None:
    median, late = np.percentile(times, [50, 95])
    print(
        f"{words}: {1000 / median:.0f} frames a second, median {median:.1f} ms, p95 {late:.1f} ms",
        flush=True,
    )


__all__ = ["add_flags", "run"]
