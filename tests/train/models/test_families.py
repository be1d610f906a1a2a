"""One row of every family says all that differs between them."""

import pytest
from transformers import CONFIG_MAPPING

from train.models.families import BLOCK, FAMILIES, PRETRAINED, family_of


@pytest.mark.parametrize("name", FAMILIES)
def test_every_row_is_a_family_that_transformers_knows(name):
    assert family_of(CONFIG_MAPPING[name]()).model_type == name


def test_a_family_with_patches_of_its_own_looks_at_any_side():
    assert [name for name, row in FAMILIES.items() if row.any_side] == [
        "dinov2",
        "dinov2_with_registers",
    ]
    assert FAMILIES["dinov2"].whole_patches(200) == 196
    assert FAMILIES["dinov2"].whole_patches(3) == 14


def test_the_small_network_is_no_backbone():
    assert "resnet" not in PRETRAINED
    assert set(PRETRAINED) < set(FAMILIES)


@pytest.mark.parametrize(
    ("name", "block"),
    [("dinov2.encoder.layer.11.norm1.weight", "11"), ("vit.layers.0.mlp.fc1.bias", "0")],
)
def test_the_number_of_a_block_stands_in_the_names_of_its_parameters(name, block):
    assert BLOCK.search(name)[1] == block
