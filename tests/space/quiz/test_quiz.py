"""The quiz shows only what is public, keeps answers as second opinions, and changes no label."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from curation.light_table.session.table import LightTable
from data_cards.annotations.decision import decide
from data_cards.annotations.journal import Journal, known
from data_cards.annotations.ledger import read_ledger
from data_cards.dataset.repo import open_dataset
from data_cards.errors import DiskFull, MissingFile
from space.quiz.quiz import ROUNDS_A_MINUTE, Quiz
from space.quiz.rounds import ENOUGH, PHOTOS
from tests.fixtures.light_table import small_dataset


class Model:
    """A served model that shows all photos but some."""

    def __init__(self, table: LightTable) -> None:
        self.collection = table.records.collection
        self.hidden: set[str] = set()

    def thumbnail(self, image_id: str) -> bytes | None:
        return None if image_id in self.hidden else b"jpeg"


class Place:
    """A table, and a quiz about it."""

    def __init__(self, folder: Path, count: int = 24, sealed: int = 4, **how: Any) -> None:
        small_dataset(folder / "dataset", count, sealed)
        self.journal = Journal(folder / "journal")
        self.table = LightTable(open_dataset(str(folder / "dataset")), self.journal)
        self.model = Model(self.table)
        self.now = 0.0
        self.quiz = Quiz(
            how.pop("is_on", True),
            self.table,
            lambda: self.model,  # type: ignore[arg-type, return-value]
            how.pop("keep", self.journal.append),
            rng=random.Random(how.pop("seed", 0)),
            clock=lambda: self.now,
            **how,
        )

    def begin(self, after: Any = None, client: str = "phone") -> dict[str, Any]:
        self.now += 60.0
        return dict(self.quiz.begin(after, client))

    def play(self, after: Any = None) -> tuple[str, list[dict[str, Any]]]:
        """A whole round; always the first of the three answers."""
        made = self.begin(after)
        return made["round"], [
            self.quiz.answer(made["round"], n, one["choices"][0]["label"])
            for n, one in enumerate(made["questions"])
        ]

    def asked(self, name: str) -> list[str]:
        return [one.image_id for one in self.quiz._rounds[name].questions]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_round_names_no_photo_and_asks_five_with_three_answers_each(place):
    made = place.begin()
    assert len(made["questions"]) == PHOTOS
    assert all(set(one) == {"choices"} and len(one["choices"]) == 3 for one in made["questions"])
    ids = place.table.records.photos
    assert not any(image_id in str(made) for image_id in ids)


def test_no_photo_of_the_sealed_test_is_ever_asked(place):
    for _ in range(12):
        made = place.begin()
        for one in place.asked(made["round"]):
            assert place.table.records.splits[one].split == "train"


def test_only_what_the_served_model_shows_is_asked(place):
    place.model.hidden = set(list(place.table.records.photos)[:12])
    for _ in range(12):
        assert not set(place.asked(place.begin()["round"])) & place.model.hidden
    place.model.hidden = set(place.table.records.photos)
    assert place.begin()["code"] == "no_quiz_now"


def test_what_a_visitor_sent_is_not_shown_to_other_visitors(place):
    photos = dict(place.table.records.photos)
    sent = set(list(photos)[:12])
    place.table.records.photos = {
        name: replace(
            one,
            sources=tuple(
                replace(source, origin="visitor" if name in sent else source.origin)
                for source in one.sources
            ),
        )
        for name, one in photos.items()
    }
    for _ in range(12):
        assert not set(place.asked(place.begin()["round"])) & sent


def test_what_was_erased_since_the_round_began_is_not_shown(tmp_path):
    gone: set[str] = set()
    place = Place(tmp_path, is_erased=lambda image_id: image_id in gone)
    name = place.begin()["round"]
    assert place.quiz.picture(name, 0)[:2] == b"\xff\xd8"
    gone.add(place.asked(name)[0])
    with pytest.raises(MissingFile):
        place.quiz.picture(name, 0)


def test_there_is_no_quiz_unless_the_owner_turned_it_on_nor_about_people(tmp_path):
    place = Place(tmp_path, is_on=False)
    assert not place.quiz.is_open() and place.begin()["code"] == "no_quiz"
    assert place.quiz.answer("x", 0, "harbour")["code"] == "no_quiz"
    people = Place(tmp_path / "people")
    people.model.collection = replace(people.model.collection, subject="people")
    assert not people.quiz.is_open() and people.begin()["code"] == "no_quiz"
    nowhere = Quiz(True, None, lambda: people.model, lambda said: None)  # type: ignore[arg-type, return-value]
    assert not nowhere.is_open()


def test_an_answer_is_a_second_opinion_and_no_label_changes(place):
    before = dict(place.table.book.labels)
    left = place.table.look("ann")["piles"]
    name, _ = place.play()
    opinions = read_ledger(place.journal.rows()).opinions
    assert [one.image_id for one in opinions] == place.asked(name)
    assert {one.action for one in opinions} == {"second_opinion"}
    assert not read_ledger(place.journal.rows()).decisions
    place.table._send()
    place.table.refresh()
    assert place.table.book.labels == before and place.table.look("ann")["piles"] == left
    assert len(known(place.table.dataset.newest()).opinions) == PHOTOS


def test_the_annotator_sees_what_visitors_said_also_after_a_restart(place):
    name, told = place.play()
    photo = next(
        one for one, said in zip(place.asked(name), told, strict=True) if said["known"] is None
    )
    why = " ".join(place.table.item("ann", photo)["why"])
    assert "1 visitor answered a quiz about it: 1 *" in why
    place.table._send()
    again = LightTable(place.table.dataset.newest(), Journal(place.journal.folder.parent / "other"))
    assert why == " ".join(again.item("ann", photo)["why"])


def test_a_known_photo_says_at_once_whether_that_was_right(place):
    made = place.begin()
    asked = place.quiz._rounds[made["round"]].questions
    for n, one in enumerate(asked):
        if one.known:
            wrong = next(label for label in one.choices if label != one.known)
            told = place.quiz.answer(made["round"], n, wrong)
            assert told["right"] is False and told["known"]["label"] == one.known
        else:
            told = place.quiz.answer(made["round"], n, one.choices[0])
            assert told == {"known": None, "right": None}


def test_a_second_answer_to_the_same_photo_does_not_count(place):
    made = place.begin()
    first, second = (one["label"] for one in made["questions"][0]["choices"][:2])
    told = place.quiz.answer(made["round"], 0, first)
    assert place.quiz.answer(made["round"], 0, second) == told
    assert len(read_ledger(place.journal.rows()).opinions) == 1


@pytest.mark.parametrize("name", [None, "", "forged", 7, ["x"], {"a": 1}])
def test_a_round_that_was_never_begun_is_refused(place, name):
    place.begin()
    assert place.quiz.answer(name, 0, "harbour")["code"] == "unknown_round"


@pytest.mark.parametrize("number", [None, -1, 5, 10**9, 1.5, True, "0", [0]])
def test_a_photo_that_was_not_asked_is_refused(place, number):
    assert place.quiz.answer(place.begin()["round"], number, "harbour")["code"] == "bad_number"


@pytest.mark.parametrize("label", [None, "", "nowhere", "none", 3, ["harbour"], {"a": 1}])
def test_an_answer_that_is_none_of_the_three_is_refused(place, label):
    name = place.begin()["round"]
    assert place.quiz.answer(name, 0, label)["code"] == "bad_choice"
    assert not read_ledger(place.journal.rows()).opinions


def test_a_round_ends_after_an_hour(place):
    name = place.begin()["round"]
    place.now += 3601
    assert place.quiz.answer(name, 0, "harbour")["code"] == "unknown_round"


def test_who_begins_too_often_is_told_to_wait_and_others_are_not(place):
    told = [place.quiz.begin(None, "one") for _ in range(ROUNDS_A_MINUTE + 1)]
    assert [one.get("code") for one in told] == [None] * ROUNDS_A_MINUTE + ["too_many"]
    assert "round" in place.quiz.begin(None, "two")


def test_rounds_of_one_visit_share_a_name_and_no_photo_and_two_visits_share_none(place):
    first, _ = place.play()
    second, _ = place.play(after=first)
    other, _ = place.play(after="forged")
    players = [one.who for one in read_ledger(place.journal.rows()).opinions]
    assert len(set(players[: 2 * PHOTOS])) == 1 and len(set(players)) == 2
    assert not set(place.asked(first)) & set(place.asked(second))
    assert all(one.startswith("quiz-") for one in players)
    assert other


def test_a_photo_that_enough_visitors_answered_is_asked_no_more(place):
    name = place.begin()["round"]
    label = place.quiz._rounds[name].questions[0].choices[0]
    photo = place.asked(name)[0]
    for n in range(ENOUGH):
        place.table.second_opinions.learn(
            [decide(f"quiz-{n}", photo, "second_opinion", label=label)]
        )
    assert all(photo not in place.asked(place.begin()["round"]) for _ in range(12))


def test_an_answer_that_could_not_be_kept_is_not_counted_and_can_be_given_again(tmp_path):
    full = [True]

    def keep(said: Any) -> None:
        if full[0]:
            raise DiskFull("The disk is full.")

    place = Place(tmp_path, keep=keep)
    made = place.begin()
    label = made["questions"][0]["choices"][0]["label"]
    assert place.quiz.answer(made["round"], 0, label)["code"] == "disk_full"
    full[0] = False
    assert "known" in place.quiz.answer(made["round"], 0, label)


def truth_of(place: Place) -> dict[str, str]:
    """What photos show: the classes in turn (tests/fixtures/light_table.py)."""
    classes = place.table.records.collection.ids
    return {
        name: classes[int(one.sources[0].path.split("/")[1].removesuffix(".png")) % 3]
        for name, one in place.table.records.photos.items()
    }


def many_visitors_answer(place: Place, truth: dict[str, str], visitors: int) -> None:
    """Each plays until nothing is left, and is right."""
    for number in range(visitors):
        round_before = None
        while (made := place.begin(round_before, f"phone {number}")).get("round"):
            round_before = made["round"]
            for n, photo in enumerate(place.asked(round_before)):
                place.quiz.answer(round_before, n, truth[photo])


def order_of(place: Place) -> list[str]:
    place.table._clock = lambda: float("inf")  # nothing waits
    return [one["image_id"] for one in place.table.look("ann", "labels", 50)["items"]]


def test_answers_change_what_is_asked_next_and_no_label(place):
    before = order_of(place)
    place.table.queue.let_go("ann")
    labels = dict(place.table.records.labels)
    truth = truth_of(place)
    train = [one for one in before if place.table.records.splits[one].split == "train"]
    confirmed = train[0]
    truth[confirmed] = "harbour"  # the label that it has: visitors say that it is right
    # A label that the scan found nothing about, and that visitors know better.
    missed = next(
        name
        for name, label in truth.items()
        if label == "harbour"
        and name not in before
        and place.table.records.splits[name].split == "train"
    )
    truth[missed] = "red-grid"
    many_visitors_answer(place, truth, 5)
    after = order_of(place)
    here = [one for one in after if one in train]
    assert here.index(confirmed) == len(here) - 1, "what visitors confirm comes last"
    assert missed not in before and missed in after
    assert place.table.records.labels == labels
    assert not known(place.table.dataset, place.journal).decisions


def test_after_a_restart_the_order_is_the_same(place, tmp_path):
    truth = truth_of(place)
    doubted = order_of(place)
    place.table.queue.let_go("ann")
    truth[doubted[-1]] = truth[doubted[-2]] = "harbour"
    many_visitors_answer(place, truth, 4)
    after = order_of(place)
    again = LightTable(open_dataset(str(tmp_path / "dataset")), Journal(tmp_path / "journal"))
    assert [one["image_id"] for one in again.look("ann", "labels", 50)["items"]] == after


def test_a_question_that_visitors_brought_is_decided_like_any_other(place):
    truth = truth_of(place)
    splits = place.table.records.splits
    missed = next(
        i for i, label in truth.items() if label == "harbour" and splits[i].split == "train"
    )
    truth[missed] = "red-grid"
    many_visitors_answer(place, truth, 4)
    item = next(
        one
        for one in (order_of(place), place.table.look("ann", "labels", 50)["items"])[1]
        if one["image_id"] == missed
    )
    assert any("visitors' answers" in line for line in item["history"])
    move = {
        "id": "01JDAAAAAAAAAAAAAAAAAAAAA1",
        "do": "keep",
        "key": item["key"],
        "image_id": missed,
    }
    assert place.table.act("ann", [[move]])["outcomes"][0]["ok"]
    many_visitors_answer(place, truth, 6)
    assert missed not in order_of(place), "a person decided: visitors do not ask again"
