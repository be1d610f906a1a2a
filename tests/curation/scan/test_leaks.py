"""What crosses the line to the test is told, with what it was seen by; what is only near is a
proposal."""

from dataclasses import replace

import pytest

from curation.issues.out_of_fold import Opinions
from curation.measures.measure import Looks
from curation.near_duplicates.groups import Pair
from curation.near_duplicates.in_dataset import Copies
from curation.scan.context import ScanContext
from curation.scan.leaks import leaks
from data_cards.annotations.decision import decide
from data_cards.annotations.ledger import Ledger
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.schema import Label, Photo, Source, Split
from train.splits.groups import PROPOSED

THINGS = Collection(
    name="fort",
    title="Forts",
    classes=(ClassInfo("agra", "Agra Fort"), ClassInfo("amber", "Amber")),
)


def context_with(**sources):
    photos = {
        name: Photo(name, 400, 300, given if isinstance(given, tuple) else (given,))
        for name, given in sources.items()
    }
    labels = {
        name: Label(name, photo.sources[0].given_label, "labelled")
        for name, photo in photos.items()
    }
    looks = Looks({}, frozenset(), 0)
    copies = Copies({}, (), {}, 0)
    return ScanContext(THINGS, photos, labels, {}, Ledger(), looks, copies, Opinions(), "r1")


def source(split, path="x.jpg", at="", label="agra", second=None):
    return Source(path, label, split, taken_at=at, second=second)


def burst(gap="01", **changes):
    return context_with(
        a=source("test", "1.jpg", "2026-01-01T10:00:00"),
        b=source("train", "2.jpg", f"2026-01-01T10:00:{gap}", **changes),
    )


def told(context):
    return {one.image_id: one for one in leaks(context)}


def test_a_file_on_both_sides_names_both_files_and_itself():
    one = told(context_with(a=(source("train", "train/1.jpg"), source("test", "test/9.jpg"))))["a"]
    assert one.reason.startswith(
        "The same file came in for training (train/1.jpg) and for the test (test/9.jpg). "
    )
    assert one.reason.endswith("there is nothing to do.")
    assert (one.score, one.related) == (1.0, ("a",))


def test_every_leak_points_at_the_photo_it_gives_away():
    context = context_with(a=source("train"), b=source("test"), c=source("train"))
    pairs = {
        ("a", "b"): Pair("a", "b", 0.95, "edited", True),
        ("a", "c"): Pair("a", "c", 0.95, "edited", True),
    }
    found = told(replace(context, copies=Copies(pairs, (), dict.fromkeys("abc", "a"), 0)))
    assert {name: one.related for name, one in found.items()} == {"a": ("b",), "c": ("b",)}
    assert (
        found["c"].reason.startswith("A copy of its copies is in the test")
        and found["c"].score > PROPOSED
    )


def test_the_next_photo_of_a_burst_is_a_proposal():
    one = told(burst())["b"]
    assert (one.score, one.related) == (PROPOSED, ("a",)) and "taken 1 s apart" in one.reason


@pytest.mark.parametrize("context", [burst("09"), burst(label="amber")])
def test_later_or_of_another_thing_is_no_burst(context):
    assert told(context) == {}


def test_the_next_frame_of_a_clip_is_a_proposal():
    context = context_with(
        a=source("test", "dog.mp4", second=4.0),
        b=source("train", "dog.mp4", second=5.0),
        c=source("train", "cat.mp4", second=4.0),
        d=source("train", "dog.mp4", second=9.0),
    )
    assert set(told(context)) == {"b"}


def test_somebody_who_said_that_two_are_no_copies_is_not_asked_again():
    context = burst()
    assert (
        told(replace(context, ledger=Ledger((decide("asha", "b", "not_duplicate", other="a"),))))
        == {}
    )


def visitor_beside_test():
    context = context_with(a=source("test"), b=replace(source(None), origin="visitor"))
    pair = Pair("a", "b", 0.95, "re-encoded", True)
    return replace(
        context, copies=Copies({("a", "b"): pair}, (("a", "b"),), dict.fromkeys("ab", "a"), 0)
    )


def test_a_visitors_copy_of_a_test_photo_is_told_though_it_has_no_side_yet():
    assert told(visitor_beside_test())["b"].related == ("a",)


@pytest.mark.parametrize("status", ["junk", "duplicate"])
def test_what_was_set_aside_is_not_learned_and_leaks_nothing(status):
    context = visitor_beside_test()
    assert told(replace(context, labels={**context.labels, "b": Label("b", "agra", status)})) == {}


def test_what_the_split_left_out_is_not_told_again_until_it_is_taken_in():
    context = context_with(a=source("train"), b=source("test"))
    context = replace(
        context, copies=Copies({("a", "b"): Pair("a", "b", 0.95, "edited", True)}, (), {}, 0)
    )
    split = replace(context, removed=frozenset("a"), splits={"b": Split("b", "b", "test")})
    assert set(told(context)) == {"a"} and told(split) == {}
    taken_in = {**split.splits, "a": Split("a", "a", "train")}
    assert set(told(replace(split, splits=taken_in))) == {"a"}


def test_what_looks_like_a_test_photo_stays_out_of_training_and_says_so():
    context = context_with(a=source("train"), b=source("test"))
    alike = {("a", "b"): Pair("a", "b", 0.6, "looks-alike", False)}
    found = told(replace(context, copies=Copies({}, (), dict.fromkeys("ab", "a"), 0, alike)))
    assert found["a"].related == ("b",) and found["a"].reason.startswith("Looks like another photo")
    assert (
        "unless you say that they differ" in found["a"].reason and PROPOSED < found["a"].score < 1
    )
