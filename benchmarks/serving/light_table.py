"""The light table with a long queue: from a key to the next photo on the screen, in Chromium.

    python -m benchmarks.curation table FOLDER [--questions 100000] [--keys 200] [--every 0.25]

Builds a dataset with that many questions in FOLDER (once), serves the whole app over it in a
process of its own, signs in, and presses keys: `--every` seconds one (a quick annotator), then
sixty as soon as the next photo is there. A photo counts as on screen when the browser has
presented a frame with it.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.repo import Changes, Dataset, create_dataset, open_dataset
from data_cards.dataset.schema import Finding, Label, Opinion, Photo, Source, Split
from data_cards.dataset.tables import (
    findings_file,
    images_file,
    labels_file,
    opinions_file,
    splits_file,
)
from data_cards.photos.image import encode_jpeg, image_id

ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
CLASSES = 40
LARGE = 400  # photos of a phone's size at the head of the queue: those that are looked at
SHARD = 10_000
GOAL_MS = 100.0
RELABELS = 60
# From the key to a frame that shows another photo: the change, then two frames, so that one with it
# was certainly presented: up to two frames (33 ms) more than it takes. Beside it what the browser
# itself says of the key (Event Timing: to the next frame that was presented, in steps of 8 ms).
WATCH = """() => {
    const root = document.querySelector("vitrine-light-table").shadowRoot;
    const shown = () => root.querySelector(".mat img");
    window.taken = [];
    window.presented = [];
    new PerformanceObserver((list) => {
        for (const one of list.getEntriesByName("keydown")) window.presented.push(one.duration);
    }).observe({ type: "event", durationThreshold: 16 });
    let pressed = null, before = "";
    addEventListener("keydown", (event) => { pressed = event.timeStamp; before = shown()?.src ?? ""; }, true);
    new MutationObserver(() => {
        if (pressed === null || !shown() || shown().src === before) return;
        const from = pressed;
        pressed = null;
        const seen = () => window.taken.push(performance.now() - from);
        const painted = () => requestAnimationFrame(() => requestAnimationFrame(seen));
        shown().decode().then(painted, painted);
    }).observe(root, { childList: true, subtree: true });
}"""
ANSWERS = """() => performance.getEntriesByType("resource").filter((one) => one.name.includes("/moves"))
    .map((one) => one.responseStart - one.requestStart)"""


def build(folder: Path, questions: int) -> Dataset:
    """A dataset in which every photo is a question, with opinions as a scan leaves them."""
    if (folder / "README.md").exists():
        return open_dataset(str(folder))
    classes = tuple(
        ClassInfo(f"class-{n}", f"Thing {n}", summary="One of many.") for n in range(CLASSES)
    )
    dataset = create_dataset(str(folder), Collection("many", "Many things", classes))
    names: list[str] = []
    for start in range(0, questions, SHARD):
        rows = list(_photos(start, min(questions, start + SHARD)))
        names += [photo.image_id for photo, _ in rows]
        dataset = dataset.commit(dict([images_file(rows)]), "Photos")
    files = dict(
        [
            labels_file(
                Label(name, f"class-{n % CLASSES}", "labelled") for n, name in enumerate(names)
            ),
            splits_file(Split(name, name, "train") for name in names),
            findings_file("01SCAN", (_doubt(n, name, names) for n, name in enumerate(names))),
            opinions_file("01SCAN", (_opinion(n, name, names) for n, name in enumerate(names))),
        ]
    )
    return dataset.update("Questions", lambda _: Changes(add=files))


def _photos(start: int, end: int) -> Iterator[tuple[Photo, bytes]]:
    """Distinct photos at little cost: a file says who it is behind its last pixel, where no
    decoder looks."""
    rng = np.random.default_rng(start)
    small = encode_jpeg(Image.fromarray(rng.integers(0, 255, (30, 40, 3), dtype=np.uint8)), 60)
    for number in range(start, end):
        data, size = (_large(number), (1600, 1200)) if number < LARGE else (small, (40, 30))
        data += f"\n{number}".encode()
        source = Source(path=f"{number}.jpg", given_label=f"class-{number % CLASSES}")
        yield Photo(image_id(data), *size, (source,)), data


def _large(number: int) -> bytes:
    """As many pixels, and about as many bytes, as a phone's photo sent by a messenger."""
    coarse = np.random.default_rng(number).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    return encode_jpeg(Image.fromarray(coarse).resize((1600, 1200), Image.Resampling.BICUBIC), 88)


def _near(n: int, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(names[(n + CLASSES * step + 1) % len(names)] for step in range(12))


def _doubt(n: int, name: str, names: Sequence[str]) -> Finding:
    return Finding(
        name,
        "label",
        1 - n / (2 * len(names)),
        "The model gives this label only a 2 % chance.",
        f"class-{n % CLASSES}",
        f"class-{(n + 1) % CLASSES}",
        _near(n, names)[:5],
        "01SCAN",
        "model-1",
    )


def _opinion(n: int, name: str, names: Sequence[str]) -> Opinion:
    best = tuple(f"class-{(n + step) % CLASSES}" for step in (1, 0, 2))
    return Opinion(name, best, (0.94, 0.02, 0.01), _near(n, names))


class Served:
    """The app in a process of its own: how long until it answers, and what memory it takes."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        begin = time.perf_counter()
        command = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "benchmarks.serving.light_table",
            str(folder),
            str(self.port),
        ]
        self.process = subprocess.Popen(command, cwd=ROOT)
        while not self._answers():
            assert self.process.poll() is None, "the app ended by itself"
            time.sleep(0.05)
        self.seconds = time.perf_counter() - begin

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(self.url, timeout=30).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
        return True

    def memory(self) -> dict[str, float]:
        """Resident memory now and at its highest, in MB."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        told = dict(line.split(":", 1) for line in lines)
        return {name: int(told[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM")}

    def cpu(self) -> float:
        """Seconds of processor time so far: what starting costs on a machine that has nothing
        else to do."""
        told = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()


def press_keys(page: Any, keys: Sequence[str], every: float) -> list[float]:
    """Milliseconds from each key to the next photo."""
    page.evaluate("() => { window.taken.length = window.presented.length = 0 }")
    for number, key in enumerate(keys):
        begin = time.perf_counter()
        page.keyboard.press(key)
        page.wait_for_function("count => window.taken.length >= count", arg=number + 1, polling=20)
        time.sleep(max(0.0, every - (time.perf_counter() - begin)))
    return [float(taken) for taken in page.evaluate("window.taken")]


def presented(page: Any) -> list[float]:
    """What the browser says of the keys since: milliseconds to the frame that showed the change."""
    return [float(took) for took in page.evaluate("window.presented")] or [0.0]


def told(words: str, times: Sequence[float]) -> str:
    """p50 and p95 in words."""
    p50 = statistics.median(times)
    p95 = float(np.percentile(times, 95))
    return (
        f"{words:42} n {len(times):4}  p50 {p50:6.0f} ms  p95 {p95:6.0f} ms  slowest "
        f"{max(times):6.0f} ms"
    )


def measure(folder: Path, keys: int, every: float) -> None:
    """Serve, sign in, press, print."""
    from playwright.sync_api import sync_playwright

    load = os.getloadavg()[0]
    cores = os.cpu_count()
    print(f"{'this machine, before':42} load {load:.1f} on {cores} cores", flush=True)
    served = Served(folder)
    took = f"{served.seconds:.1f} s ({served.cpu():.1f} s of processor)"
    print(f"{'started, the page answers':42} {took}; {_in_words(served.memory())}", flush=True)
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            begin = time.perf_counter()
            sit_down(page, served.url)
            print(
                f"{'signed in, the first photo on screen':42} {time.perf_counter() - begin:.1f} s",
                flush=True,
            )
            page.evaluate(WATCH)
            pace = f"a key each {every:g} s -> next photo on screen"
            print(
                told(pace, press_keys(page, ["2"] * keys, every))
                + f"  (goal: p95 <= {GOAL_MS:.0f} ms)",
                flush=True,
            )
            print(told("    by the browser's own clock for keys", presented(page)), flush=True)
            begin = time.perf_counter()
            flat_out = press_keys(page, ["2"] * RELABELS, 0.0)
            print(
                told(f"{RELABELS} relabels flat out -> next photo", flat_out)
                + f"  ({RELABELS / (time.perf_counter() - begin):.1f} a second)",
                flush=True,
            )
            print(told("    by the browser's own clock for keys", presented(page)), flush=True)
            page.wait_for_selector("vitrine-light-table .kept")
            print(told("the server's answer to decisions", page.evaluate(ANSWERS)), flush=True)
            begin = time.perf_counter()
            page.keyboard.press("Backspace")
            page.wait_for_selector("vitrine-light-table .kept")
            print(
                f"{'one undo, until it is kept':42} {1000 * (time.perf_counter() - begin):.0f} ms",
                flush=True,
            )
            browser.close()
        print(f"{'afterwards':42} {_in_words(served.memory())}", flush=True)
    finally:
        served.stop()


def _in_words(memory: dict[str, float]) -> str:
    return f"{memory['VmRSS']:.0f} MB resident, {memory['VmHWM']:.0f} MB at most"


def sit_down(page: Any, url: str) -> None:
    """Sign in, and wait for the first photo."""
    from tests.fixtures.visitors import PASSWORD

    page.goto(url)
    page.get_by_role("tab", name="Light table").click()
    page.locator("vitrine-light-table input[name=username]").fill("ann")
    page.locator("vitrine-light-table input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("vitrine-light-table .mat img", timeout=120_000)


def serve(folder: Path, port: int) -> None:
    """The whole app over the dataset, with a recognizer that costs nothing."""
    from threading import Event

    from tests.fixtures.visitors import built, serving, settings_in

    settings = settings_in(
        folder.parent / "app", dataset=str(folder), cache=folder.parent / "cache"
    )
    with serving(built(settings), port):
        Event().wait()


def add_flags(command: argparse.ArgumentParser) -> None:
    """Its flags."""
    command.add_argument(
        "folder", type=Path, help="where the dataset is, or is made; decisions go beside it"
    )
    command.add_argument("--questions", type=int, default=100_000)
    command.add_argument("--keys", type=int, default=200)
    command.add_argument("--every", type=float, default=0.25)


def run(flags: argparse.Namespace) -> None:
    """Print the figures."""
    photos = len(build(flags.folder / "dataset", flags.questions).photos())
    print(f"{photos:,} questions in the queue")
    measure(flags.folder / "dataset", flags.keys, flags.every)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
