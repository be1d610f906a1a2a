"""Progress: sentences and bars for whoever asked to hear them, silence for a library's user."""

import logging

import pytest

from data_cards.progress import LOGGER, say, speak_up, track


@pytest.fixture(autouse=True)
def silence_again():
    before = LOGGER.handlers[:], LOGGER.level, LOGGER.propagate
    LOGGER.handlers.clear()
    LOGGER.setLevel(logging.NOTSET)
    yield
    LOGGER.handlers[:], LOGGER.propagate = before[0], before[2]
    LOGGER.setLevel(before[1])


def test_a_library_user_hears_nothing(capsys):
    say("hello")
    assert list(track([1, 2], "Counting")) == [1, 2]
    assert capsys.readouterr() == ("", "")


def test_an_entry_point_hears_sentences_on_standard_error(capsys):
    speak_up()
    speak_up()
    say("hello")
    assert capsys.readouterr() == ("", "hello\n")


def test_what_is_done_at_once_needs_no_bar(capsys):
    speak_up()
    assert list(track(range(3), "Counting", 3)) == [0, 1, 2]
    assert "Counting" not in capsys.readouterr().err
