"""What people call the sides of a split, in any case; and what only sounds like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.ingest.split_names import split_of, splits_of


@pytest.mark.parametrize(
    ("name", "side"),
    [
        *[
            (name, "train")
            for name in (
                "train",
                "Train",
                "TRAINING",
                "training_set",
                "Training Set",
                "trainset",
                "train-images",
                "train_images",
                "train2017",
                "train data",
                "Training Data",
                "trainval",
                "01_train",
                "train_256",
                "train.v2",
                " train ",
                "train_dataset",
                "Train Photos",
                "train-split",
            )
        ],
        *[
            (name, "validation")
            for name in (
                "val",
                "VAL",
                "valid",
                "Validation",
                "validation_set",
                "val2017",
                "dev",
                "DEV",
                "devset",
                "valid_images",
                "validate",
                "development set",
                "2-val",
            )
        ],
        *[
            (name, "test")
            for name in (
                "test",
                "TEST",
                "testing",
                "Test_Set",
                "testset",
                "test1",
                "eval",
                "evaluation",
                "Evaluation Set",
                "holdout",
                "hold-out",
                "Hold_Out",
                "hold out",
                "held-out",
                "test-images",
                "test 2",
                "holdout_set",
            )
        ],
        *[
            (name, None)
            for name in (
                "",
                "set",
                "bus",
                "trains",
                "sunset",
                "asset",
                "headset",
                "steam train",
                "crash-test",
                "trainer",
                "tester",
                "valve",
                "valentine",
                "device",
                "contest",
                "evaluator",
                "latest",
                "my set",
                "drafts",
                "protest",
                "terrain",
            )
        ],
    ],
)
def test_a_name_means_a_side_or_nothing(name, side):
    assert split_of(name) == side


@pytest.mark.parametrize(
    ("names", "sides"),
    [
        (["seg_train", "seg_test", "seg_pred"], {"seg_train": "train", "seg_test": "test"}),
        (["cifar-train", "cifar-val"], {"cifar-train": "train", "cifar-val": "validation"}),
        (
            ["bounding_box_train", "bounding_box_test", "query"],
            {"bounding_box_train": "train", "bounding_box_test": "test"},
        ),
        (["steam_train", "crash-test"], {}),
        (["steam_train", "bullet_train"], {}),
        (["freight-train", "car"], {}),
        (["train", "eval"], {"train": "train", "eval": "test"}),
        (["train", "eval", "test"], {"train": "train", "eval": "validation", "test": "test"}),
        (
            ["train", "val", "eval", "test"],
            {"train": "train", "val": "validation", "eval": "test", "test": "test"},
        ),
        (["eval"], {"eval": "test"}),
    ],
)
def test_names_beside_each_other_may_say_more(names, sides):
    assert splits_of(names) == sides


@given(st.lists(st.text(max_size=12), max_size=5))
def test_any_names_give_known_sides(names):
    found = splits_of(names)
    assert found.keys() <= set(names) and set(found.values()) <= {"train", "validation", "test"}
