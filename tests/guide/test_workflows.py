"""The workflows that owners copy: each is YAML that GitHub reads, each command is one of ours, and a
secret is only ever handed on as an environment variable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from space.console import COMMANDS

WORKFLOWS = sorted((Path(__file__).parents[2] / "docs" / "workflows").glob("*.yml"))


def steps(path: Path) -> list[dict]:
    jobs = yaml.safe_load(path.read_text("utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def test_there_are_the_two_that_the_guide_names():
    assert [path.name for path in WORKFLOWS] == ["deploy.yml", "retrain.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_command_is_one_of_ours(path):
    runs = [step["run"] for step in steps(path) if "run" in step]
    words = {found for run in runs for found in re.findall(r"^\s*vitrine ([a-z-]+)", run, re.M)}
    assert words and words <= set(COMMANDS)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_value_of_a_stranger_reaches_a_shell(path):
    assert not [step for step in steps(path) if "${{" in step.get("run", "")]


def test_nothing_is_released_before_a_person_agrees():
    jobs = yaml.safe_load(WORKFLOWS[1].read_text("utf-8"))["jobs"]
    assert jobs["release"]["needs"] == "train" and jobs["release"]["environment"] == "release"
    assert not [step for step in jobs["train"]["steps"] if "publish" in str(step)]
