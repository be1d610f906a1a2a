"""Drafts from Wikidata and Wikipedia, as their interfaces answer (recorded in tests/fixtures)."""

import json
from pathlib import Path

import pytest

from data_cards.dataset.collection import ClassInfo
from data_cards.errors import NotFetched
from data_cards.texts.wikidata import Wikimedia, first_sentences, not_called_so

RECORDED = json.loads((Path(__file__).parents[2] / "fixtures/recorded/wikidata.json").read_text())


def recorded(**changed):
    answers = {**RECORDED, **changed}

    def ask(url, words):
        if "wikipedia.org" in url:
            found = answers["summary"]
        elif words["action"] == "wbsearchentities":
            found = answers["search"]
        else:
            found = answers["labels" if words["props"] == "labels" else "entity"]
        if isinstance(found, Exception):
            raise found
        return found

    return Wikimedia(ask)


TOWER = ClassInfo("eiffel-tower", "Eiffel Tower", wikidata="Q243")


def test_a_draft_has_facts_place_sentences_and_says_where_they_are_from():
    made = recorded().draft_of(TOWER).info
    assert made.draft
    assert made.facts == (
        ("Architect", "Stephen Sauvestre"),
        ("Made", "1887"),
        ("Country", "France"),
        ("Height", "330 m"),
    )
    assert made.location == (48.8583, 2.29448)
    assert made.aliases == ("La tour Eiffel",)
    assert made.summary.startswith("It is a lattice tower")
    assert "wikidata.org/wiki/Q243" in made.source
    assert "en.wikipedia.org/wiki/Eiffel_Tower" in made.source
    assert made.licence == "CC-BY-SA-4.0"


def test_without_a_page_the_facts_alone_are_drafted_and_are_free():
    made = recorded(summary=NotFetched("en.wikipedia.org does not answer.")).draft_of(TOWER).info
    assert made.summary == "tower located on the Champ de Mars in Paris, France"
    assert made.licence == "CC0-1.0"
    assert "wikipedia" not in made.source


def test_what_somebody_wrote_stays():
    mine = ClassInfo(
        "t",
        "Eiffel Tower",
        "My words.",
        (("Look for", "iron"),),
        "me",
        "CC0-1.0",
        "Q243",
        (1.0, 2.0),
    )
    made = recorded().draft_of(mine).info
    assert (made.summary, made.facts, made.location) == ("My words.", mine.facts, (1.0, 2.0))
    assert (made.source, made.licence, made.draft) == ("me", "CC0-1.0", False)


def test_an_item_is_found_by_its_name_when_just_one_is_called_so():
    assert recorded().draft_of(ClassInfo("x", "Eiffel tower")).info.wikidata == "Q243"
    assert "no item of this name" in recorded().draft_of(ClassInfo("x", "Tower")).why_not


def test_of_several_items_of_one_name_none_is_chosen():
    twice = {
        "search": [
            {"id": "Q1", "label": "Shiva", "description": "a god"},
            {"id": "Q2", "label": "Shiva"},
        ]
    }
    draft = recorded(search=twice).draft_of(ClassInfo("shiva", "Shiva"))
    assert "Q1 (a god); Q2" in draft.why_not
    assert not draft.info.wikidata


@pytest.mark.parametrize("entity", [{"entities": {}}, {}, {"entities": {"Q243": {"missing": ""}}}])
def test_an_item_that_is_gone_is_said(entity):
    assert "no item Q243" in recorded(entity=entity).draft_of(TOWER).why_not


@pytest.mark.parametrize(
    ("time", "precision", "said"),
    [
        ("+1887-01-28T00:00:00Z", 11, "1887"),
        ("-0447-00-00T00:00:00Z", 9, "447 BC"),
        ("+1500-00-00T00:00:00Z", 7, "15th century"),
        ("+1601-00-00T00:00:00Z", 7, "17th century"),
        ("+1880-00-00T00:00:00Z", 8, "1880s"),
        ("+1000-00-00T00:00:00Z", 6, ""),
        ("soon", 9, ""),
    ],
)
def test_a_time_is_told_as_exactly_as_it_is_known(time, precision, said):
    value = {"time": time, "precision": precision}
    claims = {"P571": [{"mainsnak": {"datavalue": {"value": value}}, "rank": "normal"}]}
    made = recorded(entity={"entities": {"Q243": {"claims": claims}}}).draft_of(TOWER).info
    assert dict(made.facts).get("Made", "") == said


def test_sentences_are_whole_and_initials_are_no_ends():
    text = "Built by A. B. Smith in 1900. It burned. " + "Long " * 100 + "end."
    assert first_sentences(text, 60) == "Built by A. B. Smith in 1900. It burned."
    assert first_sentences("", 10) == ""


def items(**names):
    """Wikidata with these items: their label and aliases, a merged one, and nothing else."""
    asked = []

    def entity(item):
        label, *aliases = names[item]
        return {
            "id": item,
            "labels": {"en": {"value": label}},
            "aliases": {"en": [{"value": one} for one in aliases]},
        }

    def ask(url, words):
        asked.append(words["ids"].split("|"))
        found = {one: entity(one) for one in asked[-1] if one in names}
        if "Q404" in asked[-1]:
            found["Q7"] = entity("Q7") | {"redirects": {"from": "Q404", "to": "Q7"}}
        return {"entities": found | {one: {"missing": ""} for one in asked[-1] if one == "Q13"}}

    return ask, asked


@pytest.mark.parametrize(
    ("title", "aliases", "label", "others"),
    [
        ("Michelangelo", (), "Leonardo da Vinci", ("da Vinci",)),
        ("Ganesha", ("Ganapati",), "Hanuman", ()),
        ("Freyr", (), "Freyja", ("Freya",)),
        ("Taj Mahal", (), "Taj Mahal Palace Hotel", ()),
        ("Oya", (), "Oya River (Japan)", ()),
    ],
)
def test_an_item_of_another_name_is_said_and_nothing_is_drafted_from_it(
    title, aliases, label, others
):
    info = ClassInfo("x", title, aliases=aliases, wikidata="Q5")
    ask, _ = items(Q5=(label, *others))
    ((class_id, why),) = not_called_so(ask, [info])
    assert class_id == "x" and f"Q5 is “{label}” on Wikidata, not “{title}”" in why
    draft = Wikimedia(ask).draft_of(info)
    assert draft.why_not == why and draft.info == info


@pytest.mark.parametrize(
    ("title", "aliases", "label", "others"),
    [
        ("Hạ Long Bay", ("Halong",), "Ha Long Bay", ()),
        ("Xangô", (), "Shango", ("Xango",)),
        ("Guanyin", ("Kannon",), "Guan Yin", ("kannon",)),
        ("Freyr", (), "Freyr (god)", ()),
        ("Paul Cézanne", (), "paul cezanne", ()),
    ],
)
def test_accents_capitals_brackets_and_aliases_make_no_other_thing(title, aliases, label, others):
    info = ClassInfo("x", title, aliases=aliases, wikidata="Q5")
    assert list(not_called_so(items(Q5=(label, *others))[0], [info])) == []


def test_items_are_compared_fifty_at_a_time_and_merged_or_missing_ones_are_known():
    many = {f"Q{number}": (f"Thing {number}",) for number in range(100, 220)} | {"Q7": ("Moved",)}
    classes = [
        ClassInfo(f"c{item}", name, wikidata=item) for item, (name,) in many.items() if item != "Q7"
    ]
    classes += [ClassInfo("moved", "Moved", wikidata="Q404"), ClassInfo("none", "No item")]
    classes.append(ClassInfo("gone", "Gone", wikidata="Q13"))
    ask, asked = items(**many)
    assert dict(not_called_so(ask, classes)) == {"gone": "Wikidata has no item Q13"}
    assert [len(some) for some in asked] == [50, 50, 22]


def changed(**fields):
    entity = RECORDED["entity"]["entities"]["Q243"] | fields
    return {"entities": {"Q243": entity}}


@pytest.mark.parametrize("nothing", [[], None, {}])
def test_what_an_item_lacks_may_be_written_in_several_ways(nothing):
    names = ("descriptions", "aliases", "claims", "sitelinks")
    made = recorded(entity=changed(**dict.fromkeys(names, nothing))).draft_of(TOWER).info
    assert (made.summary, made.facts, made.aliases, made.location) == ("", (), (), None)


@pytest.mark.parametrize(
    "entity",
    [
        changed(claims={"P170": [None]}),
        changed(claims={"P625": [{"mainsnak": {"datavalue": {"value": "here"}}}]}),
        changed(labels={"en": "Eiffel Tower"}),
        {"entities": {"Q243": "Eiffel Tower"}},
        ["entities"],
    ],
)
def test_an_item_of_another_form_is_a_sentence(entity):
    with pytest.raises(NotFetched, match="answered in a form that is not known"):
        draft = recorded(entity=entity).draft_of(TOWER)
        raise NotFetched(f"answered in a form that is not known: {draft.why_not}")


def claim(value):
    return [{"mainsnak": {"datavalue": {"value": value}}, "rank": "normal"}]


@pytest.mark.parametrize(("latitude", "longitude"), [(91, 0), (0, 181), ("nan", 1)])
def test_a_place_that_is_not_on_earth_is_left_out(latitude, longitude):
    place = {"latitude": latitude, "longitude": longitude}
    made = recorded(entity=changed(claims={"P625": claim(place)})).draft_of(TOWER).info
    assert made.location is None


def test_a_page_that_lists_meanings_is_no_thing():
    kind = {"P31": claim({"id": "Q4167410"})}
    draft = recorded(entity=changed(claims=kind)).draft_of(TOWER)
    assert draft.why_not == "Q243 only lists what this name may mean; give another item"
    assert draft.info == TOWER


@pytest.mark.parametrize(
    "summary",
    [{"type": "disambiguation", "extract": "Tower may be:"}, {"extract": None}, {}],
)
def test_a_page_without_an_introduction_gives_the_facts_alone(summary):
    made = recorded(summary=summary).draft_of(TOWER).info
    assert made.summary == "tower located on the Champ de Mars in Paris, France"
    assert made.licence == "CC0-1.0"


def test_what_is_no_number_of_an_item_is_not_asked_for():
    """Wikidata would refuse the whole request, and with it the other items."""
    ask, asked = items(Q5=("Zeus",))
    classes = [ClassInfo("zeus", "Zeus", wikidata="Q5")]
    classes += [ClassInfo(f"c{n}", "C", wikidata=n) for n in ("x", "Q0", "Q1|Q2", "Q99999999999")]
    assert dict(not_called_so(ask, classes)) == {
        f"c{n}": f"Wikidata has no item {n}" for n in ("x", "Q0", "Q1|Q2", "Q99999999999")
    }
    assert asked == [["Q5"]]
    assert "no item Q0" in Wikimedia(ask).draft_of(ClassInfo("a", "A", wikidata="Q0")).why_not
    assert asked == [["Q5"]]
