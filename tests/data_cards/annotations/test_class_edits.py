"""Classes follow the ledger, and a change that is taken back leaves nothing behind."""

from dataclasses import replace

from data_cards.annotations.class_card import write_card
from data_cards.annotations.class_edits import changed_collection, references_of
from data_cards.annotations.decision import Decision
from data_cards.dataset.collection import ClassInfo, Collection, read_collection, write_collection

THINGS = Collection(
    name="fort",
    title="Forts",
    classes=(
        ClassInfo(
            "agra",
            "Agra Fort",
            facts=(("Built", "1573"),),
            aliases=("Red Fort",),
            location=(27.2, 78.0),
        ),
        ClassInfo("amber", "Amber Fort"),
    ),
)


def made(n, action, label="", **more):
    return Decision(
        f"{n:026d}", f"2026-11-21T10:00:{n:02d}.000000Z", "asha", "", action, label or None, **more
    )


def through_the_card(collection):
    return read_collection(*write_collection(collection))


def test_without_decisions_nothing_changes():
    assert changed_collection(THINGS, []) is THINGS
    assert changed_collection(THINGS, [made(1, "rename_class", "taj", title="Taj")]) is THINGS


def test_a_merged_class_is_an_alias_and_comes_back_whole():
    merge = made(1, "merge_class", "amber", label_before="agra")
    undo = made(2, "undo", undoes=f"{1:026d}")
    merged = through_the_card(changed_collection(THINGS, [merge]))
    assert merged.ids == ("amber",) and merged.resolve("Red Fort") == "amber"
    assert changed_collection(merged, [merge]) == merged, "folding again changes nothing"
    back = through_the_card(changed_collection(merged, [merge, undo]))
    assert set(back.classes) == set(THINGS.classes)


def test_a_rename_and_its_undo():
    rename = made(1, "rename_class", "agra", title="Fort of Agra")
    undo = made(2, "undo", undoes=f"{1:026d}")
    renamed = through_the_card(changed_collection(THINGS, [rename]))
    assert renamed.title_of("agra") == "Fort of Agra"
    assert changed_collection(renamed, [rename, undo]).classes == THINGS.classes


def test_an_added_class_goes_again_when_it_is_taken_back():
    add = made(1, "add_class", "bidar")
    undo = made(2, "undo", undoes=f"{1:026d}")
    added = through_the_card(changed_collection(THINGS, [add]))
    assert added.title_of("bidar") == "Bidar"
    assert changed_collection(added, [add, undo]).ids == THINGS.ids


def test_a_reserved_or_unfit_id_is_no_class():
    assert (
        changed_collection(THINGS, [made(1, "add_class", "none"), made(2, "add_class", "a b<")])
        is THINGS
    )


def edit(n, before, after, label="agra"):
    return made(n, "edit_card", label, card=write_card(after), card_before=write_card(before))


def test_a_card_is_edited_twice_and_taken_back_step_by_step():
    first = edit(1, {"summary": ""}, {"summary": "Red walls."})
    second = edit(
        2, {"summary": "Red walls."}, {"summary": "Red walls at the river.", "source": "asha"}
    )
    both = through_the_card(changed_collection(THINGS, [first, second]))
    assert (both.info("agra").summary, both.info("agra").source) == (
        "Red walls at the river.",
        "asha",
    )
    one = through_the_card(
        changed_collection(both, [first, second, made(3, "undo", undoes=f"{2:026d}")])
    )
    assert (one.info("agra").summary, one.info("agra").facts) == (
        "Red walls.",
        THINGS.info("agra").facts,
    )
    undos = [made(3, "undo", undoes=f"{2:026d}"), made(4, "undo", undoes=f"{1:026d}")]
    none = through_the_card(changed_collection(one, [first, second, *undos]))
    assert none.info("agra").summary == "" and none.info("agra").source == "asha", (
        "nobody knows what stood there"
    )


def test_a_text_that_was_written_by_hand_since_is_kept():
    first = edit(1, {"summary": ""}, {"summary": "Red walls."})
    folded = changed_collection(THINGS, [first])
    by_hand = folded.with_classes(replace(info, summary="By hand.") for info in folded.classes)
    assert changed_collection(by_hand, [first]).info("agra").summary == "By hand."


def test_a_reference_picture_is_chosen_and_given_up():
    first = edit(1, {"reference": ""}, {"reference": "photo1"})
    chosen = through_the_card(changed_collection(THINGS, [first]))
    assert references_of(chosen) == {"agra": "photo1"}
    assert (
        references_of(changed_collection(chosen, [first, made(2, "undo", undoes=f"{1:026d}")]))
        == {}
    )


def test_the_card_of_a_merged_class_waits_for_its_return():
    first = edit(1, {"summary": ""}, {"summary": "Red walls."})
    merge = made(2, "merge_class", "amber", label_before="agra")
    merged = through_the_card(changed_collection(THINGS, [first, merge]))
    back = changed_collection(merged, [first, merge, made(3, "undo", undoes=f"{2:026d}")])
    assert back.info("agra").summary == "Red walls."
