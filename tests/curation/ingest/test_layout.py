"""Layouts of folders as people have them: which folder is the class, which is a split, which only
wraps the others."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.ingest.incoming import AUTO, CLASS_FOLDERS, LEAF, TOP
from curation.ingest.layout import read_layout, unwrapped

NOTHING = ("", None)


def laid(*paths, **options):
    return read_layout([Path(path) for path in paths], **options)


def read(*paths, **options):
    """(label, split) by path."""
    return {
        file.as_posix(): (place.label, place.split)
        for file, place in laid(*paths, **options).places.items()
    }


def of_each(folders):
    return [f"{folder}/{number}.jpg" for folder in folders for number in (1, 2)]


def classes(*folders, **options):
    """Class and split by folder, two photos in each of which."""
    found = read(*of_each(folders), **options)
    assert all(
        found[f"{folder}/1.jpg"] == found[f"{folder}/2.jpg"]
        for folder in folders
        if f"{folder}/1.jpg" in found
    )
    return {folder: found.get(f"{folder}/1.jpg") for folder in folders}


def labels(*folders, **options):
    return [place and place[0] for place in classes(*folders, **options).values()]


def test_class_folders_are_classes():
    assert classes("mug", "vase/old", "vase") == {
        "mug": ("mug", None),
        "vase/old": ("vase", None),
        "vase": ("vase", None),
    }


@pytest.mark.parametrize(
    ("train", "other", "side"),
    [
        ("train", "val", "validation"),
        ("Train", "VALID", "validation"),
        ("training", "validation", "validation"),
        ("train", "dev", "validation"),
        ("train", "test", "test"),
        ("Training", "Testing", "test"),
        ("train", "eval", "test"),
        ("train", "holdout", "test"),
        ("training_set", "test_set", "test"),
        ("seg_train", "seg_test", "test"),
        ("train_images", "test_images", "test"),
        ("train2017", "val2017", "validation"),
        ("trainset", "testset", "test"),
    ],
)
def test_a_split_of_two_sides_under_any_name(train, other, side):
    assert classes(f"{train}/ant", f"{train}/bee", f"{other}/ant", f"{other}/bee") == {
        f"{train}/ant": ("ant", "train"),
        f"{train}/bee": ("bee", "train"),
        f"{other}/ant": ("ant", side),
        f"{other}/bee": ("bee", side),
    }


@pytest.mark.parametrize(
    ("name", "side"), [("train", "train"), ("val", "validation"), ("test", "test")]
)
def test_a_side_alone_is_a_side_where_it_holds_class_folders(name, side):
    assert classes(f"{name}/ant", f"{name}/bee") == {
        f"{name}/ant": ("ant", side),
        f"{name}/bee": ("bee", side),
    }


@pytest.mark.parametrize(
    "folders",
    [
        ["bus", "plane", "train"],
        ["test", "exam", "quiz"],
        ["val", "dal", "rice"],
        ["set", "game", "match"],
        ["test"],
        ["train"],
        ["train", "bus"],
        ["dev", "designer", "tester"],
        ["bus", "plane", "train/old", "train"],
        ["bus", "plane", "train/steam", "train/electric"],
        ["Training", "race"],
    ],
)
def test_a_class_that_is_called_as_a_split_is_a_class(folders):
    assert labels(*folders) == [folder.split("/")[0] for folder in folders]


def test_a_split_with_classes_that_are_called_as_splits():
    folders = [f"{side}/{name}" for side in ("train", "test") for name in ("bus", "train", "test")]
    assert classes(*folders) == {
        folder: (folder.split("/")[1], folder.split("/")[0]) for folder in folders
    }


def test_a_data_set_of_trains_is_called_train_and_holds_a_split():
    assert classes(
        "train/train/steam", "train/train/tram", "train/test/steam", "train/test/tram"
    ) == {
        "train/train/steam": ("steam", "train"),
        "train/train/tram": ("tram", "train"),
        "train/test/steam": ("steam", "test"),
        "train/test/tram": ("tram", "test"),
    }


def test_photos_that_lie_directly_in_a_split_have_no_class():
    assert read("train/1.jpg", "train/cat/2.jpg", "train/dog/3.jpg", "test/4.jpg") == {
        "train/1.jpg": ("", "train"),
        "train/cat/2.jpg": ("cat", "train"),
        "train/dog/3.jpg": ("dog", "train"),
        "test/4.jpg": ("", "test"),
    }


def test_two_flat_sides_are_sides_and_no_classes():
    assert set(classes("train", "val").values()) == {("", "train"), ("", "validation")}


def test_other_folders_beside_the_sides_are_left_alone():
    layout = laid(*of_each(["train/a", "test/a", "drafts"]), "loose.jpg")
    assert [file.as_posix() for file in layout.beside] == [
        "drafts/1.jpg",
        "drafts/2.jpg",
        "loose.jpg",
    ]


@pytest.mark.parametrize("side", ["test", "val", "train"])
def test_a_side_that_repeats_the_class_folders_beside_it(side):
    found = classes("mug", "vase", f"{side}/mug", f"{side}/vase")
    assert found["mug"] == ("mug", None) and found[f"{side}/vase"] == (
        "vase",
        {"val": "validation"}.get(side, side),
    )


def test_class_folders_with_sides_inside():
    assert classes("mug/train", "mug/test", "vase/train", "vase/val", "bowl") == {
        "mug/train": ("mug", "train"),
        "mug/test": ("mug", "test"),
        "vase/train": ("vase", "train"),
        "vase/val": ("vase", "validation"),
        "bowl": ("bowl", None),
    }


def test_without_splits_a_folder_called_train_is_a_class():
    assert labels("train/a", "train/b", "test/a", with_splits=False, classes=TOP) == [
        "train",
        "train",
        "test",
    ]


@pytest.mark.parametrize(
    ("wrapper", "inner"),
    [
        ("archive", ["mug", "vase"]),
        ("kitchen", ["mug", "vase"]),
        ("a/b/c", ["mug", "vase"]),
        ("data/images", ["x", "y"]),
        ("archive", ["mug"]),
        ("dataset", ["1", "2", "3"]),
        ("photos", ["left", "right"]),
        ("images", ["monday"]),
    ],
)
def test_single_folders_around_class_folders_are_stepped_through(wrapper, inner):
    assert labels(*[f"{wrapper}/{name}" for name in inner]) == inner
    assert unwrapped(
        [Path(path) for path in of_each(f"{wrapper}/{name}" for name in inner)]
    ) == Path(wrapper)


@pytest.mark.parametrize(
    "wrapper", ["dataset", "data/images", "archive", "ants and bees", "kitchen"]
)
def test_single_folders_around_a_split_are_stepped_through(wrapper):
    found = classes(
        *[f"{wrapper}/{side}/{name}" for side in ("train", "val") for name in ("ant", "bee")]
    )
    assert set(found.values()) == {
        ("ant", "train"),
        ("bee", "train"),
        ("ant", "validation"),
        ("bee", "validation"),
    }


@pytest.mark.parametrize(
    "paths",
    [
        [
            "training_set/training_set/cats",
            "training_set/training_set/dogs",
            "test_set/test_set/cats",
            "test_set/test_set/dogs",
        ],
        ["train/images/cats", "train/images/dogs", "test/images/cats", "test/images/dogs"],
        [
            "archive/train/train/cats",
            "archive/train/train/dogs",
            "archive/test/cats",
            "archive/test/dogs",
        ],
        [
            "seg_train/seg_train/cats",
            "seg_train/seg_train/dogs",
            "seg_test/seg_test/cats",
            "seg_test/seg_test/dogs",
        ],
    ],
)
def test_single_folders_in_the_sides_are_stepped_through(paths):
    assert classes(*paths) == {
        path: (Path(path).name, "train" if "train" in path else "test") for path in paths
    }


def test_flat_sides_beside_a_side_with_class_folders():
    assert classes("Train/0", "Train/1", "Test", "Meta") == {
        "Train/0": ("0", "train"),
        "Train/1": ("1", "train"),
        "Test": ("", "test"),
        "Meta": None,
    }
    assert classes(
        "alphabet_train/alphabet_train/A",
        "alphabet_train/alphabet_train/B",
        "alphabet_test/alphabet_test",
    )["alphabet_test/alphabet_test"] == ("", "test")


def test_a_side_with_a_single_class_keeps_it():
    for train, test in (("train", "test"), ("seg_train", "seg_test")):
        found = classes(f"{train}/cat", f"{train}/dog", f"{test}/cat/red", f"{test}/cat/blue")
        assert found[f"{test}/cat/red"] == ("cat", "test")


def test_a_thing_alone_with_its_days_is_one_class():
    assert labels("mug/monday", "mug/tuesday") == ["mug", "mug"]
    assert labels("mug/front", "mug/back", "mug/2024-01-02") == ["mug"] * 3


def test_photos_beside_a_wrapper_come_in_without_a_label():
    assert read("cover.jpg", "data/mug/1.jpg", "data/vase/2.jpg", "data/x.jpg") == {
        "cover.jpg": NOTHING,
        "data/x.jpg": NOTHING,
        "data/mug/1.jpg": ("mug", None),
        "data/vase/2.jpg": ("vase", None),
    }


def test_unlabelled_photos_beside_a_wrapper_of_the_labelled_ones():
    found = classes("labelled/mug", "labelled/vase", "unlabelled", "none")
    assert found == {
        "labelled/mug": ("mug", None),
        "labelled/vase": ("vase", None),
        "unlabelled": ("unlabelled", None),
        "none": ("none", None),
    }


INNER = [
    ["kitchen/mug", "kitchen/vase", "bath/mug", "bath/towel"],
    ["Quercus/robur", "Quercus/alba", "Acer/campestre", "Acer/rubrum"],
    ["fruit/apple", "fruit/pear", "vegetable/leek", "vegetable/kale", "vegetable/pea"],
    ["Apple/Golden", "Apple/Gala", "Pear/Conference", "Plum/Red"],
]
OUTER = [
    ["mug/monday", "mug/tuesday", "vase/monday"],
    ["mug/session1", "mug/session2", "vase/session3"],
    ["mug/1", "mug/2", "vase/1", "vase/2"],
    ["mug/photos", "vase/photos"],
    ["mug/photos", "vase/pictures"],
    ["mug/day2", "mug/day3", "vase/day9"],
    ["mug/front", "mug/back", "vase/front", "vase/top"],
    ["mug/2024-01-02", "mug/2024-01-03", "vase/2024-02-01"],
    ["mug/anna", "mug/ben", "vase/anna", "vase/ben"],
    ["mug/100APPLE", "mug/101APPLE", "vase/100APPLE"],
    ["mug/blue one", "vase/green one"],
    ["mug/phone", "mug/camera", "vase/iphone 13"],
    ["mug/Pictures (2)", "mug/new", "vase/old"],
]


@pytest.mark.parametrize("folders", INNER)
def test_inner_folders_that_are_called_as_things_are_the_classes(folders):
    assert labels(*folders) == [Path(folder).name for folder in folders]
    (remark,) = laid(*of_each(folders)).remarks
    assert "hold only folders" in remark and "--classes top" in remark


@pytest.mark.parametrize("folders", OUTER)
def test_outer_folders_are_the_classes_where_the_inner_ones_are_days_views_or_come_back(folders):
    assert labels(*folders) == [folder.split("/")[0] for folder in folders]
    (remark,) = laid(*of_each(folders)).remarks
    assert "--classes leaf" in remark


@pytest.mark.parametrize("folders", [*INNER, *OUTER])
def test_who_knows_better_says_which_folder_is_the_class(folders):
    assert labels(*folders, classes=TOP) == [folder.split("/")[0] for folder in folders]
    assert labels(*folders, classes=LEAF) == [Path(folder).name for folder in folders]
    wrapped = [f"archive/{folder}" for folder in folders]
    assert labels(*wrapped, classes=TOP) == [folder.split("/")[0] for folder in folders]
    assert labels(*wrapped) == labels(*folders)


def test_days_below_species_below_genera():
    folders = [
        "Quercus/robur/1",
        "Quercus/robur/2",
        "Quercus/alba/1",
        "Acer/rubrum/1",
        "Acer/rubrum/2",
    ]
    assert labels(*folders) == ["robur", "robur", "alba", "rubrum", "rubrum"]


def test_a_class_folder_with_photos_and_folders_in_it_is_one_class():
    assert labels("Quercus/robur", "Quercus/robur/close up", "Quercus/alba", "Acer/rubrum") == [
        "robur",
        "robur",
        "alba",
        "rubrum",
    ]


def test_only_some_outer_folders_hold_only_folders():
    layout = laid(*of_each(["mug", "vase", "kitchen/bowl", "kitchen/plate"]))
    assert [place.label for place in layout.places.values()][::2] == [
        "mug",
        "vase",
        "kitchen",
        "kitchen",
    ]
    assert (
        "kitchen holds only folders (bowl, plate)" in layout.remarks[0]
        and "--classes leaf" in layout.remarks[0]
    )


def test_inner_classes_are_found_in_every_side_of_a_split():
    folders = [f"{side}/{path}" for side in ("train", "test") for path in INNER[1]]
    assert labels(*folders) == [Path(folder).name for folder in folders]


def test_it_is_told_where_the_class_of_a_photo_comes_from():
    layout = laid(
        *of_each(
            [
                "data/train/Quercus/robur",
                "data/train/Quercus/alba",
                "data/train/Acer/rubrum",
                "data/train/Acer/rufinerve",
                "data/test/Acer/rubrum",
            ]
        )
    )
    place = layout.places[Path("data/train/Quercus/robur/1.jpg")]
    assert (place.folder, place.parent) == ("data/train/Quercus/robur", "Quercus")
    assert any("lie in data" in remark for remark in layout.remarks)


def test_pictures_of_a_catalogue_are_no_class():
    aside = frozenset(["iconic"])
    assert labels("train/a", "train/b", "iconic", aside=aside) == ["a", "b", None]
    assert labels("a", "iconic", aside=aside) == ["a", "iconic"]
    assert labels("a", "iconic", aside=aside, catalogued=True) == ["a", None]


@pytest.mark.parametrize(
    "folder", ["photos", "DCIM/100APPLE", "archive/images", "Camera Roll", "data", "jpg"]
)
def test_a_pile_of_photos_in_one_folder_is_no_class(folder):
    layout = laid(f"{folder}/1.jpg", f"{folder}/2.jpg")
    assert {place.label for place in layout.places.values()} == {""}
    assert "--label" in layout.remarks[0]
    assert labels(folder, "mug")[0] != ""


@pytest.mark.parametrize("paths", [["mugs/mug_1.jpg", "mugs/vase_1.jpg"], ["a/b/mug_1.jpg"]])
def test_a_single_folder_of_photos_is_a_class_unless_their_names_are_to_be_read(paths):
    assert set(read(*paths).values()) == {(Path(paths[0]).parent.name, None)}
    assert set(read(*paths, flat=True).values()) == {NOTHING}


def test_a_flat_side_stays_a_side_where_names_are_read():
    assert read("train/mug_1.jpg", "train/vase_1.jpg", flat=True)["train/mug_1.jpg"] == (
        "",
        "train",
    )


FOLDERS = st.sampled_from(
    ["train", "val", "test", "mug", "vase", "data", "1", "monday", "none", "iconic", "a b", "é"]
)
PATHS = st.lists(st.lists(FOLDERS, max_size=4), max_size=12).map(
    lambda trees: [Path(*folders, f"{number}.jpg") for number, folders in enumerate(trees)]
)


@given(PATHS, st.sampled_from(CLASS_FOLDERS), st.booleans(), st.booleans(), st.booleans())
def test_whatever_the_tree_each_photo_comes_in_or_is_left_beside(
    files, chosen, with_splits, catalogued, flat
):
    layout = read_layout(files, chosen, with_splits, frozenset(["iconic"]), catalogued, flat)
    assert set(layout.places) | set(layout.beside) == set(files)
    assert len(layout.places) + len(layout.beside) == len(files)
    for file, place in layout.places.items():
        assert place.label == "" or place.label in file.parts[:-1]
        assert place.split in (None, "train", "validation", "test") and (
            with_splits or place.split is None
        )
        assert file.as_posix().startswith(place.folder)


@given(PATHS)
def test_a_wrapper_around_everything_changes_nothing(files):
    before = {file: place.label for file, place in read_layout(files, AUTO).places.items()}
    wrapped = read_layout([Path("archive", file) for file in files], AUTO)
    tops = {file.parts[0] for file in files if len(file.parts) > 1}
    if len(tops) > 1 and all(len(file.parts) > 1 for file in files):
        assert {
            file.relative_to("archive"): place.label for file, place in wrapped.places.items()
        } == before


@pytest.mark.parametrize("rest", [" (1)", "_224x224", "_cropped", ".full", " set b"])
def test_sides_that_share_the_rest_of_their_names(rest):
    folders = [f"{side}{rest}/{thing}" for side in ("train", "test") for thing in ("ant", "bee")]
    assert classes(*folders) == {
        folder: (folder[-3:], folder.partition(rest)[0]) for folder in folders
    }


def test_a_side_called_by_more_words_holds_the_class_folders_of_the_others():
    found = classes("train/ant", "train/bee", "public_test/ant", "unseen/ant")
    assert found["public_test/ant"] == ("ant", "test")
    assert found["unseen/ant"] is None


@pytest.mark.parametrize("side", ["val/images", "test/photos", "test/100APPLE"])
def test_a_side_with_only_a_pile_of_photos_in_it_gives_no_labels(side):
    found = classes("train/n01/images", "train/n02/images", side)
    assert found[side][0] == ""
    assert found["train/n01/images"][0] == "n01"


@pytest.mark.parametrize(
    "folders",
    [("DCIM/100APPLE", "DCIM/101APPLE"), ("photos1", "photos2"), ("raw", "jpg"), ("IMG", "IMG 2")],
)
def test_several_piles_are_no_classes(folders):
    assert labels(*folders) == ["", ""]
    assert labels(*folders, classes=TOP)[0]


def test_piles_with_folders_in_them_are_seen_as_they_are():
    assert labels("DCIM/Camera", "WhatsApp/Sent") == ["DCIM", "WhatsApp"]


@pytest.mark.parametrize(
    "outer",
    [
        ("session1", "session 2"),
        ("fold1", "fold2"),
        ("monday", "tuesday"),
        ("iPhone", "Pixel"),
        ("batch_1", "batch_2"),
        ("2024-01-02", "2024-01-03"),
    ],
)
def test_folders_that_say_how_or_when_hold_the_classes(outer):
    folders = [f"{name}/{thing}" for name in outer for thing in ("mug", "vase")]
    assert labels(*folders) == ["mug", "vase"] * len(outer)


def test_sessions_within_years_are_no_classes():
    assert labels("2023/2023-05-01", "2023/2023-05-02", "2024/2024-01-01") == [
        "2023",
        "2023",
        "2024",
    ]


@pytest.mark.parametrize(
    "drawn",
    ["annotations/trimaps/{}.png", "masks/{}_mask.png", "labels/{}.png", "GT/{}.png"],
)
def test_masks_called_as_the_photos_beside_them_are_no_photos(drawn):
    photos = [f"images/{name}.jpg" for name in ("pug_1", "boxer_1")]
    masks = [drawn.format(name) for name in ("pug_1", "boxer_1")]
    layout = laid(*photos, *masks)
    assert {file.as_posix() for file in layout.drawn} == {*masks}
    assert {file.as_posix(): place.label for file, place in layout.places.items()} == dict.fromkeys(
        photos, ""
    )
    assert laid(*photos, *masks, flat=True).drawn == layout.drawn


def test_masks_inside_of_class_folders_are_no_photos():
    found = read("mug/images/1.jpg", "mug/masks/1.png", "vase/images/1.jpg", "vase/masks/1.png")
    assert found == {"mug/images/1.jpg": ("mug", None), "vase/images/1.jpg": ("vase", None)}


def test_masks_that_people_wear_are_photos():
    assert labels("masks", "vases") == ["masks", "vases"]
    assert read("pictures/1.jpg", "masks/a.jpg", "masks/b.jpg")["masks/a.jpg"] == ("masks", None)
