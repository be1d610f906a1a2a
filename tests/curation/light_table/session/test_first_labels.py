"""At the table without labels: typical photos first, and one key gives a class to all alike."""

import numpy as np
import pytest

from curation.light_table.session.table import LightTable
from curation.scan.remembered import NothingRemembered
from data_cards.annotations.journal import Journal
from data_cards.dataset.repo import Changes, create_dataset
from data_cards.dataset.schema import Label, Photo, Source, Split
from data_cards.dataset.tables import images_file, labels_file, splits_file
from data_cards.photos.image import image_id
from tests.fixtures.light_table import COLLECTION, COLOURS, drawn


class Seen(NothingRemembered):
    """Embeddings that tell the colours apart."""

    def __init__(self, truth):
        self.truth = truth

    def embeddings(self, ids):
        rng = np.random.default_rng(0)
        rows = [np.eye(3)[self.truth[i]] * 9 + rng.normal(size=3) * 0.2 for i in ids]
        return list(ids), np.array(rows)


def unlabelled_set(folder, count=24, sealed=0):
    photos, truth = [], {}
    for number in range(count):
        colour = number % 3
        data = drawn(list(COLOURS.values())[colour], number)
        photos.append((Photo(image_id(data), 120, 90, (Source(path=f"{number}.png"),)), data))
        truth[image_id(data)] = colour
    ids = [photo.image_id for photo, _ in photos]
    splits = [Split(i, i, "test" if n < sealed else "train") for n, i in enumerate(ids)]
    files = dict(
        [
            images_file(photos),
            labels_file(Label(i, None, "unlabelled") for i in ids),
            splits_file(splits),
        ]
    )
    data = create_dataset(str(folder), COLLECTION)
    return data.update("Begin", lambda _: Changes(add=files)), truth


@pytest.fixture
def laid(tmp_path):
    data, truth = unlabelled_set(tmp_path / "set")
    table = LightTable(data, Journal(tmp_path / "journal"), remembered=Seen(truth))
    return table, truth


NUMBER = iter(range(1000))


def give(table, photos, label, who="ann"):
    moves = [
        {
            "id": f"01JDAAAAAAAAAAAAAAAAAAA{next(NUMBER):03}",
            "do": "relabel",
            "image_id": photo,
            "key": f"unlabelled/{photo}",
            "label": label,
        }
        for photo in photos
    ]
    answer = table.act(who, [moves])
    assert answer["outcomes"][0]["ok"], answer
    return answer


def test_the_first_photos_are_of_different_kinds(laid):
    table, truth = laid
    items = table.look("ann")["items"]
    assert {truth[item["image_id"]] for item in items[:3]} == {0, 1, 2}


def test_one_name_brings_a_proposal_that_one_step_gives_and_one_takes_back(laid):
    table, truth = laid
    first = table.look("ann")["items"][0]["image_id"]
    told = give(table, [first], "harbour")["proposal"]
    photos = [one["image_id"] for one in told["photos"]]
    assert told["label"]["id"] == "harbour" and len(photos) >= 5
    assert {truth[photo] for photo in photos} == {truth[first]}
    give(table, photos, "harbour")
    left = table.queue.progress("ann", "unlabelled").left
    table.act("ann", [[{"id": "01JDAAAAAAAAAAAAAAAAAAAZZZ", "do": "undo"}]])
    assert table.queue.progress("ann", "unlabelled").left == left + len(photos)


def test_what_was_refused_is_not_proposed_again(laid):
    table, _ = laid
    first = table.look("ann")["items"][0]["image_id"]
    told = give(table, [first], "harbour")["proposal"]
    photos = [one["image_id"] for one in told["photos"]]
    after = table.refuse("ann", "harbour", photos)["proposal"]
    again = {one["image_id"] for one in after["photos"]} if after else set()
    assert not again & set(photos)


def test_two_people_are_never_proposed_the_same_photos(laid):
    table, _ = laid
    first = table.look("ann")["items"][0]["image_id"]
    mine = {one["image_id"] for one in give(table, [first], "harbour")["proposal"]["photos"]}
    theirs = table.look("bob")["proposal"]
    assert not theirs or not mine & {one["image_id"] for one in theirs["photos"]}


def test_nothing_is_proposed_of_the_sealed_test(tmp_path):
    data, truth = unlabelled_set(tmp_path / "set", sealed=9)
    table = LightTable(data, Journal(tmp_path / "journal"), remembered=Seen(truth))
    open_one = next(i for i in table.records.photos if not table.records.is_sealed(i))
    told = give(table, [open_one], "harbour")["proposal"]
    assert told and not any(table.records.is_sealed(one["image_id"]) for one in told["photos"])


def test_where_nobody_looked_at_the_photos_nothing_is_proposed(tmp_path):
    data, _ = unlabelled_set(tmp_path / "set")
    table = LightTable(data, Journal(tmp_path / "journal"))
    first = table.look("ann")["items"][0]["image_id"]
    assert give(table, [first], "harbour")["proposal"] is None


def test_a_pile_with_labels_has_no_proposal(laid):
    table, _ = laid
    assert table.look("ann", "labels")["proposal"] is None
