"""Ten minutes at the table: a plan across the piles, and a receipt."""

import numpy as np
import pytest

from curation.light_table.pages.ten import TenMinutes
from curation.light_table.session.table import LightTable
from curation.scan.remembered import NothingRemembered
from data_cards.annotations.journal import Journal
from data_cards.errors import VitrineError
from tests.fixtures.light_table import small_dataset


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Seen(NothingRemembered):
    """Each class of the drawn squares in a corner of its own."""

    def embeddings(self, ids):
        rng = np.random.default_rng(0)
        kinds = np.arange(len(ids)) % 3
        return list(ids), np.eye(3)[kinds] * 5 + rng.normal(size=(len(ids), 3))


@pytest.fixture
def laid(tmp_path):
    data = small_dataset(tmp_path / "set", 90, sealed=30)
    clock = Clock()
    table = LightTable(data, Journal(tmp_path / "journal"), clock=clock, remembered=Seen())
    return table, TenMinutes(table, clock), clock


def test_questions_of_several_piles_come_in_one_plan(laid):
    table, page, _ = laid
    page.act("ann", {"do": "begin", "minutes": 20})
    seen = table.look("ann", "plan", 50)
    assert seen["pile"] == "plan" and seen["left"] == 1200
    assert {key.split("/")[0] for key in table._plans["ann"]} == {"labels", "duplicates"}
    assert seen["items"][0]["pile"] == "labels"


def test_the_plan_stays_while_somebody_decides_and_counts_what_is_done(laid):
    table, page, _ = laid
    page.act("ann", {"do": "begin", "minutes": 5})
    item = table.look("ann", "plan")["items"][0]
    move = {"id": "01JDAAAAAAAAAAAAAAAAAAAAA1", "do": "relabel", "label": "red-grid"}
    after = table.act("ann", [[move | {"key": item["key"], "image_id": item["image_id"]}]])
    progress = after["piles"][-1]
    assert after["pile"] == "plan" and progress["done"] == 1
    assert after["items"][0]["key"] != item["key"]


def test_the_receipt_is_measured_and_the_piles_are_back(laid):
    table, page, clock = laid
    page.act("ann", {"do": "begin", "minutes": 10})
    truth = ["harbour", "harbour-study", "red-grid"]
    kinds = {i: truth[n % 3] for n, i in enumerate(table.records.photos)}
    for number in range(40):
        item = table.look("ann", "plan")["items"][0]
        move = {"id": f"01JDAAAAAAAAAAAAAAAAAAA{number:03}", "do": "relabel"}
        table.act(
            "ann",
            [
                [
                    move
                    | {
                        "key": item["key"],
                        "image_id": item["image_id"],
                        "label": kinds[item["image_id"]],
                    }
                ]
            ],
        )
    clock.now = 700.0
    assert page.show("ann", {})["left"] == 0
    receipt = page.act("ann", {"do": "end"})["receipt"]
    assert receipt["decisions"] == 40 and receipt["fixed"] > 30 and receipt["measured"]
    assert table.look("ann")["pile"] == "labels" and table.look("ann")["left"] is None


@pytest.mark.parametrize("minutes", [0, -1, 121, "10", True, None])
def test_only_a_number_of_minutes_begins(laid, minutes):
    with pytest.raises(VitrineError):
        laid[1].act("ann", {"do": "begin", "minutes": minutes})


def test_ending_what_was_not_begun_does_nothing(laid):
    assert laid[1].act("ann", {"do": "end"})["receipt"] is None
