"""Prints: small, made once, within bounds."""

from curation.light_table.session.thumbnails import SIDES, Prints
from tests.fixtures.light_table import jpeg


def prints(most_bytes=10**6):
    read = []

    def stored(name):
        read.append(name)
        return jpeg("#23415c")

    return Prints(stored, most_bytes), read


def test_a_print_is_made_once():
    kept, read = prints()
    assert kept.get("photo/a", 160) == kept.get("photo/a", 100)
    assert read == ["photo/a"]


def test_no_print_is_larger_than_the_largest_offered():
    kept, _ = prints()
    assert kept.get("photo/a", 10**9) == kept.get("photo/a", SIDES[-1])


def test_old_prints_leave_when_there_is_no_room():
    kept, read = prints(most_bytes=1000)
    for name in ("a", "b", "a"):
        kept.get(name, 160)
    assert read == ["a", "b", "a"]
