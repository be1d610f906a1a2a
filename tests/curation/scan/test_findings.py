"""What was learned becomes findings that a person understands."""

from dataclasses import replace

import pytest

from curation.active_learning.to_label import Ask
from curation.issues.out_of_fold import Doubt, Opinions
from curation.light_table.session.queue import pile_of
from curation.measures.measure import Looks
from curation.measures.pixels import Measures
from curation.near_duplicates.groups import Pair
from curation.near_duplicates.in_dataset import Copies
from curation.scan.context import ScanContext
from curation.scan.findings import REMARK, findings_of
from data_cards.annotations.decision import decide
from data_cards.annotations.ledger import Ledger
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.schema import Label, Opinion, Photo, Source, Split
from train.splits.groups import PROPOSED, groups_from_findings

THINGS = Collection(
    name="fort",
    title="Forts",
    classes=(ClassInfo("agra", "Agra Fort"), ClassInfo("amber", "Amber")),
)


def photo(name, *sources):
    return Photo(name, 400, 300, sources or (Source(f"{name}.jpg", "agra", "train"),))


@pytest.fixture
def context():
    photos = {name: photo(name) for name in "abc"}
    return ScanContext(
        THINGS,
        photos,
        {name: Label(name, "agra", "labelled") for name in "abc"},
        {},
        Ledger(),
        Looks({}, frozenset(), 0),
        Copies({}, (), {}, 0),
        Opinions(),
        "r1",
    )


def told(context):
    return {(one.kind, one.image_id): one for one in findings_of(context, "s1")}


def with_pair(context, score=0.97):
    pair = Pair("a", "b", score, "edited", True)
    return replace(context, copies=Copies({("a", "b"): pair}, (("b", "a"),), {}, 1))


def test_nothing_wrong_is_nothing_to_report(context):
    assert told(context) == {}


def test_a_doubt_names_the_likely_class_and_who_speaks_for_it(context):
    opinions = Opinions(
        (Opinion("a", ("amber",), (0.9,), ("b", "c")),),
        {"a": Doubt("a", 0.8, "amber", 0.02)},
        frozenset("a"),
    )
    labels = {**context.labels, "b": Label("b", "amber", "labelled")}
    one = told(replace(context, opinions=opinions, labels=labels))["label", "a"]
    assert (
        one.reason
        == "The model gives this label only a 2 % chance. One of its two nearest photos is *Amber*, one has its "
        "label."
    )
    assert (one.given_label, one.suggested_label, one.related, one.scan_id) == (
        "agra",
        "amber",
        ("b",),
        "s1",
    )


def test_none_of_these_is_suggested_in_words_only(context):
    opinions = Opinions((Opinion("a"),), {"a": Doubt("a", 0.8, "none", 0.02)}, frozenset("a"))
    assert told(replace(context, opinions=opinions))["label", "a"].suggested_label is None


def test_a_copy_points_at_its_representative(context):
    assert told(with_pair(context))["near_duplicate", "a"].related == ("b",)


def test_copies_under_two_labels_are_a_certain_error(context):
    context = with_pair(
        replace(context, labels={**context.labels, "b": Label("b", "amber", "labelled")})
    )
    one = told(context)["label", "a"]
    said = (
        "The same shot is labelled *Agra Fort* here and *Amber* there; at least one of the two is "
        "wrong."
    )
    assert (one.score, one.suggested_label, one.reason) == (1, "amber", said)
    assert told(context)["near_duplicate", "a"].score == 1, (
        "in the pile of copies it comes first too"
    )


def test_of_copies_that_differ_the_label_that_fewer_wear_is_asked_about(context):
    pairs = {names: Pair(*names, 0.97, "edited", True) for names in (("a", "b"), ("a", "c"))}
    labels = {**context.labels, "a": Label("a", "amber", "labelled")}
    context = replace(
        context,
        labels=labels,
        copies=Copies(pairs, (("a", "b", "c"),), dict.fromkeys("abc", "a"), 1),
    )
    assert {name for kind, name in told(context) if kind == "label"} == {"a"}
    kept = replace(context, ledger=Ledger((decide("asha", "a", "keep"),)))
    assert {name for kind, name in told(kept) if kind == "label"} == {"b", "c"}, (
        "somebody vouched for a"
    )


def test_no_mere_doubt_comes_before_a_certain_error(context):
    opinions = Opinions(
        (Opinion("a", ("amber",), (0.9,), ("b", "c")),),
        {"a": Doubt("a", 1.0, "amber", 0.0)},
        frozenset("a"),
    )
    assert told(replace(context, opinions=opinions))["label", "a"].score < 1


def test_one_picture_under_three_labels_is_a_placeholder(context):
    pairs = {names: Pair(*names, 0.97, "re-encoded", True) for names in (("a", "b"), ("a", "c"))}
    labels = {
        name: Label(name, label, "labelled")
        for name, label in zip("abc", ("agra", "amber", "bidar"), strict=True)
    }
    found = told(
        replace(
            context,
            labels=labels,
            copies=Copies(pairs, (("a", "b", "c"),), dict.fromkeys("abc", "a"), 1),
        )
    )
    assert "has 3 labels (*Agra Fort*, *Amber*, *bidar*)" in found["quality", "b"].reason
    assert not any(kind == "label" for kind, _ in found), "none of its labels is worth a question"


def test_a_file_that_is_not_what_its_name_says_is_a_remark_beside_other_trouble(context):
    looks = Looks({"a": Measures(40, 30, 200, 200, 0.5, format="WEBP")}, frozenset(), 0)
    found = [
        one for one in findings_of(replace(context, looks=looks), "s1") if one.kind == "quality"
    ]
    assert [one.score > REMARK for one in found] == [True, False]
    assert found[1].reason.startswith("a.jpg is a WEBP file, though its name ends in .jpg.")
    assert pile_of(found[0]) == "quality" and pile_of(found[1]) is None, "nobody is asked about it"


def test_a_shortcut_names_the_class_and_shows_photos_of_it(context):
    names = [f"{label[:2]}{n}" for label in ("agra", "amber") for n in range(20)]
    photos = {name: photo(name) for name in names}
    labels = {
        name: Label(name, "agra" if name.startswith("ag") else "amber", "labelled")
        for name in names
    }
    looks = Looks(
        {
            name: Measures(180 if name.startswith("ag") else 600, 900, 200, 200, 0.5)
            for name in names
        },
        frozenset(),
        0,
    )
    found = [
        one
        for one in findings_of(replace(context, photos=photos, labels=labels, looks=looks), "s1")
        if one.kind == "shortcut" and one.given_label == "agra"
    ]
    sizes = next(one for one in found if "short side" in one.reason)
    assert (
        sizes.reason.startswith("All 20 photos of *Agra Fort* are at most 180 pixels")
        and len(sizes.related) == 12
    )
    assert (
        len({one.reason for one in found}) == len(found) > 1
        and len({one.image_id for one in found}) == 1
    )


def test_two_groups_that_touch_are_still_told(context):
    pairs = {
        names: Pair(*names, 0.95, "edited", True) for names in (("a", "b"), ("b", "c"), ("c", "d"))
    }
    photos = {name: photo(name) for name in "abcd"}
    found = told(
        replace(context, photos=photos, copies=Copies(pairs, (("a", "b"), ("c", "d")), {}, 0))
    )
    assert {one.related[0] for (kind, _), one in found.items() if kind == "near_duplicate"} == {
        "a",
        "b",
        "c",
    }


def test_a_copy_across_the_test_is_a_leak_of_the_photo_to_learn_from(context):
    context = with_pair(
        replace(
            context, photos={**context.photos, "b": photo("b", Source("b.jpg", "agra", "test"))}
        )
    )
    one = told(context)["leak", "a"]
    assert (
        one.related == ("b",) and "in the test" in one.reason and ("leak", "b") not in told(context)
    )
    split = {"a": Split("a", "b", "test"), "b": Split("b", "b", "test")}
    assert ("leak", "a") not in told(replace(context, splits=split)), (
        "the split that was made counts, not the given one"
    )


def test_one_file_in_train_and_test_is_a_leak(context):
    both = photo("a", Source("1.jpg", "agra", "train"), Source("2.jpg", "agra", "test"))
    assert ("leak", "a") in told(replace(context, photos={**context.photos, "a": both}))


def test_one_file_under_two_labels_is_shown_until_somebody_decides(context):
    both = photo("a", Source("1.jpg", "agra"), Source("2.jpg", "amber"))
    context = replace(context, photos={**context.photos, "a": both})
    assert told(context)["exact_duplicate", "a"].suggested_label == "amber"
    assert told(replace(context, ledger=Ledger((decide("asha", "a", "keep"),)))) == {}


def test_photos_set_aside_are_left_in_peace(context):
    looks = Looks({"a": Measures(40, 30, 200, 200, 0.5)}, frozenset(), 0)
    assert ("quality", "a") in told(replace(context, looks=looks))
    junk = {**context.labels, "a": Label("a", None, "junk")}
    assert told(replace(context, looks=looks, labels=junk)) == {}


def test_an_unlabelled_photo_is_asked_for(context):
    labels = {**context.labels, "a": Label("a", None, "unlabelled")}
    opinions = Opinions((Opinion("a", ("amber",), (0.43,), ()),))
    one = told(replace(context, labels=labels, opinions=opinions))["unlabelled", "a"]
    assert one.reason == "Nobody has labelled this yet. The model would say *Amber* (43 %)."
    assert one.suggested_label == "amber"


def test_a_disputed_photo_names_its_classes_once_and_scores_as_it_was_asked_for(context):
    labels = {**context.labels, "a": Label("a", None, "unlabelled")}
    asks = {"a": Ask(0.9, "Half-informed models disagree about it: *Agra Fort* or *Amber*.", True)}
    opinions = Opinions((Opinion("a", ("amber",), (0.43,), ()),))
    one = told(replace(context, labels=labels, opinions=opinions, asks=asks))["unlabelled", "a"]
    assert (one.score, one.reason, one.suggested_label) == (0.9, asks["a"].reason, "amber")


def test_a_stranger_is_a_question_of_quality_unless_what_is_wrong_with_the_photo_explains_it(
    context,
):
    far = replace(
        context,
        strangers={"a": 2.34},
        looks=Looks({"a": Measures(400, 300, 200, 200, 0.5)}, frozenset(), 0),
    )
    one = told(far)["quality", "a"]
    assert (
        one.reason.startswith("Unlike the rest of this collection: 2.3 times as far")
        and 0.05 < one.score < 0.5
    )
    tiny = replace(far, looks=Looks({"a": Measures(40, 30, 200, 200, 0.5)}, frozenset(), 0))
    assert told(tiny)["quality", "a"].reason.startswith("Tiny")
    assert told(replace(far, ledger=Ledger((decide("ann", "a", "keep"),)))) == {}


def test_photos_that_look_alike_are_asked_about_by_pairs_that_hold_all_of_them_together(context):
    context = replace(
        context,
        photos={name: photo(name) for name in "abcde"},
        labels={name: Label(name, "agra", "labelled") for name in "abcde"},
    )
    alike = {
        names: Pair(*names, score, "looks-alike", False)
        for names, score in {
            ("a", "b"): 0.6,
            ("a", "c"): 0.8,
            ("b", "c"): 0.7,
            ("d", "e"): 0.55,
        }.items()
    }
    found = {
        one.image_id: one
        for one in findings_of(replace(context, copies=Copies({}, (), {}, 0, alike)), "s1")
    }
    assert {name: one.related for name, one in found.items()} == {
        "c": ("a",),
        "b": ("c",),
        "e": ("d",),
    }
    assert all(PROPOSED < one.score < 0.6 and one.kind == "looks_alike" for one in found.values())
    groups = groups_from_findings("abcde", found.values())
    assert groups["a"] == groups["b"] == groups["c"] != groups["d"] == groups["e"]


def test_photos_that_look_alike_may_have_two_labels(context):
    alike = {("a", "b"): Pair("a", "b", 0.6, "looks-alike", False)}
    context = replace(
        context,
        labels={**context.labels, "b": Label("b", "amber", "labelled")},
        copies=Copies({}, (), {}, 0, alike),
    )
    assert list(told(context)) == [("looks_alike", "b")]
