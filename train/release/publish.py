"""Push a finished model folder to the Hub: one commit, its card, and the dataset revision it was
made from.

    publish(Path("out/model"), "hf://you/paintings-vit")

The Hub sees what `from_pretrained` and transformers.js want, and `vitrine/`; checkpoints and what
only this machine knows stay here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from data_cards.dataset.cards import public_name
from data_cards.dataset.collection import load_collection
from data_cards.errors import BadAddress, BadCollection, BadModel
from data_cards.progress import say
from data_cards.storage.repository import open_repository, parse_address
from train.inference.model_folder import read_json
from train.models.classifiers import CODE
from train.release.model_card import model_folder_card

WEIGHTS = re.compile(
    r"config\.json|preprocessor_config\.json|model(-[\d]+-of-[\d]+)?\.safetensors(\.index\.json)?|"
    + re.escape(CODE)
)
OURS = "vitrine"
NEEDED = ("config.json", "preprocessor_config.json", f"{OURS}/release.json")
BROWSER = "onnx"  # where transformers.js looks
HERE_ONLY = ".proof.json"  # which engine agrees with torch depends on the processor


def publish(folder: Path, address: str, private: bool = True, message: str = "") -> str:
    """The new revision at `address` (hf://user/name; made private unless asked).

    Raises BadModel for a folder that is not finished, BadCollection where photos of people lack
    their policy, BadAddress, HubUnreachable. Nothing is made on the Hub before all of that is
    checked.
    """
    place = parse_address(address)
    if place.kind != "hub" or place.revision:
        raise BadAddress(
            f"A model is published at hf://user/name, not at {address}.", address=address
        )
    _check(folder)
    release = read_json(folder / OURS / "release.json")
    files: dict[str, bytes | Path] = {
        path.relative_to(folder).as_posix(): path for path in _travelling(folder)
    }
    files["README.md"] = model_folder_card(folder, place.name).encode()
    # Paths on this machine are not published.
    told = {
        name: public_name(str(release[name])) for name in ("dataset", "model") if name in release
    }
    files[f"{OURS}/release.json"] = json.dumps(
        release | told, ensure_ascii=False, indent=1
    ).encode()
    target = open_repository(address, kind="model", create=True, private=private)
    stale = [path for path in target.files() if _is_ours(path) and path not in files]
    dataset = public_name(str(release.get("dataset", "")))
    message = message or f"Trained on {dataset} at {release['dataset_revision'][:12]}"
    revision = target.commit(files, message, delete=stale)
    say(f"The model is at {address}, revision {revision[:12]}.")
    return revision


def _check(folder: Path) -> None:
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing or not any(
        WEIGHTS.fullmatch(path.name) and path.suffix == ".safetensors" for path in folder.glob("*")
    ):
        raise BadModel(
            f"{folder} is not a finished model: {', '.join(missing) or 'model.safetensors'} is "
            "missing. "
            "Train it to the end first: vitrine train DATASET MODEL",
            missing=missing,
        )
    release = read_json(folder / OURS / "release.json")
    if not release.get("dataset_revision"):
        raise BadModel(
            f"{folder} does not say which dataset revision it was trained on, so it can't be "
            "published."
        )
    try:
        things = load_collection(folder / OURS / "collection")
    except BadCollection as error:
        raise BadModel(f"{folder} has no collection: {error}") from error
    things.check_publishable()


def _travelling(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and _is_ours(path.relative_to(folder).as_posix()):
            yield path


def _is_ours(path: str) -> bool:
    parts = path.split("/")
    if any(part.startswith(".") for part in parts) or path.endswith(HERE_ONLY):
        return False
    return parts[0] in (OURS, BROWSER) if len(parts) > 1 else WEIGHTS.fullmatch(path) is not None
