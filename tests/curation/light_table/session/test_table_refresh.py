"""A newer revision of the dataset is laid on the table while people sit at it, and takes nothing
from them."""

import pytest
from ulid import ULID

from curation.light_table.session.sending import Sending
from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from data_cards.dataset.repo import Changes
from data_cards.dataset.schema import Finding
from data_cards.dataset.tables import findings_file
from data_cards.errors import HubUnreachable
from tests.fixtures.light_table import small_dataset


@pytest.fixture
def laid(tmp_path):
    return small_dataset(tmp_path / "set", 12)


@pytest.fixture
def table(laid, tmp_path):
    return LightTable(laid.newest(), Journal(tmp_path / "journal"))


def move(do, item=None):
    return {"id": str(ULID()), "do": do, **({"key": item["key"]} if item else {})}


def first(table):
    return table.look("ann")["items"][0]


def label_of(table, item):
    return table.book.labels[item["image_id"]]


def scanned(laid, *findings):
    """Somebody else's scan of the dataset."""
    return laid.update("Scan", lambda _: Changes(add=dict([findings_file("02SCAN", findings)])))


def doubtful(laid, place, score):
    return Finding(
        list(laid.photos())[place],
        "label",
        score,
        "Doubtful.",
        "harbour",
        "red-grid",
        scan_id="02SCAN",
    )


def test_a_scan_while_people_work_takes_nothing_from_them(table, laid):
    held = table.look("ann")["items"]
    others = table.look("bob")["items"]
    table.act("ann", [[move("keep", held[0])], [move("skip", held[1])]])
    before = [item["key"] for item in table.look("ann")["items"]]
    scanned(laid, doubtful(laid, 0, 1.0))
    assert table.notice()
    after = [item["key"] for item in table.look("ann")["items"]]
    assert after[: len(before) - 1] == before[:-1]  # the skipped one stays last, behind what is new
    assert after[-1] == held[1]["key"]
    assert not {item["key"] for item in others} & set(after)
    assert table.act("ann", [[move("undo")]])["items"][0]["key"] == held[1]["key"]
    assert table.act("ann", [[move("undo")]])["items"][0]["key"] == held[0]["key"]


def test_an_undo_sent_again_after_a_scan_still_counts_once(table, laid):
    for item in table.look("ann")["items"][:2]:
        table.act("ann", [[move("keep", item)]])
    undo = move("undo")
    table.act("ann", [[undo]])
    scanned(laid, doubtful(laid, 0, 1.0))
    table.notice()
    assert table.act("ann", [[undo]])["undo"] == 1


def test_what_is_decided_while_the_new_scan_is_read_is_not_forgotten(table, laid, monkeypatch):
    item = first(table)
    scanned(laid, doubtful(laid, 0, 1.0))
    kept = table._opinions_of

    def meanwhile(dataset):
        table.act("ann", [[move("junk", item)]])
        return kept(dataset)

    monkeypatch.setattr(table, "_opinions_of", meanwhile)
    table.notice()
    assert label_of(table, item).status == "junk"
    assert item["key"] not in [other["key"] for other in table.look("ann")["items"]]


def test_our_own_decisions_are_no_news_but_a_scan_before_or_after_them_is(table, laid):
    table.act("ann", [[move("junk", first(table))]])
    table.sending.now()
    assert not table.notice()
    table.act("ann", [[move("junk", first(table))]])
    scanned(laid, doubtful(laid, 0, 1.0))
    table.sending.now()
    assert table.notice() and not table.notice()
    assert table.queue.items[f"labels/{next(iter(laid.photos()))}"].first.scan_id == "02SCAN"


def test_whoever_has_nothing_left_gets_what_a_scan_found_meanwhile(laid, tmp_path):
    now = [0.0]
    table = LightTable(laid.newest(), Journal(tmp_path / "journal"), clock=lambda: now[0])
    for item in table.look("ann", "labels")["items"]:
        table.act("ann", [[move("keep", item)]])
    assert table.look("ann")["items"] == []
    scanned(laid, doubtful(laid, 0, 1.0))
    assert table.look("ann")["items"] == []  # it was asked a moment ago
    now[0] = 10.0
    assert [item["image_id"] for item in table.look("ann")["items"]] == [next(iter(laid.photos()))]


def test_a_repository_that_does_not_answer_leaves_an_empty_pile_empty(table, monkeypatch):
    for item in table.look("ann", "labels")["items"]:
        table.act("ann", [[move("keep", item)]])

    def away():
        raise HubUnreachable("The Hub does not answer.")

    table._looked = float("-inf")
    monkeypatch.setattr(table, "notice", away)
    assert table.look("ann")["items"] == []


def test_news_are_looked_for_whether_or_not_anything_waits_and_a_hub_that_is_away_does_no_harm():
    looked = []

    def look():
        looked.append(1)
        if len(looked) == 3:
            sending._stop.set()
        raise HubUnreachable("The Hub does not answer.")

    sending = Sending(lambda: 0, lambda: None, every=0.0, then=look)
    sending.start()
    sending._thread.join(30)
    assert len(looked) == 3


def test_two_ledgers_merged_by_command_meet_as_a_disagreement_on_the_table(table, laid, tmp_path):
    import json

    from curation.decisions.apply import decide_from

    photo = next(iter(laid.photos()))
    for who, label in (("ann", "red-grid"), ("bob", "harbour-study")):
        lines = tmp_path / f"{who}.jsonl"
        lines.write_text(
            json.dumps({"image_id": photo, "action": "relabel", "label": label, "who": who})
        )
        decide_from(laid.newest(), lines)
    assert table.notice()
    (item,) = table.look("cy", "conflicts")["items"]
    assert item["why"] == [
        "One person says *Harbour, First Study*, another says *Red <b>Grid</b>*."
    ]


def test_a_keep_replayed_without_its_label_disagrees_with_whoever_says_something_else(
    table, laid, tmp_path
):
    import json

    from curation.decisions.apply import decide_from

    photo = next(iter(laid.photos()))
    rows = [
        {"action": "keep", "who": "ann", "at": "2026-05-01T10:00:00Z"},
        {"action": "relabel", "label": "red-grid", "who": "bob", "at": "2026-05-02T10:00:00Z"},
    ]
    for row in reversed(rows):  # the later one arrives first
        lines = tmp_path / "lines.jsonl"
        lines.write_text(json.dumps({"image_id": photo, **row}))
        decide_from(laid.newest(), lines)
    assert table.notice()
    (item,) = table.look("cy", "conflicts")["items"]
    assert item["why"] == ["One person says *Harbour at Low Moon*, another says *Red <b>Grid</b>*."]
