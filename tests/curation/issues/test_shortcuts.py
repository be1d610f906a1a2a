"""A trait that gives a class away is reported; chance, small classes and traits of half a class
are not."""

import random

import pytest

from curation.issues.shortcuts import TraitsOf, shortcuts
from curation.measures.pixels import Measures
from data_cards.dataset.schema import Photo, Source


def collection(classes=4, of_each=20):
    labels = {f"{name}{n:02}": name for name in "abcdefgh"[:classes] for n in range(of_each)}
    return labels, {image_id: {"format": "JPEG"} for image_id in labels}


def test_a_class_of_thumbnails_is_named_with_the_counts():
    labels, traits = collection()
    rng = random.Random(0)
    for image_id, label in labels.items():
        traits[image_id]["short side at most"] = float(
            rng.randint(170, 190) if label == "a" else rng.randint(500, 900)
        )
    traits["b00"]["short side at most"] = 180.0
    [one] = shortcuts(labels, traits, title=lambda label: {"a": "Halong Bay"}[label])
    assert (one.label, one.trait) == ("a", "short side at most") and one.score > 0.98
    assert one.reason.startswith("All 20 photos of *Halong Bay* are at most ")
    assert "pixels on their short side; 1 of the 60 others are." in one.reason
    assert set(one.examples) <= {image_id for image_id in labels if labels[image_id] == "a"}


@pytest.mark.parametrize(
    ("trait", "value", "said"),
    [
        ("format", "WEBP", "are WEBP files"),
        ("camera", "X100", "camera"),
        ("border", "white", "white border"),
        ("site", "a.org", "a.org"),
        ("size", "640 x 480", "exactly 640 x 480"),
    ],
)
def test_each_trait_is_said_in_words(trait, value, said):
    labels, traits = collection()
    for image_id in labels:
        traits[image_id] = {trait: value if labels[image_id] == "c" else ""}
    [one] = shortcuts(labels, traits)
    assert said in one.reason and "none of the 60 others" in one.reason


def test_half_a_class_is_no_shortcut():
    labels, traits = collection()
    for n in range(10):
        traits[f"a{n:02}"]["border"] = "white"
    assert shortcuts(labels, traits) == []


def test_what_every_class_has_is_no_shortcut():
    assert shortcuts(*collection()) == []


def test_a_few_photos_agree_by_chance():
    labels, traits = collection(of_each=20)
    labels |= {f"z{n}": "z" for n in range(4)}
    traits |= {f"z{n}": {"format": "PNG"} for n in range(4)}
    assert shortcuts(labels, traits) == []


def test_twenty_copies_of_one_shot_are_one_shot():
    labels, traits = collection()
    for n in range(20):
        traits[f"a{n:02}"] = {"format": "PNG"}
    assert shortcuts(labels, traits)
    assert shortcuts(labels, traits, {f"a{n:02}": "a00" for n in range(20)}) == []


@pytest.mark.parametrize("seed", range(5))
def test_random_sizes_give_nothing_away(seed):
    labels, traits = collection(classes=8)
    rng = random.Random(seed)
    for one in traits.values():
        one |= {"short side at most": float(rng.randint(100, 900)), "size": rng.choice("abc")}
    assert shortcuts(labels, traits) == []


def test_one_class_alone_has_no_others():
    assert shortcuts(*collection(classes=1)) == []


def test_traits_come_from_the_file_and_from_what_was_measured():
    source = Source("clip.mp4#3", "a", url="https://pics.example.org/1.jpg", author="Asha")
    near = Source("IMG_2.jpg", "a", taken_at="2026-01-01T10:00:05")
    it = Measures(300, 200, 100, 51, 0.5, border="white", grey=True, format="WEBP", camera="X100")
    photos = {
        "p": Photo("p", 300, 200, (near,)),
        "q": Photo("q", 300, 200, (near,)),
        "r": Photo("r", 9, 9, (source,)),
    }
    traits = TraitsOf(photos, dict.fromkeys("pqr", it))
    assert traits["r"]["site"] == "pics.example.org" and traits["r"]["author"] == "Asha"
    expected = {"shape": "wide", "size": "300 x 200", "colour": "black and white", "format": "WEBP"}
    assert expected.items() <= traits["p"].items()
    assert traits["p"]["burst"] == traits["q"]["burst"] != traits["r"]["burst"]
    assert traits["p"]["light at most"] == pytest.approx(20)
