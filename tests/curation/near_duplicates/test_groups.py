"""Proposals, verdicts and groups that do not chain."""

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.measures.fingerprint import Match
from curation.near_duplicates.groups import Pair, group, propose_alike, verdict


def pairs(*names, kind="edited"):
    return [Pair(one, other, 0.95, kind, True) for one, other in names]


def same_worth(photo):
    return (1.0,)


def test_neighbours_are_proposed_and_nobody_is_a_neighbour_of_itself():
    x = np.array([[1, 0, 0.0], [0.99, 0.1, 0], [0, 1, 0], [0, 0.99, 0.1]])
    assert propose_alike("abcd", x, neighbours=1) == {("a", "b"), ("c", "d")}


def test_what_is_not_alike_at_all_is_not_proposed():
    x = np.array([[1, 0, 0.0], [0, 1, 0], [0, 0, 1]])
    assert propose_alike("abc", x) == set() == propose_alike("a", x[:1])


def test_a_verdict_follows_the_dial():
    match = Match(0.8, "edited")
    assert not verdict("b", "a", match, 0.9).verdict and verdict("b", "a", match, 0.7).verdict
    assert (verdict("b", "a", match).a, verdict("b", "a", match).b) == ("a", "b")


def test_the_best_photo_represents_its_group():
    groups, _ = group(pairs("ab", "ac", "bc"), lambda photo: (float(photo == "b"),))
    assert groups == [["b", "a", "c"]]


def test_groups_do_not_chain_from_neighbour_to_neighbour():
    asked = []

    def disagrees(one, other):
        asked.append((one, other))
        return Pair(min(one, other), max(one, other), 0.2, "same-scene", False)

    groups, checked = group(pairs("ab", "bc", "cd", "de"), same_worth, disagrees)
    linked = {frozenset(names) for names in ("ab", "bc", "cd", "de")}
    assert groups and all(
        frozenset((one[0], member)) in linked for one in groups for member in one[1:]
    )
    assert len(checked) == len(asked) > 0


def test_a_member_that_was_not_proposed_is_checked_against_the_representative():
    def agrees(one, other):
        return Pair(min(one, other), max(one, other), 0.96, "edited", True)

    groups, _ = group(pairs("ab", "bc", "cd"), same_worth, agrees)
    assert [sorted(members) for members in groups] == [["a", "b", "c", "d"]]


def test_nobody_is_in_two_groups_and_nobody_is_alone_in_one():
    groups, _ = group(pairs("ab", "bc", "cd", "de", "ef", "xy"), same_worth)
    members = [photo for one in groups for photo in one]
    assert len(members) == len(set(members)) and all(len(one) > 1 for one in groups)


def test_pairs_below_the_dial_make_no_group():
    assert group([Pair("a", "b", 0.5, "edited", False)], same_worth) == ([], [])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    agreeing=st.sets(st.sampled_from(list(combinations("abcdefgh", 2)))),
    seen=st.integers(0, 2**28 - 1),
)
def test_every_member_of_a_group_agrees_with_its_representative(agreeing, seen):
    def check(one, other):
        a, b = sorted((one, other))
        return Pair(a, b, 0.95 if (a, b) in agreeing else 0.2, "edited", (a, b) in agreeing)

    proposed = [names for n, names in enumerate(combinations("abcdefgh", 2)) if seen >> n & 1]
    groups, _ = group([check(*names) for names in proposed], same_worth, check)
    assert all(tuple(sorted((one[0], member))) in agreeing for one in groups for member in one[1:])


def test_what_only_looks_alike_is_no_copy_at_any_dial():
    assert not verdict("a", "b", Match(0.8, "looks-alike"), 0.1).verdict
