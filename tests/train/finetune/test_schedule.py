import numpy as np
import pytest

from data_cards.photos.image import image_id
from tests.fixtures.pictures import pictures
from train.finetune.schedule import Plan, learning_rates, plan_for, visitor_pixels
from train.images.image_cache import fill_image_cache
from train.images.preprocessing import Preprocessing

NAMES = [
    "dinov2.embeddings.cls_token",
    *(f"dinov2.encoder.layer.{n}.mlp.fc1.weight" for n in range(4)),
    "dinov2.layernorm.weight",
    "classifier.weight",
]


def test_the_lower_blocks_stay_and_the_upper_ones_learn_the_lower_the_slower():
    rates = learning_rates(
        NAMES, Plan(epochs=1, side=168, blocks=2, lr=1.0, lr_decay=0.5, head_lr=3.0)
    )
    assert list(rates.values()) == [0.0, 0.0, 0.0, 0.5, 1.0, 1.0, 3.0]


def test_where_all_blocks_learn_so_does_what_reads_the_pixels_and_slowest_of_all():
    rates = learning_rates(
        NAMES, Plan(epochs=1, side=168, blocks=0, lr=1.0, lr_decay=0.5, head_lr=3.0)
    )
    assert list(rates.values()) == [0.0625, 0.125, 0.25, 0.5, 1.0, 1.0, 3.0]


def test_a_network_without_blocks_learns_everywhere():
    assert set(
        learning_rates(["stem.weight", "head.bias"], Plan(epochs=1, side=96, lr=0.2)).values()
    ) == {0.2}


@pytest.mark.parametrize(
    ("photos", "epochs"),
    [(30, 12), (280, 8), (799, 3), (800, 12), (2500, 5), (5000, 3), (90_000, 3)],
)
def test_more_photos_are_seen_fewer_times_and_from_many_on_longer_in_all(photos, epochs):
    assert plan_for(photos, "dinov2", 224).epochs == epochs


def test_few_photos_teach_the_upper_blocks_and_many_all_of_them():
    few, many = (
        plan_for(photos, "dinov2", 224, lr_decay=None, blocks=None) for photos in (799, 800)
    )
    assert (few.blocks, few.lr_decay) == (4, 0.75) and (many.blocks, many.lr_decay) == (0, 0.85)


def test_what_somebody_chose_is_not_chosen_for_them():
    plan = plan_for(2500, "dinov2", 224, lr_decay=0.9, blocks=8)
    assert (plan.blocks, plan.lr_decay) == (8, 0.9)
    assert plan_for(50, "dinov2", 224, blocks=0).lr_decay == 0.85, (
        "whoever asks for all blocks gets their rate"
    )


def test_the_number_of_epochs_can_be_given_and_may_be_none():
    assert plan_for(280, "dinov2", 224, epochs=0).epochs == 0


def test_a_dinov2_learns_smaller_than_it_serves_and_a_plain_vit_does_not():
    assert plan_for(10, "dinov2", 224).side == 196
    assert plan_for(10, "vit", 224).side == 224


def test_without_augmentation_a_photo_is_learned_as_it_is_served_at_the_size_it_is_learned_at(
    tmp_path,
):
    (data,) = pictures(1, 3)
    image_cache = fill_image_cache(tmp_path, [(image_id(data), data)], short=64)
    framing = Preprocessing().at(56)
    plain = Plan(epochs=2, side=42, look=None)
    views = [
        visitor_pixels(image_cache, (image_id(data), 0), framing, plain, epoch) for epoch in (0, 1)
    ]
    as_served = framing.at(42).framed(image_cache.photo(image_id(data)))
    assert np.array_equal(views[0], framing.tensor(as_served)) and np.array_equal(*views)
    as_visited = [
        visitor_pixels(image_cache, (image_id(data), 0), framing, Plan(epochs=2, side=42), e)
        for e in (0, 1)
    ]
    assert not np.array_equal(*as_visited)
