"""What hangs together: links between names become groups, and a scan's findings become near-duplicate groups.

    python -c "from train.grouping import connected; print(connected('abc', [('a', 'c')]))"
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from data_cards.rows import Finding

# Findings whose `related` photos show the same shot, or may do so; a `leak` is one across a given split.
SAME_SHOT = ("near_duplicate", "exact_duplicate", "looks_alike", "leak")
PROPOSED = 0.25  # a finding with this score or less was verified by nothing: no photos are held together by it


def connected(names: Iterable[str], links: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The group of each name, called after its smallest member; links to unknown names are ignored."""
    parent = {name: name for name in names}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for a, b in links:
        if a in parent and b in parent:
            low, high = sorted((root(a), root(b)))
            parent[high] = low
    return {name: root(name) for name in parent}


def groups_from_findings(ids: Iterable[str], findings: Iterable[Finding],
                         apart: Collection[frozenset[str]] = ()) -> dict[str, str]:
    """The near-duplicate group of each photo, as the last scan verified them; a photo alone is its own group.

    A finding's photo was laid over the first of `related`, and only that link counts: so a pair that a person judged
    `apart` since then is not held together by a third photo's finding.
    """
    links = [(found.image_id, found.related[0]) for found in findings
             if found.kind in SAME_SHOT and found.score > PROPOSED and found.related]
    return connected(ids, (link for link in links if frozenset(link) not in apart))
