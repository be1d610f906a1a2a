"""Several views of one photo."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from data_cards.dataset import create_dataset
from data_cards.photo import image_id
from tests.tiny import write_tiny_classifier
from tests.train.pictures import collection_of, pictures, with_photos
from train import views
from train.answers import Answers, ask
from train.preprocessing import Preprocessing
from train.views import told, view, views_of


def test_the_plain_view_comes_first_and_mirrors_only_where_the_card_says_so():
    plain = Preprocessing()
    assert [(one.size, one.short) for one in views_of(plain, flips=False)] == [(224, 256), (224, 224), (224, 299)]
    several = views_of(plain, flips=True)
    assert several[0] == plain and len(several) == views.MOST
    assert [type(one).__name__ for one in several] == ["Preprocessing", "Mirrored"] * 3


def test_nothing_is_wider_than_the_whole_photo():
    assert [one.short for one in views_of(Preprocessing(short=0), flips=False)] == [0, 261]
    assert len(views_of(Preprocessing(short=224), flips=False)) == 2


def test_a_mirrored_view_is_the_plain_one_the_other_way_round():
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 255, (300, 400, 3), dtype=np.uint8))
    plain, mirrored = views_of(Preprocessing(), flips=True)[:2]
    assert mirrored.framed(photo).tobytes() == ImageOps.mirror(plain.framed(photo)).tobytes()


@pytest.fixture
def things(tmp_path):
    """A model that knows red and blue, photos of red, and what each is."""
    folder, photos = write_tiny_classifier(tmp_path / "model", ["red", "blue"]), pictures(4, 1)
    dataset = with_photos(create_dataset(str(tmp_path / "data"), collection_of("red", "blue")), {"red": photos})
    return folder, dataset, {image_id(data): "red" for data in photos}


def test_chances_are_averaged_and_one_view_is_what_evaluation_sees(things):
    folder, dataset, truth = things
    alone = ask(folder, dataset, list(truth), "Asking").logits.argmax(axis=1) == 0
    viewed = view(folder, dataset, truth, ["red", "blue"], {}, 2)
    assert (viewed.n, viewed.found.n, viewed.found.before) == (2, 4, alone.sum())
    assert viewed.seconds_ratio > 1


def test_what_the_average_gains_is_told_with_its_cost(things, monkeypatch):
    folder, dataset, truth = things
    said = {"1": [0.0, 1.0], "2": [0.2, 0.0], "3": [5.0, 0.0]}  # blue, hardly red, surely red

    def answers(network, photos, ids, what):
        rows = np.array([said[what.split()[1]]] * len(ids), np.float32)
        return Answers(tuple(ids), rows, rows)

    monkeypatch.setattr(views, "answers_of", answers)
    viewed = view(folder, dataset, truth, ["red", "blue"], {}, 3)
    last = viewed.to_json()
    assert (last["n"], last["top1"], last["gain"]) == (3, 1.0, 1.0) and set(last) >= {"seconds_ratio", "low", "high"}
    assert "100 % rightly instead of 0 %" in told(viewed)
    assert view(folder, dataset, truth, ["red", "blue"], {}, 2).found.after == 0, "one that is hardly sure wins nobody"
    assert view(folder, dataset, truth, ["orange", "blue"], {}, 3).found.after == 0, "what it does not know is missed"


def test_more_views_than_there_are_is_said(things, monkeypatch):
    heard = []
    monkeypatch.setattr(views, "say", heard.append)
    folder, dataset, truth = things
    assert view(folder, dataset, truth, ["red", "blue"], {}, 6).n < 6
    assert "flips: true" in heard[0]


def test_a_test_that_nobody_can_read_gains_nothing(things):
    folder, dataset, _ = things
    viewed = view(folder, dataset, {}, ["red", "blue"], {}, 2)
    assert viewed.to_json()["gain"] == 0 and "nothing" in told(viewed)
