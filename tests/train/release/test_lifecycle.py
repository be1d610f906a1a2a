"""Candidate, release and the way back: what is served changes only when somebody says so."""

import json
import shutil
from pathlib import Path

import pytest

from data_cards.dataset.repo import create_dataset
from data_cards.dataset.schema import Label
from data_cards.dataset.tables import labels_file
from data_cards.errors import MissingFile
from data_cards.storage.repository import open_repository
from tests.fixtures.pictures import collection_of, pictures, with_photos
from tests.fixtures.stories import story_of
from train.inference.predictor import load_predictor
from train.release.lifecycle import (
    candidate_round,
    discard,
    prune,
    release,
    roll_back,
    standing,
    waiting,
)
from train.release.publish import publish
from train.settings import TrainSettings
from train.train_model import train_model

RED = (200, 60, 60)
BLUE = (60, 60, 200)
WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def made(tmp_path_factory, tiny_vit):
    """A released round on wrong labels, and a candidate trained after they were fixed; not to be
    changed."""
    home = tmp_path_factory.mktemp("rounds")
    dataset = create_dataset(str(home / "set"), collection_of("red", "blue"))
    dataset = with_photos(dataset, {"red": pictures(20, 1, RED), "blue": pictures(20, 2, BLUE)})
    right = dataset.labels()
    swapped = {"red": "blue", "blue": "red"}
    settings = TrainSettings(backbone=str(tiny_vit), epochs=0, threads=1)
    train_model(
        dataset.address, str(home / "warm"), settings, cache=home / "cache"
    )  # makes the split
    tested = {i for i, row in dataset.newest().splits().items() if row.split == "test"}
    wrong = [
        Label(i, swapped[row.label] if i not in tested else row.label, "labelled")
        for i, row in right.items()
    ]
    dataset.newest().commit(dict([labels_file(wrong)]), "Mix labels up")
    train_model(dataset.address, str(home / "model"), settings, cache=home / "cache")
    dataset.newest().commit(dict([labels_file(right.values())]), "Put them right")
    train_model(
        dataset.address, str(home / "model"), settings, cache=home / "cache", candidate=True
    )
    return home


@pytest.fixture
def place(made, tmp_path):
    shutil.copytree(made / "model", tmp_path / "model")
    return tmp_path


def named(model: str) -> str:
    return load_predictor(model).predict(pictures(1, 9, RED)[0]).candidates[0].label


def model_in(place: Path) -> str:
    return str(place / "model")


def test_a_candidate_changes_nothing_of_what_is_served(place):
    model = model_in(place)
    assert named(model) == "blue" and len(story_of(model, place).rounds) == 1
    assert waiting(model, place) and "candidate" not in " ".join(
        open_repository(model, kind="model").files()
    )


def test_a_candidate_is_compared_with_what_is_served(place):
    one = candidate_round(model_in(place), place)
    assert (one.against, one.found.before, one.found.after) == (
        1,
        0,
        one.found.n,
    ) and one.found.low > 0
    changed = json.loads((waiting(model_in(place), place) / "vitrine/comparison.json").read_text())[
        "changed"
    ]
    assert len(changed) == one.found.n and all(row["better"] for row in changed)


def test_releasing_makes_the_candidate_the_newest_revision(place):
    model = model_in(place)
    before = standing(model, place)[1]
    revision = release(model, place)
    assert named(model) == "red" and standing(model, place)[1] == revision != before
    story = story_of(model, place)
    assert (
        story.served == 2 and story.rounds[0].revision == before and waiting(model, place) is None
    )


def test_a_release_knows_its_own_name_and_tells_the_story(place):
    model = model_in(place)
    release(model, place)
    assert json.loads((place / "model/vitrine/release.json").read_text())["model"] == model
    card = (place / "model/README.md").read_text()
    assert f'from_pretrained("{model}")' in card and "candidate" not in card


def test_going_back_serves_the_old_answers_and_keeps_the_story(place):
    model = model_in(place)
    release(model, place)
    roll_back(model, place)
    assert named(model) == "blue"
    story = story_of(model, place)
    assert story.served == 1 and [row.number for row in story.rounds] == [1, 2]
    roll_back(model, place, 2)
    assert named(model) == "red" and story_of(model, place).served == 2


def test_there_is_nothing_before_the_first_round(place):
    with pytest.raises(MissingFile, match="no earlier round"):
        roll_back(model_in(place), place)
    with pytest.raises(MissingFile, match="no round 7"):
        roll_back(model_in(place), place, 7)


def test_without_a_candidate_nothing_is_released(place):
    discard(model_in(place), place)
    with pytest.raises(MissingFile, match="Train one first"):
        release(model_in(place), place)
    assert named(model_in(place)) == "blue"


def test_a_candidate_may_be_the_first_model(place):
    model = str(place / "fresh")
    shutil.copytree(place / "model/.vitrine/candidate", place / "fresh/.vitrine/candidate")
    release(model, place)
    assert named(model) == "red" and story_of(model, place).served == 1


def test_pruned_weights_leave_the_disk_and_what_is_served_stays(place):
    model = model_in(place)
    release(model, place)
    old = open_repository(model, kind="model").fetch(
        WEIGHTS, story_of(model, place).rounds[0].revision
    )
    fake_large(old)
    story = prune(model, place, 1)
    assert not old.exists() and named(model) == "red"
    assert [row.revision for row in story.rounds] == ["", ""] and story_of(model, place) == story
    with pytest.raises(MissingFile, match="weights of round 1 were pruned"):
        roll_back(model, place)


def test_pruning_keeps_as_many_as_it_is_told(place):
    model = model_in(place)
    release(model, place)
    first = story_of(model, place).rounds[0].revision
    fake_large(open_repository(model, kind="model").fetch(WEIGHTS, first))
    prune(model, place, 2)
    roll_back(model, place)
    assert story_of(model, place).served == 1


def test_on_the_hub_a_release_and_the_way_back_are_commits(place, hub):
    model = "hf://ann/vit"
    home = place / "cache/models/ann--vit"
    shutil.copytree(place / "model", home)
    first = publish(home, model)
    old = hub.files("ann/vit", "model")[WEIGHTS]
    second = release(model, place / "cache")
    assert second != first and hub.files("ann/vit", "model")[WEIGHTS] != old
    story = story_of(model, place / "cache")
    assert (story.served, story.rounds[0].revision) == (2, first)
    roll_back(model, place / "cache")
    assert hub.files("ann/vit", "model")[WEIGHTS] == old
    assert [row.revision for row in story_of(model, place / "cache").rounds] == [first, second]


def test_a_place_without_a_model_has_no_story(tmp_path):
    assert (
        standing(str(tmp_path / "none"), tmp_path) is None
        and not story_of(str(tmp_path), tmp_path).rounds
    )
    for does in (
        lambda: roll_back(str(tmp_path), tmp_path),
        lambda: prune(str(tmp_path), tmp_path, 1),
    ):
        with pytest.raises(MissingFile, match="There is no model"):
            does()


def fake_large(path: Path) -> None:
    """Tiny weights are never pruned; these count as large from here on."""
    with path.open("ab") as file:
        file.truncate(path.stat().st_size + 1_100_000)
