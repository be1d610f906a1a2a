from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from train.averaging import WEIGHTS, Averaged, Shallow, Thinned, fewer
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


class Deep(torch.nn.Module):
    """What a model is to `Shallow`: blocks with a place where a step can be skipped."""

    def __init__(self, blocks=2):
        super().__init__()
        one = torch.nn.Identity
        self.blocks = torch.nn.ModuleList(torch.nn.ModuleDict({"drop_path": one()}) for _ in range(blocks))

    def forward(self, step):
        return [block["drop_path"](step) for block in self.blocks]


STEP = torch.ones(4000, 3, 2)


def test_a_view_skips_whole_steps_the_more_often_the_higher_and_the_others_count_the_more():
    model = Deep().train()
    Shallow(model, Plan(epochs=1, side=42, drop_path=0.4))
    for made, rate in zip(model(STEP), (0.2, 0.4), strict=True):
        skipped = (made == 0).all(dim=2).all(dim=1)
        assert float(skipped.float().mean()) == pytest.approx(rate, abs=0.03)
        assert torch.allclose(made[~skipped], torch.tensor(1 / (1 - rate)))


def test_no_step_is_skipped_while_the_model_is_asked_nor_after_the_training_nor_unless_it_was_wanted():
    model = Deep()
    shallow = Shallow(model, Plan(epochs=1, side=42, drop_path=0.4))
    assert all(torch.equal(made, STEP) for made in model.eval()(STEP))
    shallow.on_train_end(None, None, None)
    Shallow(model, Plan(epochs=1, side=42))
    assert all(torch.equal(made, STEP) for made in model.train()(STEP))


def test_a_resumed_epoch_skips_the_steps_it_would_have_skipped():
    one, other = Deep().train(), Deep().train()
    first, second = (Shallow(model, Plan(epochs=2, side=42, drop_path=0.4)) for model in (one, other))
    for epoch in (0.0, 1.0):
        first.on_epoch_begin(None, SimpleNamespace(epoch=epoch), None)
        made = one(STEP)
    second.on_epoch_begin(None, SimpleNamespace(epoch=1.0), None)
    assert all(map(torch.equal, other(STEP), made))


def test_a_dinov2_has_a_place_in_every_block_where_steps_can_be_skipped():
    from transformers import Dinov2Config, Dinov2ForImageClassification

    model = Dinov2ForImageClassification(Dinov2Config(hidden_size=8, num_hidden_layers=3, num_attention_heads=1))
    assert len(Shallow(model, Plan(epochs=1, side=42, drop_path=0.1)).hooks) == 3


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
