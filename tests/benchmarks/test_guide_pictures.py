"""The charts of the guide are whole SVG files that say what they show."""

from xml.etree import ElementTree

from benchmarks.collections import Original, Row, Run, folder
from benchmarks.guide_pictures import bars, figures, places

ONE = Original("a set", "60 to 86 %", "", "", folder("x"), headline=(60, 86))


def words_of(svg):
    return [node.text for node in ElementTree.fromstring(svg).iter() if node.text]


def test_a_bar_has_its_name_and_its_count():
    assert words_of(bars("Gods & more", [("Greek", 8), ("<Norse>", 6)])) == [
        "Greek",
        "8",
        "<Norse>",
        "6",
    ]


def test_a_place_lies_where_its_coordinates_say():
    svg = places("Places", [("Null & Island", 0.0, 0.0), ("North", 90.0, -180.0)])
    dots = [node for node in ElementTree.fromstring(svg).iter() if node.tag.endswith("circle")]
    assert [(dot.get("cx"), dot.get("cy")) for dot in dots] == [("360", "180"), ("0", "0")]


def test_a_figure_is_told_with_its_number_of_photos_and_the_originals_marks():
    svg = figures([Row(ONE, (Run(50, 5, 20, 18, 19, 20, 1, 40, 36, 3, 1.5),))])
    assert "90 % of 20" in words_of(svg)
    assert svg.count('stroke-width="3"') == 2
