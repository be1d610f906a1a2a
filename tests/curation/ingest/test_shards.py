"""The door of a dataset: every distinct photo has one row, whatever the order of arrival, and
commits are whole."""

import io
import os

import numpy as np
import pytest
from PIL import Image

from curation.ingest.shards import Intake
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.repo import create_dataset, open_dataset
from data_cards.dataset.schema import Photo, Source
from data_cards.errors import DiskFull
from data_cards.photos.image import image_id


def photo(seed):
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (30, 40, 3), dtype=np.uint8)).save(
        out, "JPEG"
    )
    return out.getvalue()


def by_path(dataset):
    return {source.path: photo for photo in dataset.photos().values() for source in photo.sources}


def intake_of(tmp_path, **sizes):
    things = Collection("c", "C", (ClassInfo("a", "A"), ClassInfo("b", "B")))
    return Intake(create_dataset(str(tmp_path / "dataset"), things), things, **sizes)


def arrival(seed, path, label):
    data = photo(seed)
    return Photo(image_id(data), 40, 30, (Source(path, label),)), data


def test_a_late_repeat_finds_its_sealed_shard(tmp_path):
    with intake_of(tmp_path, shard_bytes=1) as intake:
        for seed in range(3):
            intake.take(*arrival(seed, f"a/{seed}.jpg", "a"))
        intake.take(*arrival(0, "b/again.jpg", "b"))
        dataset = intake.finish("done")
    assert len(dataset.shards) == 3
    assert [source.path for source in by_path(dataset)["a/0.jpg"].sources] == [
        "a/0.jpg",
        "b/again.jpg",
    ]
    assert dict(dataset.read_photos(dataset.photos())) == {
        image_id(photo(seed)): photo(seed) for seed in range(3)
    }


def test_a_large_collection_is_saved_part_by_part(tmp_path):
    with intake_of(tmp_path, shard_bytes=1, shards_per_commit=2) as intake:
        for seed in range(3):
            intake.take(*arrival(seed, f"a/{seed}.jpg", "a"))
        half_way = open_dataset(str(tmp_path / "dataset"))
        assert len(half_way.photos()) == len(half_way.labels()) == 2
        assert len(intake.finish("done").photos()) == 3


def test_what_somebody_else_saved_meanwhile_stays(tmp_path):
    with intake_of(tmp_path) as intake:
        intake.take(*arrival(1, "a/1.jpg", "a"))
        with intake_of(tmp_path) as other:
            other.take(*arrival(2, "b/2.jpg", "b"))
            other.finish("first")
        dataset = intake.finish("second")
    assert {label.label for label in dataset.labels().values()} == {"a", "b"}


def test_what_a_killed_run_left_behind_is_cleared_away_a_day_later(tmp_path):
    with intake_of(tmp_path):
        pass
    old, young = (tmp_path / "dataset" / f".collecting-{name}" for name in ("old", "young"))
    for folder, age in ((old, 90_000), (young, 60)):
        folder.mkdir()
        os.utime(folder, (folder.stat().st_mtime - age,) * 2)
    with intake_of(tmp_path):
        assert not old.exists() and young.exists()


def test_a_full_disk_gets_a_sentence_and_loses_nothing(tmp_path, monkeypatch):
    with intake_of(tmp_path) as intake:
        intake.take(*arrival(1, "a/1.jpg", "a"))
        before = intake.finish("first")

    def full(*_):
        raise OSError(28, "No space left on device")

    with intake_of(tmp_path) as intake:
        intake.take(*arrival(2, "a/2.jpg", "a"))
        monkeypatch.setattr("pathlib.Path.write_bytes", full)
        with pytest.raises(DiskFull, match="disk is full"):
            intake.finish("second")
        monkeypatch.undo()
    assert open_dataset(str(tmp_path / "dataset")).revision == before.revision


def test_photos_come_in_to_the_hub(hub, tmp_path):
    things = Collection("c", "C", (ClassInfo("a", "A"),))
    with Intake(create_dataset("hf://ann/things", things), things) as intake:
        intake.take(*arrival(1, "a/1.jpg", "a"))
        intake.finish("Collect from a")
    dataset = open_dataset("hf://ann/things")
    assert dict(dataset.read_photos(dataset.photos())) == {image_id(photo(1)): photo(1)}
    assert [label.label for label in dataset.labels().values()] == ["a"]
