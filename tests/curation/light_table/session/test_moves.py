"""What a key writes down: what was asked, what was on show, and how a disagreement is told."""

import pytest
from ulid import ULID

from curation.light_table.session.moves import differ
from curation.light_table.session.table import LightTable
from data_cards.annotations.journal import Journal
from tests.fixtures.light_table import TellingOpinions, small_dataset


@pytest.mark.parametrize(("sealed", "shown"), [(0, ("model-1", "harbour-study")), (1, ("", ""))])
def test_a_decision_says_what_the_model_said_to_the_person_and_nothing_for_the_sealed_test(
    tmp_path, sealed, shown
):
    table = LightTable(
        small_dataset(tmp_path / "set", 6, sealed), Journal(tmp_path / "journal"), TellingOpinions
    )
    item = table.look("ann")["items"][0]
    table.act("ann", [[{"id": str(ULID()), "do": "keep", "key": item["key"]}]])
    (decision,) = table.book.about(item["image_id"])
    assert (decision.model_revision, decision.shown) == shown


def test_a_disagreement_names_every_answer():
    assert (
        differ(["*Kali*", "none of these"]) == "One person says *Kali*, another says none of these."
    )
    assert differ(["*Durga*", "*Kali*", "junk"]) == "People say *Durga*, *Kali* and junk."
