"""Names proposed for photos without a label, with a real tiny CLIP and with none."""

import pytest

from curation.light_table.pages.names import MOST_PHOTOS, Names
from curation.light_table.session.table import LightTable
from curation.scan.remembered import NothingRemembered, ScanCache
from data_cards.annotations.journal import Journal
from tests.curation.light_table.session.test_first_labels import unlabelled_set
from tests.fixtures.words_and_photos import Named, text_backbone
from train.inference.text_search import see_words

NAMES = "Red, blue\nPhoto"


@pytest.fixture
def unlabelled(tmp_path):
    return unlabelled_set(tmp_path / "set")


def names_of(tmp_path, data, remembered):
    table = LightTable(data, Journal(tmp_path / "journal"), remembered=remembered)
    return table, Names(table)


def test_every_photo_is_proposed_for_one_name_at_most_and_nothing_is_decided(tmp_path, unlabelled):
    data, _ = unlabelled
    one = text_backbone(tmp_path / "clip", "clip")
    see_words(data, list(data.photos()), one, tmp_path / "cache")
    table, names = names_of(tmp_path, data, ScanCache(tmp_path / "cache"))
    shown = names.show("ann", {"names": NAMES})
    proposed = [photo["image_id"] for one in shown["proposed"] for photo in one["photos"]]
    assert len(proposed) == len(set(proposed)) and set(proposed) <= set(table.records.photos)
    told = {one["title"] for one in shown["proposed"]} | set(shown["silent"])
    assert told == {"Red", "blue", "Photo"} and shown["needs"] == ""
    counts = [one["count"] for one in shown["proposed"]]
    assert counts == sorted(counts, reverse=True)
    assert {row.status for row in table.records.labels.values()} == {"unlabelled"}


def test_names_that_fit_are_given_as_one_step_and_then_ask_for_no_more(tmp_path, unlabelled):
    data, truth = unlabelled
    table, names = names_of(tmp_path, data, Named(truth))
    some = sorted(set(truth.values()))
    shown = names.show("ann", {"names": "\n".join(map(str, some)) + "\nunicorn"})
    assert shown["silent"] == ["unicorn"]
    best = shown["proposed"][0]
    assert best["id"] is None and best["count"] == 8
    assert {str(truth[photo["image_id"]]) for photo in best["photos"]} == {best["title"]}
    assert len(best["photos"]) <= MOST_PHOTOS
    add = {"id": "01JDAAAAAAAAAAAAAAAAAAAAA0", "do": "add_class", "title": best["title"]}
    give = [
        {"id": f"01JDAAAAAAAAAAAAAAAAAAA{n:03}", "do": "relabel", "label": best["title"], **photo}
        for n, photo in enumerate(best["photos"], 1)
    ]
    assert table.act("ann", [[add, *give]])["outcomes"][0]["ok"]
    again = names.show("ann", {"names": best["title"]})
    known = {photo["image_id"] for one in again["proposed"] for photo in one["photos"]}
    assert not known & {photo["image_id"] for photo in best["photos"]}


def test_without_a_text_half_it_is_said_what_it_takes(tmp_path, unlabelled):
    data, _ = unlabelled
    shown = names_of(tmp_path, data, NothingRemembered())[1].show("ann", {"names": "mug"})
    assert "CLIP or SigLIP" in shown["needs"] and shown["proposed"] == []
