"""Names in lists find their files as people and programs write them, and never another file."""

import unicodedata
from pathlib import Path

import pytest

from curation.ingest.lists.file_lookup import FileLookup, Missing


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "photos"
    for name in (
        "mug/IMG_1.JPG",
        "mug/café.png",
        "cup/2.jpg",
        "train/7.jpg",
        "test/7.jpg",
        "deep/er/9.jpeg",
        "3.jpg",
        "id.with.dots.jpg",
        "cup/3.jpg",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return root


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("mug/IMG_1.JPG", "mug/IMG_1.JPG"),
        (r"mug\IMG_1.JPG", "mug/IMG_1.JPG"),
        ("./mug/img_1.jpg", "mug/IMG_1.JPG"),
        ("MUG/Img_1.jpg", "mug/IMG_1.JPG"),
        (unicodedata.normalize("NFD", "mug/café.png"), "mug/café.png"),
        ("photos/mug/IMG_1.JPG", "mug/IMG_1.JPG"),
        ("mug/IMG_1", "mug/IMG_1.JPG"),
        ("IMG_1", "mug/IMG_1.JPG"),
        ("2.jpg", "cup/2.jpg"),
        ("er/9.jpeg", "deep/er/9.jpeg"),
        ("3.jpg", "3.jpg"),
        ("3", "3.jpg"),
        ("id.with.dots", "id.with.dots.jpg"),
        ("mug//IMG_1.JPG", "mug/IMG_1.JPG"),
        ("mug/../3.jpg", "3.jpg"),
        ("7.jpg", "train/7.jpg"),
        ("/kaggle/input/x/photos/mug/IMG_1.JPG", "mug/IMG_1.JPG"),
        ("/content/cup/2.jpg", "cup/2.jpg"),
        ("C:\\data\\cup\\2.jpg", "cup/2.jpg"),
        (" 3.jpg ", "3.jpg"),
        ("mug/caf%C3%A9.png", "mug/café.png"),
        ("file:///data/cup/2.jpg", "cup/2.jpg"),
        ("/mug/IMG_1.JPG", "mug/IMG_1.JPG"),
    ],
)
def test_a_name_finds_its_file(root, name, path):
    assert FileLookup(root, "train").find(name) == Path(path)


def test_a_whole_path_inside_the_folder_finds_its_file(root):
    assert FileLookup(root).find(str(root / "cup" / "2.jpg")) == Path("cup/2.jpg")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("gone.jpg", "no such file"),
        ("7.jpg", "there are 2: test/7.jpg, train/7.jpg"),
        ("cup/IMG_1.JPG", "no such file"),
        ("2.png", "but there is cup/2.jpg"),
        ("https://x.org/1.jpg", "web address"),
        ("a\0b", "not a file name"),
        ("x" * 5000, "no such file"),
        ("/content/IMG_1.JPG", "no such file"),
        (".", "no such file"),
        ("mug", "no such file"),
    ],
)
def test_a_name_without_a_single_file_says_why(root, name, why):
    found = FileLookup(root).find(name)
    assert isinstance(found, Missing) and why in found.why and not found.is_outside


@pytest.mark.parametrize(
    "name", ["../secret.jpg", "mug/../../secret.jpg", "..\\secret.jpg", "../photos/../secret.jpg"]
)
def test_a_name_that_leads_out_is_outside(root, name):
    (root.parent / "secret.jpg").write_bytes(b"x")
    assert FileLookup(root).find(name).is_outside
    assert FileLookup(root).find(str(root.parent / "secret.jpg")).is_outside
