"""Words to photos: where a backbone is a CLIP or SigLIP with its text half, typed words and photos
lie in one space, and photos are ranked by how well they fit.

towers = open_towers(backbone)            None where there is no text half
towers.texts(["red boats at night"])      (1, d), of length 1
see_words(dataset, ids, backbone, cache)  the photos' side, computed once and kept

A scan's own features (mean of patches, before the projection) are another space, so these are kept
apart: Radford et al. 2021 (CLIP), Zhai et al. 2023 (SigLIP).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from data_cards.bulk.batching import batches
from data_cards.errors import BadPhoto
from data_cards.progress import track
from data_cards.storage.atomic_files import write_durably
from train.inference.embeddings import FeatureCache, Photos
from train.models.backbone import Backbone
from train.statistics.vectors import unit

# SigLIP2 in its NaFlex form cuts photos into patches beforehand; its releases of one size say
# "siglip".
WITH_TEXT = frozenset({"clip", "siglip"})
TOKENIZERS = ("tokenizer.json", "vocab.json", "spiece.model")
FOLDER = "-words"  # how the folder of these features ends
NOTE = "words.json"
PROMPT = "a photo of {words}"  # as CLIP was measured with
BATCH = 16
LONGEST = 64  # tokens, of SigLIP; CLIP takes 77
ENOUGH = 0.5  # of a collection's photos, before words are looked for in them


def has_text(backbone: Backbone) -> bool:
    """Whether words can be laid beside photos with it."""
    if not (backbone.path / "config.json").is_file():
        return False
    is_kind = backbone.config.get("model_type") in WITH_TEXT
    return is_kind and any((backbone.path / name).is_file() for name in TOKENIZERS)


@dataclass(frozen=True)
class Towers:
    """Both halves of a network. `path`: its folder."""

    path: Path

    @cached_property
    def _model(self) -> Any:
        from transformers import AutoModel

        return AutoModel.from_pretrained(self.path).eval()

    @cached_property
    def _tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(self.path)

    def texts(self, words: Sequence[str]) -> np.ndarray:
        """(n, d) float32, of length 1."""
        import torch

        text = self._model.config.text_config
        most = min(LONGEST, int(getattr(text, "max_position_embeddings", LONGEST)))
        # SigLIP was trained on texts padded to their full length, and reads the padding too; CLIP
        # looks for the end of each.
        padded = self._model.config.model_type == "siglip"
        tokens = self._tokenizer(
            [PROMPT.format(words=one.lower()) for one in words],
            padding="max_length" if padded else True,
            truncation=True,
            max_length=most,
            return_tensors="pt",
        )
        names = ("input_ids",) if padded else ("input_ids", "attention_mask")
        kept = {name: tokens[name] for name in names}
        with torch.inference_mode():
            return _rows(self._model.get_text_features(**kept))

    def photos(self, tensors: np.ndarray) -> np.ndarray:
        """(n, 3, side, side) as the backbone frames photos -> (n, d) float32, of length 1."""
        import torch

        with torch.inference_mode():
            return _rows(self._model.get_image_features(pixel_values=torch.from_numpy(tensors)))


def _rows(said: Any) -> np.ndarray:
    # transformers 5 gives an output whose pooled rows are the features, versions before it rows.
    rows = getattr(said, "pooler_output", said)
    return unit(rows.float().numpy())


def open_towers(backbone: Backbone) -> Towers | None:
    """Both halves; None where there are not two."""
    return Towers(backbone.path) if has_text(backbone) else None


def see_words(
    dataset: Photos, ids: Sequence[str], backbone: Backbone, cache: Path
) -> FeatureCache | None:
    """Work out the photos' side, of those that were never seen; None without a text half. Photos
    that cannot be read are left out."""
    towers = open_towers(backbone)
    if towers is None:
        return None
    kept = _cache(cache, backbone)
    missing = kept.missing(ids)
    framing = backbone.framing()
    read = track(dataset.read_photos(missing), "Laying photos beside words", len(missing))
    for some in batches(_framed(read, framing), BATCH):
        names = [name for name, _ in some]
        kept.add(names, towers.photos(np.stack([tensor for _, tensor in some])))
    if len(kept) and not (kept.folder / NOTE).is_file():
        write_durably(kept.folder / NOTE, json.dumps({"backbone": str(backbone.path)}).encode())
    return kept


def _framed(photos: Iterable[tuple[str, bytes]], framing: Any) -> Iterable[tuple[str, np.ndarray]]:
    for name, data in photos:
        try:
            yield name, framing(data)
        except BadPhoto:  # told by the scan, which reads it as well
            continue


def _cache(cache: Path, backbone: Backbone) -> FeatureCache:
    own = FeatureCache.of(cache, backbone).folder
    return FeatureCache(own.with_name(own.name + FOLDER))


@dataclass(frozen=True)
class WordSearch:
    """Photos that words can be looked for in. Safe for threads once it has answered."""

    towers: Towers
    ids: tuple[str, ...]
    rows: np.ndarray

    def scores(self, words: str) -> dict[str, float]:
        """Image_id -> cosine of the photo and the words, -1 to 1."""
        asked = self.towers.texts([words])[0]
        found = self.rows.astype(np.float32) @ asked
        return dict(zip(self.ids, found.tolist(), strict=True))


def word_search(cache: Path, ids: Collection[str]) -> WordSearch | None:
    """The search over these photos, as a scan on this machine prepared it; None where none did."""
    for folder in sorted(cache.glob(f"features/*{FOLDER}")):
        try:
            path = Path(json.loads((folder / NOTE).read_bytes())["backbone"])
        except (OSError, ValueError, KeyError, TypeError):  # a damaged note: as if there were none
            continue
        kept = FeatureCache(folder)
        here = len(ids) - len(kept.missing(ids))
        if path.is_dir() and here and here >= ENOUGH * len(ids):
            found, rows = kept.load(ids)
            return WordSearch(Towers(path), tuple(found), rows)
    return None
