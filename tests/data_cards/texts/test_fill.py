"""Collections begun and filled: files that `check` accepts, drafts that wait for a person."""

from dataclasses import replace

import pytest

from data_cards.__main__ import main
from data_cards.annotations.class_card import card_of, read_card, with_fields, write_card
from data_cards.annotations.class_edits import changed_collection
from data_cards.annotations.decision import decide
from data_cards.dataset.class_names import class_id_from, title_from
from data_cards.dataset.collection import ClassInfo, Collection, load_collection, write_collection
from data_cards.dataset.repo import create_dataset, open_dataset
from data_cards.errors import BadCollection, NotFetched, UnknownClass
from data_cards.texts.check import check_texts
from data_cards.texts.fill import fill
from data_cards.texts.place import find_place
from data_cards.texts.skeleton import begin_collection
from data_cards.texts.wikidata import Draft

THINGS = Collection("a", "A", (ClassInfo("x", "X"), ClassInfo("y", "Y", "Mine.", (("a", "b"),))))


def drafts(info):
    return Draft(replace(info, summary=f"About {info.title}.", draft=True))


def folder_of(things, folder):
    folder.mkdir()
    card, classes = write_collection(things)
    (folder / "card.md").write_text(card)
    (folder / "classes.yaml").write_text("# Kept.\n" + classes)
    return folder


NAMES = [
    "festival",
    "Old Town",
    "no",
    "Été: 2026",
    "123",
    "Ann's mugs",
    "null",
    "007",
    "x\ny",
    "🏺",
]


@pytest.mark.parametrize("name", [*NAMES, "{name}", "#1", "a\udcffb"])
def test_a_new_collection_can_be_read_and_has_no_error(tmp_path, name):
    begin_collection(tmp_path / name)
    place = find_place(str(tmp_path / name))
    assert [one for one in check_texts(place.card, place.classes) if one.is_error] == []
    assert place.collection().ids == ("first-thing",)
    called = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    assert place.collection().name == class_id_from(called)
    assert place.collection().title == title_from(called)


def test_a_collection_that_is_there_is_not_begun_again(tmp_path):
    begin_collection(tmp_path / "a")
    before = (tmp_path / "a/classes.yaml").read_text()
    with pytest.raises(BadCollection, match="nothing was changed"):
        begin_collection(tmp_path / "a")
    assert (tmp_path / "a/classes.yaml").read_text() == before


def test_only_classes_without_a_text_are_filled_and_comments_stay(tmp_path):
    folder = folder_of(THINGS, tmp_path / "a")
    filled = fill(find_place(str(folder)), drafts)
    assert filled.drafted == ("x",)
    assert load_collection(folder).info("x").draft
    assert load_collection(folder).info("y") == THINGS.info("y")
    assert (folder / "classes.yaml").read_text().startswith("# Kept.\n")


def test_a_dataset_is_filled_by_a_commit(tmp_path):
    before = create_dataset(str(tmp_path / "d"), THINGS)
    fill(find_place(str(tmp_path / "d")), drafts)
    after = open_dataset(str(tmp_path / "d"))
    assert after.collection().info("x").draft
    assert after.revision != before.revision


def test_what_was_drafted_before_the_source_failed_is_kept(tmp_path):
    many = Collection("a", "A", tuple(ClassInfo(f"c{number}", f"C{number}") for number in range(9)))
    folder = folder_of(many, tmp_path / "a")
    asked = []

    def fails_later(info):
        asked.append(info.id)
        if len(asked) > 2:
            raise NotFetched("wikidata.org does not answer.")
        return drafts(info)

    filled = fill(find_place(str(folder)), fails_later)
    assert filled.drafted == ("c0", "c1")
    assert len(asked) == 5
    assert [info.draft for info in load_collection(folder).classes[:3]] == [True, True, False]


def test_a_drafted_name_of_another_class_is_left_out(tmp_path):
    gods = Collection("g", "G", (ClassInfo("zeus", "Zeus"), ClassInfo("jove", "Jove")))
    names = {"zeus": ("JOVE", "Sky"), "jove": ("Zeus", "sky", "Jupiter")}
    folder = folder_of(gods, tmp_path / "g")
    fill(find_place(str(folder)), lambda info: Draft(replace(info, aliases=names[info.id])))
    made = load_collection(folder)
    assert made.info("zeus").aliases == ("Sky",)
    assert made.info("jove").aliases == ("Jupiter",)
    place = find_place(str(folder))
    assert [one for one in check_texts(place.card, place.classes) if one.is_error] == []


@pytest.mark.parametrize("kind", ["folder", "dataset"])
def test_what_somebody_writes_while_drafts_are_made_stays(tmp_path, kind):
    many = Collection("a", "A", (ClassInfo("x", "X"), ClassInfo("y", "Y")))
    address = str(tmp_path / "d")
    if kind == "folder":
        folder_of(many, tmp_path / "d")
    else:
        create_dataset(address, many)
    mine = ClassInfo("y", "Y", "Mine.")

    def edits(info):
        if info.id == "y":
            now = find_place(address)
            now.write(lambda things: things.with_classes([things.info("x"), mine]), "Edit")
        return drafts(info)

    fill(find_place(address), edits)
    things = find_place(address).collection()
    assert things.info("x").draft
    assert things.info("y") == mine


def test_drafts_are_kept_when_somebody_stops(tmp_path):
    folder = folder_of(
        Collection("a", "A", (ClassInfo("x", "X"), ClassInfo("y", "Y"))), tmp_path / "a"
    )

    def stops(info):
        if info.id == "y":
            raise KeyboardInterrupt
        return drafts(info)

    with pytest.raises(KeyboardInterrupt):
        fill(find_place(str(folder)), stops)
    assert load_collection(folder).info("x").draft


def test_a_class_that_is_not_there_is_said(tmp_path):
    folder = folder_of(THINGS, tmp_path / "a")
    with pytest.raises(UnknownClass):
        fill(find_place(str(folder)), drafts, ["z"])


def test_a_collection_with_a_readme_of_its_own_is_no_dataset(tmp_path):
    folder = folder_of(THINGS, tmp_path / "Ann's mugs")
    (folder / "README.md").write_text("# How these texts came about")
    assert find_place(str(folder)).collection().ids == ("x", "y")


def test_a_command_that_is_offered_can_be_pasted(tmp_path, capsys):
    with pytest.raises(BadCollection, match=r"vitrine new 'two words'$"):
        find_place("two words")
    assert main(["new", str(tmp_path / "two words")]) == 0
    assert f"vitrine check '{tmp_path / 'two words'}'" in capsys.readouterr().out


def test_a_name_that_leads_nowhere_says_how_to_begin():
    with pytest.raises(BadCollection, match="vitrine new nothing"):
        find_place("nothing")


def test_visitors_are_told_a_draft_once_it_is_accepted():
    info = ClassInfo("x", "X", "Words.", (("a", "b"),), "Wikidata", "CC0-1.0", draft=True)
    told = info.to_json()
    assert (told["summary"], told["facts"], told["source"]) == ("", [], "")
    assert "draft" not in told
    accepted = with_fields(info, {"draft": False}).to_json()
    assert accepted["summary"] == "Words."


def test_accepting_a_draft_is_a_decision_that_can_be_taken_back():
    info = ClassInfo("x", "X", "Words.", draft=True)
    things = Collection("a", "A", (info,))
    accept = decide(
        "ann",
        "",
        action="edit_card",
        label="x",
        card=write_card({"draft": False}),
        card_before=write_card({"draft": card_of(info)["draft"]}),
    )
    assert not changed_collection(things, [accept]).info("x").draft
    back = decide("ann", "", action="undo", undoes=accept.id)
    after = changed_collection(changed_collection(things, [accept]), [accept, back])
    assert after.info("x").draft
    assert read_card(accept.card) == {"draft": False}
