"""Two photos in one view: each view is two photos, by the share that the loss is told."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from train.mixing import mixed

VIEWS = torch.arange(6.0)[:, None, None, None].expand(6, 3, 14, 14)  # view n is n everywhere


@pytest.fixture(params=range(20))
def mixture(request):
    return mixed(VIEWS, np.random.default_rng(request.param))


def test_each_view_holds_as_much_of_itself_as_the_share_says(mixture):
    own, other = VIEWS.mean(dim=(1, 2, 3)), VIEWS[mixture.partner].mean(dim=(1, 2, 3))
    held = mixture.pixels.mean(dim=(1, 2, 3))
    assert torch.allclose(held, mixture.share * own + (1 - mixture.share) * other, atol=1e-5)
    assert 0 <= mixture.share <= 1


def test_every_photo_is_in_two_views_once_as_itself_and_once_as_a_partner(mixture):
    assert sorted(mixture.partner.tolist()) == list(range(6))


def test_the_loss_asks_for_both_names_by_their_shares(mixture):
    logits, labels = torch.randn(6, 4, generator=torch.Generator().manual_seed(1)), torch.tensor([0, 1, 2, 3, 0, 1])
    own = cross_entropy(logits, labels, label_smoothing=0.1)
    other = cross_entropy(logits, labels[mixture.partner], label_smoothing=0.1)
    assert mixture.loss(logits, labels, 0.1) == pytest.approx(float(mixture.share * own + (1 - mixture.share) * other))


def test_both_ways_of_mixing_happen_and_the_given_views_stay_as_they_are():
    given = VIEWS.clone()
    found = [mixed(given, np.random.default_rng(seed)).pixels for seed in range(30)]
    pieces = [bool((pixels == pixels.round()).all()) for pixels in found]
    assert 5 < sum(pieces) < 25
    assert (given == VIEWS).all()


def test_the_same_dice_mix_the_same():
    one, other = (mixed(VIEWS, np.random.default_rng(3)) for _ in range(2))
    assert torch.equal(one.pixels, other.pixels) and torch.equal(one.partner, other.partner)
