"""Look for trouble in a dataset, and write down what looks wrong and why.

    python -m curation scan DATASET

Embeddings are computed for new photos and kept. Out-of-fold opinions show which labels are
doubtful, pixels show which photos are the same shot, and measures show which photos are too poor to
learn from. One commit replaces the findings of the previous scan.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np
from ulid import ULID

from curation.active_learning.capture import with_views
from curation.active_learning.to_label import ask_for
from curation.issues.out_of_fold import form_opinions
from curation.issues.outliers import strangers_among
from curation.measures.cache import Memory
from curation.measures.fingerprint_store import FingerprintStore
from curation.measures.measure import LONGER, PassingBy, look_at, look_once
from curation.measures.neighbours import Search, nearest_of, nearest_remembered
from curation.measures.projection import projection
from curation.near_duplicates.camera_runs import runs_in_dataset
from curation.near_duplicates.groups import NEIGHBOURS
from curation.near_duplicates.in_dataset import Sight, find_copies
from curation.near_duplicates.pool import Comparers
from curation.scan.context import ScanContext
from curation.scan.findings import findings_of
from curation.scan.remembered import map_file
from curation.scan.unchanged import note_scan, unchanged
from data_cards.annotations.default_config import refresh_default_config
from data_cards.annotations.framed_photos import framed
from data_cards.annotations.journal import known
from data_cards.annotations.ledger import present_labels
from data_cards.dataset.repo import Changes, Dataset
from data_cards.dataset.schema import Opinion, Photo
from data_cards.dataset.tables import findings_file, opinions_file
from data_cards.progress import say
from data_cards.report.facts import KINDS
from data_cards.settings import dial
from data_cards.storage.atomic_files import full_disk_named
from data_cards.wording import counted
from train.inference.embeddings import FeatureCache, Watch, embed_dataset
from train.inference.text_search import see_words
from train.models.backbone import Backbone
from train.probes.logistic import own_cores
from train.settings import BACKBONE

Embed = Callable[..., tuple[list[str], np.ndarray]]
# Findings of collecting, of a round, and of visitors' photos that could not come in; a scan leaves
# them alone.
OTHERS = ("collect-", "round-", "set-aside")


WORTH_PLACING = 1_000  # photos; the map of fewer is drawn in seconds when somebody wants it


@dataclass(frozen=True)
class ScanSettings:
    """`python -m curation scan DATASET`."""

    threshold: float = dial(
        0.9, "how much two photos must agree to be the same shot, 0 to 1", least=0, most=1
    )
    backbone: str = dial("auto", BACKBONE)
    fastdup: bool = dial(True, "let fastdup propose near-duplicates, where it is installed")
    threads: int = dial(0, "CPU threads; 0: all", least=0, most=1024)


DEFAULTS = ScanSettings()


@dataclass(frozen=True)
class ScanReport:
    """What a scan did: findings by kind, photos and pairs that were new to it, and seconds by
    step."""

    dataset: Dataset
    scan_id: str
    findings: Mapping[str, int]
    photos: int
    new_photos: int
    new_pairs: int
    groups: int
    duplicates: int
    seconds: Mapping[str, float] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()  # what most photos are like, and nobody is asked about

    @property
    def sentence(self) -> str:
        """For people."""
        found = ", ".join(
            counted(count, *KINDS.get(kind, (kind, kind)))
            for kind, count in sorted(self.findings.items())
        )
        news = f"{self.new_photos} of them new" if self.new_photos else "none of them new"
        return (
            f"Looked at {counted(self.photos, 'photo')}, {news}, and compared "
            f"{counted(self.new_pairs, 'new pair')}. "
            + (f"To look at: {found}." if found else "Nothing looks wrong.")
            + "".join(f" {one}" for one in self.remarks).replace("*", "")
        )


def scan(
    dataset: Dataset,
    backbone: Backbone,
    cache: Path,
    settings: ScanSettings = DEFAULTS,
    embed: Embed = embed_dataset,
    search: Search = nearest_of,
    comparers_of: Callable[[FingerprintStore], Comparers] = Comparers,
) -> ScanReport:
    """Scan the newest revision of a dataset and commit the findings. See
    `curation.issues.out_of_fold` and `.copies` for how.

    `embed`, `search`, `comparers_of`: who looks at photos, finds neighbours and compares pairs;
    other machines give them in `curation.scan.ray_cluster`.
    """
    base = dataset.newest()
    clock = _Clock()
    photos = base.photos()
    ledger = known(base)
    if ledger.left_out:
        say(ledger.left_out)
    labels = present_labels(photos, ledger)
    memory = Memory(cache / "scan")
    clock.lap("reading")
    with FingerprintStore(cache / "scan") as store:
        ids, x, passed = _embedded(base, photos, backbone, cache, settings, memory, store, embed)
        clock.lap("embeddings")
        looks = look_at(base, photos, memory, passed)
        clock.lap("looking")
        near = nearest_remembered(
            ids, x, _kept("near", cache, base, backbone), NEIGHBOURS, search=search
        )
        clock.lap("neighbours")
        sight = Sight(base, ids, near, memory, store)
        copies = find_copies(
            sight,
            ledger,
            looks.measures,
            settings.threshold,
            settings.fastdup,
            runs_in_dataset(photos, looks.measures),
            comparers_of,
        )
        clock.lap("comparing")
    # The step that runs in parallel does not need the opinions.
    with own_cores(x.size), ThreadPoolExecutor(1) as aside:
        asking = aside.submit(ask_for, base.collection(), labels, ids, x)
        looking = aside.submit(strangers_among, ids, x, labels, copies.groups)
        opinions = form_opinions(
            base.collection(),
            labels,
            ids,
            x,
            copies.groups,
            near,
            _kept("alike", cache, base, backbone),
            search,
        )
        told = with_views(opinions.rows, labels, x, looks.measures)
        asks = asking.result()
        strange = looking.result()
    clock.lap("opinions")
    # Not beside the opinions, which take most memory: 1.1 GB at 100,000 photos.
    if len(ids) >= WORTH_PLACING:
        projection(ids, x, _map_of(cache, base, backbone))
        clock.lap("map")
    context = ScanContext(
        base.collection(),
        photos,
        labels,
        base.splits(),
        ledger,
        looks,
        copies,
        opinions,
        backbone.revision,
        asks,
        frozenset((base.certificate() or {}).get("removed", ())),
        strange,
    )
    scan_id = str(ULID())
    after, findings = _write(base, context, told, scan_id)
    after = refresh_default_config(after)
    note_scan(cache, after, scan_id, _how(backbone, settings))
    clock.lap("writing")
    return ScanReport(
        after,
        scan_id,
        findings,
        len(photos),
        looks.new,
        copies.new,
        len(copies.stars),
        sum(len(star) - 1 for star in copies.stars),
        clock.laps,
        context.poor.sentences,
    )


def is_scanned(dataset: Dataset, backbone: Backbone, cache: Path, settings: ScanSettings) -> bool:
    """Whether a scan would find again what the last one on this machine found."""
    return unchanged(cache, dataset.newest(), _how(backbone, settings)) is not None


def _how(backbone: Backbone, settings: ScanSettings) -> str:
    # The number of threads does not change the findings.
    return f"{backbone.revision} {settings.threshold} {settings.fastdup}"


def _embedded(
    base: Dataset,
    photos: Mapping[str, Photo],
    backbone: Backbone,
    cache: Path,
    settings: ScanSettings,
    memory: Memory,
    store: FingerprintStore,
    embed: Embed,
) -> tuple[list[str], np.ndarray, int]:
    """Embeddings of all that can be read, and how many photos were measured on the way."""
    known, broken = memory.measures(photos)
    passing = PassingBy(memory, set(photos) - set(known) - broken, store)
    # We do not try an unreadable photo again, and do not start an engine for it.
    readable = [image_id for image_id in photos if image_id not in broken]
    watch = Watch(LONGER, passing.see, look_once, passing.keep)
    ids, x = embed(framed(base), readable, backbone, cache, threads=settings.threads, watch=watch)
    passing.done()
    see_words(framed(base), ids, backbone, cache)
    return ids, x, passing.new


def _kept(what: str, cache: Path, base: Dataset, backbone: Backbone) -> Path:
    name = sha256(f"{base.address} {backbone.revision}".encode()).hexdigest()[:16]
    return cache / "scan" / f"{what}-{name}.npz"


def _map_of(cache: Path, base: Dataset, backbone: Backbone) -> Path:
    return map_file(cache, base.address, FeatureCache.of(cache, backbone).folder.name)


def _write(
    base: Dataset, context: ScanContext, told: Iterable[Opinion], scan_id: str
) -> tuple[Dataset, Mapping[str, int]]:
    """The dataset with this scan's tables in place of the last one's, and how many findings
    there are of each kind."""
    findings = findings_of(context, scan_id)

    def change(newest: Dataset) -> Changes:
        old = {
            path
            for path in newest.paths
            if path.startswith(("findings/", "opinions/"))
            and not Path(path).name.startswith(OTHERS)
        }
        return Changes(files, tuple(sorted(old)))

    with full_disk_named("what the scan found"):
        tables = findings_file(scan_id, findings, context.poor.sentences)
        files = dict([tables, opinions_file(scan_id, told)])
        after = base.update(f"Scan: {counted(len(findings), 'finding')}", change)
    say(f"{counted(len(findings), 'finding')} written.")
    return after, Counter(one.kind for one in findings)


class _Clock:
    """Seconds by step."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._at = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.laps[name], self._at = round(now - self._at, 2), now
