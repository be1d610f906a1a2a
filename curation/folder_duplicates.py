"""Near-duplicates in a plain folder of photos, without a dataset: what `python -m curation duplicates` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from curation.duplicates import EXACT, THRESHOLD, Pair, PairOfIds, group, judge, pair_of, propose_alike, verdict
from curation.fastdup_proposals import propose
from curation.verification import Fingerprint, compare, fingerprint
from data_cards.errors import BackboneUnavailable, BadPhoto, BadSource
from data_cards.photo import image_id, open_photo
from data_cards.progress import say, track
from train.backbone import find_backbone
from train.features import embed_dataset

SMALL = 300
ENDINGS = {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".heic", ".heif", ".avif", ".gif", ".bmp", ".tif", ".tiff"}


@dataclass(frozen=True)
class Folder:
    """Readable photos by relative path: fingerprints, sizes in pixels, and paths by the sha256 of their bytes."""

    root: Path
    prints: dict[str, Fingerprint]
    pixels: dict[str, int]
    copies: dict[str, list[str]]

    def read_photos(self, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """(image_id, bytes) of each of these, as a dataset gives them."""
        for image in ids:
            yield image, (self.root / self.copies[image][0]).read_bytes()


def folder_duplicates(root: Path, cache: Path, threshold: float = THRESHOLD, with_fastdup: bool = True,
                      backbone: str = "auto") -> tuple[list[Pair], list[list[str]]]:
    """Every scored candidate, best first, and the groups. Raises BadSource when there is no photo."""
    folder = read_folder(root)
    exact = _exact(folder)
    candidates = _candidates(folder, cache, with_fastdup, backbone) - {(pair.a, pair.b) for pair in exact}
    judged = judge(track(sorted(candidates), what="Comparing", unit="pair"), folder.prints, threshold)
    groups, checked = group([*exact, *judged], lambda path: (float(folder.pixels[path]),),
                            lambda one, other: verdict(one, other, compare(folder.prints[one], folder.prints[other]),
                                                       threshold))
    return sorted({(pair.a, pair.b): pair for pair in (*checked, *judged, *exact)}.values(),
                  key=lambda pair: (-pair.score, pair.a, pair.b)), groups


def read_folder(root: Path) -> Folder:
    """Fingerprint every photo below `root`; what cannot be read is named and left out."""
    if not root.is_dir():
        raise BadSource(f"There is no folder {root}.")
    paths = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix.lower() in ENDINGS)
    folder = Folder(root, {}, {}, {})
    for path in track(paths, what="Reading", total=len(paths)):
        _read(path, folder)
    if not folder.prints:
        raise BadSource(f"There is no photo in {root}.")
    return folder


def _read(path: Path, folder: Folder) -> None:
    name, data = path.relative_to(folder.root).as_posix(), path.read_bytes()
    try:
        photo = open_photo(data)
    except BadPhoto as error:
        say(f"{name} is left out: {error.sentence}")
        return
    same = folder.copies.setdefault(image_id(data), [])
    folder.prints[name] = folder.prints[same[0]] if same else fingerprint(photo)
    folder.pixels[name] = photo.width * photo.height
    same.append(name)


def _exact(folder: Folder) -> list[Pair]:
    return [verdict(one, other, EXACT) for same in folder.copies.values()
            for n, one in enumerate(same) for other in same[n + 1:]]


def _candidates(folder: Folder, cache: Path, with_fastdup: bool, backbone: str) -> set[PairOfIds]:
    found = _alike(folder, cache, backbone)
    if with_fastdup:
        found |= propose({name: (folder.root / name) for name in folder.prints})
    return found


def _alike(folder: Folder, cache: Path, backbone: str) -> set[PairOfIds]:
    """Proposals by our own embeddings; where there is no backbone, all pairs of the first photos."""
    names = {image: copies[0] for image, copies in folder.copies.items()}
    try:
        ids, x = embed_dataset(folder, names, find_backbone(backbone, cache), cache)
    except BackboneUnavailable as error:
        say(f"{error.sentence} Going on without our own embeddings.")
        some = sorted(names.values())[:SMALL]
        return {pair_of(one, other) for n, one in enumerate(some) for other in some[n + 1:]}
    return {pair_of(names[one], names[other]) for one, other in propose_alike(ids, x)}
