"""The release in the browser beside the release itself: how large, how soon, how alike.

    python -m benchmarks.serving.twin --model MODEL --dataset DATASET [--most 50] [--small]

Writes the page of MODEL as `python -m space pages` does, opens it in Chromium and asks it about
photos of DATASET, from all over it, as they are stored: once with one thread, once isolated, with
as many as there are cores. The first answer is counted from the press on "download", from a server
on this machine; what the way to it takes depends on the signal. `--small`: the small twin that MODEL has.

    python -m benchmarks.serving.twin --model MODEL --dataset DATASET --steps 3 7 15 31 127

No browser: of weights rounded to so few steps on either side of zero (7 take 4 bits), the megabytes
of the download with the runtime, and on how many photos the answer stays. MODEL has an ONNX export.
"""

from __future__ import annotations

import argparse
import gzip
import tempfile
from base64 import b64encode
from pathlib import Path
from statistics import median
from typing import Any

CHROMIUM = "/usr/bin/chromium"
CLOSE = 0.01
ASK = """async ({ photos, folder }) => {
    const { Twin } = await import("./assets/twin/twin.js");
    const twin = new Twin(`${folder}/`);
    const begun = performance.now();
    await twin.fetch();
    const fetched = performance.now() - begun;
    const answers = [];
    const took = [];
    for (const photo of photos) {
        const bytes = Uint8Array.from(atob(photo), (one) => one.charCodeAt(0));
        const start = answers.length ? performance.now() : begun;
        answers.push(await twin.ask(new Blob([bytes])));
        took.push(performance.now() - start);
    }
    return { answers, took, fetched, isolated: crossOriginIsolated };
}"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--most", type=int, default=50, help="photos (default: %(default)s)")
    parser.add_argument("--steps", type=int, nargs="+", default=[], help="steps of the weights")
    parser.add_argument("--small", action="store_true", help="the small twin")
    flags = parser.parse_args()
    from data_cards.settings import default_cache
    from space.pages import write_pages
    from train.inference.predictor import load_predictor
    from train.release.export import photos_of
    from train.release.twin import SMALL_TWIN, TWIN

    cache = default_cache({})
    photos = photos_of(flags.dataset, flags.most)
    if flags.steps:
        small_ones(Path(flags.model), photos, flags.steps)
        return
    with tempfile.TemporaryDirectory(prefix="vitrine-twin-") as scratch:
        name = SMALL_TWIN if flags.small else TWIN
        twin = write_pages(flags.model, "", Path(scratch), cache).twins.get(name)
        if twin is None:
            raise SystemExit("This release has no twin.")
        print(f"download    {twin.bytes / 1e6:.1f} MB, {twin.bits} bits a weight")
        for name, size in sorted(twin.files.items(), key=lambda file: -file[1])[:6]:
            print(f"            {size / 1e6:6.2f} MB  {name}")
        site = Path(scratch)
        said = {isolated: asked(site, name, photos, isolated) for isolated in (False, True)}
    for engine in ("onnxruntime", "openvino", "torch"):
        release = load_predictor(flags.model, cache, engine)
        expected = [release.predict(data) for data in photos]
        print(f"{engine:11} {alike(said[False]['answers'], expected)}")
    for isolated, one in said.items():
        first, *later = one["took"]
        kind = "several threads" if isolated else "one thread"
        print(
            f"{kind:15} first answer {first / 1000:.1f} s after the press, later ones "
            f"{median(later) / 1000:.2f} s (slowest {max(later) / 1000:.2f} s)"
        )


def small_ones(folder: Path, photos: list[bytes], steps: list[int]) -> None:
    """Print a line for each number of steps."""
    from train.images.preprocessing import Preprocessing
    from train.inference.embeddings import Embedder
    from train.inference.engine import open_onnx
    from train.inference.network import ONNX
    from train.inference.predictor import load_predictor
    from train.release.compact_weights import WEIGHTS, layout_of, pack, split_graph, unpack
    from train.release.twin import runtime_bytes

    release = load_predictor(str(folder), engine="onnxruntime")
    expected = [release.predict(data) for data in photos]
    graph, arrays = split_graph(folder / ONNX)
    for count in steps:
        packed = pack(arrays, count)
        with tempfile.TemporaryDirectory(prefix="vitrine-steps-") as scratch:
            (Path(scratch) / "graph.onnx").write_bytes(graph)
            weights = unpack(packed, layout_of(arrays, count))
            (Path(scratch) / WEIGHTS).write_bytes(weights.tobytes())
            network = open_onnx(Path(scratch) / "graph.onnx", "onnxruntime")
            asked = release.through(Embedder(network, Preprocessing.from_folder(folder)))
            found = [asked.predict(data).to_json() for data in photos]
        size = (len(gzip.compress(packed, 6)) + runtime_bytes()) / 1e6
        print(f"{count:6} steps {size:5.1f} MB   {alike(found, expected)}", flush=True)


def asked(folder: Path, twin: str, photos: list[bytes], isolated: bool) -> dict[str, Any]:
    """What a fresh browser answers from a twin of the page in `folder`, and how long it took."""
    from playwright.sync_api import sync_playwright

    from tests.fixtures.static_site import StaticSite

    site = StaticSite(folder, isolated)
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.set_default_timeout(600_000)
        page.goto(site.url)
        given = {"folder": twin, "photos": [b64encode(data).decode() for data in photos]}
        said: dict[str, Any] = page.evaluate(ASK, given)
        browser.close()
    site.close()
    return said


def alike(found: list[dict[str, Any]], expected: list[Any]) -> str:
    """How often a visitor is told the same, in words."""
    pairs = list(zip(found, expected, strict=True))
    same = sum((a["answer"], a["label"]) == (b.answer, b.label) for a, b in pairs)
    apart = [abs(a["confidence"] - b.confidence) for a, b in pairs]
    first = sum(
        [one["image_id"] for one in a["similar"][:1]] == [one["image_id"] for one in b.similar[:1]]
        for a, b in pairs
    )
    close = sum(one <= CLOSE for one in apart)
    return (
        f"same answer {same} of {len(pairs)}, confidence within .01 on {close} "
        f"(most {max(apart):.4f}), same photo most alike on {first}"
    )


if __name__ == "__main__":
    main()
