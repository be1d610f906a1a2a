from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from train.averaging import WEIGHTS, Averaged, Thinned, fewer
from train.plan import Plan

TOKENS = torch.arange(2 * 11 * 3).reshape(2, 11, 3).float()


def dice(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_share_of_the_patches_stays_with_the_first_token_and_in_its_order():
    kept = fewer(TOKENS, 0.5, dice())
    assert kept.shape == (2, 6, 3) and torch.equal(kept[:, 0], TOKENS[:, 0])
    assert all(bool((row.diff() > 0).all()) for row in kept[:, :, 0])
    assert torch.equal(fewer(TOKENS, 1.0, dice()), TOKENS)


def test_each_view_shows_patches_of_its_own_and_the_same_dice_show_the_same():
    kept = fewer(TOKENS, 0.5, dice(1))
    assert not torch.equal(kept[0] - TOKENS[0, 0], kept[1] - TOKENS[1, 0])
    assert torch.equal(kept, fewer(TOKENS, 0.5, dice(1)))


class Looking(torch.nn.Module):
    """What a model is to `Thinned`: embeddings below a base model."""

    def __init__(self):
        super().__init__()
        self.embeddings = torch.nn.Identity()
        self.base_model = SimpleNamespace(embeddings=self.embeddings)

    def forward(self, tokens):
        return self.embeddings(tokens)


def test_patches_are_missing_only_while_the_model_learns():
    model = Looking()
    thinned = Thinned(model, Plan(epochs=1, side=42, patches=0.5))
    assert model.train()(TOKENS).shape[1] == 6 and model.eval()(TOKENS).shape[1] == 11
    thinned.on_train_end(None, None, None)
    assert model.train()(TOKENS).shape[1] == 11


def test_a_resumed_epoch_shows_the_patches_it_would_have_shown():
    one, other = Looking().train(), Looking().train()
    first, second = (Thinned(model, Plan(epochs=2, side=42, patches=0.5)) for model in (one, other))
    for epoch in (0.0, 1.0):
        first.on_epoch_begin(None, SimpleNamespace(epoch=epoch), None)
        shown = one(TOKENS)
    second.on_epoch_begin(None, SimpleNamespace(epoch=1.0), None)
    assert torch.equal(other(TOKENS), shown)


@pytest.fixture
def learning(tmp_path):
    model = torch.nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(0.0)
    averaged, args = Averaged(model), SimpleNamespace(output_dir=str(tmp_path))
    averaged.on_train_begin(args, SimpleNamespace(global_step=0), None)
    model.weight.data.fill_(1.0)
    averaged.on_step_end(args, SimpleNamespace(global_step=8, max_steps=1000), None)
    return model, averaged, args


def test_the_model_is_its_average_when_it_is_judged_and_itself_when_it_goes_on(learning):
    model, averaged, args = learning
    averaged.on_epoch_end(args, None, None)
    assert model.weight.item() == pytest.approx(0.5)
    averaged.on_epoch_begin(args, None, None)
    assert model.weight.item() == 1.0
    averaged.on_epoch_begin(args, None, None)
    assert model.weight.item() == 1.0


def test_a_checkpoint_holds_what_learns_beside_the_average_and_a_resume_reads_it(learning, tmp_path):
    model, averaged, args = learning
    averaged.on_epoch_end(args, None, None)
    (tmp_path / "checkpoint-8").mkdir()
    averaged.keep(tmp_path / "checkpoint-8")
    assert float(load_file(tmp_path / "checkpoint-8" / WEIGHTS)["weight"]) == 1.0
    resumed = torch.nn.Linear(1, 1, bias=False)
    resumed.weight.data.fill_(model.weight.item())
    again = Averaged(resumed)
    again.on_train_begin(args, SimpleNamespace(global_step=8), None)
    assert resumed.weight.item() == 1.0 and float(again.average["weight"]) == pytest.approx(0.5)
