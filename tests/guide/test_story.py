"""README and the guide, followed: their commands are run one after the other, in one folder,
on photos that are drawn, with a tiny network where the Hub has DINOv2-small.

What is not run here, and why, stands in NOT_RUN.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from data_cards.dataset.repo import open_dataset
from space.console import main
from tests.fixtures.fake_hub_repo import Blob, Repo
from tests.fixtures.pictures import pictures
from tests.fixtures.tiny_models import HIDDEN
from tests.fixtures.visitors import built, serving, settings_in, small_gallery
from tests.guide.pages import ROOT, Shown, every_command, snippets_in

COLOURS = {"mug": (200, 60, 40), "vase": (40, 120, 200), "kite": (60, 180, 80)}
EACH = 14  # photos of a class: enough for a train, a validation and a test side
# The first words of a command -> why it is not run.
NOT_RUN = {
    "make": "the targets are made of commands that are run here; CI runs `make test` itself",
    "pip": "what is installed is what runs this test; tests/pipelines/test_wheel.py installs",
    "hf auth login": "asks for a token; the test hub has one",
    "vitrine fill": "asks Wikidata; tests/data_cards/texts/ answer with recorded responses",
    "vitrine collect search:": "asks the web; tests/curation/ingest/search/ answer by a local server",
    "accelerate": "tests/train/finetune/test_workers.py trains with two processes",
    "vitrine export festival/model --to twin --small": "needs a second release; "
    "tests/train/release/test_small_twin.py exports one",
    "vitrine demo": "never ends; tests/space/test_early_page.py opens it",
    "vitrine serve": "never ends; tests/space/test_app.py serves, and the snippets below ask",
    "vitrine annotator": "asks for a password; tests/space/test_main.py answers",
    "vitrine train festival/dataset festival/small": "fetches a wheel; tests/train/finetune/"
    "test_teacher.py teaches",
    "vitrine train festival/dataset quick/model --budget": "uses the two minutes it is given",
    "python -m curation scan festival/dataset --engine ray": "tests/curation/scan/test_ray_cluster.py",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with what the guide's reader has."""
    folder = tmp_path_factory.mktemp("home")
    festival = folder / "photos" / "festival"
    for seed, (name, colour) in enumerate(COLOURS.items()):
        _lay(festival / name, EACH, seed, colour)
    _lay(festival / "none_of_these", 4, 7, (240, 240, 240))
    shutil.copy(festival / "mug" / "0.jpg", folder / "photo.jpg")
    shutil.copytree(festival / "vase", folder / "album")
    for name in ("mug", "vase"):
        shutil.copytree(festival / name, folder / "photos" / "dress" / name)
    (folder / "paintings.csv").write_text(_references(festival, folder))
    with zipfile.ZipFile(folder / "photos.zip", "w") as archive:
        for path in sorted(festival.rglob("*.jpg")):
            archive.write(path, path.relative_to(festival))
    for name, column in (("labels.csv", "label"), ("species.csv", "species")):
        (folder / name).write_text(_list_of(festival, folder, column))
    return folder


def _lay(folder: Path, count: int, seed: int, colour: tuple[int, int, int]) -> None:
    folder.mkdir(parents=True)
    for place, data in enumerate(pictures(count, seed, colour)):
        (folder / f"{place}.jpg").write_bytes(data)


def _list_of(festival: Path, root: Path, column: str) -> str:
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["file", column])
    for path in sorted(festival.rglob("*.jpg")):
        table.writerow([path.relative_to(root).as_posix(), path.parent.name])
    return text.getvalue()


def _references(festival: Path, root: Path) -> str:
    """The first photo of each thing as its reference, the second as a visitor's."""
    lines = ["file,label,split,role"]
    for folder in sorted(path for path in festival.iterdir() if path.name in COLOURS):
        for number, words in enumerate((",reference", "test,query")):
            file = (folder / f"{number}.jpg").relative_to(root).as_posix()
            lines.append(f"{file},{folder.name},{words}")
    return "\n".join(lines)


def runs(one: Shown) -> bool:
    return not any(" ".join(one.words).startswith(words) for words in NOT_RUN)


def test_what_is_not_run_stands_in_the_pages():
    shown = [" ".join(one.words) for one in every_command()]
    unused = [w for w in NOT_RUN if not any(line.startswith(w) for line in shown)]
    assert not unused


def test_the_commands_of_the_guide_can_be_followed(home, hub, tiny_vit, monkeypatch, capsys):
    hub.repos["model", "facebook/dinov2-small"] = _published(tiny_vit, "facebook/dinov2-small")
    monkeypatch.chdir(home)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("VITRINE_CACHE", str(home / "cache"))
    done: set[tuple[str, ...]] = set()
    for one in every_command():
        if not runs(one) or one.words in done:
            continue
        done.add(one.words)
        _prepare(home, one)
        words = [str(home / word[2:]) if word.startswith("~/") else word for word in one.words]
        if words[1] in ("train", "loop", "retrain") and "--epochs" not in words:
            words += ["--epochs", "1"]  # the only thing that is changed: a test has less time
        code = main(_of_the_console(words))
        said = capsys.readouterr()
        assert code == 0, f"{one}\n{said.out[-2000:]}\n{said.err[-2000:]}"
    assert len(done) > 25
    # Not the 22 million weights that stand in where the Hub lacks something.
    assert json.loads((home / "festival/model/config.json").read_text())["hidden_size"] == HIDDEN


def test_the_notebook_runs(tmp_path, hub, tiny_vit, monkeypatch, capsys):
    hub.repos["model", "facebook/dinov2-small"] = _published(tiny_vit, "facebook/dinov2-small")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VITRINE_CACHE", str(tmp_path / "cache"))
    cells = json.loads((ROOT / "docs" / "guide" / "small-loop.ipynb").read_text())["cells"]
    names: dict[str, object] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), "small-loop.ipynb", "exec"), names)
    assert capsys.readouterr().out.splitlines()[-1].split()[0] in ("sure", "one_of", "none")


def _of_the_console(words: list[str]) -> list[str]:
    """A command as `vitrine` takes it, without that first word."""
    if words[0] == "vitrine":
        return words[1:]
    floor, *rest = words[2:]
    return rest if floor != "train" or rest[0] in ("job", "split") else ["train", *rest]


def _prepare(home: Path, one: Shown) -> None:
    """What a reader would have ready before this command."""
    if "decisions.jsonl" in one.words:
        photo = min(open_dataset("festival/dataset").photos())
        line = {"image_id": photo, "action": "keep", "who": "berta"}
        (home / "decisions.jsonl").write_text(json.dumps(line) + "\n")
    if any(word.startswith("hf://ann/pets") for word in one.words):
        _pets()


def _pets() -> None:
    """Somebody's dataset of pictures, as `datasets` pushes it."""
    from datasets import ClassLabel, Dataset, DatasetDict, Features, Image

    features = Features({"image": Image(), "label": ClassLabel(names=["cat", "dog"])})
    sides = {}
    for seed, side in enumerate(("train", "test")):
        rows = [{"bytes": data, "path": None} for data in pictures(4, seed + 20)]
        table = {"image": rows, "label": [0, 1, 0, 1]}
        sides[side] = Dataset.from_dict(table, features=features)
    DatasetDict(sides).push_to_hub("ann/pets")


def _published(folder: Path, name: str) -> Repo:
    """A model folder as a repository of the test hub."""
    repo = Repo("model", name, False, set())
    # Nothing was uploaded, so the hub has no large file by its hash: all travel as ordinary ones.
    files = {path.name: Blob(path.read_bytes(), lfs=False) for path in sorted(folder.iterdir())}
    repo.advance(files, "weights", name.split("/")[0])
    return repo


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an app that the snippets can ask."""
    folder = tmp_path_factory.mktemp("served")
    small_gallery(folder / "dataset")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "uploads"))
        with serving(built(settings_in(folder, questions_a_minute=6000))) as address:
            yield address


PLACE = "http://127.0.0.1:7860"
API = ROOT / "docs" / "guide" / "api.md"


@pytest.mark.parametrize("page", [ROOT / "README.md", API], ids=lambda page: page.name)
def test_the_python_snippet_prints_an_answer(page, served, home, monkeypatch, capsys):
    monkeypatch.chdir(home)
    for snippet in snippets_in(page, "python"):
        exec(compile(snippet.replace(PLACE, served), str(page), "exec"), {})
    assert capsys.readouterr().out.splitlines()[-1].split()[0] in ("sure", "one_of", "none")


def test_the_curl_snippet_prints_an_answer(served, home):
    [snippet] = snippets_in(API, "bash")
    done = subprocess.run(
        ["bash", "-c", snippet.replace(PLACE, served)],
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "event: complete" in done.stdout, done.stderr
    assert '"answer"' in done.stdout


@pytest.mark.skipif(shutil.which("node") is None, reason="There is no node here.")
def test_the_javascript_snippet_prints_an_answer(served, home, tmp_path):
    [snippet] = snippets_in(API, "js")
    client = ROOT / "docs" / "assets" / "vendor" / "gradio-client.js"
    shutil.copy(client, tmp_path / "client.mjs")
    photo = f'import {{ openAsBlob }} from "node:fs";\nconst file = await openAsBlob("{home}/photo.jpg");\n'
    text = photo + snippet.replace(PLACE, served).replace("@gradio/client", "./client.mjs")
    (tmp_path / "snippet.mjs").write_text(text + "\nprocess.exit(0);\n")
    done = subprocess.run(
        ["node", "snippet.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split()[0] in ("sure", "one_of", "none"), done.stderr
