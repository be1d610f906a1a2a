"""Lists as programs write them are read to the same cells; what slips is refused with its line."""

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.ingest.lists.columns import KNOWN
from curation.ingest.lists.tables import DELIMITERS, decoded, read_table
from data_cards.errors import BadSource

ROWS = [
    {"file": "a/1.jpg", "label": "café, big"},
    {"file": "b 2.jpg", "label": 'a "fox"; red|tab\there'},
]
PLAIN = "file,label\n1.jpg,mug\n2.jpg,café\n"


def written(rows, delimiter=",", end="\r\n", quoting=csv.QUOTE_MINIMAL):
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, rows[0], delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def read(tmp_path, data, name="list.csv"):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_table(path, KNOWN)


def cells(table):
    return [row.cells for row in table.rows]


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-32"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_delimiter_encoding_and_end_of_line_gives_the_same_cells(
    tmp_path, delimiter, encoding, end
):
    assert cells(read(tmp_path, written(ROWS, delimiter, end).encode(encoding))) == ROWS


SIGNS = st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from(",;|\t\"'")
CELLS = st.text(SIGNS, max_size=12).map(str.strip)


@given(
    st.lists(
        st.fixed_dictionaries({"file": CELLS.filter(bool), "label": CELLS, "note": CELLS}),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(DELIMITERS),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_what_a_program_wrote_is_what_is_read(
    tmp_path_factory, rows, delimiter, encoding, quoting, end, declared
):
    folder = tmp_path_factory.getbasetemp()
    text = (f"sep={delimiter}{end}" if declared else "") + written(rows, delimiter, end, quoting)
    table = read(folder, text.encode(encoding), "any.csv")
    assert cells(table) == rows and not table.remarks
    assert table.rows[0].line == (3 if declared else 2)


@given(st.binary(max_size=200))
def test_no_bytes_at_all_break_the_reader(tmp_path_factory, data):
    for name in ("any.csv", "any.jsonl", "any.parquet"):
        try:
            read(tmp_path_factory.getbasetemp(), data, name)
        except BadSource as refusal:
            assert refusal.sentence


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ('file,label\n1.jpg,mug\n2.jpg,"cup\n3.jpg,vase\n', 3, "quotation mark"),
        ('file,label\n1.jpg,"mug\n2.jpg,"cup"\n', 2, "quotation mark"),
        ('sep=,\nfile,label\n1.jpg,"a" b\n', 3, "quotation mark"),
        ("file,label,file\n1.jpg,mug,2.jpg\n", 1, "“file” twice"),
        ("file,Label,label \n1.jpg,mug,cup\n", 1, "twice"),
        ("\n\nfile,label\n1.jpg,vase, blue\n", 4, "3 cells"),
        ("file,label\n1.jpg,m\0g\n", 2, "not text"),
    ],
)
def test_what_slips_is_refused_with_its_line(tmp_path, text, line, sentence):
    with pytest.raises(BadSource, match=sentence) as refusal:
        read(tmp_path, text)
    assert (
        f"Line {line} " in f"{refusal.value.sentence} ".replace(":", " ")
        and refusal.value.evidence["line"] == line
    )


def test_empty_lines_and_empty_cells_at_the_end_are_nothing(tmp_path):
    table = read(tmp_path, "\n,file,label,,\n\n0,1.jpg,mug,,\n ,,\n1,2.jpg\n")
    assert [(row.line, row.cells["file"], row.cells["label"]) for row in table.rows] == [
        (4, "1.jpg", "mug"),
        (6, "2.jpg", ""),
    ]
    assert table.columns == ("file", "label")


def test_a_guess_at_an_encoding_is_told(tmp_path):
    assert "Windows-1252" in read(tmp_path, PLAIN.encode("latin-1")).remarks[0]


def test_an_encoding_that_cannot_be_told_can_be_said(tmp_path):
    data = "file,label\n1.jpg,コーヒー\n".encode("shift_jis")
    with pytest.raises(BadSource, match=r"neither UTF-8 nor Windows-1252.*--encoding"):
        read(tmp_path, data)
    assert cells(read_table(tmp_path / "list.csv", KNOWN, "shift_jis")) == [
        {"file": "1.jpg", "label": "コーヒー"}
    ]
    with pytest.raises(BadSource, match="no encoding called klingon"):
        read_table(tmp_path / "list.csv", KNOWN, "klingon")


def test_a_damaged_byte_among_utf8_is_no_other_encoding(tmp_path):
    with pytest.raises(BadSource, match=r"Line 3 of list\.csv has a byte that is not UTF-8"):
        read(tmp_path, "file,label\né.jpg,caféé\n1.jpg,".encode() + b"\xe9\n")


@pytest.mark.parametrize(
    ("start", "words"),
    [(b"PK\x03\x04", "Excel"), (b"\x89PNG", "picture"), (b"\xff\xd8\xff", "picture")],
)
def test_a_file_of_another_kind_is_named(start, words):
    with pytest.raises(BadSource, match=words):
        decoded(start + b"more", "list.csv")


def test_utf16_that_was_cut_off_gets_a_sentence(tmp_path):
    with pytest.raises(BadSource, match="cut off"):
        read(tmp_path, PLAIN.encode("utf-16")[:-1])


def test_json_lines(tmp_path):
    lines = [
        {"file_name": "1.jpg", "label": 3},
        {"file_name": "2.jpg", "text": None, "label": [4.0]},
    ]
    table = read(tmp_path, "\n".join(["", *map(json.dumps, lines)]), "list.jsonl")
    assert [(row.line, row.cells) for row in table.rows] == [
        (2, {"file_name": "1.jpg", "label": "3", "text": ""}),
        (3, {"file_name": "2.jpg", "label": "4", "text": ""}),
    ]


@pytest.mark.parametrize("line", ["{", "[1]", '{"a": 1, "a": 2}', "[" * 100_000])
def test_a_line_that_is_no_object_is_refused_with_its_number(tmp_path, line):
    with pytest.raises(BadSource, match=r"Line 2 of list\.jsonl"):
        read(tmp_path, '{"file": "1.jpg"}\n' + line, "list.jsonl")


def test_parquet_knows_what_its_numbers_stand_for(tmp_path):
    features = {"label": {"names": ["mug", "cup"], "_type": "ClassLabel"}}
    schema = pa.schema(
        [("file_name", pa.string()), ("label", pa.int64())],
        {"huggingface": json.dumps({"info": {"features": features}})},
    )
    pq.write_table(
        pa.table({"file_name": ["1.jpg", None], "label": [1, 0]}, schema=schema),
        tmp_path / "l.parquet",
    )
    table = read_table(tmp_path / "l.parquet")
    assert cells(table) == [{"file_name": "1.jpg", "label": "1"}, {"file_name": "", "label": "0"}]
    assert table.names == {"label": ("mug", "cup")}


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("чашка", "koi8-r"),
        ("чашка", "cp1251"),
        ("茶壶", "gbk"),
        ("茶壺", "big5"),
        ("κούπα", "cp1253"),
    ],
)
def test_another_script_is_not_read_as_western_letters(text, encoding):
    data = f"file,label\n1.jpg,{text}\n".encode(encoding)
    with pytest.raises(BadSource, match="--encoding"):
        decoded(data, "list.csv")
    assert text in decoded(data, "list.csv", encoding)[0]


@pytest.mark.parametrize("text", ["Übergröße", "créée", "œuvre", "mañana", "5 €", "blåbærgrød"])
def test_western_letters_are_read_as_such(text):
    assert decoded(text.encode("cp1252"), "list.csv") == (text, "Windows-1252")
