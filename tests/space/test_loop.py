"""The loop: every stage on a small museum, and a second run that does only what is new."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from data_cards.dataset.repo import create_dataset, open_dataset
from data_cards.errors import BadAddress, BadSource, CannotTrain, LabelsWanted
from space.loop import LoopSettings, dataset_at, gathered, run_loop
from tests.fixtures.answers_given import told_everywhere
from tests.fixtures.pictures import collection_of, pictures, with_photos

FIELDS = {
    "dataset_revision",
    "model",
    "photos",
    "classes",
    "findings",
    "duplicates",
    "leaks",
    "top1",
    "top3",
    "top5",
    "n_test",
    "ece",
    "rejection_threshold",
    "backbone",
    "seconds",
}
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
    assert summary["answers"] == told_everywhere(Path(summary["model"]))


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
    from curation.decisions.apply import decide_from

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
        run_loop(
            str(tmp_path / "photos"),
            tmp_path / "out",
            LoopSettings(backbone=str(tiny_vit)),
            tmp_path / "cache",
        )


@pytest.mark.parametrize(
    ("dials", "told"),
    [({"budget": "soon"}, "10m or 1h30m"), ({"budget": "5m", "epochs": 2}, "either")],
)
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

    monkeypatch.setattr("train.train_model.train_model", training)
    out, settings, cache = looped
    with pytest.raises(Stop):
        run_loop("museum:80", out, replace(settings, budget="3m", epochs=None), cache)


def folder_of(place: Path, **classes: int) -> Path:
    """So many drawn photos in each class folder; those of "loose" lie in none."""
    for seed, (name, count) in enumerate(classes.items()):
        folder = place if name == "loose" else place / name
        folder.mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(pictures(count, seed, (40 + 90 * seed, 80, 200 - 90 * seed))):
            (folder / f"photo {number}.jpg").write_bytes(data)
    return place


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        ({"loose": 6}, "None of the 6 photos has a label yet"),
        ({"cup": 6}, "Only “cup” has 6 photos"),
        ({"none_of_these": 6}, "Every photo is “none of these”"),
        ({"cup": 3, "loose": 3}, "Only “cup” has 3 photos"),
    ],
)
def test_photos_that_nothing_can_be_learned_from_are_scanned_and_lead_to_the_light_table(
    tmp_path, tiny_vit, classes, said
):
    folder_of(tmp_path / "photos", **classes)
    with pytest.raises(LabelsWanted) as wanted:
        run_loop(
            str(tmp_path / "photos"),
            tmp_path / "out",
            LoopSettings(backbone=str(tiny_vit), fastdup=False),
            tmp_path / "cache",
        )
    assert wanted.value.sentence.lower().startswith(said.lower())
    assert f"vitrine serve --dataset {tmp_path / 'out' / 'dataset'}" in wanted.value.sentence
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary.keys() >= FIELDS and summary["seconds"].keys() == SECONDS
    assert (summary["model"], summary["top1"], summary["n_test"], summary["photos"]) == (
        None,
        None,
        0,
        6,
    )
    found = open_dataset(str(tmp_path / "out" / "dataset"))
    assert summary["dataset_revision"] == found.revision and not found.splits()
    nameless = sum(row.status == "unlabelled" for row in found.labels().values())
    assert summary["findings"].get("unlabelled", 0) == nameless


def test_the_loop_reads_labels_off_file_names_and_folders_as_it_is_told(tmp_path):
    for number, name in enumerate(("mug_1", "mug_2", "vase_1", "vase_2")):
        (tmp_path / "flat").mkdir(exist_ok=True)
        (tmp_path / "flat" / f"{name}.jpg").write_bytes(pictures(4, 7)[number])
    first = gathered(str(tmp_path / "flat"), tmp_path / "out")
    assert {row.status for row in first.labels().values()} == {"unlabelled"}
    again = gathered(str(tmp_path / "flat"), tmp_path / "out", LoopSettings(by_name=True))
    assert {row.label for row in again.labels().values()} == {"mug", "vase"}


def test_a_dataset_that_was_collected_already_is_gone_on_with_where_it_lies(looped, tmp_path):
    out, settings, cache = looped
    home = str(out / "dataset")
    summary = json.loads(run_loop(home, tmp_path / "again", settings, cache).read_text())
    assert not (tmp_path / "again" / "dataset").exists()
    assert summary["model"] == str(tmp_path / "again" / "model") and summary["top1"] is not None
    assert open_dataset(f"{home}@{summary['dataset_revision']}").splits()


def test_an_old_revision_of_a_dataset_is_not_gone_on_from(looped, tmp_path):
    out, settings, cache = looped
    home = open_dataset(str(out / "dataset"))
    with pytest.raises(BadAddress, match="newest revision"):
        run_loop(f"{home.address}@{home.revision}", tmp_path / "again", settings, cache)


def test_nothing_is_written_into_a_dataset(looped):
    out, settings, cache = looped
    for inside in (out / "dataset", out / "dataset" / "more"):
        with pytest.raises(BadAddress, match="inside"):
            run_loop(str(out / "dataset"), inside, settings, cache)
    assert not (out / "dataset" / "more").exists()


def test_a_quick_model_comes_first_where_there_is_none_and_gives_way(looped, tmp_path):
    from curation.retrain.job_runner import JobProgress
    from train.inference.predictor import load_predictor

    out, settings, cache = looped
    seen = []

    class Watching(JobProgress):
        def made(self):
            super().made()
            model = tmp_path / "again" / "model"
            seen.append(
                load_predictor(model, cache).model.get("provisional", "")
                if model.is_dir()
                else None
            )

    summary = json.loads(
        run_loop(
            str(out / "dataset"),
            tmp_path / "again",
            replace(settings, probe_first=True),
            cache,
            Watching(),
        ).read_text()
    )
    scanned, quick, last = seen
    assert (
        scanned is None
        and quick["n"] == summary["n_test"]
        and 0 <= quick["value"] <= 1
        and last == ""
    )
    release = json.loads((tmp_path / "again" / "model" / "vitrine" / "release.json").read_text())
    rounds = json.loads((tmp_path / "again" / "model" / "vitrine" / "rounds.json").read_text())[
        "rounds"
    ]
    assert "provisional" not in release and release["settings"]["epochs"] == 1
    assert [(row["number"], row["against"]) for row in rounds] == [(1, None)], (
        "the quick one counts as no round"
    )


def test_a_dataset_on_the_hub_is_gone_on_with_and_its_model_is_made_here(hub, tmp_path, tiny_vit):
    made = create_dataset("hf://ann/tiny", collection_of("red", "blue"))
    with_photos(made, {"red": pictures(5, 1, (200, 60, 60)), "blue": pictures(5, 2, (60, 60, 200))})
    settings = LoopSettings(backbone=str(tiny_vit), fastdup=False, epochs=0)
    summary = json.loads(
        run_loop("hf://ann/tiny", tmp_path / "out", settings, tmp_path / "cache").read_text()
    )
    assert (summary["photos"], summary["model"]) == (10, str(tmp_path / "out" / "model"))
    assert open_dataset("hf://ann/tiny").splits() and not (tmp_path / "out" / "dataset").exists()


@pytest.mark.parametrize("address", ["hf://ann/nothing", "nowhere", "museum:40", "search:mugs"])
def test_whatever_is_no_dataset_is_collected(hub, address):
    assert dataset_at(address) is None
