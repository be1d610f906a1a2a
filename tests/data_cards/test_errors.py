"""Tests of data_cards/errors.py."""

from __future__ import annotations

import pytest

from data_cards.errors import BadDecision, BadPhoto, HubUnreachable, VitrineError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadPhoto("It is torn."), "bad_photo"),
        (BadDecision("Who?"), "bad_decision"),
        (HubUnreachable("Away."), "hub_unreachable"),
        (VitrineError("No."), "vitrine_error"),
        (BadPhoto("It is large.", code="too_large"), "too_large"),
        (BadPhoto("It is torn.", code=""), "bad_photo"),
    ],
)
def test_an_error_has_a_word_for_programs(error: VitrineError, code: str) -> None:
    assert error.code == code
