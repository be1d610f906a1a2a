"""Datasets as sources: any images of the Hub by the kinds of its columns, and ours with what
people decided."""

import io

import numpy as np
import pytest
from huggingface_hub import HfApi
from PIL import Image

from curation.ingest.collect import collect
from curation.ingest.incoming import SourceOptions
from curation.ingest.sources import open_source
from data_cards.dataset.repo import open_dataset
from data_cards.dataset.schema import Label
from data_cards.dataset.tables import labels_file
from data_cards.errors import BadPhoto, BadSource, HubUnreachable, MissingFile


@pytest.fixture(autouse=True)
def _no_loop_stays_open():
    """fsspec keeps a thread with a loop for as long as the process lives; here it is closed."""
    yield
    import fsspec.asyn

    loop = fsspec.asyn.loop[0]
    thread = fsspec.asyn.iothread[0]
    if loop is not None:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        fsspec.asyn.loop[0] = fsspec.asyn.iothread[0] = None


def picture(seed):
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (20, 20, 3), np.uint8)).save(
        out, "JPEG"
    )
    return out.getvalue()


PICTURES = [picture(seed) for seed in range(4)]


def push(name, sides, config="default", **kinds):
    import datasets

    datasets.disable_progress_bars()
    features = datasets.Features({"image": datasets.Image(), **kinds})
    for side, columns in sides.items():
        number = len(next(iter(columns.values()))) if columns else 1
        images = [{"bytes": PICTURES[place], "path": f"{place}.jpg"} for place in range(number)]
        rows = datasets.Dataset.from_dict({"image": images, **columns}, features=features)
        rows.push_to_hub(name, config, split=side, token="token-ann")


def seen(gathered):
    names = {info.id: info.title for info in gathered.classes}
    return [
        (photo.path, names.get(photo.label, photo.status), photo.split, photo.read())
        for photo in gathered.photos
    ]


def test_images_with_a_class_column_come_in_with_their_splits(hub, tmp_path):
    import datasets

    push(
        "ann/things",
        {"train": {"kind": [0, 1, 0], "note": ["", "", ""]}, "valid": {"kind": [1], "note": [""]}},
        kind=datasets.ClassLabel(names=["mug", "C++"]),
        note=datasets.Value("string"),
    )
    gathered = open_source("hf://ann/things")
    assert seen(gathered) == [
        ("train/000000-0.jpg", "Mug", "train", PICTURES[0]),
        ("train/000001-1.jpg", "C++", "train", PICTURES[1]),
        ("train/000002-2.jpg", "Mug", "train", PICTURES[2]),
        ("valid/000000-0.jpg", "C++", "validation", PICTURES[0]),
    ]
    assert gathered.total == 4 and "`note`" in gathered.remarks[0]
    report = collect("hf://ann/things", str(tmp_path / "dataset"))
    assert (report.added, report.repeated, report.classes) == (3, 1, 2)


def test_a_text_column_is_the_label_and_one_side_alone_is_no_split(hub):
    import datasets

    push(
        "ann/words",
        {"train": {"label": ["mug", None, "cup"], "species": ["a", "b", "c"]}},
        label=datasets.Value("string"),
        species=datasets.Value("string"),
    )
    assert [(label, split) for _, label, split, _ in seen(open_source("hf://ann/words"))] == [
        ("Mug", None),
        ("unlabelled", None),
        ("Cup", None),
    ]
    wanted = SourceOptions(label_column="species", split="train")
    assert {label for _, label, _, _ in seen(open_source("hf://ann/words", wanted))} == {
        "a",
        "b",
        "c",
    }


def test_a_column_that_may_be_the_label_is_named(hub):
    import datasets

    push("ann/birds", {"train": {"species": ["a", "b"]}}, species=datasets.Value("string"))
    gathered = open_source("hf://ann/birds")
    assert {label for _, label, _, _ in seen(gathered)} == {"unlabelled"}
    assert '--label-column "species"' in gathered.remarks[0]


def test_folders_of_images_on_the_hub_are_read_as_they_lie(hub):
    api = HfApi(token="token-ann")
    api.create_repo("ann/folder", repo_type="dataset")
    for place, path in enumerate(("train/mug/1.jpg", "train/cup/1.jpg", "test/mug/1.jpg")):
        api.upload_file(
            path_or_fileobj=PICTURES[place],
            path_in_repo=path,
            repo_id="ann/folder",
            repo_type="dataset",
        )
    assert sorted(seen(open_source("hf://ann/folder"))) == [
        ("test/mug/1.jpg", "Mug", "test", PICTURES[2]),
        ("train/cup/1.jpg", "Cup", "train", PICTURES[1]),
        ("train/mug/1.jpg", "Mug", "train", PICTURES[0]),
    ]


def test_parts_and_splits_that_are_not_there_are_named_with_those_that_are(hub):
    for config in ("small", "large"):
        push("ann/parts", {"train": {}, "test": {}}, config)
    with pytest.raises(
        BadSource, match=r"several parts. Choose one with --config: .*large.*small|small.*large"
    ):
        open_source("hf://ann/parts")
    with pytest.raises(BadSource, match="no config called huge"):
        open_source("hf://ann/parts", SourceOptions(config="huge"))
    with pytest.raises(BadSource, match="no split dev; it has train, test"):
        open_source("hf://ann/parts", SourceOptions(config="small", split="dev"))
    with pytest.raises(BadSource, match="no column “kind”; it has image"):
        open_source("hf://ann/parts", SourceOptions(config="small", label_column="kind"))
    assert (
        len(seen(open_source("hf://ann/parts", SourceOptions(config="small", split="train+test"))))
        == 2
    )


def test_a_dataset_without_images_or_without_data_gets_a_sentence(hub):
    api = HfApi(token="token-ann")
    for name, files in (("ann/table", {"data.csv": b"a,b\n1,2\n"}), ("ann/empty", {})):
        api.create_repo(name, repo_type="dataset")
        for path, data in files.items():
            api.upload_file(
                path_or_fileobj=data, path_in_repo=path, repo_id=name, repo_type="dataset"
            )
    with pytest.raises(BadSource, match="no column of images; it has a, b"):
        open_source("hf://ann/table")
    with pytest.raises(BadSource, match="ann/empty has no readable data"):
        open_source("hf://ann/empty")
    with pytest.raises(MissingFile):
        open_source("hf://ann/nothing")
    hub.down = True
    with pytest.raises(HubUnreachable):
        open_source("hf://ann/table")


def test_a_row_that_names_a_file_elsewhere_is_no_photo(hub):
    import datasets
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = pa.table(
        {
            "image": [
                {"bytes": None, "path": "/etc/passwd"},
                {"bytes": None, "path": "https://x.org/1.jpg"},
            ]
        }
    )
    features = datasets.Features({"image": datasets.Image()})
    out = io.BytesIO()
    pq.write_table(
        rows.cast(features.arrow_schema).replace_schema_metadata(features.arrow_schema.metadata),
        out,
    )
    HfApi(token="token-ann").create_repo("ann/trick", repo_type="dataset")
    HfApi(token="token-ann").upload_file(
        path_or_fileobj=out.getvalue(),
        path_in_repo="train.parquet",
        repo_id="ann/trick",
        repo_type="dataset",
    )
    for photo in open_source("hf://ann/trick").photos:
        with pytest.raises(BadPhoto, match="names none in its own repository"):
            photo.read()


@pytest.mark.parametrize("where", ["folder", "hub"])
def test_a_dataset_of_ours_brings_what_its_people_decided(hub, tmp_path, where):
    for number, name in enumerate(("mug", "mug", "cup", "none")):
        path = tmp_path / "s" / name / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PICTURES[number])
    first = str(tmp_path / "first") if where == "folder" else "hf://ann/first"
    collect(tmp_path / "s", first)
    dataset = open_dataset(first)
    ids = {photo.sources[0].path: name for name, photo in dataset.photos().items()}
    changed = [Label(ids["mug/0.jpg"], "cup", "labelled"), Label(ids["mug/1.jpg"], None, "junk")]
    dataset.commit(
        dict(
            [labels_file({**dataset.labels(), **{one.image_id: one for one in changed}}.values())]
        ),
        "x",
    )
    gathered = open_source(first)
    assert [(one.path, one.why) for one in gathered.left_alone] == [
        ("mug/1.jpg", "marked as junk there")
    ]
    report = collect(first, str(tmp_path / "second"))
    second = open_dataset(str(tmp_path / "second"))
    assert report.added == 3
    assert {second.labels()[ids[path]].label for path in ("mug/0.jpg", "cup/2.jpg")} == {"cup"}
    assert second.labels()[ids["none/3.jpg"]].status == "none_of_these"


def test_a_dataset_that_is_a_program_gets_a_sentence(hub):
    api = HfApi(token="token-ann")
    api.create_repo("ann/script", repo_type="dataset")
    api.upload_file(
        path_or_fileobj=b"import datasets\n",
        path_in_repo="script.py",
        repo_id="ann/script",
        repo_type="dataset",
    )
    with pytest.raises(BadSource, match="ann/script"):
        open_source("hf://ann/script")
