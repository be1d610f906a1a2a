"""The table of actions is whole, and what is derived from it fits."""

import ast
from pathlib import Path

from data_cards.annotations.actions import (
    ACTIONS,
    ANSWERS,
    CLASS_ACTIONS,
    COPY_ANSWERS,
    LABEL_ANSWERS,
    PAIR_ACTIONS,
    PHOTO_ACTIONS,
    TABLE,
    VISITOR_ACTIONS,
    About,
    Topic,
)
from data_cards.annotations.decision import Decision
from data_cards.annotations.ledger import EFFECTS

ROOT = Path(__file__).parents[3]
FLOORS = ("data_cards", "train", "curation", "space")
PRODUCT = sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))
STATUSES = {"none_of_these", "junk"}  # these words are also states of a photo


def test_every_action_is_about_one_thing():
    assert set(ACTIONS) == PHOTO_ACTIONS | CLASS_ACTIONS | {"undo"}
    assert not PHOTO_ACTIONS & CLASS_ACTIONS
    assert PAIR_ACTIONS | VISITOR_ACTIONS < PHOTO_ACTIONS


def test_whatever_needs_a_field_needs_one_that_a_decision_has():
    for name, action in TABLE.items():
        assert set(action.needs) <= set(Decision.__dataclass_fields__), name
        assert ("other" in action.needs) == (action.about == About.PAIR), name


def test_whoever_is_unsure_changes_a_class_or_takes_back_settles_nothing():
    for name in set(ACTIONS) - ANSWERS:
        assert not TABLE[name].settles and not TABLE[name].judges and not TABLE[name].answers, name


def test_whatever_gives_a_label_settles_what_the_photo_shows():
    """Keeping a label does so where the label was the question (see `settled.py`)."""
    for name in set(EFFECTS) - CLASS_ACTIONS - {"keep", "not_duplicate"}:
        assert Topic.LABEL in TABLE[name].settles, name


def test_the_fold_knows_no_action_that_is_not_in_the_table():
    assert set(EFFECTS) <= set(ACTIONS)


def test_the_sets_of_answers_are_those_that_people_can_differ_with():
    assert {"keep", "relabel", "none_of_these", "junk", "accept_visitor"} == LABEL_ANSWERS
    assert {"keep", "junk", "duplicate_of", "not_duplicate"} == COPY_ANSWERS


def test_no_other_file_lists_actions():
    for path in [one for one in PRODUCT if one.name != "actions.py"]:
        text = path.read_text()
        if sum(f'"{action}"' in text for action in ACTIONS) < 2:
            continue  # most files, and to parse them takes seconds
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
                words = {one.value for one in node.elts if isinstance(one, ast.Constant)}
                listed = words & set(ACTIONS)
                assert len(listed) < 2 or listed <= STATUSES, (
                    f"{path}:{node.lineno} lists {sorted(listed)}"
                )
