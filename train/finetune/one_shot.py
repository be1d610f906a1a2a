"""A release from one picture of each thing: a head that compares, the pictures' points, and both
dials tuned on simulated visitors' views of the pictures. Nothing is fine-tuned, and the test is
not looked at.

    trained = compare_instead(material, dataset, backbone, settings, cache)
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from data_cards.bulk.batching import side_by_side
from data_cards.dataset.repo import Dataset
from data_cards.errors import CannotTrain
from data_cards.photos.image import encode_jpeg, image_id, open_photo, thumbnail
from data_cards.progress import say, track
from train.finetune.recipe import TrainedModel, framing_for, prepare, with_head
from train.finetune.schedule import plan_for
from train.images.augment import visitor_view
from train.images.keypoints import SIDE, find_points
from train.images.preprocessing import Preprocessing
from train.inference.batch_predict import Answers, answers_of
from train.inference.embeddings import Embedder, embed_dataset
from train.inference.model_folder import OURS, GoldenAnswer, write_golden
from train.inference.network import open_network
from train.inference.photo_index import SIDE as SMALL
from train.inference.photo_index import write_index
from train.inference.reference_matching import ASKED, KEPT, References, as_logits
from train.models.backbone import Backbone
from train.settings import TrainSettings
from train.splits.training_set import Material
from train.statistics.vectors import unit
from train.uncertainty.decision_rule import NO_WORD, Judgement, Promise
from train.uncertainty.rejection import tuned_on_views
from train.uncertainty.sure import sure_line
from train.uncertainty.temperature import calibrate

# logits between the picture itself and a photo that has nothing in common with it; matching points
# decide, this only helps
SHARPNESS = 2.0
NEVER = -1e3  # the logit of a class whose picture cannot be read
# simulated views, and how many of one picture at most
VIEWS = 120
OF_EACH = 4
VIEW = 480  # pixels of a view's side
GOLDEN = 50


@dataclass(frozen=True)
class Comparing:
    """A head that compares: `means` (c, d) of length 1, or zeros for a class without a picture,
    around `centre` (d,); `length`: how far pictures are from it."""

    means: np.ndarray
    centre: np.ndarray
    length: float

    def head(self) -> tuple[np.ndarray, np.ndarray]:
        """Weight (c, d) and bias (c,) on embeddings."""
        weight = self.means * (SHARPNESS / self.length)
        return weight, np.where(self.means.any(axis=1), -weight @ self.centre, NEVER)


def comparing(x: np.ndarray, y: np.ndarray, classes: int) -> Comparing:
    """From the pictures' embeddings x (n, d) and class numbers y (n,)."""
    x = np.asarray(x, np.float32)
    centre = x.mean(axis=0)
    z = x - centre
    means = np.zeros((classes, x.shape[1]), np.float32)
    np.add.at(means, y, unit(z))
    return Comparing(unit(means), centre, float(max(np.linalg.norm(z, axis=1).mean(), 1e-6)))


def compare_instead(
    material: Material, dataset: Dataset, backbone: Backbone, settings: TrainSettings, cache: Path
) -> TrainedModel:
    """The backbone with a head that compares a photo with one picture of each thing. Raises
    CannotTrain."""
    prepare(settings)
    pictures = Pictures(dataset, material)
    say(
        f"Most of the {len(material.classes)} things have one picture only, so they are recognised "
        "by comparing."
    )
    framing = framing_for(backbone, settings)
    readable, x = embed_dataset(
        pictures,
        pictures.ids,
        backbone,
        cache,
        size=settings.size,
        batch=settings.batch,
        threads=settings.threads,
    )
    y = np.array([pictures.labels[name] for name in readable], int)
    if len(set(y.tolist())) < 2:
        raise CannotTrain(
            "Fewer than two things have a readable picture, so there is nothing to tell apart."
        )
    model = with_head(
        backbone, dict(enumerate(material.classes)), comparing(x, y, len(material.classes))
    )
    plan = plan_for(len(y), str(backbone.config["model_type"]), framing.size, 0, seed=settings.seed)
    return TrainedModel(model, framing, backbone, "references", 0, (), None, plan, "picture")


def furnish_by_pictures(
    draft: Path,
    dataset: Dataset,
    material: Material,
    trained: TrainedModel,
    seed: int,
    promise: Promise = NO_WORD,
) -> None:
    """The pictures' points, the index, golden answers and both dials, into a draft that has its
    weights."""
    pictures = Pictures(dataset, material)
    plain = open_network(draft, plain=True)
    answers = answers_of(plain, pictures, pictures.ids, "What it compares with")
    known = _points(pictures, answers.ids, trained.framing, len(material.classes))
    known.save(draft / OURS)
    small = {name: thumbnail(data, SMALL) for name, data in pictures.read_photos(answers.ids)}
    labels = [material.classes[pictures.labels[name]] for name in answers.ids]
    write_index(
        draft / OURS / "index",
        answers.ids,
        labels,
        answers.embeddings,
        [small[i] for i in answers.ids],
    )
    _write_golden(draft, pictures, answers, material, trained)
    none = [*material.none["train"], *material.none["validation"]]
    foreign = answers_of(open_network(draft), dataset, none, "Photos of other things").logits
    _judged(Simulated(pictures, answers.ids, seed), plain, known, foreign, promise).save(
        draft / OURS
    )


@dataclass(frozen=True)
class Simulated:
    """Pictures as simulated visitors would photograph them; the same views for the same seed."""

    pictures: Pictures
    readable: tuple[str, ...]
    seed: int

    @property
    def ids(self) -> list[str]:
        """Which views: the name of a picture, and a number."""
        rng = np.random.default_rng(self.seed)
        order = rng.permutation(sorted(self.readable))[:VIEWS]
        return [
            f"{name}/{n}"
            for n in range(min(OF_EACH, max(1, VIEWS // len(order))))
            for name in order
        ]

    def label(self, view: str) -> int:
        """The class number of the picture that a view shows."""
        return self.pictures.labels[view.partition("/")[0]]

    def read_photos(self, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """JPEG bytes of views."""
        wanted: dict[str, list[str]] = {}
        for view in ids:
            wanted.setdefault(view.partition("/")[0], []).append(view)
        for name, data in self.pictures.read_photos(list(wanted)):
            photo = _opened(data, round(1.3 * VIEW))
            for view in wanted[name]:
                mark = int(hashlib.sha256(view.encode()).hexdigest()[:12], 16)
                seen = visitor_view(photo, VIEW, np.random.default_rng([self.seed, mark]))
                yield view, encode_jpeg(Image.fromarray(seen), 90)


def _judged(
    views: Simulated,
    plain: Embedder,
    known: References,
    foreign: np.ndarray,
    promise: Promise = NO_WORD,
) -> Judgement:
    """From views of known things, and from the same views as of strangers, each with its own
    thing taken away."""
    asked = views.ids
    answers = answers_of(plain, views, asked, "Simulated visitors")
    truth = np.array([views.label(view) for view in answers.ids], int)

    def look(view: tuple[str, bytes]) -> tuple[str, np.ndarray, np.ndarray]:
        points = find_points(plain.preprocess.opened(view[1], SIDE), ASKED)
        told, without = (
            as_logits(known.recognise(points, out)) for out in (None, views.label(view[0]))
        )
        return view[0], told, without

    found = {
        name: (told, without)
        for name, told, without in side_by_side(
            look, track(views.read_photos(asked), "Looking for their points", len(asked)), 2
        )
    }
    logits = answers.logits + np.stack([found[name][0] for name in answers.ids])
    strangers = answers.logits + np.stack([found[name][1] for name in answers.ids])
    strangers[np.arange(len(truth)), truth] = NEVER
    calibration = calibrate(logits, truth)
    rejection = tuned_on_views(logits, strangers, foreign, promise.named)
    line = sure_line(calibration.probabilities(logits), truth, wrong=promise.wrong)
    return Judgement(calibration, replace(rejection, sure_at=line.at, sure_words=line.words))


def _points(
    pictures: Pictures, ids: tuple[str, ...], framing: Preprocessing, classes: int
) -> References:
    photos = track(pictures.read_photos(ids), "Finding points", len(ids))
    found = dict(
        side_by_side(
            lambda one: (one[0], find_points(framing.opened(one[1], SIDE), KEPT)), photos, 2
        )
    )
    return References(
        tuple(found[name] for name in ids), tuple(pictures.labels[name] for name in ids), classes
    )


def _opened(data: bytes, short: int) -> Image.Image:
    photo = open_photo(data, at_least=short)
    scale = short / min(photo.size)
    return (
        photo.resize(
            (round(photo.width * scale), round(photo.height * scale)),
            Image.Resampling.BICUBIC,
            reducing_gap=2.0,
        )
        if scale < 1
        else photo
    )


def _write_golden(
    draft: Path, pictures: Pictures, answers: Answers, material: Material, trained: TrainedModel
) -> None:
    """Answers of the network alone: an export has no points."""
    rows = list(zip(answers.ids, answers.logits, strict=True))[:GOLDEN]
    said = {
        name: GoldenAnswer(
            material.classes[int(logits.argmax())], [float(value) for value in logits]
        )
        for name, logits in rows
    }
    write_golden(draft, trained.framing, dict(pictures.read_photos(list(said))), said)


class Pictures:
    """They are read like the photos of a dataset, by image_id; a reference picture has one like
    any photo."""

    def __init__(self, dataset: Dataset, material: Material) -> None:
        self._dataset = dataset
        self._material = material

    @cached_property
    def labels(self) -> dict[str, int]:
        """image_id -> class number, in the order of the classes, a reference picture before
        photos."""
        rows = [
            (image_id(self._reference(label)), label) for label in self._material.references or ()
        ]
        tested = {
            name for name, _ in self._material.test
        }  # a photo of the test is not learned from, as what it came
        kept = [row for row in (*rows, *self._material.train) if row[0] not in tested]
        return dict(sorted(kept, key=lambda row: row[1]))

    @property
    def ids(self) -> list[str]:
        """All of them."""
        return list(self.labels)

    def read_photos(self, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Bytes by image_id: photos in storage order, then reference pictures."""
        wanted = set(ids)
        photos = dict(self._material.train)
        yield from self._dataset.read_photos([name for name in ids if name in photos])
        for name, label in self.labels.items():
            if name in wanted and name not in photos:
                yield name, self._reference(label)

    def _reference(self, label: int) -> bytes:
        return self._dataset.reference(self._material.classes[label]) or b""
