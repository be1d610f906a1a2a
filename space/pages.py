"""The page as a folder of static files, for GitHub Pages or any other place that serves files.

    vitrine pages out/model --space https://you-festival.hf.space              into docs/
    vitrine pages out/model --space https://you-festival.hf.space --out site   into site/

It asks the app, and where that can't be reached it answers by itself: the release in the browser
lies beside it (train/release/twin.py).
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Collection as Several
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from data_cards.dataset.collection import Collection
from data_cards.errors import BadAddress, BadModel
from data_cards.installed_files import ROOT, page_assets, page_file
from data_cards.progress import say
from data_cards.storage.atomic_files import full_disk_named
from space.routes import (
    BLUR_FACES,
    below_root,
    large_picture_of,
    room_of,
    thing_shared_as,
    twins_config,
)
from train.inference.model_folder import model_folder
from train.inference.predictor import Predictor, load_predictor
from train.release.twin import TWIN, TWINS, Twin, check_browser_can, release_in, write_twins

CONFIG = "config.js"
PAGE = "index.html"
WORKER = "sw.js"
MANIFEST = "manifest.webmanifest"
THINGS = "thing"  # a folder for each, whose page shows a preview
TO_ROOT = "../../"
ICONS = (
    ("icon.svg", "any", "image/svg+xml"),
    ("icon-192.png", "192x192", "image/png"),
    ("icon-512.png", "512x512", "image/png"),
)
# What the page loads by itself. The runtime is none of it: it is fetched with the release.
KEPT = frozenset({".css", ".html", ".js", ".png", ".svg"})
PAPER = "#FAF7F1"
# The page's own policy must allow calls to the app.
REACHED = re.compile(r"https://[\w.-]+\.hf\.space|http://(127\.0\.0\.1|localhost)(:\d+)?")
CONNECT = "https://*.hf.space"


@dataclass(frozen=True)
class Pages:
    """What was written, where, of which release; `twins`, by name, are none where a browser can't
    run it, and then `why` says so."""

    folder: Path
    space: str
    collection: Collection
    revision: str
    twins: Mapping[str, Twin] = field(default_factory=dict)
    why: str = ""


def write_pages(
    model: str,
    space: str,
    out: Path | None,
    cache: Path,
    site: str = "",
    blur_faces: bool = False,
) -> Pages:
    """The page for the release at `model`, which asks the app at the address `space`, in `out`:
    the checkout's docs/ unless given. Empty `space`: there is no app, the browser answers alone.
    `site`: where the page itself will be, if that is known; `blur_faces`: the page blurs faces
    before it sends a photo.

    Raises BadAddress, BadModel, BadCollection where photos of people lack their policy.
    """
    address = app_address(space) if space else ""
    folder, revision = model_folder(model, cache)
    out = out or _docs()
    # In full: what serves may compute in bf16, whose confidences differ by a point or two.
    predictor = load_predictor(model, cache, "onnxruntime")
    things = predictor.collection
    things.check_publishable()
    try:
        check_browser_can(folder)
    except BadModel as error:
        if not address:
            raise
        say(error.sentence)
        _write_page(out, address, (), blur_faces)
        _write_things(out, address, predictor)
        return Pages(out, address, things, revision, why=error.sentence)
    twins = write_twins(folder, predictor, out, room_of(predictor))
    _write_page(out, address, twins, blur_faces)
    _write_things(out, address, predictor, site)
    _write_offline(out, things.title, things.language)
    return Pages(out, address, things, revision, twins)


def app_address(space: str) -> str:
    """Where an app answers, without a slash at its end: as typed, or of hf://user/name. Raises
    BadAddress."""
    if space.startswith("hf://"):
        name = space.removeprefix("hf://")
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
            raise BadAddress(f"{space} is not a Space. Write it as hf://user/name.", address=space)
        return f"https://{re.sub(r'[^a-z0-9]+', '-', name.casefold())}.hf.space"
    parts = urlsplit(space)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadAddress(
            f"{space} is not the address of an app. One looks like https://you-festival.hf.space.",
            address=space,
        )
    return space.rstrip("/")


def config_text(address: str, twins: Several[str], blur_faces: bool = False) -> str:
    """config.js: where the app answers, empty for nowhere, and which twins lie beside the page."""
    return (
        "// Where your Vitrine app answers: vitrine pages MODEL --space URL\n"
        f"export const SPACE = {json.dumps(address)};\n"
        "// The release that answers in the browser where the app can't be reached.\n"
        f"{twins_config(twins)}{BLUR_FACES * blur_faces}"
    )


def page_text(address: str) -> str:
    """index.html, whose policy lets the page reach the app at `address`."""
    page = page_file().read_text("utf-8")
    if not address or REACHED.fullmatch(address):
        return page
    parts = urlsplit(address)
    return page.replace(CONNECT, f"{CONNECT} {parts.scheme}://{parts.netloc}")


def _write_page(out: Path, address: str, twins: Several[str], blur_faces: bool) -> None:
    with full_disk_named("the page"):
        out.mkdir(parents=True, exist_ok=True)
        (out / CONFIG).write_text(config_text(address, twins, blur_faces), encoding="utf-8")
        if page_file().parent.resolve() == out.resolve():
            return
        (out / PAGE).write_text(page_text(address), encoding="utf-8")
        for path in _assets():
            target = out / "assets" / path.relative_to(page_assets())
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def _write_things(out: Path, address: str, predictor: Predictor, site: str = "") -> None:
    """A page for each thing, which shows it where its address is sent to somebody and then leads
    into the page. An app has the larger pictures, and is reached by a whole address."""
    kept = _pictures_in(out / TWIN) if not address else {}
    root = f"{site}/" if site else TO_ROOT
    page = below_root(page_text(address), TO_ROOT)
    with full_disk_named("the pages of things"):
        shutil.rmtree(out / THINGS, ignore_errors=True)
        for about in predictor.collection.classes:
            picture = large_picture_of(predictor, about.id, address) if address else None
            if about.id in kept:
                picture = f"{root}{TWIN}/{kept[about.id]}"
            place = out / THINGS / about.id / PAGE
            place.parent.mkdir(parents=True)
            text = thing_shared_as(page, predictor, about.id, picture)
            place.write_text(text, encoding="utf-8")


def _pictures_in(twin: Path) -> dict[str, str]:
    """Class id -> the file in the twin that shows it."""
    classes = release_in(twin)["classes"]
    return {one["label"]: one["picture"] for one in classes if one["picture"]}


def _write_offline(out: Path, title: str, language: str) -> None:
    """What a browser needs to put the page on a home screen, and to open it in flight mode."""
    (out / MANIFEST).write_text(manifest_text(title, language, "assets"), encoding="utf-8")
    (out / WORKER).write_text(worker_text(out), encoding="utf-8")


def manifest_text(title: str, language: str, assets: str) -> str:
    """What is put on a home screen. `assets`: the folder of the page's files."""
    manifest = {
        "name": title,
        "short_name": title[:24],
        "lang": language,
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": [
            {"src": f"{assets}/{name}", "sizes": sizes, "type": kind} for name, sizes, kind in ICONS
        ],
    }
    return json.dumps(manifest, ensure_ascii=False, indent=1)


def worker_text(out: Path) -> str:
    """The service worker of the page in `out`: another one as soon as any of its files is."""
    names = [PAGE, CONFIG, MANIFEST, *(f"assets/{name}" for name in kept_assets())]
    twins = [name for name in TWINS if (out / name).is_dir()]
    return worker_keeping({name: (out / name).read_bytes() for name in names}, twins)


def worker_keeping(files: Mapping[str, bytes], twins: Several[str]) -> str:
    """The service worker of a page made of these files, by their address below the page, with
    these twins beside it."""
    marks = hashlib.sha256()
    for name, data in files.items():
        marks.update(name.encode() + data)
    gone = [name for name in TWINS if name not in twins]
    told = json.dumps({"revision": marks.hexdigest()[:16], "files": list(files), "gone": gone})
    program = (page_assets() / TWIN / "service_worker.js").read_text("utf-8")
    return f"self.VITRINE = {told};\n{program}"


def kept_assets() -> list[str]:
    """What a browser keeps of the page's files, by their path among them."""
    kept = (path for path in _assets() if path.suffix in KEPT)
    return [path.relative_to(page_assets()).as_posix() for path in kept]


def _assets() -> Iterator[Path]:
    for path in sorted(page_assets().rglob("*")):
        # An installed package keeps the page among its assets.
        if path.is_file() and path.resolve() != page_file().resolve():
            yield path


def _docs() -> Path:
    docs = ROOT / "docs"
    if not (docs / PAGE).is_file():
        raise BadAddress("Say where to write the page: vitrine pages MODEL --out FOLDER")
    return docs
