"""Decisions from a file reach the labels in one commit, or not at all."""

import json

import pytest

from curation.decisions.apply import decide_from, fold_dataset
from data_cards.annotations.decision import decide, line_of
from data_cards.dataset.collection import ClassInfo, Collection
from data_cards.dataset.repo import create_dataset, open_dataset
from data_cards.dataset.schema import Label, Photo, Source
from data_cards.dataset.tables import images_file, labels_file, ledger_file
from data_cards.errors import BadDecision

THINGS = Collection(
    name="fort",
    title="Forts",
    classes=(ClassInfo("agra", "Agra Fort"), ClassInfo("amber", "Amber")),
)
U1, U2, U3 = (f"{n:026d}" for n in (1, 2, 3))


@pytest.fixture
def dataset(tmp_path):
    rows = [(Photo(name, 9, 9, (Source(f"{name}.jpg", "agra"),)), name.encode()) for name in "ab"]
    files = [images_file(rows), labels_file(Label(name, "agra", "labelled") for name in "ab")]
    return create_dataset(str(tmp_path / "d"), THINGS).commit(dict(files), "Photos")


@pytest.fixture
def decided(dataset, tmp_path):
    def from_rows(*rows):
        path = tmp_path / "decisions.jsonl"
        path.write_text(
            "".join(json.dumps({"image_id": "a", "who": "asha", **row}) + "\n" for row in rows),
            "utf-8",
        )
        return decide_from(dataset, path)

    return from_rows


def test_a_file_of_decisions_changes_the_labels(decided):
    done = decided({"action": "relabel", "label": "Amber"}, {"image_id": "b", "action": "junk"})
    assert done.dataset.labels() == {
        "a": Label("a", "amber", "labelled"),
        "b": Label("b", None, "junk"),
    }
    assert "2 of 2 decisions are new. 2 labels changed." in done.sentence


def test_the_same_file_twice_counts_once_and_makes_no_revision(decided):
    row = {"action": "relabel", "label": "amber", "id": U1, "at": "2026-11-21T10:00:00Z"}
    first = decided(row)
    second = decided(row)
    assert (
        second.dataset.revision == first.dataset.revision
        and "0 of 1 decisions are new" in second.sentence
    )
    assert len(second.dataset.ledger()) == 1


def test_a_class_that_a_line_adds_can_be_named_by_those_behind_it(decided):
    done = decided(
        {"action": "add_class", "label": "bidar", "title": "Bidar Fort"},
        {"action": "relabel", "label": "Bidar Fort"},
        {"action": "merge_class", "label_before": "amber", "label": "agra"},
        {"image_id": "b", "action": "relabel", "label": "amber"},
    )
    assert (
        done.dataset.labels()["a"].label == "bidar" and done.dataset.labels()["b"].label == "agra"
    )
    with pytest.raises(BadDecision, match=r"Line 1: .*Golconda"):
        decided(
            {"action": "relabel", "label": "Golconda"}, {"action": "add_class", "label": "golconda"}
        )


@pytest.mark.parametrize("labels", [("amber", "agra"), ("agra", "amber")])
def test_one_id_on_two_lines_is_the_same_decision_in_whatever_order_they_stand(decided, labels):
    done = decided(
        *(
            {
                "image_id": "b",
                "action": "relabel",
                "label": label,
                "id": U1,
                "at": "2026-11-21T10:00:00Z",
            }
            for label in labels
        )
    )
    assert done.dataset.labels()["b"].label == "agra" and len(done.dataset.ledger()) == 1


BAD_LINES = [
    b"{",
    b'{"image_id": "a", "action": "junk", "who": "\xff", "at": "2026-11-21T10:00:00Z"}',
    b"[" * 100_000,
    b"\xff\xfe",
    b'{"action": "crop", "who": "ann", "at": "2026-11-21T10:00:00Z"}',
    json.dumps(
        {"image_id": "a", "action": "junk", "who": "\ud800", "at": "2026-11-21T10:00:00Z"}
    ).encode(),
    json.dumps(
        {"image_id": "a", "action": "junk", "who": "a\x00", "at": "2026-11-21T10:00:00Z"}
    ).encode(),
    json.dumps(
        {"image_id": "a", "action": "junk", "who": "a" * 501, "at": "2026-11-21T10:00:00Z"}
    ).encode(),
    json.dumps({"image_id": "a", "action": "junk", "who": "ann"}).encode(),
    json.dumps(
        {"kind": "visitor", "id": "\ud800", "at": "2026-11-21T10:00:00Z", "image_id": "a"}
    ).encode(),
    json.dumps(
        {
            "label": "agra",
            "action": "edit_card",
            "who": "ann",
            "at": "2026-11-21T10:00:00Z",
            "card": json.dumps({"summary": "\ud800"}),
        }
    ).encode(),
]


@pytest.mark.parametrize("line", BAD_LINES)
def test_a_bad_line_in_the_ledger_is_left_out_and_told_and_the_others_count(dataset, line):
    good = json.dumps(line_of(decide("asha", "b", "junk"))).encode()
    folded = fold_dataset(
        dataset.commit({"ledger/x.jsonl": good + b"\n" + line + b"\n"}, "By hand")
    )
    assert folded.dataset.labels() == {
        "a": Label("a", "agra", "labelled"),
        "b": Label("b", None, "junk"),
    }
    assert (
        "1 line of the ledger cannot be read and was left out: ledger/x.jsonl, line 2: "
        in folded.sentence
    )


def test_several_bad_lines_are_counted_and_the_first_is_shown(dataset):
    said = fold_dataset(
        dataset.commit({"ledger/x.jsonl": b"\n".join(BAD_LINES)}, "By hand")
    ).sentence
    assert (
        f"{len(BAD_LINES)} lines of the ledger cannot be read and were left out. The first: "
        "ledger/x.j" in said
    )


def test_one_bad_line_saves_nothing(decided, dataset):
    with pytest.raises(BadDecision, match=r"Line 2: .*taj"):
        decided({"action": "junk"}, {"action": "relabel", "label": "taj"})
    assert dataset.newest().revision == dataset.revision


@pytest.mark.parametrize(
    "row", [{"action": "keep", "image_id": "z"}, {"action": "duplicate_of", "other": "z"}]
)
def test_a_photo_that_is_not_there_is_refused(decided, row):
    with pytest.raises(BadDecision, match=r"Line 2: there is no photo z"):
        decided({"action": "keep"}, row)


def test_a_file_that_is_not_there_or_no_text_is_said_so(dataset, tmp_path):
    with pytest.raises(BadDecision, match="There is no file"):
        decide_from(dataset, tmp_path / "nothing.jsonl")
    (tmp_path / "x.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadDecision, match="not UTF-8"):
        decide_from(dataset, tmp_path / "x.jsonl")


def test_folding_brings_in_what_was_only_sent_and_then_changes_nothing(dataset):
    sent = dataset.commit(
        dict([ledger_file([line_of(decide("asha", "a", "relabel", label="amber"))])]), "Send"
    )
    folded = fold_dataset(sent)
    assert folded.dataset.labels()["a"].label == "amber" and "1 label changed." in folded.sentence
    assert fold_dataset(folded.dataset).dataset.revision == folded.dataset.revision
    assert open_dataset(sent.address).labels()["a"].label == "amber"


def test_an_undo_brings_the_given_label_back(decided):
    decided({"action": "relabel", "label": "amber", "id": U1, "at": "2026-11-21T10:00:00Z"})
    done = decided({"action": "undo", "undoes": U1, "id": U2, "at": "2026-11-21T10:01:00Z"})
    assert done.dataset.labels()["a"].label == "agra"


def test_a_merged_class_leaves_the_collection_and_comes_back_with_undo(decided):
    merged = decided(
        {
            "image_id": "",
            "action": "merge_class",
            "label_before": "agra",
            "label": "amber",
            "id": U1,
        }
    )
    assert (
        merged.dataset.collection().ids == ("amber",)
        and merged.dataset.collection().resolve("Agra Fort") == "amber"
    )
    assert {row.label for row in merged.dataset.labels().values()} == {"amber"}
    back = decided({"image_id": "", "action": "undo", "undoes": U1, "id": U2}).dataset
    assert (
        set(back.collection().ids) == {"agra", "amber"}
        and back.collection().info("amber").aliases == ()
    )
    assert {row.label for row in back.labels().values()} == {"agra"}


def test_a_renamed_class_keeps_its_id_and_an_added_one_can_be_given(decided):
    decided(
        {
            "image_id": "",
            "action": "rename_class",
            "label": "agra",
            "title": "Red Fort of Agra",
            "id": U1,
        },
        {"image_id": "", "action": "add_class", "label": "bidar", "title": "Bidar Fort", "id": U2},
    )
    done = decided({"action": "relabel", "label": "Bidar Fort"}).dataset
    assert (
        done.collection().title_of("agra") == "Red Fort of Agra"
        and done.labels()["a"].label == "bidar"
    )
    undone = decided({"image_id": "", "action": "undo", "undoes": U1, "id": U3}).dataset
    assert undone.collection().title_of("agra") == "Agra Fort"
