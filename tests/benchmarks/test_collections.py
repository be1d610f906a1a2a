"""The table of the five collections: how sets are divided, what is kept, what is printed."""

from collections import Counter
from dataclasses import replace

import pytest

from benchmarks.collections import (
    ORIGINALS,
    Original,
    Row,
    Run,
    class_of,
    folder,
    folds_by_class,
    named_files,
    runs_of,
    table,
)

RUN = Run(50, 5, 20, 18, 19, 20, 1, 40, 36, 3, 1.5, sure=16, sure_wrong=1, right_sure=15, ece=0.04)
ONE = Original("set", "their 60 %", "four rounds", "others", folder("set"))


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("lisu04.png", "lisu"),
        ("warli painting_3.jpg", "warli painting"),
        ("kalighat painting6.jpg", "kalighat painting"),
        ("gond painting_10.jpg", "gond painting"),
        ("a-b-12.jpeg", "a-b"),
        ("plain.jpg", "plain"),
    ],
)
def test_a_file_is_called_after_its_class(file, name):
    assert class_of(file) == name


def test_every_file_is_tested_once_and_folds_hold_as_much_of_each_class():
    names = [f"{kind}{number}.png" for kind in "abcd" for number in range(10)]
    fold_of = folds_by_class(names, 5)
    assert set(fold_of) == set(names)
    counts = Counter((class_of(name), fold) for name, fold in fold_of.items())
    assert set(counts.values()) == {2} and len(counts) == 20
    assert fold_of == folds_by_class(names[::-1], 5)


def test_a_fold_is_the_test_of_its_list_and_pages_among_the_photos_are_left_out(tmp_path):
    photos = tmp_path / "set"
    photos.mkdir()
    for number in range(6):
        (photos / f"x_{number}.jpg").touch()
    (photos / "x_9.htm").touch()
    lists = [named_files("set", 3)(tmp_path, tmp_path, fold).read_text() for fold in range(3)]
    assert [text.count(",test") for text in lists] == [2, 2, 2]
    assert all(text.count(",x,train") == 4 and "htm" not in text for text in lists)


def test_what_was_run_is_not_run_again_and_a_started_set_goes_on(tmp_path):
    one = replace(ONE, folds=2)
    asked = []

    def do(original, fold):
        asked.append(fold)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return RUN

    with pytest.raises(KeyboardInterrupt):
        runs_of(one, tmp_path, do)
    assert runs_of(one, tmp_path, None) == ()
    assert runs_of(one, tmp_path, lambda original, fold: replace(RUN, n=fold)) == (
        RUN,
        replace(RUN, n=1),
    )
    assert asked == [0, 1]


def test_the_table_adds_folds_up_and_says_how_far_to_trust_the_figure():
    line = list(table([Row(replace(ONE, folds=2), (RUN, RUN))]))[-1]
    assert "their 60 %" in line and "**90 %** of 40 (76.9 % to 96 %)" in line
    assert "| 30 of 36 | 2 of 32 |" in line, "sure of those right, wrong of those sure"
    assert "95 % / 100 %" in line and "2 of 40" in line and "72 of 80" in line
    assert "four rounds, none" in line and "2 folds" in line


def test_every_original_has_a_headline_and_says_how_near_the_photos_are():
    assert len({one.name for one in ORIGINALS}) == len(ORIGINALS) == 6
    assert all(one.said and one.photos and one.cleaned for one in ORIGINALS)
