"""A host that is not this machine's is said before anything is loaded."""

from __future__ import annotations

import errno
import socket
import sys
from types import SimpleNamespace

import pytest

from data_cards.errors import BadAddress, TooBusy
from space.app import LARGE_BLOCK, check_port, give_memory_back
from tests.fixtures.visitors import free_port


@pytest.mark.parametrize(
    "host", ["300.1.2.3", "no such host", "a:b", "x" * 300, "1.2.3.4.5", "http://localhost"]
)
def test_what_is_no_address_of_this_machine_is_named_with_what_to_use(host: str) -> None:
    with pytest.raises(BadAddress, match="is not an address of this machine") as no:
        check_port(host, free_port())
    assert host in no.value.sentence


def test_another_machines_address_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def elsewhere(*_: object) -> None:
        raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")

    monkeypatch.setattr(socket.socket, "bind", elsewhere)
    with pytest.raises(BadAddress, match="192\\.0\\.2\\.77” is not an address"):
        check_port("192.0.2.77", 7860)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_this_machines_addresses_are_taken(host: str) -> None:
    check_port(host, free_port())


def test_a_port_that_is_taken_is_another_matter() -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        with pytest.raises(TooBusy, match="Choose another with --port"):
            check_port("127.0.0.1", door.getsockname()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is Linux's")
def test_memory_is_given_back_where_the_library_can() -> None:
    asked: list[tuple[int, int]] = []
    library = SimpleNamespace(mallopt=lambda option, value: asked.append((option, value)))
    give_memory_back(lambda name: library)
    assert asked == [(-8, 2), (-3, LARGE_BLOCK)]
    give_memory_back(lambda name: SimpleNamespace())  # musl's has no such options
