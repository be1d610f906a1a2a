"""Addresses: folders, Hub repos, revisions."""

import pytest

from data_cards.errors import BadAddress, MissingFile
from data_cards.storage.local_folder import FolderRepository
from data_cards.storage.repository import Address, open_repository, parse_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("museum", Address("folder", "museum")),
        ("a/b@3f2a9c", Address("folder", "a/b", "3f2a9c")),
        ("/tmp/a@b/c", Address("folder", "/tmp/a@b/c")),
        ("hf://ann/museum", Address("hub", "ann/museum")),
        ("hf://ann/museum@main", Address("hub", "ann/museum", "main")),
    ],
)
def test_addresses_are_read(text, expected):
    assert parse_address(text) == expected


@pytest.mark.parametrize(
    "text", ["", "  ", "hf://ann", "hf://", "hf://a/b/c", "https://x/y", "hf://a/b@../x y"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(BadAddress):
        parse_address(text)


def test_a_folder_whose_name_holds_an_at_sign_is_itself(tmp_path):
    (tmp_path / "a@b").mkdir()
    assert parse_address(str(tmp_path / "a@b")).revision is None


def test_a_folder_opens_as_a_folder_repository(tmp_path):
    assert isinstance(open_repository(str(tmp_path)), FolderRepository)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(MissingFile, match="There is no folder"):
        open_repository(str(tmp_path / "nowhere"))


def test_a_revision_in_the_address_pins_every_read(tmp_path):
    repo = open_repository(str(tmp_path), create=True)
    first = repo.commit({"a.txt": b"1"}, "one")
    repo.commit({"a.txt": b"2"}, "two")
    assert open_repository(f"{tmp_path}@{first[:10]}").read("a.txt") == b"1"
