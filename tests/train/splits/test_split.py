"""No group crosses the line, and the certificate says what is true."""

from collections import Counter
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_cards.dataset.schema import Finding, Label, Photo, Source, Split
from data_cards.errors import LABELS_WANTED, CannotSplit
from train.settings import SplitSettings
from train.splits import split as splitting
from train.splits.certificate import NOTHING_MEASURED
from train.splits.seal import split_dataset
from train.splits.split import ENOUGH, NONE_OF_THESE, Known, leaks_left

VAL_IS_TEST = SplitSettings(val_is_test=True)


def collection(classes=4, photos=20):
    labels = {f"p{c}-{i:02}": f"c{c}" for c in range(classes) for i in range(photos)}
    return list(labels), labels


def split(ids, labels, groups=None, given=None, *, pictured=(), **more):
    chosen = {name: more.pop(name) for name in ("seed", "test", "validation") if name in more}
    known = Known(groups or {}, given or {}, **more)
    return splitting.split(ids, labels, known, SplitSettings(**chosen), pictured)


def sides_of(splits, labels=None, label=None):
    return Counter(
        row.split for name, row in splits.items() if label is None or labels[name] == label
    )


def in_one_go(ids):
    return {name: f"2023-05-05T12:{i // 60:02}:{i % 60:02}" for i, name in enumerate(ids)}


def test_every_class_is_on_every_side_in_the_wanted_shares():
    ids, labels = collection()
    splits, certificate = split(ids, labels)
    for c in range(4):
        assert sides_of(splits, labels, f"c{c}") == {"train": 14, "validation": 2, "test": 4}
    assert certificate.n == {"train": 56, "validation": 8, "test": 16}
    assert (certificate.strength, certificate.untested) == ("strict", ())


def test_a_group_stays_on_one_side_and_counts_as_its_photos():
    ids, labels = collection(2, 12)
    groups = {name: f"{labels[name]}-{int(name[-2:]) // 3}" for name in ids}
    splits, certificate = split(ids, labels, groups)
    for group in set(groups.values()):
        assert len({splits[name].split for name in ids if groups[name] == group}) == 1
    assert (
        certificate.leaks
        == f"0 of {certificate.n['test']} test photos have a near-copy in train or validation"
    )
    assert certificate.grouped_photos == 24


def test_the_same_seed_splits_the_same_and_another_differently():
    ids, labels = collection()
    first, _ = split(ids, labels, seed=1)
    assert split(ids[::-1], labels, seed=1)[0] == first
    assert split(ids, labels, seed=2)[0] != first


def test_a_given_test_stays_and_a_near_copy_in_train_leaves():
    ids, labels = collection(2, 10)
    given_split = {name: "test" if name.endswith(("0", "1")) else "train" for name in ids}
    splits, certificate = split(ids, labels, {"p0-05": "g", "p0-00": "g"}, given_split)
    assert {name for name, row in splits.items() if row.split == "test"} == {
        "p0-00",
        "p0-01",
        "p1-00",
        "p1-01",
    }
    assert "p0-05" not in splits
    assert (certificate.leaks_removed, certificate.removed, certificate.given_test) == (
        1,
        ("p0-05",),
        True,
    )
    assert certificate.leaks.startswith("0 of 4 ")
    assert sides_of(splits)["validation"] == 2, "validation is carved from train when none is given"


def test_a_given_validation_stays():
    ids, labels = collection(2, 10)
    where = {"0": "test", "1": "validation"}
    splits, _ = split(ids, labels, given={name: where.get(name[-1], "train") for name in ids})
    assert {name for name, row in splits.items() if row.split == "validation"} == {"p0-01", "p1-01"}


def test_copies_in_given_train_and_validation_train_together():
    ids, labels = collection(2, 10)
    where = {"0": "test", "1": "validation", "2": "validation"}
    splits, certificate = split(
        ids,
        labels,
        {"p0-01": "g", "p0-07": "g"},
        {name: where.get(name[-1], "train") for name in ids},
    )
    assert splits["p0-01"].split == splits["p0-07"].split == "train"
    assert certificate.moved == 1


def test_a_class_that_came_without_test_photos_is_named_untested():
    ids, labels = collection(2, 10)
    given_split = {name: "test" if name in ("p0-00", "p0-01") else "train" for name in ids}
    _, certificate = split(ids, labels, given=given_split)
    assert certificate.untested == ("c1",)


def test_photos_added_without_a_split_join_a_given_one_for_training():
    ids, labels = collection(2, 10)
    given_split = {
        name: None if name == "p0-09" else "test" if name[-1] in "01" else "train" for name in ids
    }
    splits, _ = split(ids, labels, given=given_split)
    assert splits["p0-09"].split in ("train", "validation")


def test_a_class_in_one_burst_is_cut_in_time_and_called_weak():
    ids, labels = collection(2, 20)
    burst = in_one_go([name for name in ids if labels[name] == "c0"])
    splits, certificate = split(ids, labels, taken_at=burst)
    assert [splits[f"p0-{i:02}"].split for i in range(20)] == ["train"] * 14 + [
        "validation"
    ] * 2 + ["test"] * 4
    assert certificate.weak == ("c0",)
    again = {name: row.split for name, row in splits.items()}
    assert split(ids, labels, taken_at=burst, given=again)[1].weak == ("c0",), (
        "a split that came weak is weak too"
    )
    assert certificate.strength == "weak: same burst on both sides (c0)"


def test_even_a_burst_of_two_leaves_one_to_learn():
    ids, labels = collection(2, 2)
    splits, _ = split(ids, labels, taken_at=in_one_go(ids))
    assert [splits[name].split for name in ids] == ["train", "test"] * 2


def test_bursts_stay_whole_where_a_class_has_several():
    ids, labels = collection(2, 20)
    taken = {
        name: f"2023-05-{1 + int(name[-2:]) // 4:02}T12:00:{int(name[-2:]) % 4:02}" for name in ids
    }
    splits, certificate = split(ids, labels, taken_at=taken)
    for name in ids:
        assert splits[name].split == splits[f"{name[:3]}{int(name[-2:]) // 4 * 4:02}"].split
    assert certificate.strength == "strict"


def test_a_class_whose_photos_are_all_copies_is_kept_in_train_and_named():
    ids, labels = collection(3, 10)
    splits, certificate = split(ids, labels, {name: "g" for name in ids if labels[name] == "c1"})
    assert sides_of(splits, labels, "c1") == {"train": 10}
    assert certificate.kept_in_train == certificate.untested == ("c1",)


def test_two_photos_are_one_to_learn_and_one_to_test():
    ids, labels = collection(2, 2)
    splits, _ = split(ids, labels)
    assert sides_of(splits, labels, "c0") == {"train": 1, "test": 1}


def test_a_single_photo_is_learned():
    ids, labels = collection(2, 5)
    splits, certificate = split([*ids, "x"], {**labels, "x": "rare"})
    assert splits["x"].split == "train" and certificate.kept_in_train == ("rare",)


def test_photos_of_nothing_have_a_stratum_of_their_own():
    ids, labels = collection(2, 10)
    nothing = [f"n{i}" for i in range(10)]
    splits, certificate = split([*ids, *nothing], {**labels, **dict.fromkeys(nothing)})
    assert sides_of({name: splits[name] for name in nothing}) == {
        "train": 7,
        "validation": 1,
        "test": 2,
    }
    assert certificate.per_class[NONE_OF_THESE] == {"train": 7, "validation": 1, "test": 2}


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({}, "nothing to split"),
        ({"a": None}, "nothing to split"),
        ({"a": "x", "b": "x"}, "at least two"),
    ],
)
def test_too_little_is_said_in_a_sentence(labels, words):
    with pytest.raises(CannotSplit, match=words) as refused:
        split(list(labels), labels)
    assert refused.value.exit_code == LABELS_WANTED and "serve --dataset" in str(refused.value)


def test_one_photo_each_is_learned_from_and_nothing_can_be_measured():
    splits, certificate = split(["a", "b"], {"a": "x", "b": "y"})
    assert sides_of(splits) == {"train": 2}
    assert certificate.leaks == NOTHING_MEASURED and certificate.untested == ("x", "y")


def test_photos_of_one_thing_are_enough_where_another_has_a_reference_picture():
    splits, _ = split(["a"], {"a": "x"}, given={"a": "test"}, pictured=["x", "y"])
    assert sides_of(splits) == {"test": 1}


def test_nothing_but_copies_cannot_be_tested():
    ids, labels = collection(2, 3)
    with pytest.raises(CannotSplit, match="copies of one"):
        split(ids, labels, labels)


def test_leaks_are_counted_from_the_finished_splits():
    rows = [
        Split("a", "g", "test"),
        Split("b", "g", "train"),
        Split("c", "h", "test"),
        Split("d", "i", "validation"),
    ]
    assert leaks_left({row.image_id: row for row in rows}).startswith("1 of 2 ")


@st.composite
def piles(draw):
    n = draw(st.integers(4, 40))
    ids = [f"p{i:02}" for i in range(n)]

    def each(values):
        return dict(zip(ids, draw(st.lists(values, min_size=n, max_size=n)), strict=True))

    times = ["", "2023-05-05T12:00:00", "2023-05-05T12:00:30", "2023-05-07T12:00:00"]
    return {
        "ids": ids,
        "labels": each(st.sampled_from(["a", "b", "c", None])),
        "groups": each(st.sampled_from("123456789")),
        "taken_at": each(st.sampled_from(times)),
        "given": each(st.sampled_from([None, "train", "validation", "test"]))
        if draw(st.booleans())
        else {},
        "seed": draw(st.integers(0, 5)),
    }


@settings(max_examples=300, deadline=None)
@given(piles())
def test_whatever_the_pile_no_group_crosses_the_line(pile):
    try:
        splits, certificate = split(**pile)
    except CannotSplit:
        return
    sides = {}
    for name, row in splits.items():
        assert row.group == pile["groups"][name]
        assert sides.setdefault(row.group, row.split) == row.split
    assert set(splits) | set(certificate.removed) == set(pile["ids"])
    if certificate.carved_from.get("train") != "test":
        assert {name for name, side in pile["given"].items() if side == "test"} <= {
            name for name, row in splits.items() if row.split == "test"
        }
    assert sum(certificate.n.values()) == len(splits)
    assert sum(sum(counts.values()) for counts in certificate.per_class.values()) == len(splits)
    assert certificate.leaks == leaks_left(splits)
    assert (
        certificate.leaks.startswith("0 of ")
        if certificate.n["test"]
        else certificate.leaks == NOTHING_MEASURED
    )
    held = {name: row.split for name, row in splits.items()}
    tested = {name for name, side in held.items() if side == "test"}
    again, _ = split(**pile | {"seed": 9}, held=held)
    assert tested == {name for name, row in again.items() if row.split == "test" and name in held}


def test_a_dataset_is_split_as_it_is_labelled_now():
    names = [f"p{i}" for i in range(12)]
    labels = {n: Label(n, "a" if i < 6 else "b", "labelled") for i, n in enumerate(names)}
    labels["p0"], labels["p1"] = Label("p0", "a", "duplicate"), Label("p1", None, "none_of_these")
    photos = {n: Photo(n, 1, 1, (Source(path=f"{n}.jpg"),)) for n in names}
    dataset = SimpleNamespace(
        photos=lambda: photos,
        labels=lambda: labels,
        splits=dict,
        ledger=list,
        references=frozenset,
        findings=lambda: [Finding("p2", "near_duplicate", 1.0, "", related=("p3",))],
    )
    splits, certificate = split_dataset(dataset)
    assert "p0" not in splits and "p1" in splits
    assert splits["p2"].group == splits["p3"].group
    assert certificate.per_class[NONE_OF_THESE] == {"train": 1}


def test_a_photo_that_came_for_training_and_for_the_test_is_a_test_photo():
    names = [f"p{i}" for i in range(8)]
    sources = {n: (Source(given_split="train"),) for n in names}
    sources["p0"] = (Source(given_split="train"), Source(given_split="test"))
    dataset = SimpleNamespace(
        photos=lambda: {n: Photo(n, 1, 1, sources[n]) for n in names},
        findings=list,
        splits=dict,
        ledger=list,
        references=frozenset,
        labels=lambda: {n: Label(n, "ab"[i % 2], "labelled") for i, n in enumerate(names)},
    )
    splits, _ = split_dataset(dataset)
    assert [n for n, row in splits.items() if row.split == "test"] == ["p0"]


def test_a_second_split_keeps_what_is_sealed_and_places_what_is_new():
    names = [f"p{i:02}" for i in range(24)]
    photos = {n: Photo(n, 1, 1, ()) for n in names}
    labels = {n: Label(n, "ab"[i % 2], "labelled") for i, n in enumerate(names)}
    first = SimpleNamespace(
        photos=lambda: dict(list(photos.items())[:20]),
        labels=lambda: labels,
        findings=list,
        splits=dict,
        ledger=list,
        references=frozenset,
    )
    before, _ = split_dataset(first)
    second = SimpleNamespace(
        photos=lambda: photos,
        labels=lambda: labels,
        findings=list,
        splits=lambda: before,
        ledger=list,
        references=frozenset,
    )
    after, certificate = split_dataset(second, SplitSettings(seed=9))
    assert {n: after[n] for n in before} == before
    assert {after[n].split for n in names[20:]} <= {"train", "validation"}
    assert not certificate.given_test


def test_single_photos_do_not_crowd_the_test_where_most_photos_come_in_bursts():
    bursts = [
        (f"{c}-burst{b}-{k}", c, f"{c}-burst{b}") for c in "ab" for b in range(8) for k in range(5)
    ]
    singles = [(f"{c}-single{k}", c, f"{c}-single{k}") for c in "ab" for k in range(6)]
    ids = [row[0] for row in bursts + singles]
    labels = {row[0]: row[1] for row in bursts + singles}
    groups = {row[0]: row[2] for row in bursts + singles}
    tested = [
        name
        for seed in range(20)
        for name, row in split(ids, labels, groups, seed=seed)[0].items()
        if row.split == "test"
    ]
    share = sum("single" in name for name in tested) / len(tested)
    assert share < 0.25  # they are 13 % of the photos


def many(of_each=40, classes=70, burst=4):
    """Photos of many things, each taken in bursts: (ids, labels, moments)."""
    ids = [f"p{c:02}-{n:02}" for c in range(classes) for n in range(of_each)]
    at = {
        name: f"2026-03-{1 + int(name[4:]) // burst:02}T10:00:{int(name[4:]) % burst:02}"
        for name in ids
    }
    return ids, {name: name[:3] for name in ids}, at


def test_of_a_large_collection_about_two_hundred_photos_steer_and_the_others_are_learned_from():
    ids, labels, at = many()
    certificate = split(ids, labels, taken_at=at)[1]
    assert abs(certificate.n["validation"] - ENOUGH) < 10 and certificate.n["test"] == 560
    counts = [certificate.per_class[label].get("validation", 0) for label in set(labels.values())]
    assert set(counts) == {0, 4}, "whole bursts, of some of the classes"
    asked = split(ids, labels, taken_at=at, validation=0.1)[1]
    assert asked.n["validation"] == 280, (
        "what the owner asks for is given, and each class gives its share"
    )


def test_validation_photos_that_came_with_a_large_collection_stay_and_are_enough():
    ids, labels, at = many()
    where = {
        name: "validation" if name[4:] < "04" else "test" if name[4:] < "08" else None
        for name in ids
    }
    splits, certificate = split(ids, labels, given=where, taken_at=at)
    assert (
        certificate.n["validation"]
        == 280
        == sum(where[name] == "validation" == row.split for name, row in splits.items())
    )


def test_a_large_collection_that_grows_keeps_its_sides():
    ids, labels, at = many()
    labels |= dict.fromkeys(nothing := [f"none{n:02}" for n in range(30)])
    before, _ = split([*ids[:2000], *nothing], labels, taken_at=at)
    assert sum(before[name].split == "validation" for name in nothing) == 3, (
        "what nobody knows is judged by its own"
    )
    after, certificate = split(
        [*ids, *nothing],
        labels,
        given={name: row.split for name, row in before.items()},
        taken_at=at,
    )
    assert {name: after[name].split for name in before} == {
        name: row.split for name, row in before.items()
    }
    assert certificate.n["validation"] == sum(row.split == "validation" for row in before.values())


def sided(photos_of_side, classes=("c0", "c1")):
    """Photos that came with these sides, so many of each class: (ids, labels, given)."""
    ids = []
    labels = {}
    given_split = {}
    for label in classes:
        for side, photos in photos_of_side.items():
            for number in range(photos):
                name = f"{label}-{side}-{number:02}"
                ids.append(name)
                labels[name], given_split[name] = label, side
    return ids, labels, given_split


@pytest.mark.parametrize(
    ("came", "carved"),
    [
        ({"train": 16, "validation": 4}, {"test": "train"}),
        ({"train": 20}, {"validation": "train", "test": "train"}),
        ({"train": 16, "test": 4}, {"validation": "train"}),
        ({"train": 12, "validation": 4, "test": 4}, {}),
        ({"validation": 20}, {"train": "validation", "test": "validation"}),
        ({None: 20}, {}),
        ({"test": 20}, {"train": "test", "validation": "test"}),
        ({"validation": 16, "test": 4}, {"train": "validation"}),
        ({None: 16, "validation": 4}, {}),
        ({None: 16, "test": 4}, {}),
        ({None: 10, "train": 10}, {"validation": "train", "test": "train"}),
    ],
)
def test_a_side_that_did_not_come_is_carved_from_one_that_did(came, carved):
    ids, labels, given_split = sided(came)
    splits, certificate = split(ids, labels, given=given_split)
    assert certificate.carved_from == carved
    assert certificate.given_test is ("test" in came and carved.get("train") != "test")
    for label in ("c0", "c1"):
        assert set(sides_of(splits, labels, label)) == {"train", "validation", "test"}
    may_leave = {
        "train": {"test", "validation"} & carved.keys(),
        **{
            source: carved.keys() | {"train", "test"}
            for source in carved.values()
            if source != "train"
        },
    }
    for name, row in splits.items():
        side = given_split[name]
        assert side is None or row.split == side or row.split in may_leave[side]
    assert all(source in certificate.carved for source in carved.values()) and bool(
        certificate.carved
    ) is bool(carved)


def test_a_test_that_is_carved_from_given_train_photos_parts_no_near_copies():
    ids, labels, given_split = sided({"train": 16, "validation": 4})
    groups = {
        name: f"{labels[name]}-{int(name[-2:]) // 4}" for name in ids
    }  # reaching into the validation, too
    splits, certificate = split(ids, labels, groups, given_split)
    assert (
        certificate.leaks
        == f"0 of {certificate.n['test']} test photos have a near-copy in train or validation"
    )
    assert certificate.n["test"] == 8 and not certificate.removed
    for group in set(groups.values()):
        assert len({splits[name].split for name in ids if groups[name] == group}) == 1


def test_a_split_for_some_classes_only_leaves_the_others_to_be_divided():
    ids, labels, given_split = sided({"train": 10, "test": 3}, ["c0"])
    more, names, _ = sided({None: 20}, ["c1"])
    splits, certificate = split([*ids, *more], labels | names, given=given_split)
    assert sides_of(splits, labels | names, "c1") == {"train": 14, "validation": 2, "test": 4}
    assert {name for name, row in splits.items() if row.split == "test" and name in labels} == {
        name for name in ids if given_split[name] == "test"
    }
    assert certificate.given_test


def test_a_class_without_test_photos_is_tested_where_no_class_has_any():
    ids, labels, given_split = sided({"train": 10, "validation": 2}, ["c0"])
    more, names, given_more = sided({"train": 10}, ["c1"])
    _, certificate = split([*ids, *more], labels | names, given=given_split | given_more)
    assert certificate.untested == () and certificate.per_class["c1"]["test"] == 2


def test_test_photos_alone_stay_where_reference_pictures_are_learned_from():
    ids, labels, given_split = sided({"test": 4})
    assert set(sides_of(split(ids, labels, given=given_split, pictured=["c0", "c1"])[0])) == {
        "test"
    }
    assert set(sides_of(split(ids, labels, given=given_split, pictured=["c0"])[0])) == {
        "test",
        "train",
        "validation",
    }


def test_photos_that_an_earlier_split_placed_are_no_test_later():
    ids, labels, given_split = sided({"train": 1})
    before, _ = split(ids, labels, given=given_split)
    assert sides_of(before) == {"train": 2}
    more, names, given_more = sided({"validation": 2, None: 9})
    sealed = {name: row.split for name, row in before.items()}
    after, certificate = split(
        [*ids, *more], labels | names, given=given_split | given_more, held=sealed
    )
    assert {name: after[name].split for name in ids} == sealed
    assert certificate.n["test"] >= 2 and certificate.carved_from == {"test": "train"}


def test_what_was_carved_stays_and_is_still_told_after_a_second_split():
    ids, labels, given_split = sided({"train": 16, "validation": 4})
    before, first = split(ids, labels, given=given_split)
    more, names, given_more = sided({"train": 30}, ["c2"])
    after, second = split(
        [*ids, *more],
        labels | names,
        given=given_split | given_more,
        held={name: row.split for name, row in before.items()},
    )
    assert {
        name: after[name] for name in before
    } == before and second.carved_from == first.carved_from
    assert second.per_class["c2"]["test"] == 6, (
        "a class that comes later is tested as the others are"
    )


def test_where_only_the_validation_differs_the_sentence_names_the_flag():
    ids, labels, given_split = sided({"train": 3, "validation": 3})
    groups = {name: labels[name] for name in ids if given_split[name] == "train"}
    with pytest.raises(CannotSplit, match="--val-is-test"):
        split(ids, labels, groups, given_split)


def dataset_with(given_split, labels, held=()):
    """What `split_dataset` asks of a dataset, in memory."""
    return SimpleNamespace(
        photos=lambda: {
            name: Photo(name, 1, 1, (Source(given_split=side),))
            for name, side in given_split.items()
        },
        labels=lambda: {name: Label(name, label, "labelled") for name, label in labels.items()},
        findings=list,
        splits=lambda: dict(held),
        ledger=list,
        references=frozenset,
    )


def test_given_validation_photos_are_the_test_when_the_owner_says_so():
    _, labels, given_split = sided({"train": 16, "validation": 4})
    splits, certificate = split_dataset(dataset_with(given_split, labels), VAL_IS_TEST)
    assert {name for name, row in splits.items() if row.split == "test"} == {
        name for name, side in given_split.items() if side == "validation"
    }
    assert certificate.given_test and certificate.carved_from == {"validation": "train"}
    again, _ = split_dataset(dataset_with(given_split, labels, splits.items()), VAL_IS_TEST)
    assert again == splits, "the same command once more changes nothing"


def test_a_test_that_came_is_the_test_whatever_becomes_of_the_validation():
    _, labels, given_split = sided({"train": 12, "validation": 4, "test": 4})
    splits, _ = split_dataset(dataset_with(given_split, labels), VAL_IS_TEST)
    assert {name: row.split for name, row in splits.items()} == given_split


def test_a_sealed_validation_does_not_become_the_test():
    _, labels, given_split = sided({"train": 16, "validation": 4})
    splits, _ = split_dataset(dataset_with(given_split, labels))
    with pytest.raises(CannotSplit, match="too late"):
        split_dataset(dataset_with(given_split, labels, splits.items()), VAL_IS_TEST)
