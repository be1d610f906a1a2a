"""Between the probe and the fine-tuned network: validation picks how far to go."""

import numpy as np
import pytest
import torch

from data_cards.photos.image import image_id
from tests.fixtures.pictures import pictures
from tests.fixtures.tiny_models import SIZE
from train.finetune.budget import LOOKED_BACK
from train.finetune.wise_ft import WAY, Blend, blended, judge_on
from train.images.image_cache import fill_image_cache
from train.images.preprocessing import Preprocessing
from train.uncertainty.temperature import calibrated_loss

PROBE = {"weight": torch.zeros(2, 3), "bias": torch.zeros(2)}


@pytest.fixture
def tuned():
    model = torch.nn.Linear(3, 2)
    model.load_state_dict({"weight": torch.ones(2, 3), "bias": torch.ones(2)})
    return model


def best_at(share):
    """A judge who likes weights best that lie so far from the probe's."""
    return lambda model: (1 - abs(float(model.bias.detach()[0]) - share), 0.5)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_the_model_ends_where_validation_is_best(tuned, share):
    found = blended(tuned, PROBE, Blend(1.0, 0.1, 0.5), best_at(share))
    assert found == Blend(share, 1.0, 0.5)
    assert (
        torch.equal(tuned.weight.detach(), torch.full((2, 3), share))
        and float(tuned.bias.detach()[0]) == share
    )


def test_what_is_only_as_good_as_the_end_leaves_the_fine_tuned_weights(tuned):
    end = Blend(1.0, 0.9, 0.5)
    assert blended(tuned, PROBE, end, lambda model: (0.9, 0.5)) == end
    assert torch.equal(tuned.bias.detach(), torch.ones(2))


def test_among_equally_many_right_answers_the_surer_ones_win(tuned):
    losses = {0.25: 0.4, 0.5: 0.2, 0.75: 0.3}
    found = blended(
        tuned,
        PROBE,
        Blend(1.0, 0.5, 0.5),
        lambda model: (0.9, losses[float(model.bias.detach()[0])]),
    )
    assert found.share == 0.5


@pytest.mark.parametrize(("photos", "share"), [(400, 1.0), (40_000, 0.5)])
def test_half_a_point_is_chance_of_four_hundred_photos_and_not_of_forty_thousand(
    tuned, photos, share
):
    better = {0.25: 0.9, 0.5: 0.935, 0.75: 0.93}
    found = blended(
        tuned,
        PROBE,
        Blend(1.0, 0.93, 0.5),
        lambda model: (better[float(model.bias.detach()[0])], 0.1),
        photos,
    )
    assert found.share == share == float(tuned.bias.detach()[0])


def test_of_few_photos_a_loss_says_little_and_half_of_the_way_wins_among_equals(tuned):
    end = Blend(1.0, 0.9, 0.1)

    def surer(model):
        return 0.9, 0.5

    assert blended(tuned, PROBE, end, surer, photos=27).share == 0.5
    assert float(tuned.bias.detach()[0]) == 0.5
    assert blended(tuned, PROBE, end, lambda model: (0.8, 0.0), photos=27) == end


def test_a_budget_knows_how_often_validation_is_asked(tuned):
    asked = []
    blended(tuned, PROBE, Blend(1.0, 0.9, 0.5), lambda model: asked.append(model) or (0.1, 0.5))
    assert len(asked) == len(WAY) == LOOKED_BACK - 1  # and once of the end


def test_counters_are_not_averaged():
    model = torch.nn.BatchNorm1d(2)
    model.num_batches_tracked.fill_(7)
    probe = torch.nn.BatchNorm1d(2).state_dict()
    blended(model, probe, Blend(1.0, 0.0, 0.5), lambda some: (1.0, 0.5))
    assert int(model.num_batches_tracked) == 7


def test_a_model_is_judged_by_what_serving_would_show_it(tiny_vit, tmp_path):
    from transformers import AutoModelForImageClassification

    photos = {image_id(data): data for data in pictures(5, 1)}
    image_cache = fill_image_cache(tmp_path, list(photos.items()), 64)
    model = AutoModelForImageClassification.from_pretrained(tiny_vit, num_labels=2)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor([0.0, 2.0]))
    labels = [1, 1, 1, 0, 1]
    accuracy, loss = judge_on(
        image_cache, list(zip(photos, labels, strict=True)), Preprocessing().at(SIZE)
    )(model)
    assert accuracy == pytest.approx(0.8)
    assert loss == pytest.approx(
        calibrated_loss(np.tile([0.0, 2.0], (5, 1)), np.array(labels)), abs=0.02
    )
