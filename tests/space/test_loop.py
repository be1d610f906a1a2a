"""The loop: every stage on a small museum, and a second run that does only what is new."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from data_cards.dataset import open_dataset
from data_cards.errors import BadSource, CannotTrain
from space.loop import LoopSettings, run_loop

FIELDS = {"dataset_revision", "model", "photos", "classes", "findings", "duplicates", "leaks", "top1", "top3", "top5",
          "n_test", "ece", "rejection_threshold", "backbone", "seconds"}
SECONDS = {"collect", "scan", "split", "train", "evaluate", "export", "total"}


@pytest.fixture(scope="module")
def looped(tmp_path_factory, tiny_vit) -> tuple[Path, LoopSettings, Path]:
    """A small museum that went around once."""
    folder = tmp_path_factory.mktemp("loop")
    settings = LoopSettings(backbone=str(tiny_vit), fastdup=False, epochs=1)
    run_loop("museum:80", folder / "out", settings, folder / "cache")
    return folder / "out", settings, folder / "cache"


def test_the_summary_has_every_field_that_others_script_against(looped):
    summary = json.loads((looped[0] / "summary.json").read_text())
    assert summary.keys() >= FIELDS
    assert summary["seconds"].keys() == SECONDS
    assert 0 <= summary["top1"] <= summary["top3"] <= summary["top5"] <= 1


def test_the_summary_names_the_revision_that_the_model_was_trained_on(looped):
    summary = json.loads((looped[0] / "summary.json").read_text())
    trained_on = open_dataset(f"{looped[0] / 'dataset'}@{summary['dataset_revision']}")
    assert trained_on.splits()
    assert len(trained_on.photos()) == summary["photos"]


def test_a_second_run_keeps_the_model_where_nothing_changed(looped):
    out, settings, cache = looped
    before = (out / "model" / "vitrine" / "release.json").read_bytes()
    again = json.loads(run_loop("museum:80", out, settings, cache).read_text())
    assert (out / "model" / "vitrine" / "release.json").read_bytes() == before
    assert again["seconds"]["train"] == 0


def test_a_fixed_label_makes_a_new_model(looped):
    from curation.deciding import decide_from

    out, settings, cache = looped
    before = json.loads((out / "model" / "vitrine" / "release.json").read_text())
    dataset = open_dataset(str(out / "dataset"))
    one = next(i for i, row in dataset.splits().items() if row.split == "train")
    lines = out.parent / "decisions.jsonl"
    lines.write_text(json.dumps({"image_id": one, "action": "junk", "who": "ann"}))
    decide_from(dataset, lines)
    run_loop("museum:80", out, settings, cache)
    after = json.loads((out / "model" / "vitrine" / "release.json").read_text())
    assert after["dataset_revision"] != before["dataset_revision"]


def test_an_empty_folder_is_a_sentence(tmp_path, tiny_vit):
    (tmp_path / "photos").mkdir()
    with pytest.raises(BadSource):
        run_loop(str(tmp_path / "photos"), tmp_path / "out", LoopSettings(backbone=str(tiny_vit)), tmp_path / "cache")


@pytest.mark.parametrize(("dials", "told"), [({"budget": "soon"}, "10m or 1h30m"),
                                             ({"budget": "5m", "epochs": 2}, "either")])
def test_a_budget_that_cannot_be_meant_is_told_before_anything_is_collected(tmp_path, dials, told):
    with pytest.raises(CannotTrain, match=told):
        run_loop("museum:80", tmp_path / "out", LoopSettings(**dials), tmp_path / "cache")
    assert not (tmp_path / "out").exists()


def test_the_budget_reaches_the_training(looped, tmp_path, monkeypatch):
    class Stop(Exception):
        pass

    def training(_, __, settings, **___):
        assert settings.budget == "3m"
        raise Stop

    monkeypatch.setattr("train.training.train_model", training)
    out, settings, cache = looped
    with pytest.raises(Stop):
        run_loop("museum:80", out, replace(settings, budget="3m", epochs=None), cache)
