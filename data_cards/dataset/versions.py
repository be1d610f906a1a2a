"""Revisions that people gave a name, and the part of the dataset card that lists them.

tag_dataset(dataset, "v1.2")         load_dataset("user/name", revision="v1.2"); DATASET@v1.2
"""

from __future__ import annotations

import re

from data_cards.dataset.repo import README, Changes, Dataset

BEGIN = "<!-- versions -->"
END = "<!-- /versions -->"
SECTION = re.compile(rf"{re.escape(BEGIN)}.*?{re.escape(END)}\n*", re.DOTALL)


def tag_dataset(dataset: Dataset, name: str) -> Dataset:
    """Name the revision that a dataset is open at, and list it in the newest card. Raises
    BadAddress for a name that cannot be one or is taken."""
    dataset.repo.tag(name, dataset.revision)

    def change(base: Dataset) -> Changes:
        readme = base.repo.read(README, base.revision).decode("utf-8", "replace")
        card = with_versions(readme, dict(base.repo.tags()))
        return Changes({README: card.encode()} if card != readme else {})

    return dataset.update(f"Name revision {dataset.revision[:12]} {name}", change)


def versions_of(dataset: Dataset) -> tuple[str, ...]:
    """The names of its revision, sorted."""
    tags = dataset.repo.tags().items()
    return tuple(sorted(name for name, revision in tags if revision == dataset.revision))


def versions_text(dataset: Dataset) -> str:
    """A line for each name."""
    lines = [f"{name}  {revision[:12]}" for name, revision in sorted(dataset.repo.tags().items())]
    return "\n".join(lines) or f"No revision of {dataset.address} has a name."


def with_versions(readme: str, tags: dict[str, str]) -> str:
    """The dataset card with its list of named revisions at the end; its words stay."""
    rest = SECTION.sub("", readme).rstrip()
    if not tags:
        return f"{rest}\n"
    rows = "\n".join(f"| {name} | `{revision}` |" for name, revision in sorted(tags.items()))
    table = f"## Versions\n\n| name | revision |\n|---|---|\n{rows}"
    return f"{rest}\n\n{BEGIN}\n{table}\n{END}\n"
