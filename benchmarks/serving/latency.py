"""From JPEG bytes to the whole answer, beside what transformers takes for the bare label of the
same photos.

    python -m benchmarks.serving.latency --model MODEL --photos FOLDER [--most 40] [--threads 2]

MODEL has an ONNX export. Every line of a run is measured in turns, photo by photo, so that other
work on the machine slows all of them alike; processor time is given beside the clock. Ratios are
those of the medians.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.request import urlopen

import numpy as np

ENGINES = ("openvino", "onnxruntime", "torch")  # the first is what serves
GOALS = {"openvino": 1 / 3}
ASKERS = (1, 4, 16)
MOST_MEMORY = 700
PAUSE = 0.1  # seconds, so that nobody's threads spin on into the turn of the next
Ask = Callable[[bytes], tuple[str, str]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument(
        "--photos", type=Path, required=True, help="a folder, looked through to its depth"
    )
    parser.add_argument("--most", type=int, default=40, help="photos (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--skip", nargs="*", default=[], choices=("engines", "askers", "memory"))
    flags = parser.parse_args()
    photos = _photos(flags.photos, flags.most)
    print(
        f"{len(photos)} photos, {flags.threads} threads, load {os.getloadavg()[0]:.1f}", flush=True
    )
    if "memory" not in flags.skip:
        _memory(flags.model, photos)
    if "engines" not in flags.skip:
        _engines(flags.model, photos, flags.threads)
    if "askers" not in flags.skip:
        _askers(flags.model, photos, flags.threads)


def _photos(folder: Path, most: int) -> list[bytes]:
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    return [path.read_bytes() for path in files[:: max(1, len(files) // most)][:most]]


def _engines(model: Path, photos: Sequence[bytes], threads: int) -> None:
    from train.inference.predictor import load_predictor

    asks: dict[str, Ask] = {"pipeline": _pipeline(model, threads)}
    for engine in ENGINES:
        predictor = load_predictor(model, engine=engine, threads=threads)
        asks[engine if engine == predictor.engine else f"{engine} ({predictor.engine})"] = _ours(
            predictor
        )
    clock, processor, said = _in_turns(asks, photos)
    bare = np.median(clock["pipeline"])
    exact = said["torch"]
    print(
        f"{'':22}{'p50 ms':>9}{'p95 ms':>9}{'cpu ms':>9}{'ratio':>7}{'cpu ratio':>10}{'goal':>6}  "
        "top-1  same answer"
    )
    for name in asks:
        p50, p95 = np.percentile(clock[name], [50, 95])
        top = np.mean(
            [one[0] == two[0] for one, two in zip(said[name], said["pipeline"], strict=True)]
        )
        same = np.mean([one == two for one, two in zip(said[name], exact, strict=True)])
        goal = next(
            (f"{share:.2f}" for engine, share in GOALS.items() if name.startswith(engine)), ""
        )
        cpu = np.median(processor[name])
        print(
            f"{name:22}{p50:9.1f}{p95:9.1f}{cpu:9.1f}{p50 / bare:7.2f}{cpu / np.median(processor['pipeline']):10.2f}"
            f"{goal:>6}  {top:5.3f}  " + (f"{same:5.3f}" if name != "pipeline" else ""),
            flush=True,
        )


def _pipeline(model: Path, threads: int) -> Ask:
    import torch
    from PIL import Image
    from transformers import pipeline

    torch.set_num_threads(threads)
    classifier: Any = pipeline("image-classification", model=str(model), device="cpu")

    def ask(data: bytes) -> tuple[str, str]:
        with Image.open(io.BytesIO(data)) as image:
            return str(classifier(image.convert("RGB"))[0]["label"]), ""

    return ask


def _ours(predictor: Any) -> Ask:
    def ask(data: bytes) -> tuple[str, str]:
        found = predictor.predict(data).to_json()
        return found["candidates"][0]["label"], found["answer"]

    return ask


def _in_turns(asks: dict[str, Ask], photos: Sequence[bytes]) -> tuple[Any, Any, Any]:
    clock, processor, said = ({name: list[Any]() for name in asks} for _ in range(3))
    for ask in asks.values():
        ask(photos[0])
    for data in photos:
        for name, ask in asks.items():
            time.sleep(PAUSE)
            begun = time.perf_counter()
            cpu = time.process_time()
            said[name].append(ask(data))
            clock[name].append(1e3 * (time.perf_counter() - begun))
            processor[name].append(1e3 * (time.process_time() - cpu))
    return clock, processor, said


def _askers(model: Path, photos: Sequence[bytes], threads: int) -> None:
    """When several ask: those who come meanwhile in one batch, against one after the other.
    Photos a second say little where others work on the same machine; processor time a photo
    does."""
    from train.inference.predictor import load_predictor

    predictor = load_predictor(model, threads=threads)
    alone = Lock()

    def in_line(data: bytes) -> None:
        with alone:
            predictor.predict(data)

    for askers in ASKERS:
        rates: dict[str, list[tuple[float, float]]] = {"together": [], "in line": []}
        for _ in range(3):
            for name, ask in (("together", predictor.predict), ("in line", in_line)):
                with ThreadPoolExecutor(askers) as several:
                    begun = time.perf_counter()
                    cpu = time.process_time()
                    list(several.map(ask, photos))
                    rates[name].append(
                        (
                            len(photos) / (time.perf_counter() - begun),
                            1e3 * (time.process_time() - cpu) / len(photos),
                        )
                    )
        print(
            f"{askers:2} at once: "
            + ", ".join(
                f"{name} {max(rate for rate, _ in all_):.1f} photos/s, "
                f"{np.median([cpu for _, cpu in all_]):.1f} ms of "
                "processor a photo"
                for name, all_ in rates.items()
            ),
            flush=True,
        )


def _memory(model: Path, photos: Sequence[bytes], questions: int = 50) -> None:
    """What `python -m space serve` holds after some questions."""
    from gradio_client import Client, handle_file

    with socket.socket() as probe, tempfile.TemporaryDirectory(prefix="vitrine-bench-") as scratch:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        files = [Path(scratch) / f"{number}.jpg" for number in range(min(len(photos), questions))]
        for file, data in zip(files, photos, strict=False):
            file.write_bytes(data)
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "space",
                "serve",
                str(model),
                "--port",
                str(port),
                "--state",
                f"{scratch}/state",
            ],
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait(f"http://127.0.0.1:{port}/healthz", process)
            client = Client(f"http://127.0.0.1:{port}", verbose=False)
            for number in range(questions):
                client.predict(handle_file(str(files[number % len(files)])), 3, api_name="/predict")
            now, most = (_status(process.pid, name) for name in ("VmRSS", "VmHWM"))
            torch = "torch" in Path(f"/proc/{process.pid}/maps").read_text()
        finally:
            process.terminate()
            process.wait()
    print(
        f"memory after {questions} questions: {now:.0f} MB, at most {most:.0f} MB (goal "
        f"{MOST_MEMORY}); "
        f"torch is {'' if torch else 'not '}loaded",
        flush=True,
    )


def _wait(health: str, process: Any, seconds: float = 300) -> None:
    for _ in range(int(seconds)):
        if process.poll() is not None:
            raise SystemExit("The app ended before it was ready.")
        try:
            with urlopen(health) as answer:
                json.load(answer)
                return
        except OSError:
            time.sleep(1)
    raise SystemExit("The app was not ready in time.")


def _status(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


if __name__ == "__main__":
    main()
