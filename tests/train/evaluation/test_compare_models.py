"""Two models on one sealed test."""

from types import SimpleNamespace

import pytest

from data_cards.dataset.repo import create_dataset
from data_cards.dataset.schema import Label, Split
from data_cards.dataset.tables import labels_file, splits_file
from tests.fixtures.pictures import collection_of, pictures, with_photos
from train.evaluation.compare_models import Contest, comparison_text, contest, known_then
from train.evaluation.compare_models import test_changes as changes
from train.evaluation.label_value import Effort
from train.evaluation.rounds import Round
from train.statistics.metrics import wilson

TRUTH = dict.fromkeys("abcdef", "lion")


def source(**groups):
    return SimpleNamespace(
        splits={name: Split(name, groups.get(name, name), "test") for name in "abcdef"}
    )


def test_a_photo_counts_only_where_both_models_answered():
    found = contest(TRUTH, dict.fromkeys("abcde", "lion"), dict.fromkeys("bcdef", "rose"), source())
    assert (found.found.n, found.found.worse) == (4, 4)
    assert [row.image_id for row in found.changed] == list("bcde")


def test_what_a_model_learned_from_is_left_out_and_counted():
    found = contest(
        TRUTH,
        dict.fromkeys("abcdef", "rose"),
        dict.fromkeys("abcdef", "lion"),
        source(),
        {"a", "f", "x"},
    )
    assert (found.found.n, found.left_out) == (4, 2) and {
        row.image_id for row in found.changed
    } == set("bcde")
    assert "2 test photos were left out" in comparison_text(found)


def test_near_copies_count_as_one():
    before = dict.fromkeys("abcdef", "rose")
    after = dict.fromkeys("abcde", "lion") | {"f": "rose"}
    alone = contest(TRUTH, before, after, source())
    together = contest(TRUTH, before, after, source(**dict.fromkeys("abcde", "one burst")))
    assert together.found.low < alone.found.low


def test_the_words_hold_the_figures():
    said = comparison_text(
        contest(TRUTH, dict.fromkeys("abcdef", "rose"), dict.fromkeys("abcdef", "lion"), source())
    )
    assert said.startswith(
        "On 6 sealed test photos: 0 % before, 100 % after, +100 points (95 % interval"
    )
    assert "6 test photos are named rightly that were not before; 0 the other way round." in said


def test_without_a_shared_photo_nothing_is_claimed():
    assert comparison_text(contest(TRUTH, {}, {}, source())).startswith(
        "There is no test photo that both models answered"
    )


def test_plain_values_say_which_photos_changed_and_how():
    said = contest(
        TRUTH, {"a": "lion", "b": "rose"}, {"a": "ship", "b": "lion"}, source()
    ).to_json()
    assert said["changed"] == [
        {"image_id": "a", "truth": "lion", "before": "lion", "after": "ship", "better": False},
        {"image_id": "b", "truth": "lion", "before": "rose", "after": "lion", "better": True},
    ]
    assert said["better"] == said["worse"] == 1 and isinstance(Contest, type)


@pytest.fixture
def dataset(tmp_path):
    made = create_dataset(str(tmp_path / "set"), collection_of("red", "blue"))
    made = with_photos(
        made, {"red": pictures(3, 1, (200, 60, 60)), "blue": pictures(3, 2, (60, 60, 200))}
    )
    sides = {name: "test" if n < 4 else "train" for n, name in enumerate(sorted(made.photos()))}
    return sealed_as(made, sides)


def sealed_as(dataset, sides):
    return dataset.commit(
        dict([splits_file([Split(i, i, side) for i, side in sides.items()])]), "Split"
    )


def relabelled(dataset, changes):
    rows = dataset.labels() | {row.image_id: row for row in changes}
    return dataset.commit(dict([labels_file(rows.values())]), "Decide")


def test_an_unchanged_test_needs_no_words(dataset):
    assert changes(relabelled(dataset, []), dataset.revision) == ""


def test_what_happened_to_the_test_is_counted(dataset):
    tested = sorted(dataset.photos())[:4]
    other = {"red": "blue", "blue": "red"}[dataset.labels()[tested[0]].label]
    now = relabelled(dataset, [Label(tested[0], other, "labelled"), Label(tested[1], None, "junk")])
    assert changes(now, dataset.revision) == (
        "Of the test photos, 1 got another label and 1 left since the round "
        "before; both models answered today's test."
    )


def test_photos_that_joined_the_test_are_counted(dataset):
    now = sealed_as(dataset, dict.fromkeys(dataset.photos(), "test"))
    assert "2 joined" in changes(now, dataset.revision)


@pytest.mark.parametrize("revision", ["0" * 40, ""])
def test_a_test_whose_past_is_unknown_is_not_talked_about(dataset, revision):
    assert changes(dataset, revision) == ""


def test_a_round_that_did_not_count_its_decisions_is_asked_at_its_revision(dataset):
    last = Round(1, "", "0" * 40, wilson(1, 2))
    assert known_then(last, dataset) == 0
    assert known_then(Round(1, "", "", wilson(1, 2), Effort(7)), dataset) == 7
