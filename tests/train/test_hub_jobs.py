import ast
import doctest
import shlex

import pytest

from data_cards.errors import BadAddress, NotAllowed
from train import hub_jobs as jobs
from train.__main__ import main
from train.hub_jobs import ROOT, SERVING, submit, training_job


@pytest.fixture
def asked(monkeypatch):
    """What the Hub is asked for, as keyword arguments; a volume's source is the folder here."""
    from huggingface_hub import HfApi, JobInfo, Volume

    found = {}
    info = {
        "id": "job1",
        "createdAt": "2026-11-21T10:00:00Z",
        "dockerImage": "python:3.11",
        "endpoint": "https://hf",
        "owner": {"id": "1", "name": "ann", "type": "user"},
        "status": {"stage": "RUNNING"},
    }

    def run(self, **what):
        found.update({name: value for name, value in what.items() if value})
        return JobInfo(**info)

    monkeypatch.setattr(
        HfApi,
        "sync_job_volume",
        lambda self, here, there, **_: Volume(
            type="bucket", source=here, mount_path=there, read_only=True
        ),
    )
    monkeypatch.setattr(HfApi, "run_job", run)
    monkeypatch.setenv("HF_TOKEN", "token-ann")
    return found


def test_the_printed_command_asks_for_what_submitting_asks_for(asked):
    from click.testing import CliRunner
    from huggingface_hub.cli.hf import app

    job = training_job(
        "hf://ann/museum", "hf://ann/museum-vit", "a10g-small", "2h", ["--epochs", "5"]
    )
    submit(job)
    submitted = dict(asked)
    asked.clear()
    done = CliRunner().invoke(app, shlex.split(str(job))[1:])
    assert done.exit_code == 0, done.output
    asked |= {
        "name": asked.pop("labels")["name"]
    }  # the command line calls it a label, as the Hub does
    assert {name: asked.get(name) for name in submitted} == submitted
    assert "token-ann" not in str(job) and submitted["secrets"] == {"HF_TOKEN": "token-ann"}


def test_the_code_the_pinned_versions_and_the_flags_travel():
    job = training_job("hf://ann/museum@abc", "hf://ann/vit", "h200", "30m", ["--epochs", "5"])
    script = job.command[-1]
    assert "torch==2.13.0" in script and "transformers==5.23.0" in script and "gradio" not in script
    assert script.endswith(
        "cd /vitrine && python -m train hf://ann/museum@abc hf://ann/vit --epochs 5"
    )
    assert job.volumes == (
        (str(ROOT / "data_cards"), "/vitrine/data_cards"),
        (str(ROOT / "train"), "/vitrine/train"),
    )


def test_every_gpu_gets_a_process():
    job = training_job("hf://ann/museum", "hf://ann/vit", "a10g-largex4", "2h")
    assert (
        "accelerate launch --multi_gpu --num_processes 4 -m train hf://ann/museum hf://ann/vit"
        in job.command[-1]
    )


def test_a_training_imports_nothing_that_a_job_does_not_install():
    for path in [*ROOT.glob("train/*.py"), *ROOT.glob("data_cards/*.py")]:
        names = {
            alias.name.split(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        names |= {
            (node.module or "").split(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom)
        }
        assert not names & {*SERVING, "space", "curation"}, path


def test_a_folder_of_this_machine_is_refused():
    with pytest.raises(BadAddress, match="works only on the Hub"):
        training_job("data", "hf://ann/vit", "a10g-small", "2h")


def test_without_a_token_nothing_is_started(monkeypatch):
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    with pytest.raises(NotAllowed, match="hf auth login"):
        submit(training_job("hf://ann/museum", "hf://ann/vit", "a10g-small", "2h"))


def test_the_command_is_printed_and_only_submit_runs_it(asked, capsys):
    line = ["job", "hf://ann/museum", "hf://ann/vit", "--flavor", "l4x1"]
    assert main([*line, "--epochs", "5", "--no-augment"], {}) == 0
    said = capsys.readouterr()
    assert said.out.startswith("hf jobs run ") and "--epochs=5 --no-augment" in said.out
    assert "Nothing was started" in said.err and not asked
    assert main([*line, "--submit"], {}) == 0
    said = capsys.readouterr()
    assert (
        asked["flavor"] == "l4x1"
        and said.out.startswith("job1 ")
        and "hf jobs logs -f job1" in said.err
    )


def test_its_examples_hold():
    assert doctest.testmod(jobs).failed == 0
