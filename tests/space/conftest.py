"""What tests of the app share."""

import pytest

from space.passwords import SCRYPT


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that are made here take a millisecond to check, and not a quarter of a second."""
    monkeypatch.setitem(SCRYPT, "n", 16)
    monkeypatch.setitem(SCRYPT, "p", 1)
