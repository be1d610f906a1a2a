"""Settings are written once; flags follow."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import pytest

from data_cards.errors import CannotTrain
from data_cards.settings import add_flags, as_flags, check_ranges, default_cache, from_flags
from train.settings import SplitSettings, TrainSettings, check_dials, named, remembered


def parsed(*words):
    parser = argparse.ArgumentParser()
    add_flags(parser, TrainSettings)
    return from_flags(TrainSettings, parser.parse_args(words))


def test_no_flag_is_the_default():
    assert parsed() == TrainSettings()


def test_every_kind_of_flag_is_understood():
    assert parsed(
        "--epochs", "2", "--scratch", "--lr", "0.5", "--backbone", "x", "--no-flips"
    ) == TrainSettings(epochs=2, scratch=True, lr=0.5, backbone="x")


def test_settings_as_flags_are_read_back():
    settings = TrainSettings(epochs=0, teacher=("a model", "b"), augment=False, flips=True, lr=1e-3)
    assert parsed(*as_flags(settings)) == settings


def test_what_a_release_keeps_is_remembered():
    settings = TrainSettings(teacher=("a", "b"), budget="2m", size=280)
    assert remembered(json.loads(json.dumps(asdict(settings)))) == settings
    of_old = {"teacher": "", "epochs": 3, "no such dial": 1}
    assert remembered(of_old) == TrainSettings(epochs=3)
    assert remembered({}) == TrainSettings()


@pytest.mark.parametrize(
    ("words", "share"), [((), None), (("5",), 0.05), (("0",), 0.0), (("100",), 1.0)]
)
def test_the_owners_word_about_strangers_is_a_share(words, share):
    assert named(parsed(*(("--named-strangers", *words) if words else ()))) == share


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--named-strangers", "300"), "between 0 and 100, not 300"),
        (("--named-strangers", "-1"), "between 0 and 100, not -1"),
        (("--lr-decay", "0"), "above 0 and at most 1, not 0"),
        (("--balance", "-1"), "between 0 and 1, not -1"),
    ],
)
def test_a_number_that_cannot_be_meant_is_a_sentence(words, told):
    with pytest.raises(CannotTrain, match=told):
        check_dials(parsed(*words))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--epochs", "-1"), "--epochs must be from 0 to 10000, not -1"),
        (("--batch", "0"), "--batch must be from 1"),
        (("--lr", "nan"), "--lr must be from 0 to 1, not nan"),
        (("--lr", "inf"), "not inf"),
        (("--lr", "-0.1"), "not -0.1"),
        (("--size", "3"), "--size must be from 14 to 1024"),
        (("--blocks", "-2"), "--blocks must be at least 0"),
        (("--seed", "-1"), "--seed must be from 0"),
        (("--threads", "-1"), "--threads must be from 0"),
    ],
)
def test_a_number_outside_its_range_is_a_sentence_with_the_range(words, told):
    with pytest.raises(CannotTrain, match=told):
        parsed(*words)


def test_a_range_holds_for_settings_that_no_flag_made_too():
    with pytest.raises(CannotTrain, match="--batch"):
        check_dials(TrainSettings(batch=0))


def test_every_default_can_be_meant():
    check_dials(parsed())
    for settings in (SplitSettings(), TrainSettings()):
        check_ranges(settings)


@pytest.mark.parametrize("words", [["--track", "elsewhere"], ["--epochs", "many"]])
def test_what_is_no_value_is_refused(words):
    with pytest.raises(SystemExit):
        parsed(*words)


def test_every_flag_says_what_it_does():
    parser = argparse.ArgumentParser()
    add_flags(parser, TrainSettings)
    assert all(action.help for action in parser._actions)
    assert "--public" in parser.format_help()


@pytest.mark.parametrize(
    ("environ", "place"),
    [
        ({"VITRINE_CACHE": "/x"}, Path("/x")),
        ({"XDG_CACHE_HOME": "/y"}, Path("/y/vitrine")),
        ({}, Path.home() / ".cache" / "vitrine"),
    ],
)
def test_the_cache_is_where_the_user_wants_it(environ, place):
    assert default_cache(environ) == place
