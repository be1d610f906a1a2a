"""The commands of collections: what they print, and what they end with."""

from data_cards.__main__ import main
from data_cards.command_line import DONE
from data_cards.errors import WRONG_USE


def test_what_ships_is_checked_when_no_name_is_given(capsys):
    assert main(["check"]) == DONE
    assert "No error in 8 collections." in capsys.readouterr().out


def test_a_collection_is_begun_spoiled_and_checked(tmp_path, capsys):
    folder = tmp_path / "festival"
    assert main(["new", str(folder)]) == DONE
    assert main(["check", str(folder)]) == DONE
    assert "--advice shows which" in capsys.readouterr().out
    (folder / "classes.yaml").write_text("- id: none\n- id: a\n  tilte: x\n")
    assert main(["check", str(folder)]) == WRONG_USE
    shown = capsys.readouterr().out
    assert f"{folder}/classes.yaml, line 1: `none` is a reserved word" in shown
    assert f"{folder}/classes.yaml, line 3: `tilte` is not known" in shown
    assert "2 errors in 1 collection." in shown


def test_advice_is_shown_when_asked_for(tmp_path, capsys):
    main(["new", str(tmp_path / "a")])
    capsys.readouterr()
    assert main(["check", "--advice", str(tmp_path / "a")]) == DONE
    assert "classes.yaml, line 5: first-thing has no summary yet." in capsys.readouterr().out


def test_a_name_that_leads_nowhere_is_one_sentence(capsys):
    assert main(["check", "nothing"]) == WRONG_USE
    assert main(["fill", "nothing"]) == WRONG_USE
    said = capsys.readouterr().err
    assert "There is no collection 'nothing'" in said
    assert "Traceback" not in said


def test_items_are_compared_online_when_asked_for(tmp_path, capsys, monkeypatch):
    answers = {
        "Q1": {"labels": {"en": {"value": "Lion"}}},
        "Q2": {"labels": {"en": {"value": "Tiger"}}},
    }
    monkeypatch.setattr(
        "data_cards.web.client.WebClient.json", lambda self, url, words: {"entities": answers}
    )
    folder = tmp_path / "animals"
    folder.mkdir()
    (folder / "card.md").write_text(
        "---\nname: animals\ntitle: A\nlicence: CC0-1.0\n---\nBeasts.\n"
    )
    (folder / "classes.yaml").write_text(
        "- id: lion\n  wikidata: Q1\n- id: rose\n  wikidata: Q2\n- id: ship\n"
    )
    assert main(["check", str(folder)]) == DONE
    assert main(["check", "--online", str(folder)]) == WRONG_USE
    shown = capsys.readouterr().out
    assert "rose: Q2 is “Tiger” on Wikidata, not “Rose”" in shown
    assert "2 items of Wikidata compared" in shown and "1 error in 1 collection." in shown
