from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from train.finetune.callbacks import WEIGHTS, Averaged


@pytest.fixture
def learning(tmp_path):
    model = torch.nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(0.0)
    averaged = Averaged(model)
    args = SimpleNamespace(output_dir=str(tmp_path))
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


def test_a_checkpoint_holds_what_learns_beside_the_average_and_a_resume_reads_it(
    learning, tmp_path
):
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
