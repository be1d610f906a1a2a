"""Backbones side by side: the best first, each with its interval and how sure the order is."""

import json
from dataclasses import replace

import numpy as np
import pytest

from data_cards.dataset.repo import create_dataset
from data_cards.errors import CannotTrain
from tests.fixtures.pictures import collection_of, pictures, with_photos
from tests.fixtures.tiny_families import write_tiny_family
from train.__main__ import main
from train.evaluation.compare_backbones import (
    Contender,
    backbones_text,
    compare_backbones,
    ranked,
    share_right,
)
from train.statistics.metrics import wilson

RED = (200, 60, 60)
BLUE = (60, 60, 200)


def contender(name, hits, n=20):
    return Contender(name, "ViT", 224, wilson(hits, n), 12.5, 86.4, "onnxruntime")


def right(hits, n=20):
    return {f"photo {number}": number < hits for number in range(n)}


GROUPS = {f"photo {number}": number for number in range(40)}


def test_the_best_comes_first_and_the_others_are_held_against_it():
    rows = ranked([contender("a", 10), contender("b", 20)], [right(10), right(20)], GROUPS)
    assert [row.name for row in rows] == ["b", "a"]
    assert rows[0].behind is None
    assert rows[1].behind.difference == -0.5 and rows[1].behind.high < 0


def test_only_photos_that_both_answered_are_compared():
    rows = ranked([contender("a", 20), contender("b", 10, 15)], [right(20), right(10, 15)], GROUPS)
    assert rows[1].behind.n == 15


def test_near_copies_that_agree_make_the_interval_wider():
    answers = np.repeat([True, False, True, True], 10)
    alone = share_right(answers, list(range(40)))
    together = share_right(answers, np.repeat([1, 2, 3, 4], 10).tolist())
    assert together.value == alone.value == 0.75
    assert together.high - together.low > alone.high - alone.low


def test_no_photo_to_ask_is_said():
    none = replace(contender("a", 0), accuracy=share_right(np.zeros(0, bool), []))
    assert "no photo to ask" in backbones_text([none])


def test_the_text_says_every_figure_and_where_the_order_is_not_sure():
    rows = ranked([contender("close", 19), contender("best", 20)], [right(19), right(20)], GROUPS)
    said = backbones_text(rows)
    assert said.splitlines()[0].startswith("best   100 % (")
    for words in (
        "12.5 ms a photo",
        "86.4 MB",
        "−5 points beside best",
        "it may be just as good",
    ):
        assert words in said
    assert "20 photos outside the sealed test" in said


@pytest.fixture
def dataset(tmp_path):
    made = create_dataset(str(tmp_path / "data"), collection_of("red", "blue"))
    return with_photos(made, {"red": pictures(12, 1, RED), "blue": pictures(12, 2, BLUE)}).address


def test_the_command_measures_each_and_leaves_out_what_cannot_be_had(dataset, tmp_path, capsys):
    names = [str(write_tiny_family(name, tmp_path / name)) for name in ("vit", "convnext")]
    broken = tmp_path / "broken"
    broken.mkdir()
    environ = {"VITRINE_CACHE": str(tmp_path / "cache")}
    assert main(["compare-backbones", dataset, *names, names[0], str(broken)], environ) == 0
    out, err = capsys.readouterr()
    rows = json.loads(out.splitlines()[-1])
    assert {row["family"] for row in rows} == {"ViT", "ConvNeXt"} and len(rows) == 2
    for row in rows:
        assert 0 <= row["accuracy"]["low"] <= row["accuracy"]["value"] <= row["accuracy"]["high"]
        assert row["milliseconds"] > 0 and 0 < row["megabytes"] < 1
    assert "broken is left out" in err and "Traceback" not in err


def test_without_any_that_can_be_used_it_is_said(dataset, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CannotTrain, match="None of these backbones"):
        compare_backbones(dataset, [str(tmp_path / "empty")], tmp_path / "cache")
