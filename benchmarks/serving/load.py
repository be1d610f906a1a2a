"""32 visitors for two minutes: answers a second, how long they wait and what memory it takes,
beside `gr.Interface` around transformers' pipeline of the same model.

    python -m benchmarks.serving.load --model MODEL --photos FOLDER [--seconds 120] [--before]

Each app is a process of its own, as are the visitors, who upload a photo, ask and fetch the answer,
each by a connection and an address of their own. The apps are asked in turns of 20
seconds, so that other work on the machine slows all of them alike. `--before` adds our app as it
was when it let two photos in at a time. `--memory` asks our app alone, without a pause, and says
every 10 seconds what memory it takes.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

CLIENTS = 32
WARMING = 5.0  # seconds before the measured ones: what is loaded at the first question
SAMPLED = 10.0  # seconds between two looks at the memory
TURN = 20.0  # seconds: work of others on the machine then slows all apps alike
OURS = "our app"
BEFORE = "our app, two at a time"
THEIRS = "gr.Interface(pipeline)"
PARAMETERS = {OURS: 2, BEFORE: 2, THEIRS: 1}
BOUNDARY = "vitrine-bench"
Row = tuple[object, ...]


@dataclass
class Heard:
    """What visitors of one app heard: seconds of each answer, how many refusals of each kind,
    and memory in MB and processor seconds of the app, before and after each turn."""

    took: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    memory: list[float] = field(default_factory=list)
    worked: float = 0.0
    seconds: float = 0.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True, help="a folder of JPEGs")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--before", action="store_true", help="also with two photos at a time")
    parser.add_argument("--memory", action="store_true", help="our app alone: its memory")
    parser.add_argument("--serve", nargs=2, metavar=("APP", "PORT"), help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.serve:
        serve(flags.serve[0], flags.model, int(flags.serve[1]))
        return
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if flags.memory:
        print(memory_text(memory_under_load(flags.model, photos_in(flags.photos), flags.seconds)))
        return
    apps = (OURS, *([BEFORE] if flags.before else []), THEIRS)
    for row in rows(flags.model, photos_in(flags.photos), flags.seconds, apps):
        print(" | ".join(map(str, row)), flush=True)


def photos_in(folder: Path, most: int = 64) -> list[bytes]:
    """The bytes of some JPEGs of a folder."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    return [path.read_bytes() for path in found[:: max(1, len(found) // most)][:most]]


def rows(
    model: Path, photos: Sequence[bytes], seconds: float, apps: Sequence[str] = (OURS, THEIRS)
) -> list[Row]:
    """What each app gave, and how many times as many answers ours gave as theirs."""
    heard = {app: Heard() for app in apps}
    with ExitStack() as stack:
        running = {app: stack.enter_context(served(app, model)) for app in apps}
        for app, (port, _) in running.items():
            asked(port, photos, WARMING, PARAMETERS[app])
        turns = max(1, round(seconds / TURN))
        for _ in range(turns):
            for app, (port, process) in running.items():
                turn(heard[app], port, process, photos, seconds / turns, PARAMETERS[app])
    told = [_row(app, one) for app, one in heard.items()]
    ours, theirs = (len(heard[app].took) / heard[app].seconds for app in (OURS, THEIRS))
    return [*told, ("answers a second, ours by theirs", f"{ours / max(theirs, 1e-9):.2f}", "7")]


def memory_under_load(
    model: Path, photos: Sequence[bytes], seconds: float
) -> list[tuple[float, float, int]]:
    """(seconds since the start, MB, answers so far) of our app, every 10 seconds."""
    samples = list[tuple[float, float, int]]()
    with served(OURS, model) as (port, process):
        asked(port, photos, WARMING, PARAMETERS[OURS])
        start = time.perf_counter()
        answers = 0
        while (now := time.perf_counter() - start) < seconds:
            samples.append((now, memory_of(process), answers))
            took, _ = asked(port, photos, SAMPLED, PARAMETERS[OURS])
            answers += len(took)
        samples.append((time.perf_counter() - start, memory_of(process), answers))
    return samples


def memory_text(samples: Sequence[tuple[float, float, int]]) -> str:
    """The samples, and how fast memory grew in the second half: MB a minute, by least squares.

    >>> print(memory_text([(0.0, 400.0, 0), (60.0, 460.0, 600), (120.0, 462.0, 1200)]))
    0 s 400 MB | 60 s 460 MB | 120 s 462 MB
    1200 answers; in the second half 2.0 MB a minute
    """
    late = [(at, memory) for at, memory, _ in samples[len(samples) // 2 :]]
    middle = sum(at for at, _ in late) / len(late)
    spread = sum((at - middle) ** 2 for at, _ in late)
    growth = sum((at - middle) * memory for at, memory in late) / spread if spread else 0.0
    told = " | ".join(f"{at:.0f} s {memory:.0f} MB" for at, memory, _ in samples)
    return f"{told}\n{samples[-1][2]} answers; in the second half {60 * growth:.1f} MB a minute"


def turn(
    heard: Heard,
    port: int,
    process: Any,
    photos: Sequence[bytes],
    seconds: float,
    parameters: int,
) -> None:
    """One turn of an app is added to what was heard of it."""
    heard.memory.append(memory_of(process))
    worked = processor_of(process)
    start = time.perf_counter()
    took, refused = asked(port, photos, seconds, parameters)
    heard.seconds += time.perf_counter() - start
    heard.worked += processor_of(process) - worked
    heard.took += took
    heard.refused += refused
    heard.memory.append(memory_of(process))


def _row(app: str, heard: Heard) -> Row:
    took = sorted(heard.took)
    p50, p95 = (1e3 * took[int(share * len(took))] if took else 0.0 for share in (0.5, 0.95))
    worked = 1e3 * heard.worked / max(len(took), 1)
    refused = ", ".join(f"{count} x {what}" for what, count in heard.refused.items()) or "none"
    return (
        f"{CLIENTS} clients, {heard.seconds:.0f} s: {app}",
        f"{len(took) / heard.seconds:.1f} answers/s, p50 {p50:.0f} ms, p95 {p95:.0f} ms, "
        f"{worked:.0f} ms of a core each, {heard.memory[0]:.0f} -> {heard.memory[-1]:.0f} MB, "
        f"refused: {refused}",
        "p95 1200 ms, memory flat" if app == OURS else "",
    )


def asked(
    port: int, photos: Sequence[bytes], seconds: float, parameters: int
) -> tuple[list[float], Counter[str]]:
    """Seconds of each answer that came in time, and what else was said."""
    until = time.monotonic() + seconds
    refused = Counter[str]()

    def visitor(number: int) -> list[float]:
        took = list[float]()
        while time.monotonic() < until:
            photo = photos[(number * 7 + len(took)) % len(photos)]
            start = time.perf_counter()
            said = question(port, photo, parameters, f"10.0.0.{number + 1}")
            if said == "answered":
                took.append(time.perf_counter() - start)
            else:
                refused[said] += 1
        return took

    with ThreadPoolExecutor(CLIENTS) as pool:
        told = list(pool.map(visitor, range(CLIENTS)))
    return [one for times in told for one in times], refused


def question(port: int, photo: bytes, parameters: int, client: str) -> str:
    """One visitor's question: "answered", or a word for what came instead."""
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"X-Forwarded-For": client}

    def call(method: str, path: str, body: bytes | None = None, kind: str = "") -> bytes:
        connection.request(
            method, f"/gradio_api/{path}", body, headers | ({"Content-Type": kind} if kind else {})
        )
        with connection.getresponse() as answer:
            read = answer.read()
            if answer.status != 200:
                raise HTTPException(str(answer.status))
            return read

    try:
        multipart = f"multipart/form-data; boundary={BOUNDARY}"
        [path] = json.loads(call("POST", "upload", _form(photo), multipart))
        image = {"path": path, "meta": {"_type": "gradio.FileData"}}
        body = json.dumps({"data": [image, 3][:parameters]}).encode()
        event = json.loads(call("POST", "call/predict", body, "application/json"))["event_id"]
        said = call("GET", f"call/predict/{event}")
    except (OSError, HTTPException, ValueError, KeyError) as error:
        return str(error)[:40] or type(error).__name__
    finally:
        connection.close()
    good = b"event: complete" in said and b'"error"' not in said
    return "answered" if good else said.decode("utf-8", "replace")[-60:].strip()


def _form(photo: bytes) -> bytes:
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    return head.encode() + photo + f"\r\n--{BOUNDARY}--\r\n".encode()


@contextmanager
def served(app: str, model: Path) -> Iterator[tuple[int, Any]]:
    """(port, process) of an app in a process of its own, once it answers."""
    import psutil

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as folder:
        command = [sys.executable, "-m", "benchmarks.serving.load", "--serve", app, str(port)]
        command += ["--model", str(model.resolve()), "--photos", "."]
        environ = {**os.environ, "GRADIO_TEMP_DIR": f"{folder}/uploads", "STATE": folder}
        process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
        try:
            _wait(port, process)
            yield port, psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait()


def serve(app: str, model: Path, port: int) -> None:
    """Serve until ended."""
    if app == THEIRS:
        _serve_interface(model, port)
        return
    from space.app import run
    from space.settings import SpaceSettings

    settings = SpaceSettings(
        str(model), state=Path(os.environ["STATE"]) / "state", port=port, behind_proxy=True
    )
    run(settings if app == OURS else _two_at_a_time(settings))


def _two_at_a_time(settings: Any) -> Any:
    from dataclasses import replace

    return replace(settings, at_once=2)


def _serve_interface(model: Path, port: int) -> None:
    import gradio as gr
    from transformers import pipeline

    classifier: Any = pipeline("image-classification", model=str(model), device="cpu")

    def name(photo: Any) -> dict[str, float]:
        return {one["label"]: one["score"] for one in classifier(photo)}

    # `gr.Interface.from_pipeline` of Gradio 6.31 looks for pipelines that transformers 5.23 has not.
    interface = gr.Interface(name, gr.Image(type="pil"), gr.Label(), api_name="predict")
    interface.launch(server_port=port, quiet=True)


def _wait(port: int, process: Any, seconds: float = 300) -> None:
    """Until the app answers questions: ours is healthy before its model is loaded."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise SystemExit("The app ended before it was ready.")
        if _healthy(port):
            return
        time.sleep(1)
    raise SystemExit("The app was not ready in time.")


def _healthy(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/healthz")
        with connection.getresponse() as answer:
            told = answer.read()
            if answer.status == 404:  # an app that is ready when it listens
                return True
            return answer.status == 200 and bool(json.loads(told).get("ready", True))
    except (OSError, HTTPException, ValueError):
        return False
    finally:
        connection.close()


def memory_of(process: Any) -> float:
    """MB of a process and what it started."""
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True))) / 1e6


def processor_of(process: Any) -> float:
    """Seconds that it has worked."""
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    main()
