"""What a release has beside its weights, and the head that they end with."""

import json
from dataclasses import replace

import numpy as np
import pytest

from data_cards.dataset.repo import create_dataset
from tests.fixtures.pictures import collection_of, pictures, with_photos
from train.finetune.recipe import train_classifier
from train.finetune.refit_head import Refitted, refitted
from train.inference.batch_predict import Answers
from train.inference.network import golden_refused, open_network
from train.inference.photo_index import Index
from train.models.backbone import find_backbone
from train.release.contents import (
    GOLDEN,
    GOLDEN_NONE,
    NO_CLASS,
    furnish,
    golden_rows,
    kinds_of,
    most_slips,
    seen,
    write_weights,
)
from train.settings import TrainSettings
from train.splits.seal import Sealed, sealed
from train.splits.training_set import gather
from train.uncertainty.decision_rule import Judgement


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    made = create_dataset(
        str(tmp_path_factory.mktemp("data") / "set"), collection_of("red", "blue")
    )
    return sealed(
        with_photos(
            made,
            {
                "red": pictures(30, 1, (200, 60, 60)),
                "blue": pictures(30, 2, (60, 60, 200)),
                None: pictures(20, 3),
            },
        )
    )


@pytest.fixture
def trained(source, tiny_vit, tmp_path):
    backbone = find_backbone(str(tiny_vit), tmp_path)
    return train_classifier(
        gather(source),
        source.dataset,
        backbone,
        TrainSettings(epochs=0, threads=1),
        tmp_path,
        tmp_path / "r",
    )


def furnished(source, trained, tmp_path):
    write_weights(trained, tmp_path / "draft")
    return furnish(tmp_path / "draft", source, gather(source), trained, 0), tmp_path / "draft"


def logits_of(draft, source, examples):
    network = open_network(draft, "torch")
    photos = dict(source.dataset.read_photos([name for name, _ in examples]))
    return np.stack([network.ask(photos[name])[0] for name, _ in examples])


def test_answers_stand_beside_their_labels_and_unread_photos_are_left_out():
    answers = Answers(("a", "b"), np.eye(2), np.eye(2))
    found = seen(answers, [("b", 1), ("unread", 0), ("a", 0)])
    assert found.truth.tolist() == [1, 0] and found.logits.tolist() == [[0, 1], [1, 0]]


def test_the_dials_rest_on_validation_and_on_other_things_and_never_on_the_test(
    source, trained, tmp_path
):
    _, draft = furnished(source, trained, tmp_path)
    judgement = Judgement.load(draft / "vitrine")
    material = gather(source)
    # A probe's features saw no labels, so that its answers about training photos count as well.
    calibrated_on = len(material.validation) + len(trained.learned)
    assert judgement.calibration.n == calibrated_on > len(material.validation) > 0
    assert (
        judgement.rejection.none_n
        == sum(len(material.none[side]) for side in ("train", "validation"))
        > 0
    )
    learned = {name for name, _ in (*material.train, *material.validation)}
    assert learned == set(Index.load(draft / "vitrine/index").ids)


def test_golden_photos_are_known_ones_and_some_of_none_of_these_and_never_of_the_test(
    source, trained, tmp_path
):
    _, draft = furnished(source, trained, tmp_path)
    material = gather(source)
    shown = {row["image_id"] for row in json.loads((draft / "vitrine/golden.json").read_text())}
    learned = {name for name, _ in (*material.train, *material.validation)}
    none = {*material.none["train"], *material.none["validation"]}
    sealed_away = {name for name, row in source.splits.items() if row.split == "test"}
    assert shown & learned and len(shown & none) == min(GOLDEN_NONE, len(none)) > 0
    assert shown <= learned | none and not shown & sealed_away and len(shown) <= GOLDEN


def test_every_golden_photo_says_what_the_release_answers(source, trained, tmp_path):
    _, draft = furnished(source, trained, tmp_path)
    rows = json.loads((draft / "vitrine/golden.json").read_text())
    network = open_network(draft, "torch")
    photos = dict(source.dataset.read_photos([row["image_id"] for row in rows]))
    judgement = Judgement.load(draft / "vitrine")
    for row in rows:
        said = Answers(("a",), *(part[None] for part in network.ask(photos[row["image_id"]])))
        assert row["answer"] == ("none" if judgement.refused(said)[0] else row["label"])
    assert {row["answer"] for row in rows} >= {"red", "blue", "none"}
    refused = golden_refused(draft)
    assert refused.tolist() == [row["answer"] == "none" for row in rows]


def test_a_head_that_errs_is_fitted_anew_and_everything_in_the_release_is_of_the_new_one(
    source, trained, tmp_path
):
    trained.model.classifier.weight.data.neg_()
    trained.model.classifier.bias.data.neg_()
    done, draft = furnished(source, trained, tmp_path)
    validation = gather(source).validation
    assert done.refitted and not trained.refitted
    logits = logits_of(draft, source, validation)
    assert logits.argmax(axis=1).tolist() == [label for _, label in validation]
    for row in json.loads((draft / "vitrine/golden.json").read_text()):
        (again,) = logits_of(draft, source, [(row["image_id"], 0)])
        np.testing.assert_allclose(row["logits"], again, atol=1e-3)


def test_how_sure_it_is_comes_from_heads_that_had_not_seen_the_photos(
    source, trained, tmp_path, monkeypatch
):
    """The new head knows every validation photo; those that had not seen them erred on each."""

    def fake(learned, held, units):
        return Refitted(
            refitted(learned, replace(held, logits=-held.logits), units).probe, -9 * held.logits
        )

    monkeypatch.setattr("train.release.contents.refitted", fake)
    _, draft = furnished(source, trained, tmp_path)
    assert Judgement.load(draft / "vitrine").calibration.temperature > 5


def test_the_new_head_learns_what_was_believed_of_the_labels(
    source, trained, tmp_path, monkeypatch
):
    given = []
    monkeypatch.setattr("train.release.contents.refitted", lambda *sides: given.append(sides))
    monkeypatch.setattr(Sealed, "units", lambda self, names: [7] * len(names))
    some = replace(trained, learned=tuple((name, 1 - label) for name, label in trained.learned[:4]))
    assert furnished(source, some, tmp_path)[0] is some
    ((learned, held, units),) = given
    assert learned.truth.tolist() == [label for _, label in some.learned]
    assert units == [7] * len(held.truth) and len(units) == len(gather(source).validation)


@pytest.mark.parametrize("side", ["learned", "validation"])
def test_where_nothing_was_learned_or_held_out_the_head_stays(source, trained, tmp_path, side):
    trained.model.classifier.weight.data.neg_()
    material = gather(source)
    if side == "learned":
        trained = replace(trained, learned=())
    else:
        material = replace(material, sides={**material.sides, "validation": ()})
    write_weights(trained, tmp_path / "draft")
    assert furnish(tmp_path / "draft", source, material, trained, 0) is trained


NO = NO_CLASS


@pytest.mark.parametrize(
    ("classes", "refused", "most", "rows"),
    [
        ([0, 1, NO], [0, 0, 1], 9, {0, 1, 2}),
        ([0, 0, 1], [0, 1, 0], 9, {0, 1, 2}),  # a known photo that is refused
        ([0, 0, 1, NO, NO], [0, 0, 0, 1, 0], 4, {1, 2, 3, 4}),
        ([0, 1], [0, 0], 9, {0, 1}),
        ([0, 1], [1, 1], 9, {0, 1}),
        ([NO, NO], [1, 0], 9, {0, 1}),
        ([], [], 9, set()),
    ],
)
def test_golden_rows_hold_every_kind_that_is_there(classes, refused, most, rows):
    found = golden_rows(classes, np.arange(len(classes), dtype=float), np.array(refused), most)
    assert set(found) == rows and len(found) == len(rows)


def test_of_many_golden_photos_the_first_few_hold_every_kind_already():
    classes = [0] * 100 + [1] * 100 + [NO] * 100
    refused = np.arange(300) % 5 == 0
    found = golden_rows(classes, np.linspace(0, 1, 300), refused)
    kinds = [(classes[row] == NO, bool(refused[row])) for row in found]
    assert len(set(found)) == GOLDEN == 50
    assert kinds.count((False, True)) == GOLDEN_NONE
    assert sum(foreign for foreign, _ in kinds) == GOLDEN_NONE
    assert {(False, False), (False, True)} < set(kinds[:8]) and any(one for one, _ in kinds[:8])


def test_golden_photos_are_of_all_classes_and_both_sure_and_unsure():
    from train.release.contents import spread

    sure = np.array([9.0, 1, 5, 7, 2, 8])
    assert spread([0, 0, 0, 0, 1, 1], sure, 4) == [0, 5, 1, 4]
    assert spread([0, 0, 0, 0, 1, 1], sure, 99) == [0, 5, 1, 4, 3, 2]
    assert spread([], np.zeros(0), 5) == []


def test_wrong_labels_are_thought_possible_only_where_some_were_found():
    given = [(f"photo {n}", n % 3) for n in range(100)]
    assert most_slips(given, given) == most_slips(given, []) == 0.0
    one_other = [("photo 0", 2), *given[2:]]  # one learned as something else, one left out
    assert most_slips(given, one_other) == pytest.approx(0.06)


def test_classes_of_one_kind_share_its_number(source):
    material = gather(source)
    assert kinds_of(material) is None
    first, second, *_ = material.classes
    fruit = tuple(
        replace(info, parent="Fruit" if info.id in (first, second) else "")
        for info in material.collection.classes
    )
    kinds = kinds_of(replace(material, collection=replace(material.collection, classes=fruit)))
    assert kinds[0] == kinds[1]
    assert len(set(kinds.tolist())) == len(material.classes) - 1
