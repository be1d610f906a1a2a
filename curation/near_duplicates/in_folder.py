"""Near-duplicates in a plain folder of photos, without a dataset: what `python -m curation
duplicates` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from curation.ingest.listing import list_photos
from curation.measures.fingerprint import COMPARED_SIDE, SMALL, Fingerprint, Match, fingerprint
from curation.measures.fingerprint_store import FingerprintStore
from curation.near_duplicates.camera_runs import CameraRuns, runs_of_files
from curation.near_duplicates.candidates import propose_by_pixels, propose_by_words
from curation.near_duplicates.compare import compare
from curation.near_duplicates.fastdup import propose
from curation.near_duplicates.groups import (
    EXACT,
    FEW_POINTS,
    THRESHOLD,
    Pair,
    PairOfIds,
    friends_of_friends,
    group,
    pair_of,
    propose_alike,
    verdict,
)
from curation.near_duplicates.pool import Comparers
from data_cards.bulk.batching import side_by_side
from data_cards.errors import BackboneUnavailable, BadPhoto, BadSource
from data_cards.photos.image import PhotoFacts, image_id, inspect_photo, open_photo
from data_cards.progress import say, track
from train.inference.embeddings import embed_dataset
from train.models.backbone import find_backbone

WORKERS = 2


@dataclass(frozen=True)
class Folder:
    """Readable photos by relative path: what their files say, the photo at 32 x 32, and the sha256
    of its bytes; by that sha256 its paths, and in a store its fingerprint."""

    root: Path
    store: FingerprintStore
    facts: dict[str, PhotoFacts] = field(default_factory=dict)
    small: dict[str, np.ndarray] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    copies: dict[str, list[str]] = field(default_factory=dict)

    def read_photos(self, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """(image_id, bytes) of each of these, as a dataset gives them."""
        for image in ids:
            yield image, (self.root / self.copies[image][0]).read_bytes()

    def print_of(self, path: str) -> Fingerprint:
        """The fingerprint of a photo."""
        one = self.store.get(self.names[path])
        assert one is not None  # only readable photos are put there
        return one

    def match(self, pair: PairOfIds) -> Match:
        """Lay two photos over each other."""
        return compare(self.print_of(pair[0]), self.print_of(pair[1]))

    @property
    def firsts(self) -> list[str]:
        """One path of each distinct photo, in order."""
        return sorted(paths[0] for paths in self.copies.values())


def folder_duplicates(
    root: Path,
    cache: Path,
    threshold: float = THRESHOLD,
    with_fastdup: bool = True,
    backbone: str = "auto",
) -> tuple[list[Pair], list[list[str]]]:
    """Every scored candidate, best first, and the groups. Raises BadSource when there is no
    photo."""
    (cache / "shelves").mkdir(parents=True, exist_ok=True)
    # Nothing about a folder's photos is kept: unlike a dataset's, they could not be erased on
    # request.
    with (
        TemporaryDirectory(dir=cache / "shelves") as place,
        FingerprintStore(Path(place)) as store,
        Comparers(store) as comparers,
    ):
        folder = read_folder(root, store)
        runs = runs_of_files(folder.facts)
        scored = {(pair.a, pair.b): pair for pair in _exact(folder)}
        wanted = _candidates(folder, cache, with_fastdup, backbone)
        while new := wanted - set(scored):
            scored |= {
                (pair.a, pair.b): pair
                for pair in _judged(sorted(new), folder, comparers, threshold, runs)
            }
            # A turned copy of a crop may be near to nothing but the crop: those who agree with one
            # photo are compared.
            wanted = friends_of_friends(scored.values())
        groups, checked = group(
            scored.values(),
            lambda path: (float(folder.facts[path].width * folder.facts[path].height),),
            lambda one, other: verdict(one, other, folder.match((one, other)), threshold, runs),
        )
    scored |= {(pair.a, pair.b): pair for pair in checked}
    return sorted(scored.values(), key=lambda pair: (-pair.score, pair.a, pair.b)), groups


def read_folder(root: Path, store: FingerprintStore) -> Folder:
    """Fingerprint every photo below `root`; what cannot be read is named and left out."""
    if not root.is_dir():
        raise BadSource(f"There is no folder {root}.")
    paths = sorted(root / path for path in list_photos(root).photos)
    folder = Folder(root, store)
    files = track(paths, what="Reading", total=len(paths))
    for path, image, facts, one in side_by_side(lambda path: _read(path, store), files, WORKERS):
        if one is None or facts is None:
            continue
        name = path.relative_to(root).as_posix()
        folder.copies.setdefault(image, []).append(name)
        folder.names[name] = image
        folder.facts[name] = facts
        folder.small[name] = one.small
    if not folder.names:
        raise BadSource(f"There is no photo in {root}.")
    return folder


def _read(
    path: Path, store: FingerprintStore
) -> tuple[Path, str, PhotoFacts | None, Fingerprint | None]:
    data = path.read_bytes()
    image = image_id(data)
    try:
        facts = inspect_photo(data)
        if image not in store:
            store.put(image, fingerprint(open_photo(data, at_least=COMPARED_SIDE)))
        return path, image, facts, store.get(image)
    except BadPhoto as error:
        say(f"{path.name} is left out: {error.sentence}")
        return path, "", None, None


def _exact(folder: Folder) -> list[Pair]:
    return [
        verdict(one, other, EXACT)
        for same in folder.copies.values()
        for n, one in enumerate(same)
        for other in same[n + 1 :]
    ]


def _candidates(folder: Folder, cache: Path, with_fastdup: bool, backbone: str) -> set[PairOfIds]:
    firsts = folder.firsts
    say("Looking for photos that may be the same shot ...")
    found = propose_by_pixels(firsts, [folder.small[path] for path in firsts])
    large = [
        path for path in firsts if max(folder.facts[path].width, folder.facts[path].height) > SMALL
    ]
    found |= propose_by_words(large, lambda n: folder.print_of(large[n]).descriptors)
    # Embeddings cost more than all the rest, and what has points is found by its words.
    found |= _alike(
        folder,
        [path for path in large if len(folder.print_of(path).points) < FEW_POINTS],
        cache,
        backbone,
    )
    if with_fastdup:
        found |= propose({path: folder.root / path for path in firsts})
    return found


def _alike(folder: Folder, paths: list[str], cache: Path, backbone: str) -> set[PairOfIds]:
    """Proposals by our own embeddings; for photos that have little to go by."""
    if len(paths) < 2:
        return set()
    try:
        ids, x = embed_dataset(
            folder, [folder.names[path] for path in paths], find_backbone(backbone, cache), cache
        )
    except BackboneUnavailable as error:
        say(f"{error.sentence} Going on without our own embeddings.")
        return set()
    return {
        pair_of(folder.copies[one][0], folder.copies[other][0])
        for one, other in propose_alike(ids, x)
    }


def _judged(
    pairs: Sequence[PairOfIds],
    folder: Folder,
    comparers: Comparers,
    threshold: float,
    runs: CameraRuns,
) -> Iterator[Pair]:
    matches = comparers.matches([(folder.names[one], folder.names[other]) for one, other in pairs])
    for pair, match in zip(
        track(pairs, what="Comparing", total=len(pairs), unit="pair"), matches, strict=True
    ):
        yield verdict(*pair, match, threshold, runs)
