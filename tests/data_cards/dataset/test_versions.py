"""Names that people give to revisions: read wherever a revision is, listed in the card."""

import pytest

from curation.__main__ import main
from data_cards.dataset.repo import create_dataset, open_dataset
from data_cards.dataset.tables import images_file, labels_file
from data_cards.dataset.versions import tag_dataset, versions_of, with_versions
from data_cards.errors import BadAddress
from tests.fixtures.pictures import collection_of, pictures, stored


def made(address):
    rows, labels = stored({"lion": pictures(2, 1)})
    files = dict([images_file(rows), labels_file(labels)])
    return create_dataset(address, collection_of("lion")).commit(files, "Photos")


@pytest.mark.parametrize("address", ["d", "hf://ann/tiny"])
def test_a_named_revision_is_opened_by_its_name_and_stands_in_the_card(hub, tmp_path, address):
    dataset = made(address if "://" in address else str(tmp_path / address))
    after = tag_dataset(dataset, "v1.2")
    assert open_dataset(f"{dataset.address}@v1.2").revision == dataset.revision != after.revision
    assert versions_of(dataset) == ("v1.2",) and versions_of(after) == ()
    assert f"| v1.2 | `{dataset.revision}` |" in after.repo.read("README.md").decode()


@pytest.mark.parametrize("name", ["", "1.2", "main", "a b", "../x", "deadbeef", "v" * 61])
def test_what_cannot_be_a_name_is_said(tmp_path, name):
    with pytest.raises(BadAddress, match="cannot name a revision"):
        tag_dataset(made(str(tmp_path / "d")), name)


def test_a_name_is_given_once(tmp_path):
    dataset = made(str(tmp_path / "d"))
    tag_dataset(dataset, "v1")
    with pytest.raises(BadAddress, match="is the name of revision"):
        tag_dataset(dataset.newest(), "v1")


def test_the_list_is_written_once_and_the_words_stay():
    once = with_versions("# Forts\n\nWords.\n", {"v1": "a" * 40})
    twice = with_versions(once, {"v1": "a" * 40, "v2": "b" * 40})
    assert twice.count("## Versions") == 1 and twice.startswith("# Forts\n\nWords.")
    assert with_versions(twice, {}) == "# Forts\n\nWords.\n"


def test_the_command_names_and_lists(tmp_path, capsys):
    dataset = made(str(tmp_path / "d"))
    assert main(["tag", dataset.address]) == 0
    assert "has a name" in capsys.readouterr().out
    assert main(["tag", f"{dataset.address}@{dataset.revision}", "v2"]) == 0
    assert capsys.readouterr().out == f"v2  {dataset.revision[:12]}\n"
