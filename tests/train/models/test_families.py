"""One row of every family says all that differs between them."""

import pytest
from transformers import CONFIG_MAPPING

from train.models.families import BLOCK, FAMILIES, BackboneFamily, family_of


@pytest.mark.parametrize("name", FAMILIES)
def test_every_row_is_a_family_that_transformers_knows(name):
    assert family_of(CONFIG_MAPPING[name]()).model_type == name


def test_a_family_with_patches_of_its_own_looks_at_any_side():
    assert [name for name, row in FAMILIES.items() if row.any_side] == [
        "dinov2",
        "dinov2_with_registers",
        "efficientnet",
    ]
    assert FAMILIES["dinov2"].whole_patches(200) == 196
    assert FAMILIES["dinov2"].whole_patches(3) == 14


@pytest.mark.parametrize(
    ("name", "block"),
    [
        ("dinov2.encoder.layer.11.norm1.weight", "11"),
        ("vit.layers.0.mlp.fc1.bias", "0"),
        ("convnext.encoder.stages.2.layers.8.dwconv.weight", "2"),
        ("swin.encoder.layers.3.blocks.1.layernorm_before.bias", "3"),
        ("efficientnet.encoder.blocks.5.expansion.expand_bn.weight", "5"),
    ],
)
def test_the_number_of_a_block_stands_in_the_names_of_its_parameters(name, block):
    assert BLOCK.search(name)[1] == block


@pytest.mark.parametrize(
    ("model_type", "pooling"), [("deit", "class"), ("dinov3_vit", "class and patches")]
)
def test_a_row_is_all_that_a_new_family_needs(model_type, pooling, monkeypatch):
    import torch
    from transformers import AutoConfig, AutoModel

    from train.models.fused import lean
    from train.models.heads import Pooled

    new = BackboneFamily(model_type, pooling)
    monkeypatch.setitem(FAMILIES, model_type, new)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = AutoConfig.for_model(
        model_type, **sizes, intermediate_size=32, image_size=32, patch_size=8
    )
    module = Pooled(AutoModel.from_config(config)).eval()
    photos = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        width = 16 if pooling == "class" else 32
        assert module(photos).shape == (2, width)
        # Where its parts have other names than the rewritten one knows, it stays as it is.
        torch.testing.assert_close(lean(module, 32)(photos), module(photos), atol=1e-4, rtol=1e-4)
