"""An edit that somebody made elsewhere becomes a decision; nothing else does, and none is lost."""

import tempfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.decisions.apply import fold_dataset
from curation.decisions.erase import erase
from data_cards.annotations.decision import decide, line_of
from data_cards.annotations.default_config import refresh_default_config
from data_cards.annotations.journal import known
from data_cards.dataset.outside_edits import CellEdit, Meaning, meaning
from data_cards.dataset.repo import create_dataset, open_dataset
from data_cards.dataset.schema import Label
from data_cards.dataset.tables import images_file, labels_file, ledger_file
from tests.fixtures.pictures import collection_of, pictures, stored

THINGS = collection_of("lion", "rose", "ship")
SHOWN = {"lion": pictures(3, 1), "rose": pictures(3, 2)}
LABELS = "labels/labels.parquet"


def made(address):
    rows, labels = stored(SHOWN)
    files = dict([images_file(rows), labels_file(labels)])
    return refresh_default_config(create_dataset(address, THINGS).commit(files, "Photos"))


@pytest.fixture
def dataset(tmp_path):
    return made(str(tmp_path / "d"))


def edited(dataset, path, image_id, **cells):
    """The dataset after somebody changed cells of one row and knew nothing of Vitrine."""
    table = pq.read_table(dataset.repo.fetch(path, dataset.newest().revision))
    rows = table.to_pylist()
    (row,) = [row for row in rows if image_id in (row.get("image_id"), _name(row))]
    row.update(cells)
    out = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), out)
    return dataset.newest().commit({path: out.getvalue().to_pybytes()}, "Edit in Data Studio")


def _name(row):
    return ((row.get("image") or {}).get("path") or "").rpartition("/")[2].removesuffix(".jpg")


def data_file(dataset):
    return next(p for p in sorted(dataset.paths) if p.startswith("data/train"))


def first(dataset, label="lion"):
    return next(i for i, row in dataset.labels().items() if row.label == label)


@pytest.mark.parametrize("cell", ["rose", "Thing rose", "thing ROSE"])
def test_a_changed_cell_becomes_a_line_that_can_be_undone(dataset, cell):
    lion = first(dataset)
    after = fold_dataset(edited(dataset, LABELS, lion, label=cell))
    assert after.dataset.labels()[lion] == Label(lion, "rose", "labelled")
    (line,) = after.dataset.ledger()
    assert (line["action"], line["label"], line["label_before"]) == ("relabel", "rose", "lion")
    assert line["finding"] == "edited on the Hub" and "1 edit made elsewhere" in after.sentence
    undo = decide("ben", lion, "undo", undoes=line["id"])
    undone = fold_dataset(after.dataset.commit(dict([ledger_file([line_of(undo)])]), "Undo"))
    assert undone.dataset.labels()[lion].label == "lion"


def test_the_author_of_the_commit_is_who_decided(hub, monkeypatch):
    from huggingface_hub import HfApi

    dataset = made("hf://ann/tiny")
    lion = first(dataset)
    hub.repo("ann/tiny").writers.add("ben")
    monkeypatch.setenv("HF_TOKEN", "token-ben")
    edited(dataset, LABELS, lion, status="junk")
    monkeypatch.setenv("HF_TOKEN", "token-ann")
    HfApi().upload_file(
        path_or_fileobj=b"x", path_in_repo="note.txt", repo_id="ann/tiny", repo_type="dataset"
    )
    (line,) = fold_dataset(open_dataset("hf://ann/tiny")).dataset.ledger()
    assert (line["who"], line["action"]) == ("ben", "junk")


def test_an_edit_counts_before_anybody_folds(dataset):
    lion = first(dataset)
    after = edited(dataset, LABELS, lion, label="Thing ship")
    assert after.labels()[lion].label == "ship"
    assert [one.label for one in known(after).decisions] == ["ship"]
    assert not [path for path in after.paths if path.startswith("ledger/")]


def test_a_cell_of_the_default_config_counts_as_well(dataset):
    lion = first(dataset)
    after = refresh_default_config(edited(dataset, data_file(dataset), lion, label=1))
    assert after.labels()[lion].label == "rose"
    assert [row["action"] for row in after.ledger()] == ["relabel"]
    assert fold_dataset(after).dataset.revision == after.revision, "once and for all"


def test_an_edited_status_of_the_default_config_counts(dataset):
    lion = first(dataset)
    after = fold_dataset(edited(dataset, data_file(dataset), lion, status="none_of_these")).dataset
    assert after.labels()[lion].status == "none_of_these"


def test_push_to_hub_of_a_corrected_table_comes_back_as_decisions(hub, tmp_path):
    from datasets import load_dataset

    dataset = made("hf://ann/tiny")
    lion = first(dataset)
    table = load_dataset("ann/tiny", split="train", cache_dir=str(tmp_path))
    order = dict(enumerate(dataset.photos()))
    place = next(n for n, i in order.items() if i == lion)
    labels = [2 if n == place else label for n, label in enumerate(table["label"])]
    corrected = table.remove_columns("label").add_column(
        "label", labels, feature=table.features["label"]
    )
    corrected.push_to_hub("ann/tiny")
    after = fold_dataset(open_dataset("hf://ann/tiny")).dataset
    assert [(row["image_id"], row["label"]) for row in after.ledger()] == [(lion, "ship")]
    assert len(load_dataset("ann/tiny", split="train", cache_dir=str(tmp_path / "b"))) == 6


def test_photos_that_somebody_added_to_the_table_are_kept(dataset):
    path = data_file(dataset)
    table = pq.read_table(dataset.repo.fetch(path))
    row = table.slice(0, 1).to_pylist()[0] | {"image": {"bytes": b"new", "path": "x.jpg"}}
    out = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist([row], schema=table.schema), out)
    data = out.getvalue().to_pybytes()
    after = fold_dataset(dataset.commit({"data/train-00000.parquet": data}, "Push")).dataset
    assert after.repo.read("elsewhere/train-00000.parquet", after.revision) == data
    assert "data/train-00000.parquet" not in after.paths and len(after.labels()) == 6


@pytest.mark.parametrize(
    ("cells", "meant"),
    [
        ({"label": "Thing rose"}, Meaning("relabel", "rose")),
        ({"label": "none of these"}, Meaning("none_of_these")),
        ({"label": "junk"}, Meaning("junk")),
        ({"status": "junk"}, Meaning("junk")),
        ({"status": "none_of_these"}, Meaning("none_of_these")),
        ({"label": "Thing lion"}, None),
        ({"label": ""}, Meaning("unsure", None, "the label was taken away")),
        ({"label": "lynx"}, Meaning("unsure", None, "“lynx” is not a class")),
        (
            {"status": "duplicate"},
            Meaning("unsure", None, "marked as a copy, but not of which photo"),
        ),
    ],
)
def test_what_an_edit_means(cells, meant):
    row = {"label": "lion", "status": "labelled"} | cells
    edit = CellEdit(Label("a", "lion", "labelled"), row["label"], row["status"], "000000", LABELS)
    assert meaning(edit, THINGS) == meant


def test_a_word_that_is_no_class_is_kept_and_the_label_stays(dataset):
    lion = first(dataset)
    after = fold_dataset(edited(dataset, LABELS, lion, label="lynx"))
    assert after.dataset.labels()[lion].label == "lion"
    assert "“lynx” is not a class" in after.sentence
    assert after.dataset.ledger()[0]["finding"] == "edited on the Hub: “lynx” is not a class"


def test_an_older_copy_of_the_table_takes_no_decision_back(dataset):
    lion, rose = first(dataset), first(dataset, "rose")
    old = dataset.repo.read(LABELS, dataset.revision)
    later = fold_dataset(
        dataset.commit(dict([ledger_file([line_of(decide("ben", rose, "junk"))])]), "Decide")
    ).dataset
    pushed = later.commit({LABELS: old}, "Push what I had")
    after = fold_dataset(edited(pushed, LABELS, lion, label="ship")).dataset
    assert after.labels()[rose].status == "junk" and after.labels()[lion].label == "ship"


def test_the_same_edit_made_again_counts_again(dataset):
    lion = first(dataset)
    once = fold_dataset(edited(dataset, LABELS, lion, label="rose")).dataset
    undo = decide("ben", lion, "relabel", label="lion")
    back = fold_dataset(once.commit(dict([ledger_file([line_of(undo)])]), "Back")).dataset
    again = fold_dataset(edited(back, LABELS, lion, label="rose")).dataset
    assert again.labels()[lion].label == "rose" and len(again.ledger()) == 3


def test_erasing_a_photo_keeps_the_edits_of_the_others(dataset):
    lion, rose = first(dataset), first(dataset, "rose")
    after = erase(edited(dataset, LABELS, lion, label="ship"), [rose]).dataset
    assert after.labels()[lion].label == "ship" and after.unsaved_edits == []


def test_a_table_of_an_earlier_vitrine_tells_of_no_edit(dataset):
    table = pq.read_table(dataset.repo.fetch(LABELS)).drop_columns(["written"])
    out = pa.BufferOutputStream()
    pq.write_table(table, out)
    old = dataset.commit({LABELS: out.getvalue().to_pybytes()}, "Old")
    assert known(old).decisions == ()
    assert not fold_dataset(old).dataset.is_missing_written


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("label", "table", "decide", "fold", "refresh")),
        st.integers(0, 5),
        st.sampled_from(("lion", "rose", "ship")),
    ),
    max_size=7,
)


@settings(max_examples=12, deadline=None)
@given(STEPS)
def test_edits_decisions_and_folds_in_any_order_lose_none(steps):
    with tempfile.TemporaryDirectory() as folder:
        dataset = made(f"{folder}/d")
        names = list(dataset.photos())
        expected = {i: row.label for i, row in dataset.labels().items()}
        for kind, number, label in steps:
            name = names[number]
            dataset = dataset.newest()
            if kind == "decide":
                line = line_of(decide("ben", name, "relabel", label=label))
                dataset = dataset.commit(dict([ledger_file([line])]), "Decide")
            elif kind in ("fold", "refresh"):
                dataset = (
                    fold_dataset(dataset).dataset
                    if kind == "fold"
                    else refresh_default_config(dataset)
                )
                continue
            else:
                # Who edits sees what was folded so far; every edit here is of the newest fold.
                dataset = fold_dataset(dataset).dataset
                place = LABELS if kind == "label" else data_file(dataset)
                cell = label if kind == "label" else THINGS.index(label)
                dataset = edited(dataset, place, name, label=cell)
            expected[name] = label
        after = fold_dataset(dataset).dataset
        assert {i: row.label for i, row in after.labels().items()} == expected
        assert after.unsaved_edits == []
