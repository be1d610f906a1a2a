"""Whose photos a dataset holds is said in its card and, photo by photo, in CREDITS.md."""

import pytest

from data_cards.dataset.cards import DatasetCard, dataset_card
from data_cards.dataset.collection import Collection, read_collection, write_collection
from data_cards.dataset.credits import (
    Credit,
    credited,
    credits_file,
    credits_in,
    credits_of,
    with_credits,
)
from data_cards.dataset.schema import Photo, Source

THINGS = Collection("a", "A")


def photo(name, *sources):
    return Photo(name * 8, 10, 10, sources)


PHOTOS = {
    one.image_id: one
    for one in (
        photo("aa", Source("mine.jpg")),
        photo("bb", Source("x", author="Bo", licence="CC BY 4.0", url="https://a.example/b")),
        photo("cc", Source("x", author="Bo", licence="CC BY 4.0"), Source("mine.jpg")),
        photo("dd", Source("x", author="<b>[An](n)", licence="CC0", url="javascript:alert(1)")),
        photo("ee", Source("https://b.example/e", url="https://b.example/e e")),
    )
}


def test_only_photos_of_others_are_credited():
    assert [name[:2] for name, _ in credited(PHOTOS)] == ["bb", "cc", "dd", "ee"]


def test_licences_come_with_their_authors_the_most_first():
    assert credits_of(source for _, source in credited(PHOTOS)) == (
        Credit("CC BY 4.0", 2, ("Bo",)),
        Credit("CC0", 1, ("<b>[An](n)",)),
        Credit("licence not known", 1, ()),
    )


def test_the_card_names_them_and_keeps_them_when_it_is_written_and_read():
    things = with_credits(THINGS, dict(credited(PHOTOS)).values())
    again = read_collection(*write_collection(things))
    assert credits_in(again) == credits_of(dict(credited(PHOTOS)).values())
    text = dataset_card(DatasetCard(again))
    assert "- CC BY 4.0: 2 photos by Bo" in text
    assert "<b>" not in text


def test_a_dataset_of_own_photos_has_no_credits():
    assert with_credits(THINGS, []) is THINGS
    assert "Credits" not in dataset_card(DatasetCard(THINGS))
    gone = with_credits(with_credits(THINGS, [Source(author="Ann")]), [])
    assert gone == THINGS


@pytest.mark.parametrize("written", ["yes", 3, [1, None], [{"photos": "many"}], {"a": 1}])
def test_credits_that_somebody_wrote_otherwise_spoil_no_card(written):
    assert "Classes" in dataset_card(DatasetCard(Collection("a", "A", extra={"credits": written})))


def test_each_photo_has_its_line_and_no_line_holds_markup_of_strangers():
    lines = credits_file(PHOTOS).decode().splitlines()[4:]
    assert lines[0] == "- `bbbbbbbbbbbbbbbb` Bo, CC BY 4.0, <https://a.example/b>"
    assert lines[1] == "- `cccccccccccccccc` Bo, CC BY 4.0"
    assert "javascript" not in lines[2]
    assert "<b>" not in lines[2]
    assert lines[3] == "- `eeeeeeeeeeeeeeee` author not named, licence not known"


def test_of_many_authors_the_card_names_some():
    credit = Credit("CC0", 50, tuple(f"N{number}" for number in range(22)))
    assert credit.sentence.endswith("N19 and 2 others")
