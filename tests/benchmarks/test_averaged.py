"""Several releases, asked together."""

import numpy as np

from benchmarks.training.averaged import bench, together
from data_cards.dataset.repo import create_dataset
from tests.fixtures.pictures import collection_of, pictures, with_photos
from train.inference.batch_predict import ask
from train.inference.model_folder import classes_of
from train.splits.seal import sealed
from train.splits.training_set import gather


def test_a_doubtful_answer_weighs_less_than_a_confident_one():
    doubtful, confident = np.array([[0.6, 0.4]]), np.array([[0.1, 0.9]])
    np.testing.assert_allclose(together([doubtful, confident]), [[0.35, 0.65]])


def test_each_photo_is_judged_by_its_own_label(tiny_release, tmp_path, capsys):
    photos = [
        data
        for seed, tint in enumerate([(200, 60, 60), (60, 60, 200), (60, 200, 60)])
        for data in pictures(12, seed, tint)
    ]
    classes = classes_of(tiny_release)
    unlabelled = create_dataset(str(tmp_path / "all"), collection_of(*classes))
    unlabelled = with_photos(unlabelled, {classes[0]: photos})
    said = ask(tiny_release, unlabelled, list(unlabelled.photos()), "")
    told = {
        one: [unlabelled.read_photo(name) for name, row in zip(said.ids, said.logits, strict=True)
              if classes[int(row.argmax())] == one]
        for one in classes
    }  # fmt: skip
    labelled = create_dataset(str(tmp_path / "told"), collection_of(*classes))
    source = sealed(with_photos(labelled, told))
    bench(source.dataset, gather(source), [tiny_release, tiny_release])
    *each, gain = capsys.readouterr().out.splitlines()
    assert len(each) == 3 and all(": 100 % of " in line for line in each)
    assert sum(map(bool, told.values())) > 1, "one answer to everything would show nothing"
    assert "+0.0 points" in gain
