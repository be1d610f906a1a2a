import numpy as np

from data_cards.dataset import create_dataset
from data_cards.photo import image_id
from tests.tiny import write_tiny_classifier
from tests.train.pictures import collection_of, pictures, with_photos
from train.answers import Answers, ask


def test_answers_are_picked_by_photo_and_the_unread_are_left_out():
    answers = Answers(("a", "b", "c"), np.eye(3), np.arange(6).reshape(3, 2))
    picked = answers.of(["c", "missing", "a"])
    assert picked.ids == ("c", "a") and picked.embeddings.tolist() == [[4, 5], [0, 1]]
    assert answers.of([]).logits.shape == (0, 3)


def test_a_model_is_asked_about_the_wanted_photos_only(tmp_path):
    folder = write_tiny_classifier(tmp_path / "model", ["red", "blue"])
    some = pictures(5, 1)
    dataset = with_photos(create_dataset(str(tmp_path / "data"), collection_of("red", "blue")), {"red": some})
    wanted = [image_id(data) for data in some[:3]]
    answers = ask(folder, dataset, wanted, "Asking")
    assert set(answers.ids) == set(wanted) and answers.logits.shape == (3, 2) and answers.embeddings.shape == (3, 64)
    assert ask(folder, dataset, [], "Asking").ids == ()
