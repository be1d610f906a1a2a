"""Near-duplicates in a plain folder of photos, without a dataset: what `python -m curation duplicates` prints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from curation.duplicates import EXACT, THRESHOLD, Pair, PairOfIds, group, judge, pair_of, propose_alike, verdict
from curation.fastdup_proposals import propose
from curation.verification import Fingerprint, compare, fingerprint
from data_cards.errors import BackboneUnavailable, BadPhoto, BadSource
from data_cards.photo import image_id, open_photo
from data_cards.progress import say, track
from train.backbone import find_backbone
from train.features import embedder_for

ENDINGS = {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".heic", ".heif", ".avif", ".gif", ".bmp", ".tif", ".tiff"}


@dataclass(frozen=True)
class Folder:
    """Readable photos by relative path: fingerprints, sizes in pixels, and paths by the sha256 of their bytes."""

    root: Path
    prints: dict[str, Fingerprint]
    pixels: dict[str, int]
    copies: dict[str, list[str]]


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
    """Proposals by our own embeddings; all pairs of a small folder where there is no backbone."""
    names = sorted(folder.prints)
    try:
        embedder = embedder_for(find_backbone(backbone, cache), cache)
    except BackboneUnavailable as error:
        say(f"{error.sentence} Going on without our own embeddings.")
        return {pair_of(one, other) for n, one in enumerate(names[:SMALL]) for other in names[n + 1:SMALL]}
    x = embedder.embed((folder.root / name).read_bytes() for name in names)
    return propose_alike(names, x)


SMALL = 300
