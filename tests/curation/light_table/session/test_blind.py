"""Two people asked about one photo, neither knowing of the other."""

import json

import pytest
from ulid import ULID

from curation.light_table.session.questions import Item
from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from data_cards.annotations.overlap import Asking
from data_cards.dataset.schema import Finding
from tests.fixtures.light_table import TellingOpinions, small_dataset


@pytest.fixture
def open_again(tmp_path):
    dataset = small_dataset(tmp_path / "set", 12)
    return lambda: LightTable(
        dataset.newest(), Journal(tmp_path / "journal"), TellingOpinions, asking=Asking(1.0)
    )


@pytest.fixture
def table(open_again):
    return open_again()


def move(do, item=None, **more):
    return {"id": str(ULID()), "do": do, **({"key": item["key"]} if item else {}), **more}


def first(table, who, pile=None):
    return table.look(who, pile)["items"][0]


def progress(table, who, pile):
    (row,) = [row for row in table.look(who, pile)["piles"] if row["pile"] == pile]
    return row["done"], row["total"], row["left"]


def give(table, who, label, item=None):
    item = item or first(table, who)
    table.act(who, [[move("relabel", item, label=label)]])
    table.queue.let_go(who)
    return item


def test_the_second_person_sees_what_the_first_one_saw(table):
    before = first(table, "ann")
    give(table, "ann", "red-grid")
    assert first(table, "bob") == before


def test_after_a_restart_too(table, open_again):
    before = first(table, "ann")
    give(table, "ann", "red-grid")
    assert first(open_again(), "bob") == before


def test_an_answer_that_was_taken_back_is_not_told_either(table):
    before = first(table, "ann")
    give(table, "ann", "red-grid")
    table.act("ann", [[move("undo")]])
    table.queue.let_go("ann")
    assert first(table, "bob") == before


def test_the_first_ones_answer_shows_nowhere_in_the_grid_of_the_second(table):
    photo = give(table, "ann", "red-grid")["image_id"]
    seen = {
        who: [cell["image_id"] for cell in table.grid(who, "red-grid")["cells"]]
        for who in ("ann", "bob")
    }
    assert seen == {"ann": [photo], "bob": []}
    (cell,) = [cell for cell in table.grid("bob", "harbour")["cells"] if cell["image_id"] == photo]
    assert cell["key"] == f"labels/{photo}"


def test_it_is_done_for_each_when_they_answered_and_for_all_when_both_did(table):
    item = give(table, "ann", "red-grid")
    done = lambda: [progress(table, who, "labels")[0] for who in ("ann", "bob", "cy")]  # noqa: E731
    assert done() == [1, 0, 0]
    for who in ("ann", "bob", "cy"):
        table.queue.let_go(who)
    give(table, "bob", "red-grid", item)
    assert done() == [1, 1, 1]


def test_nobody_is_asked_twice_and_a_third_not_at_all(table):
    item = give(table, "ann", "red-grid")
    assert item["key"] not in [other["key"] for other in table.look("ann", count=50)["items"]]
    table.queue.let_go("ann")
    give(table, "bob", "red-grid", item)
    assert item["key"] not in [other["key"] for other in table.look("cy", count=50)["items"]]


def test_who_keeps_a_label_keeps_the_one_they_saw(table):
    item = give(table, "ann", "red-grid")
    table.act("bob", [[move("keep", first(table, "bob"))]])
    kept = table.book.about(item["image_id"])[-1]
    assert (kept.label_before, kept.label) == ("harbour", "harbour")
    assert table.book.labels[item["image_id"]].label == "harbour"


def test_two_who_agree_leave_nothing_to_settle(table):
    item = give(table, "ann", "red-grid")
    give(table, "bob", "red-grid", item)
    assert progress(table, "cy", "conflicts") == (0, 0, 0)


def test_two_who_differ_are_settled_by_a_third_who_is_told_no_names(table, open_again):
    item = give(table, "ann", "red-grid")
    give(table, "bob", "harbour-study", item)
    asked = first(table, "cy", "conflicts")
    assert asked["why"] == [
        "One person says *Harbour, First Study*, another says *Red <b>Grid</b>*."
    ]
    assert [choice["id"] for choice in asked["choices"]] == ["harbour-study", "red-grid", "harbour"]
    assert {choice["chance"] for choice in asked["choices"]} == {None}
    assert asked["said"] == [] and not any(
        name in json.dumps(asked["history"]) for name in ("ann", "bob")
    )
    table.act("cy", [[move("relabel", asked, label="red-grid")]])
    for laid in (table, open_again()):
        seen = laid.look("ann", "conflicts")
        assert seen["items"] == [] and progress(laid, "ann", "conflicts") == (1, 1, 0)
        assert laid.book.labels[item["image_id"]].label == "red-grid"
        laid.queue.let_go("ann")


def test_until_it_is_settled_no_other_question_about_the_photo_and_no_older_word_tells_a_name(
    table,
):
    photo = first(table, "cy")["image_id"]
    table.queue.let_go("cy")
    for who, label in (("ann", "harbour"), ("ann", "red-grid"), ("bob", "harbour-study")):
        table.act(who, [[move("relabel", image_id=photo, label=label)]])
        table.queue.let_go(who)
    asked = first(table, "cy", "conflicts")
    blurred = Item(photo, "quality", (Finding(photo, "quality", 0.5, "Blurred."),))
    assert asked["said"] == [] == table.moves.blind.decisions("cy", blurred)
    table.act("cy", [[move("relabel", asked, label="red-grid")]])
    assert [one.who for one in table.moves.blind.decisions("cy", blurred)] == [
        "ann",
        "ann",
        "bob",
        "cy",
    ]


def test_who_takes_the_settling_back_is_asked_again_and_who_takes_their_answer_back_ends_it(table):
    item = give(table, "ann", "red-grid")
    give(table, "bob", "harbour-study", item)
    asked = first(table, "cy", "conflicts")
    table.act("cy", [[move("relabel", asked, label="red-grid")]])
    after = table.act("cy", [[move("undo")]])
    assert asked["key"] in after["outcomes"][0]["back"] and after["items"][0]["key"] == asked["key"]
    table.act("bob", [[move("undo")]])
    assert progress(table, "cy", "conflicts") == (0, 0, 0)


def test_a_disagreement_about_the_sealed_test_is_shown_without_the_models_opinion(tmp_path):
    sealed = small_dataset(tmp_path / "sealed", 12, sealed=1)
    table = LightTable(sealed, Journal(tmp_path / "j"), TellingOpinions, asking=Asking(1.0))
    item = give(table, "ann", "red-grid")
    give(table, "bob", "harbour-study", item)
    asked = first(table, "cy", "conflicts")
    assert asked["sealed"] and "0.94" not in json.dumps(asked) and "2 %" not in json.dumps(asked)
    table.act("cy", [[move("keep", asked)]])
    assert {one.model_revision for one in table.book.about(item["image_id"])} == {""}


def test_a_scan_that_takes_the_first_answer_for_settled_leaves_the_second_question(table, tmp_path):
    from data_cards.dataset.repo import Changes
    from data_cards.dataset.tables import findings_file

    item = give(table, "ann", "red-grid")
    path, data = findings_file("02SCAN", [])
    old = table.dataset.newest()
    old.update(
        "Scan",
        lambda base: Changes(
            {path: data}, tuple(p for p in base.paths if p.startswith("findings/"))
        ),
    )
    assert table.notice()
    (left,) = table.look("bob")["items"]
    assert (left["key"], left["labelled"]["id"]) == (item["key"], "harbour")
    assert table.look("ann")["items"] == []
