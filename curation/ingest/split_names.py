"""What people call the sides of a split: "val", "Testing", "seg_train"."""

from __future__ import annotations

SPLITS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}


def split_of(name: str) -> str | None:
    """train, validation or test, as a dataset calls the side that `name` means; None for anything else."""
    return SPLITS.get(name.strip().casefold())
