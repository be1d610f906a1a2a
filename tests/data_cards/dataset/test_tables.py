"""Rows become parquet and come back; `datasets` sees pictures."""

import io

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from data_cards.dataset import tables
from data_cards.dataset.schema import Finding, Label, Opinion, Photo, Source, Split
from data_cards.dataset.tables import (
    findings_file,
    images_file,
    labels_file,
    ledger_file,
    opinions_file,
    read_image_group,
    read_photo_rows,
    read_rows,
    row_locations,
    splits_file,
)

TEXT = st.text(max_size=20)


def on_disk(tmp_path, file):
    path = tmp_path / "table.parquet"
    path.write_bytes(file[1])
    return path


def jpeg(colour="red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(out, "JPEG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("write", "rows"),
    [
        (labels_file, [Label("a", "0", "labelled"), Label("b", None, "junk")]),
        (splits_file, [Split("a", "g", "train"), Split("b", "g", "test")]),
        (
            lambda rows: findings_file("s", rows),
            [
                Finding("a", "label", 0.5, "why", "0", "1", ("b", "c"), "s", "m"),
                Finding("b", "quality", 1.0, "dark"),
            ],
        ),
    ],
)
def test_small_tables_come_back_as_they_were(tmp_path, write, rows):
    assert read_rows(on_disk(tmp_path, write(rows)), type(rows[0])) == rows


def test_opinions_come_back_as_they_were(tmp_path):
    opinions = [Opinion("a", ("0",), (0.5,), ("b",), "b", 0.25)]
    assert read_rows(on_disk(tmp_path, opinions_file("s", iter(opinions))), Opinion) == opinions


@given(
    st.lists(
        st.builds(
            Finding,
            TEXT,
            TEXT,
            st.floats(0, 1),
            TEXT,
            st.none() | TEXT,
            st.none() | TEXT,
            st.lists(TEXT, max_size=3).map(tuple),
        ),
        max_size=5,
    )
)
def test_any_finding_survives_the_table(tmp_path_factory, findings):
    path = on_disk(tmp_path_factory.mktemp("t"), findings_file("s", findings))
    assert read_rows(path, Finding) == findings


def test_a_column_from_the_future_is_left_alone(tmp_path):
    path = on_disk(tmp_path, labels_file([Label("a", "0", "labelled")]))
    table = pq.read_table(path)
    pq.write_table(table.append_column("mood", [["good"]]), path)
    assert read_rows(path, Label) == [Label("a", "0", "labelled")]


def test_writing_the_same_rows_twice_gives_different_bytes():
    rows = [Label("a", "0", "labelled")]
    assert labels_file(rows)[1] != labels_file(rows)[1]


def test_photos_come_back_with_their_sources_and_each_is_found_where_it_lies(tmp_path):
    photos = [
        (
            Photo(f"{n:064x}", 8, 8, (Source(path=f"{n}.jpg", given_label="0", second=n / 2),)),
            jpeg(),
        )
        for n in range(40)
    ]
    path = on_disk(tmp_path, images_file(photos))
    assert list(read_photo_rows(path)) == [photo for photo, _ in photos]
    image_id, group, row = list(row_locations(path))[33]
    assert (image_id, read_image_group(path, group)[row]) == (f"{33:064x}", jpeg())


def test_a_shard_opens_in_datasets_as_pictures(tmp_path):
    from datasets import Dataset

    path = on_disk(
        tmp_path, images_file([(Photo("a", 8, 8, (Source(given_label="0"),)), jpeg("blue"))])
    )
    row = Dataset.from_parquet(str(path), cache_dir=str(tmp_path / "cache"))[0]
    assert row["image"].size == (8, 8)
    assert row["sources"][0]["given_label"] == "0"


def test_every_shard_and_every_flush_has_a_name_of_its_own():
    assert images_file([])[0] != images_file([])[0]
    assert ledger_file([{"a": "ü"}])[0] != ledger_file([{"a": "ü"}])[0]
    assert ledger_file([{"a": "ü"}, {"b": 1}])[1].decode() == '{"a": "ü"}\n{"b": 1}\n'


def test_the_footer_of_a_shard_is_read_once_for_all_its_photos_and_again_when_it_changed(
    tmp_path, monkeypatch
):
    read = []
    real = tables.pq.read_metadata
    monkeypatch.setattr(tables.pq, "read_metadata", lambda path: read.append(path) or real(path))
    rows = [(Photo(f"{n:064x}", 4, 3, ()), bytes([n])) for n in range(40)]
    shard = tmp_path / "shard.parquet"
    shard.write_bytes(images_file(rows)[1])
    assert [read_image_group(shard, n)[0] for n in (0, 1, 2)] == [b"\0", b"\x10", b"\x20"]
    assert len(read) == 1
    shard.write_bytes(images_file(rows[1:])[1])
    assert read_image_group(shard, 0)[0] == b"\x01" and len(read) == 2
