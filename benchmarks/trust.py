"""Can strangers be let in? Kills, hostile files, planted secrets, and many clients at once.

    python -m benchmarks.trust                      about two minutes on two cores
    python -m benchmarks.trust --files 21000 --kills 70 --seconds 120

Decisions are written by a process that is killed again and again; hostile files are opened as
strangers' photos are, in a process of their own; a secret is planted in every place that a format
allows; and 32 clients ask the app for a while, beside `gr.Interface` around the same recognizer.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from data_cards.annotations.journal import Journal
from data_cards.errors import BadPhoto
from data_cards.photos.image import thumbnail
from data_cards.photos.metadata import stored_form
from data_cards.photos.trial import STORE
from tests.fixtures.hostile_files import hostile_files
from tests.fixtures.secret_places import PLACES, SECRET, planted, readable

CLIENTS = 32
WARMING = 2.0  # seconds before the measured ones: what is loaded at the first question
WRITER = """
import sys
from pathlib import Path
from data_cards.annotations.decision import decide
from data_cards.annotations.journal import Journal
from data_cards.errors import BadPhoto
journal = Journal(Path(sys.argv[1]))
while True:
    one = decide("ann", "photo", "junk")
    journal.append([one])
    print(one.id, flush=True)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=10.0, help="of 32 clients, each app")
    parser.add_argument(
        "--skip", nargs="*", default=[], choices=("kills", "hostile", "secrets", "clients")
    )
    flags = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("what | figure | target")
    print("--- | --- | ---")
    parts = {
        "kills": lambda: kills(flags.kills),
        "hostile": lambda: hostile(flags.files),
        "secrets": secrets,
        "clients": lambda: clients(flags.seconds),
    }
    for name, measured in parts.items():
        for row in measured() if name not in flags.skip else ():
            print(" | ".join(map(str, row)), flush=True)


def kills(count: int) -> list[tuple[object, ...]]:
    """Decisions that a killed process had acknowledged, and which of them are gone."""
    chance = random.Random(0)
    acknowledged: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(count):
            writer = subprocess.Popen(
                [sys.executable, "-c", WRITER, folder], stdout=subprocess.PIPE, text=True
            )
            assert writer.stdout is not None
            acknowledged.append(writer.stdout.readline().strip())
            time.sleep(chance.random() / 5)
            writer.send_signal(signal.SIGKILL)
            acknowledged += writer.stdout.read().split()
            writer.wait()
        # What is cut short was never read as a whole line, so it was not acknowledged.
        told = {name for name in acknowledged if len(name) == 26}
        rows = [row["id"] for row in Journal(Path(folder)).rows()]
    lost = len(told - set(rows))
    doubled = len(rows) - len(set(rows))
    return [
        (f"decisions acknowledged over {count} kills", len(told), ""),
        ("of them lost, doubled", f"{lost}, {doubled}", "0, 0"),
    ]


def hostile(count: int) -> list[tuple[object, ...]]:
    """Broken files, opened as the app opens strangers' photos."""
    from data_cards.photos.photo_check import BROKE, DEADLINE, Trial

    trial = Trial()
    trial.start()
    refused = crashed = 0
    slowest = 0.0
    worst = ""
    for name, data in hostile_files(count, seed=1):
        if not trial.lives:
            trial = Trial()
            trial.start()
        start = time.perf_counter()
        told = _trouble(trial, data, DEADLINE)
        took = time.perf_counter() - start
        crashed += told == BROKE
        refused += bool(told)
        if took > slowest:
            slowest = took
            worst = name
    trial.end()
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return [
        (f"hostile files tried (seed 1): refused of {count}", refused, ""),
        ("of them ended a process", crashed, "0"),
        (f"slowest photo ({worst})", f"{slowest * 1000:.0f} ms", f"{DEADLINE:.0f} s"),
        ("memory of a process that opens them, at most", f"{memory:.0f} MB", "4000 MB"),
    ]


def _trouble(trial: Any, data: bytes, deadline: float) -> str:
    try:
        trial.asked(STORE, data, deadline)
    except BadPhoto as refusal:
        return refusal.sentence
    return ""


def secrets() -> list[tuple[object, ...]]:
    """Secrets that are still readable in what is kept of a photo."""
    found = sum(
        SECRET in readable(kept) or SECRET in readable(thumbnail(kept, 160))
        for kept in (stored_form(planted(place, SECRET)) for place in PLACES)
    )
    return [(f"secrets found of {len(PLACES)} planted", found, "0")]


def clients(seconds: float) -> list[tuple[object, ...]]:
    """32 clients that send a photo and ask, one question after the other."""
    from tests.fixtures.colours import photo_of
    from tests.fixtures.visitors import built, serving, settings_in

    photo = photo_of("ochre", 640, 480)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GRADIO_TEMP_DIR"] = f"{folder}/uploads"
        ours = settings_in(
            Path(folder),
            questions_a_minute=10**6,
            most_upload_bytes_of_one=10**10,
            waiting_room=200,
        )
        with serving(built(ours)) as url:
            asked(url, photo, WARMING)
            rows.append(("our app", *asked(url, photo, seconds)))
        rows.append(("gr.Interface", *asked_of_interface(photo, seconds)))
    return [
        (
            f"{CLIENTS} clients, {seconds:.0f} s: {name}",
            f"{rate:.0f} answers/s, p95 {p95:.0f} ms, {worked:.0f} ms of a core each",
            f"{bad} failed",
        )
        for name, rate, p95, worked, bad in rows
    ]


def asked_of_interface(photo: bytes, seconds: float) -> tuple[float, float, float, int]:
    """The same of `gr.Interface` around the same recognizer."""
    import gradio as gr

    from tests.fixtures.colours import Colours

    recognizer = Colours()

    def predict(path: str) -> dict[str, Any]:
        return recognizer.predict(Path(path).read_bytes()).to_json()

    with gr.Interface(predict, gr.Image(type="filepath"), "json", api_name="predict") as interface:
        interface.queue(default_concurrency_limit=2, max_size=200)
    _, url, _ = interface.launch(prevent_thread_lock=True, quiet=True)
    try:
        asked(url.rstrip("/"), photo, WARMING, parameters=1)
        return asked(url.rstrip("/"), photo, seconds, parameters=1)
    finally:
        interface.close()


def asked(
    url: str, photo: bytes, seconds: float, parameters: int = 2
) -> tuple[float, float, float, int]:
    """Answers a second, 95th percentile in ms, processor time of app and clients in ms an answer, and
    how many questions failed."""
    import httpx

    until = time.monotonic() + seconds

    def client(number: int) -> tuple[list[float], int]:
        took: list[float] = []
        bad = 0
        with httpx.Client(base_url=url, timeout=60) as http:
            while time.monotonic() < until:
                start = time.perf_counter()
                good = _answered(http, photo, parameters)
                took += [time.perf_counter() - start] if good else []
                bad += not good
        return took, bad

    worked = time.process_time()
    with ThreadPoolExecutor(CLIENTS) as pool:
        told = list(pool.map(client, range(CLIENTS)))
    took = sorted(one for times, _ in told for one in times)
    worked = (time.process_time() - worked) * 1000 / max(len(took), 1)
    p95 = took[int(0.95 * len(took))] * 1000 if took else float("nan")
    return len(took) / seconds, p95, worked, sum(bad for _, bad in told)


def _answered(http: Any, photo: bytes, parameters: int) -> bool:
    import httpx

    try:
        [path] = http.post("/gradio_api/upload", files={"files": ("a.jpg", photo)}).json()
        image = {"path": path, "meta": {"_type": "gradio.FileData"}}
        body = {"data": [image, 3][:parameters]}
        event = http.post("/gradio_api/call/predict", json=body).json()["event_id"]
        return "event: complete" in http.get(f"/gradio_api/call/predict/{event}").text
    except (httpx.HTTPError, ValueError, KeyError):
        return False


if __name__ == "__main__":
    main()
