"""The whole loop on the Hub: photos in, two people deciding at once, a model from a named
revision, a Space serving it.

Every step talks to the test hub through the real huggingface_hub; the backbone is a tiny ViT
with random weights, so nothing here says how good a model is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from curation.decisions.apply import decide_from
from curation.decisions.erase import erase
from curation.ingest.collect import collect
from data_cards.dataset.repo import Dataset, create_dataset, open_dataset
from data_cards.dataset.schema import Label
from data_cards.dataset.tables import images_file, labels_file
from data_cards.errors import MissingFile
from data_cards.storage.hub import HubRepository
from space.deploy import deploy
from tests.fixtures.fake_hub import Hub, reserve
from tests.fixtures.light_table import COLLECTION, photos_of
from tests.fixtures.missing_packages import lacking
from train.release.export import export
from train.settings import TrainSettings
from train.splits.seal import seal
from train.train_model import train_model

MUSEUM = "hf://ann/museum"
MODEL = "hf://ann/museum-vit"
SPACE = "hf://ann/museum-space"
PATIENCE = 300.0  # seconds; a limit for slow machines, never waited out


def test_the_whole_loop_runs_on_the_hub(hub, tmp_path, tiny_vit):
    came_in = collect("museum:60:80", MUSEUM)
    assert came_in.added > 40
    two_people_decide_at_once(hub, tmp_path)
    revision = seal(open_dataset(MUSEUM)).dataset.revision
    one_more_decision(tmp_path)
    assert open_dataset(MUSEUM).revision != revision

    settings = TrainSettings(epochs=1, backbone=str(tiny_vit), threads=1)
    trained = train_model(f"{MUSEUM}@{revision}", MODEL, settings, cache=tmp_path / "cache")
    files = hub.files("ann/museum-vit", "model")
    release = json.loads(files["vitrine/release.json"])
    assert (release["dataset"], release["dataset_revision"]) == (MUSEUM, revision)
    assert f"`{revision}`" in files["README.md"].decode()
    assert hub.repo("ann/museum-vit", "model").commits[-1].oid == trained.revision
    assert [repo.private for repo in hub.repos.values()] == [True, True]

    export(MODEL, cache=tmp_path / "cache")
    released = hub.repo("ann/museum-vit", "model").commits[-1].oid
    made = deploy(SPACE, MODEL, MUSEUM)
    assert made.model == f"{MODEL}@{released}"
    the_space_answers(hub, tmp_path, released, revision)


def test_a_photo_erased_on_the_hub_is_in_no_revision(hub):
    photos = photos_of(3)
    files = dict(
        [
            images_file([(photo, data) for photo, data, _ in photos]),
            labels_file(Label(photo.image_id, "harbour", "labelled") for photo, _, _ in photos),
        ]
    )
    before = create_dataset(MUSEUM, COLLECTION).commit(files, "photos")
    (person, data, _), *others = photos
    assert any(data in kept for kept in hub.objects.values())
    after = erase(before, [person.image_id]).dataset
    assert not any(data in kept for kept in hub.objects.values())
    assert set(after.photos()) == {photo.image_id for photo, _, _ in others}
    with pytest.raises(MissingFile):
        open_dataset(f"{MUSEUM}@{before.revision}").read_photo(person.image_id)


def two_people_decide_at_once(hub: Hub, folder: Path) -> None:
    """Ann and Ben each send decisions about other photos in the same moment; nobody's are lost."""
    hub.repo("ann/museum").writers.add("ben")
    before = open_dataset(MUSEUM)
    photos = list(before.photos())
    start = threading.Barrier(2)
    failures: list[Exception] = []

    def decide(who: str, mine: list[str]) -> None:
        repo = HubRepository("ann/museum", token=f"token-{who}", sleep=lambda _: time.sleep(0.001))
        start.wait()
        try:
            decide_from(Dataset(repo, before.revision), written(folder, who, mine, "junk"))
        except Exception as error:  # noqa: BLE001  a thread's failure would otherwise pass unseen
            failures.append(error)

    shares = {"ann": photos[:3], "ben": photos[3:6]}
    people = [threading.Thread(target=decide, args=share) for share in shares.items()]
    for one in people:
        one.start()
    for one in people:
        one.join(timeout=PATIENCE)
    assert not failures
    after = open_dataset(MUSEUM)
    assert {row["image_id"]: row["who"] for row in after.ledger()} == {
        i: who for who in shares for i in shares[who]
    }
    assert [after.labels()[i].status for i in photos[:6]] == ["junk"] * 6


def one_more_decision(folder: Path) -> None:
    dataset = open_dataset(MUSEUM)
    decide_from(dataset, written(folder, "cleo", list(dataset.photos())[6:7], "junk"))


def written(folder: Path, who: str, photos: list[str], action: str) -> Path:
    path = folder / f"{who}.jsonl"
    path.write_text(
        "".join(json.dumps({"image_id": i, "action": action, "who": who}) + "\n" for i in photos)
    )
    return path


def the_space_answers(hub: Hub, folder: Path, revision: str, dataset_revision: str) -> None:
    """Check the Space's repository out, run it as Hugging Face would, and ask it about a photo."""
    from gradio_client import Client, handle_file

    for path, data in hub.files("ann/museum-space", "space").items():
        (folder / "space" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "space" / path).write_bytes(data)
    photo = folder / "photo.jpg"
    photo.write_bytes(next(open_dataset(MUSEUM).read_photos(open_dataset(MUSEUM).photos()))[1])
    listener = reserve()
    port = listener.getsockname()[1]
    listener.close()
    environ = os.environ | {
        "PORT": str(port),
        "HOME": str(folder / "home"),
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": lacking(folder / "python", (folder / "space/requirements.txt").read_text()),
    }
    with open(folder / "space.log", "wb") as log:
        served = subprocess.Popen(
            [sys.executable, "app.py"], cwd=folder / "space", env=environ, stdout=log, stderr=log
        )
    try:
        health = wait_until_ready(f"http://127.0.0.1:{port}/healthz", served, folder / "space.log")
        assert health["model"]["revision"] == revision
        client = Client(f"http://127.0.0.1:{port}", verbose=False)
        answer = client.predict(handle_file(str(photo)), 3, api_name="/predict")
        assert answer["answer"] in ("sure", "one_of", "none")
        assert answer["model"]["dataset_revision"] == dataset_revision
        assert answer["similar"]
    finally:
        served.terminate()
        served.wait(timeout=20)


def wait_until_ready(url: str, served: subprocess.Popen[bytes], log: Path) -> dict:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and served.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                health = json.load(response)
                if health["ready"]:
                    return health
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.1)
    pytest.fail(f"The Space did not start: {log.read_text()}")
