"""A model of ours in Chromium, opened by the real transformers.js by the name of its repository,
from a folder that answers as the Hub does.

    library = installed(folder)                  # by npm
    answers_in_browser(model, library, photos, "q8")
"""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.fixtures.static_site import StaticSite

PACKAGE = "@huggingface/transformers@4.3.2"
CHROMIUM = "/usr/bin/chromium"
NAME = "ann/things"
ASK = """async ([root, name, dtype, photos]) => {
  const library = "library/@huggingface/transformers/dist/transformers.min.js";
  const { env, pipeline } = await import(root + library);
  env.allowLocalModels = false;
  env.remoteHost = root;
  env.backends.onnx.wasm.wasmPaths = root + "library/onnxruntime-web/dist/";
  const ask = await pipeline("image-classification", name, { dtype, device: "wasm" });
  const answers = [];
  for (const photo of photos) answers.push((await ask(photo, { top_k: 1 }))[0]);
  return answers;
}"""


def installed(folder: Path) -> Path:
    """The folder `node_modules` with transformers.js in it. Raises CalledProcessError, and OSError
    where there is no npm."""
    folder.mkdir(parents=True, exist_ok=True)
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
    subprocess.run(["npm", "install", *quiet, PACKAGE], cwd=folder, check=True)
    return folder / "node_modules"


def answers_in_browser(
    model: Path, library: Path, photos: Sequence[bytes], dtype: str
) -> list[dict[str, Any]]:
    """{"label", "score"} of each JPEG. `model`: exported for transformers.js; `library`:
    node_modules; `dtype`: "fp32" or "q8"."""
    from playwright.sync_api import sync_playwright

    shown = [f"data:image/jpeg;base64,{base64.b64encode(data).decode()}" for data in photos]
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "index.html").write_text("<!doctype html><title>transformers.js</title>")
        (root / "library").symlink_to(library.resolve())
        repository = root / NAME / "resolve"
        repository.mkdir(parents=True)
        (repository / "main").symlink_to(model.resolve())
        site = StaticSite(root)
        try:
            with sync_playwright() as play:
                browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                page = browser.new_page()
                page.goto(site.url)
                answers: list[dict[str, Any]] = page.evaluate(ASK, [site.url, NAME, dtype, shown])
                browser.close()
        finally:
            site.close()
    return answers
