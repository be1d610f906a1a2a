"""Allowances fill up again with time; no test waits for it."""

from __future__ import annotations

import pytest

from space.rate_limit import MOST_CLIENTS, Allowance, client_of


class Clock:
    """Time that moves when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_client_may_ask_a_burst_then_waits_and_may_again() -> None:
    clock = Clock()
    allowance = Allowance(60, burst=2, clock=clock)
    assert [allowance.take("a"), allowance.take("a")] == [0.0, 0.0]
    assert allowance.take("a") == 1.0
    clock.now = 1.0
    assert allowance.take("a") == 0.0


def test_asking_too_early_costs_nothing() -> None:
    clock = Clock()
    allowance = Allowance(60, burst=1, clock=clock)
    allowance.take("a")
    for _ in range(10):
        assert allowance.take("a") == 1.0


def test_clients_do_not_share() -> None:
    allowance = Allowance(60, burst=1, clock=Clock())
    assert [allowance.take("a"), allowance.take("b")] == [0.0, 0.0]


def test_it_forgets_the_oldest_clients() -> None:
    allowance = Allowance(60, burst=1, clock=Clock())
    for number in range(MOST_CLIENTS + 5):
        allowance.take(str(number))
    assert len(allowance._left) == MOST_CLIENTS


def test_what_a_client_says_of_itself_is_not_believed() -> None:
    headers = {"x-forwarded-for": "1.2.3.4, 5.6.7.8"}
    assert client_of(headers, "10.0.0.1", behind_proxy=False) == "10.0.0.1"
    assert client_of(headers, "10.0.0.1", behind_proxy=True) == "5.6.7.8"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("198.51.100.7", "198.51.100.8", False),
        ("::ffff:198.51.100.7", "198.51.100.7", True),
        ("[2001:db8::1]", "2001:db8::2", True),
        ("fe80::1%eth0", "fe80::2", True),
        ("no address", "no address", True),
    ],
)
def test_all_addresses_that_one_client_can_choose_from_are_one_client(one, other, same) -> None:
    assert (client_of({}, one, False) == client_of({}, other, False)) is same
