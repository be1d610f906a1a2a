"""A Space on ZeroGPU: the real `spaces` package reports its start, and a batch goes through the
declared function. What answers the report here is a stand-in; Hugging Face's own was out of reach."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from data_cards.errors import BadPhoto
from data_cards.photos.image import encode_jpeg
from space.hosting.zero_gpu import LookedAhead, look_at_batch
from tests.fixtures.tiny_models import picture
from train.inference.predictor import load_predictor

ROOT = Path(__file__).parents[3]
# The package patches torch's CUDA, which the torch for CPUs lacks; without torch it patches nothing.
STARTED = """
import json, sys
sys.modules["torch"] = None
from pathlib import Path
import tempfile, os
from space.app import create_app
from space.server import launch, stop
from space.settings import settings_from
os.environ["GRADIO_TEMP_DIR"] = tempfile.mkdtemp()
settings = settings_from({**os.environ, "VITRINE_MODEL": sys.argv[1], "VITRINE_STATE": sys.argv[2]})
from dataclasses import replace
app = create_app(replace(settings, host="127.0.0.1", engine="torch"))
running = launch(app, os.environ, int(sys.argv[3]))
from spaces.zero.decorator import decorated_cache
print(json.dumps({"zero_gpu": settings.zero_gpu, "declared": len(decorated_cache)}))
stop(running)
"""


@pytest.fixture
def reports():
    """The paths that a start was reported at, and where."""
    heard: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *said: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield heard, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_start_is_reported_with_a_declared_function(tiny_release, tmp_path, reports):
    heard, url = reports
    from tests.fixtures.visitors import free_port

    told = {"SPACES_ZERO_GPU": "true", "SPACES_ZERO_DEVICE_API_URL": url}
    made = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            "-c",
            STARTED,
            str(tiny_release),
            str(tmp_path),
            str(free_port()),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **told},
        timeout=240,
    )
    assert made.returncode == 0, made.stderr[-2000:]
    said = json.loads(made.stdout.strip().splitlines()[-1])
    assert said == {"zero_gpu": True, "declared": 2} and heard == ["/startup-report"]


def test_a_batch_looked_at_together_is_answered_as_one_by_one(tiny_release, tmp_path):
    predictor = load_predictor(tiny_release, tmp_path, engine="torch")
    photos = [encode_jpeg(picture(kind, 20)) for kind in range(3)]
    asked = []

    def look(folder: str, tensors: np.ndarray) -> tuple[np.ndarray, ...]:
        asked.append(len(tensors))
        return look_at_batch(folder, tensors)

    ahead = LookedAhead(predictor, [*photos, b"no photo"], look)
    assert asked == [3]
    for data in photos:
        one, other = ahead.predict(data), predictor.predict(data)
        assert (one.answer, one.label) == (other.answer, other.label)
        assert one.confidence == pytest.approx(other.confidence, abs=1e-4)
    with pytest.raises(BadPhoto):
        ahead.predict(b"no photo")
