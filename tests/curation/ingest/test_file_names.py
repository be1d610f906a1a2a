"""Classes in the names of files, and names that cameras, phones and browsers give."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.ingest.file_names import class_in_name, classes_in_names


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("gond painting_7", "gond painting"),
        ("gond painting8", "gond painting"),
        ("akha12", "akha"),
        ("mon04", "mon"),
        ("bay (3)", "bay"),
        ("cat.0", "cat"),
        ("dog.12", "dog"),
        ("Abyssinian_100", "Abyssinian"),
        ("mug#3", "mug"),
        ("great_pyrenees_12", "great_pyrenees"),
        ("n01440764_10026", "n01440764"),
        ("C++_1", "C++"),
        ("S10_2", "S10"),
        ("rupee_10_1", "rupee_10"),
        ("mug-0001", "mug"),
        ("mug_3 (1)", "mug"),
        ("mug_3 - Copy", "mug"),
        ("mug 3 copy", "mug"),
        ("Krug_3 - Kopie (2)", "Krug"),
        ("mug_2-edited", "mug"),
        ("दुर्गा_1", "दुर्गा"),
        ("café_2", "café"),
        ("mug", "mug"),
        ("lisu1", "lisu"),
        ("sam_1", "sam"),
        ("P_1", "P"),
        ("grape_12", "grape"),
        ("dscovery_2", "dscovery"),
        ("imago_3", "imago"),
        ("train_1", "train"),
    ],
)
def test_a_name_without_its_number_is_a_class(stem, name):
    assert class_in_name(stem) == name


@pytest.mark.parametrize(
    "stem",
    [
        "IMG_1234",
        "img1234",
        "_MG_0012",
        "DSC_0012",
        "_DSC0012",
        "DSC00012",
        "DSCF1234",
        "DSCN1234",
        "PXL_20240102_101112345",
        "IMG-20240102-WA0001",
        "WhatsApp Image 2024-01-02 at 10.11.12",
        "WhatsApp Image 2024-01-02 at 10.11.12 (1)",
        "Screenshot_20240102-101112",
        "Screenshot 2024-01-02 at 10.11.12",
        "Screen Shot 2024-01-02",
        "Bildschirmfoto 2024",
        "20240102_101112",
        "2024-01-02 10.11.12",
        "11",
        "(1)",
        "FB_IMG_1234567",
        "received_1234567",
        "Snapchat-1234567",
        "VID_20240102",
        "MVI_0001",
        "GOPR0001",
        "GX010001",
        "P1010001",
        "R0001234",
        "L1000123",
        "SAM_0001",
        "DJI_0001",
        "CIMG0001",
        "100_0001",
        "5F1C2D3E-0A1B-4C5D-8E9F-001122334455",
        "3f2a9c7be1",
        "photo_2024-01-02_10-11-12",
        "image1",
        "images (3)",
        "download (2)",
        "unnamed",
        "untitled-1",
        "frame_000123",
        "scan0001",
        "thumb_12",
        "signal-2024-01-02",
        "MVIMG_20240102_101112",
        "signal-2024-01-02-101112_001",
        "IMG_1234 (1)",
        "IMG_1234-edited",
        "Foto 3",
        "",
        "___",
    ],
)
def test_names_that_cameras_and_programs_give_name_nothing(stem):
    assert class_in_name(stem) == ""


@pytest.mark.parametrize(
    ("stems", "found"),
    [
        (["mug_1", "mug_2", "vase1", "vase2"], {"mug": 2, "vase": 2}),
        (["mug_1", "mug_2", "mug_3", "vase1", "vase2", "bowl"], {"mug": 3, "vase": 2, "bowl": 1}),
        (["IMG_1", "IMG_2", "DSC_1", "DSC_2"], {}),
        (["mug_1", "mug_2"], {}),
        (["a", "b", "c", "d"], {}),
        ([], {}),
        (["IMG_1", "IMG_2", "IMG_3", "mug_1", "mug_2", "vase_1", "vase_2"], {}),
        (["train_1", "train_2", "val_1", "val_2"], {}),
        (["bus_1", "bus_2", "train_1", "train_2"], {"bus": 2, "train": 2}),
        (["5547758_eea9edfd54_n", "5547759_aea9edfd54_n"], {}),
    ],
)
def test_names_look_like_classes_where_several_of_them_come_back(stems, found):
    assert classes_in_names(stems) == found


@given(st.lists(st.text(max_size=20), max_size=12))
def test_any_names_can_be_looked_at(stems):
    found = classes_in_names(stems)
    assert found.total() <= len(stems) and "" not in found


@pytest.mark.parametrize(
    ("stem", "name"),
    [("0_airplane", "airplane"), ("0012-T-shirt_3", "T-shirt"), ("7. dog", "dog"), ("12", "")],
)
def test_a_number_may_stand_before_the_class(stem, name):
    assert class_in_name(stem) == name
