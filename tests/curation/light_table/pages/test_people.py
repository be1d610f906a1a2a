"""The page "people": everybody's own figures, the owner's view, and the choice of how many are
asked."""

import numpy as np
import pytest
from ulid import ULID

from curation.decisions.agreement import table_of
from curation.light_table.pages.people import (
    FEWEST,
    People,
    asked_of_several,
    asking_after,
    between,
    qualities,
    words_for,
)
from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from data_cards.annotations.overlap import Asking
from data_cards.errors import NotAllowed, VitrineError
from tests.fixtures.light_table import small_dataset


@pytest.fixture
def open_again(tmp_path):
    dataset = small_dataset(tmp_path / "set", 75)
    return lambda: LightTable(dataset.newest(), Journal(tmp_path / "journal"))


@pytest.fixture
def table(open_again):
    return open_again()


@pytest.fixture
def page(table):
    return People(table, lambda who: who == "olga")


def give(table, who, labels):
    """This person's next photos get these labels."""
    for label in labels:
        item = table.look(who, "labels")["items"][0]
        table.act(
            who,
            [[{"id": str(ULID()), "do": "relabel", "key": item["key"], "label": label}]],
            "labels",
        )
    table.queue.let_go(who)


def share(page, wanted):
    return page.act("olga", {"share": wanted})


def test_everybody_sees_their_own_figures_and_only_the_owner_those_of_all(table, page):
    give(table, "ann", ["red-grid"] * 3)
    table.act("ann", [[{"id": str(ULID()), "do": "undo"}]])
    mine = page.show("ann")
    assert (mine["me"]["today"], mine["me"]["total"], mine["me"]["undone"]) == (2, 2, 1)
    assert mine["people"] == [] == mine["pairs"] and mine["alpha"] is None
    assert [row["who"] for row in page.show("olga")["people"]] == ["ann", "olga"]


def test_yesterdays_decisions_are_not_todays(table):
    give(table, "ann", ["red-grid"])
    tomorrow = People(table, lambda who: True, clock=lambda: "2999-01-01T00:00:00.000000Z")
    assert (tomorrow.show("ann")["me"]["today"], tomorrow.show("ann")["me"]["total"]) == (0, 1)


def test_two_who_were_asked_both_are_told_how_often_they_agree_and_where_not(table, page):
    share(page, 1.0)
    give(table, "ann", ["red-grid", "red-grid", "harbour"])
    give(table, "bob", ["red-grid", "harbour-study", "harbour"])
    seen = page.show("olga")
    assert seen["pairs"] == [
        {
            "one": "ann",
            "other": "bob",
            "shared": 3,
            "agreed": 2,
            "times": 1,
            "kappa": None,
            "apart": ["*Harbour, First Study*", "*Red <b>Grid</b>*"],
        }
    ]
    assert seen["hard"][0] == {
        "name": "*Harbour, First Study*",
        "photos": 1,
        "agreed": 0,
        "against": "*Red <b>Grid</b>*",
    }
    assert (
        seen["conflicts"],
        page.show("ann")["me"]["agreed"],
        page.show("ann")["me"]["shared"],
    ) == (1, 2, 3)


def test_what_settles_a_disagreement_is_nobodys_independent_answer(table, page):
    share(page, 1.0)
    give(table, "ann", ["red-grid"])
    give(table, "bob", ["harbour-study"])
    asked = table.look("cy", "conflicts")["items"][0]
    table.act(
        "cy", [[{"id": str(ULID()), "do": "relabel", "key": asked["key"], "label": "red-grid"}]]
    )
    assert page.show("cy")["me"]["shared"] == 0 and page.show("cy")["conflicts"] == 0
    told = {who: page.show(who)["settled"] for who in ("cy", "olga", "ann")}
    assert [line.split(":")[0] for line in told["olga"][0]["lines"]] == ["ann", "bob", "cy"]
    assert told["cy"] == told["olga"] and told["ann"] == []


def test_only_the_owner_chooses_and_only_what_is_offered(page, table):
    with pytest.raises(NotAllowed):
        page.act("ann", {"share": 1.0})
    for nonsense in (0.5, True, "1", None):
        with pytest.raises(VitrineError):
            share(page, nonsense)
    assert table.asking.share == 0


def test_the_choice_counts_at_once_survives_a_restart_and_says_what_waits(table, page, open_again):
    give(table, "ann", ["red-grid"])
    assert share(page, 1.0)["asking"]["share"] == 1.0
    assert table.look("bob", "labels")["piles"][0]["done"] == 1  # decided before the choice
    give(table, "ann", ["red-grid"])
    for again in (page, People(open_again(), lambda who: True)):
        assert again.show("olga")["asking"] == {
            "share": 1.0,
            "people": 2,
            "half_answered": 1,
            "may_choose": True,
        }
    assert page.show("ann")["asking"]["may_choose"] is False


def test_choosing_again_does_not_forget_since_when(table):
    first = asking_after(Asking(), 0.1, "t1")
    assert first == Asking(0.1, 2, "t1")
    assert asking_after(first, 1.0, "t2") == Asking(1.0, 2, "t1")
    assert asking_after(first, 0.0, "t2") == Asking(0.0, 2, "")


def test_too_few_photos_give_no_estimate_and_many_give_a_range():
    assert words_for(None, 6).startswith("Not enough overlap yet: 6 photos")
    assert words_for(0.9, 100) == (
        "Probably 84 to 94 of 100 answers are right, from 100 photos that others saw too."
    )
    assert between(1.0, 20) == (88, 100)
    assert words_for(None, 40).startswith("We can't say yet who is right")


def crowd(count, accuracy):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, count)
    said = {
        who: np.where(rng.random(count) < right, truth, (truth + 1) % 3)
        for who, right in accuracy.items()
    }
    rows = [
        (who, f"p{n:03}", f"c{label}")
        for who, labels in said.items()
        for n, label in enumerate(labels)
    ]
    return rows, {
        f"p{n:03}": [(f"c{label}", 0.8), (f"c{(label + 1) % 3}", 0.1)]
        for n, label in enumerate(truth)
    }


def test_people_are_told_apart_with_a_model_and_without():
    rows, opinions = crowd(120, {"ann": 0.95, "bob": 0.6})
    shared = asked_of_several(rows)
    found, by_model = qualities(shared, lambda photo: opinions[photo])
    assert by_model and found["ann"] > found["bob"] + 0.15
    three = asked_of_several(crowd(120, {"ann": 0.95, "bob": 0.6, "cy": 0.9})[0])
    found, by_model = qualities(three, lambda photo: ())
    assert not by_model and found["bob"] < min(found["ann"], found["cy"]) - 0.15


def test_nobody_is_judged_by_fewer_photos_than_it_takes():
    rows, opinions = crowd(FEWEST - 1, {"ann": 0.95, "bob": 0.6})
    assert qualities(asked_of_several(rows), lambda photo: opinions[photo]) == ({}, False)
    assert qualities(table_of([]), lambda photo: ()) == ({}, False)


def test_two_people_alone_are_not_ranked_and_a_model_that_knows_nothing_is_nobody():
    shared = asked_of_several(crowd(120, {"ann": 0.95, "bob": 0.6})[0])
    assert qualities(shared, lambda photo: ()) == ({}, False)
    assert qualities(shared, lambda photo: [("c0", 0.9)]) == ({}, False)


def test_figures_that_rest_on_enough_photos_are_shown_to_the_owner(table, page, monkeypatch):
    share(page, 1.0)
    for who in ("ann", "bob"):
        give(table, who, ["red-grid", "harbour-study"] * (FEWEST // 2))
    seen = page.show("olga")
    assert (seen["alpha"], seen["pairs"][0]["kappa"]) == (1.0, 1.0)
