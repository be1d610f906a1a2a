"""A folder as a source: what its folders and its files' names say, and that nothing is lost
without a word."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.ingest.folder import from_folder
from curation.ingest.incoming import SourceOptions
from data_cards.errors import BadSource
from tests.curation.ingest.test_listing import TREES, grow, lay_out


def read(root, **options):
    gathered = from_folder(root, SourceOptions(**options))
    return gathered, {photo.path: photo for photo in gathered.photos}


def labels(photos):
    return {path: photo.label for path, photo in photos.items()}


def test_it_is_told_where_each_label_comes_from(tmp_path):
    lay_out(
        tmp_path,
        "data/train/mug/1.jpg",
        "data/train/vase/2.jpg",
        "data/val/mug/3.jpg",
        "data/val/loose.jpg",
    )
    gathered, photos = read(tmp_path)
    assert {path: photo.named_by for path, photo in photos.items()} == {
        "data/train/mug/1.jpg": "data/train/mug",
        "data/train/vase/2.jpg": "data/train/vase",
        "data/val/mug/3.jpg": "data/val/mug",
        "data/val/loose.jpg": "data/val",
    }
    assert (
        photos["data/val/loose.jpg"].split == "validation"
        and photos["data/val/loose.jpg"].label is None
    )
    assert any("lie in data" in remark for remark in gathered.remarks)


def test_a_wrapper_with_other_files_beside_it(tmp_path):
    lay_out(
        tmp_path,
        "README.md",
        "LICENSE",
        "labels.csv",
        "__MACOSX/archive/._1.jpg",
        "archive/mug/1.jpg",
        "archive/vase/2.jpg",
    )
    gathered, photos = read(tmp_path)
    assert labels(photos) == {"archive/mug/1.jpg": "mug", "archive/vase/2.jpg": "vase"}
    assert {one.path for one in gathered.left_alone} == {
        "README.md",
        "LICENSE",
        "labels.csv",
        "__MACOSX/",
    }


def test_a_catalogue_lies_where_the_class_folders_lie(tmp_path):
    lay_out(
        tmp_path,
        "data/train/plum/1.jpg",
        "data/test/plum/2.jpg",
        "data/train/kiwi/3.jpg",
        "data/iconic/plum.jpg",
    )
    (tmp_path / "data" / "classes.csv").write_text(
        "class,title,image\nplum,Blue plum,iconic/plum.jpg\n"
    )
    gathered, photos = read(tmp_path)
    assert set(gathered.references) == {"plum"} and "data/iconic/plum.jpg" not in photos
    assert {info.id: info.title for info in gathered.classes} == {
        "kiwi": "Kiwi",
        "plum": "Blue plum",
    }
    assert gathered.left_alone == ()


def test_the_folder_around_an_inner_class_is_kept_as_what_it_belongs_to(tmp_path):
    lay_out(
        tmp_path,
        "Quercus/robur/1.jpg",
        "Quercus/alba/2.jpg",
        "Acer/rubrum/3.jpg",
        "Acer/campestre/4.jpg",
    )
    gathered, _ = read(tmp_path)
    assert {info.id: info.parent for info in gathered.classes} == {
        "robur": "Quercus",
        "alba": "Quercus",
        "rubrum": "Acer",
        "campestre": "Acer",
    }
    lay_out(tmp_path, "kitchen/rubrum/5.jpg")
    assert {info.parent for info in read(tmp_path)[0].classes if info.id == "rubrum"} == {""}


@pytest.mark.parametrize("folder", ["", "photos/", "archive/images/"])
def test_names_that_look_like_classes_are_offered_and_taken_when_asked(tmp_path, folder):
    names = [f"{folder}{name}_{n}.jpg" for name in ("gond", "kalighat", "warli") for n in range(3)]
    lay_out(tmp_path, *names, f"{folder}kalighat7.jpg")
    gathered, _ = read(tmp_path)
    assert any(
        "look like 3 classes: kalighat (4), gond (3), warli (3)" in remark and "--by-name" in remark
        for remark in gathered.remarks
    )
    gathered, photos = read(tmp_path, by_name=True)
    assert {info.id for info in gathered.classes} == {"gond", "kalighat", "warli"}
    assert photos[f"{folder}kalighat7.jpg"].named_by == "the file names"


def test_names_in_flat_sides_of_a_split_are_offered_and_taken(tmp_path):
    lay_out(
        tmp_path,
        *[
            f"{side}/{name}.{n}.jpg"
            for side in ("train", "val")
            for name in ("cat", "dog")
            for n in (1, 2)
        ],
    )
    gathered, photos = read(tmp_path)
    assert any("look like 2 classes: cat (4), dog (4)" in remark for remark in gathered.remarks)
    assert {photo.split for photo in photos.values()} == {"train", "validation"}
    _, photos = read(tmp_path, by_name=True)
    assert photos["val/dog.1.jpg"].label == "dog" and photos["val/dog.1.jpg"].split == "validation"


@pytest.mark.parametrize("test", ["test1", "test", "Testing", "holdout_set"])
def test_names_are_offered_where_another_folder_is_only_numbered(tmp_path, test):
    named = [f"train/{name}.{n}.jpg" for name in ("cat", "dog") for n in range(3)]
    lay_out(tmp_path, *named, *[f"{test}/{n}.jpg" for n in range(9)])
    gathered, _ = read(tmp_path)
    assert any("look like 2 classes: cat (3), dog (3)" in remark for remark in gathered.remarks)


@pytest.mark.parametrize(
    "names",
    [
        ["IMG_1", "IMG_2", "DSC_1", "DSC_2"],
        [
            "PXL_20240101_1",
            "PXL_20240101_2",
            "WhatsApp Image 2024-01-01 at 1",
            "WhatsApp Image 2024-01-01 at 2",
        ],
        ["1", "2", "3", "4"],
    ],
)
def test_names_that_cameras_give_are_not_offered(tmp_path, names):
    gathered, _ = read(lay_out(tmp_path, *[f"{name}.jpg" for name in names]))
    assert not any("--by-name" in remark for remark in gathered.remarks)


def test_names_are_not_offered_where_folders_say_it(tmp_path):
    lay_out(tmp_path, *[f"{name}/{name}_{n}.jpg" for name in ("cat", "dog") for n in range(3)])
    assert read(tmp_path)[0].remarks == ()


def test_a_pattern_that_meets_nothing_is_told(tmp_path):
    lay_out(tmp_path, "mug/1.jpg", "vase/2.jpg")
    (remark,) = read(tmp_path, exclude=("drfts",))[0].remarks
    assert "--exclude drfts" in remark


def test_a_folder_without_photos_says_what_is_in_it(tmp_path):
    lay_out(tmp_path, "notes.txt", "#recycle/1.jpg", "old/2.jpg")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(
        BadSource, match=r"no photo: notes\.txt; excluded by --exclude: old/; not a regular"
    ):
        read(tmp_path, exclude=("old",))


def test_folders_of_a_phone_are_classes_that_the_table_shows(tmp_path):
    lay_out(
        tmp_path,
        "mug/1.jpg",
        "vase/2.jpg",
        "DCIM/100APPLE/IMG_1.jpg",
        "WhatsApp Images/IMG-20240101-WA0001.jpg",
    )
    gathered, photos = read(tmp_path)
    assert sorted(info.title for info in gathered.classes) == [
        "DCIM",
        "Mug",
        "Vase",
        "WhatsApp Images",
    ]
    assert {photo.named_by for photo in photos.values()} == {
        "mug",
        "vase",
        "DCIM",
        "WhatsApp Images",
    }


OPTIONS = st.builds(
    SourceOptions,
    by_name=st.booleans(),
    classes=st.sampled_from(["auto", "top", "leaf"]),
    splits=st.booleans(),
    exclude=st.lists(st.sampled_from(["a", "*.jpg", "x"]), max_size=1).map(tuple),
    follow_links=st.booleans(),
    label=st.sampled_from([None, "thing"]),
)


@settings(max_examples=150, deadline=None)
@given(TREES, OPTIONS)
def test_whatever_a_folder_holds_each_photo_comes_in_or_is_told_once(
    tmp_path_factory, tree, options
):
    root = tmp_path_factory.mktemp("tree") / "root"
    files = grow(root, tree)
    try:
        gathered = from_folder(root, options)
    except BadSource as refusal:
        assert "no photos" in refusal.sentence
        return
    came = [photo.path for photo in gathered.photos]
    told = [one.path for one in gathered.left_alone]
    assert len(set(came)) == len(came) and not set(came) & set(told)
    for file in files:
        inside = (
            file.relative_to(root.resolve()).as_posix()
            if file.is_relative_to(root.resolve())
            else ""
        )
        covering = [
            path
            for path in told
            if path == inside or (path.endswith("/") and Path(path) in Path(inside).parents)
        ]
        assert options.follow_links or (inside in came) + len(covering) == 1
