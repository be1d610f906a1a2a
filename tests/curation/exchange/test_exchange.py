"""Datasets go to other tools and their labels come back; each form is held against what that tool
documents, or against its reader where it is installed."""

import csv
import json

import pytest

from curation.exchange.export import export_dataset
from curation.exchange.forms import FORMS
from curation.exchange.import_labels import import_labels, read_labels
from curation.exchange.selection import Selection
from data_cards.dataset.repo import create_dataset, open_dataset
from data_cards.dataset.schema import Split
from data_cards.dataset.tables import images_file, labels_file, splits_file
from data_cards.errors import BadDecision, BadSource
from tests.fixtures.pictures import collection_of, pictures, stored

SHOWN = {"lion": pictures(3, 1), "rose": pictures(2, 2), None: pictures(1, 3)}
EVERYTHING = Selection((), ("labelled", "none_of_these"))


@pytest.fixture
def dataset(tmp_path):
    rows, labels = stored(SHOWN)
    sides = ("train", "validation", "test", "train", "test", "test")
    splits = [Split(row.image_id, "", side) for row, side in zip(labels, sides, strict=True)]
    files = dict([images_file(rows), labels_file(labels), splits_file(splits)])
    return create_dataset(str(tmp_path / "d"), collection_of("lion", "rose")).commit(files, "P")


def of(dataset, label):
    return sorted(i for i, row in dataset.labels().items() if row.label == label)


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.jpg"))


@pytest.mark.parametrize("to", FORMS)
def test_every_form_holds_every_chosen_photo(dataset, tmp_path, to):
    done = export_dataset(dataset, tmp_path / "out", to)
    assert done.photos == 5 and str(tmp_path / "out") in done.sentence
    if to != "huggingface":
        assert {path.rpartition("/")[2][:-4] for path in files(tmp_path / "out")} == {
            *of(dataset, "lion"),
            *of(dataset, "rose"),
        }


def test_folders_are_named_by_split_and_class(dataset, tmp_path):
    export_dataset(dataset, tmp_path / "a", "imagefolder", EVERYTHING)
    assert {path.rpartition("/")[0] for path in files(tmp_path / "a")} == {
        "train/lion",
        "validation/lion",
        "test/lion",
        "train/rose",
        "test/rose",
        "test/none_of_these",
    }
    export_dataset(dataset, tmp_path / "b", "yolo-cls", Selection(("validation",)))
    assert [path.rpartition("/")[0] for path in files(tmp_path / "b")] == ["val/lion"]


def test_datasets_opens_an_imagefolder_and_a_table(dataset, tmp_path):
    from datasets import load_dataset

    for to in ("imagefolder", "huggingface"):
        export_dataset(dataset, tmp_path / to, to)
        table = load_dataset(str(tmp_path / to), cache_dir=str(tmp_path / "cache"))
        assert {side: len(rows) for side, rows in table.items()} == {
            "train": 2,
            "validation": 1,
            "test": 2,
        }


def test_a_later_export_links_photos_of_an_earlier_one(dataset, tmp_path):
    export_dataset(dataset, tmp_path / "one", "csv")
    done = export_dataset(dataset, tmp_path / "two", "coco-classification")
    assert done.linked == 5 and "5 of them linked" in done.sentence
    first, second = (next((tmp_path / name).rglob("*.jpg")) for name in ("one", "two"))
    assert first.stat().st_nlink == 2 and second.stat().st_nlink == 2


def test_an_older_revision_is_exported_as_it_was(dataset, tmp_path):
    lion = of(dataset, "lion")[0]
    file = tmp_path / "said.csv"
    file.write_text(f"image_id,label\n{lion},rose\n")
    import_labels(dataset, file)
    export_dataset(open_dataset(f"{dataset.address}@{dataset.revision}"), tmp_path / "old", "csv")
    rows = list(csv.DictReader((tmp_path / "old" / "labels.csv").read_text().splitlines()))
    assert next(row for row in rows if row["image_id"] == lion)["label"] == "lion"


def test_coco_counts_as_its_readers_do(dataset, tmp_path):
    export_dataset(dataset, tmp_path / "out", "coco-classification")
    test = json.loads((tmp_path / "out" / "annotations" / "test.json").read_text())
    names = {one["id"]: one["name"] for one in test["categories"]}
    assert sorted(names.values()) == ["Thing lion", "Thing rose"]
    assert {one["image_id"] for one in test["annotations"]} == {one["id"] for one in test["images"]}
    assert all((tmp_path / "out" / "images" / one["file_name"]).is_file() for one in test["images"])


def test_fiftyone_finds_each_label_beside_its_file(dataset, tmp_path):
    export_dataset(dataset, tmp_path / "out", "fiftyone")
    said = json.loads((tmp_path / "out" / "train" / "labels.json").read_text())
    there = {path.stem for path in (tmp_path / "out" / "train" / "data").iterdir()}
    assert set(said["labels"]) == there
    assert {said["classes"][number] for number in said["labels"].values()} == {
        "Thing lion",
        "Thing rose",
    }


def corrected(dataset, tmp_path, to, listed, correct):
    """The dataset after one correction was made in the files of an export."""
    export_dataset(dataset, tmp_path / "out", to, EVERYTHING)
    lion = of(dataset, "lion")[0]
    for path in sorted((tmp_path / "out").glob(listed)):
        path.write_text(correct(path.read_text(), lion))
        dataset = import_labels(dataset, path, "asha").dataset
    return dataset, lion


def _in_csv(text, lion):
    rows = list(csv.reader(text.splitlines()))
    label = rows[0].index("label")
    lines = [[*row[:label], "rose", *row[label + 1 :]] if lion in row else row for row in rows]
    return "\n".join(",".join(row) for row in lines)


def _in_fiftyone(text, lion):
    said = json.loads(text)
    if lion in said["labels"]:
        said["labels"][lion] = said["classes"].index("Thing rose")
    return json.dumps(said)


def _in_coco(text, lion):
    said = json.loads(text)
    rose = next(one["id"] for one in said["categories"] if one["name"] == "Thing rose")
    photos = {one["id"] for one in said["images"] if one["image_id"] == lion}
    for one in said["annotations"]:
        one["category_id"] = rose if one["image_id"] in photos else one["category_id"]
    return json.dumps(said)


def _in_label_studio(text, lion):
    tasks = json.loads(text)
    for task in tasks:
        if task["data"]["image_id"] == lion:
            result = json.loads(json.dumps(task["predictions"][0]["result"]))
            result[0]["value"]["choices"] = ["Thing rose"]
            task["annotations"] = [
                {
                    "result": result,
                    "completed_by": {"email": "ben@example.org"},
                    "updated_at": "2026-11-29T10:00:00.123456Z",
                    "was_cancelled": False,
                }
            ]
    return json.dumps(tasks)


@pytest.mark.parametrize(
    ("to", "listed", "correct"),
    [
        ("csv", "labels.csv", _in_csv),
        ("fiftyone", "*/labels.json", _in_fiftyone),
        ("coco-classification", "annotations/*.json", _in_coco),
        ("label-studio", "tasks.json", _in_label_studio),
    ],
)
def test_one_correction_comes_back_as_one_decision(dataset, tmp_path, to, listed, correct):
    after, lion = corrected(dataset, tmp_path, to, listed, correct)
    (line,) = after.ledger()
    assert (line["image_id"], line["action"], line["label"]) == (lion, "relabel", "rose")
    assert line["label_before"] == "lion" and after.labels()[lion].label == "rose"
    assert line["who"] == ("label-studio:ben@example.org" if to == "label-studio" else "asha")


def test_the_same_label_studio_file_twice_counts_once(dataset, tmp_path):
    after, _ = corrected(dataset, tmp_path, "label-studio", "tasks.json", _in_label_studio)
    again = import_labels(after, tmp_path / "out" / "tasks.json").dataset
    assert len(again.ledger()) == 1


def test_who_agrees_at_the_label_studio_keeps_the_label(dataset, tmp_path):
    file = tmp_path / "tasks.json"
    lion = of(dataset, "lion")[0]
    choice = {"value": {"choices": ["Thing lion"]}}
    done = {"result": [choice], "completed_by": 7, "created_at": "2026-11-29T10:00:00Z"}
    skipped = {"result": [choice], "was_cancelled": True}
    file.write_text(json.dumps([{"data": {"image_id": lion}, "annotations": [skipped, done]}]))
    (line,) = import_labels(dataset, file).dataset.ledger()
    assert (line["action"], line["who"]) == ("keep", "label-studio:7")


def test_what_fastai_threw_out_is_junk_where_the_owner_says_so(dataset, tmp_path):
    lions = of(dataset, "lion")
    kept = [i for i in dataset.labels() if i != lions[0]]
    file = tmp_path / "cleaned.csv"
    labels = dataset.labels()
    rows = [f"images/{i}.jpg,{labels[i].label}" for i in kept if labels[i].label]
    file.write_text("\n".join(["name,label", *rows]))
    assert import_labels(dataset, file).dataset.ledger() == []
    after = import_labels(dataset, file, missing_is_junk=True).dataset
    assert after.labels()[lions[0]].status == "junk" and len(after.ledger()) == 1


def test_photos_are_found_by_the_name_they_came_with(dataset, tmp_path):
    lion = of(dataset, "lion")[0]
    source = dataset.photos()[lion].sources[0].path.rpartition("/")[2]
    file = tmp_path / "said.tsv"
    file.write_text(f"Filename\tClass\nC:\\photos\\{source}\tThing rose\nother.jpg\tlion\n")
    done = import_labels(dataset, file)
    assert done.dataset.labels()[lion].label == "rose"
    assert "1 row about other photos was passed over, first other.jpg" in done.sentence


def test_an_unknown_label_stops_everything_or_becomes_a_class(dataset, tmp_path):
    lion, other, _ = of(dataset, "lion")
    file = tmp_path / "said.csv"
    file.write_text(f"image_id,label\n{lion},Sea Eagle\n{other},rose\n")
    with pytest.raises(
        BadDecision, match=r"“Sea Eagle” \(1 row\) is not a class.*Nothing was saved"
    ):
        import_labels(dataset, file)
    assert open_dataset(dataset.address).ledger() == []
    after = import_labels(dataset, file, new_classes=True).dataset
    assert after.collection().title_of(after.labels()[lion].label) == "Sea Eagle"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", "{", "neither JSON nor CSV"),
        ("a.json", "{}", "in an unknown format"),
        ("a.json", "3", "in an unknown format"),
        ("a.csv", "x,y\n1,2\n", "needs a column that names the photo"),
        ("a.csv", "", "It has: none"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(name, text, said):
    with pytest.raises(BadDecision, match=said):
        list(read_labels(name, text))


@pytest.mark.parametrize("text", ["[]", "[1, null]", '{"labels": {}}', '{"samples": []}'])
def test_a_file_without_labels_says_so(dataset, tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(BadDecision, match="holds no label"):
        import_labels(dataset, tmp_path / "a.json")


def test_fiftyone_samples_and_json_min_are_read():
    sample = {"filepath": "/x/a.jpg", "ground_truth": {"_cls": "Classification", "label": "lion"}}
    (said,) = read_labels("samples.json", json.dumps({"samples": [sample]}))
    assert (said.photo, said.label) == ("/x/a.jpg", "lion")
    (said,) = read_labels("min.json", json.dumps([{"image": "b.jpg", "choice": "rose"}]))
    assert (said.photo, said.label) == ("b.jpg", "rose")


@pytest.mark.parametrize(
    ("to", "selection", "said"),
    [
        ("voc", EVERYTHING, "Can't export to “voc”"),
        ("csv", Selection(("holdout",)), "“holdout” is neither"),
        ("csv", Selection((), ("junk",)), "nothing was written. Statuses there: labelled"),
    ],
)
def test_what_cannot_be_exported_is_said(dataset, tmp_path, to, selection, said):
    with pytest.raises(BadSource, match=said):
        export_dataset(dataset, tmp_path / "out", to, selection)
    assert not (tmp_path / "out").exists()


def test_a_folder_in_use_is_left_alone(dataset, tmp_path):
    with pytest.raises(BadSource, match="is in use"):
        export_dataset(dataset, tmp_path / "d", "csv")
