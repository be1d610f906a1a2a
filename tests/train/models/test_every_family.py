"""Every family of backbones goes the whole way: found, looked through, learned, released, served."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from data_cards.errors import BackboneUnavailable
from data_cards.photos.image import encode_jpeg
from tests.fixtures.tiny_families import TINY, write_tiny_family
from tests.fixtures.tiny_models import picture, release_of
from train.finetune.fit import optimizer_for
from train.finetune.recipe import framing_for, give_head, head_of, with_head
from train.finetune.schedule import learning_rates, plan_for
from train.inference.predictor import load_predictor
from train.models.backbone import Backbone, find_backbone
from train.models.families import BLOCK, FAMILIES
from train.probes.logistic import fit_probe
from train.release.contents import write_weights
from train.settings import TrainSettings

CLASSES = ("lion", "rose")
SHOTS = 6


@pytest.fixture(scope="session", params=TINY)
def backbone(request, tmp_path_factory):
    """One backbone of each family, found as a user's folder is."""
    folder = tmp_path_factory.mktemp("families") / request.param
    return find_backbone(str(write_tiny_family(request.param, folder)), folder)


def tensors(framing):
    """(n, 3, side, side) of pictures of both classes, and their class numbers."""
    photos = [picture(kind, shot, 48) for kind in (0, 1) for shot in range(SHOTS)]
    truth = np.repeat([0, 1], SHOTS)
    return np.stack([framing.tensor(framing.framed(photo)) for photo in photos]), truth


def features(backbone, pixels):
    from train.inference.engine import TorchEngine
    from train.models.heads import load_pooled

    return TorchEngine(load_pooled(backbone.path)).run(pixels)[0]


def probed(backbone):
    """The backbone with the head of a probe, and what that says of the pictures."""
    pixels, truth = tensors(backbone.framing())
    x = features(backbone, pixels)
    probe = fit_probe(x, truth, len(CLASSES))
    return with_head(backbone, dict(enumerate(CLASSES)), probe), probe.logits(x), pixels, truth


def answers(model, pixels):
    import torch

    with torch.inference_mode():
        return model(pixel_values=torch.from_numpy(pixels)).logits.numpy()


def stepped(model, plan, pixels, truth):
    """One step of training; what it changed, by name."""
    import torch

    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    optimizer = optimizer_for(model, plan)
    model.train()
    model(pixel_values=torch.from_numpy(pixels), labels=torch.from_numpy(truth)).loss.backward()
    optimizer.step()
    model.eval()
    return {
        name for name, value in model.named_parameters() if not torch.equal(value, before[name])
    }


def test_a_backbone_learns_is_released_and_served_and_opens_anywhere(backbone, tmp_path):
    import torch
    from transformers import pipeline

    model, said, pixels, truth = probed(backbone)
    np.testing.assert_allclose(answers(model, pixels), said, atol=1e-3)

    family = backbone.family
    framing = backbone.framing()
    plan = plan_for(len(truth), family.model_type, framing.size, 1, blocks=1, lr=1e-3)
    changed = stepped(model, plan, pixels, truth)
    rates = learning_rates([name for name, _ in model.named_parameters()], plan)
    assert changed <= {name for name, rate in rates.items() if rate}, "what is frozen stays"
    assert any(BLOCK.search(name) for name in changed), "the uppermost block learns"
    assert any(not rate for rate in rates.values()), "what lies below does not"

    draft = tmp_path / "draft"
    write_weights(SimpleNamespace(model=model, framing=framing), draft)
    release = release_of(draft, tmp_path / "release", CLASSES, SHOTS)
    predictor = load_predictor(release, tmp_path / "cache")
    answer = predictor.predict(encode_jpeg(picture(1)))
    assert answer.candidates[0].label == "rose"
    assert answer.answer in ("sure", "probably", "one_of", "none")

    pipe = pipeline(
        "image-classification",
        str(release),
        trust_remote_code=family.carried,
        dtype=torch.float32,
    )
    shown = picture(1, 40, 48)
    told = {row["label"]: row["score"] for row in pipe(shown)}
    logits, *_ = predictor._network.engine.run(framing.tensor(framing.framed(shown))[None])
    ours = np.exp(logits[0]) / np.exp(logits[0]).sum()
    np.testing.assert_allclose([told[name] for name in CLASSES], ours, atol=5e-3)


@pytest.mark.parametrize("name", ["clip", "swin"])
def test_what_is_not_rewritten_for_inference_is_exported_as_it_is(name, tmp_path):
    from train.inference.engine import TorchEngine, open_onnx, write_onnx
    from train.models.fused import lean
    from train.models.heads import load_pooled

    module = load_pooled(write_tiny_family(name, tmp_path / name))
    assert lean(module, 32) is module
    path = write_onnx(module, 32, tmp_path / "one.onnx", ["embedding"])
    pixels = np.random.default_rng(0).normal(size=(3, 3, 32, 32)).astype(np.float32)
    found = open_onnx(path, "onnxruntime").run(pixels)[0]
    np.testing.assert_allclose(found, TorchEngine(module).run(pixels)[0], atol=1e-3)


def test_siglip2_on_its_own_square_grid_computes_what_siglip2_does(tmp_path):
    import torch
    from transformers import Siglip2VisionModel
    from transformers.models.siglip2.image_processing_pil_siglip2 import convert_image_to_patches

    folder = write_tiny_family("siglip2_vision_model", tmp_path / "siglip2")
    pixels = np.random.default_rng(0).normal(size=(2, 3, 32, 32)).astype(np.float32)
    patches = np.stack([convert_image_to_patches(one, 8) for one in pixels])
    with torch.inference_mode():
        said = Siglip2VisionModel.from_pretrained(folder)(
            pixel_values=torch.from_numpy(patches),
            pixel_attention_mask=torch.ones(2, 16, dtype=torch.int32),
            spatial_shapes=torch.tensor([[4, 4], [4, 4]]),
        )
    found = features(Backbone(folder, "tiny", "1", "folder"), pixels)
    np.testing.assert_allclose(found, said.last_hidden_state.mean(dim=1).numpy(), atol=1e-4)


def test_a_head_can_be_read_and_given_whatever_it_is_called(tmp_path):
    found = find_backbone(str(write_tiny_family("resnet", tmp_path / "resnet")), tmp_path)
    model = probed(found)[0]
    weight, bias = head_of(model)
    give_head(model, SimpleNamespace(head=lambda: (2 * weight.copy(), bias + 1)))
    np.testing.assert_allclose(head_of(model)[1], bias, atol=1e-6)  # a view of the same numbers
    assert head_of(model)[0].shape == (2, 16)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_says_in_one_sentence_what_it_cannot_do(name):
    limits = FAMILIES[name].limits
    assert "\n" not in limits and limits.count(".") <= 1
    assert (limits == "") == name.startswith("dinov2")


def test_what_it_cannot_do_is_said_when_it_is_found(tmp_path, caplog):
    folder = write_tiny_family("dinov3_vit", tmp_path / "three")
    with caplog.at_level("INFO", "vitrine"):
        find_backbone(str(folder), tmp_path)
    assert "trust_remote_code=True" in caplog.text and "cannot be fused" in caplog.text


def test_a_size_that_a_family_cannot_look_at_is_left_out_and_said(tmp_path, caplog):
    found = find_backbone(str(write_tiny_family("clip", tmp_path / "clip")), tmp_path)
    with caplog.at_level("INFO", "vitrine"):
        assert framing_for(found, TrainSettings(size=64)).size == 32
    assert "--size 64 is ignored" in caplog.text


@pytest.mark.parametrize("config", [{}, {"model_type": "bert"}, {"model_type": "whisper"}])
def test_what_is_no_network_for_photos_is_refused_with_a_reason(tmp_path, config):
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(BackboneUnavailable, match="a network for photos is needed"):
        find_backbone(str(tmp_path), tmp_path)
