"""A person's photo really leaves: its bytes go from the shards, from what a local folder keeps
of the past, and what was made of it from this user's cache.

    python -m curation erase DATASET IMAGE_ID...

What the commit is to take out of history is written down before it: either nothing was erased, or
whoever opens the dataset next finishes it. The ledger keeps its lines (they name the photo by a
number and hold nothing of it). Models that were released with the photo hold a thumbnail of it
until they are trained again, and are named.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from curation.decisions.reference_pictures import reference_files
from curation.measures.cache import forget_measures
from curation.measures.fingerprint_store import FingerprintStore
from curation.measures.neighbours import forget_neighbours
from data_cards.annotations.default_config import refresh_default_config
from data_cards.annotations.outside_edits import saved_labels
from data_cards.dataset.credits import FILE as CREDITS
from data_cards.dataset.credits import credited, credits_file, with_credits
from data_cards.dataset.repo import Changes, Dataset, collection_files
from data_cards.dataset.schema import Finding, Opinion
from data_cards.dataset.tables import (
    findings_file,
    images_file,
    opinions_file,
    read_remarks,
    read_rows,
    splits_file,
)
from data_cards.errors import MissingFile
from data_cards.storage.repository import parse_address
from data_cards.wording import counted

INDEX = Path("vitrine") / "index" / "photos.parquet"  # of a released model
INBOX = Path(".vitrine") / "space" / "inbox"  # visitors' photos, where a dataset folder is served

ULID_LETTERS = 26


@dataclass(frozen=True)
class Erased:
    """The dataset without the photos, how many they were, and the folders of models that still
    show one of them."""

    dataset: Dataset
    count: int
    models: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """For people."""
        what = counted(self.count, "photo is", "photos are")
        return f"{what} erased from {self.dataset.address}. {self._of_models} {OUT_OF_REACH}"

    @property
    def _of_models(self) -> str:
        if not self.models:
            return "No released model on this machine shows one; others keep thumbnails."
        named = ", ".join(self.models)
        one = len(self.models) == 1
        return (
            f"{named} still {'shows' if one else 'show'} thumbnails: train and publish "
            f"{'it' if one else 'them'} again, and delete {'its' if one else 'their'} old files."
        )


OUT_OF_REACH = (
    "Models elsewhere that were trained on them, copies that others downloaded, and other people's "
    "caches are out of reach."
)


def erase(dataset: Dataset, image_ids: Sequence[str], cache: Path | None = None) -> Erased:
    """Erase photos by image_id, also from what scans and trainings keep of them in this `cache`.
    Raises MissingFile, and erases nothing, when one of them is not there and never was erased."""
    wanted = set(image_ids)
    here = wanted & set(dataset.newest().photos())
    missing = sorted(wanted - here - dataset.repo.forgotten())
    if missing:
        said = f"There is no photo {missing[0][:12]} in {dataset.address}. Nothing was erased."
        raise MissingFile(said, missing=missing)
    # Caches go first, so that none is left once the photos themselves are gone.
    _forget_made(cache, wanted)
    after = dataset
    if here:
        without = dataset.update("Erase photos", lambda base: _without_photos(base, here))
        after = refresh_default_config(without)
    _forget_made(cache, wanted)  # what a scan that was running has kept in the meantime
    _forget_visitors(dataset, wanted)
    return Erased(after, len(wanted), tuple(models_with(dataset, wanted, cache)))


def _without_photos(base: Dataset, wanted: Collection[str]) -> Changes:
    shards = _shards(base, wanted)
    pictures = reference_files(base, base.collection(), wanted)
    add = (
        dict(file for file in shards.values() if file)
        | dict(_tables(base, wanted))
        | dict(pictures.add)
    )
    tables = [path for path in base.paths if _is_table_of(path, shards)]
    names = _names(base, wanted)
    add |= names
    delete = tuple(
        path for path in (*shards, *tables, *_replaced(base), *pictures.delete) if path not in add
    )
    gone = (*shards, *tables, *pictures.add, *pictures.delete, *names)
    return Changes(add, delete, gone, tuple(sorted(wanted)))


def _names(base: Dataset, wanted: Collection[str]) -> dict[str, bytes | Path]:
    """The files that name whose photos these are, without the photos."""
    if CREDITS not in base.paths:
        return {}
    kept = {name: photo for name, photo in base.photos().items() if name not in wanted}
    things = with_credits(base.collection(), dict(credited(kept)).values())
    return {**collection_files(things), CREDITS: credits_file(kept)}


def _forget_made(cache: Path | None, wanted: Collection[str]) -> None:
    """Fingerprints, measures, lists of neighbours, features and small copies of these photos."""
    if cache is None:
        return
    from train.images.image_cache import forget_copies
    from train.inference.embeddings import forget_features

    if (cache / "scan").is_dir():
        with FingerprintStore(cache / "scan") as store:
            store.forget(wanted)
        forget_measures(cache / "scan", wanted)
        forget_neighbours(cache / "scan", wanted)
    forget_features(cache / "features", wanted)
    forget_copies(cache / "runs", wanted)


def _forget_visitors(dataset: Dataset, wanted: Collection[str]) -> None:
    """Copies that visitors left beside a dataset folder that is served."""
    place = parse_address(dataset.address)
    if place.kind != "folder":
        return
    for path in (Path(place.name) / INBOX).rglob("*.photo"):
        if path.stem in wanted:
            path.unlink(missing_ok=True)


def models_with(
    dataset: Dataset, wanted: Collection[str], cache: Path | None = None
) -> Iterator[str]:
    """Folders of released models, beside the dataset and in the cache, whose index shows one of
    these photos."""
    place = parse_address(dataset.address)
    beside = [Path(place.name).absolute().parent] if place.kind == "folder" else []
    for folder in (*beside, *([cache / "models"] if cache else [])):
        for index in sorted(folder.glob(f"*/{INDEX.as_posix()}")):
            if _shows(index, wanted):
                yield str(index.parents[2])


def _shows(index: Path, wanted: Collection[str]) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        shown = pq.read_table(index, columns=["image_id"])["image_id"].to_pylist()
    except (OSError, pa.ArrowException):  # a damaged index: no photo can be shown from it
        return False
    return not set(wanted).isdisjoint(shown)


def _shards(base: Dataset, wanted: Collection[str]) -> dict[str, tuple[str, bytes] | None]:
    """Each shard that holds one of the photos, with the file that replaces it (None: nothing is
    left of it)."""
    photos = base.photos()
    found: dict[str, tuple[str, bytes] | None] = {}
    for shard in sorted({base.shard_of(image_id) for image_id in wanted if image_id in photos}):
        kept = [
            image_id
            for image_id in photos
            if base.shard_of(image_id) == shard and image_id not in wanted
        ]
        rows = [(photos[image_id], data) for image_id, data in base.read_photos(kept)]
        found[shard] = images_file(rows) if rows else None
    return found


def _is_table_of(path: str, shards: Collection[str]) -> bool:
    """Whether a file of the default config holds photos of one of these shards, or of unknown
    ones."""
    if not path.startswith(("data/", "elsewhere/")) or not path.endswith(".parquet"):
        return False
    name = Path(path).stem.rpartition("-")[2]
    return len(name) != ULID_LETTERS or f"images/{name}.parquet" in shards


def _replaced(base: Dataset) -> list[str]:
    return [path for path in base.paths if path.startswith(("findings/", "opinions/"))]


def _tables(base: Dataset, wanted: Collection[str]) -> Iterator[tuple[str, bytes | Path]]:
    """Labels, splits, findings and opinions without the photos."""
    labels = (row for image_id, row in base.labels().items() if image_id not in wanted)
    yield from saved_labels(base, labels).items()
    if base.splits():
        yield splits_file(row for image_id, row in base.splits().items() if image_id not in wanted)
    for path in _replaced(base):
        name = Path(path).stem
        table = base.repo.fetch(path, base.revision)
        if path.startswith("findings/"):
            yield findings_file(
                name, _without(read_rows(table, Finding), wanted), read_remarks(table)
            )
        else:
            yield opinions_file(name, _unseen(read_rows(table, Opinion), wanted))


def _without(findings: Sequence[Finding], wanted: Collection[str]) -> Iterator[Finding]:
    for one in findings:
        if one.image_id not in wanted:
            yield replace(one, related=tuple(other for other in one.related if other not in wanted))


def _unseen(opinions: Sequence[Opinion], wanted: Collection[str]) -> Iterator[Opinion]:
    for one in opinions:
        if one.image_id not in wanted:
            view = "" if one.view in wanted else one.view
            yield replace(
                one, near=tuple(other for other in one.near if other not in wanted), view=view
            )
