"""Whether a scan would find the same as the last one, so that it can be skipped.

    note_scan(cache, scanned.dataset, scan_id, how)      after a scan
    unchanged(cache, dataset, how)                       the id of that scan, or None

A scan depends on photos, labels, decisions, splits and cards, on the backbone and on its settings;
all but the last two are files of the dataset, and these have a digest each.
"""

from __future__ import annotations

import json
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from data_cards.dataset.repo import Dataset
from data_cards.storage.atomic_files import write_durably

# Files that a scan writes and does not read.
WRITTEN = ("findings/", "opinions/")


def note_scan(cache: Path, dataset: Dataset, scan_id: str, how: str) -> None:
    """Remember what the dataset was like when it was scanned. `how`: backbone and settings."""
    path = _place(cache, dataset)
    path.parent.mkdir(parents=True, exist_ok=True)
    row = {"scan_id": scan_id, "seen": seen(dataset, how)}
    write_durably(path, json.dumps(row).encode())


def unchanged(cache: Path, dataset: Dataset, how: str) -> str | None:
    """The id of the last scan, where its findings are still there and nothing it depends on
    changed since."""
    try:
        row = json.loads(_place(cache, dataset).read_bytes())
        scan_id = str(row["scan_id"])
        before = row["seen"]
    except (OSError, ValueError, KeyError, TypeError):  # never scanned here, or a damaged note
        return None
    is_there = f"findings/{scan_id}.parquet" in dataset.paths
    return scan_id if is_there and before == seen(dataset, how) else None


def seen(dataset: Dataset, how: str) -> str:
    """A digest of everything that a scan depends on."""
    contents = dataset.repo.contents(dataset.revision)
    told = sorted((path, name) for path, name in contents.items() if not path.startswith(WRITTEN))
    return sha256(json.dumps([told, how, _version()]).encode()).hexdigest()


def _version() -> str:
    try:
        return version("vitrine")
    except PackageNotFoundError:  # in a checkout
        return ""


def _place(cache: Path, dataset: Dataset) -> Path:
    name = sha256(dataset.address.encode()).hexdigest()[:16]
    return cache / "scan" / f"scanned-{name}.json"
