"""What a search has fetched and what it was refused, on disk, so that it can be stopped and go on.

    kept = Downloads(cache / "search")
    kept.save(url, data)             later: kept.read(url)
    kept.refuse(url, "no photo")     it is not asked for again

One file for each address, written in one step; refusals are a line each.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from data_cards.errors import MissingFile
from data_cards.storage.atomic_files import full_disk_named, write_durably
from data_cards.storage.json_lines import lines_of


class Downloads:
    """A folder of fetched files by address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines = folder / "refused.jsonl"
        folder.mkdir(parents=True, exist_ok=True)
        data = self._lines.read_bytes() if self._lines.is_file() else b""
        self._refused: dict[str, dict[str, Any]] = {
            str(row["url"]): row for row in lines_of(data, self._lines.name) if "url" in row
        }

    def has(self, url: str) -> bool:
        """Whether a file of this address is here."""
        return self._path(url).is_file()

    def read(self, url: str) -> bytes:
        """The bytes of an address. Raises MissingFile."""
        try:
            return self._path(url).read_bytes()
        except FileNotFoundError as error:
            raise MissingFile(f"What was fetched from {url} is gone.", url=url) from error

    def save(self, url: str, data: bytes) -> None:
        """Keep what came. Raises DiskFull."""
        write_durably(self._path(url), data)

    def refused(self, url: str, least: int = 0) -> str:
        """Why an address was refused for good; empty if it was not, or if it was for a shorter
        side of fewer pixels than somebody wanted, and `least` are enough now."""
        row = self._refused.get(url, {})
        is_enough = isinstance(row.get("side"), int) and row["side"] >= least
        return "" if is_enough else str(row.get("why", ""))

    def refuse(self, url: str, why: str, side: int = 0) -> None:
        """Remember that an address gives nothing that can be used; `side`: its pixels, where there
        are too few."""
        self._path(url).unlink(missing_ok=True)
        row = {"url": url, "why": why} | ({"side": side} if side else {})
        if self._refused.get(url) == row:
            return
        self._refused[url] = row
        line = json.dumps(row, ensure_ascii=True)
        with full_disk_named("the list of refused files"), open(self._lines, "a") as file:
            # A line that was cut off by a full disk or a kill must not take this one with it.
            file.write(f"\n{line}\n")

    def let_go(self, urls: Iterable[str]) -> None:
        """Remove the files of addresses whose photos are in the dataset by now."""
        for url in urls:
            self._path(url).unlink(missing_ok=True)

    def _path(self, url: str) -> Path:
        name = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
        return self._folder / name[:2] / name
