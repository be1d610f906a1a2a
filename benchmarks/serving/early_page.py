"""How long somebody waits for the demo: seconds to its address, to the first answer, and to the
fine-tuned model.

    python -m benchmarks.serving.early_page museum OUT [--epochs 1 ...]         prints one JSON line
    python -m benchmarks.serving.early_page museum OUT --as-before [...]  the loop, then serving what it made

For a fresh machine set VITRINE_CACHE to an empty folder: the backbone is then fetched and its
engine prepared, too.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any

from tests.fixtures.visitors import free_port

PAUSE = 0.25  # seconds between two looks


def health(port: int) -> dict[str, Any] | None:
    """What /healthz says; None while nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as refused:
        return dict(json.load(refused))
    except OSError:
        return None


def watched(command: list[str], port: int, begun: float) -> dict[str, float]:
    """Run a command until its page serves a model that is not provisional; seconds since `begun`
    by event."""
    seen: dict[str, float] = {}
    page = subprocess.Popen([sys.executable, *command, "--port", str(port)], stdout=sys.stderr)
    try:
        while "finished" not in seen and page.poll() is None:
            said = health(port)
            events = {
                "address": said is not None,
                "answers": bool(said and said["ready"]),
                "finished": bool(said and said["ready"] and "provisional" not in said["model"]),
            }
            for name, is_so in events.items():
                if is_so:
                    seen.setdefault(name, round(time.monotonic() - begun, 1))
            time.sleep(PAUSE)
    finally:
        page.send_signal(signal.SIGTERM)
        page.wait()
    return seen


def main(given: list[str]) -> None:
    """See above."""
    photos, out, *more = given
    begun = time.monotonic()
    port = free_port()
    command = ["-m", "space", "demo", photos, out, *more]
    if "--as-before" in more:
        more.remove("--as-before")
        subprocess.run(
            [sys.executable, "-m", "space", "loop", photos, out, *more],
            stdout=sys.stderr,
            check=True,
        )
        command = ["-m", "space", "serve", f"{out}/model", "--dataset", f"{out}/dataset"]
    seen = watched(command, port, begun)
    print(json.dumps({**seen, "load": round(os.getloadavg()[1], 1), "cores": os.cpu_count()}))


if __name__ == "__main__":
    main(sys.argv[1:])
