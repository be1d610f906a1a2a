import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from data_cards.dataset.repo import create_dataset
from tests.fixtures.pictures import collection_of, pictures, with_photos
from tests.fixtures.several_processes import PLAN, trained
from train.finetune import trainer
from train.finetune.fit import last_checkpoint
from train.settings import TrainSettings
from train.train_model import train_model

ROOT = Path(__file__).parents[3]
# Two processes add the same numbers in another order; float32 keeps seven digits of each. The bias
# of attention's keys is left out: it moves all scores of a query alike, so its gradient is nothing
# but rounding, which Adam blows up.
TOLERANCE = 1e-5
IDLE = "attention.key.bias"
BRIEFLY = 0.02  # of a loss: where the processor multiplies in bf16, three digits are kept
ONE_PHOTO = 0.06  # of about twenty: where digits are few, one may fall on the other side
SECONDS = 400  # on a machine that does a dozen other things
# under noise: something is left to learn after the probe
REDDISH = (135, 120, 120)
BLUISH = (120, 120, 135)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    made = create_dataset(
        str(tmp_path_factory.mktemp("data") / "set"), collection_of("red", "blue")
    )
    return with_photos(
        made, {"red": pictures(14, 1, REDDISH), "blue": pictures(14, 2, BLUISH)}
    ).address


@pytest.fixture(scope="module")
def alone(dataset, tiny_vit, tmp_path_factory):
    """What one process comes to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "computes_in_bf16", lambda: False)
        return trained(dataset, str(tiny_vit), tmp_path_factory.mktemp("alone"))


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def start_two(dataset, backbone, caches, out, dies_after=-1):
    """Two processes as a launcher starts them on two machines: each is the first on its own,
    with its own disk."""
    group = os.environ | {
        "WORLD_SIZE": "2",
        "LOCAL_RANK": "0",
        "LOCAL_WORLD_SIZE": "1",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": free_port(),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "tests.fixtures.several_processes", dataset, backbone]
    return [
        subprocess.Popen(
            [*command, cache, out, str(dies_after)],
            cwd=ROOT,
            env=group | {"RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank, cache in enumerate(caches)
    ]


def ended(processes):
    """Their exit statuses, and what they said."""
    said = [process.communicate(timeout=SECONDS)[1] for process in processes]
    return [process.returncode for process in processes], said


def test_two_machines_train_what_one_does_though_killed_in_the_middle(
    dataset, tiny_vit, alone, tmp_path
):
    caches = (tmp_path / "here", tmp_path / "there")
    out = tmp_path / "model"
    statuses, said = ended(start_two(dataset, tiny_vit, caches, out, dies_after=25))
    assert statuses[0] == -signal.SIGKILL and statuses[1] and not out.exists(), said
    assert [last_checkpoint(cache / "runs/tiny").name for cache in caches] == ["checkpoint-5"] * 2
    statuses, said = ended(start_two(dataset, tiny_vit, caches, out))
    assert statuses == [0, 0], said
    model, done, end = alone
    model.save_pretrained(tmp_path / "alone")
    resumed, expected = (
        load_file(folder / "model.safetensors") for folder in (out, tmp_path / "alone")
    )
    assert (
        resumed.keys() == expected.keys()
        and len(done.epochs) == PLAN.epochs
        and len(end.epochs) == 1
    )
    for name, value in expected.items():
        if not name.endswith(IDLE):
            torch.testing.assert_close(resumed[name], value, rtol=0, atol=TOLERANCE, msg=name)
    assert not (caches[1] / "runs/tiny").exists(), (
        "what the other machine kept is of no use any more"
    )


def test_accelerate_launch_comes_to_what_one_process_does(dataset, tiny_vit, tmp_path):
    flags = [
        "--backbone",
        str(tiny_vit),
        "--epochs",
        "2",
        "--blocks",
        "1",
        "--batch",
        "5",
        "--no-augment",
    ]
    launch = [
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        "--multi_gpu",
        "--num_processes",
        "2",
        "--main_process_port",
        free_port(),
        "-m",
        "train",
        dataset,
        tmp_path / "two",
        *flags,
    ]
    cache = {"VITRINE_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    two = subprocess.run(
        launch, cwd=ROOT, env=os.environ | cache, capture_output=True, text=True, timeout=SECONDS
    )
    assert two.returncode == 0, two.stderr
    assert two.stdout.count("The model is in") == 1 and two.stderr.count("Epoch 2 of 2") == 1
    settings = TrainSettings(backbone=str(tiny_vit), epochs=2, blocks=1, batch=5, augment=False)
    one = train_model(dataset, str(tmp_path / "one"), settings, cache=tmp_path / "other").metrics
    both = json.loads((tmp_path / "two/vitrine/metrics.json").read_text())
    assert both["n"] == one["n"] and len(both["epochs"]) == 2
    for mine, its in zip(one["epochs"], both["epochs"], strict=True):
        assert its["accuracy"] == pytest.approx(mine["accuracy"], abs=ONE_PHOTO)
        assert its["loss"] == pytest.approx(mine["loss"], rel=BRIEFLY)
        assert its["validation_loss"] == pytest.approx(mine["validation_loss"], rel=BRIEFLY)
    assert list((tmp_path / "cache/runs").iterdir()) == []
