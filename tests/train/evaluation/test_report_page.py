"""The evaluation report: everything a person needs, nothing a browser would fetch or run."""

import re

import numpy as np
import pytest

from train.evaluation.report_page import AskedPhoto, Examined, report_page, shown_photos
from train.evaluation.results import Answered, report

TITLES = {"agra": "Agra Fort", "charminar": "Char<b>minar</b>", "hampi": "Hampi"}
JPEG = b"\xff\xd8 a picture"


def photos_of(*rows):
    return [AskedPhoto(f"{number:064x}", *row, refused=False) for number, row in enumerate(rows)]


def metrics_of(photos):
    classes = list(TITLES)
    chances = np.full((len(photos), 3), 0.01)
    for row, photo in enumerate(photos):
        chances[row, classes.index(photo.answered)] = photo.chance
    truth = np.array([classes.index(photo.truth) for photo in photos], int)
    refused = np.zeros(len(photos), bool)
    answered = Answered(
        chances, truth, refused, np.ones(4, bool), np.linspace(0, 1, len(photos)), np.ones(4)
    )
    return report(answered, classes, list(TITLES.values()))


@pytest.fixture
def photos():
    return photos_of(
        ("agra", "agra", 0.9),
        ("agra", "charminar", 0.97),
        ("hampi", "charminar", 0.6),
        ("agra", "charminar", 0.7),
        ("hampi", "hampi", 0.8),
    )


@pytest.fixture
def page(photos):
    made = {
        "dataset_revision": "abc123def456789",
        "made_at": "2026-11-21T10:00:00",
        "training": {"seed": "<script>"},
    }
    card = {"leaks": "0 of 5 test photos have a near-copy in train", "threshold": 0.9, "seed": 7}
    pictures = dict.fromkeys(shown_photos(photos), JPEG)
    return report_page(
        Examined("Forts & <i>gates</i>", metrics_of(photos), card, made, photos, pictures)
    )


def test_the_page_says_what_is_promised_of_strangers(photos):
    metrics = metrics_of(photos)
    metrics["rejection"]["promise"] = "At most 5 of 100, <on average>."
    assert "At most 5 of 100, &lt;on average&gt;." in report_page(
        Examined("Forts", metrics, {}, {}, photos)
    )


def test_the_page_carries_its_pictures_and_asks_nobody_for_anything(page):
    assert "data:image/jpeg;base64" in page
    assert not re.findall(r"(?:src|href)=['\"](?!data:|#)", page)
    assert "<script" not in page and "default-src 'none'" in page


def test_how_it_learned_is_drawn_the_learning_rate_too(photos):
    epochs = [
        {
            "epoch": 1,
            "loss": 0.9,
            "validation_loss": 0.8,
            "accuracy": 0.5,
            "validation_accuracy": 0.6,
            "learning_rate": 9e-5,
        },
        {"epoch": 2, "validation_loss": 0.5, "validation_accuracy": 0.8},
    ]
    page = report_page(
        Examined("Forts", metrics_of(photos) | {"epochs": epochs}, {}, {}, photos, {})
    )
    assert all(
        f'aria-label="{up} by epoch' in page
        for up in ("loss", "right", "learning rate, millionths")
    )
    older = [{**epoch, "learning_rate": None} for epoch in epochs]
    assert "learning rate" not in report_page(
        Examined("Forts", metrics_of(photos) | {"epochs": older}, {}, {})
    )


def test_what_others_wrote_stays_text(page):
    assert "Char&lt;b&gt;minar" in page and "<b>minar" not in page
    assert "Forts &amp; &lt;i&gt;gates" in page and "&lt;script&gt;" in page


def test_the_surest_error_comes_first(page, photos):
    errors = page[page.index("Most confident errors") : page.index("What was taken for what")]
    assert (
        errors.index(photos[1].image_id)
        < errors.index(photos[3].image_id)
        < errors.index(photos[2].image_id)
    )
    assert photos[0].image_id not in errors


def test_a_cell_of_the_confusions_leads_to_its_photos(page, photos):
    name = re.search(r"href='#(mix-\d)'>2</a>", page).group(1)
    image_cache = page[page.index(f"id='{name}'") :].split("</details>")[0]
    assert (
        photos[1].image_id in image_cache
        and photos[3].image_id in image_cache
        and photos[2].image_id not in image_cache
    )


def test_leaks_threshold_and_seed_are_told(page):
    assert "0 of 5 test photos have a near-copy in train." in page
    assert "agreement of 0.9" in page and "Seed 7" in page


def test_a_model_without_errors_says_so():
    photos = photos_of(("agra", "agra", 0.9), ("hampi", "hampi", 0.8))
    page = report_page(Examined("Forts", metrics_of(photos), {}, {}, photos))
    assert "every test photo was named rightly" in page and "What was taken for what" not in page


def test_no_test_photo_at_all_still_makes_a_page():
    page = report_page(Examined("Forts", metrics_of([]), {}, {}))
    assert (
        "Not measured" in page
        and "NaN" not in page
        and "nan" not in re.sub(r"[a-z]+nan|nan[a-z]+", "", page)
    )


def test_without_pictures_it_says_why(photos):
    page = report_page(
        Examined("Faces", metrics_of(photos), {}, {}, photos, {}, "Pictures are left out.")
    )
    assert "data:image" not in page and "Pictures are left out." in page


def test_against_another_test_no_comparison_photo_by_photo_is_claimed(photos):
    metrics = metrics_of(photos) | {"previous": {"top1": {"value": 0.3}, "same_test": False}}
    page = report_page(Examined("Forts", metrics, {}, {}, photos))
    assert "30 % then, 40 % now (+10 points)" in page and "cannot be compared" in page


def test_only_photos_that_the_page_shows_are_fetched(photos):
    assert set(shown_photos(photos)) == {photos[n].image_id for n in (1, 2, 3)}
    assert len(shown_photos(photos_of(*[("agra", "hampi", 0.5)] * 500))) == 24
