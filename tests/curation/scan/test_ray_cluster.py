"""A scan by two nodes of a Ray cluster, as one process would have done it (tests.fixtures.ray_nodes
runs all of it once)."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from curation.__main__ import main
from curation.measures.fingerprint_store import FingerprintStore
from curation.measures.measure import look_once
from curation.measures.neighbours import centred, nearest_of
from curation.near_duplicates.pool import Comparers
from curation.scan import ray_cluster as cluster
from curation.scan.ray_cluster import gpu_places, sent_to, shards_of
from curation.scan.ray_node import Job, path_here, stored_rows
from curation.scan.run import ScanSettings, scan
from data_cards.annotations.decision import decide, line_of
from data_cards.annotations.framed_photos import framed
from data_cards.dataset.repo import create_dataset, open_dataset
from data_cards.dataset.tables import images_file, ledger_file
from data_cards.errors import ClusterUnreachable, DamagedFile
from data_cards.photos.image import open_photo
from tests.fixtures import ray_nodes
from tests.fixtures.pictures import collection_of, pictures, stored, with_photos
from train.models.backbone import Backbone, find_backbone

ROOT = Path(__file__).parents[3]
SECONDS = 600  # on a machine that does a dozen other things
PHOTOS = 36
ON_THE_HUB = "hf://ann/set"
# Ray gives a node half a minute to start, which a machine that does a dozen other things may not
# keep; and a quarter of a minute until it is missed.
PATIENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_raylet_start_wait_time_s": "600",
    "RAY_worker_register_timeout_seconds": "600",
    "RAY_health_check_period_ms": "500",
    "OMP_NUM_THREADS": "1",
}


def made_at(address):
    """Three row groups, a photo that is framed, and one that nobody can read."""
    made = create_dataset(address, collection_of("red", "blue"))
    some = with_photos(
        made, {"red": pictures(18, 1, (180, 90, 90)), "blue": pictures(18, 2, (90, 90, 180))}
    )
    first = next(iter(some.photos()))
    one = decide("ann", first, "frame", frame="0,0,0.5,1,90")
    ((photo, _),) = stored({"red": [b"no photo"]})[0]
    files = [images_file([(photo, b"no photo")]), ledger_file([line_of(one)])]
    return some.commit(dict(files), "A frame, and a broken one")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return made_at(str(tmp_path_factory.mktemp("data") / "set")).address


@pytest.fixture(scope="module")
def here(_serving_hub, dataset, tiny_vit, tmp_path_factory):
    """What one process makes of the same: findings and features."""
    _serving_hub.repos.clear()
    folder = tmp_path_factory.mktemp("here")
    backbone = find_backbone(str(tiny_vit), folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_TOKEN", ray_nodes.TOKEN)
        on_the_hub = made_at(ON_THE_HUB)
        scan(on_the_hub, backbone, folder, ScanSettings(fastdup=False))
        return {
            "findings": ray_nodes.findings_of(on_the_hub),
            "features": ray_nodes.features_of(on_the_hub, backbone, folder),
        }


@pytest.fixture(scope="module")
def there(here, dataset, tiny_vit, tmp_path_factory):
    """What two nodes make of it."""
    folder = tmp_path_factory.mktemp("there")
    short = tempfile.mkdtemp(prefix="ray")  # sockets live in it
    homes = {name: str(folder / "nodes") for name in ("NODES_HOME", "HF_HOME")}
    done = subprocess.run(
        [sys.executable, "-m", ray_nodes.__name__, folder, ON_THE_HUB, dataset, tiny_vit],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=os.environ | PATIENT | homes | {"RAY_TMPDIR": short},
    )
    shutil.rmtree(short, ignore_errors=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert not done.stdout
    return json.loads((folder / "told.json").read_text())


def test_two_nodes_find_what_one_process_finds(here, there):
    assert [row[:-1] for row in there["findings"]] == [row[:-1] for row in here["findings"]]
    assert "unreadable" in {row[1] for row in here["findings"]}
    scores = [[row[-1] for row in found["findings"]] for found in (here, there)]
    assert scores[0] == pytest.approx(scores[1], abs=1e-3)
    assert set(there["nodes"]) == {there["gpu"], there["head"]}
    assert sum(there["nodes"].values()) == PHOTOS
    assert f"Looked at {PHOTOS} photos: " in there["said"][0]


def test_nodes_see_photos_as_people_framed_them(here, there):
    assert there["features"].keys() == here["features"].keys()
    assert sum("@" in name for name in there["features"]) == 1
    for name, x in here["features"].items():
        assert there["features"][name] == pytest.approx(x, abs=1e-2), name


def test_nodes_fetch_a_private_dataset_with_the_token_of_the_job_and_no_log_has_it(there):
    assert there["fetched"] and not [line for line in there["said"] if "this machine sent" in line]
    assert there["logs with the token"] == []


def test_neighbours_by_blocks_of_rows_are_those_of_one_process_to_the_bit(there):
    x = ray_nodes.numbers()
    places, cosines = nearest_of(np.arange(len(x)), x, centred(x), 12)
    np.testing.assert_array_equal(there["places"], places)
    np.testing.assert_array_equal(there["cosines"], cosines.astype(float))


def test_pairs_that_nodes_compare_match_as_here(there, tmp_path):
    with FingerprintStore(tmp_path) as store:
        ray_nodes.fill(store)
        found = list(Comparers(store).matches(ray_nodes.PAIRS))
    assert there["matches"] == [[one.score, one.kind, one.as_frames] for one in found]
    assert found[1].score > 0.9


def test_a_node_that_dies_and_one_that_sees_no_folder_lose_nothing(there, dataset):
    bad = there["bad day"]
    assert (bad["photos"], sum(bad["nodes"].values())) == (PHOTOS, PHOTOS)
    _, sent, gone = bad["said"]
    assert there["head"] in sent and f" can't see {dataset}; this machine sent " in sent
    assert gone == "1 node of the cluster went away; the others did their work."


def test_a_gpu_is_shared_by_a_few_processes_with_a_core_each():
    assert gpu_places([{"CPU": 4.0}]) == 0
    assert gpu_places([{"CPU": 64.0, "GPU": 1.0}, {"CPU": 2.0, "GPU": 1.0}, {"GPU": 1.0}]) == 10


def test_a_token_is_in_no_text_of_a_job():
    assert "secret" not in repr(job_of(token="secret"))


def job_of(**hub):
    return Job("node", "hf://ann/set", {}, Backbone(Path(), "", "", ""), 1, 0, None, **hub)


def test_a_shard_that_is_here_is_read_and_another_file_of_its_name_is_not(dataset):
    opened = open_dataset(dataset)
    shard, *_ = shards_of(opened, list(opened.photos()))
    job = job_of()
    assert path_here(job, shard) == (Path(shard.path), "")
    assert len(stored_rows(shard)) == len(shard.rows)
    for other in (cluster.replace(shard, size=1), cluster.replace(shard, path="/closed/to/us")):
        assert path_here(job, other) == (None, "can't see hf://ann/set")


@pytest.mark.parametrize("token", ["wrong", ""])
def test_with_a_wrong_token_a_node_says_why_it_cannot_read_the_hub(
    hub, tmp_path, monkeypatch, token
):
    opened = made_at("hf://ann/closed")
    shard, *_ = shards_of(opened, list(opened.photos()))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    how = {"hub": "ann/closed", "revision": opened.revision, "endpoint": hub.endpoint}
    elsewhere = cluster.replace(shard, path="/not/here")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    path, why = path_here(job_of(**how, token=token), elsewhere)
    assert path is None and why.startswith("can't read hf://ann/set (The Hub has no dataset")
    path, why = path_here(job_of(**how, token="token-ann"), elsewhere)
    assert path and path.stat().st_size == shard.size and not why


def test_a_damaged_shard_is_a_sentence(dataset, tmp_path):
    opened = open_dataset(dataset)
    shard, *_ = shards_of(opened, list(opened.photos()))
    (tmp_path / "cut.parquet").write_bytes(Path(shard.path).read_bytes()[:100])
    with pytest.raises(DamagedFile, match=shard.file):
        stored_rows(cluster.replace(shard, path=str(tmp_path / "cut.parquet")))


def test_a_cluster_that_is_lost_on_the_way_is_a_sentence():
    from ray.exceptions import NodeDiedError

    with pytest.raises(ClusterUnreachable, match="was lost during the scan"), cluster._named("a:1"):
        raise NodeDiedError("the node has died")


def test_what_goes_wrong_on_a_node_is_the_same_sentence_as_here():
    from ray.exceptions import RayTaskError

    cause = DamagedFile("images/a.parquet is damaged.")
    told = RayTaskError("look_at", "a traceback", cause).as_instanceof_cause()
    with pytest.raises(DamagedFile) as raised, cluster._named("a:1"):
        raise told
    assert raised.value is cause


@pytest.mark.parametrize(
    "cause",
    [ModuleNotFoundError("No module named 'torch'"), OSError(28, "No space left on device")],
)
def test_a_node_that_lacks_a_package_or_space_is_a_sentence(cause):
    from ray.exceptions import RayTaskError

    told = RayTaskError("look_at", "a traceback", cause).as_instanceof_cause()
    with pytest.raises(ClusterUnreachable) as raised, cluster._named("a:1"):
        raise told
    assert cause.args[-1] in raised.value.sentence and "traceback" not in raised.value.sentence


def test_every_photo_is_read_from_where_it_lies(dataset):
    opened = framed(open_dataset(dataset))
    ids = list(opened.photos())
    shards = shards_of(opened, ids[:20])
    rows = [row for shard in shards for row in shard.rows]
    assert [name for _, name, _ in rows] == [opened.name_of(one) for one in ids[:20]]
    assert [name.partition("@")[0] for _, name, frame in rows if frame] == ids[:1]
    assert all(Path(one.path).stat().st_size == one.size for one in shards)
    assert len({one.group for one in shards}) == 2


def test_who_was_sent_photos_is_told():
    assert sent_to({"a": 1_000_000}, "can't see x") == (
        "1 node (a) can't see x; this machine sent it the photos (1.0 MB)."
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
