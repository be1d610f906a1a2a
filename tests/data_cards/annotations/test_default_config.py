"""The table that everybody's tools open says what images, labels and splits say, and no more."""

import shutil

import pyarrow.parquet as pq
import pytest

from curation.decisions.apply import fold_dataset
from curation.decisions.erase import erase
from data_cards.annotations.decision import decide, line_of
from data_cards.annotations.default_config import refresh_default_config
from data_cards.dataset.repo import create_dataset, open_dataset
from data_cards.dataset.schema import Label, Split
from data_cards.dataset.tables import images_file, labels_file, ledger_file, splits_file
from tests.fixtures.pictures import collection_of, pictures, stored

SHOWN = {"lion": pictures(4, 1), "rose": pictures(3, 2), None: pictures(2, 3)}


def made(address):
    rows, labels = stored(SHOWN)
    files = [images_file(rows[:5]), images_file(rows[5:]), labels_file(labels)]
    return create_dataset(address, collection_of("lion", "rose")).commit(dict(files), "Photos")


@pytest.fixture
def dataset(tmp_path):
    return refresh_default_config(made(str(tmp_path / "d")))


def ids(dataset, label):
    return sorted(i for i, row in dataset.labels().items() if row.label == label)


def split_up(dataset):
    lions = ids(dataset, "lion")
    sides = dict(zip(lions, ("train", "validation", "test"), strict=False))
    sides |= dict.fromkeys(ids(dataset, "rose"), "train")
    rows = (Split(i, i, side) for i, side in sides.items())
    return refresh_default_config(dataset.commit(dict([splits_file(rows)]), "Split"))


def loaded(address, tmp_path, *config):
    from datasets import load_dataset

    return load_dataset(address, *config, cache_dir=str(tmp_path / "cache"))


def decided(dataset, *rows):
    lines = [line_of(decide("asha", image_id, action, **more)) for image_id, action, more in rows]
    return fold_dataset(dataset.commit(dict([ledger_file(lines)]), "Decide")).dataset


def test_load_dataset_shows_pictures_with_titles_before_there_is_a_split(dataset, tmp_path):
    table = loaded(dataset.address, tmp_path)
    assert set(table) == {"train"} and set(table["train"].features) == {"image", "label", "status"}
    train = table["train"]
    assert train.features["label"].names == ["Thing lion", "Thing rose"]
    assert sorted(train["label"]) == [0, 0, 0, 0, 1, 1, 1]
    assert train[0]["image"].size == (72, 72)


def test_splits_and_what_shows_no_class_have_their_places(dataset, tmp_path):
    split_up(dataset)
    table = loaded(dataset.address, tmp_path)
    assert {side: len(rows) for side, rows in table.items()} == {
        "train": 4,
        "validation": 1,
        "test": 1,
    }
    aside = loaded(dataset.address, tmp_path, "aside")
    assert {side: set(rows["status"]) for side, rows in aside.items()} == {
        "none_of_these": {"none_of_these"},
        "left_out": {"labelled"},
    }


def test_photos_without_any_label_load_too(tmp_path):
    rows, _ = stored(SHOWN)
    files = dict(
        [images_file(rows), labels_file(Label(p.image_id, None, "unlabelled") for p, _ in rows)]
    )
    made = create_dataset(str(tmp_path / "d"), collection_of("lion", "rose"))
    refresh_default_config(made.commit(files, "Photos"))
    assert len(loaded(str(tmp_path / "d"), tmp_path)["train"]) == 9


def test_only_files_whose_rows_changed_are_written(dataset):
    lion = next(i for i in dataset.photos() if dataset.labels()[i].label == "lion")
    before = dataset.repo.contents()
    after = decided(dataset, (lion, "relabel", {"label": "rose"}))
    now = after.repo.contents()
    changed = {path for path in now if path.startswith("data/train") and now[path] != before[path]}
    stem = after.shard_of(lion).removeprefix("images/")
    assert changed == {f"data/train-{stem}"}


def test_nothing_new_makes_no_revision(dataset):
    assert refresh_default_config(dataset).revision == dataset.revision
    folded = fold_dataset(dataset).dataset
    assert fold_dataset(folded).dataset.revision == folded.revision


def test_one_changed_label_leaves_the_pages_of_pictures_as_they_were(tmp_path):
    rows, labels = stored({"lion": pictures(230, 5)})
    made = create_dataset(str(tmp_path / "d"), collection_of("lion", "rose"))
    dataset = refresh_default_config(
        made.commit(dict([images_file(rows), labels_file(labels)]), "P")
    )
    (path,) = [path for path in dataset.paths if path.startswith("data/train")]
    before = dataset.repo.fetch(path, dataset.revision).read_bytes()
    after = decided(dataset, (rows[120][0].image_id, "relabel", {"label": "rose"}))
    now = after.repo.fetch(path, after.revision).read_bytes()
    # In blocks of 1 kB at any place: what a store that knows contents would send.
    known = {before[i : i + 64] for i in range(len(before) - 64)}
    fresh = sum(now[i : i + 64] not in known for i in range(0, len(now) - 64, 64)) * 64
    assert fresh < 0.05 * len(now)


def test_a_folder_keeps_no_earlier_copy_of_the_pixels(dataset):
    rose = ids(dataset, "rose")[0]
    after = decided(dataset, (rose, "junk", {}))
    wanted = set(after.repo.contents().values())
    store = after.repo.path / ".vitrine" / "objects"
    tables = {
        content
        for revision in (after.repo.path / ".vitrine" / "revisions").glob("*.json")
        for path, content in after.repo.contents(revision.stem).items()
        if path.startswith("data/") and path.endswith(".parquet")
    }
    left = {content for content in tables if (store / content[:2] / content[2:]).exists()}
    assert left == tables & wanted


def test_the_owner_leaves_it_out_and_takes_it_back(dataset, tmp_path):
    without = fold_dataset(dataset, table=False).dataset
    assert not [path for path in without.paths if path.startswith("data/train")]
    assert not list((without.repo.path / "data").glob("*.parquet"))
    assert loaded(without.address, tmp_path)["train"].column_names[0] == "image_id"
    rose = ids(dataset, "rose")[0]
    still = decided(without, (rose, "junk", {}))
    assert not [path for path in still.paths if path.startswith("data/train")], "the choice stays"
    assert [p for p in fold_dataset(still, table=True).dataset.paths if p.startswith("data/train")]


def test_an_erased_photo_is_in_no_file_and_no_past(dataset):
    rose = ids(dataset, "rose")[0]
    data = dataset.read_photo(rose)
    after = erase(dataset, [rose]).dataset
    disk = b"".join(p.read_bytes() for p in after.repo.path.rglob("*") if p.is_file())
    assert data not in disk
    assert [path for path in after.paths if path.startswith("data/train")]


def test_the_words_of_the_card_stay(dataset):
    readme = dataset.repo.path / "README.md"
    readme.write_text(readme.read_text().replace("## Classes", "## Our own words\n\n## Classes"))
    after = split_up(open_dataset(dataset.address))
    text = after.repo.read("README.md").decode()
    assert "## Our own words" in text and "data/validation-*.parquet" in text


def test_an_older_revision_is_left_as_it_is(dataset):
    pinned = open_dataset(f"{dataset.address}@{dataset.revision}")
    assert refresh_default_config(pinned) is pinned


def test_the_hub_holds_the_same_table(hub, tmp_path):
    dataset = refresh_default_config(made("hf://ann/tiny"))
    split_up(dataset)
    assert len(loaded("ann/tiny", tmp_path)["train"]) == 4


def test_a_label_of_an_unknown_class_is_a_row_without_label(tmp_path):
    made_one = made(str(tmp_path / "d"))
    rows = [Label(i, "lynx", "labelled") for i in made_one.photos()]
    after = refresh_default_config(made_one.commit(dict([labels_file(rows)]), "Labels"))
    (first, *_) = sorted(p for p in after.paths if p.startswith("data/train"))
    assert set(pq.read_table(after.repo.fetch(first))["label"].to_pylist()) == {None}
    shutil.rmtree(after.repo.path)
