"""Crop and turn: a decision beside the stored bytes, honoured by whoever learns from the photo."""

import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from data_cards.annotations.decision import decide, line_of, parse_decision
from data_cards.annotations.frame import WHOLE, Frame, framed_bytes, read_frame
from data_cards.annotations.framed_photos import FramedDataset, framed, frames_of
from data_cards.annotations.ledger import fold, standing
from data_cards.dataset.repo import Changes
from data_cards.dataset.schema import Label
from data_cards.errors import BadDecision
from tests.fixtures.light_table import small_dataset


def quarters():
    """Four colours: red, green above blue, white."""
    image = Image.new("RGB", (80, 40))
    for n, colour in enumerate(["#ff0000", "#00ff00", "#0000ff", "#ffffff"]):
        image.paste(colour, (40 * (n % 2), 20 * (n // 2), 40 * (n % 2) + 40, 20 * (n // 2) + 20))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def pixels(data):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"), int)


def is_near(pixel, colour):
    return np.abs(pixel - np.array(colour)).max() < 30


def test_a_rectangle_is_cut_out():
    cut = pixels(framed_bytes(quarters(), Frame(0.5, 0.0, 0.5, 0.5)))
    assert cut.shape[:2] == (20, 40) and is_near(cut[10, 20], (0, 255, 0))


@pytest.mark.parametrize(
    ("turn", "shape", "corner"),
    [
        (0, (40, 80), (255, 0, 0)),
        (90, (80, 40), (0, 0, 255)),
        (180, (40, 80), (255, 255, 255)),
        (270, (80, 40), (0, 255, 0)),
    ],
)
def test_a_photo_is_turned_clockwise(turn, shape, corner):
    turned = pixels(framed_bytes(quarters(), Frame(turn=turn)))
    assert turned.shape[:2] == shape and is_near(turned[4, 4], corner)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "0,0,1,1",
        "0,0,1,1,45",
        "0,0,0,1,0",
        "0.6,0,0.5,1,0",
        "a,b,c,d,0",
        "nan,0,1,1,0",
        "0,0,1,1,0,0",
        "-0.1,0,1,1,0",
        "0,0,inf,1,0",
    ],
)
def test_what_is_no_frame_is_refused_with_a_sentence(text):
    with pytest.raises(BadDecision, match="frame"):
        decide("ann", "p", "frame", frame=text)


shares = st.floats(0, 0.9).map(lambda share: round(share, 4))


@given(shares, shares, st.sampled_from([0, 90, 180, 270]))
def test_a_frame_comes_back_from_its_line(left, top, turn):
    frame = Frame(left, top, round(1 - left, 4), round(1 - top, 4), turn)
    one = decide("ann", "p", "frame", frame=frame.text)
    assert read_frame(parse_decision(line_of(one)).frame) == frame


def test_the_last_word_counts_and_the_whole_photo_is_no_frame():
    said = [
        decide("ann", "p", "frame", frame="0,0,0.5,1,0", at="2026-01-01T00:00:00Z"),
        decide("bob", "p", "frame", frame="0,0,1,1,90", at="2026-01-02T00:00:00Z"),
    ]
    assert frames_of(reversed(said)) == {"p": Frame(turn=90)}
    back = decide("ann", "p", "frame", frame=WHOLE.text, at="2026-01-03T00:00:00Z")
    assert frames_of([*said, back]) == {}
    undo = decide("bob", "p", "undo", undoes=said[1].id)
    assert frames_of(standing([*said, undo])) == {"p": Frame(0, 0, 0.5, 1, 0)}


def test_a_frame_changes_no_label():
    given_labels = {"p": Label("p", "mug", "labelled")}
    assert fold(given_labels, [decide("ann", "p", "frame", frame="0,0,1,1,90")]) == given_labels


def test_a_dataset_reads_as_people_framed_it_and_stores_what_came(tmp_path):
    data = small_dataset(tmp_path / "set", 6)
    photo = next(iter(data.photos()))
    one = decide("ann", photo, "frame", frame="0,0,0.5,1,90")
    line = json.dumps(line_of(one)).encode()
    after = data.update(
        "Frame", lambda _: Changes(add={"ledger/01JDAAAAAAAAAAAAAAAAAAAAAA.jsonl": line})
    )
    as_framed = framed(after)
    assert isinstance(as_framed, FramedDataset) and framed(data) is data
    assert pixels(as_framed.read_photo(photo)).shape[:2] == (60, 90)
    assert pixels(after.read_photo(photo)).shape[:2] == (90, 120)
    others = [i for i in data.photos() if i != photo]
    assert as_framed.name_of(photo) != photo and [as_framed.name_of(i) for i in others] == others
    assert as_framed.read_photo(others[0]) == after.read_photo(others[0])
