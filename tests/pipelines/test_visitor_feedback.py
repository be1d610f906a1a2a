"""From a visitor's "that's wrong" to a labelled training photo, and never into training what the
test holds."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from ulid import ULID

from curation.decisions.apply import fold_dataset
from curation.light_table.session.table import LightTable
from curation.near_duplicates.incoming import AGAIN
from curation.scan.run import ScanSettings, scan
from data_cards.annotations.journal import Journal, flush
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.repo import Dataset, create_dataset
from data_cards.dataset.schema import Label, Photo, Source
from data_cards.dataset.tables import images_file, labels_file
from data_cards.photos.image import image_id
from space.feedback import Inbox
from space.recent_answers import Recent
from tests.fixtures.scenes import jpeg, scene
from train.models.backbone import Backbone
from train.splits.seal import seal

THINGS = Collection("forts", "Forts", (ClassInfo("agra", "Agra Fort"), ClassInfo("amber", "Amber")))


@dataclass
class House:
    """A dataset with a sealed test, its light table, and the visitors' inbox beside them."""

    table: LightTable
    journal: Journal
    inbox: Inbox
    look: Callable[[Dataset], Dataset]
    recent: Recent
    ids: dict[str, str]

    def say(self, photo: bytes, label: str = "amber") -> str:
        """A visitor consents and says what the answer should have been; the photo reaches the
        dataset."""
        prediction = str(ULID())
        self.recent.keep(prediction, photo, "agra", "r1")
        self.inbox.ask(self.recent.find(prediction), label, True, self.recent)
        self.inbox.deliver(self.table.dataset.newest())
        self.table.refresh()
        return prediction

    def pile(self) -> list[dict[str, Any]]:
        """What lies on the visitors' pile."""
        return self.table.look("ann", "visitors")["items"]

    def accept(self) -> None:
        """ann agrees with the first one."""
        [first, *_] = self.pile()
        move = {
            "id": str(ULID()),
            "do": "accept_visitor",
            "key": first["key"],
            "label": first["visitor"]["id"],
        }
        assert self.table.act("ann", [[move]])["outcomes"] == [{"ok": True, "back": []}]

    def settle(self) -> Dataset:
        """Send, fold, scan and split, as a round does before it trains."""
        sent = flush(self.journal, self.table.dataset.newest()).dataset
        return seal(self.look(fold_dataset(sent).dataset)).dataset


@pytest.fixture
def house(tmp_path: Path) -> House:
    """24 photos of two forts, split once."""
    rows = []
    ids = {}
    places = {}
    for n in range(24):
        data = jpeg(scene(n))
        label = ("agra", "amber")[n % 2]
        source = Source(f"{n}.jpg", label, "test" if n < 6 else "train")
        rows.append((Photo(image_id(data), 400, 300, (source,)), data))
        ids[str(n)] = image_id(data)
    made = create_dataset(str(tmp_path / "set"), THINGS).commit(
        dict(
            [
                images_file(rows),
                labels_file(
                    Label(photo.image_id, photo.sources[0].given_label, "labelled")
                    for photo, _ in rows
                ),
            ]
        ),
        "Photos",
    )

    def embed(dataset: Dataset, wanted: Any, *_: Any, **__: Any) -> tuple[list[str], np.ndarray]:
        for one in wanted:
            pixels = Image.open(io.BytesIO(dataset.read_photo(one))).convert("RGB").resize((4, 4))
            places[one] = np.asarray(pixels, float).ravel()
        return list(wanted), np.array([places[one] for one in wanted])

    def look(dataset: Dataset) -> Dataset:
        backbone = Backbone(tmp_path, "toy", "r1", "folder")
        return scan(
            dataset, backbone, tmp_path / "cache", ScanSettings(fastdup=False), embed=embed
        ).dataset

    journal = Journal(tmp_path / "journal")
    table = LightTable(seal(look(made)).dataset, journal)
    inbox = Inbox(journal, tmp_path / "inbox", THINGS, lambda one: table.dataset.read_photo(one))
    inbox.duplicates.learn(table.dataset)
    return House(table, journal, inbox, look, Recent(), ids)


def saved_again(n: int) -> bytes:
    """One of the photos, smaller and saved once more."""
    return jpeg(scene(n).resize((320, 240)), 70)


def test_an_accepted_photo_is_learned_from_at_the_next_fold(house: House) -> None:
    house.say(jpeg(scene(100)))
    [shown] = house.pile()
    assert shown["why"] == ["We had answered *Agra Fort*. A visitor says: it is Amber."]
    assert shown["visitor"]["id"] == "amber"
    house.accept()
    after = house.settle()
    assert after.labels()[shown["image_id"]] == Label(shown["image_id"], "amber", "labelled")
    assert after.splits()[shown["image_id"]].split in ("train", "validation")


def test_a_refused_photo_teaches_nothing(house: House) -> None:
    house.say(jpeg(scene(100)))
    [shown] = house.pile()
    house.table.act("ann", [[{"id": str(ULID()), "do": "refuse_visitor", "key": shown["key"]}]])
    after = house.settle()
    assert shown["image_id"] not in {**after.photos(), **after.labels(), **after.splits()}
    assert house.pile() == []


def test_a_copy_of_a_test_photo_is_a_question_about_the_test_photo_and_comes_in_nowhere(
    house: House,
) -> None:
    before = set(house.table.dataset.photos())
    house.say(saved_again(2))
    [shown] = house.pile()
    assert shown["image_id"] == house.ids["2"] and shown["sealed"]
    assert "Amber" not in str(shown["why"]) and shown["visitor"] is None, (
        "visitors choose among the model's answers"
    )
    assert AGAIN in shown["why"][0] and set(house.table.dataset.photos()) == before


def test_the_same_photo_twice_and_a_copy_of_one_that_waits_are_one_question(house: House) -> None:
    for photo in (jpeg(scene(100)), jpeg(scene(100)), jpeg(scene(100).resize((330, 248)), 60)):
        house.say(photo)
    [shown] = house.pile()
    assert len(shown["why"]) == 2 and AGAIN in " ".join(shown["why"])
    assert len(house.table.dataset.inbox()) == 1
    assert len(house.table.dataset.photos()) == 24


def test_a_copy_that_slipped_past_the_door_is_found_by_the_scan_and_kept_out_of_training(
    house: House,
) -> None:
    house.inbox._twin = lambda photo: None  # type: ignore[method-assign]
    house.say(saved_again(3))
    [shown] = house.pile()
    house.accept()
    sent = flush(house.journal, house.table.dataset.newest()).dataset
    unscanned = seal(fold_dataset(sent).dataset).dataset
    assert shown["image_id"] not in unscanned.splits(), (
        "nothing takes a side before a scan compared it"
    )
    after = seal(house.look(unscanned)).dataset
    assert shown["image_id"] not in {
        one for one, row in after.splits().items() if row.split != "test"
    }
    assert [one.related for one in after.findings() if one.kind == "leak"] == [(house.ids["3"],)]
    sides = {one: row.split for one, row in house.table.dataset.splits().items()}
    assert {one: after.splits()[one].split for one in sides} == sides, (
        "the sealed test is as it was"
    )
    house.table.refresh()
    told = house.table.look("ann", "leaks")["items"]
    assert [one["image_id"] for one in told] == [shown["image_id"]]


def test_a_scan_looks_at_no_photo_that_waits(house: House) -> None:
    house.say(jpeg(scene(100)))
    [waiting] = house.table.dataset.newest().inbox()
    after = house.look(house.table.dataset.newest())
    assert waiting not in {one.image_id for one in (*after.findings(), *after.opinions())}
    assert list(after.inbox()) == [waiting]
