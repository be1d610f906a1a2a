import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from train.evaluation.charts import calibration_chart, confusion_chart, rounds_chart, training_chart
from train.finetune.fit import Epoch
from train.statistics.metrics import wilson

EPOCHS = [Epoch(1, 0.9, 0.5, 0.7, 0.6, 0.6), Epoch(2, 0.5, 0.8, 0.4, 0.9, 0.9)]


def colours(png: bytes) -> set[tuple[int, ...]]:
    return {colour for _, colour in Image.open(io.BytesIO(png)).convert("RGB").getcolors(1 << 24)}


def test_a_training_is_drawn_on_our_paper_with_our_ink():
    seen = colours(training_chart(EPOCHS, 2, 0.8, "12 photos"))
    assert {(0xFA, 0xF7, 0xF1), (0xB4, 0x43, 0x2A), (0x6B, 0x62, 0x57)} <= seen


def test_the_learning_rate_is_drawn_where_it_is_known():
    rates = [
        replace(epoch, learning_rate=rate) for epoch, rate in zip(EPOCHS, (1e-4, 0.0), strict=True)
    ]
    assert training_chart(rates, 2, None) != training_chart(EPOCHS, 2, None)


def test_a_probe_alone_has_a_chart_too():
    assert training_chart([], 0, 0.8)[:4] == b"\x89PNG"


@pytest.mark.parametrize("classes", [2, 60])
def test_confusions_are_drawn_for_few_classes_and_for_many(classes):
    table = 5 * np.eye(classes, dtype=int)
    table[0, 1] = 2
    names = [
        "a title that is far too long to be set in full",
        "$x_",
        "神道",
        *map(str, range(classes)),
    ][:classes]
    assert (0xB4, 0x43, 0x2A) in colours(confusion_chart(table, names)), (
        "a mix-up is in the accent colour"
    )


def test_many_classes_without_a_mix_up_still_give_a_chart():
    assert confusion_chart(np.eye(60, dtype=int), [str(n) for n in range(60)])[:4] == b"\x89PNG"


def test_calibration_is_drawn_and_may_be_empty():
    assert (
        calibration_chart([(0.9, 0.8, 10)], 0.1)[:4] == calibration_chart([], 0.0)[:4] == b"\x89PNG"
    )


def test_the_round_that_is_served_stands_out():
    rounds = [(1, wilson(70, 100)), (2, wilson(80, 100))]
    accent = (0xB4, 0x43, 0x2A)
    assert accent in colours(rounds_chart(rounds, 2)) and accent not in colours(
        rounds_chart(rounds, 7)
    )


def test_a_line_between_rounds_is_drawn_only_where_two_models_were_compared():
    rounds = [(1, wilson(70, 100)), (2, wilson(80, 100))]
    assert rounds_chart(rounds, 2) != rounds_chart(rounds, 2, [(1, 2, 0.75, 0.8)])


def test_a_round_that_was_not_measured_draws_nothing():
    assert rounds_chart([(1, wilson(0, 0))], 1)[:4] == b"\x89PNG"
