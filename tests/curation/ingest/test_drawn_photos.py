"""Photos drawn by a text-to-image model: the same for the same number, marked, for training."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from curation.ingest.drawn_photos import drawer, prompt_for
from curation.ingest.reference_views import ViewSettings, add_views, is_synthetic
from data_cards.dataset.collection import ClassInfo
from data_cards.dataset.repo import create_dataset
from data_cards.errors import BackboneUnavailable, BadSource
from data_cards.photos.image import open_photo
from tests.fixtures.pictures import collection_of, pictures, with_photos


def noise(model, cache_dir):
    """A model that draws noise of its generator."""

    def draw(prompt, num_inference_steps, generator):
        import torch

        pixels = torch.randint(0, 255, (64, 64, 3), generator=generator, dtype=torch.uint8)
        return SimpleNamespace(images=[Image.fromarray(pixels.numpy())])

    return draw


def gone(model, cache_dir):
    raise OSError("offline")


def test_a_drawing_is_the_same_for_the_same_number(tmp_path):
    draw = drawer("any", tmp_path, noise)
    assert draw("a mug", 1) == draw("a mug", 1)
    assert draw("a mug", 1) != draw("a mug", 2)


def test_words_say_what_a_class_looks_like_and_how_it_is_seen():
    info = ClassInfo("durga", "Durga", facts=(("Look for", "many arms"),))
    assert "Durga, many arms" in prompt_for(info, 0)
    assert len({prompt_for(info, number) for number in range(8)}) == 8


def test_thin_classes_are_drawn_and_the_photos_are_marked(tmp_path):
    dataset = create_dataset(str(tmp_path / "d"), collection_of("a", "b"))
    dataset = with_photos(dataset, {"a": pictures(5, 1), "b": pictures(1, 2)})
    settings = ViewSettings(per_class=3, thinner_than=5, model="some/model")
    added = add_views(dataset, settings, drawer("some/model", tmp_path, noise))
    views = [photo for photo in added.dataset.photos().values() if is_synthetic(photo)]
    assert {photo.sources[0].given_label for photo in views} == {"b"}
    assert {photo.sources[0].licence for photo in views} == {"made by some/model"}
    assert len(views) == 3


def test_without_package_or_model_a_sentence_says_so(tmp_path, monkeypatch):
    with pytest.raises(BackboneUnavailable, match="no text-to-image model"):
        drawer("some/model", tmp_path, gone)
    monkeypatch.setitem(sys.modules, "diffusers", None)
    with pytest.raises(BadSource, match=r"requirements-diffusers\.txt"):
        drawer("some/model", tmp_path)


def tiny_text_to_image(diffusers, folder):
    """A Stable Diffusion of a few thousand random numbers, as a model folder."""
    import transformers

    letters = "abcdefghijklmnopqrstuvwxyz,"
    signs = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{one}</w>" for one in letters)]
    vocabulary = {sign: number for number, sign in enumerate(signs)}
    text = transformers.CLIPTextConfig(
        hidden_size=16,
        intermediate_size=16,
        num_attention_heads=2,
        num_hidden_layers=1,
        vocab_size=len(vocabulary),
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
        projection_dim=16,
    )
    unet = diffusers.UNet2DConditionModel(
        sample_size=16,
        layers_per_block=1,
        block_out_channels=(8,),
        norm_num_groups=4,
        cross_attention_dim=16,
        attention_head_dim=4,
        down_block_types=("CrossAttnDownBlock2D",),
        up_block_types=("CrossAttnUpBlock2D",),
    )
    diffusers.StableDiffusionPipeline(
        vae=diffusers.AutoencoderKL(block_out_channels=(8,), norm_num_groups=4, sample_size=16),
        text_encoder=transformers.CLIPTextModel(text),
        tokenizer=transformers.CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=77),
        unet=unet,
        scheduler=diffusers.DDIMScheduler(
            num_train_timesteps=50, steps_offset=1, clip_sample=False
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return str(folder)


def test_a_tiny_random_model_of_diffusers_draws_what_words_and_number_say(tmp_path):
    diffusers = pytest.importorskip("diffusers", reason="pip install -r requirements-diffusers.txt")
    draw = drawer(tiny_text_to_image(diffusers, tmp_path / "model"), tmp_path / "cache")
    mug = draw("a blue mug", 1)
    assert np.asarray(open_photo(mug)).shape == (16, 16, 3)
    assert mug == draw("a blue mug", 1)
    assert mug not in (draw("a blue mug", 2), draw("a red vase", 1))
