"""A source that is collected again: what was moved, changed, repaired or is gone."""

from curation.ingest.earlier import Now, compare, path_of, same_source
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.schema import Finding, Photo, Source

FIRST = "2026-01-01T00:00:00"
SECOND = "2026-02-02T00:00:00"
KNOWN = Collection("c", "C", (ClassInfo("mug", "Mug"), ClassInfo("vase", "Vase")))
GROWN = Collection("c", "C", (*KNOWN.classes, ClassInfo("cup", "Cup")))


def stored(*paths, run=FIRST, **labels):
    """Photos that an earlier run brought: each id is the file's name, each label its folder."""
    return {
        path.split("/")[-1]: Photo(
            path.split("/")[-1],
            1,
            1,
            (
                Source(
                    path, labels.get(path.split("/")[0], path.split("/")[0]) or None, added_at=run
                ),
            ),
        )
        for path in paths
    }


def here(*paths, **labels):
    return {
        path: Now(
            path.split("/")[-1],
            labels.get(path.split("/")[0], path.split("/")[0]) or None,
            path.rpartition("/")[0],
        )
        for path in paths
    }


MUGS = [f"mug/{n}" for n in range(12)]
CUPS = [f"cup/{n}" for n in range(12)]
VASES = ["vase/a", "vase/b"]


def compared(now, earlier, findings=(), things=GROWN):
    return compare(now, earlier, findings, KNOWN, things)


def test_a_folder_that_was_renamed_is_one_question_and_no_new_class():
    found = compared(here(*CUPS, *VASES), stored(*MUGS, *VASES))
    assert found.things == KNOWN and found.settled == {("mug", "cup")}
    (remark,) = found.remarks
    assert remark.startswith("12 photos labelled Mug now lie in cup: rename the class?")


def test_a_renamed_folder_with_new_photos_is_a_new_class_and_a_question():
    found = compared(here(*CUPS, "cup/new", *VASES), stored(*MUGS, *VASES))
    assert found.things == GROWN and found.settled == {("mug", "cup")}
    assert "merge the classes?" in found.remarks[0]


def test_a_folder_that_was_moved_into_another_class_is_a_question_and_stays_a_conflict():
    found = compared(
        here(*(f"vase/{n}" for n in range(12)), *VASES), stored(*MUGS, *VASES), things=KNOWN
    )
    assert found.settled == frozenset() and found.things == KNOWN
    assert found.remarks[0].startswith("12 photos labelled Mug now lie in vase: merge the classes?")


def test_some_photos_that_were_moved_are_relabelled_and_no_rename():
    found = compared(here(*MUGS[:9], *CUPS[9:], *VASES), stored(*MUGS, *VASES))
    assert found.settled == frozenset() and found.remarks == ()


def test_one_photo_is_told_in_the_singular():
    assert (
        compared(here("cup/0", "vase/a"), stored("mug/0", "vase/a"))
        .remarks[0]
        .startswith("1 photo labelled Mug now lies in cup:")
    )


def test_a_list_that_calls_a_class_anew_is_told_without_a_folder():
    now = {path: Now(path.split("/")[-1], "cup", "column label") for path in MUGS}
    assert (
        "12 photos labelled Mug are labelled Cup now: rename the class?"
        in compared(now, stored(*MUGS)).remarks[0]
    )


def test_photos_from_somewhere_else_are_no_rename():
    found = compared(here("cup/0"), stored(*MUGS, *VASES))
    assert found.settled == frozenset() and found.remarks == ()


def test_what_lay_under_none_of_these_and_now_has_a_class_is_no_rename():
    found = compared(here(*CUPS, *VASES), stored(*MUGS, *VASES, mug="none"))
    assert found.settled == frozenset() and found.remarks == ()


def test_files_that_are_gone_are_counted_and_the_first_three_are_named():
    (remark,) = compared(here(*MUGS[5:], *VASES), stored(*MUGS, *VASES)).remarks
    assert remark.startswith(
        "5 photos that came in earlier are no longer in the source: mug/0, mug/1, mug/2 and 2"
    )
    (remark,) = compared(here(*MUGS[1:]), stored(*MUGS)).remarks
    assert (
        remark.startswith("1 photo that came in earlier is no longer")
        and "It stays in the dataset" in remark
    )


def test_files_of_another_source_are_not_gone():
    earlier = stored(*MUGS) | stored(*VASES, run=SECOND)
    assert compared(here(*VASES), earlier).remarks == ()
    assert same_source(earlier, here(*VASES)) == {SECOND}


def test_a_photo_that_lies_elsewhere_in_its_class_is_neither_gone_nor_moved():
    assert compared(here("mug/old/0", "mug/1", mug="mug"), stored("mug/0", "mug/1")).remarks == ()


def test_a_file_that_holds_another_photo_is_told_once():
    earlier = stored("mug/0", "mug/1")
    now = here("mug/1") | {"mug/0": Now("new", "mug", "mug")}
    (remark,) = compared(now, earlier).remarks
    assert remark.startswith("1 file holds another photo than before: mug/0.")
    earlier |= {"new": Photo("new", 1, 1, (Source("mug/0", "mug", added_at=SECOND),))}
    assert compared(now, earlier).remarks == ()


def unreadable(path, image_id="bad"):
    return Finding(image_id, "unreadable", 1.0, f"{path}: This file is empty.", "mug")


def test_a_file_that_was_repaired_loses_its_finding():
    old = unreadable("mug/x: y")
    other = unreadable("mug/still", "worse")
    now = here(*MUGS) | {
        "mug/x: y": Now("good", "mug", "mug"),
        "mug/still": Now("worse", "mug", "mug", is_refused=True),
    }
    found = compared(now, stored(*MUGS), [old, other])
    assert found.outdated == (old,)
    assert found.remarks == ("1 file that could not be read is a photo now: mug/x: y.",)


def test_a_broken_file_that_is_broken_otherwise_or_lies_elsewhere_has_one_finding():
    now = here(*MUGS) | {
        "mug/x": Now("bad2", "mug", is_refused=True),
        "vase/y": Now("bad3", "vase", is_refused=True),
    }
    old = unreadable("mug/x")
    moved = unreadable("mug/y", "bad3")
    assert set(compared(now, stored(*MUGS), [old, moved]).outdated) == {old, moved}


def test_a_broken_file_that_is_gone_loses_its_finding_where_all_came_from_this_source():
    old = unreadable("mug/x")
    assert compared(here(*MUGS), stored(*MUGS), [old]).outdated == (old,)
    assert compared(here(*MUGS), stored(*MUGS) | stored(*VASES, run=SECOND), [old]).outdated == ()


def test_findings_of_other_kinds_and_damaged_photos_of_the_dataset_stay():
    others = [
        Finding("0", "unreadable", 1.0, "This photo is damaged and cannot be opened."),
        Finding("0", "label", 1.0, "mug/0: no"),
    ]
    assert compared(here(*MUGS), stored(*MUGS) | stored(*VASES, run=SECOND), others).outdated == ()


def test_a_single_photo_that_lies_elsewhere_now_is_no_reason_to_merge_its_class():
    cups = [f"cup/{n}" for n in range(11)]
    found = compared(here(*cups, "vase/11", *VASES), stored(*MUGS, *VASES))
    assert [remark.partition(":")[0] for remark in found.remarks] == [
        "11 photos labelled Mug now lie in cup"
    ]
    assert found.settled == {("mug", "cup")}


def test_the_path_in_a_reason_may_hold_a_colon():
    assert path_of(unreadable("a: b: c"), {"a", "a: b", "a: b: c"}) == "a: b: c"
    assert path_of(unreadable("a"), {"b"}) is None
