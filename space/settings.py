"""How a Space is set up: one frozen record, made from flags or from the environment of a Hugging
Face Space.

The environment is read here and nowhere else on this floor:

    VITRINE_MODEL, VITRINE_DATASET   addresses (folder or hf://user/name, either with @revision)
    VITRINE_STATE                    folder for decisions and sessions of this machine
    VITRINE_ORIGINS    web pages that may call the API, e.g. https://you.github.io (comma separated)
    VITRINE_MCP                      1: language models may ask, at /mcp/
    VITRINE_QUIZ    1: visitors are asked what training photos show, at /#/quiz (space/quiz/quiz.py)
    VITRINE_BLUR_FACES              1: the page blurs faces before it sends a photo
    VITRINE_EMBEDDERS  web pages that may show the app inside theirs (comma separated)
    VITRINE_ANNOTATORS  names that may use the light table, besides the Space's owner (commas)
    VITRINE_OWNERS                  names that may also train, release and go back (comma separated)
    VITRINE_PASSWORDS           file of names and password hashes (see `space/auth.py`), off a Space
    SPACES_ZERO_GPU                 set by ZeroGPU
    SYSTEM, SPACE_AUTHOR_NAME, OAUTH_CLIENT_SECRET   set by Hugging Face
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from data_cards.errors import BadAddress
from data_cards.settings import default_cache
from data_cards.storage.repository import parse_address

PORT = 7860
OWNER = "owner"
ON_THIS_MACHINE = "127.0.0.1"


@dataclass(frozen=True)
class SpaceSettings:
    """What an app is made from. Sizes in bytes, times in seconds, rates per minute and client."""

    model: str
    dataset: str | None = None
    cache: Path | None = None
    state: Path = Path(".vitrine-state")
    host: str = ON_THIS_MACHINE
    port: int = PORT
    origins: tuple[str, ...] = ()
    annotators: tuple[str, ...] = ()
    owners: tuple[str, ...] = (OWNER,)
    passwords: Path | None = None
    hub_sign_in: bool = False
    behind_proxy: bool = False
    disk_is_kept: bool = True
    most_photo_bytes: int = 20_000_000
    most_photos: int = 16
    # Uploads that lie on the disk of the last ten minutes: a full batch of 16, and that
    # of a dozen clients.
    most_upload_bytes_of_one: int = 320_000_000
    most_upload_bytes: int = 4_000_000_000
    questions_a_minute: int = 240
    feedback_a_minute: int = 12
    waiting_room: int = 64
    # Photos that are answered at once: while the network works on some, the next come in, and make
    # a batch (train/inference/micro_batch.py).
    at_once: int = 8
    # Processes that try a stranger's photo first; each may take 4 GB of addresses.
    checks_at_once: int = 2
    engine: str = "auto"
    # Whether a batch borrows a GPU of ZeroGPU's (space/hosting/zero_gpu.py).
    zero_gpu: bool = False
    # Whether language models may ask (space/agents/mcp_tools.py).
    mcp: bool = False
    # Whether visitors may say what training photos show (space/quiz/quiz.py).
    quiz: bool = False
    # Whether the page blurs faces before a photo leaves the visitor's device.
    blur_faces: bool = False
    # Pages that may show this one inside theirs, beside the Hub's.
    embedders: tuple[str, ...] = ()
    # What `python` runs behind the page when it opens, and stops when it closes; none where a page
    # only serves.
    behind: tuple[str, ...] = ()

    def is_owner(self, name: str) -> bool:
        """Whether somebody who signed in may train, release and go back. The Hub's names know no
        upper case."""
        if self.hub_sign_in:
            return name.casefold() in {owner.casefold() for owner in self.owners}
        return name in self.owners


def settings_from(environ: Mapping[str, str]) -> SpaceSettings:
    """The settings of a Hugging Face Space (or any container) from its environment. Raises
    BadAddress."""
    model = environ.get("VITRINE_MODEL", "")
    if not model:
        raise BadAddress(
            "VITRINE_MODEL is not set: it names the model to serve, such as hf://you/paintings."
        )
    dataset = environ.get("VITRINE_DATASET") or None
    on_hub = environ.get("SYSTEM") == "spaces"
    owner = environ.get("SPACE_AUTHOR_NAME", "") if on_hub else ""
    state = environ.get("VITRINE_STATE")
    passwords = environ.get("VITRINE_PASSWORDS")
    # On the Hub anybody could be called "owner"; elsewhere `serve` gives this name to the person
    # who started it.
    owners = _listed(f"{owner if on_hub else OWNER},{environ.get('VITRINE_OWNERS', '')}")
    return SpaceSettings(
        model=model,
        dataset=dataset,
        cache=default_cache(environ),
        state=Path(state) if state else state_folder(dataset, model, Path.home()),
        host="0.0.0.0",
        port=int(environ.get("PORT", PORT)),
        origins=_listed(environ.get("VITRINE_ORIGINS", "")),
        annotators=_listed(
            ",".join(
                (owner, *(environ.get(f"VITRINE_{who}", "") for who in ("OWNERS", "ANNOTATORS")))
            )
        ),
        owners=owners,
        passwords=Path(passwords) if passwords else None,
        # Off a Space Gradio's sign-in is a mock whose cookie anybody can forge; only Hugging Face
        # sets both.
        hub_sign_in=on_hub and bool(environ.get("OAUTH_CLIENT_SECRET")),
        behind_proxy=on_hub,
        disk_is_kept=not on_hub or bool(state),
        zero_gpu=_is_on(environ.get("SPACES_ZERO_GPU", "")),
        mcp=_is_on(environ.get("VITRINE_MCP", "")),
        quiz=_is_on(environ.get("VITRINE_QUIZ", "")),
        blur_faces=_is_on(environ.get("VITRINE_BLUR_FACES", "")),
        embedders=_listed(environ.get("VITRINE_EMBEDDERS", "")),
    )


def state_folder(dataset: str | None, model: str, home: Path) -> Path:
    """Where this machine keeps what is not sent yet: the same folder after every restart.

    Beside the revisions of a dataset folder, else under the user's home.
    """
    place = parse_address(dataset or model)
    if dataset and place.kind == "folder":
        return Path(place.name) / ".vitrine" / "space"
    full = place.name if place.kind == "hub" else str(Path(place.name).resolve())
    readable = re.sub(r"[^\w.-]", "-", full)[-60:].strip("-.")
    name = f"{readable}-{hashlib.sha256(full.encode()).hexdigest()[:8]}"
    return home / ".local" / "state" / "vitrine" / name


def first_model_of(dataset: str, state: Path) -> str:
    """Where the first model of a dataset is made when nobody names a place: beside a dataset
    folder (`dataset` -> `model`, `cups` -> `cups-model`), for one on the Hub in the state folder
    of this machine."""
    place = parse_address(dataset)
    if place.kind == "hub":
        return str(state / "model")
    folder = Path(place.name)
    name = folder.resolve().name
    return str(folder.parent / ("model" if name == "dataset" else f"{name}-model"))


def _is_on(text: str) -> bool:
    return text.strip().lower() in ("1", "t", "true")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(part.strip().rstrip("/") for part in text.split(",") if part.strip())
    )
