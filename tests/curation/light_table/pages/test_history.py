"""History: one decision is changed long after, and nothing that came later is."""

import pytest

from curation.light_table.pages.history import History
from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from data_cards.annotations.overlap import Asking
from data_cards.errors import BadDecision, NotAllowed, VitrineError
from tests.fixtures.light_table import small_dataset


@pytest.fixture
def table(tmp_path):
    return LightTable(small_dataset(tmp_path / "set", 12), Journal(tmp_path / "journal"))


@pytest.fixture
def past(table):
    return History(table, lambda name: name == "olga")


def decide(table, who, photo, do="relabel", **more):
    row = {"id": f"01JDAAAAAAAAAAAAAAAAAAA{len(table.book.decisions()):03}", "do": do}
    outcome = table.act(who, [[row | {"image_id": photo} | more]])["outcomes"][0]
    assert outcome["ok"], outcome
    return row["id"]


def photo_of(table, place):
    return list(table.records.photos)[place]


def test_one_is_taken_back_and_what_came_later_stays(table, past):
    first = decide(table, "ann", photo_of(table, 1), label="red-grid")
    decide(table, "ann", photo_of(table, 2), label="red-grid")
    past.act("ann", {"do": "take_back", "decision": first, "asked": {}})
    assert table.records.labels[photo_of(table, 1)].label == "harbour"
    assert table.records.labels[photo_of(table, 2)].label == "red-grid"


def test_a_later_decision_about_the_same_photo_keeps_the_last_word(table, past):
    photo = photo_of(table, 1)
    first = decide(table, "ann", photo, label="red-grid")
    decide(table, "ann", photo, label="harbour-study")
    shown = past.show("ann", {})
    assert [row["later"] for row in shown["decisions"]] == [0, 1]
    past.act("ann", {"do": "take_back", "decision": first, "asked": {}})
    assert table.records.labels[photo].label == "harbour-study"


def test_what_was_taken_back_can_be_put_back_and_taken_back_again(table, past):
    photo = photo_of(table, 1)
    one = decide(table, "ann", photo, label="red-grid")
    for _ in range(2):
        past.act("ann", {"do": "take_back", "decision": one, "asked": {}})
        assert table.records.labels[photo].label == "harbour"
        shown = past.act("ann", {"do": "put_back", "decision": one, "asked": {}})
        assert table.records.labels[photo].label == "red-grid"
    assert [row["stands"] for row in shown["decisions"]] == [True]


def test_the_question_is_open_again_and_closed_again(table, past):
    photo = next(item.image_id for item in table.queue.items.values() if item.pile == "labels")
    before = table.queue.progress("ann", "labels").left
    one = decide(table, "ann", photo, key=f"labels/{photo}", label="red-grid")
    past.act("ann", {"do": "take_back", "decision": one, "asked": {}})
    assert table.queue.progress("ann", "labels").left == before
    past.act("ann", {"do": "put_back", "decision": one, "asked": {}})
    assert table.queue.progress("ann", "labels").left == before - 1


def test_a_restart_changes_nothing(table, past, tmp_path):
    photo = photo_of(table, 1)
    one = decide(table, "ann", photo, label="red-grid")
    past.act("ann", {"do": "take_back", "decision": one, "asked": {}})
    past.act("ann", {"do": "put_back", "decision": one, "asked": {}})
    again = LightTable(table.dataset, Journal(tmp_path / "journal"))
    assert again.records.labels[photo].label == "red-grid"


def test_people_see_their_own_and_the_owner_everybodys(table, past):
    decide(table, "ann", photo_of(table, 1), label="red-grid")
    decide(table, "bob", photo_of(table, 2), do="junk")
    assert [row["who"] for row in past.show("ann", {})["decisions"]] == ["ann"]
    assert [row["who"] for row in past.show("olga", {})["decisions"]] == ["bob", "ann"]
    assert past.show("olga", {"by": "ann"})["total"] == 1


def test_nobody_but_the_owner_takes_back_what_another_decided(table, past):
    one = decide(table, "ann", photo_of(table, 1), label="red-grid")
    with pytest.raises(NotAllowed):
        past.act("bob", {"do": "take_back", "decision": one, "asked": {}})
    past.act("olga", {"do": "take_back", "decision": one, "asked": {}})
    assert table.records.labels[photo_of(table, 1)].label == "harbour"


@pytest.mark.parametrize("wanted", [{}, {"do": "burn"}, {"do": "take_back", "asked": 3}])
def test_what_is_not_understood_changes_nothing(past, wanted):
    with pytest.raises(VitrineError):
        past.act("ann", wanted)


def test_what_is_taken_back_already_is_a_sentence(table, past):
    one = decide(table, "ann", photo_of(table, 1), label="red-grid")
    past.act("ann", {"do": "take_back", "decision": one, "asked": {}})
    with pytest.raises(BadDecision, match="already undone"):
        past.act("ann", {"do": "take_back", "decision": one, "asked": {}})
    with pytest.raises(BadDecision, match="no longer exists"):
        past.act("ann", {"do": "take_back", "decision": "x", "asked": {}})


def test_two_people_side_by_side_differ_first(table, past):
    for place in (1, 2):
        decide(table, "ann", photo_of(table, place), label="red-grid")
    decide(table, "bob", photo_of(table, 1), label="red-grid")
    beside = past.show("olga", {"compare": "ann|bob"})["beside"]
    assert (beside["both"], beside["same"]) == (1, 1)
    decide(table, "bob", photo_of(table, 2), do="none_of_these")
    shown = past.show("bob", {})
    assert shown["beside"] is None


def test_what_the_owner_is_still_to_be_asked_about_is_not_told_to_them(tmp_path):
    data = small_dataset(tmp_path / "set", 12)
    asking = Asking(share=1.0, people=2)
    table = LightTable(data, Journal(tmp_path / "journal"), asking=asking)
    past = History(table, lambda name: name == "olga")
    photo = next(item.image_id for item in table.queue.items.values() if item.pile == "labels")
    decide(table, "ann", photo, key=f"labels/{photo}", label="red-grid")
    assert past.show("olga", {})["total"] == 0
    assert past.show("ann", {})["total"] == 1
