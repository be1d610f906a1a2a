"""The release as a browser runs it, without an app and without a signal: a folder of static files.

    written = write_twin(Path("out/model"), load_predictor("out/model"), Path("docs/twin"), {})
    written.bytes, written.bits

    python -m train export out/model --to twin      kept in the release, where the app serves it

The weights are rounded to as few bits as the answers allow: from 8 bits up, the first form that
answers photos as the release itself does is kept (same answer, confidence within a hundredth, the
same photo most alike). The page's `docs/assets/twin/` reads what is written here.

    twin.json        what there is to fetch, how large it is, and what the page shows meanwhile
    release.json.gz  classes with their cards, temperature, rejection, framing, photos alike
    graph.onnx.gz    the network without its large arrays
    weights.gz       those arrays, rounded (compact_weights.py)
    judgement.gz     what tells how foreign a photo looks, float32, or float16 in a small one
    features.gz      embeddings of the photos that look alike, float16
    pictures/        a picture of each class
    alike.bin        small JPEGs of the photos that look alike, one after the other
    golden/          photos and the release's answers about them, to check the browser on demand

A release may have a second one, of a release with fewer weights (small_twin.py).
"""

from __future__ import annotations

import copy
import gzip
import hashlib
import json
import math
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data_cards.errors import BadModel, ExportDisagrees
from data_cards.installed_files import page_assets
from data_cards.photos.image import thumbnail
from data_cards.progress import say
from data_cards.storage.atomic_files import full_disk_named
from data_cards.storage.repository import Repository, open_repository
from data_cards.wording import counted
from train.images.preprocessing import Preprocessing
from train.inference.embeddings import Embedder
from train.inference.engine import open_onnx, write_onnx
from train.inference.model_folder import OURS, model_folder, read_json, write_json
from train.inference.network import ONNX, OUTPUTS, is_checked, read_golden, weights_mark
from train.inference.photo_index import Index
from train.inference.predictor import Prediction, Predictor, load_predictor
from train.inference.reference_matching import FILE as POINTS
from train.release.compact_weights import (
    WEIGHTS,
    Layout,
    layout_of,
    pack,
    split_graph,
    unpack,
)
from train.uncertainty.decision_rule import Judgement
from train.uncertainty.ood import OutOfDistributionScore

FORMAT = 1
# Folders in a release, beside the page and of the app: the release itself, and a small one of it.
TWIN = "twin"
SMALL_TWIN = "twin-small"
TWINS = (TWIN, SMALL_TWIN)
KEPT = f"{OURS}/{TWIN}"
# Tried in this order, a quarter or half of a bit more each time, from 8 bits to 16. The last ones
# answer as the release does, unless something else is wrong.
STEPS = (127, 181, 255, 304, 362, 430, 511, 1023, 32767)
# On so many photos the two are held against each other.
CHECKED = 50
# They may differ by this much of a chance.
CLOSE = 0.01
# Cosines that differ by less are alike: the index keeps features in half precision.
TIE = 0.001
PNG = b"\x89PNG"
RUNTIME = "onnxruntime-web.wasm.gz"
CLASS_SIDE = 320  # pixels of a class's picture
# Photos that look alike travel up to this many, the first of each class in turn, and their pictures
# as far as they fit into so many bytes.
MOST_PHOTOS = 5_000
MOST_PICTURE_BYTES = 4_000_000

NO_POINTS = (
    "This release compares photos with one picture of each thing, point by point. A browser can't "
    "do that yet, so the page asks the app only."
)


@dataclass(frozen=True)
class Twin:
    """What was written: the download in `bytes`, onnxruntime with it, the `bits` that a weight has,
    and on how many `photos` it was held against the release."""

    revision: str
    bytes: int
    bits: float
    photos: int
    largest_difference: float
    files: Mapping[str, int]


def runtime_bytes() -> int:
    """How large onnxruntime's WebAssembly is as it travels."""
    return (page_assets() / "vendor" / RUNTIME).stat().st_size


def check_browser_can(folder: Path) -> None:
    """Raises BadModel, which says why, for a release that a browser can't run."""
    if (folder / OURS / POINTS).is_file():
        raise BadModel(NO_POINTS)


def export_twin(model: str, cache: Path) -> Path:
    """Write the release at an address for browsers and commit that to the release; its folder.
    Takes minutes. Raises as `write_twin` does, MissingFile without a release."""
    folder, _ = model_folder(model, cache)
    check_browser_can(folder)
    # In float32: the serving engine may compute in bf16, whose confidences differ by a point or
    # two.
    predictor = load_predictor(model, cache, "onnxruntime")
    repo = open_repository(model, kind="model")
    with tempfile.TemporaryDirectory(prefix="vitrine-twin-") as scratch:
        made = Path(scratch) / TWIN
        write_twin(folder, predictor, made, {}, again=True)
        outdated = () if kept_twin(folder, SMALL_TWIN) else (SMALL_TWIN,)
        keep_twin(repo, made, outdated)
    return folder / KEPT


def keep_twin(repo: Repository, made: Path, outdated: Iterable[str] = ()) -> None:
    """Commit the twin in a folder, named as one of TWINS, to its release; `outdated` ones leave."""
    files: dict[str, Path | bytes] = {
        f"{OURS}/{path.relative_to(made.parent).as_posix()}": path
        for path in sorted(made.rglob("*"))
        if path.is_file()
    }
    places = tuple(f"{OURS}/{name}/" for name in (made.name, *outdated))
    stale = [path for path in repo.files() if path.startswith(places) and path not in files]
    repo.commit(files, f"Exported to {made.name}", stale)


def kept_twin(folder: Path, name: str = TWIN) -> Path | None:
    """Where the release in `folder` has a twin, by its `name` in TWINS; None without one, and for
    one that was made for other weights."""
    twin = folder / OURS / name
    told = read_json(twin / "twin.json")
    return twin if told and told.get("weights") == weights_mark(folder) else None


def release_in(twin: Path) -> dict[str, Any]:
    """What a browser reads of the release."""
    told: dict[str, Any] = json.loads(gzip.decompress((twin / "release.json.gz").read_bytes()))
    return told


def photos_in(twin: Path, folder: Path) -> frozenset[str]:
    """The photos (image_id) that a twin of the release in `folder` shows, or is checked on."""
    checked = json.loads((twin / "golden.json").read_text("utf-8"))
    # A twin made before its golden.json had ids was checked on the photos of the release.
    rows = (*release_in(twin)["photos"], *checked, *read_golden(folder))
    return frozenset(row["image_id"] for row in rows if "image_id" in row)


def write_twins(
    folder: Path, predictor: Predictor, out: Path, room: Mapping[str, Any]
) -> dict[str, Twin]:
    """As `write_twin`, into a folder of `out` for each of TWINS that there is; by name. The small
    one is there only if the release has it."""
    made = {TWIN: write_twin(folder, predictor, out / TWIN, room)}
    small = kept_twin(folder, SMALL_TWIN)
    if small is None:
        shutil.rmtree(out / SMALL_TWIN, ignore_errors=True)
        return made
    return made | {SMALL_TWIN: _copied(small, out / SMALL_TWIN, room)}


def write_twin(
    folder: Path,
    predictor: Predictor,
    out: Path,
    room: Mapping[str, Any],
    again: bool = False,
    most_bytes: float = math.inf,
) -> Twin:
    """Write the release in `folder`, opened as `predictor`, for browsers; what `out` held of an
    earlier one is replaced. `room`: what the page is told of the collection. A twin that the
    release has already is copied, unless it is to be made `again`. Fewer photos that look alike
    travel until the download has `most_bytes`. Raises BadModel, ExportDisagrees, DiskFull; `out`
    then stays as it was."""
    check_browser_can(folder)
    kept = None if again else kept_twin(folder)
    if kept is not None:
        return _copied(kept, out, room)
    with full_disk_named("the twin"), tempfile.TemporaryDirectory(prefix="vitrine-") as scratch:
        made = Path(scratch) / TWIN
        (made / "golden").mkdir(parents=True)
        twin = _written(folder, predictor, made, room, most_bytes)
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(made, out)
    say(
        f"The twin is {twin.bytes / 1e6:.1f} MB, {twin.bits} bits a weight; on "
        f"{counted(twin.photos, 'photo')} it answers as the release does, with confidences "
        f"within {twin.largest_difference:.4f}."
    )
    return twin


def _copied(kept: Path, out: Path, room: Mapping[str, Any]) -> Twin:
    told = read_json(kept / "twin.json") | {"room": dict(room)}
    with full_disk_named("the twin"):
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(kept, out)
        write_json(out / "twin.json", told)
    say("The release has its twin already.")
    files = {one["name"]: one["bytes"] for one in told["files"]}
    return Twin(
        told["revision"],
        told["bytes"],
        told["bits"],
        told["checked_on"],
        told["largest_difference"],
        files,
    )


def _written(
    folder: Path, predictor: Predictor, made: Path, room: Mapping[str, Any], most_bytes: float
) -> Twin:
    photos = _golden_photos(folder, predictor)
    golden = [(data, predictor.predict(data)) for _, data in photos]
    graph, arrays = _network(folder, made.parent)
    small = math.isfinite(most_bytes)
    # What a small one answers is held against another release, and not against its own.
    layout, packed, largest = fewest_bits(folder, predictor, graph, arrays, golden, small)
    if small:
        predictor = rounded(folder, predictor, graph, unpack(packed, layout))
    judgement = Judgement.load(folder / OURS)
    numbers, counts = judgement_numbers(judgement.rejection.ood_score)
    halves = small and bool(np.abs(numbers).max(initial=0.0) <= np.finfo(np.float16).max)
    pictures = ClassPictures()
    release = {
        "format": FORMAT,
        "model": predictor.model,
        "classes": [_class(predictor, name, pictures) for name in predictor.classes],
        "framing": asdict(Preprocessing.from_folder(folder)),
        "outputs": list(OUTPUTS),
        "weights": {"file": WEIGHTS, **asdict(layout)},
        "judgement": {
            "temperature": judgement.calibration.temperature,
            "rejection": _rejection(judgement),
            "counts": counts,
            "halves": halves,
        },
    }
    files = {
        "graph.onnx.gz": _packed(graph),
        "weights.gz": _packed(packed),
        "judgement.gz": _packed((numbers.astype(np.float16) if halves else numbers).tobytes()),
        **pictures.files,
    }
    most = min(MOST_PHOTOS, len(predictor.index))
    shown, alike = _alike(predictor, release, most)
    while _size(files | alike) > most_bytes and most:
        most //= 2
        shown, alike = _alike(predictor, release, most)
    files |= alike
    for name, data in files.items():
        (made / name).parent.mkdir(exist_ok=True)
        (made / name).write_bytes(data)
    _write_golden(made, photos, shown)
    told = {name: len(data) for name, data in files.items()}
    revision = hashlib.sha256(b"".join(files.values())).hexdigest()[:16]
    download = _size(files)
    bits = round(math.log2(2 * layout.steps + 1), 1)
    twin = Twin(revision, download, bits, len(golden), largest, told)
    about = {"weights": weights_mark(folder), "room": dict(room)}
    write_json(made / "twin.json", _told(twin, files) | about)
    return twin


def _told(twin: Twin, files: Mapping[str, bytes]) -> dict[str, Any]:
    listed = [
        {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in files.items()
    ]
    return {
        "format": FORMAT,
        "revision": twin.revision,
        "bytes": twin.bytes,
        "files": listed,
        # It is next to the page's own files, which may be updated separately.
        "runtime": {"name": RUNTIME, "bytes": runtime_bytes()},
        "bits": twin.bits,
        "checked_on": twin.photos,
        "largest_difference": twin.largest_difference,
    }


def _size(files: Mapping[str, bytes]) -> int:
    """The download: these files and the runtime."""
    return sum(len(data) for data in files.values()) + runtime_bytes()


Golden = tuple[bytes, Prediction]


def _golden_photos(folder: Path, predictor: Predictor) -> list[tuple[str, bytes]]:
    """image_id and bytes of photos that travel with the release, and of small ones of the index
    where those are few."""
    kept = read_golden(folder)[:CHECKED]
    photos = [(str(row["image_id"]), (folder / row["photo"]).read_bytes()) for row in kept]
    index = predictor.index
    for row in travelling(index.labels, CHECKED - len(photos)):
        photos.append((index.ids[row], index.thumbnail(index.ids[row]) or b""))
    if not photos:
        raise BadModel("This model has no photos to check the twin on. Train it again.")
    return photos


def _network(folder: Path, scratch: Path) -> tuple[bytes, list[np.ndarray]]:
    if is_checked(folder):
        return split_graph(folder / ONNX)
    from train.models.heads import load_answering

    size = Preprocessing.from_folder(folder).size
    say("Writing the network for browsers ...")
    return split_graph(write_onnx(load_answering(folder), size, scratch / "model.onnx", OUTPUTS))


def fewest_bits(
    folder: Path,
    predictor: Predictor,
    graph: bytes,
    arrays: Sequence[np.ndarray],
    golden: Sequence[Golden],
    any_answer: bool = False,
) -> tuple[Layout, bytes, float]:
    """The smallest form that answers as the release does, or whatever it answers: its layout, its
    bytes, and the largest difference of a confidence. Raises ExportDisagrees."""
    for steps in STEPS:
        packed = pack(arrays, steps)
        layout = layout_of(arrays, steps)
        twin = rounded(folder, predictor, graph, unpack(packed, layout))
        pairs = [(twin.predict(data), answer) for data, answer in golden]
        if any_answer or all(same_answer(found, expected) for found, expected in pairs):
            return layout, packed, max(map(difference, pairs))
    raise ExportDisagrees(
        "In a browser this release would answer differently, so its twin was not written."
    )


def rounded(folder: Path, predictor: Predictor, graph: bytes, weights: np.ndarray) -> Predictor:
    """The release as a browser asks it: through a network without its arrays, and these weights."""
    with tempfile.TemporaryDirectory(prefix="vitrine-bits-") as scratch:
        path = Path(scratch) / "graph.onnx"
        path.write_bytes(graph)
        (path.parent / WEIGHTS).write_bytes(weights.tobytes())
        engine = open_onnx(path, "onnxruntime")
    return predictor.through(Embedder(engine, Preprocessing.from_folder(folder)))


def same_answer(found: Prediction, expected: Prediction) -> bool:
    """Whether a visitor is told the same: answer, class, confidence within CLOSE, and the photo
    most alike, or one that is as much alike."""
    return (
        (found.answer, found.label, found.lead) == (expected.answer, expected.label, expected.lead)
        and _first(found) in _most_alike(expected)
        and difference((found, expected)) <= CLOSE
    )


def _first(said: Prediction) -> str:
    return str(said.similar[0]["image_id"]) if said.similar else ""


def _most_alike(said: Prediction) -> set[str]:
    """The photo that is most alike, and others that are as much; "" where there is none."""
    best = max((one["score"] for one in said.similar), default=0.0)
    return {one["image_id"] for one in said.similar if one["score"] > best - TIE} or {""}


def difference(pair: tuple[Prediction, Prediction]) -> float:
    """By how much the confidences of two answers differ."""
    return abs(pair[0].confidence - pair[1].confidence)


def _rejection(judgement: Judgement) -> dict[str, Any]:
    rejection = judgement.rejection
    return {
        "threshold": rejection.threshold if np.isfinite(rejection.threshold) else None,
        "sure_at": rejection.sure_at,
        "by_logits": rejection.by_logits,
        "sees": rejection.sees,
    }


def judgement_numbers(
    score: OutOfDistributionScore | None,
) -> tuple[np.ndarray, dict[str, int] | None]:
    """The score's arrays as float32, one after the other, and how many numbers each has. Class
    means and strangers are in units of the spread within classes, as they are compared."""
    if score is None:
        return np.zeros(0, np.float32), None
    strangers = score.strangers @ score.within if len(score.strangers) else score.strangers
    arrays = {
        "within": score.within,
        "classes": score.means @ score.within,
        "strangers": strangers,
        "centre": score.centre,
        "overall": score.overall,
    }
    flat = {name: np.asarray(array, np.float32).ravel() for name, array in arrays.items()}
    return (
        np.concatenate(list(flat.values())),
        {name: array.size for name, array in flat.items()},
    )


class ClassPictures:
    """A picture of each class, in separate files: a page shows a few before it fetches anything
    else."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def add(self, data: bytes) -> str:
        """The file's name."""
        name = f"pictures/{len(self.files)}.jpg"
        self.files[name] = data
        return name


class Pictures:
    """Small JPEGs, one after the other."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._end = 0

    @property
    def data(self) -> bytes:
        """All of them."""
        return b"".join(self._parts)

    def add(self, data: bytes) -> tuple[int, int]:
        """Where it begins and ends."""
        self._parts.append(data)
        start = self._end
        self._end += len(data)
        return start, self._end


def _class(predictor: Predictor, name: str, pictures: ClassPictures) -> dict[str, Any]:
    things = predictor.collection
    about = things.info(name).to_json() if name in things else {"title": name}
    picture = predictor.reference(name)
    if picture is not None:
        picture = thumbnail(picture, CLASS_SIDE)
    elif not things.is_about_people and (typical := predictor.typical(name)):
        picture = predictor.thumbnail(typical)
    return {"label": name, **about, "picture": pictures.add(picture) if picture else None}


def travelling(labels: Sequence[str], most: int) -> list[int]:
    """Which photos of the index travel, (n,) labels -> at most `most` rows in order: of each
    class as many as of any other, as far as it has them."""
    seen: dict[str, int] = {}
    turns = []
    for row, label in enumerate(labels):
        turns.append((seen.get(label, 0), row))
        seen[label] = seen.get(label, 0) + 1
    return sorted(row for _, row in sorted(turns)[:most])


def _alike(
    predictor: Predictor, release: dict[str, Any], most: int
) -> tuple[Predictor, dict[str, bytes]]:
    """The release as it answers from at most so many photos that look alike, and the files that
    bring them; `release` is told which they are."""
    index = predictor.index
    rows = travelling(index.labels, most)
    alike = Pictures()
    release["photos"] = _photos(predictor, rows, alike)
    files = {
        "features.gz": _packed(_features(index, rows)),
        "release.json.gz": _packed(json.dumps(release, ensure_ascii=False).encode()),
        "alike.bin": alike.data,
    }
    if len(rows) == len(index):
        return predictor, files
    ids, labels = ([every[row] for row in rows] for every in (index.ids, index.labels))
    fewer = copy.copy(predictor)
    fewer.index = Index(ids, labels, index.features[rows], lambda row: b"")
    return fewer, files


def _photos(predictor: Predictor, rows: Iterable[int], pictures: Pictures) -> list[dict[str, Any]]:
    """The photos that may be shown as alike. Of people none travels: such a folder lies open on
    the web."""
    index = predictor.index
    people = predictor.collection.is_about_people
    kept: list[dict[str, Any]] = []
    spent = 0
    for row in rows:
        small = b"" if people else index.thumbnail(index.ids[row]) or b""
        spent += len(small)
        shown = pictures.add(small) if small and spent <= MOST_PICTURE_BYTES else None
        kept.append({"image_id": index.ids[row], "label": index.labels[row], "picture": shown})
    return kept


def _features(index: Index, rows: Sequence[int]) -> bytes:
    return np.asarray(index.features[rows], np.float16).tobytes() if rows else b""


def _packed(data: bytes) -> bytes:
    return gzip.compress(data, compresslevel=9, mtime=0)


def _write_golden(made: Path, photos: Sequence[tuple[str, bytes]], predictor: Predictor) -> None:
    rows = []
    for number, (image_id, data) in enumerate(photos):
        name = f"golden/{number}.{'png' if data.startswith(PNG) else 'jpg'}"
        (made / name).write_bytes(data)
        answer = predictor.predict(data)
        rows.append(
            {
                "image_id": image_id,
                "photo": name,
                "answer": answer.answer,
                "label": answer.label,
                "confidence": answer.confidence,
                "similar": sorted(_most_alike(answer)),
            }
        )
    write_json(made / "golden.json", rows)
