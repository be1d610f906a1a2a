"""A Python that has what a requirements file asks for and nothing else of what is installed here."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CUSTOMIZE = """
import sys
from importlib.machinery import PathFinder

ABSENT = {absent!r}


class Lacking(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.split(".")[0] in ABSENT else PathFinder.find_spec(name, path, target)


sys.meta_path[:] = [Lacking if finder is PathFinder else finder for finder in sys.meta_path]
"""


def lacking(folder: Path, requirements: str) -> str:
    """A PYTHONPATH (made in `folder`) with which Python starts as if only `requirements` had been installed."""
    kept = installed_with(requirements)
    absent = {module for module, owners in metadata.packages_distributions().items()
              if not kept & {canonicalize_name(owner) for owner in owners}}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(CUSTOMIZE.replace("{absent!r}", repr(absent)))
    return str(folder)


def installed_with(requirements: str) -> set[str]:
    """Every distribution that these requirements bring, their own requirements included."""
    waiting = [Requirement(line) for line in requirements.splitlines() if line and not line.startswith(("#", "--"))]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.pop()
        asked = (canonicalize_name(wanted.name), frozenset(wanted.extras))
        if asked not in seen:
            seen.add(asked)
            waiting += _needs(*asked)
    return {name for name, _ in seen}


def _needs(name: str, extras: frozenset[str]) -> Iterator[Requirement]:
    for line in metadata.requires(name) or ():
        needed = Requirement(line)
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras or {""}):
            yield needed
