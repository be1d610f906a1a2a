"""What is pushed as a Space runs by itself, serves what it says, and holds nothing that should
have stayed here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from data_cards.dataset.collection import ClassInfo, Collection, write_collection
from data_cards.dataset.collection_files import FRONT_MATTER
from data_cards.dataset.repo import create_dataset
from data_cards.errors import BadAddress, BadCollection, BadModel
from data_cards.storage.repository import open_repository
from space.__main__ import main
from space.deploy import (
    CODE,
    EXPORT,
    ROOT,
    SERVING,
    WITHOUT_EXPORT,
    WORDS,
    deploy,
    deploy_static,
    deployed_binaries,
    deployed_files,
    space_requirements,
)
from space.templates import app as front_door
from tests.fixtures.light_table import small_dataset
from tests.fixtures.missing_packages import lacking

BARQUES = Collection("barques", "Barques", (ClassInfo("b1", "First barque"),))


def push_model(collection=BARQUES):
    card, classes = write_collection(collection)
    release = open_repository("hf://ann/barques-vit", kind="model", create=True)
    files = {
        "vitrine/collection/card.md": card.encode(),
        "vitrine/collection/classes.yaml": classes.encode(),
    }
    return release.commit(files, "a model")


@pytest.fixture
def project(tmp_path):
    """A small stand-in for this checkout, with everything in it that must not travel."""
    for path, text in {
        "data_cards/__init__.py": "",
        "data_cards/dataset/templates/space.md": "# $title",
        "space/templates/app.py": "print()",
        "space/static/tab.css": "a{}",
        "space/static/tokens.css": ":root{}",
        "docs/assets/theme.css": "b{}",
        "docs/index.html": "<p>",
        "docs/decisions/gradio.md": "# Why",
        "tests/test_x.py": "",
        "space/passwords.json": "{}",
        "space/.env": "HF_TOKEN=x",
        "space/__pycache__/app.cpython-311.pyc": "",
        "data_cards/museum/references/a.jpg": "",
        "train/key.pem": "",
        "requirements.txt": "gradio[oauth]==6.31.0\nfastdup==2.54\nkornia==0.9.0\n# "
        "note\ntorch==2.13.0\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_a_space_holds_code_card_requirements_and_what_it_serves(hub, project):
    revision = push_model()
    made = deploy("hf://ann/show", "hf://ann/barques-vit", "hf://ann/barques", root=project)
    files = hub.files("ann/show", "space")
    assert set(files) - {".gitattributes"} == {
        "README.md",
        "app.py",
        "data_cards/__init__.py",
        "data_cards/dataset/templates/space.md",
        "deployment.json",
        "docs/assets/theme.css",
        "docs/index.html",
        "requirements.txt",
        "space/static/tab.css",
        "space/static/tokens.css",
        "space/templates/app.py",
    }
    assert json.loads(files["deployment.json"]) == {
        "VITRINE_MODEL": f"hf://ann/barques-vit@{revision}",
        "VITRINE_DATASET": "hf://ann/barques",
    }
    assert (made.space, made.model) == ("hf://ann/show", f"hf://ann/barques-vit@{revision}")
    assert hub.repo("ann/show", "space").commits[-1].oid == made.revision


def test_a_space_is_private_unless_asked(hub, project):
    push_model()
    deploy("hf://ann/show", "hf://ann/barques-vit", root=project)
    deploy("hf://ann/open", "hf://ann/barques-vit", root=project, private=False)
    assert hub.repo("ann/show", "space").private
    assert not hub.repo("ann/open", "space").private


def test_a_space_serves_the_revision_that_was_asked_for(hub, project):
    old = push_model()
    push_model(replace(BARQUES, title="Barques, second round"))
    made = deploy("hf://ann/show", f"hf://ann/barques-vit@{old[:10]}", root=project)
    assert made.model == f"hf://ann/barques-vit@{old}"
    assert b"second round" not in hub.files("ann/show", "space")["README.md"]


def test_a_second_deployment_takes_away_what_is_gone_and_is_one_commit(hub, project):
    push_model()
    deploy("hf://ann/show", "hf://ann/barques-vit", root=project)
    open_repository("hf://ann/show", kind="space").commit(
        {"notes.txt": b"the owner's own"}, "by hand"
    )
    (project / "space/static/tab.css").unlink()
    before = len(hub.repo("ann/show", "space").commits)
    deploy("hf://ann/show", "hf://ann/barques-vit", root=project)
    assert len(hub.repo("ann/show", "space").commits) == before + 1
    assert "space/static/tab.css" not in hub.files("ann/show", "space")
    assert "notes.txt" in hub.files("ann/show", "space")


def test_a_deployment_without_changes_makes_no_commit(hub, project):
    push_model()
    first = deploy("hf://ann/show", "hf://ann/barques-vit", root=project)
    assert deploy("hf://ann/show", "hf://ann/barques-vit", root=project).revision == first.revision


def test_a_folder_cannot_be_deployed(hub, tmp_path):
    with pytest.raises(BadAddress, match="Push it first"):
        deploy("hf://ann/show", str(tmp_path))
    with pytest.raises(BadAddress, match="Push it first"):
        deploy("hf://ann/show", "hf://ann/barques-vit", str(tmp_path))


def test_a_model_of_somebody_else_s_making_is_refused_before_anything_is_made(hub):
    open_repository("hf://ann/resnet", kind="model", create=True)
    with pytest.raises(BadModel, match="not made with Vitrine"):
        deploy("hf://ann/show", "hf://ann/resnet")
    assert ("space", "ann/show") not in hub.repos


def test_photos_of_people_are_not_deployed_without_their_policy(hub):
    push_model(replace(BARQUES, subject="people", intended_use="teaching"))
    with pytest.raises(BadCollection, match="consent, legal_basis"):
        deploy("hf://ann/show", "hf://ann/barques-vit")
    assert ("space", "ann/show") not in hub.repos


@pytest.mark.parametrize(("exported", "more"), [(True, ()), (False, WITHOUT_EXPORT)])
def test_a_space_installs_our_own_pins_and_no_more(exported, more):
    pinned = (ROOT / "requirements.txt").read_text()
    lines = [
        line
        for line in space_requirements(pinned, exported).splitlines()
        if not line.startswith("--")
    ]
    assert len(lines) == len(SERVING) + len(more)
    assert set(lines) <= set(pinned.splitlines())
    assert all("==" in line and "fastdup" not in line for line in lines)


def test_a_release_with_an_export_needs_no_torch(hub, project):
    push_model()
    deploy("hf://ann/show", "hf://ann/barques-vit", root=project)
    assert b"torch==2.13.0" in hub.files("ann/show", "space")["requirements.txt"]
    open_repository("hf://ann/barques-vit", kind="model").commit({EXPORT: b"graph"}, "exported")
    deploy("hf://ann/show", "hf://ann/barques-vit", root=project)
    assert hub.files("ann/show", "space")["requirements.txt"] == b"gradio[oauth]==6.31.0\n"


def test_nothing_but_code_and_words_travels():
    files = deployed_files()
    assert {Path(path).suffix for path in files} <= CODE | WORDS
    assert not [
        path
        for path in files
        if path.startswith(("tests/", "data/", ".")) or "fastdup==" in files[path]
    ]
    assert sum(len(text) for text in files.values()) < 5_000_000


def test_the_runtime_of_the_release_in_the_browser_travels_and_so_do_the_icons():
    found = deployed_binaries()
    assert "docs/assets/vendor/onnxruntime-web.wasm.gz" in found
    assert "docs/assets/icon-192.png" in found
    assert sum(path.stat().st_size for path in found.values()) < 5_000_000


def test_a_variable_of_the_space_wins_over_what_was_deployed(tmp_path, monkeypatch):
    monkeypatch.setattr(front_door, "DEPLOYMENT", tmp_path / "deployment.json")
    front_door.DEPLOYMENT.write_text(
        '{"VITRINE_MODEL": "hf://ann/vit@3f2a3f2a", "VITRINE_DATASET": "hf://ann/barques"}'
    )
    chosen = front_door.settings({"VITRINE_MODEL": "hf://ann/vit@beefbeef"})
    assert (chosen.model, chosen.dataset) == ("hf://ann/vit@beefbeef", "hf://ann/barques")


@pytest.fixture
def deployed(hub, tmp_path):
    """The pushed files alone in a folder, and how to run a program there with every package
    refused that they lack."""
    revision = push_model()
    create_dataset("hf://ann/barques", BARQUES)
    deploy("hf://ann/show", "hf://ann/barques-vit", "hf://ann/barques")
    for path, data in hub.files("ann/show", "space").items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    installed = (tmp_path / "requirements.txt").read_text()
    environ = {**os.environ, "PYTHONPATH": lacking(tmp_path / "python", installed)}

    def run(program):
        command = [sys.executable, "-c", program]
        done = subprocess.run(
            command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    return tmp_path, revision, run


def test_the_deployed_tree_runs_with_nothing_beside_it(deployed):
    folder, revision, run = deployed
    front = yaml.safe_load(FRONT_MATTER.match((folder / "README.md").read_text()).group(1))
    assert (folder / front["app_file"]).is_file()
    said = run(f"""
import app
from space.app import create_app
from starlette.testclient import TestClient
chosen = app.settings({{"VITRINE_STATE": "state"}})
assert chosen.model == "hf://ann/barques-vit@{revision}", chosen
print(app.__file__, TestClient(create_app(chosen)).get("/healthz").json()["ready"])
""")
    assert said == [str(folder / "app.py"), "False"]  # nothing loads before a server runs it


def test_what_is_imported_only_when_somebody_asks_is_there_too(deployed):
    """Every page of the light table, a visitor's photo at the doorstep, and recognition by
    points."""
    folder, _, run = deployed
    small_dataset(folder / "set", 9)
    said = run("""
from pathlib import Path
import usearch.index
from curation.near_duplicates.incoming import UploadDuplicates
from data_cards.annotations.journal import Journal
from curation.light_table.pages.registry import pages_of
from curation.light_table.session.table import open_table
from curation.issues.out_of_fold import ScanOpinions
from data_cards.dataset.repo import open_dataset
from data_cards.photos.image import open_photo
from train.images.keypoints import find_points
dataset = open_dataset("set")
pages = pages_of(open_table(dataset, Journal(Path("journal")), ScanOpinions))
for page in pages.values():
    page.show("ann", {})
name, data = next(iter(dataset.read_photos(list(dataset.photos())[:1])))
find_points(open_photo(data), 50)
print(len(pages), UploadDuplicates().twin(data, dataset.read_photo, [name]) == name)
""")
    assert said == ["11", "True"]


@pytest.fixture
def static(hub, tiny_release, tmp_path):
    """The tiny release as a static Space."""
    deploy_static("hf://ann/show", str(tiny_release), tmp_path)
    return hub.files("ann/show", "space")


def test_a_static_space_is_files_only_and_isolates_its_page(static, hub):
    front = yaml.safe_load(FRONT_MATTER.match(static["README.md"].decode()).group(1))
    assert (front["sdk"], front["app_file"]) == ("static", "index.html")
    assert front["custom_headers"]["cross-origin-opener-policy"] == "same-origin"
    assert front["custom_headers"]["cross-origin-embedder-policy"] == "require-corp"
    assert len(front["short_description"]) <= 60
    assert {"index.html", "config.js", "sw.js", "twin/twin.json"} <= set(static)
    assert not [name for name in static if name.endswith((".py", ".txt"))]
    assert hub.repo("ann/show", "space").private


def test_a_static_space_carries_all_that_answers_and_asks_nobody(static):
    told = json.loads(static["twin/twin.json"])
    for one in told["files"]:
        assert len(static[f"twin/{one['name']}"]) == one["bytes"]
    assert b'SPACE = ""' in static["config.js"] and b'TWIN = "twin/"' in static["config.js"]
    assert "assets/vendor/onnxruntime-web.wasm.gz" in static


def test_a_second_static_deployment_takes_away_what_is_gone(static, hub, tiny_release, tmp_path):
    repo = open_repository("hf://ann/show", kind="space")
    old = {"twin/old.bin": b"x", "twin-small/twin.json": b"{}", "notes.txt": b"the owner's own"}
    repo.commit(old, "by hand")
    before = len(hub.repo("ann/show", "space").commits)
    deploy_static("hf://ann/show", str(tiny_release), tmp_path)
    files = hub.files("ann/show", "space")
    assert len(hub.repo("ann/show", "space").commits) == before + 1
    assert not {"twin/old.bin", "twin-small/twin.json"} & set(files) and "notes.txt" in files


def test_a_static_space_needs_a_place_on_the_hub_and_takes_no_dataset(
    hub, tiny_release, tmp_path, capsys
):
    with pytest.raises(BadAddress, match="place"):
        deploy_static(str(tmp_path / "show"), str(tiny_release), tmp_path)
    words = ["deploy", "--static", "hf://ann/show", str(tiny_release), "hf://ann/things"]
    assert main(words) != 0
    assert "takes no dataset" in capsys.readouterr().err
    assert ("space", "ann/show") not in hub.repos
