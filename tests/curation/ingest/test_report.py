"""What a collect did, as rows and as a table that fits on a screen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.ingest import report as rules
from curation.ingest.incoming import LeftAlone
from curation.ingest.listing import NO_PHOTO, SYSTEM
from curation.ingest.report import ClassRow, Tally, about_sides, table_of, unreadable_for
from data_cards.dataset.collection import ClassInfo, Collection

THINGS = Collection(
    "c", "C", (ClassInfo("mug", "Mug"), ClassInfo("vase", "Blue vase"), ClassInfo("empty", "Empty"))
)


def row(title, photos, sides=None, named_by=(), label="x"):
    return ClassRow(label, title, photos, sides or {"": photos}, named_by)


def test_each_distinct_photo_counts_once_under_its_class_and_side():
    tally = Tally()
    tally.take("1", "mug", "train", "train/mug")
    tally.take("1", "vase", "test", "test/vase")
    tally.take("2", "mug", "validation", "val/mug")
    tally.take("3", None, None, "")
    tally.take("4", "none", None, "none")
    assert tally.rows(THINGS) == (
        ClassRow("mug", "Mug", 2, {"train": 1, "validation": 1}, ("train/mug", "val/mug")),
        ClassRow("none", "(none of these)", 1, {"": 1}, ("none",)),
        ClassRow(None, "(no label)", 1, {"": 1}, ()),
    )


def test_a_table_without_a_split():
    assert table_of(
        [row("Mug", 12, named_by=("mug",)), row("Blue vase", 3, named_by=("vase", "old/vase"))]
    ) == ("class      photos  from\nMug            12  mug\nBlue vase       3  vase, old/vase")


def test_a_table_with_a_split_of_some_photos():
    rows = [
        row("Mug", 5, {"train": 4, "test": 1}, ("train/mug", "test/mug")),
        row("Vase", 2, {"": 2}, ("vase",)),
    ]
    assert table_of(rows) == (
        "class  photos  train  test  no split  from\n"
        "Mug         5      4     1         0  train/mug, test/mug\n"
        "Vase        2      0     0         2  vase"
    )


def test_what_was_left_alone_is_told_by_kind_with_the_first_three():
    left = [LeftAlone(f"a/{n}.txt", NO_PHOTO) for n in range(5)] + [LeftAlone(".git/", SYSTEM)] * 9
    left += [LeftAlone("a/x.jpg", unreadable_for("This file is empty."))]
    assert table_of([], left).split("\n") == [
        "Left alone:",
        "  no photo (5): a/0.txt, a/1.txt, a/2.txt and 2 more",
        "  could not be read: this file is empty (1): a/x.jpg",
        "  hidden, or of the system (9): .git/, .git/, .git/ and 6 more",
    ]


def test_reasons_that_differ_in_numbers_or_advice_are_one_kind():
    shares = [35, 97, 8, 99]
    left = [
        LeftAlone(f"a/{n}.jpg", unreadable_for(f"This photo is damaged: only {n} % of it is there"))
        for n in shares
    ]
    left += [
        LeftAlone(f"b/{n}.jpg", f"there is no such file, but there is c/{n}.jpg") for n in shares
    ]
    left += [LeftAlone("b/x.jpg", "there is no such file")]
    assert table_of([], left).split("\n") == [
        "Left alone:",
        "  there is no such file (5): b/35.jpg, b/97.jpg, b/8.jpg and 2 more",
        "  could not be read: this photo is damaged: only 8 to 99 % of it is there (4): "
        "a/35.jpg, a/97.jpg, a/8.jpg and 1 more",
    ]


def test_classes_of_one_photo_each_that_do_not_fit_are_counted_in_good_english():
    lines = table_of([row(f"Class {n}", 1) for n in range(40)]).split("\n")
    assert "... and 20 more classes of 1 photo each" in lines


def test_a_photo_under_two_labels_is_told_once_with_its_file():
    tally = Tally()
    tally.take("1", "mug", None, "mug", "mug/a.jpg")
    tally.take("1", "vase", None, "vase", "vase/a.jpg")
    tally.take("1", "bowl", None, "bowl", "bowl/a.jpg")
    tally.take("2", "mug", None, "mug", "mug/b.jpg")
    tally.take("2", "mug", None, "mug", "mug/c.jpg")
    tally.take("2", None, None, "", "d.jpg")
    assert tally.about_torn().startswith("1 photo came under more than one label: vase/a.jpg. ")
    assert Tally().about_torn() == ""


def test_a_long_table_shows_the_largest_and_the_smallest_classes():
    rows = [row(f"Class {n}", 100 + n) for n in range(81)]
    lines = table_of([*rows, row("(no label)", 1, label=None)]).split("\n")
    assert len(lines) == 1 + 14 + 1 + 6 + 1
    assert (
        lines[1].startswith("Class 80")
        and lines[-2].startswith("Class 0")
        and lines[-1].startswith("(no label)")
    )
    assert lines[15] == "... and 61 more classes of 106 to 166 photos"
    assert len(table_of(rows[:24]).split("\n")) == 25


def test_long_names_and_many_folders_are_clipped():
    line = table_of([row("x" * 200, 1, named_by=tuple("abcdef"))]).split("\n")[1]
    assert len(line) < 80 and line.endswith("a, b, c and 3 more") and "..." in line


def test_signs_that_a_terminal_obeys_do_not_reach_it():
    told = table_of([row("a\x1b[31m\nb", 1)], [LeftAlone("x\ny\r", "no\nphoto")])
    assert len(told.split("\n")) == 4 and "\x1b" not in told and "\r" not in told


def test_wide_letters_and_marks_keep_the_columns_in_line():
    lines = table_of(
        [row("日本", 1, named_by=("a",)), row("cafe\u0301", 1, named_by=("a",))]
    ).split("\n")
    assert lines[1].startswith("日本 ") and lines[2].startswith("cafe\u0301  ")


@pytest.mark.parametrize(
    ("came", "told"),
    [
        (
            ["train", "validation"],
            "No test came with the photos. The split will carve it from the train photos",
        ),
        (["train"], "No validation and no test came"),
        (["train", "test"], "No validation came with the photos."),
        (
            ["validation"],
            "No train and no test came with the photos. The split will carve them from the "
            "validation photos",
        ),
        (["test"], "No train and no validation came"),
        ([None, "train"], "No validation and no test came"),
    ],
)
def test_a_split_with_missing_sides_gets_a_sentence(came, told):
    assert about_sides(came).startswith(told)
    assert ("--val-is-test" in about_sides(came)) is (came == ["train", "validation"])


@pytest.mark.parametrize(
    "came", [[], [None], ["train", "validation", "test"], [None, "test"], ["", "validation"]]
)
def test_a_split_that_is_whole_or_none_needs_no_sentence(came):
    assert about_sides(came) == ""


ROWS = st.builds(
    row,
    st.text(max_size=60),
    st.integers(0, 10**6),
    st.dictionaries(st.sampled_from([*rules.SIDES, ""]), st.integers(0, 999)),
    st.lists(st.text(max_size=60), max_size=6).map(tuple),
)


LEFT = st.builds(LeftAlone, st.text(max_size=99), st.text(max_size=9))


@given(st.lists(ROWS, max_size=60), st.lists(LEFT, max_size=9))
def test_any_rows_make_a_table_of_bounded_size(rows, left):
    lines = table_of(rows, left).split("\n")
    assert len(lines) <= 1 + rules.MOST + 1 + 1 + len(left)
