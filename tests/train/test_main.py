import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from data_cards.dataset.repo import create_dataset, open_dataset
from tests.fixtures.pictures import collection_of, pictures, with_photos
from train.__main__ import main

ROOT = Path(__file__).parents[2]
RED = (200, 60, 60)
BLUE = (60, 60, 200)


@pytest.fixture
def dataset(tmp_path):
    made = create_dataset(str(tmp_path / "data"), collection_of("red", "blue"))
    return with_photos(made, {"red": pictures(12, 1, RED), "blue": pictures(12, 2, BLUE)}).address


@pytest.fixture
def environ(tmp_path):
    return {"VITRINE_CACHE": str(tmp_path / "cache")}


def test_split_prints_the_certificate_and_commits(dataset, environ, capsys):
    assert main(["split", dataset, "--test", "0.25"], environ) == 0
    assert json.loads(capsys.readouterr().out)["n"]["test"] == 6
    assert open_dataset(dataset).certificate()["n"]["test"] == 6


def test_train_then_evaluate_ends_with_a_line_of_json(dataset, environ, tiny_vit, tmp_path, capsys):
    model = str(tmp_path / "model")
    assert (
        main(
            [dataset, model, "--epochs", "0", "--backbone", str(tiny_vit), "--threads", "1"],
            environ,
        )
        == 0
    )
    assert capsys.readouterr().out.splitlines()[-1].endswith(model)
    assert main(["evaluate", model, dataset], environ) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["top1"] == last["top3"] == last["top5"] == 1.0 and last["n"] == 4


def test_a_candidate_waits_is_compared_released_taken_back_and_pruned(
    dataset, environ, tiny_vit, tmp_path, capsys
):
    model = str(tmp_path / "model")
    train = [dataset, model, "--epochs", "0", "--backbone", str(tiny_vit), "--threads", "1"]
    assert main(train, environ) == main([*train, "--candidate"], environ) == 0
    assert main(["release", model], environ) == 0
    released = capsys.readouterr().out.splitlines()[-1]
    first = json.loads((tmp_path / "model/vitrine/rounds.json").read_text())["rounds"][0][
        "revision"
    ]
    assert main(["compare", f"{model}@{first}", f"{model}@{released}", dataset], environ) == 0
    words, last = capsys.readouterr().out.splitlines()[-2:]
    assert json.loads(last)["difference"] == 0.0 and words.startswith(
        "On 4 sealed test photos: 100 % before"
    )
    assert main(["rollback", model], environ) == 0
    assert json.loads((tmp_path / "model/vitrine/rounds.json").read_text())["served"] == 1
    assert main(["prune", model, "--keep", "1"], environ) == 0
    assert (
        capsys.readouterr().out.splitlines()[-1]
        == "Keeping the weights of rounds 1, 2. Round 1 is served."
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["release", "nowhere"], "There's no candidate model for nowhere"),
        (["rollback", "nowhere"], "There is no model at nowhere"),
        (["nowhere", "model"], "There is no dataset at nowhere"),
        (["split", "ftp://x"], "neither a folder nor"),
        (["evaluate", "nowhere", "nowhere"], "There is no model at nowhere"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_status_2(
    arguments, words, environ, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(arguments, environ) == 2
    said = capsys.readouterr()
    assert words in said.err.splitlines()[-1] and "Traceback" not in said.err and not said.out


def test_one_class_only_is_said_in_a_sentence(environ, tmp_path, capsys):
    made = create_dataset(str(tmp_path / "one"), collection_of("red"))
    with_photos(made, {"red": pictures(5, 1, RED)})
    assert main([made.address, str(tmp_path / "model")], environ) == 3
    assert "needs at least two" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


def test_two_photos_in_a_class_are_enough_to_train(environ, tmp_path, tiny_vit):
    made = create_dataset(str(tmp_path / "few"), collection_of("red", "blue"))
    with_photos(made, {"red": pictures(2, 1, RED), "blue": pictures(2, 2, BLUE)})
    assert (
        main(
            [
                made.address,
                str(tmp_path / "model"),
                "--epochs",
                "1",
                "--blocks",
                "1",
                "--backbone",
                str(tiny_vit),
                "--threads",
                "1",
            ],
            environ,
        )
        == 0
    )
    assert json.loads((tmp_path / "model/vitrine/metrics.json").read_text())["n"] == 2


def test_a_training_killed_with_signal_9_goes_on_where_it_was(dataset, environ, tiny_vit, tmp_path):
    command = [
        sys.executable,
        "-m",
        "train",
        dataset,
        str(tmp_path / "model"),
        "--backbone",
        str(tiny_vit),
        "--epochs",
        "3",
        "--blocks",
        "1",
        "--batch",
        "4",
        "--threads",
        "1",
    ]
    here = {"cwd": ROOT, "env": os.environ | environ | {"OMP_NUM_THREADS": "1"}, "text": True}
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, **here
    ) as first:
        # Epoch 2 is measured after the checkpoint of epoch 1 is whole.
        next(line for line in first.stderr if line.startswith("Epoch 2 of 3"))
        first.send_signal(signal.SIGKILL)
    assert first.returncode == -signal.SIGKILL and not (tmp_path / "model").exists()
    second = subprocess.run(command, capture_output=True, check=True, **here)
    assert "Resuming at epoch 2" in second.stderr or "Resuming at epoch 3" in second.stderr
    metrics = json.loads((tmp_path / "model/vitrine/metrics.json").read_text())
    assert [row["epoch"] for row in metrics["epochs"]] == [1, 2, 3]
