"""fastdup is optional, kept apart, and only ever proposes."""

import subprocess

import pytest

from curation.near_duplicates import fastdup as fastdup_proposals
from curation.near_duplicates.fastdup import propose
from tests.fixtures.scenes import jpeg, scene

PHOTOS = {f"photo {n}.jpg": jpeg(scene(n % 4), quality=60 + n) for n in range(8)}


def test_without_fastdup_there_are_no_proposals_and_no_failure(monkeypatch):
    monkeypatch.setattr(fastdup_proposals, "installed", lambda: False)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("nothing may be started"))
    assert propose(PHOTOS) == set()


@pytest.mark.parametrize(
    "trouble",
    [
        subprocess.TimeoutExpired("fastdup", 1),
        OSError("no such file"),
        subprocess.CalledProcessError(1, "fastdup"),
    ],
)
def test_a_fastdup_that_does_not_finish_costs_only_its_proposals(monkeypatch, trouble):
    def fails(*_, **__):
        raise trouble

    monkeypatch.setattr(fastdup_proposals, "installed", lambda: True)
    monkeypatch.setattr(subprocess, "run", fails)
    assert propose(PHOTOS) == set()


def test_what_fastdup_wrote_becomes_pairs_of_our_names_and_its_telemetry_is_off(monkeypatch):
    seen = {}

    def pretend(command, env, cwd, **_):
        seen.update(env=env)
        (cwd / "similarity.csv").write_text(
            "from,to,distance\npictures/00000001.jpg,pictures/00000000.jpg,0.9\n"
        )

    monkeypatch.setattr(fastdup_proposals, "installed", lambda: True)
    monkeypatch.setattr(subprocess, "run", pretend)
    assert propose({"b": PHOTOS["photo 0.jpg"], "a": PHOTOS["photo 4.jpg"]}) == {("a", "b")}
    assert seen["env"]["SENTRY_OPT_OUT"] == "1"


def test_a_broken_photo_is_left_out(monkeypatch):
    monkeypatch.setattr(fastdup_proposals, "installed", lambda: True)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: None)
    assert propose({"a": b"no photo", "b": PHOTOS["photo 0.jpg"]}) == set()


@pytest.mark.skipif(not fastdup_proposals.installed(), reason="fastdup is not installed")
def test_the_real_one_proposes_the_copies():
    pairs = propose(PHOTOS, threads=1)
    assert {("photo 0.jpg", "photo 4.jpg"), ("photo 1.jpg", "photo 5.jpg")} <= pairs
