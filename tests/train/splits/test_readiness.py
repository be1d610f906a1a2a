"""Whether labels can teach anything yet, and what is said where they cannot."""

import pytest

from data_cards.dataset.repo import create_dataset
from data_cards.dataset.schema import Label
from tests.fixtures.pictures import collection_of, pictures, with_photos
from train.splits.readiness import lacks, missing_labels, why_not_yet

CUP = ("cup", "labelled")
BOWL = ("bowl", "labelled")
NOTHING = (None, "unlabelled")
JUNK = (None, "junk")
OTHER = (None, "none_of_these")


def rows(*some):
    return [Label(f"photo-{number}", *one) for number, one in enumerate(some)]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "No photo has a label yet"),
        ([NOTHING], "No photo has a label yet"),
        ([NOTHING] * 3, "None of the 3 photos has a label yet"),
        ([NOTHING] * 2 + [JUNK], "None of the 2 photos has a label yet"),
        ([JUNK] * 4, "Every photo is junk"),
        ([OTHER] * 4, "Every photo is “none of these”"),
        ([OTHER, JUNK], "Every photo is “none of these” or junk"),
        ([CUP], "Only “Thing cup” has 1 photo"),
        ([CUP] * 5 + [NOTHING] * 9 + [JUNK, OTHER], "Only “Thing cup” has 5 photos"),
    ],
)
def test_what_is_missing_is_one_sentence(given, said):
    words = missing_labels(rows(*given), collection_of("cup", "bowl"))
    assert words == f"{said}, and a recognizer needs at least two things to tell apart."


@pytest.mark.parametrize(
    ("given", "pictured"),
    [
        ([CUP, BOWL], ()),
        ([CUP, BOWL, NOTHING, JUNK], ()),
        ([CUP], ("bowl",)),
        ([NOTHING], ("cup", "bowl")),
    ],
)
def test_two_things_are_enough_to_try_photos_or_pictures(given, pictured):
    assert not missing_labels(rows(*given), collection_of("cup", "bowl"), frozenset(pictured))


def test_a_label_of_a_class_that_is_gone_is_named_by_its_id():
    assert "Only “vase” has 1 photo" in missing_labels(
        rows(("vase", "labelled")), collection_of("cup")
    )


def test_no_test_is_drawn_while_labels_are_missing(tmp_path):
    made = create_dataset(str(tmp_path / "set"), collection_of("red", "blue"))
    one = with_photos(made, {"red": pictures(6, 1, (200, 60, 60))})
    source, why = why_not_yet(one)
    assert source is None and why == lacks(one) and not one.newest().splits()
    both = with_photos(one.newest(), {"blue": pictures(6, 2, (60, 60, 200))})
    source, why = why_not_yet(both)
    assert source is not None and not why and both.newest().splits()


def test_labels_that_cannot_be_learned_from_are_said_not_raised(tmp_path):
    made = create_dataset(str(tmp_path / "set"), collection_of("red", "blue"))
    one = with_photos(made, {"red": pictures(6, 1, (200, 60, 60))})
    tested = with_photos(one, {"blue": pictures(6, 2, (60, 60, 200))}, side="test")
    source, why = why_not_yet(tested)
    assert source is None and "Only “Thing red” has photos to learn from" in why
