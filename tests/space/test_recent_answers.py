"""What is remembered, and for how long."""

from __future__ import annotations

import pytest

from data_cards.errors import MissingFile
from space.recent_answers import KEPT_SECONDS, Recent


class Clock:
    """Time that moves when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_answer_is_found_until_an_hour_has_passed() -> None:
    clock = Clock()
    recent = Recent(clock)
    recent.keep("p", b"photo", "ochre", "r1")
    assert recent.find("p").photo == b"photo"
    clock.now = KEPT_SECONDS + 1
    with pytest.raises(MissingFile, match="no longer have this answer"):
        recent.find("p")


def test_the_oldest_photos_leave_when_there_are_too_many_bytes() -> None:
    recent = Recent(Clock(), most_bytes=10)
    for name in ("a", "b", "c"):
        recent.keep(name, b"12345", "", "")
    with pytest.raises(MissingFile):
        recent.find("a")
    assert recent.find("b") and recent.find("c")


def test_keeping_the_same_answer_again_counts_its_bytes_once() -> None:
    recent = Recent(Clock(), most_bytes=10)
    for _ in range(5):
        recent.keep("a", b"12345", "", "")
    recent.keep("b", b"12345", "", "")
    assert recent.find("a") and recent.find("b")


def test_there_is_a_most_of_answers_without_photos_too() -> None:
    recent = Recent(Clock(), most=2)
    for name in "abc":
        recent.keep(name, None, "", "")
    with pytest.raises(MissingFile):
        recent.find("a")


@pytest.mark.parametrize("name", [None, 7, "", "x" * 10_000, {"a": 1}])
def test_an_id_that_was_never_given_is_not_found(name: object) -> None:
    with pytest.raises(MissingFile):
        Recent(Clock()).find(name)
