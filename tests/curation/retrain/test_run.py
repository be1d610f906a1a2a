"""From decisions to a model that waits; test photos whose answer changed come back as plain
questions."""

import json

import pytest

from curation.decisions.apply import decide_from
from curation.light_table.session.table import LightTable
from curation.retrain import run
from curation.retrain.job_runner import JobProgress
from curation.retrain.run import LOOK_AGAIN, ask_again, retrain
from curation.scan.run import scan
from data_cards.annotations.journal import Journal
from data_cards.dataset.repo import Changes, create_dataset, open_dataset
from tests.fixtures.light_table import small_dataset
from tests.fixtures.pictures import collection_of, pictures, with_photos
from tests.fixtures.stories import story_of
from train.release.lifecycle import release, waiting
from train.settings import TrainSettings


@pytest.fixture
def dataset(tmp_path):
    return small_dataset(tmp_path / "set", 12, sealed=3)


def sealed_photos(dataset):
    return sorted(i for i, row in dataset.splits().items() if row.split == "test")


def asked(dataset):
    return {
        one.image_id: one for one in dataset.newest().findings() if one.scan_id.startswith("round-")
    }


def test_changed_photos_come_back_as_plain_questions_better_or_worse(dataset):
    better, worse, _ = sealed_photos(dataset)
    assert (
        ask_again(
            dataset, [{"image_id": better, "better": True}, {"image_id": worse, "better": False}]
        )
        == 2
    )
    found = asked(dataset)
    assert set(found) == {better, worse}
    for one in found.values():
        assert (one.reason, one.suggested_label, one.score, one.model_revision) == (
            LOOK_AGAIN,
            None,
            0.5,
            "",
        )


def test_annotators_see_them_without_a_word_of_the_model(dataset, tmp_path):
    photo = sealed_photos(dataset)[0]
    ask_again(dataset, [{"image_id": photo, "better": False}])
    table = LightTable(dataset.newest(), Journal(tmp_path / "journal"))
    shown = next(item for item in table.look("ann", count=50)["items"] if item["image_id"] == photo)
    assert (
        shown["sealed"]
        and "model" not in " ".join(shown["why"]).replace("without the model's opinion", "").lower()
    )
    assert all(choice["chance"] is None for choice in shown["choices"])


@pytest.mark.parametrize(
    "said",
    [
        {"action": "keep"},
        {"action": "keep", "finding": "s/label"},
        {"action": "none_of_these"},
        {"action": "junk"},
        {"action": "relabel"},
        {"action": "accept_visitor", "finding": "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
    ],
)
def test_a_photo_that_somebody_decided_about_is_not_asked_again(dataset, tmp_path, said):
    first, second, _ = sealed_photos(dataset)
    lines = tmp_path / "decisions.jsonl"
    row = {"image_id": first, "who": "ann", "label": dataset.collection().ids[0], **said}
    lines.write_text(json.dumps(row))
    after = decide_from(dataset, lines).dataset
    assert ask_again(after, [{"image_id": first}, {"image_id": second}, {"image_id": "gone"}]) == 1
    assert set(asked(after)) == {second}


def test_the_questions_of_the_round_before_give_way(dataset):
    first, second, _ = sealed_photos(dataset)
    ask_again(dataset, [{"image_id": first}])
    ask_again(dataset.newest(), [{"image_id": second}])
    assert set(asked(dataset)) == {second}
    ask_again(dataset.newest(), [])
    assert asked(dataset) == {} and dataset.newest().findings()


def test_a_round_runs_from_decisions_to_a_model_that_waits(tmp_path, tiny_vit):
    made = create_dataset(str(tmp_path / "set"), collection_of("red", "blue"))
    with_photos(
        made, {"red": pictures(10, 1, (200, 60, 60)), "blue": pictures(10, 2, (60, 60, 200))}
    )
    model = str(tmp_path / "model")
    cache = tmp_path / "cache"
    steps = []
    settings = TrainSettings(backbone=str(tiny_vit), epochs=0, threads=1)
    progress = JobProgress()
    progress.step = lambda number, of, words: steps.append((number, of))
    first = retrain(made.address, model, cache, settings, progress, fastdup=False)
    assert (
        steps == [(n, 5) for n in range(1, 6)]
        and first.found is None
        and not story_of(model, cache).rounds
    )
    folder = waiting(model, cache)
    assert (folder / "vitrine/exports/model.onnx").is_file()
    release(model, cache)
    second = retrain(made.address, model, cache, settings, progress, fastdup=False)
    assert (
        second.found.n == first.top1.n
        and second.against == 1
        and story_of(model, cache).served == 1
    )
    assert open_dataset(made.address).findings() is not None


def test_a_first_model_is_released_at_once_where_that_is_wanted_and_a_second_one_waits(
    tmp_path, tiny_vit
):
    made = create_dataset(str(tmp_path / "set"), collection_of("red", "blue"))
    with_photos(made, {"red": pictures(6, 1, (200, 60, 60)), "blue": pictures(6, 2, (60, 60, 200))})
    model = str(tmp_path / "model")
    cache = tmp_path / "cache"
    settings = TrainSettings(backbone=str(tiny_vit), epochs=0, threads=1)
    told = []
    progress = JobProgress()
    progress.made = lambda: told.append(1)
    for number in (1, 2):
        retrain(made.address, model, cache, settings, progress, fastdup=False, release_first=True)
        assert story_of(model, cache).served == 1 and bool(waiting(model, cache)) == (number == 2)
    assert told == [1]


def test_what_did_not_change_is_not_scanned_again_and_what_did_is(tmp_path, tiny_vit, monkeypatch):
    made = create_dataset(str(tmp_path / "set"), collection_of("red", "blue"))
    with_photos(made, {"red": pictures(4, 1, (200, 60, 60)), "blue": pictures(4, 2, (60, 60, 200))})
    cache = tmp_path / "cache"
    scans = []
    monkeypatch.setattr(run, "scan", lambda *given: scans.append(1) or scan(*given))
    settings = TrainSettings(backbone=str(tiny_vit), epochs=0, threads=1)

    def again(**more):
        run._scan(
            open_dataset(made.address), cache, TrainSettings(**{**vars(settings), **more}), False
        )
        return len(scans)

    assert again() == 1
    assert again() == 1 and again(epochs=3) == 1, "how it is trained changes no finding"
    photo = next(iter(made.newest().photos()))
    ask_again(made.newest(), [{"image_id": photo}])
    assert again() == 1, "what a round asks is no part of a scan"
    lines = tmp_path / "decisions.jsonl"
    lines.write_text(json.dumps({"image_id": photo, "action": "junk", "who": "ann"}))
    decide_from(made.newest(), lines)
    assert again() == 2 and again() == 2
    with_photos(made.newest(), {"red": pictures(1, 9, (210, 60, 60))})
    assert again() == 3
    made.newest().update(
        "Lose the findings",
        lambda base: Changes({}, tuple(one for one in base.paths if one.startswith("findings/"))),
    )
    assert again() == 4
    (next((cache / "scan").glob("scanned-*.json"))).write_text("{")
    assert again() == 5
