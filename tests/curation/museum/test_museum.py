"""The built-in museum: the same for everybody, as large as asked, and true to what it says about
itself."""

import hashlib
import io
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from curation import museum
from curation.museum import (
    Museum,
    brush,
    camera,
    gallery,
    painters,
    programme,
    rooms,
    scenes,
    visitors,
)
from data_cards.dataset.collection import shipped_collection
from data_cards.errors import BadPhoto, BadSource
from data_cards.photos.image import inspect_photo, open_photo

SMALL = Museum(photos=90, side=96)


@pytest.fixture(scope="module")
def small():
    return list(museum.photos(SMALL))


def of_kind(files, kind):
    return [(truth, data) for truth, data in files if truth.kind == kind]


def test_every_picture_of_the_collection_hangs_and_no_other():
    assert shipped_collection("museum").ids == tuple(gallery.HANGING)
    assert len(gallery.HANGING) >= 12


def test_every_picture_has_a_story_and_two_things_to_look_for():
    for info in shipped_collection("museum").classes:
        names = [name for name, _ in info.facts]
        assert (
            info.summary and "Look for" in names and "Style" in names and info.licence == "CC0-1.0"
        )


def test_the_description_says_that_it_is_simulated():
    assert "simulated" in shipped_collection("museum").description


@pytest.mark.parametrize("photos", [1, 10, 90, 420])
def test_the_museum_has_as_many_files_as_asked_each_with_its_own_name(photos):
    truths = [entry.truth for entry in museum.plan(Museum(photos=photos))]
    assert len({truth.path for truth in truths}) == len(truths) == photos


def test_the_share_of_wrong_labels_is_the_one_that_was_asked_for():
    for wrong in (0.0, 0.06, 0.2):
        truths = [entry.truth for entry in museum.plan(Museum(photos=1000, wrong=wrong))]
        frames = [truth for truth in truths if truth.kind == "painting"]
        assert sum(truth.given_label != truth.true_class for truth in frames) == pytest.approx(
            wrong * len(frames), abs=1
        )


def test_most_wrong_labels_name_a_look_alike():
    truths = [entry.truth for entry in museum.plan(Museum(photos=1000))]
    wrong = [
        truth
        for truth in truths
        if truth.kind == "painting" and truth.given_label != truth.true_class
    ]
    near = sum(truth.given_label in programme.look_alikes(truth.true_class) for truth in wrong)
    assert near > 0.7 * len(wrong)


def test_a_path_starts_with_the_label_that_was_given():
    for entry in museum.plan(Museum(photos=420)):
        folder = entry.truth.path.split("/")[0]
        assert folder == (entry.truth.given_label or programme.NONE_FOLDER)


def test_the_default_museum_has_bursts_copies_junk_and_empty_rooms():
    counts = Counter(entry.truth.kind for entry in museum.plan(Museum()))
    assert counts["none"] >= 35 and counts["truncated"] == counts["text"] == 1
    assert min(counts["copy"], counts["reencode"], counts["junk"]) >= 8
    assert any(entry.truth.burst for entry in museum.plan(Museum()))


def test_frames_of_a_burst_are_seconds_apart():
    bursts = {}
    for entry in museum.plan(Museum()):
        if entry.truth.burst and entry.truth.kind == "painting":
            bursts.setdefault(entry.truth.burst, []).append(entry.shot.taken_at)
    gaps = [
        (later - earlier).total_seconds()
        for times in bursts.values()
        for earlier, later in pairwise(times)
    ]
    assert gaps and min(gaps) >= 0.9 and max(gaps) <= 3.0


def test_the_same_museum_is_the_same_to_the_last_byte(small):
    again = list(museum.photos(SMALL, workers=1))
    assert [(truth, hashlib.sha256(data).digest()) for truth, data in small] == [
        (truth, hashlib.sha256(data).digest()) for truth, data in again
    ]


def test_another_seed_is_another_visit(small):
    other = next(iter(museum.photos(Museum(photos=90, side=96, seed=1))))
    assert other[1] != small[0][1]


def test_a_copy_has_the_bytes_of_its_original_and_a_reencode_has_not(small):
    by_path = {truth.path: data for truth, data in small}
    copies = of_kind(small, "copy")
    again = of_kind(small, "reencode")
    assert copies and again
    assert all(by_path[truth.copy_of] == data for truth, data in copies)
    assert all(by_path[truth.copy_of] != data for truth, data in again)


def test_photos_open_and_broken_files_do_not(small):
    for truth, data in small:
        if truth.kind in ("truncated", "text"):
            with pytest.raises(BadPhoto):
                open_photo(data)
        else:
            assert max(open_photo(data).size) <= 96 * 1.2


def test_phones_write_when_a_photo_was_taken_and_never_where(small):
    facts = [inspect_photo(data) for _, data in of_kind(small, "painting")]
    assert all(fact.taken_at and fact.taken_at.startswith("2026-") for fact in facts)
    exifs = [Image.open(io.BytesIO(data)).getexif() for _, data in of_kind(small, "painting")]
    assert not any(0x8825 in exif for exif in exifs)
    assert {exif[0x010F] for exif in exifs} == {"Simulated phone"}


def test_some_photos_lie_on_their_side_and_say_so():
    shots = [entry.shot for entry in museum.plan(Museum(photos=200))]
    turned = next(shot for shot in shots if visitors.phone_of(shot.visitor).turned)
    assert Image.open(io.BytesIO(visitors.snap(turned, 64))).getexif()[visitors.ORIENTATION] in (
        3,
        6,
        8,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("museum", Museum()),
        ("museum:50", Museum(photos=50)),
        ("museum:50:96", Museum(photos=50, side=96)),
    ],
)
def test_a_size_is_read_from_the_name(text, expected):
    assert museum.parse_museum(text) == expected


@pytest.mark.parametrize("text", ["museum:", "museum:0", "museum:many", "museum:1:2:3", "louvre"])
def test_a_size_that_is_none_gets_a_sentence(text):
    with pytest.raises(BadSource, match="museum:400"):
        museum.parse_museum(text)


def test_look_alikes_are_of_one_hand():
    assert set(programme.look_alikes("red-grid")) == {"red-grid-opened", "blue-grid"}


def test_paintings_differ_and_have_the_shape_of_their_canvas():
    pictures = {name: gallery.paint(name, 64) for name in gallery.HANGING}
    for name, picture in pictures.items():
        hung = gallery.HANGING[name]
        assert picture.shape[1] / picture.shape[0] == pytest.approx(
            hung.width / hung.height, rel=0.05
        )
        assert picture.std() > 12
    assert len({picture.tobytes() for picture in pictures.values()}) == len(pictures)


def test_strokes_follow_the_flow():
    base = np.zeros((60, 60, 3), np.float32)
    base[:, 30:] = 1
    level = brush.strokes(base, np.zeros((60, 60), np.float32), np.random.default_rng(0), 3, 24)
    upright = brush.strokes(
        base, np.full((60, 60), np.pi / 2, np.float32), np.random.default_rng(0), 3, 24
    )
    assert np.abs(level - base).mean() > 2 * np.abs(upright - base).mean()


def test_a_painter_is_chosen_by_the_kind_of_picture():
    rng = np.random.default_rng(0)
    for hung in gallery.HANGING.values():
        assert painters.paint(40, 50, hung.variant, rng).shape == (40, 50, 3)


def test_straight_ahead_the_middle_of_the_wall_is_the_middle_of_the_photo():
    pose = camera.Pose((0, 0, -200), (0, 0, 0), 0.0, 500, 400, 300)
    seen = camera.project(pose.projection(), np.array([[0, 0, 0.0], [10, 0, 0], [0, 10, 0]]))
    assert seen == pytest.approx(np.array([[200, 150], [225, 150], [200, 175]]))


def test_a_frame_hides_the_wall_and_its_shadow_only_darkens_it():
    framed = rooms.framed("red-grid", 160).levels[0]
    alpha = framed[..., 3]
    assert alpha[alpha.shape[0] // 2, alpha.shape[1] // 2] == 255
    assert alpha[0, 0] < 128


@pytest.mark.parametrize("subject", [*scenes.EMPTY, *scenes.JUNK])
def test_every_scene_without_a_picture_can_be_photographed(subject):
    shot = visitors.Shot(subject, 3, 0, 1, programme.OPENING)
    assert open_photo(visitors.snap(shot, 80)).size
