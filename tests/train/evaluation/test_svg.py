"""Drawings as SVG text."""

import re
from xml.etree import ElementTree

import pytest

from train.evaluation.svg import Curve, interval_bar, line_chart, rounds_chart, ticks
from train.statistics.metrics import wilson


def svg(text):
    return ElementTree.fromstring(re.search(r"<svg.*</svg>", text, re.DOTALL).group())


def test_a_curve_goes_up_where_its_numbers_do():
    line = svg(
        line_chart([Curve("right", [(0, 0.1), (1, 0.9)])], "epoch", "share", shares=True)
    ).find("polyline")
    (x1, y1), (x2, y2) = (map(float, point.split(",")) for point in line.get("points").split())
    assert x2 > x1 and y2 < y1  # the origin of SVG is above


def test_a_chart_of_nothing_is_nothing():
    assert line_chart([Curve("right", [])], "epoch", "share") == ""
    assert interval_bar(None, 0, 1) == ""


@pytest.mark.parametrize("points", [[(1, 0.0)], [(1, 0.0), (2, 0.0)], [(3, 5.0), (3, 5.0)]])
def test_flat_and_single_points_can_be_drawn(points):
    assert "nan" not in line_chart([Curve("loss", points)], "epoch", "loss")
    assert svg(line_chart([Curve("loss", points)], "epoch", "loss")) is not None


def test_names_are_escaped_and_read_aloud():
    chart = line_chart([Curve("<b>", [(0, 1), (1, 2)])], "a&b", "c")
    assert "<b>" not in chart and "&lt;b&gt;" in chart
    assert svg(chart).get("aria-label") == "c by a&b: <b>"


def test_an_interval_lies_where_it_is():
    band = svg(interval_bar(0.5, 0.25, 0.75)).find("rect")
    assert (float(band.get("x")), float(band.get("width"))) == (25.0, 50.0)


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (0, 2.8, [0, 1, 2, 3]),
        (0, 95.0, [0, 50, 100]),
        (0, 0.42, [0, 0.2, 0.4, 0.6]),
        (0, 1e-6, [0, 5e-7, 1e-6]),
    ],
)
def test_an_axis_has_round_numbers_that_cover_it(low, high, found):
    assert ticks(low, high) == pytest.approx(found)


@pytest.mark.parametrize(("last", "found"), [(2, [1, 2]), (7, [1, 3, 5, 7]), (60, [1, 21, 41])])
def test_epochs_are_counted_and_not_divided(last, found):
    assert ticks(1, last, whole=True) == found


def test_a_share_of_what_was_right_is_told_in_per_cent_and_epochs_are_not():
    chart = svg(
        line_chart([Curve("validation", [(1, 0.5), (3, 0.9)])], "epoch", "right", right=True)
    )
    said = [text.text for text in chart.findall("text")]
    assert {"100 %", "50 %", "1", "2", "3"} <= set(said) and "300 %" not in said


ROUNDS = [(1, wilson(70, 100)), (2, wilson(80, 100))]


def test_the_round_that_is_served_stands_out():
    drawn = rounds_chart(ROUNDS, 2)
    assert "dot served" in drawn and "80 % served" in drawn
    assert "served" not in rounds_chart(ROUNDS, 7)


def test_a_candidate_is_drawn_as_one_that_waits():
    drawn = rounds_chart([*ROUNDS, (3, wilson(90, 100))], 2, waits=3)
    assert drawn.count("dot served") == drawn.count("dot waits") == 1


def test_the_scale_of_rounds_starts_below_everything_drawn_and_ends_at_100_per_cent():
    drawn = ElementTree.fromstring(rounds_chart(ROUNDS, 2, [(1, 2, 0.41, 0.8)]))
    said = {text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")}
    assert {"40 %", "100 %"} <= said and "20 %" not in said
    ends = [y for line in drawn.iter() if line.get("points") for y in line.get("points").split()]
    assert all(0 < float(end.split(",")[1]) < 260 for end in ends)


@pytest.mark.parametrize("right", [0, 100])
def test_a_single_round_is_drawn_too(right):
    drawn = rounds_chart([(1, wilson(right, 100))], 1)
    assert drawn.count("<circle") == 1 and "nan" not in drawn
    assert ElementTree.fromstring(drawn).get("aria-label") == f"Top-1 by round. round 1: {right} %"


def test_a_line_between_rounds_is_drawn_only_where_two_models_were_compared():
    alone, compared = rounds_chart(ROUNDS, 2), rounds_chart(ROUNDS, 2, [(1, 2, 0.75, 0.8)])
    assert compared.count("<polyline") == alone.count("<polyline") + 1


def test_a_chart_of_rounds_is_a_file_that_brings_its_own_colours():
    drawn = ElementTree.fromstring(rounds_chart(ROUNDS, 2))
    assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
    assert ".stroke-accent" in drawn.find("{http://www.w3.org/2000/svg}style").text


def test_a_chart_of_rounds_for_a_page_takes_its_colours_from_there():
    assert "<style" not in rounds_chart(ROUNDS, 2, style="")


def test_rounds_that_were_not_measured_draw_nothing():
    assert rounds_chart([(1, wilson(0, 0))], 1) == ""
