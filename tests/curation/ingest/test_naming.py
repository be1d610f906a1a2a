"""Which class a name of a source means: the one that has this name, however ids came about."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.ingest.naming import Naming, join, meaning, put_together
from data_cards.dataset.class_names import name_key
from data_cards.dataset.collection import ClassInfo, Collection, read_collection, write_collection

EMPTY = Collection("c", "C")
NAMES = st.lists(
    st.text(max_size=6)
    | st.text("aAC+-_ .#🐱🐶é", min_size=1, max_size=4)
    | st.sampled_from(["Mug", "mug ", "C", "C++", "C-2", "class", "class-2", "x" * 85, "x" * 86]),
    max_size=10,
)


def brought(known, names):
    """(where each name went, the collection afterwards), through the files of the dataset."""
    naming = Naming.of(names)
    ids, things = join(known, naming.classes)
    return {name: ids[naming.label(name) or ""] for name in naming.by_name}, read_collection(
        *write_collection(things)
    )


@settings(max_examples=60)
@given(NAMES, st.data())
def test_any_names_in_any_order_and_portions_are_one_class_per_name(names, data):
    names = data.draw(st.permutations(names))
    cut = data.draw(st.integers(0, len(names)))
    first, known = brought(EMPTY, names[:cut])
    second, known = brought(known, names[cut:])
    again, last = brought(known, data.draw(st.permutations(names)))
    wanted = {name_key(name) for name in names if meaning(name) == "labelled"}
    assert len(known.classes) == len(wanted) and last == known
    for name, class_id in (first | second).items():
        assert again[name] == class_id
        assert known.find(name) == class_id
    assert len({(name_key(name), class_id) for name, class_id in again.items()}) == len(wanted)


@settings(max_examples=50)
@given(NAMES, st.data())
def test_the_order_of_a_list_changes_no_id_and_no_title(names, data):
    one = brought(EMPTY, names)[0], {info.title for info in brought(EMPTY, names)[1].classes}
    other = data.draw(st.permutations(names))
    assert (
        brought(EMPTY, other)[0],
        {info.title for info in brought(EMPTY, other)[1].classes},
    ) == one


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("C++", "C"),
        ("S10+", "S10"),
        ("🐱", "🐶"),
        ("what?", "what"),
        ("!!!", "???"),
        ("class", "★"),
        ("C++", "C-2"),
        ("Straße!", "Strasse"),
        ("x" * 85, "x" * 86),
        ("A", "a"),
        ("A-", "A"),
        ("-1", "1"),
    ],
)
def test_a_second_collect_puts_no_photo_under_another_name(first, second):
    (one,), known = brought(EMPTY, [first])[0].values(), brought(EMPTY, [first])[1]
    (other,), known = brought(known, [second])[0].values(), brought(known, [second])[1]
    assert one != other and len(known.classes) == 2
    assert len({info.title for info in known.classes}) == 2
    assert brought(known, [second, first])[0] == {second: other, first: one}


def test_a_class_that_was_renamed_is_found_by_the_folder_it_came_from():
    for name in ("C++", "mug", "Agra fort", "What?", "★"):
        _, known = brought(EMPTY, [name])
        renamed = known.with_classes(
            ClassInfo(info.id, "Other", aliases=info.aliases) for info in known.classes
        )
        assert len(brought(renamed, [name])[1].classes) == 1


def test_spellings_are_put_together_and_this_is_said():
    naming = Naming.of(["mug", "Mug", "Mug ", "cafe\u0301", "café", "vase"])
    ids, known = join(EMPTY, naming.classes)
    assert [info.title for info in known.classes] == ["Mug", "Café", "Vase"]
    assert put_together(naming.classes, ids, known) == [
        "“Mug”, “Mug ” and “mug” are one class: Mug.",
        "“café” is spelled in 2 ways that look alike (hidden or composed characters); they are one class: Café.",
    ]


def test_two_classes_of_a_dataset_that_differ_in_case_keep_their_own_photos():
    known = Collection("c", "C", (ClassInfo("Mug", "Mug"), ClassInfo("mug", "Mug")))
    assert brought(known, ["mug", "Mug"])[0] == {"mug": "mug", "Mug": "Mug"}


def test_a_class_of_an_older_dataset_whose_id_lost_its_signs_takes_no_photos_of_another():
    known = Collection("c", "C", (ClassInfo("C", "C++"), ClassInfo("class", "🐱")))
    where, after = brought(known, ["C", "C++", "🐶", "🐱"])
    assert (where["C++"], where["🐱"]) == ("C", "class")
    assert len({*where.values()}) == len(after.classes) == 4


def test_an_id_that_a_merged_class_left_behind_is_not_given_again():
    known = Collection("c", "C", (ClassInfo("cup", "Cup", aliases=("what", "What?")),))
    where, _ = brought(known, ["what!"])
    assert where == {"what!": "what-2"}


def test_a_folder_name_that_is_no_utf8_keeps_its_letters_apart():
    where, known = brought(EMPTY, ["caf\udce9", "caf\udce8"])
    assert len(set(where.values())) == 2 and {info.title for info in known.classes} == {
        "Café",
        "Cafè",
    }


def test_texts_do_not_take_the_id_of_another_class():
    known = Collection("c", "C", (ClassInfo("taj", "Tea"),))
    texts = Collection("t", "T", (ClassInfo("taj", "Taj Mahal", "A tomb."),))
    ids, after = join(known, Naming.of(["Taj Mahal"]).classes, texts)
    assert len(after.classes) == 2 and after.info(ids["Taj-Mahal"]).summary == "A tomb."
