"""What hangs together."""

from hypothesis import given
from hypothesis import strategies as st

from data_cards.rows import Finding
from train.grouping import PROPOSED, connected, groups_from_findings

NAMES = st.sampled_from("abcdefgh")


@given(st.lists(st.tuples(NAMES, NAMES)))
def test_linked_names_share_a_group_and_the_order_of_links_does_not_matter(links):
    group = connected("abcdefgh", links)
    assert all(group[a] == group[b] for a, b in links)
    assert group == connected("hgfedcba", links[::-1])
    assert all(group[group[name]] == group[name] <= name for name in group)


def test_a_link_to_a_stranger_is_ignored():
    assert connected("ab", [("a", "x"), ("x", "b")]) == {"a": "a", "b": "b"}


def test_near_duplicates_are_groups_and_other_findings_are_not():
    findings = [Finding("b", "near_duplicate", 0.9, "", related=("a", "b")),
                Finding("c", "label", 0.9, "", related=("a",)), Finding("d", "leak", 0.9, "", related=("b",))]
    assert groups_from_findings("abcd", findings) == {"a": "a", "b": "a", "c": "c", "d": "a"}


def test_what_nothing_verified_holds_no_photos_together():
    findings = [Finding("b", "leak", PROPOSED, "", related=("a",)), Finding("c", "leak", 0.5, "", related=("a",))]
    assert groups_from_findings("abc", findings) == {"a": "a", "b": "b", "c": "a"}


def test_photos_judged_apart_are_not_held_together_by_the_others_of_their_group():
    findings = [Finding("b", "near_duplicate", 0.9, "", related=("a", "c")),
                Finding("c", "near_duplicate", 0.9, "", related=("a", "b"))]
    assert groups_from_findings("abc", findings, {frozenset("ab")}) == {"a": "a", "b": "b", "c": "a"}
