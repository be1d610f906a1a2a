"""A loaded release: photo bytes in, an answer out. Knows no Gradio, no dataset and no trainer."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Sequence, Sized
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ulid import ULID

from data_cards.annotations.decision import Decision
from data_cards.dataset.collection import Collection, load_collection
from data_cards.errors import BadModel, BadPhoto, MissingFile, NoModelYet
from data_cards.photos.image import open_photo
from data_cards.settings import default_cache
from data_cards.storage.atomic_files import model_file
from data_cards.storage.repository import parse_address
from train.images.blank import shows_nothing
from train.inference.crops import agreed, parts_of, shown_where
from train.inference.current_classes import Knew, as_trained, todays_classes, with_own
from train.inference.embeddings import Embedder, Watch
from train.inference.micro_batch import MicroBatcher
from train.inference.model_folder import FORMAT, classes_of, is_provisional, model_folder, read_json
from train.inference.network import open_network
from train.inference.photo_index import Index
from train.uncertainty.decision_rule import Judgement
from train.uncertainty.rejection import ONE_OF, REFUSED, SURE, answer
from train.uncertainty.sure import leads

if TYPE_CHECKING:
    from PIL.Image import Image

OURS = "vitrine"
ROUNDS = "rounds.json"  # train/evaluation/rounds.py writes it
SHOWN = 6  # photos that look alike, in an answer


@dataclass(frozen=True)
class Candidate:
    """A class that the photo may show, and with what chance."""

    label: str
    title: str
    confidence: float


@dataclass(frozen=True)
class Prediction:
    """One answer. `label`, `title` and `card` are of the likeliest class, and None (the card
    empty) on "none". `lead`: the answer is one_of, and the first candidate is far ahead. `parent`:
    the answer is one_of, but the kind is sure: {"title", "confidence"}. `several`: all candidates
    are in the photo."""

    answer: str
    label: str | None
    title: str | None
    confidence: float
    candidates: tuple[Candidate, ...]
    card: dict[str, Any]
    similar: tuple[dict[str, Any], ...]
    model: dict[str, Any]
    lead: bool = False
    parent: dict[str, Any] | None = None
    several: bool = False
    prediction_id: str = field(default_factory=lambda: str(ULID()))

    def to_json(self) -> dict[str, Any]:
        """The contract's /predict, with null urls; `lead` and `several` are there where they are
        true, and `parent` where there is one."""
        # Not by `asdict`: its deep copy takes as long as decoding the photo.
        left_out = {"lead": self.lead, "parent": self.parent, "several": self.several}
        return {
            **{name: said for name, said in vars(self).items() if left_out.get(name, True)},
            "candidates": [dict(vars(one)) for one in self.candidates],
            "similar": list(self.similar),
        }


class Noticed:
    """Remembers of the photos that go past the `watch`, by name: which show nothing (`blank`), and
    the class numbers of the pictures that are in them side by side (`pictures`)."""

    def __init__(self) -> None:
        self.blank: set[str] = set()
        self.pictures: dict[str, Sequence[int]] = {}
        self.watch = Watch(0, self._see, find=self.pictures.__setitem__)

    def _see(self, name: str, _: bytes, photo: Image) -> None:
        if shows_nothing(photo):
            self.blank.add(name)


class Predictor:
    """A release in memory. Safe to ask from several threads at once."""

    def __init__(
        self,
        network: Embedder,
        classes: tuple[str, ...],
        collection: Collection,
        model: dict[str, Any],
        judgement: Judgement,
        index: Index,
        references: Path,
    ) -> None:
        self.model = model
        self.classes = classes
        self.index = index
        self._network = network
        self._judgement = judgement
        self._references = references
        self.made_at = ""
        # Whether to look at parts of a photo if the whole gives no sure answer.
        self.looks_closer = False
        self.round = 0
        self.folder = Path()  # of the release
        self._own = collection
        self.todays = as_trained(classes, collection)

    @property
    def collection(self) -> Collection:
        """The classes as they are called today."""
        return self.todays.collection

    def read_as(self, today: Collection, decisions: Iterable[Decision], knew: Knew) -> None:
        """From now on, name classes as they are called `today`, after these `decisions`; see
        train/inference/current_classes.py."""
        todays = todays_classes(self.classes, today, decisions, knew)
        self.todays = replace(todays, collection=with_own(today, self._own, todays.ids))

    def through(self, network: Embedder) -> Predictor:
        """The same release, asked through another network."""
        other = copy.copy(self)
        other._network = network
        return other

    def predict(self, data: bytes, top_k: int = 3) -> Prediction:
        """The answer about one photo, with the `top_k` likeliest classes. Raises BadPhoto."""
        noticed = Noticed()
        said = self._network.ask(data, noticed.watch)
        whole = self._prediction(said, top_k, noticed.blank)
        for pictures in noticed.pictures.values():
            if len(pictures) > 1:
                return self._several(whole, self._each_alone(said[0], pictures), top_k)
        if not self.looks_closer or whole.answer == SURE or noticed.blank:
            return whole
        return self.closer(data, top_k) or whole

    def closer(self, data: bytes, top_k: int = 3) -> Prediction | None:
        """The answer about parts of a photo, where they show something that the whole does not:
        one thing surely, or several. None where they do not. Raises BadPhoto."""
        said = self._network.ask_parts(data)
        if not said:
            return None
        chances = self.todays.merged(self._judgement.probabilities(said[0]))
        scores = self._judgement.foreign(*said)
        line = self._judgement.rejection
        kinds = [
            answer(row.tolist(), float(score), line.threshold, line.sure_at)
            for row, score in zip(chances, scores, strict=True)
        ]
        parts = parts_of(chances, [kind == SURE for kind in kinds])
        found = agreed(parts)
        if not found:
            return None
        row = parts.index(found[0])
        best = self._prediction([rows[row] for rows in said], top_k)
        return self._several(best, [(one.label, one.confidence) for one in found], top_k)

    def where(self, data: bytes, class_id: str) -> list[list[float]] | None:
        """How likely each sixteenth of a photo shows a class: the mean over the parts that cover
        it, each seen alone; 4 rows of 4, top left first. None for a class that is none of these,
        or where parts are not asked about. Raises BadPhoto."""
        said = self._network.ask_parts(data)
        if not said or class_id not in self.todays.ids:
            return None
        chances = self.todays.merged(self._judgement.probabilities(said[0]))
        return shown_where(chances[:, self.todays.ids.index(class_id)])

    def _each_alone(self, logits: np.ndarray, pictures: Sequence[int]) -> list[tuple[int, float]]:
        """For each of the pictures in a photo its class number of today, and its chance as if the
        others were not there."""
        rows = np.tile(logits, (len(pictures), 1))
        for row, number in zip(rows, pictures, strict=True):
            row[[other for other in pictures if other != number]] = logits.min()
        chances = self.todays.merged(self._judgement.probabilities(rows))
        ids = self.todays.ids
        now = [ids.index(self.todays.now[number]) for number in pictures]
        return [(one, float(row[one])) for one, row in zip(now, chances, strict=True)]

    def _several(
        self, best: Prediction, found: Sequence[tuple[int, float]], top_k: int
    ) -> Prediction:
        """The things in one frame: today's class numbers with their chances. If there are several,
        the visitor says which one is meant; if only one, it is `best`."""
        named = {self.todays.ids[number]: chance for number, chance in reversed(found)}
        if len(named) < 2:
            return best
        candidates = tuple(
            Candidate(name, self._title(name), chance) for name, chance in reversed(named.items())
        )
        first = candidates[0]
        return replace(
            best,
            answer=ONE_OF,
            label=first.label,
            title=first.title,
            confidence=first.confidence,
            candidates=candidates[: max(2, top_k)],
            card=self._card(first.label),
            lead=False,
            parent=None,
            several=True,
        )

    def outline(self, data: bytes, class_id: str) -> list[list[float]] | None:
        """Where the picture of a class lies in a photo: its corners as shares of width and height,
        top left first, clockwise. None where it is not found, or has no reference. Raises
        BadPhoto."""
        picture = self.reference(class_id)
        numbers = [self.classes.index(name) for name in self.todays.were(class_id)]
        if picture is None or not numbers:
            return None
        corners = self._network.outline(data, numbers[0], open_photo(picture).size)
        return None if corners is None else corners.astype(float).tolist()

    def predict_many(
        self, photos: Sequence[bytes], run: Callable[[np.ndarray], tuple[np.ndarray, ...]]
    ) -> list[Prediction | BadPhoto]:
        """The answers about several photos whose network runs elsewhere: `run` takes all that can
        be read at once, (n, 3, h, w), and gives the network's outputs. One for each photo, in
        order."""
        noticed = Noticed()
        named = [(str(number), data) for number, data in enumerate(photos)]
        tensors, bad = self._network.tensors(named, noticed.watch)
        outputs = run(np.stack(list(tensors.values()))) if tensors else ()
        rows = {name: [part[n] for part in outputs] for n, name in enumerate(tensors)}
        refused = dict(bad)
        return [
            refused[name]
            if name in refused
            else self._prediction(rows[name], 3, {name} & noticed.blank)
            for name, _ in named
        ]

    def similar(self, data: bytes, k: int = 8) -> list[dict[str, Any]]:
        """The k labelled photos that look most like this one, best first, with null urls. Raises
        BadPhoto."""
        logits, embedding, *_ = self._network.ask(data)
        return self._similar(logits, embedding, k)

    def thumbnail(self, image_id: str) -> bytes | None:
        """A small JPEG of a labelled photo that `similar` may name."""
        return self.index.thumbnail(image_id)

    def reference(self, class_id: str) -> bytes | None:
        """The reference picture of a class, where the collection has one."""
        if class_id not in self.collection:
            return None
        paths = [
            self._references / f"{name}.jpg"
            for name in dict.fromkeys((class_id, *self.todays.were(class_id)))
        ]
        return next((path.read_bytes() for path in paths if path.is_file()), None)

    def typical(self, class_id: str) -> str | None:
        """The labelled photo that shows a class best, for `thumbnail`."""
        return next(
            (found for name in self.todays.were(class_id) if (found := self.index.typical(name))),
            None,
        )

    def helped(self, image_id: str) -> int | None:
        """The number of this release's round, where the photo helped to make it; None where it did
        not, or where rounds were not counted."""
        return self.round if self.round and image_id in self.index else None

    def expect_company(self) -> None:
        """Several will ask at once: from now on they share a run of the network, where that
        changes no answer by a bit."""
        engine = self._network.engine
        if isinstance(engine, MicroBatcher):
            engine.expect_company(self._network.preprocess.size)

    @property
    def engine(self) -> str:
        """Through what the network runs: openvino, onnxruntime or torch."""
        return self._network.engine.name

    def _prediction(self, said: Sequence[np.ndarray], top_k: int, blank: Sized = ()) -> Prediction:
        """From a row of each of the network's outputs. `blank`: not empty where the photo shows
        nothing, which has no answer however sure the network is."""
        logits, embedding, *_ = said
        todays = self.todays
        rejection = self._judgement.rejection
        chances = todays.merged(self._judgement.probabilities(logits[None]))[0]
        score = float(self._judgement.foreign(*(row[None] for row in said))[0])
        kind = (
            REFUSED
            if len(blank)
            else answer(chances.tolist(), score, rejection.threshold, rejection.sure_at)
        )
        order = np.argsort(-chances, kind="stable")[: max(1, top_k)]
        candidates = tuple(
            Candidate(todays.ids[i], self._title(todays.ids[i]), float(chances[i])) for i in order
        )
        best = candidates[0]
        known = kind != REFUSED
        return Prediction(
            kind,
            best.label if known else None,
            best.title if known else None,
            best.confidence,
            candidates,
            self._card(best.label) if known else {},
            tuple(self._similar(logits, embedding, SHOWN)),
            dict(self.model),
            kind == ONE_OF and leads(chances),
            self._surely_a(chances) if kind == ONE_OF else None,
        )

    def _surely_a(self, chances: np.ndarray) -> dict[str, Any] | None:
        """The kind of thing that a photo surely shows, where its classes' chances (c,) add up to
        enough; None where the collection has no kinds, or an older release drew no line."""
        line = self._judgement.rejection.kind_at
        sums: dict[str, float] = {}
        for label, chance in zip(self.todays.ids, chances.tolist(), strict=True):
            parent = self.collection.info(label).parent if label in self.collection else ""
            if parent:
                sums[parent] = sums.get(parent, 0.0) + chance
        title = max(sums, key=lambda name: sums[name], default=None)
        if line is None or title is None or sums[title] < line:
            return None
        return {"title": title, "confidence": sums[title]}

    def _similar(self, logits: np.ndarray, embedding: np.ndarray, k: int) -> list[dict[str, Any]]:
        if (
            self._judgement.rejection.by_logits
        ):  # points know better than embeddings what a photo looks like
            order = (self.classes[number] for number in np.argsort(-logits, kind="stable"))
            nearest = self.index.nearest_of(order, embedding, k)
        else:
            nearest = self.index.nearest(embedding, k)
        return [
            {**vars(found), "label": self.todays.of(found.label), "url": None} for found in nearest
        ]

    def _title(self, label: str) -> str:
        return self.collection.title_of(label) if label in self.collection else label

    def _card(self, label: str) -> dict[str, Any]:
        return self.collection.info(label).to_json() if label in self.collection else {}


def load_predictor(
    address: str | Path, cache: Path | None = None, engine: str = "auto", threads: int = 0
) -> Predictor:
    """The release at a folder or hf://user/name, either with @revision.

    `cache`: where a release that is not a plain folder is kept. `engine`: as `open_network` has
    them. Raises NoModelYet where nothing was released, BadModel for what is no release of ours,
    HubUnreachable.
    """
    folder, revision = _fetched(str(address), cache or default_cache({}))
    ours = folder / OURS
    release = _json(ours / "release.json")
    with model_file("release.json"):
        newer = int(release.get("format", FORMAT)) > FORMAT
    if newer:
        raise BadModel(
            "This model was made by a newer Vitrine. Update Vitrine to serve it.",
            format=release["format"],
        )
    network = open_network(folder, engine, threads)
    classes = classes_of(folder)
    model = {
        "repo": _name(str(address)),
        "revision": revision,
        "dataset_revision": release.get("dataset_revision"),
    }
    if is_provisional(folder):
        model["provisional"] = {name: _measured(ours).get(name) for name in ("value", "n")}
    predictor = Predictor(
        network,
        classes,
        load_collection(ours / "collection"),
        model,
        Judgement.load(ours),
        Index.load(ours / "index"),
        ours / "collection" / "references",
    )
    predictor.made_at = str(release.get("made_at") or "")
    predictor.round = int(read_json(ours / ROUNDS).get("served") or 0)
    predictor.folder = folder
    return predictor


def _fetched(address: str, cache: Path) -> tuple[Path, str]:
    try:
        return model_folder(address, cache)
    except MissingFile as error:
        kind = NoModelYet if isinstance(error, NoModelYet) else BadModel
        raise kind(
            f"There is no Vitrine model at {address}. Train one first: vitrine train DATASET "
            f"{address}",
            cause=error.sentence,
        ) from error


def _name(address: str) -> str:
    """What strangers are told: a repo's name, or a folder's own name, never where on the disk it
    lies."""
    place = parse_address(address)
    return place.name if place.kind == "hub" else Path(place.name).resolve().name


def _measured(ours: Path) -> dict[str, Any]:
    """How often the first answer was right on the sealed test, where that was measured."""
    share = read_json(ours / "metrics.json").get("top1")
    return share if isinstance(share, dict) else {}


def _json(path: Path) -> dict[str, Any]:
    try:
        card: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadModel(
            f"This model's {path.name} is missing or damaged.", cause=str(error)
        ) from error
    return card
