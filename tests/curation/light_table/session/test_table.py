"""What is read off a dataset before it lies on the table."""

from __future__ import annotations

import json

import pytest
from ulid import ULID

from curation.light_table.session.placard import SEALED
from curation.light_table.session.table import (
    EXAMPLES,
    LightTable,
    asked_by_visitor,
    before_a_scan,
    content_of,
    examples_of,
)
from data_cards.annotations.decision import Question
from data_cards.annotations.journal import Journal
from data_cards.annotations.ledger import given_labels
from data_cards.dataset.repo import Changes
from data_cards.dataset.schema import Finding, Label
from data_cards.dataset.tables import findings_file
from data_cards.errors import DiskFull, HubUnreachable, MissingFile
from tests.fixtures.light_table import TellingOpinions, small_dataset


def test_a_visitors_words_and_why_a_photo_must_not_be_learned_from_are_told():
    question = Question("01Q", "2026-01-01T00:00:00Z", "p", "moon", note="It is the moon.")
    assert asked_by_visitor(question, "").reason == "A visitor says: It is the moon."
    assert asked_by_visitor(question, "It is in the test.").reason.endswith(
        "moon. It is in the test."
    )


def test_a_class_is_shown_by_a_few_photos_that_nobody_doubts():
    labels = {f"p{n}": Label(f"p{n}", "moon", "labelled" if n else "junk") for n in range(9)}
    shown = examples_of(labels, {"p1"})
    assert list(shown("moon")) == [f"p{n}" for n in range(2, 2 + EXAMPLES)] and shown("sun") == ()


def test_decisions_are_no_news_and_findings_are(tmp_path):
    dataset = small_dataset(tmp_path / "set", 4)
    decided = dataset.commit({"ledger/a.jsonl": b"{}\n"}, "decided")
    assert content_of(decided) == content_of(dataset)
    scanned = decided.update("Scan", lambda _: Changes({"findings/x.parquet": b"x"}))
    assert content_of(scanned) != content_of(dataset)


def test_photos_without_a_label_are_asked_about_before_any_scan():
    given = {
        name: Label(name, label, status)
        for name, label, status in (
            ("a", None, "unlabelled"),
            ("b", "cup", "labelled"),
            ("c", None, "junk"),
            ("d", None, "unlabelled"),
            ("sent", None, "unlabelled"),
        )
    }
    asked = [Finding("sent", "visitor", 0.5, "A visitor asks.")]
    found = before_a_scan(given, asked)
    assert [one.image_id for one in found] == ["a", "d"] and {one.kind for one in found} == {
        "unlabelled"
    }


def test_a_scan_that_put_them_into_an_order_has_the_word():
    given = {"a": Label("a", None, "unlabelled"), "b": Label("b", None, "unlabelled")}
    assert before_a_scan(given, [Finding("b", "unlabelled", 0.9, "Typical.")]) == []


@pytest.fixture
def laid(tmp_path):
    return small_dataset(tmp_path / "set", 12)


@pytest.fixture
def open_again(laid, tmp_path):
    """The light table of this dataset, as a server that starts (again) would have it."""
    return lambda: LightTable(laid.newest(), Journal(tmp_path / "journal"), TellingOpinions)


@pytest.fixture
def table(open_again):
    return open_again()


def move(do, item=None, **more):
    return {"id": str(ULID()), "do": do, **({"key": item["key"]} if item else {}), **more}


def first(table, who="ann", pile=None):
    return table.look(who, pile)["items"][0]


def label_of(table, item):
    return table.book.labels[item["image_id"]]


def test_the_most_doubtful_label_is_before_you_with_its_reason_and_the_three_best(table):
    seen = table.look("ann")
    assert seen["items"][0]["labelled"]["title"] == "Harbour at Low Moon"
    assert seen["items"][0]["why"] == [
        "The model gives this label only a 2 % chance. Four of its five nearest photos are *Harbour, First "
        "Study*."
    ]
    best = seen["items"][0]["choices"][0]
    assert (best["title"], best["chance"]) == ("Harbour, First Study", 0.94)
    assert seen["piles"][0] == {"pile": "labels", "done": 0, "total": 8, "left": 8}


def test_relabel_changes_the_label_and_moves_on(table):
    item = first(table)
    after = table.act("ann", [[move("relabel", item, label="harbour-study")]])
    assert after["outcomes"] == [{"ok": True, "back": []}]
    assert after["items"][0]["key"] != item["key"]
    assert label_of(table, item).label == "harbour-study"
    assert (after["undo"], after["piles"][0]["done"]) == (1, 1)


@pytest.mark.parametrize(
    ("do", "status", "label"),
    [
        ("keep", "labelled", "harbour"),
        ("none_of_these", "none_of_these", None),
        ("junk", "junk", None),
    ],
)
def test_each_key_does_what_it_says(table, do, status, label):
    item = first(table)
    table.act("ann", [[move(do, item)]])
    assert (label_of(table, item).status, label_of(table, item).label) == (status, label)


def test_a_decision_is_kept_when_the_answer_comes_and_a_restart_finds_it(table, open_again):
    item = first(table)
    table.act("ann", [[move("relabel", item, label="harbour-study")]])
    again = open_again()
    assert label_of(again, item).label == "harbour-study"
    assert first(again)["key"] != item["key"]


def test_a_decision_sent_twice_counts_once(table):
    one = move("relabel", first(table), label="harbour-study")
    for _ in range(2):
        after = table.act("ann", [[one]])
    assert after["outcomes"] == [{"ok": True, "back": []}]
    assert (after["undo"], after["sending"]["unsent"]) == (1, 1)


def test_an_undo_sent_twice_takes_back_one_step(table):
    for item in table.look("ann")["items"][:2]:
        table.act("ann", [[move("keep", item)]])
    undo = move("undo")
    for _ in range(2):
        after = table.act("ann", [[undo]])
    assert (after["undo"], after["piles"][0]["done"]) == (1, 1)


def test_bringing_a_skipped_photo_back_twice_takes_no_decision_back(table):
    one, other = table.look("ann")["items"][:2]
    table.act("ann", [[move("keep", one)], [move("skip", other)]])
    undo = move("undo")
    for _ in range(2):
        after = table.act("ann", [[undo]])
    assert (after["undo"], after["piles"][0]["done"]) == (1, 1)


def test_undo_goes_all_the_way_back_across_a_restart(table, open_again):
    items = table.look("ann")["items"][:5]
    for item in items:
        table.act("ann", [[move("junk", item)]])
    again = open_again()
    back = []
    while again.look("ann")["undo"]:
        after = again.act("ann", [[move("undo")]])
        back += after["outcomes"][0]["back"]
        assert after["items"][0]["key"] == back[-1]
    assert back == [item["key"] for item in reversed(items)]
    assert again.book.labels == given_labels(again.dataset.photos())
    assert (
        again.act("ann", [[move("undo")]])["outcomes"][0]["error"]
        == "There is nothing left to undo."
    )


def test_undo_takes_back_only_ones_own(table):
    table.act("bob", [[move("junk", first(table, "bob"))]])
    assert table.act("ann", [[move("undo")]])["outcomes"][0]["ok"] is False
    assert table.look("bob")["undo"] == 1


def test_a_batch_is_taken_back_as_one(table):
    items = table.look("ann")["items"][:4]
    table.act("ann", [[move("relabel", item, label="red-grid") for item in items]])
    assert table.look("ann")["undo"] == 1
    after = table.act("ann", [[move("undo")]])
    assert set(after["outcomes"][0]["back"]) == {item["key"] for item in items}
    assert {label_of(table, item).label for item in items} == {"harbour"}


def test_one_bad_move_spoils_its_batch_and_nothing_else(table):
    one, other = table.look("ann")["items"][:2]
    bad = [move("relabel", one, label="red-grid"), move("relabel", other, label="no such class")]
    after = table.act("ann", [bad, [move("junk", other)]])
    assert [outcome["ok"] for outcome in after["outcomes"]] == [False, True]
    assert label_of(table, one).label == "harbour"


def test_a_skipped_photo_can_be_taken_back_before_a_decision_is(table):
    one, other = table.look("ann")["items"][:2]
    table.act("ann", [[move("keep", one)], [move("skip", other)]])
    assert table.act("ann", [[move("undo")]])["items"][0]["key"] == other["key"]
    assert table.act("ann", [[move("undo")]])["items"][0]["key"] == one["key"]


def test_who_is_unsure_hands_the_photo_on(table):
    item = first(table)
    after = table.act("ann", [[move("unsure", item)]])
    assert item["key"] not in [other["key"] for other in after["items"]]
    assert after["piles"][0] == {"pile": "labels", "done": 0, "total": 8, "left": 7}
    assert first(table, "bob")["key"] == item["key"]


def test_a_pair_is_shown_side_by_side_and_either_can_be_the_duplicate(table):
    item = first(table, pile="duplicates")
    other = item["pair"]["image_id"]
    table.act("ann", [[move("duplicate_of", item, image_id=other, other=item["image_id"])]])
    assert table.book.labels[other].status == "duplicate"
    assert table.look("ann", "duplicates")["items"] == []
    table.act("ann", [[move("undo")]])
    assert first(table)["key"] == item["key"]


def test_junk_settles_every_question_about_a_photo(table):
    item = first(table, pile="duplicates")
    table.act("ann", [[{"id": str(ULID()), "do": "junk", "image_id": item["image_id"]}]])
    assert table.look("ann")["items"] == []


def test_a_photo_of_the_sealed_test_comes_without_the_models_opinion(tmp_path):
    table = LightTable(
        small_dataset(tmp_path / "set", 12, sealed=1), Journal(tmp_path / "j"), TellingOpinions
    )
    item = first(table)
    assert item["sealed"] and item["why"] == [SEALED]
    assert all(choice["chance"] is None for choice in item["choices"])
    assert [choice["id"] for choice in item["choices"]] == ["harbour", "harbour-study", "red-grid"]
    assert [shelf["id"] for shelf in item["shelves"]] == ["harbour"]
    told = json.dumps(item)
    assert not any(leak in told for leak in ("0.94", "0.99", "2 %", "model-1"))
    table.act("ann", [[move("keep", item)]])
    assert table.book.about(item["image_id"])[0].model_revision == ""
    assert item["image_id"] not in [
        cell["image_id"] for cell in table.grid("ann", "harbour")["cells"]
    ]


def test_the_decision_remembers_what_was_asked_and_shown(table):
    item = first(table)
    table.act("ann", [[move("relabel", item, label="grid")]])
    (decision,) = table.book.about(item["image_id"])
    assert (decision.finding, decision.model_revision) == ("01SCAN/label", "model-1")
    assert (decision.label_before, decision.label) == ("harbour", "red-grid")


def test_the_history_tells_who_called_it_what(table):
    item = first(table)
    table.act("ann", [[move("relabel", item, label="red-grid")]])
    (back,) = [
        one for one in table.act("ann", [[move("undo")]])["items"] if one["key"] == item["key"]
    ]
    assert back["history"][0] == "imported as Harbour at Low Moon, 3 March 2026"
    assert back["said"][-1].startswith("ann: said Red <b>Grid</b>,") and back["said"][-1].endswith(
        "taken back"
    )


def test_a_full_disk_is_said_and_what_comes_behind_waits(table, monkeypatch):
    def full(entries):
        raise DiskFull("The disk is full; your decision was not kept. Make room and try again.")

    one, other = table.look("ann")["items"][:2]
    monkeypatch.setattr(table.book, "_keep", full)
    after = table.act("ann", [[move("junk", one)], [move("junk", other)]])
    assert after["outcomes"] == [
        {
            "ok": False,
            "error": "The disk is full; your decision was not kept. Make room and try again.",
            "again": True,
        }
    ]
    assert after["items"][0]["key"] == one["key"]


def test_what_was_sent_is_in_the_repository_and_is_not_sent_again(table, laid):
    table.act("ann", [[move("junk", first(table))]])
    assert table.sending.now()["unsent"] == 0
    assert len(laid.newest().ledger()) == 1
    assert table.look("ann")["sending"]["sent_ago"] is not None


def test_a_hub_that_does_not_answer_is_said_in_a_sentence(table, monkeypatch):
    def away(*args, **more):
        raise HubUnreachable("The Hub does not answer.")

    table.act("ann", [[move("junk", item)] for item in table.look("ann")["items"][:3]])
    monkeypatch.setattr("curation.light_table.session.table.flush", away)
    told = table.sending.now()["problem"]
    assert (
        told == "The Hub does not answer. Your 3 decisions are kept on this machine; next try in a "
        "minute."
    )
    monkeypatch.undo()
    assert table.sending.now()["problem"] is None


def test_two_people_get_different_photos(table):
    seen = [item["key"] for who in ("ann", "bob") for item in table.look(who, count=4)["items"]]
    assert len(set(seen)) == 8


def test_a_table_laid_again_shows_what_a_new_scan_found_and_forgets_no_decision(table, laid):
    from data_cards.dataset.repo import Changes
    from data_cards.dataset.schema import Finding
    from data_cards.dataset.tables import findings_file

    item = first(table)
    table.act("ann", [[move("junk", item)]])
    photo = next(iter(laid.photos()))
    path, data = findings_file(
        "02SCAN", [Finding(photo, "quality", 0.7, "Too dark.", scan_id="02SCAN")]
    )
    laid.update("Scan", lambda _: Changes(add={path: data}))
    table.refresh()
    assert first(table, pile="quality")["why"] == ["Too dark."]
    assert label_of(table, item).status == "junk"


def test_classes_can_be_searched_and_prints_are_small_jpegs(table, laid):
    assert [info["title"] for info in table.classes()][-1] == "Red <b>Grid</b>"
    photo = next(iter(laid.photos()))
    assert table.prints.get(f"photo/{photo}", 160)[:3] == b"\xff\xd8\xff"
    assert table.prints.get("reference/harbour", 160)[:3] == b"\xff\xd8\xff"
    with pytest.raises(MissingFile):
        table.prints.get("reference/red-grid", 160)


def test_a_class_that_is_missing_is_added_and_given_with_one_step(table, open_again):
    item = first(table)
    added = [move("add_class", title="  Blue   Hour "), move("relabel", item, label="Blue Hour")]
    assert table.act("ann", [added])["outcomes"] == [{"ok": True, "back": []}]
    assert label_of(table, item).label == "Blue-Hour"
    assert [info["title"] for info in open_again().classes()][-1] == "Blue Hour"
    assert table.look("ann")["undo"] == 1
    table.act("ann", [[move("undo")]])
    assert label_of(table, item).label == "harbour"
    assert "Blue Hour" not in [info["title"] for info in table.classes()]


def test_a_class_stays_when_somebody_else_gave_it_too(table):
    item, other = table.look("ann")["items"][:2]
    table.act(
        "ann", [[move("add_class", title="Blue Hour"), move("relabel", item, label="Blue Hour")]]
    )
    table.act("bob", [[move("relabel", other, label="Blue Hour")]])
    after = table.act("ann", [[move("undo")]])
    assert (after["outcomes"][0]["ok"], after["undo"]) == (True, 0)
    assert label_of(table, other).label == "Blue-Hour"
    assert "Blue Hour" in [info["title"] for info in table.classes()]


@pytest.mark.parametrize("title", ["", " ", "x" * 81])
def test_a_class_needs_a_name(table, title):
    outcome = table.act("ann", [[move("add_class", title=title)]])["outcomes"][0]
    assert outcome["error"] == "A class needs a name of at most 80 letters."


def test_adding_a_class_that_is_there_gives_the_one_that_is_there(table):
    item = first(table)
    table.act(
        "ann",
        [
            [
                move("add_class", title="Harbour, First Study"),
                move("relabel", item, label="harbour-study"),
            ]
        ],
    )
    assert len(table.classes()) == 3


def test_a_new_class_whose_name_reads_like_the_id_of_another_gets_the_photo(table):
    item = first(table)
    title = next(info["id"] for info in table.classes() if info["title"] == "Harbour, First Study")
    table.act("ann", [[move("add_class", title=title), move("relabel", item, label=title)]])
    assert label_of(table, item).label == f"{title}-2"


def test_a_line_of_the_ledger_that_cannot_be_read_is_told_once_and_the_table_is_laid(
    tmp_path, caplog
):
    dataset = small_dataset(tmp_path / "set", 6).commit(
        {"ledger/x.jsonl": b'{"action": "crop"}\n'}, "By hand"
    )
    with caplog.at_level("INFO"):
        table = LightTable(dataset, Journal(tmp_path / "journal"))
        table.refresh()
    said = [line for line in caplog.messages if "ledger/x.jsonl, line 1: " in line]
    assert len(said) == 1 and table.look("ann")["items"]


def test_while_there_is_no_model_photos_without_a_label_come_first(tmp_path):
    dataset = small_dataset(tmp_path / "bare", 12)
    photos = sorted(dataset.photos())
    nameless = [
        Finding(photo, "unlabelled", 0.9, "Nobody has labelled this yet.") for photo in photos[:2]
    ]
    table = LightTable(
        dataset.commit(dict([findings_file("01MORE", nameless)]), "Ask"),
        Journal(tmp_path / "journal"),
    )
    assert table.look("ann")["pile"] == "labels" and table.look("ann")["model"] is None
    table.lacks_model = lambda: True
    table.about_model = lambda: {"words": "No model yet.", "button": ""}
    seen = table.look("bob")
    assert (seen["pile"], seen["model"]["words"]) == ("unlabelled", "No model yet.")
