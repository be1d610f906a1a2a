"""The owner's page: train again, compare, release, go back; one thing at a time, and told when
it cannot be."""

import shutil

import pytest
from ulid import ULID

from curation.light_table.pages.registry import pages_of
from curation.light_table.pages.report import Report
from curation.light_table.pages.rounds import Rounds, flags_of, waits_for
from curation.light_table.pages.ten import TenMinutes
from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from data_cards.errors import MissingFile, NotAllowed, TooBusy, VitrineError
from tests.curation.retrain.test_job_runner import until
from tests.fixtures.light_table import small_dataset
from tests.fixtures.retraining import BREAKS, TRAINS, lay_candidate, model_with_rounds, setup_in
from tests.fixtures.stories import story_of
from train.settings import TrainSettings


@pytest.fixture
def place(tmp_path, tiny_release):
    shutil.copytree(tiny_release, tmp_path / "release")
    model_with_rounds(tiny_release, tmp_path / "model")
    return tmp_path


@pytest.fixture
def table(place):
    return LightTable(small_dataset(place / "set", 12, sealed=2), Journal(place / "journal"))


@pytest.fixture
def opened(place, table):
    """`opened(code)`: the page, its trainer and how often it asked for the newest release."""
    made = []

    def begin(code=TRAINS, lacking=()):
        reloads = []
        setup = setup_in(place, place / "model", code, lambda: reloads.append(1))
        page = Rounds(table, setup, lambda: list(lacking))
        made.append(page)
        page.reloads = reloads
        return page

    yield begin
    (place / "gate").unlink(missing_ok=True)
    for page in made:
        page._runner.stop()


def trained(page):
    page.act("olga", {"do": "retrain"})
    until(page._runner, "done")
    page._runner._watch.join(20)
    return page.show("olga", {})


def test_every_round_is_shown_and_which_is_served(opened):
    said = opened().show("olga", {})
    assert [(row["number"], row["top1"], row["served"], row["back"]) for row in said["rounds"]] == [
        (1, 0.7, False, True),
        (2, 0.75, True, False),
    ]
    assert said["job"] == {"state": "none"} and said["waiting"] is None


@pytest.mark.slow  # starts a program
def test_training_again_leaves_a_candidate_and_what_is_served_alone(opened, place):
    page = opened()
    said = trained(page)
    assert said["waiting"]["number"] == 3 and said["waiting"]["found"]["better"] == 16
    assert story_of(str(place / "model"), place / "cache").served == 2 and page.reloads == []
    assert said["bought"].startswith("The last 40 decisions moved top-1 from 75 % to 90 %")


@pytest.mark.slow  # starts a program
def test_releasing_serves_it_and_has_it_loaded(opened):
    page = opened()
    trained(page)
    said = page.act("olga", {"do": "release"})
    assert [row["served"] for row in said["rounds"]] == [False, False, True] and said[
        "waiting"
    ] is None
    assert page.reloads == [1]


def test_going_back_is_one_button(opened):
    page = opened()
    said = page.act("olga", {"do": "rollback", "round": 1})
    assert [row["served"] for row in said["rounds"]] == [True, False] and page.reloads == [1]


@pytest.mark.parametrize("number", [None, "1", 9])
def test_a_round_that_is_none_changes_nothing(opened, number):
    page = opened()
    with pytest.raises(VitrineError):
        page.act("olga", {"do": "rollback", "round": number})
    assert page.show("olga", {})["rounds"][1]["served"] and page.reloads == []


def test_a_candidate_can_be_thrown_away(opened, place):
    page = opened()
    lay_candidate(place / "model", place / "release")
    assert page.show("olga", {})["waiting"]
    assert page.act("olga", {"do": "discard"})["waiting"] is None
    with pytest.raises(MissingFile, match="Train one first"):
        page.act("olga", {"do": "release"})


@pytest.mark.slow  # starts a program
def test_while_one_is_trained_nothing_else_is_changed(opened, place):
    (place / "gate").touch()
    page = opened()
    page.act("olga", {"do": "retrain"})
    for wanted in ({"do": "retrain"}, {"do": "release"}, {"do": "rollback", "round": 1}):
        with pytest.raises(TooBusy):
            page.act("olga", wanted)
    until(page._runner, "running", step=3)
    assert set(page.show("olga", {"only": "job"})) == {"job"}
    assert page.act("olga", {"do": "stop"})["job"]["state"] == "stopped"


def test_a_page_of_an_app_that_was_started_again_finds_the_training(opened, place):
    (place / "gate").touch()
    opened().act("olga", {"do": "retrain"})
    again = opened()
    until(again._runner, "running", step=3)
    (place / "gate").unlink()
    until(again._runner, "done")
    assert again.show("olga", {})["waiting"]["number"] == 3


@pytest.mark.slow  # starts a program
def test_a_training_that_failed_says_why_and_changes_nothing(opened):
    page = opened(BREAKS)
    page.act("olga", {"do": "retrain"})
    until(page._runner, "failed")
    said = page.show("olga", {})
    assert (
        said["job"]["sentence"] == "The disk is full."
        and said["waiting"] is None
        and said["rounds"][1]["served"]
    )


@pytest.mark.slow  # starts a program
def test_decisions_are_sent_before_the_training_begins(opened, table):
    page = opened()
    first = table.look("ann")["items"][0]
    table.act("ann", [[{"id": "01J00000000000000000000001", "do": "keep", "key": first["key"]}]])
    trained(page)
    assert table.look("ann")["sending"]["unsent"] == 0 and len(table.dataset.newest().ledger()) == 1


def test_what_cannot_be_sent_stops_the_training(opened, table, monkeypatch):
    monkeypatch.setattr(
        table.sending, "now", lambda: {"unsent": 2, "problem": "The Hub does not answer."}
    )
    with pytest.raises(TooBusy, match=r"The Hub does not answer\. Training waits"):
        opened().act("olga", {"do": "retrain"})


def test_a_machine_that_cannot_train_says_what_it_lacks_and_where_to_go(opened, place):
    page = opened(lacking=["torch"])
    said = page.show("olga", {})["lacking"]
    assert "torch is not installed" in said and f"vitrine release {place / 'model'}" in said
    with pytest.raises(NotAllowed, match="torch"):
        page.act("olga", {"do": "retrain"})


def test_decisions_since_then_count_before_they_are_sent(opened, table):
    page = opened()
    before = page.show("olga", {})
    for number, item in enumerate(table.look("ann")["items"][:3]):
        table.act(
            "ann",
            [[{"id": f"01J0000000000000000000001{number}", "do": "keep", "key": item["key"]}]],
        )
    after = page.show("olga", {})
    assert (before["doubts"] - after["doubts"]) == 3 and before["since"] == after["since"] == 0


def test_titles_stand_for_class_ids(opened, place, table):
    (place / "changed").write_text(" ".join(sorted(table.records.photos)[:2]))
    lay_candidate(place / "model", place / "release", place / "changed")
    better, worse = opened().show("olga", {})["waiting"]["changed"]
    assert (better["truth"], better["before"], better["better"]) == (
        "Harbour at Low Moon",
        "Red <b>Grid</b>",
        True,
    )
    assert (worse["after"], worse["better"]) == ("Red <b>Grid</b>", False)


def test_a_button_that_does_not_exist_does_nothing(opened):
    with pytest.raises(VitrineError, match="nothing was changed"):
        opened().act("olga", {"do": "explode"})


def test_the_page_is_the_owners(place, table):
    rounds = Rounds(table, setup_in(place, place / "model"))
    page = pages_of(table, rounds=rounds)["rounds"]
    assert page.of_owner and "rounds" not in pages_of(table)
    assert page.show("olga", {})["model"] == str(place / "model")


def test_the_next_round_is_trained_as_the_last_one_was():
    assert flags_of({}) == []
    chosen = {
        "epochs": 0,
        "flips": True,
        "batch": 16,
        "backbone": "you/vit",
        "size": None,
        "public": True,
    }
    assert flags_of(chosen) == ["--epochs=0", "--backbone=you/vit", "--flips"]


def test_the_flags_are_ones_that_the_command_takes():
    from curation.__main__ import _parser

    flags = flags_of({"epochs": 3, "flips": True, "lr": 0.001, "scratch": True, "blocks": 0})
    parsed = _parser().parse_args(["retrain", "set", "model", *flags, "--status", "told.json"])
    assert (parsed.epochs, parsed.flips, parsed.lr, parsed.scratch, parsed.blocks) == (
        3,
        True,
        0.001,
        True,
        0,
    )
    assert TrainSettings().epochs is None


def test_the_first_training_is_asked_for_only_when_there_is_something_to_learn(place, table):
    page = Rounds(table, setup_in(place, place / "none-yet"), lambda: [])
    with pytest.raises(NotAllowed, match="Only “Harbour at Low Moon” has 12 photos"):
        page.act("olga", {"do": "retrain"})
    assert page.show("olga", {})["job"] == {"state": "none"}


RELEASES = """
import sys, time
from pathlib import Path
from curation.retrain.job_runner import JobProgress
telling = JobProgress(Path(sys.argv[-1]))
assert "--release-first" in sys.argv
telling.step(3, 5, "Training")
telling.made()
telling.done("It went well.")
"""


def test_a_first_model_is_served_as_soon_as_it_is_made(place, table):
    key = next(iter(table.queue.items))
    table.act("olga", [[{"id": str(ULID()), "do": "relabel", "label": "red-grid", "key": key}]])
    reloads = []
    page = Rounds(
        table,
        setup_in(place, place / "none-yet", RELEASES, lambda: reloads.append(1)),
        lambda: [],
    )
    trained(page)
    assert reloads == [1]


def test_what_is_left_is_one_number_on_every_page(opened, table):
    page = opened()
    ten = TenMinutes(table)

    def numbers(who):
        piles = {pile["pile"]: pile["left"] for pile in table.look(who)["piles"]}
        told = {pile["pile"]: pile["left"] for pile in Report(table).show(who)["piles"]}
        assert told == {pile: piles[pile] for pile in told}
        assert ten.show(who, {})["open"] == sum(left for pile, left in piles.items())
        shown = page.show(who, {})
        return piles["labels"], shown["doubts"], shown["doubts_wait_for"]

    left, doubts, words = numbers("olga")
    assert left == doubts and words == ""
    for number in range(2):
        key = table.look("olga", "labels")["items"][0]["key"]
        table.act(
            "olga", [[{"id": f"01J000000000000000000000A{number}", "do": "unsure", "key": key}]]
        )
    assert numbers("olga") == (
        left - 2,
        doubts,
        f"Of {doubts} labels to look at, {left - 2} wait for you and 2 for somebody else.",
    )
    assert numbers("ann")[:2] == (left, doubts)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((0, 0, 0), ""),
        ((5, 5, 0), ""),
        ((5, 1, 0), "Of 5 labels to look at, 1 waits for you and 4 for somebody else."),
        ((1, 0, 0), "Of 1 label to look at, 1 waits for somebody else."),
        ((2, 2, 2), "2 are test photos that are asked about again."),
    ],
)
def test_whom_the_doubts_wait_for_is_said_where_one_number_does_not(numbers, words):
    assert words in waits_for(*numbers) and bool(words) == bool(waits_for(*numbers))
