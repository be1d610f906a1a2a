"""One framing everywhere, and the same as transformers'."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from data_cards.errors import BadModel, BadPhoto
from train.images.preprocessing import FILE, Preprocessing


def photo(width=640, height=480, seed=0, kind="JPEG"):
    """A smooth picture, as a photo is: noise would differ in every resampling."""
    grid = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    image = Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    image.save(out, kind, quality=95)
    return out.getvalue()


@pytest.mark.parametrize("shape", [(640, 480), (480, 640), (300, 300), (257, 1000), (100, 90)])
def test_it_does_what_the_models_own_processor_does(tmp_path, shape):
    from transformers import AutoImageProcessor

    ours = Preprocessing()
    (tmp_path / FILE).write_text(json.dumps(ours.to_json()))
    theirs = AutoImageProcessor.from_pretrained(tmp_path, backend="pil")
    data = photo(*shape, kind="PNG")
    expected = theirs(Image.open(io.BytesIO(data)), return_tensors="np")["pixel_values"][0]
    np.testing.assert_allclose(ours(data), expected, atol=1e-5)


def test_a_jpeg_decoded_at_a_fraction_of_its_size_looks_nearly_the_same():
    data = photo(2400, 1800)
    whole = Preprocessing().framed(Image.open(io.BytesIO(data)).convert("RGB"))
    quick = Preprocessing().image(data)
    assert np.abs(np.asarray(whole, float) - np.asarray(quick, float)).mean() < 1.0


@pytest.mark.parametrize(
    "framing",
    [
        Preprocessing(),
        Preprocessing(short=0, size=96),
        Preprocessing().at(168),
        Preprocessing(mean=(0.5,) * 3, std=(0.5,) * 3, resample=2),
    ],
)
def test_a_framing_survives_the_models_folder(tmp_path, framing):
    (tmp_path / FILE).write_text(json.dumps(framing.to_json()))
    assert Preprocessing.from_folder(tmp_path) == framing


def test_a_plain_vit_squashes_to_a_square():
    card = {
        "image_processor_type": "ViTImageProcessor",
        "size": {"height": 224, "width": 224},
        "resample": 2,
        "do_resize": True,
        "do_normalize": True,
        "image_mean": [0.5] * 3,
        "image_std": [0.5] * 3,
    }
    framing = Preprocessing.from_json(card)
    assert (framing.size, framing.short) == (224, 0)
    assert framing.image(photo(640, 100)).size == (224, 224)


def test_another_size_keeps_the_framing():
    assert (Preprocessing().at(168).size, Preprocessing().at(168).short) == (168, 192)


def test_a_strip_is_not_blown_up_before_it_is_cropped(monkeypatch):
    made = []
    resize = Image.Image.resize

    def watched(image, size, *more):
        made.append(size)
        return resize(image, size, *more)

    monkeypatch.setattr(Image.Image, "resize", watched)
    for strip in (photo(20_000, 10, kind="PNG"), photo(10, 20_000, kind="PNG")):
        made.clear()
        assert Preprocessing().image(strip).size == (224, 224)
        assert max(made[-1]) <= 1024


def test_a_damaged_photo_is_told():
    with pytest.raises(BadPhoto):
        Preprocessing()(photo()[:2000])


def test_a_framing_we_do_not_know_is_refused():
    with pytest.raises(BadModel):
        Preprocessing.from_json({"size": {"longest_edge": 512}})
