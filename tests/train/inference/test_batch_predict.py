from functools import partial

import numpy as np

from data_cards.dataset.repo import create_dataset
from data_cards.photos.image import image_id
from tests.fixtures.pictures import collection_of, pictures, with_photos
from tests.fixtures.tiny_models import write_tiny_classifier
from train.finetune.recipe import head_of
from train.inference.batch_predict import Answers, ask, by_features
from train.models.backbone import find_backbone
from train.settings import TrainSettings
from train.train_model import train_model


def test_answers_are_picked_by_photo_and_the_unread_are_left_out():
    answers = Answers(("a", "b", "c"), np.eye(3), np.arange(6).reshape(3, 2))
    picked = answers.of(["c", "missing", "a"])
    assert picked.ids == ("c", "a") and picked.embeddings.tolist() == [[4, 5], [0, 1]]
    assert answers.of([]).logits.shape == (0, 3)


def test_a_model_is_asked_about_the_wanted_photos_only(tmp_path):
    folder = write_tiny_classifier(tmp_path / "model", ["red", "blue"])
    some = pictures(5, 1)
    dataset = with_photos(
        create_dataset(str(tmp_path / "data"), collection_of("red", "blue")), {"red": some}
    )
    wanted = [image_id(data) for data in some[:3]]
    answers = ask(folder, dataset, wanted, "Asking")
    assert (
        set(answers.ids) == set(wanted)
        and answers.logits.shape == (3, 2)
        and answers.embeddings.shape == (3, 64)
    )
    assert ask(folder, dataset, [], "Asking").ids == ()


def test_a_head_on_kept_features_answers_as_the_network_does(tmp_path, tiny_vit):
    from transformers import AutoModelForImageClassification

    made = create_dataset(str(tmp_path / "set"), collection_of("red", "blue"))
    some = {"red": pictures(8, 1, (200, 60, 60)), "blue": pictures(8, 2, (60, 60, 200))}
    dataset = with_photos(made, some)
    backbone = find_backbone(str(tiny_vit), tmp_path)
    settings = TrainSettings(backbone=str(tiny_vit), threads=1)
    train_model(
        dataset.address, str(tmp_path / "model"), settings, cache=tmp_path, provisional=True
    )
    ids = sorted(dataset.photos())
    model = AutoModelForImageClassification.from_pretrained(tmp_path / "model")
    exact = ask(tmp_path / "model", dataset, ids, "Asking").of(ids)
    quick = by_features(backbone, partial(head_of, model), tmp_path, None, 16, 1)(
        tmp_path, dataset, ids, "Asking"
    )
    assert quick.ids == exact.ids and quick.early is None
    assert (quick.logits.argmax(axis=1) == exact.logits.argmax(axis=1)).all()
    np.testing.assert_allclose(quick.logits, exact.logits, atol=0.02 * np.abs(exact.logits).max())
    np.testing.assert_allclose(
        quick.embeddings, exact.embeddings, atol=0.02 * np.abs(exact.embeddings).max()
    )


def test_no_photo_is_no_answer(tmp_path, tiny_vit):
    made = create_dataset(str(tmp_path / "set"), collection_of("red"))
    asked = by_features(
        find_backbone(str(tiny_vit), tmp_path),
        lambda: (np.eye(2), np.zeros(2)),
        tmp_path,
        None,
        16,
        1,
    )
    assert asked(tmp_path, made, [], "Asking").ids == ()
