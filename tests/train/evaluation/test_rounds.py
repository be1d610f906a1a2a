"""A model's rounds: what is carried on, what is served, what may go."""

import json

import pytest

from data_cards.errors import BadModel
from train.evaluation.label_value import Effort, another_hour
from train.evaluation.rounds import Round, Story, read_story, settle
from train.statistics.metrics import wilson
from train.statistics.paired import paired


def one(hits=80, **more):
    return Round(
        **{
            "number": 0,
            "at": "2026-11-21T10:00:00+00:00",
            "dataset_revision": "d1",
            "top1": wilson(hits, 100),
            "effort": Effort(10, 0.2, 5, 0.5),
            "photos": 400,
        }
        | more
    )


@pytest.fixture
def story():
    return Story().then(one(70), "").then(one(75), "rev-1").then(one(80), "rev-2")


def test_rounds_are_numbered_and_the_newest_is_served(story):
    assert [row.number for row in story.rounds] == [1, 2, 3] and story.served == 3
    assert story.current.top1.value == 0.8


def test_the_revision_of_a_round_is_the_one_before_the_next_came(story):
    assert [row.revision for row in story.rounds] == ["rev-1", "rev-2", ""]


def test_going_back_forgets_nothing(story):
    back = story.back_to(1, "rev-3")
    assert (back.served, len(back.rounds), back.rounds[2].revision) == (1, 3, "rev-3")


def test_after_going_back_the_next_round_gets_a_number_of_its_own(story):
    on = story.back_to(1, "rev-3").then(one(90), "rev-4")
    assert on.served == 4 and on.rounds[0].revision == "rev-4" and on.rounds[2].revision == "rev-3"


def test_pruning_keeps_the_last_ones_and_the_one_that_is_served(story):
    kept = story.back_to(1, "rev-3").pruned(1)
    assert [row.revision for row in kept.rounds] == ["rev-1", "", "rev-3"]
    assert [row.top1 for row in kept.rounds] == [row.top1 for row in story.rounds]


def test_pruning_to_nothing_still_keeps_what_is_served(story):
    assert [row.revision for row in story.back_to(2, "rev-3").pruned(0).rounds] == ["", "rev-2", ""]


def test_a_story_comes_back_from_its_file(story, tmp_path):
    told = story.then(one(85, found=paired([1, 0, 0], [1, 1, 0]), against=3), "rev-3")
    settle(tmp_path, told)
    assert read_story(tmp_path) == told
    assert (tmp_path / "vitrine/charts/rounds.svg").read_text().startswith("<svg xmlns=")


def test_a_release_from_before_rounds_begins_with_what_it_tells(tmp_path):
    (tmp_path / "vitrine").mkdir()
    metrics = {
        "top1": wilson(9, 10).to_json(),
        "dataset_revision": "d0",
        "test_digest": "t",
        "seconds": {"train": 61},
    }
    (tmp_path / "vitrine/metrics.json").write_text(json.dumps(metrics))
    (tmp_path / "vitrine/release.json").write_text(
        json.dumps({"made_at": "2026-11-01", "photos": {"train": 30}})
    )
    first = read_story(tmp_path).current
    assert (first.number, first.top1.value, first.seconds, first.photos) == (1, 0.9, 61.0, 30)


def test_no_model_has_no_story(tmp_path):
    assert read_story(None) == read_story(tmp_path) == Story() and Story().current is None


def test_a_damaged_story_is_named(tmp_path):
    (tmp_path / "vitrine").mkdir()
    (tmp_path / "vitrine/rounds.json").write_text("{")
    with pytest.raises(BadModel, match=r"rounds\.json"):
        read_story(tmp_path)


def test_only_decisions_since_the_round_before_count():
    assert one(before=4).decisions == 6 and one(before=40).decisions == 0


def test_a_round_speaks_for_itself():
    told = one(found=paired([1] * 80 + [0] * 20, [1] * 95 + [0] * 5), before=2)
    assert told.bought.startswith("The last 8 decisions moved top-1 from 80 % to 95 %")
    assert (
        told.verdict
        == f"{told.bought} {another_hour(told.found, told.decisions, told.effort, told.photos)}"
    )
