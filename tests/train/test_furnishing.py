import numpy as np

from data_cards.dataset import create_dataset
from tests.train.pictures import collection_of, pictures, with_photos
from train.answers import Answers
from train.furnishing import judged, seen
from train.material import gather
from train.sealing import sealed


def test_answers_stand_beside_their_labels_and_unread_photos_are_left_out():
    answers = Answers(("a", "b"), np.eye(2), np.eye(2))
    found = seen(answers, [("b", 1), ("unread", 0), ("a", 0)])
    assert found.truth.tolist() == [1, 0] and found.logits.tolist() == [[0, 1], [1, 0]]


def test_the_dials_rest_on_validation_and_on_other_things_and_never_on_the_test(tmp_path):
    made = create_dataset(str(tmp_path / "data"), collection_of("a", "b"))
    source = sealed(with_photos(made, {"a": pictures(60, 1), "b": pictures(60, 2), None: pictures(30, 3)}))
    material = gather(source)
    known = dict((*material.train, *material.validation))
    none = (*material.none["train"], *material.none["validation"])
    rng, ids = np.random.default_rng(0), [*known, *none]
    near = np.array([[3.0 * known.get(i, 5), 1.0] for i in ids])
    embeddings = np.hstack([near, np.ones((len(ids), 1))]) + rng.normal(0, 0.05, (len(ids), 3))
    answers = Answers(tuple(ids), np.eye(2)[[known.get(i, 0) for i in ids]] * 4, embeddings)
    judgement = judged(answers, material, none, source, 0)
    assert judgement.calibration.n == judgement.rejection.n == len(material.validation) == 12
    assert judgement.rejection.none_n == len(none) and judgement.rejection.by == "validation"
