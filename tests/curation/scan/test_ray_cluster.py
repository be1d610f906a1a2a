import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from importlib.util import find_spec
from pathlib import Path

import pytest

from curation.__main__ import main
from curation.measures.measure import look_once
from curation.scan import ray_cluster as cluster
from curation.scan.ray_cluster import shards_of
from data_cards.dataset.repo import create_dataset, open_dataset
from data_cards.dataset.tables import images_file
from data_cards.errors import ClusterUnreachable
from data_cards.photos.image import open_photo
from tests.fixtures.pictures import collection_of, pictures, stored, with_photos

ROOT = Path(__file__).parents[3]
SECONDS = 600  # on a machine that does a dozen other things
TO_START = 180.0  # seconds until nobody waits for Ray any longer


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Three row groups, one photo twice in another size, and one that nobody can read."""
    made = create_dataset(
        str(tmp_path_factory.mktemp("data") / "set"), collection_of("red", "blue")
    )
    some = with_photos(
        made, {"red": pictures(18, 1, (180, 90, 90)), "blue": pictures(18, 2, (90, 90, 180))}
    )
    ((photo, _),) = stored({"red": [b"no photo"]})[0]
    return some.commit(dict([images_file([(photo, b"no photo")])]), "A broken one").address


@pytest.fixture
def two_nodes():
    if find_spec("ray") is None:
        pytest.skip("Ray is not installed: pip install -r requirements-ray.txt")
    folder = tempfile.mkdtemp(prefix="ray")  # a short path: sockets live in it
    # Ray gives a node half a minute to start, which a machine that does a dozen other things may
    # not keep.
    quiet = os.environ | {
        "RAY_TMPDIR": folder,
        "RAY_USAGE_STATS_ENABLED": "0",
        "OMP_NUM_THREADS": "1",
        "RAY_raylet_start_wait_time_s": "600",
        "RAY_worker_register_timeout_seconds": "600",
    }
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.fixtures.ray_two_nodes"],
        cwd=ROOT,
        env=quiet,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    too_long = threading.Timer(TO_START, started.kill)
    too_long.start()
    address = started.stdout.readline().strip()
    too_long.cancel()
    if (
        not address
    ):  # on a busy machine its nodes give up after 15 seconds; that says nothing about the scan
        pytest.skip("Ray did not start on this machine")
    yield address
    started.communicate(timeout=SECONDS)
    shutil.rmtree(folder, ignore_errors=True)


def scanned(dataset, backbone, folder, *flags):
    """The findings of a copy of the dataset, without what differs from scan to scan, and what
    was said."""
    shutil.copytree(dataset, folder / "set")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "curation",
            "scan",
            folder / "set",
            "--backbone",
            backbone,
            "--no-fastdup",
            *flags,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=os.environ
        | {
            "VITRINE_CACHE": str(folder / "cache"),
            "OMP_NUM_THREADS": "1",
            # So few photos would be done before the slower node has its network.
            "RAY_DATA_DEFAULT_WAIT_FOR_MIN_ACTORS_S": "600",
        },
    )
    if "was lost during the scan" in done.stderr:
        pytest.skip("Ray lost a node of its own on this machine")
    assert done.returncode == 0, done.stderr
    found = open_dataset(str(folder / "set")).findings()
    return {
        (row.image_id, row.kind, row.reason, row.suggested_label, row.related): row.score
        for row in found
    }, done


def test_two_nodes_find_what_one_process_finds(dataset, tiny_vit, two_nodes, tmp_path):
    (tmp_path / "here").mkdir(), (tmp_path / "there").mkdir()
    expected, _ = scanned(dataset, tiny_vit, tmp_path / "here")
    found, done = scanned(
        dataset, tiny_vit, tmp_path / "there", "--engine", "ray", "--address", two_nodes
    )
    assert found.keys() == expected.keys()
    assert "unreadable" in {kind for _, kind, *_ in found}
    assert found == pytest.approx(expected, abs=1e-3)
    seen = re.findall(r"(\d+) on (\w+)", re.search(r"Looked at 36 photos: (.+)\.", done.stderr)[1])
    assert sum(int(photos) for photos, _ in seen) == 36
    if (
        len(seen) == 1
    ):  # two blocks of photos only: the second node may begin when the first is done with both
        pytest.skip("One node was done before the other had begun")
    assert seen[0][1] != seen[1][1]


def test_a_cluster_that_is_lost_on_the_way_is_a_sentence(monkeypatch):
    ray = pytest.importorskip("ray")
    monkeypatch.setattr(cluster, "_knock", lambda address: None)
    monkeypatch.setattr(ray, "init", lambda **_: None)
    with (
        pytest.raises(ClusterUnreachable, match="was lost during the scan"),
        cluster._connected("here:1"),
    ):
        raise ray.exceptions.NodeDiedError("the node has died")


def test_every_photo_is_read_from_where_it_lies(dataset):
    opened = open_dataset(dataset)
    ids = list(opened.photos())
    places = shards_of(opened, ids[:20])
    assert [image_id for shard in places for _, image_id in shard.rows] == ids[:20]
    assert (
        all(Path(shard.path).is_file() for shard in places)
        and len({shard.group for shard in places}) == 2
    )


def test_what_a_node_makes_of_a_photo_is_what_passing_by_makes(tmp_path):
    from curation.measures.cache import Memory
    from curation.measures.fingerprint_store import FingerprintStore
    from curation.measures.measure import PassingBy

    data = pictures(1, 3)[0]
    with FingerprintStore(tmp_path / "here") as here, FingerprintStore(tmp_path / "there") as there:
        for store, memory in (
            (here, Memory(tmp_path / "here")),
            (there, Memory(tmp_path / "there")),
        ):
            passing = PassingBy(memory, {"a"}, store)
            if store is here:
                passing.see("a", data, open_photo(data))
            else:
                passing.keep("a", look_once(data, open_photo(data)))
            passing.done()
        assert (here.get("a").descriptors == there.get("a").descriptors).all()
    seen, broken = Memory(tmp_path / "here").measures("a")
    assert (
        (seen, broken) == Memory(tmp_path / "there").measures("a")
        and set(seen) == {"a"}
        and not broken
    )


@pytest.mark.skipif(
    find_spec("ray") is None, reason="Ray is not installed: pip install -r requirements-ray.txt"
)
def test_a_cluster_that_does_not_answer_is_a_sentence(
    dataset, tiny_vit, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("VITRINE_CACHE", str(tmp_path))
    assert (
        main(
            [
                "scan",
                dataset,
                "--backbone",
                str(tiny_vit),
                "--engine",
                "ray",
                "--address",
                "127.0.0.1:9",
            ]
        )
        == 1
    )
    assert "No Ray cluster answers at 127.0.0.1:9." in capsys.readouterr().err


def test_where_ray_is_not_installed_a_sentence_says_how_to_get_it(
    dataset, tiny_vit, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("VITRINE_CACHE", str(tmp_path))
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["scan", dataset, "--backbone", str(tiny_vit), "--engine", "ray"]) == 1
    assert "pip install -r requirements-ray.txt" in capsys.readouterr().err
