"""A list says what each photo is; what it says and nobody understands is named, never passed
over."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.ingest.incoming import SourceOptions
from curation.ingest.sources import open_source
from data_cards.errors import BadPhoto, BadSource


def listed(tmp_path, text, name="list.csv", files=("1.jpg", "2.jpg", "3.jpg", "4.jpg"), **options):
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes(file.encode())
    (tmp_path / name).write_text(text, "utf-8")
    return open_source(str(tmp_path / name), SourceOptions(**options))


def labels(gathered):
    names = {info.id: info.title for info in gathered.classes}
    return {photo.path: names.get(photo.label, photo.status) for photo in gathered.photos}


def splits(gathered):
    return {photo.path: photo.split for photo in gathered.photos}


@pytest.mark.parametrize(
    "file",
    ["file", "File_Name", "filename", "path", "image", "image_path", "img", "photo", "FileName"],
)
@pytest.mark.parametrize("label", ["label", "class", "Category", "class_name", "labels"])
def test_columns_may_be_called_as_people_call_them(tmp_path, file, label):
    gathered = listed(tmp_path, f"{label},{file}\nmug,1.jpg\ncup,2.jpg\n")
    assert labels(gathered) == {"1.jpg": "Mug", "2.jpg": "Cup"} and not gathered.remarks
    assert {photo.named_by for photo in gathered.photos} == {f"column {label}"}


def test_a_column_that_is_not_used_is_named_and_can_be_chosen(tmp_path):
    text = "file,species,taken\n1.jpg,owl,a\n2.jpg,owl,b\n3.jpg,fox,c\n"
    assert listed(tmp_path, text).remarks == (
        "Line 1 of list.csv: the columns `species`, `taken` are not used. Is `species` the label? "
        "Then add "
        '--label-column "species".',
    )
    assert labels(listed(tmp_path, text, label_column="Species")) == {
        "1.jpg": "Owl",
        "2.jpg": "Owl",
        "3.jpg": "Fox",
    }
    with pytest.raises(BadSource, match="no column “genus”; it has file, species, taken"):
        listed(tmp_path, text, label_column="genus")


def test_the_column_whose_names_are_files_names_the_files(tmp_path):
    gathered = listed(tmp_path, "id,path,Bild\n1,x/1,1.jpg\n", files=("1.jpg",))
    assert list(labels(gathered)) == ["1.jpg"]
    gathered = listed(tmp_path, "Bild,label\n2.jpg,mug\n", files=("2.jpg",))
    assert labels(gathered) == {"2.jpg": "Mug"}


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        (
            "file,label,split\n1.jpg,mug,train\n2.jpg,mug,somewhere\n",
            3,
            "“somewhere” is not a split.*train, validation",
        ),
        ("file,label,role\n1.jpg,mug,\n2.jpg,mug,hero\n", 3, "“hero” is not a role.*reference"),
        ("file,label,set\n1.jpg,mug,train\n2.jpg,mug,2\n", 3, "“2” is not a split"),
    ],
)
def test_a_split_or_role_that_nobody_knows_is_refused_with_its_line(tmp_path, text, line, sentence):
    with pytest.raises(BadSource, match=f"Line {line} .*{sentence}"):
        listed(tmp_path, text)


def test_a_set_that_is_no_split_is_a_column_that_is_not_used(tmp_path):
    gathered = listed(tmp_path, "file,label,set\n1.jpg,mug,blue\n2.jpg,cup,red\n")
    assert set(splits(gathered).values()) == {None} and "`set` is not used" in gathered.remarks[0]


def test_columns_of_0_and_1_are_classes(tmp_path):
    gathered = listed(
        tmp_path,
        "image_id,healthy,rust,scab\n1,1,0,0\n2,0,1,0\n3,0,0,0\n4,1,1,0\n5,0,0,1\n",
        files=[f"images/{n}.jpg" for n in range(1, 6)],
    )
    assert labels(gathered) == {
        "images/1.jpg": "Healthy",
        "images/2.jpg": "Rust",
        "images/3.jpg": "unlabelled",
        "images/4.jpg": "unlabelled",
        "images/5.jpg": "Scab",
    }
    assert gathered.remarks[1:] == (
        "1 row has no 1 and no label: line 4.",
        "1 row has several 1s and no label: line 5.",
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("classes.txt", "mug\ncup\n"),
        ("labels.txt", "0 mug\n1 cup\n"),
        ("id2label.json", '{"0": "mug", "1": "cup"}'),
        ("class_to_idx.json", '{"mug": 0, "cup": 1}'),
        ("labels.json", '["mug", "cup"]'),
    ],
)
def test_numbers_get_their_names_from_a_file_beside_the_list(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    gathered = listed(tmp_path, "file,label\n1.jpg,0\n2.jpg,1.0\n")
    assert labels(gathered) == {"1.jpg": "Mug", "2.jpg": "Cup"} and name in gathered.remarks[0]


def test_numbers_without_names_are_told(tmp_path):
    (tmp_path / "classes.txt").write_text("mug\n")
    gathered = listed(tmp_path, "file,label\n1.jpg,0\n2.jpg,1\n")
    assert labels(gathered) == {"1.jpg": "0", "2.jpg": "1"} and "classes.txt" in gathered.remarks[0]


def test_of_a_number_and_its_word_the_word_is_the_label(tmp_path):
    gathered = listed(tmp_path, "file,label,class_name\n1.jpg,0,mug\n2.jpg,1,cup\n3.jpg,0,mug\n")
    assert labels(gathered) == {"1.jpg": "Mug", "2.jpg": "Cup", "3.jpg": "Mug"}


def test_the_first_missing_files_are_named_with_the_reason(tmp_path):
    gathered = listed(
        tmp_path, "file,label\n1.jpg,mug\na.jpg,mug\n2.png,mug\nhttp://x/y.jpg,mug\nb.jpg,mug\n"
    )
    assert gathered.remarks == (
        "4 of 5 files are not there. line 3: a.jpg, there is no such file; line 4: 2.png, there is "
        "no such file, but "
        "there is 2.jpg; line 5: http://x/y.jpg, this is a web address; download the photo first; "
        "….",
    )
    with pytest.raises(BadPhoto, match=r"but there is 2\.jpg"):
        list(gathered.photos)[2].read()


def test_two_references_of_a_class_are_both_kept(tmp_path):
    gathered = listed(
        tmp_path, "file,label,role\n1.jpg,mug,reference\n2.jpg,Mug,reference\n3.jpg,mug,query\n"
    )
    assert [read() for read in gathered.references.values()] == [b"1.jpg"]
    assert splits(gathered) == {"2.jpg": "train", "3.jpg": "test"}
    assert any("one reference picture" in remark for remark in gathered.remarks)


@pytest.mark.parametrize("name", ["metadata.csv", "metadata.jsonl", "metadata.parquet"])
def test_a_folder_with_metadata_is_a_list(tmp_path, name):
    rows = [{"file_name": "1.jpg", "label": "mug"}, {"file_name": "in/2.jpg", "label": "cup"}]
    for file in ("1.jpg", "in/2.jpg", "3.jpg"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(b"x")
    if name.endswith("parquet"):
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / name)
    else:
        table = "file_name,label\n1.jpg,mug\nin/2.jpg,cup\n"
        (tmp_path / name).write_text(
            "\n".join(map(json.dumps, rows)) if name.endswith("jsonl") else table
        )
    gathered = open_source(str(tmp_path))
    assert labels(gathered) == {"1.jpg": "Mug", "in/2.jpg": "Cup"}
    assert [one.path for one in gathered.left_alone] == ["3.jpg"]


def test_metadata_in_split_folders_gives_their_splits(tmp_path):
    for side in ("train", "test"):
        (tmp_path / side).mkdir()
        (tmp_path / side / "1.jpg").write_bytes(b"x")
        (tmp_path / side / "metadata.jsonl").write_text(
            json.dumps({"file_name": "1.jpg", "label": "mug"})
        )
    assert splits(open_source(str(tmp_path))) == {"train/1.jpg": "train", "test/1.jpg": "test"}


def test_folders_named_for_sides_give_the_splits_of_a_list_that_has_none(tmp_path):
    gathered = listed(
        tmp_path, "file,label\ntrain/1.jpg,a\nval/2.jpg,b\n", files=("train/1.jpg", "val/2.jpg")
    )
    assert splits(gathered) == {"train/1.jpg": "train", "val/2.jpg": "validation"}


def test_a_list_beside_the_photos_of_a_folder_is_offered(tmp_path):
    listed(tmp_path, "file,label\n1.jpg,mug\n", name="train.csv")
    (tmp_path / "prices.csv").write_text("name,price\nmug,3\n")
    told = [remark for remark in open_source(str(tmp_path)).remarks if "list" in remark]
    assert told == [
        f"There is a list train.csv in it; to use it, give it as the source: {tmp_path}/train.csv."
    ]


def test_a_parquet_file_may_hold_the_pictures(tmp_path):
    features = {"label": {"names": ["mug", "cup"], "_type": "ClassLabel"}}
    images = [{"bytes": b"one", "path": "1.jpg"}, {"bytes": b"two", "path": None}]
    table = pa.table({"image": images, "label": [1, 0]})
    table = table.replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": features}})}
    )
    pq.write_table(table, tmp_path / "data.parquet")
    gathered = open_source(str(tmp_path / "data.parquet"))
    assert labels(gathered) == {"data.parquet/1.jpg": "Cup", "data.parquet/000002": "Mug"}
    assert [photo.read() for photo in open_source(str(tmp_path / "data.parquet")).photos] == [
        b"one",
        b"two",
    ]


def test_two_rows_of_one_list_in_another_order_swap_no_classes(tmp_path):
    rows = ["1.jpg,C", "2.jpg,C++", "3.jpg,🐱", "4.jpg,🐶"]
    for order in (rows, rows[::-1]):
        gathered = listed(tmp_path, "\n".join(["file,label", *order]))
        assert labels(gathered) == {"1.jpg": "C", "2.jpg": "C++", "3.jpg": "🐱", "4.jpg": "🐶"}


def test_metadata_without_labels_leaves_them_to_the_class_folders(tmp_path):
    listed(
        tmp_path,
        "file_name,text\nmug/1.jpg,a\ncup/2.jpg,b\n",
        name="metadata.csv",
        files=("mug/1.jpg", "cup/2.jpg"),
    )
    gathered = open_source(str(tmp_path))
    assert (
        labels(gathered) == {"mug/1.jpg": "Mug", "cup/2.jpg": "Cup"}
        and "`text` is not used" in gathered.remarks[0]
    )


def test_metadata_of_something_else_leaves_the_class_folders_alone(tmp_path):
    listed(tmp_path, "file\nmug/1.jpg\n", files=("mug/1.jpg", "cup/2.jpg"))
    (tmp_path / "metadata.csv").write_text("artist,born\nann,1901\n")
    assert labels(open_source(str(tmp_path))) == {"mug/1.jpg": "Mug", "cup/2.jpg": "Cup"}


def test_metadata_that_cannot_be_read_is_said(tmp_path):
    (tmp_path / "metadata.csv").write_text('a,b\n"x,y\n')
    with pytest.raises(BadSource, match=r"Line 2 of metadata\.csv"):
        open_source(str(tmp_path))


def test_a_json_list_of_objects_is_a_list(tmp_path):
    gathered = listed(
        tmp_path, '[{"file": "1.jpg", "label": "mug"},\n {"file": "2.jpg"}]', name="list.json"
    )
    assert labels(gathered) == {"1.jpg": "Mug", "2.jpg": "unlabelled"}


def test_a_text_file_may_be_a_list(tmp_path):
    assert labels(listed(tmp_path, "file\tlabel\n1.jpg\tmug\n", name="list.txt")) == {
        "1.jpg": "Mug"
    }


@pytest.mark.parametrize(
    ("name", "called"), [("train.csv", "shop"), ("labels.csv", "shop"), ("mugs.csv", "mugs")]
)
def test_a_list_that_is_called_as_lists_are_has_the_name_of_its_folder(tmp_path, name, called):
    (tmp_path / "shop").mkdir()
    assert listed(tmp_path / "shop", "file\n1.jpg\n", name=name).name == called


@pytest.mark.parametrize("name", ["list.xlsx", "list.ods"])
def test_a_spreadsheet_is_to_be_saved_as_csv(tmp_path, name):
    with pytest.raises(BadSource, match="Save it as CSV"):
        listed(tmp_path, "PK", name=name)


def test_a_catalogue_may_be_written_by_a_spreadsheet(tmp_path):
    (tmp_path / "mug").mkdir()
    (tmp_path / "mug" / "1.jpg").write_bytes(b"x")
    (tmp_path / "classes.csv").write_bytes(
        "sep=;\nclass;title;text\nMUG;Krug;Für Tee\n".encode("cp1252")
    )
    (info,) = open_source(str(tmp_path)).classes
    assert (info.title, info.summary) == ("Krug", "Für Tee")


def test_a_row_without_a_file_is_told_and_a_list_without_any_is_refused(tmp_path):
    assert listed(tmp_path, "file,label\n1.jpg,mug\n,cup\n").remarks == (
        "1 row names no file: line 3.",
    )
    for text in ("file,label\n", "file,label\n,mug\n"):
        with pytest.raises(BadSource, match="names no file"):
            listed(tmp_path, text)


def test_a_row_with_several_labels_has_none_and_this_is_told(tmp_path):
    rows = [
        {"file_name": "1.jpg", "label": ["mug", "cup"]},
        {"file_name": "2.jpg", "label": ["mug"]},
    ]
    gathered = listed(tmp_path, "\n".join(map(json.dumps, rows)), name="list.jsonl")
    assert labels(gathered) == {"1.jpg": "unlabelled", "2.jpg": "Mug"}
    assert gathered.remarks == ("1 row has several labels, and so none: line 1.",)


def test_any_column_of_file_names_will_do(tmp_path):
    assert labels(listed(tmp_path, "front_file_name,label\n1.jpg,mug\n")) == {"1.jpg": "Mug"}


def test_a_parquet_file_may_hold_plain_bytes_and_must_hold_rows(tmp_path):
    pq.write_table(
        pa.table({"image": pa.array([b"one"], pa.binary()), "label": ["mug"]}),
        tmp_path / "a.parquet",
    )
    (photo,) = open_source(str(tmp_path / "a.parquet")).photos
    assert photo.read() == b"one" and photo.label == "mug"
    pq.write_table(pa.table({"image": pa.array([], pa.binary())}), tmp_path / "b.parquet")
    with pytest.raises(BadSource, match="has no rows"):
        open_source(str(tmp_path / "b.parquet"))


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("list.csv", "1.jpg,mug\n2.jpg,cup\n", "looks like a photo already"),
        ("list.json", '{"images": [{"id": 1}]}', "one JSON object, not a list"),
        ("list.jsonl", '{"file": "1.jpg"\n', r"Line 1 of list\.jsonl .*at column"),
    ],
)
def test_what_is_not_quite_a_list_says_what_to_do(tmp_path, name, text, sentence):
    with pytest.raises(BadSource, match=sentence):
        listed(tmp_path, text, name=name)


def test_an_address_of_the_web_is_to_be_downloaded():
    with pytest.raises(BadSource, match="download https"):
        open_source("https://example.org/photos.zip")


def test_a_row_number_that_happens_to_be_a_file_name_names_no_file(tmp_path):
    text = "id,image,label\n2,/data/local-files/?d=1.jpg,mug\n1,/data/upload/7/0a1b2c3d-2.jpg,cup\n"
    assert labels(listed(tmp_path, text)) == {"1.jpg": "Mug", "2.jpg": "Cup"}
    assert labels(listed(tmp_path, "id,label\n2,mug\n")) == {"2.jpg": "Mug"}


@pytest.mark.parametrize("empty", ["NaN", "null", "N/A", "#N/A", "<NA>"])
def test_what_programs_write_for_nothing_is_no_label(tmp_path, empty):
    gathered = listed(tmp_path, f"file,label\n1.jpg,{empty}\n2.jpg,mug\n3.jpg,Nantes\n")
    assert labels(gathered) == {"1.jpg": "unlabelled", "2.jpg": "Mug", "3.jpg": "Nantes"}
    assert gathered.remarks == (
        "1 row says NaN, null or the like for a label, and so has none: line 2.",
    )


def test_numbers_with_gaps_are_numbers_still(tmp_path):
    (tmp_path / "classes.txt").write_text("mug\ncup\n")
    gathered = listed(tmp_path, "file,label\n1.jpg,0.0\n2.jpg,nan\n3.jpg,1.0\n")
    assert labels(gathered) == {"1.jpg": "Mug", "2.jpg": "unlabelled", "3.jpg": "Cup"}


@pytest.mark.parametrize(
    ("columns", "row", "asked"),
    [
        ("étiquette,remarque", "théière,x", "étiquette"),
        ("annotator,choice,lead_time", "1,mug,2.5", "choice"),
        ("Source,LabelName,Confidence", "verification,/m/01,1", "LabelName"),
        ("file_size,category_id", "900,3", "category_id"),
        ("taken,species", "2024-01-02,owl", "species"),
    ],
)
def test_the_column_that_is_asked_about_is_most_like_a_label(tmp_path, columns, row, asked):
    (remark,) = listed(tmp_path, f"file,{columns}\n1.jpg,{row}\n").remarks
    assert remark.endswith(f'Is `{asked}` the label? Then add --label-column "{asked}".')


def test_no_question_is_asked_where_no_column_is_like_a_label(tmp_path):
    text = "file,file_size,attributes\n1.jpg,900,{}\n"
    (remark,) = listed(tmp_path, text).remarks
    assert remark.endswith("are not used.")


def test_the_lists_of_roboflow_in_split_folders_give_labels_and_splits(tmp_path):
    for side in ("train", "valid"):
        (tmp_path / side).mkdir()
        for name in ("a", "b"):
            (tmp_path / side / f"{name}.jpg").write_bytes(f"{side}{name}".encode())
        (tmp_path / side / "_classes.csv").write_text(
            "filename, mug, cup\na.jpg, 1, 0\nb.jpg, 0, 1\n"
        )
    gathered = open_source(str(tmp_path))
    assert labels(gathered) == {
        "train/a.jpg": "Mug",
        "train/b.jpg": "Cup",
        "valid/a.jpg": "Mug",
        "valid/b.jpg": "Cup",
    }
    assert splits(gathered)["valid/a.jpg"] == "validation"
