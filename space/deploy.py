"""Push the app as a Space: code, card, requirements, and which model it serves.

    python -m space deploy hf://you/paintings hf://you/paintings-vit hf://you/paintings

    python -m space deploy --static hf://you/paintings out/model     no server: the browser answers

The Space reads its model and dataset from the Hub, the model at the revision it was deployed
with. For a private dataset, or to send decisions to any dataset, it needs a secret HF_TOKEN (in
the Space's settings); none is pushed.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from data_cards.dataset.cards import (
    SpaceCard,
    StaticSpaceCard,
    space_card,
    static_space_card,
)
from data_cards.dataset.collection import Collection, read_collection
from data_cards.errors import BadAddress, BadModel, MissingFile
from data_cards.installed_files import ROOT, page_assets, pinned_requirements
from data_cards.progress import say
from data_cards.storage.hub_client import make_space
from data_cards.storage.repository import Address, Repository, open_repository, parse_address
from train.release.twin import TWIN, TWINS

# In a checkout the page lies in docs, where GitHub Pages serves it; in a wheel inside
# `space`.
PARTS = ("data_cards", "train", "curation", "space", "docs/assets", "docs/index.html")
DOOR = "space/templates/app.py"
# Only what code needs travels: no photo, no key, no cache has one of these endings.
CODE = frozenset({".py", ".css", ".js", ".html", ".svg"})
WORDS = frozenset({".md", ".yaml", ".json"})
# What the page brings beside code: icons, the runtime of the release in the browser, and what finds
# faces.
BINARY = frozenset({".bin", ".gz", ".png"})
SECRET = re.compile(r"secret|password|token|credential|key", re.IGNORECASE)
# What serving and the light table import. Never fastdup: a closed binary has no place beside
# strangers' uploads.
SERVING = (
    "fastapi",
    "filelock",
    "gradio",
    "huggingface_hub",
    "mcp",
    "numpy",
    "onnxruntime",
    "opencv-python-headless",
    "openvino",
    "pillow",
    "pillow_heif",
    "psutil",
    "pyarrow",
    "pydantic",
    "python-ulid",
    "PyYAML",
    "threadpoolctl",
    "tqdm",
    "usearch",
    "uvicorn",
)
# A release with an ONNX export answers without these two, the largest of all.
WITHOUT_EXPORT = ("torch", "transformers")
EXPORT = "vitrine/exports/model.onnx"
SPACES = "spaces==0.51.3"
TORCH_FOR_CPU = "--extra-index-url https://download.pytorch.org/whl/cpu"


@dataclass(frozen=True)
class Deployment:
    """Where a Space was pushed, and what it serves."""

    space: str
    revision: str
    model: str
    dataset: str | None


# What each hardware means for this app, in a sentence that is said before anything is pushed.
HARDWARE = {
    "": "on the Hub's default, which for a new Gradio Space is cpu-basic and needs a PRO account.",
    "cpu-basic": "on 2 CPUs with 16 GB. A new Space of this kind needs a PRO account; it falls "
    "asleep after two days.",
    "zero-a10g": "on ZeroGPU: CPUs, and a GPU for the seconds of a batch. A free account may have "
    "two such Spaces. torch is installed for it, and one function is declared with @spaces.GPU; "
    "that the Hub accepts this start could only be tried against a stand-in for its report.",
}
PAID = "on {hardware}, which costs money by the hour. The app uses the CPUs; a GPU would be idle."
ZERO_GPU = "zero-a10g"


def deploy(
    space: str,
    model: str,
    dataset: str | None = None,
    private: bool = True,
    root: Path = ROOT,
    hardware: str = "",
) -> Deployment:
    """Push everything the Space needs in one commit, replacing what an earlier deployment left.

    `space`, `model`, `dataset`: hf://user/name, the last two with an optional @revision. Raises
    BadAddress for anything that is not on the Hub, BadCollection where photos of people lack
    their policy, HubUnreachable.
    """
    home = _on_hub(space, "space")
    source = _on_hub(model, "model")
    data = _on_hub(dataset, "dataset") if dataset else None
    release = open_repository(model, kind="model")
    revision = release.pinned or release.head()
    things = _collection(release, revision)
    things.check_publishable()
    served = Address("hub", source.name, revision)
    held = release.files(revision=revision)
    say(f"{home.name} will run {told_of(hardware)}")
    files = deployed_files(root)
    files |= {
        "README.md": space_card(
            SpaceCard(
                things,
                home.name,
                source.name,
                revision or "",
                data.name if data else "",
                thumbnail=_thumbnail(held, things),
            )
        ),
        "requirements.txt": space_requirements(
            pinned_requirements(root),
            exported=EXPORT in held and hardware != ZERO_GPU,
            zero_gpu=hardware == ZERO_GPU,
        ),
        "deployment.json": _deployment(served, data),
    }
    travelling: dict[str, Path | bytes] = {path: text.encode() for path, text in files.items()}
    travelling |= deployed_binaries(root)
    make_space(home.name, private, hardware)
    target = open_repository(f"hf://{home.name}", kind="space")
    stale = [path for path in target.files() if path.startswith(PARTS) and path not in travelling]
    made = target.commit(
        travelling,
        f"Serve {source.name} at {(revision or '')[:12]}",
        delete=stale,
    )
    return Deployment(target.address, made, str(served), str(data) if data else None)


# What an earlier static deployment may have left.
STATIC_PARTS = ("assets/", "thing/", *(f"{name}/" for name in TWINS))


def deploy_static(space: str, model: str, cache: Path, private: bool = True) -> Deployment:
    """Push the page with the release in the browser, a Space without a server, in one commit.

    `model`: an address, be it on the Hub or a folder here: everything that answers travels. Raises
    BadAddress, BadModel for a release that a browser can't run, BadCollection where photos of
    people lack their policy, HubUnreachable.
    """
    from data_cards.storage.hub import StaticSpaceRepository
    from space.pages import app_address, write_pages

    home = _on_hub(space, "place")
    site = app_address(f"hf://{home.name}").replace(".hf.space", ".static.hf.space")
    with tempfile.TemporaryDirectory(prefix="vitrine-static-") as scratch:
        made = write_pages(model, "", Path(scratch), cache, site)
        place = parse_address(model)
        on_hub = place.name if place.kind == "hub" else ""
        card = StaticSpaceCard(
            made.collection, on_hub, made.revision, round(made.twins[TWIN].bytes / 1_000_000)
        )
        files: dict[str, Path | bytes] = {
            path.relative_to(scratch).as_posix(): path
            for path in sorted(Path(scratch).rglob("*"))
            if path.is_file()
        }
        files["README.md"] = static_space_card(card).encode()
        target = StaticSpaceRepository(home.name, kind="space", create=True, private=private)
        stale = [
            path for path in target.files() if path.startswith(STATIC_PARTS) and path not in files
        ]
        message = f"Serve {made.collection.title} at {made.revision[:12]} in the browser"
        revision = target.commit(files, message, delete=stale)
    return Deployment(target.address, revision, model, None)


def told_of(hardware: str) -> str:
    """A sentence about a Space on this hardware."""
    return HARDWARE.get(hardware, PAID.format(hardware=hardware))


def _thumbnail(held: Container[str], things: Collection) -> str:
    """The path of a picture of the release that stands for the whole; empty where there is
    none that may be shown."""
    if things.is_about_people:
        return ""
    pictures = (f"vitrine/collection/references/{name}.jpg" for name in things.ids)
    return next((path for path in pictures if path in held), "")


def deployed_files(root: Path = ROOT) -> dict[str, str]:
    """path in the Space -> text, for all code and everything it shows."""
    found = {
        path.relative_to(root).as_posix(): path.read_text("utf-8")
        for part in PARTS
        for path in _code_under(root / part)
    }
    return found | {"app.py": (root / DOOR).read_text("utf-8")}


def deployed_binaries(root: Path = ROOT) -> dict[str, Path]:
    """path in the Space -> file, for what the page shows or runs that is not text."""
    return {
        path.relative_to(root).as_posix(): path
        for path in sorted(page_assets(root).rglob("*"))
        if path.suffix in BINARY
    }


def space_requirements(pinned: str, exported: bool, zero_gpu: bool = False) -> str:
    """What a Space installs: the lines of requirements.txt that serving needs, word for word.

    >>> print(space_requirements("# all\ngradio[oauth]==6.31.0\nkornia==0.9.0\ntorch==2.13.0",
    exported=True)) gradio[oauth]==6.31.0 <BLANKLINE>
    """
    wanted = {_plain(name) for name in (SERVING if exported else SERVING + WITHOUT_EXPORT)}
    lines = [
        line.strip()
        for line in pinned.splitlines()
        if _plain(re.split(r"[\[=<>~ ]", line)[0]) in wanted
    ]
    # ZeroGPU brings its own torch, which can use its GPUs.
    torch = [] if exported or zero_gpu else [TORCH_FOR_CPU]
    return "\n".join([*torch, *lines, *([SPACES] if zero_gpu else [])]) + "\n"


def _code_under(folder: Path) -> Iterator[Path]:
    for path in [folder] if folder.is_file() else sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        hidden = any(part.startswith(".") or part == "__pycache__" for part in inside)
        travels = path.suffix in CODE or (path.suffix in WORDS and not SECRET.search(path.name))
        if travels and not hidden and path.is_file():
            yield path


def _plain(name: str) -> str:
    return name.strip().casefold().replace("_", "-")


def _on_hub(address: str, what: str) -> Address:
    place = parse_address(address)
    if place.kind != "hub":
        raise BadAddress(
            f"A Space needs its {what} on the Hub, and {address} is a folder on this machine. "
            "Push it first, then give it as hf://user/name.",
            address=address,
        )
    return place


def _collection(release: Repository, revision: str | None) -> Collection:
    try:
        card, classes = (
            release.read(f"vitrine/collection/{name}", revision)
            for name in ("card.md", "classes.yaml")
        )
    except MissingFile as error:
        raise BadModel(
            f"{release.address} was not made with Vitrine: it has no collection.",
            address=release.address,
        ) from error
    return read_collection(card.decode(), classes.decode())


def _deployment(model: Address, dataset: Address | None) -> str:
    variables = {"VITRINE_MODEL": str(model)} | (
        {"VITRINE_DATASET": str(dataset)} if dataset else {}
    )
    return json.dumps(variables, indent=2) + "\n"
