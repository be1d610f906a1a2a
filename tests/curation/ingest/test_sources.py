"""What each kind of source is understood to be, before any photo is opened."""

import csv
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.ingest import catalogue, naming, photo_files
from curation.ingest.incoming import SourceOptions
from curation.ingest.naming import Naming, begin, join, meaning
from curation.ingest.sources import open_source
from data_cards.dataset.class_names import RESERVED, class_id_from
from data_cards.dataset.collection import ClassInfo, Collection, shipped_collection
from data_cards.errors import BadCollection, BadPhoto, BadSource

ANY = b"bytes that nobody decodes here"


def lay_out(folder, *paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(ANY)
    return folder


def table(path, *rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def seen(gathered):
    return {photo.path: (photo.label, photo.status, photo.split) for photo in gathered.photos}


def test_class_folders(tmp_path):
    gathered = open_source(
        str(lay_out(tmp_path, "a/1.jpg", "b/2.PNG", "b/deep/er/3.webp", "none/4.jpg"))
    )
    assert gathered.total == 4 and [info.id for info in gathered.classes] == ["a", "b"]
    assert seen(gathered) == {
        "a/1.jpg": ("a", "labelled", None),
        "b/2.PNG": ("b", "labelled", None),
        "b/deep/er/3.webp": ("b", "labelled", None),
        "none/4.jpg": (None, "none_of_these", None),
    }


def test_split_folders_keep_their_split(tmp_path):
    gathered = open_source(
        str(lay_out(tmp_path, "train/a/1.jpg", "val/a/2.jpg", "test/b/3.jpg", "test/none/4.jpg"))
    )
    assert seen(gathered) == {
        "train/a/1.jpg": ("a", "labelled", "train"),
        "val/a/2.jpg": ("a", "labelled", "validation"),
        "test/b/3.jpg": ("b", "labelled", "test"),
        "test/none/4.jpg": (None, "none_of_these", "test"),
    }


@pytest.mark.parametrize(
    ("name", "split"), [("Train", "train"), ("valid", "validation"), ("validation", "validation")]
)
def test_split_folders_may_be_called_as_people_call_them(tmp_path, name, split):
    gathered = open_source(str(lay_out(tmp_path, f"{name}/a/1.jpg", "test/a/2.jpg")))
    assert {photo.split for photo in gathered.photos} == {split, "test"}


def test_a_class_that_is_called_test_is_a_class(tmp_path):
    gathered = open_source(str(lay_out(tmp_path, "test/1.jpg", "quiz/2.jpg")))
    assert [info.id for info in gathered.classes] == ["quiz", "test"]


def test_catalogue_pictures_beside_the_splits_become_references(tmp_path):
    lay_out(
        tmp_path,
        "train/Red-Plum/1.jpg",
        "test/Red-Plum/2.jpg",
        "train/Kiwi/3.jpg",
        "iconic/Red-Plum.jpg",
        "iconic/Fig.jpg",
    )
    table(
        tmp_path / "classes.csv",
        ["class", "coarse_class", "iconic_image", "description"],
        ["Red-Plum", "Plum", "iconic/Red-Plum.jpg", "Sweet, with a sour skin."],
        ["Fig", "Fig", "iconic/Fig.jpg", "Nobody has one."],
    )
    gathered = open_source(str(tmp_path))
    assert set(seen(gathered)) == {
        "train/Red-Plum/1.jpg",
        "test/Red-Plum/2.jpg",
        "train/Kiwi/3.jpg",
    }
    assert set(gathered.references) == {"Red-Plum"} and gathered.references["Red-Plum"]() == ANY
    assert [(info.id, info.summary, info.parent) for info in gathered.classes] == [
        ("Kiwi", "", ""),
        ("Red-Plum", "Sweet, with a sour skin.", "Plum"),
    ]


def test_a_catalogue_may_lie_beside_plain_class_folders(tmp_path):
    lay_out(tmp_path, "plum/1.jpg", "plum/catalogue.jpg", "kiwi/2.jpg", "iconic/kiwi.jpg")
    table(
        tmp_path / "classes.csv",
        ["id", "image", "title"],
        ["plum", "plum/catalogue.jpg", "Blue plum"],
    )
    gathered = open_source(str(tmp_path))
    assert set(seen(gathered)) == {"plum/1.jpg", "kiwi/2.jpg"} and set(gathered.references) == {
        "kiwi",
        "plum",
    }
    assert {info.id: info.title for info in gathered.classes} == {
        "kiwi": "Kiwi",
        "plum": "Blue plum",
    }


def test_photos_beside_the_splits_are_left_alone_and_this_is_said(tmp_path):
    gathered = open_source(
        str(lay_out(tmp_path, "train/a/1.jpg", "test/a/2.jpg", "drafts/3.jpg", "4.jpg"))
    )
    assert set(seen(gathered)) == {"train/a/1.jpg", "test/a/2.jpg"}
    assert gathered.remarks == ("2 photos beside the class folders were skipped.",)


def test_a_catalogue_cannot_name_a_picture_elsewhere(tmp_path):
    lay_out(tmp_path, "secret.jpg")
    root = lay_out(tmp_path / "photos", "train/a/1.jpg", "test/a/2.jpg")
    table(root / "classes.csv", ["class", "image"], ["a", "../secret.jpg"])
    found = catalogue.read_catalogue(root, Naming.of(["a"]).by_name)
    assert found.references == {} and found.pictures == frozenset()


def test_photos_without_a_class_folder_have_no_label_and_this_is_said(tmp_path):
    gathered = open_source(str(lay_out(tmp_path, "1.jpg", "2.jpg")))
    assert {status for _, status, _ in seen(gathered).values()} == {"unlabelled"}
    assert any("without a label" in remark for remark in gathered.remarks)


def test_a_label_can_be_given_to_photos_that_bring_none(tmp_path):
    gathered = open_source(str(lay_out(tmp_path, "1.jpg")), SourceOptions(label="Blue vase"))
    assert seen(gathered) == {"1.jpg": ("Blue-vase", "labelled", None)}


def test_names_of_files_can_be_labels(tmp_path):
    lay_out(tmp_path, "gond painting_7.jpg", "gond painting8.jpg", "bay (3).jpg", "11.jpg")
    gathered = open_source(str(tmp_path), SourceOptions(by_name=True))
    assert {path: label for path, (label, _, _) in seen(gathered).items()} == {
        "gond painting_7.jpg": "gond-painting",
        "gond painting8.jpg": "gond-painting",
        "bay (3).jpg": "bay",
        "11.jpg": None,
    }


def test_a_file_larger_than_any_photo_is_not_read(tmp_path):
    with open(tmp_path / "huge.jpg", "wb") as file:
        file.truncate(60_000_000)
    with pytest.raises(BadPhoto, match="60 MB"):
        photo_files.read_file(tmp_path / "huge.jpg")


def test_a_list_names_files_labels_splits_and_roles(tmp_path):
    lay_out(tmp_path, "p/1.jpg", "p/2.jpg", "p/3.jpg", "p/ref.jpg")
    path = table(
        tmp_path / "list.csv",
        ["File", "Label", "split", "role"],
        ["p/1.jpg", "Night owl", "train", ""],
        ["p/2.jpg", "Night owl", "", "query"],
        ["p/3.jpg", "none", "val", "photo"],
        ["p/ref.jpg", "Night owl", "", "reference"],
    )
    gathered = open_source(str(path))
    assert seen(gathered) == {
        "p/1.jpg": ("Night-owl", "labelled", "train"),
        "p/2.jpg": ("Night-owl", "labelled", "test"),
        "p/3.jpg": (None, "none_of_these", "validation"),
    }
    assert list(gathered.references) == ["Night-owl"]
    assert [info.title for info in gathered.classes] == ["Night owl"]


def test_a_list_with_only_files_gives_photos_without_labels(tmp_path):
    path = table(tmp_path / "list.csv", ["file"], ["1.jpg"], [""])
    assert seen(open_source(str(path))) == {"1.jpg": (None, "unlabelled", None)}


def test_a_file_that_a_list_names_and_nobody_has_is_no_photo(tmp_path):
    (photo,) = open_source(str(table(tmp_path / "list.csv", ["file"], ["gone.jpg"]))).photos
    with pytest.raises(BadPhoto, match="no such file"):
        photo.read()


@pytest.mark.parametrize(
    ("first", "row", "sentence"),
    [(["name", "label"], ["1.jpg", "a"], "columns file"), (["file"], ["../secret.jpg"], "outside")],
)
def test_a_list_that_cannot_be_followed_gets_a_sentence(tmp_path, first, row, sentence):
    with pytest.raises(BadSource, match=sentence):
        open_source(str(table(tmp_path / "list.csv", first, row)))


@pytest.mark.parametrize(
    ("source", "sentence"),
    [("/there/is/nothing", "There is no folder or file"), ("museum:lots", "museum:400")],
)
def test_a_source_that_is_none_gets_a_sentence(source, sentence):
    with pytest.raises(BadSource, match=sentence):
        open_source(source)


def test_a_file_of_another_kind_gets_a_sentence(tmp_path):
    with pytest.raises(BadSource, match=r"notes\.txt"):
        open_source(str(lay_out(tmp_path, "notes.txt") / "notes.txt"))


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("none", "none_of_these"),
        ("None_of_these", "none_of_these"),
        ("_none", "none_of_these"),
        ("unlabelled", "unlabelled"),
        ("_unlabelled", "unlabelled"),
        ("unknown", "unlabelled"),
        (" ", "unlabelled"),
        ("nonesuch", "labelled"),
    ],
)
def test_some_names_are_no_classes(name, status):
    assert meaning(name) == status


@given(st.lists(st.text(max_size=30), max_size=12))
def test_every_name_gets_an_id_of_its_own_that_a_collection_takes(names):
    found = Naming.of(names)
    ids = [info.id for info in found.classes]
    assert len(set(ids)) == len(ids) and not RESERVED & set(ids)
    assert Collection("c", "C", found.classes).ids == tuple(ids)
    assert all((found.label(name) is not None) == (meaning(name) == "labelled") for name in names)


def test_a_class_is_found_again_by_the_folder_it_came_from():
    known = Collection("c", "C", Naming.of(["Agra fort"]).classes)
    ids, joined = join(known, Naming.of(["agra FORT", "Taj"]).classes)
    assert ids == {class_id_from("agra FORT"): "Agra-fort", "Taj": "Taj"} and joined.ids == (
        "Agra-fort",
        "Taj",
    )


def test_texts_complete_a_class_under_their_own_id():
    taj = ClassInfo("taj-mahal", "Taj Mahal", "A tomb.", aliases=("taj",))
    texts = Collection("t", "T", (taj, ClassInfo("other", "Other")))
    met = ClassInfo("taj", "Taj", "A large building.", parent="tomb")
    ids, joined = join(Collection("c", "C"), [met], texts)
    assert ids == {"taj": "taj-mahal"} and joined.classes == (replace(taj, parent="tomb"),)


def test_a_shipped_collection_is_recognised_by_its_name_and_its_classes():
    classes = shipped_collection("museum").classes
    assert begin("museum", classes[:3]).title == "The built-in museum"
    assert begin("museum", Naming.of(["spoon", "fork"]).classes).title == "Museum"
    assert begin("photos", (), "museum").title == "The built-in museum"
    assert begin("artifacts", Naming.of("01234").classes).title == "Artifacts"
    assert (
        begin("artifacts", Naming.of("01234").classes, "artifacts").title == "Five hidden artifacts"
    )
    assert begin("heritage", ()).is_about_people


def test_a_collection_of_ones_own_lies_in_a_folder(tmp_path):
    (tmp_path / "card.md").write_text("---\nname: mine\ntitle: My things\n---\nText.\n")
    with pytest.raises(BadCollection, match=r"classes\.yaml"):
        begin("photos", (), str(tmp_path))
    (tmp_path / "classes.yaml").write_text("- id: a\n  title: Alpha\n")
    assert begin("photos", (), str(tmp_path)).title == "My things"
    assert naming.told_texts("no-such-name") is None


@pytest.mark.parametrize(
    "name", ["museum", "landmarks", "paintings", "deities", "artifacts", "heritage", "groceries"]
)
def test_every_collection_that_ships_can_be_read_and_has_a_licence_for_its_texts(name):
    collection = shipped_collection(name)
    assert collection.name == name and collection.description and collection.licence


def test_only_the_collection_of_people_waits_for_consent():
    with pytest.raises(BadCollection, match="consent"):
        shipped_collection("heritage").check_publishable()
    shipped_collection("museum").check_publishable()


@pytest.mark.parametrize("source", ["", "  "])
def test_a_source_without_a_name_is_not_the_folder_one_is_in(source):
    with pytest.raises(BadSource, match="No source was given"):
        open_source(source)


def test_a_single_photo_is_no_source(tmp_path):
    lay_out(tmp_path, "1.jpg")
    with pytest.raises(BadSource, match=r"single photo\. Give the folder"):
        open_source(str(tmp_path / "1.jpg"))
