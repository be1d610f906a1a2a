"""A person's photo really leaves: its bytes go from the shards, from what a local folder keeps
of the past, and the small picture of it from this user's cache.

    python -m curation erase DATASET IMAGE_ID...

The ledger keeps its lines (they name the photo by a number and hold nothing of it). Models that
were trained with the photo hold a thumbnail of it until they are trained again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from curation.decisions.reference_pictures import reference_files
from curation.measures.fingerprint_store import FingerprintStore
from data_cards.dataset.repo import Changes, Dataset
from data_cards.dataset.schema import Finding, Opinion
from data_cards.dataset.tables import (
    findings_file,
    images_file,
    labels_file,
    opinions_file,
    read_remarks,
    read_rows,
    splits_file,
)
from data_cards.errors import MissingFile
from data_cards.wording import counted


@dataclass(frozen=True)
class Erased:
    """The dataset without the photos, and how many they were."""

    dataset: Dataset
    count: int

    @property
    def sentence(self) -> str:
        """For people."""
        what = counted(self.count, "photo is", "photos are")
        return (
            f"{what} erased from {self.dataset.address}. Models trained on them keep thumbnails: "
            "train and publish "
            "those again. Copies that others downloaded, and other people's caches, are out of "
            "reach."
        )


def erase(dataset: Dataset, image_ids: Sequence[str], cache: Path | None = None) -> Erased:
    """Erase photos by image_id, also from what scans keep of them in this `cache`. Raises
    MissingFile, and erases nothing, when one of them is not there."""
    wanted = set(image_ids)
    missing = sorted(wanted - set(dataset.newest().photos()))
    if missing:
        said = f"There is no photo {missing[0][:12]} in {dataset.address}. Nothing was erased."
        raise MissingFile(said, missing=missing)
    gone: list[str] = []

    def change(base: Dataset) -> Changes:
        shards = _shards(base, wanted)
        pictures = reference_files(base, base.collection(), wanted)
        gone[:] = [*shards, *pictures.add, *pictures.delete]
        add = (
            dict(file for file in shards.values() if file)
            | dict(_tables(base, wanted))
            | dict(pictures.add)
        )
        return Changes(
            add,
            tuple(
                path for path in (*shards, *_replaced(base), *pictures.delete) if path not in add
            ),
        )

    after = dataset.update("Erase photos", change)
    for path in gone:
        after.repo.forget(path)
    if cache:
        with FingerprintStore(cache / "scan") as store:
            store.forget(wanted)
    return Erased(after, len(wanted))


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


def _replaced(base: Dataset) -> list[str]:
    return [path for path in base.paths if path.startswith(("findings/", "opinions/"))]


def _tables(base: Dataset, wanted: Collection[str]) -> Iterator[tuple[str, bytes | Path]]:
    """Labels, splits, findings and opinions without the photos."""
    yield labels_file(row for image_id, row in base.labels().items() if image_id not in wanted)
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
