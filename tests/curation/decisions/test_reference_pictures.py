"""A photo chosen as reference picture is written when decisions are folded, and leaves nothing
when it goes."""

import io

import pytest
from PIL import Image

from curation.decisions.apply import fold_dataset
from curation.decisions.erase import erase
from data_cards.annotations.class_card import write_card
from data_cards.annotations.decision import decide, line_of
from data_cards.dataset.repo import Changes
from data_cards.dataset.tables import ledger_file
from tests.fixtures.light_table import drawn, jpeg, small_dataset


@pytest.fixture
def dataset(tmp_path):
    return small_dataset(tmp_path / "set", 6)


def decided(dataset, *decisions):
    """After these decisions, folded."""
    lines = dict([ledger_file(map(line_of, decisions))])
    return fold_dataset(dataset.update("Decide", lambda _: Changes(add=lines))).dataset


def choose(photo, label="harbour"):
    return decide(
        "ann",
        "",
        "edit_card",
        label=label,
        card=write_card({"reference": photo}),
        card_before=write_card({"reference": ""}),
    )


def test_a_chosen_photo_becomes_the_picture_and_taking_it_back_brings_the_old_one(dataset):
    one = choose(list(dataset.photos())[1])
    chosen = decided(dataset, one)
    assert chosen.reference("harbour") != jpeg("#23415c")
    assert decided(chosen, decide("ann", "", "undo", undoes=one.id)).reference("harbour") == jpeg(
        "#23415c"
    )


def test_a_class_without_a_picture_has_none_again(dataset):
    one = choose(list(dataset.photos())[1], "red-grid")
    chosen = decided(dataset, one)
    assert chosen.reference("red-grid")
    assert decided(chosen, decide("ann", "", "undo", undoes=one.id)).reference("red-grid") is None


def test_folding_again_writes_nothing(dataset):
    chosen = decided(dataset, choose(list(dataset.photos())[1]))
    assert fold_dataset(chosen).dataset.revision == chosen.revision


def test_an_erased_photo_does_not_live_on_as_a_picture(dataset):
    photo = list(dataset.photos())[1]
    chosen = decided(dataset, choose(photo))
    print_of_it = chosen.reference("harbour")
    erased = erase(chosen, [photo]).dataset
    after = fold_dataset(erased).dataset
    assert after.revision == erased.revision
    assert after.reference("harbour") == jpeg("#23415c")
    left = b"".join(path.read_bytes() for path in after.repo.path.rglob("*") if path.is_file())
    assert print_of_it not in left and drawn("#40647a", 1) not in left


def test_the_picture_of_a_class_is_the_photo_as_people_framed_it(dataset):
    photo = list(dataset.photos())[1]
    frame = decide("ann", photo, "frame", frame="0,0,0.5,0.5,90")
    framed = decided(dataset, choose(photo), frame).reference("harbour")
    with Image.open(io.BytesIO(framed)) as image:
        assert image.size == (45, 60)  # of 120 x 90, a quarter of it turned
