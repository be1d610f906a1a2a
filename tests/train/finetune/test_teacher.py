"""A network that learns another one's answers instead of the labels."""

import json

import numpy as np
import pytest
import torch
from transformers import AutoModelForImageClassification

from data_cards.errors import CannotTrain
from data_cards.photos.image import image_id
from tests.fixtures.pictures import pictures
from tests.fixtures.tiny_models import SIZE
from train.finetune.fit import fine_tune
from train.finetune.recipe import teachers_in
from train.finetune.schedule import Plan, plan_for
from train.finetune.teacher import open_teacher, surprise, taught
from train.images.image_cache import fill_image_cache
from train.images.preprocessing import FILE, Preprocessing
from train.inference.model_folder import classes_of

FRAMING = Preprocessing().at(SIZE)


@pytest.fixture
def release(tiny_vit, tmp_path):
    """A release of two classes, whose head tells red from blue by chance."""
    torch.manual_seed(3)
    model = AutoModelForImageClassification.from_pretrained(tiny_vit, num_labels=2)
    model.config.id2label = {0: "Blue", 1: "Red"}
    model.config.class_ids = ["blue", "red"]
    folder = tmp_path / "release"
    model.save_pretrained(folder)
    (folder / FILE).write_text(json.dumps(FRAMING.to_json()))
    return folder


def test_no_surprise_where_both_say_the_same():
    logits = torch.tensor([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]])
    assert surprise(logits, logits + 7.0) == pytest.approx(0.0, abs=1e-6)


def test_the_surprise_is_the_divergence_of_the_two_answers():
    taught = torch.log(torch.tensor([[0.5, 0.5]]))
    said = torch.log(torch.tensor([[0.9, 0.1]]))
    expected = 0.5 * np.log(0.5 / 0.9) + 0.5 * np.log(0.5 / 0.1)
    assert float(surprise(said, taught)) == pytest.approx(expected)


def test_a_teacher_answers_in_the_learners_order_and_colours(release):
    own = AutoModelForImageClassification.from_pretrained(release).eval()
    seen = torch.rand(2, 3, SIZE, SIZE)
    other = Preprocessing(mean=(0.1, 0.2, 0.3), std=(0.5, 0.4, 0.6)).at(SIZE)

    def through(framing):
        mean, spread = (torch.tensor(n).reshape(1, 3, 1, 1) for n in (framing.mean, framing.std))
        return (seen - mean) / spread

    teacher = open_teacher(release, {0: "red", 1: "blue"}, other)
    with torch.inference_mode():
        expected = own(pixel_values=through(FRAMING)).logits[:, [1, 0]]
    torch.testing.assert_close(teacher.logits(through(other)), expected, rtol=1e-4, atol=1e-5)


def test_several_teachers_are_believed_by_the_mean_of_their_chances():
    class Says:
        def __init__(self, *chances):
            self.chances = torch.tensor([chances])

        def logits(self, pixels):
            return self.chances.log() + 5.0  # logits are chances up to a constant

    said = taught([Says(0.9, 0.1), Says(0.3, 0.7)], torch.zeros(1, 3, SIZE, SIZE))
    torch.testing.assert_close(said.softmax(dim=1), torch.tensor([[0.6, 0.4]]))


def test_a_view_of_another_side_is_resized_for_it(release):
    teacher = open_teacher(release, {0: "red"}, FRAMING)
    assert teacher.logits(torch.zeros(1, 3, SIZE + 5, SIZE + 5)).shape == (1, 1)


def test_a_teacher_of_other_things_is_refused(tiny_release, tmp_path):
    known = classes_of(tiny_release)
    folder = str(tiny_release)
    assert teachers_in([folder, folder], known, tmp_path) == (folder, folder)
    with pytest.raises(CannotTrain, match="does not know green"):
        teachers_in([folder, folder], [*known, "green"], tmp_path)
    assert teachers_in([], known, tmp_path) == ()


def test_a_learner_takes_over_its_teachers_doubts(release, tiny_vit, tmp_path):
    photos = [data for tint in ((200, 60, 60), (60, 60, 200)) for data in pictures(8, 1, tint)]
    examples = [(image_id(data), 0) for data in photos]
    image_cache = fill_image_cache(
        tmp_path / "shelf", zip([name for name, _ in examples], photos, strict=True), 64
    )
    torch.manual_seed(5)
    model = AutoModelForImageClassification.from_pretrained(tiny_vit, num_labels=2)
    model.config.id2label = {0: "red", 1: "blue"}
    teacher = open_teacher(release, model.config.id2label, FRAMING)
    views = torch.stack(
        [
            torch.from_numpy(FRAMING.tensor(FRAMING.framed(image_cache.photo(name))))
            for name, _ in examples
        ]
    )

    def apart():
        with torch.inference_mode():
            return float(surprise(model(pixel_values=views).logits, teacher.logits(views)))

    before = apart()
    said = teacher.logits(views).argmax(dim=1).tolist()
    examples = [(name, label) for (name, _), label in zip(examples, said, strict=True)]
    plan = Plan(
        epochs=8, side=SIZE, blocks=0, batch=4, lr=1e-3, look=None, teachers=(str(release),)
    )
    fine_tune(model, image_cache, examples, examples, FRAMING, plan, tmp_path / "run")
    assert apart() < before / 2


def test_all_blocks_of_a_taught_network_learn_even_from_few_photos():
    assert plan_for(100, "efficientnet", 224, teachers=("m",)).blocks == 0
    assert plan_for(100, "efficientnet", 224, teachers=()).blocks == 4
