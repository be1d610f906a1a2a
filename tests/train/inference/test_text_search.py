"""Words rank photos as the network itself would, with a tiny random CLIP and SigLIP."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fixtures.pictures import pictures
from tests.fixtures.words_and_photos import text_backbone
from train.inference.text_search import FOLDER, NOTE, has_text, open_towers, see_words, word_search


class Photos:
    def __init__(self) -> None:
        made = [*pictures(4, 1, (220, 40, 40)), *pictures(4, 2, (40, 40, 220))]
        self.by_id = {f"{n:064x}": data for n, data in enumerate(made)} | {"f" * 64: b"no photo"}
        self.read: list[str] = []

    def read_photos(self, ids):
        for name in ids:
            self.read.append(name)
            yield name, self.by_id[name]


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_photos_are_ranked_as_the_network_itself_ranks_them(tmp_path, kind):
    import torch
    from transformers import AutoModel, AutoTokenizer

    one = text_backbone(tmp_path / kind, kind)
    photos = Photos()
    see_words(photos, list(photos.by_id), one, tmp_path / "cache")
    found = word_search(tmp_path / "cache", list(photos.by_id))
    assert found is not None and len(found.ids) == 8, "a photo that cannot be read is left out"
    scores = found.scores("Red")
    model = AutoModel.from_pretrained(one.path).eval()
    tokens = AutoTokenizer.from_pretrained(one.path)(
        ["a photo of red"],
        return_tensors="pt",
        padding="max_length" if kind == "siglip" else True,
        max_length=64,
        truncation=True,
    )
    framing = one.framing()
    pixels = np.stack([framing(photos.by_id[name]) for name in found.ids])
    with torch.inference_mode():
        told = model(input_ids=tokens["input_ids"], pixel_values=torch.from_numpy(pixels))
    cosines = (told.image_embeds @ told.text_embeds.T)[:, 0].numpy()
    assert np.allclose([scores[name] for name in found.ids], cosines, atol=2e-3)
    assert scores != found.scores("Blue")


def test_a_photo_is_laid_beside_words_once(tmp_path):
    one = text_backbone(tmp_path / "clip", "clip")
    photos = Photos()
    ids = list(photos.by_id)[:-1]
    see_words(photos, ids, one, tmp_path / "cache")
    see_words(photos, ids, one, tmp_path / "cache")
    assert photos.read == ids


@pytest.mark.parametrize(
    ("kind", "tokenizer"),
    [
        ("dinov2", True),
        ("vit", True),
        ("clip_vision_model", True),
        ("siglip2", True),
        ("clip", False),
    ],
)
def test_without_a_text_half_there_is_no_such_search(tmp_path, kind, tokenizer):
    one = text_backbone(tmp_path / kind, kind, tokenizer)
    assert not has_text(one) and open_towers(one) is None
    assert see_words(Photos(), [], one, tmp_path / "cache") is None
    assert word_search(tmp_path / "cache", ["a"]) is None


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"backbone": "/nowhere"}'])
def test_a_damaged_note_or_a_lost_backbone_is_as_if_there_were_none(tmp_path, damage):
    one = text_backbone(tmp_path / "clip", "clip")
    photos = Photos()
    ids = list(photos.by_id)[:-1]
    see_words(photos, ids, one, tmp_path / "cache")
    next((tmp_path / "cache").glob(f"features/*{FOLDER}")).joinpath(NOTE).write_text(damage)
    assert word_search(tmp_path / "cache", ids) is None


def test_another_collection_is_not_searched(tmp_path):
    one = text_backbone(tmp_path / "clip", "clip")
    photos = Photos()
    see_words(photos, list(photos.by_id)[:2], one, tmp_path / "cache")
    assert word_search(tmp_path / "cache", list(photos.by_id)) is None
